"""A panel on a page shows what Python shows, at every setting that is tried."""

import itertools
import json
import random
import re
from fractions import Fraction

import pytest
import torch

from browser import blank_page, load_module
from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.lessons.product_quantization.widget_arrows import CODEWORDS, STILL, Arrows
from sparcode_mini.site import live, stored
from sparcode_mini.widgets.chart import Axis, Chart, Column, Points, View
from sparcode_mini.widgets.explorer import Explorer, Span

TRIES = 40  # random settings of a panel
VIEW = "(values) => module.viewOf(window.panel, values)"


@pytest.fixture(scope="module")
def page(browser):
    return blank_page(browser)


def steps(span):
    """Where a slider can stand: as the browser writes it, without the noise of adding steps."""
    count = round((span["high"] - span["low"]) / span["step"])
    return [round(span["low"] + number * span["step"], 10) for number in range(count + 1)]


def some(controls, chance):
    """A random value of each control, of those that a reader can set."""
    return {
        name: chance.choice(steps(control["span"]))
        if "span" in control
        else chance.choice(control["options"])[1]
        for name, control in controls.items()
    }


def firm(panel, values, view):
    """A view without the cosines to a gradient that is too short to be drawn: they are rounding."""
    if isinstance(panel, Arrows) and panel.data(**values)["norm"].get("soft", 1) <= STILL:
        return {**view, "text": re.sub(r"cosine [+-]\d\.\d\d", "cosine", view["text"])}
    return view


def assert_alike(page, panel, values):
    """The page and Python show the same."""
    there = page.evaluate(VIEW, values)
    here = panel.view(panel.data(**values)).to_json()
    assert close(*(firm(panel, values, view) for view in (here, there))) == "", values


def close(here, there, path=""):
    """Where two views differ, as text; "" if nowhere.

    A number of the page is that of Python, or that number as it is stored, with few digits.
    """
    if isinstance(here, dict) and isinstance(there, dict):
        parts = [close(here.get(k), there.get(k), f"{path}.{k}") for k in {*here, *there}]
        return next(filter(None, parts), "")
    if isinstance(here, list | tuple) and isinstance(there, list) and len(here) == len(there):
        parts = [
            close(a, b, f"{path}.{i}") for i, (a, b) in enumerate(zip(here, there, strict=True))
        ]
        return next(filter(None, parts), "")
    if isinstance(here, float | int) and isinstance(there, float | int):
        near = abs(here - there) <= 1e-9 * abs(here) or there == stored.rounded(here)
        return "" if near else f"{path}: {here} and {there}"
    return "" if here == there else f"{path}: {here!r} and {there!r}"


def load(page, panel, args=()):
    """Put a panel into the page; what the page knows of it."""
    bundle = live.bundle(panel, args)
    load_module(page, bundle["esm"])
    kept = json.loads(json.dumps(bundle["state"]["panel"]))
    page.evaluate("(panel) => { window.panel = panel; }", kept)
    return kept


def test_the_page_shows_what_python_shows(page, call):
    panel = call.make()
    if not isinstance(panel, Explorer):
        pytest.skip("its JavaScript has tests of its own")
    controls, chance = load(page, panel, call.args)["controls"], random.Random(0)
    for values in [panel.values, *(some(controls, chance) for _ in range(TRIES))]:
        assert_alike(page, panel, values)


def between_codewords(xs, ys):
    """Places of the sliders from which two codewords are nearest, as exact as they are written."""
    written = [[Fraction(str(number)) for number in codeword] for codeword in CODEWORDS]
    for x, y in itertools.product(xs, ys):
        token = Fraction(str(x)), Fraction(str(y))
        far = sorted((token[0] - c[0]) ** 2 + (token[1] - c[1]) ** 2 for c in written)
        if far[0] == far[1]:
            yield x, y


def test_between_two_codewords_the_page_chooses_the_one_that_python_chooses(page):
    """There the last digit of a distance decides; at a codeword a gradient is 0 and has no sign."""
    panel = Arrows()
    controls = load(page, panel)["controls"]
    xs, ys = (steps(controls[name]["span"]) for name in "xy")
    ties = list(between_codewords(xs, ys))
    at_codewords = [(x, y) for x, y in CODEWORDS if x in xs and y in ys]
    assert (-0.4, 0.3) in ties and len(ties) == 15 and len(at_codewords) == 6
    temperatures = [value for _, value in controls["temperature"]["options"]]
    for (x, y), t in itertools.product([*ties, *at_codewords], temperatures[::10]):
        assert_alike(page, panel, {**panel.values, "x": x, "y": y, "temperature": t})


