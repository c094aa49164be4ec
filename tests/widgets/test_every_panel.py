"""What holds for all panels: controls, figure, words and still picture belong together."""

import html
import itertools
import json
import math
import re
import statistics
import time

import pytest
import traitlets

from sparcode_mini.lessons.all_to_all_scoring.widget_bias import BiasPanel
from sparcode_mini.lessons.product_quantization.widget_arrows import Arrows
from sparcode_mini.lessons.product_quantization.widget_sizes import Sizes
from sparcode_mini.lessons.sparse_lists.widget_list_sizes import ShorterLists
from sparcode_mini.lessons.tokens.widget_tokens import Tokens
from sparcode_mini.lessons.two_tower_limits.widget_index_error import IndexErrors
from sparcode_mini.lessons.two_tower_limits.widget_storage import StorageCalculator
from sparcode_mini.lessons.two_tower_limits.widget_world import WorldExplorer
from sparcode_mini.plots.picture import Picture
from sparcode_mini.widgets import Panel, chart
from sparcode_mini.widgets.chart_plotly import SIGNS, figure_of
from sparcode_mini.widgets.explorer import Span
from sparcode_mini.widgets.live import spoken

KINDS = (Panel, WorldExplorer, IndexErrors, StorageCalculator, Sizes, Arrows, Tokens, BiasPanel,
         ShorterLists)  # fmt: skip
WIDGET = "application/vnd.jupyter.widget-view+json"
STEERS = {(Arrows, "way")}  # controls of a button, which show nothing themselves
# (column, chart) whose axes follow the data; those of all other charts stand still
MOVING = {Panel: {(1, 0)}, WorldExplorer: {(1, 1)}, Sizes: {(1, 0)}, Tokens: {(0, 0), (1, 0)}}


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def made(request):
    """One panel for all tests: some take seconds to make."""
    return request.param()


@pytest.fixture
def panel(made):
    made.reset.click()
    return made


def offered(panel, name):
    """All values of a control, or the ends and the middle of a span."""
    options = panel.choices[name][1]
    if isinstance(options, Span):
        return [options.low, (options.low + options.high) / 2, options.high]
    return [value for _, value in options]


def another(panel, name):
    """A value of a control beside the present one."""
    values = offered(panel, name)
    after = dict(itertools.pairwise(values))
    return after.get(panel.values[name], values[-2])


def every_view(panel):
    """The view of each value of each control, the others being as at the start."""
    for name in panel.choices:
        for value in offered(panel, name):
            yield panel.view(panel.data(**{**panel.values, name: value}))


def drawn(figure):
    """All that plotly draws."""
    whole = figure.to_dict()
    for trace in whole["data"]:
        trace.pop("uid", None)
    return json.loads(json.dumps(whole))


def state(panel):
    return drawn(panel.figure), panel.text.value, panel.values, repr(panel)


def charts(view):
    """Each chart by (column, place in it)."""
    return {
        (c, p): one for c, column in enumerate(view.columns) for p, one in enumerate(column.charts)
    }


def test_each_control_changes_figure_and_words_and_reset_brings_them_back(panel):
    first = state(panel)
    for name, slider in panel.sliders.items():
        slider.value = another(panel, name)
        figure, text, values, _ = state(panel)
        assert values != first[2]
        changes = figure["data"] != first[0]["data"], text != first[1]
        assert changes == ((False,) * 2 if (type(panel), name) in STEERS else (True,) * 2), name
        panel.reset.click()
        assert state(panel) == first


def test_every_choice_is_shown_as_it_is_described(panel):
    for name, slider in panel.sliders.items():
        for value in offered(panel, name):
            slider.value = value
            view = panel.view(panel.data(**panel.values))
            assert panel.text.value == spoken(view.text)
            assert not re.search(r"\b(nan|inf|None)\b", view.text)
            json.dumps(view.to_json(), allow_nan=False)
            assert drawn(panel.figure) == drawn(figure_of(view)), (name, value)


def test_a_move_is_one_message_and_so_is_a_reset(panel, monkeypatch):
    sent, words = [], []
    for kind in ("update", "restyle", "relayout", "addTraces", "deleteTraces", "moveTraces"):
        monkeypatch.setattr(panel.figure, f"_send_{kind}_msg", lambda *a, **k: sent.append(a))
    panel.text.observe(lambda change: words.append(change.new), names="value")
    for name, slider in panel.sliders.items():
        slider.value = another(panel, name)
        moved = len(sent), len(words)
        panel.reset.click()
        back = len(sent), len(words)
        expected = [(0, 0), (0, 0)] if (type(panel), name) in STEERS else [(1, 1), (2, 2)]
        assert [moved, back] == expected, name
        sent.clear()
        words.clear()
    panel.text.unobserve_all("value")


def test_a_move_keeps_the_kernel_busy_for_less_than_a_tenth_of_a_second(panel):
    for name, slider in panel.sliders.items():
        ends, times = offered(panel, name)[:2], []
        for value in ends * 4:
            start = time.process_time()
            slider.value = value
            times.append(time.process_time() - start)
        assert statistics.median(times) < 0.1, name


def test_an_error_while_controls_are_set_does_not_freeze_the_panel(panel):
    first, name = state(panel), list(panel.choices)[-1]
    with pytest.raises(ValueError, match=r"no slider 'depth'; there are \["):
        panel.put({name: another(panel, name), "depth": 3})
    assert state(panel) == first
    with pytest.raises(traitlets.TraitError):
        panel.put({name: another(panel, name), next(iter(panel.choices)): object()})
    assert panel.text.value == spoken(panel.view(panel.data(**panel.values)).text)
    panel.reset.click()
    assert state(panel) == first