def test_a_step_on_the_page_is_a_step_in_python(page):
    panel = live.Call("Arrows").make()
    bundle = live.bundle(panel)
    load_module(page, bundle["esm"])
    for way in panel.ways:
        values = {**panel.values, "way": way}
        there = page.evaluate(
            "([panel, values]) => module.actions.step(values, panel)",
            [bundle["state"]["panel"], values],
        )
        assert there == pytest.approx(panel.step(values), abs=1e-9), way


class Few(Explorer):
    """A panel of two sliders."""

    def controls(self):
        return {
            "a": ("a", [("1", 1), ("2", 2)], 1),
            "b": ("b", [("no", False), ("yes", True)], False),
        }

    def data(self, **values):
        return values

    def view(self, data):
        points = Points("p", [data["a"]], [0.123456789])
        more = [points] * (2 if data["b"] and self.uneven else 1)
        return View([Column([Chart("t", Axis(), Axis(), more)])], f"a = {data['a']}")

    uneven = False


def test_only_what_changes_is_stored():
    bundle = stored.bundle_of(Few())
    panel = bundle["state"]["panel"]
    assert panel["table"] == {
        "columns.0.charts.0.marks.0.x": {"leaves": [[1], [2]], "at": [0, 0, 1, 1]},
        "text": {"leaves": ["a = 1", "a = 2"], "at": [0, 0, 1, 1]},
    }
    assert panel["first"]["columns"][0]["charts"][0]["marks"][0]["y"] == [0.123457]
    assert bundle["shared"] == {"a": 1, "b": False}
    assert bundle["offered"] == {"a": [1, 2], "b": [False, True]}


def test_views_that_can_not_be_stored_are_refused(monkeypatch):
    monkeypatch.setattr(Few, "uneven", True)
    with pytest.raises(ValueError, match=r"marks.1.* is not in every view"):
        stored.bundle_of(Few())
    monkeypatch.setattr(Few, "uneven", False)
    many = {"a": ("a", [(str(n), n) for n in range(stored.MOST + 1)], 0)}
    monkeypatch.setattr(Few, "controls", lambda self: many | {"b": ("b", [("no", False)], False)})
    with pytest.raises(ValueError, match=r"Few has 2,001 views, .* give it a program"):
        stored.bundle_of(Few())
    free = {"a": ("a", Span(0, 1, 0.1), 0), "b": ("b", [("no", False)], False)}
    monkeypatch.setattr(Few, "controls", lambda self: free)
    with pytest.raises(ValueError, match="a has any number of values; give it a program"):
        stored.bundle_of(Few())


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("fixed(0.125, 2)", "0.12"),
        ("fixed(2.675, 2)", "2.67"),
        ("fixed(2.5, 0)", "2"),
        ("fixed(-0.5, 0)", "-0"),
        ("grouped(1234567.25, 1)", "1,234,567.2"),
        ("withSign(-0.001, 2)", "-0.00"),
        ("withSign(0.25, 1)", "+0.2"),
        ("percentOf(0.08125, 2)", "8.12%"),
        ("bytesOf(999.6)", "1 kB"),
        ("bytesOf(436777)", "437 kB"),
    ],
)
def test_numbers_are_written_as_python_writes_them(page, call, text):
    load_module(page, (stored.HERE / "numbers.js").read_text("utf-8"))
    assert page.evaluate(f"module.{call}") == text


def test_bytes_are_written_as_python_writes_them(page):
    """Ties of three digits (12250), their neighbours, the ends of units, and random numbers."""
    chance = random.Random(0)
    sizes = [*range(3000), *range(9_000, 101_000, 50), *range(900_000, 1_001_000, 500)]
    sizes += [n * 1000**unit + 1000**unit // 2 for n in range(100, 1000) for unit in range(1, 5)]
    sizes += [n * 125 * 1000**unit for n in range(1, 800) for unit in range(5)]
    sizes += [999.5 * 1000**unit + step for unit in range(6) for step in (-1, -0.5, 0, 0.5, 1)]
    sizes += [chance.uniform(0, 10 ** chance.uniform(0, 18)) for _ in range(20_000)]
    load_module(page, (stored.HERE / "numbers.js").read_text("utf-8"))
    there = page.evaluate("(sizes) => sizes.map(module.bytesOf)", sizes)
    assert [
        case
        for case in zip(sizes, map(show_bytes, sizes), there, strict=True)
        if case[1] != case[2]
    ] == []


def test_numbers_are_rounded_as_torch_rounds_them(page):
    chance = random.Random(0)
    numbers = [step / 8 for step in range(-4000, 4000)]
    numbers += [chance.gauss(0, 100) for _ in range(5000)]
    load_module(page, (stored.HERE / "numbers.js").read_text("utf-8"))
    there = page.evaluate("(numbers) => numbers.map(module.toEven)", numbers)
    assert there == torch.tensor(numbers, dtype=torch.float64).round().tolist()