# --- the figure ---------------------------------------------------------------------------------


def numbers(mark):
    """The numbers of a mark, by the names that plotly gives them."""
    if isinstance(mark, chart.Bars):
        return {"x": mark.lengths, "base": mark.starts, "y": range(len(mark.lengths))}
    if isinstance(mark, chart.Cells):
        return {"z": mark.values, "zmin": mark.low, "zmax": mark.high}
    if isinstance(mark, chart.Level):
        return {"y": [] if mark.y is None else [mark.y] * 2}
    return {"x": mark.x, "y": mark.y}


def plain(value):
    return list(map(plain, value)) if isinstance(value, tuple | list | range) else value


def test_the_figure_has_the_numbers_and_axes_of_the_view(panel):
    panel.put({name: another(panel, name) for name in panel.choices})
    view, layout = panel.view(panel.data(**panel.values)), panel.figure.layout
    traces = iter(panel.figure.data)
    for number, one in enumerate(charts(view).values(), 1):
        suffix = "" if number == 1 else str(number)
        for axis, side in ((one.x, "x"), (one.y, "y")):
            real = layout[f"{side}axis{suffix}"]
            ends = [math.log10(v) if axis.log else v for v in (axis.low, axis.high)]
            assert list(real.range) == pytest.approx(ends)
            assert list(real.tickvals or ()) == [value for value, _ in axis.ticks]
            texts = [html.unescape(text).strip() for text in real.ticktext or ()]
            assert texts == [text for _, text in axis.ticks]
            assert real.title.text == axis.label
        for mark in one.marks:
            trace = next(traces)
            assert (trace.xaxis, trace.yaxis) == (f"x{suffix}", f"y{suffix}")
            for key, expected in numbers(mark).items():
                assert plain(trace[key] or ()) == plain(expected or ()), (one.title, mark)
            if isinstance(mark, chart.Points):
                assert trace.marker.symbol.removesuffix("-open") == SIGNS[mark.sign]
                assert trace.marker.symbol.endswith("-open") != mark.filled
                assert trace.marker.color == mark.color
        title = f"<b>{one.title}</b>"
        assert title in [annotation.text for annotation in layout.annotations]
    assert not list(traces)


def test_charts_lie_side_by_side_inside_the_figure(panel):
    layout = panel.figure.layout
    count = len(charts(panel.view(panel.data(**panel.values))))
    boxes = []
    for suffix in ("", *map(str, range(2, count + 1))):
        (left, right), (low, high) = (layout[f"{side}axis{suffix}"].domain for side in "xy")
        assert 0 <= left < right - 0.2 <= 1 and 0 <= low < high <= 1
        boxes.append((left, right, low, high))
    for a, b in itertools.combinations(boxes, 2):
        assert a[1] < b[0] or b[1] < a[0] or a[3] < b[2] or b[3] < a[2]


def test_the_axes_stand_still_unless_they_must_move(panel):
    first = charts(panel.view(panel.data(**panel.values)))
    moved = {
        place
        for view in every_view(panel)
        for place, one in charts(view).items()
        if (one.x, one.y) != (first[place].x, first[place].y)
    }
    assert moved == MOVING.get(type(panel), set())


def test_signs_tell_marks_apart_without_colour(panel):
    for one in charts(panel.view(panel.data(**panel.values))).values():
        points = [mark for mark in one.marks if isinstance(mark, chart.Points)]
        assert len({(mark.sign, mark.filled, mark.size) for mark in points}) == len(points)
        dashes = [(mark.dash, mark.name) for mark in one.marks if isinstance(mark, chart.Arrow)]
        assert all(name for _, name in dashes) and len({d for d, _ in dashes}) >= len(dashes) - 1
        bars = [mark for mark in one.marks if isinstance(mark, chart.Bars)]
        assert len({tuple(mark.hatched) for mark in bars}) == len(bars)
        named = one.y.ticks or len(bars) < 2
        assert named, "bars need names on their axis"


# --- without a kernel ---------------------------------------------------------------------------


def test_text_and_still_picture_are_stable_and_of_the_present_state(panel):
    data, metadata = panel._repr_mimebundle_()
    assert set(data) == {WIDGET, "image/png", "text/plain"}
    assert data[WIDGET]["model_id"] == panel.model_id
    assert data["text/plain"] == repr(panel) == repr(type(panel)())
    assert repr(panel).startswith(type(panel).__name__) and "0x" not in repr(panel)
    assert isinstance(panel.still(), Picture)
    text = panel.view(panel.data(**panel.values)).text
    assert text in metadata["image/png"]["alt"]
    panel.put({name: another(panel, name) for name in panel.choices})
    after, changed = panel._repr_mimebundle_()
    assert after["image/png"] != data["image/png"] and after["text/plain"] != data["text/plain"]
    assert text not in changed["image/png"]["alt"]


def test_wrong_starts_are_refused_and_reset_goes_back_to_the_chosen_one(panel):
    kind, name = type(panel), next(iter(panel.choices))
    with pytest.raises(ValueError, match=rf"no slider 'depth'; there are \['{name}'"):
        kind(depth=3)
    with pytest.raises(ValueError, match=rf"{name} = -99(\.0; give| is not offered; choose of)"):
        kind(**{name: -99})
    value = another(panel, name)
    chosen = kind(**{name: value})
    assert chosen.values == {**panel.values, name: value}
    chosen.sliders[name].value = panel.values[name]
    chosen.reset.click()
    assert chosen.values[name] == value
