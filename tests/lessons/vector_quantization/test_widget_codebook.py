"""The playground: its JavaScript is equal to the library, and its controls work."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets

from browser import blank_page, chromium, load_module
from sparcode_mini.lessons.vector_quantization import widget_codebook as module
from sparcode_mini.lessons.vector_quantization.cells import cells
from sparcode_mini.lessons.vector_quantization.widget_codebook import CodebookPlayground
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.worlds.fields import clusters_2d

POINTS = torch.from_numpy(clusters_2d(n=90, clusters=4, spread=0.4, seed=3)[0])
STEPS = 15


@pytest.fixture(scope="module")
def browser():
    with chromium() as program:
        yield program


@pytest.fixture(scope="module")
def js(browser):
    """Call a function of codebook_steps.js: js("name", arguments...)."""
    page = blank_page(browser)
    load_module(page, (module.HERE / "codebook_steps.js").read_text("utf-8"))
    page.evaluate(
        """() => { window.run = (points, start, steps, options) => {
          const { batch, uniforms = [], ...rest } = options, m = window.module;
          const state = m.begin(start), path = [start];
          const pick = (n) => uniforms.shift() % n;
          for (let t = 0; t < steps; t += 1) {
            m.learn(state, m.batchOf(points, batch, t), { ...rest, pick });
            path.push(state.codewords.map((c) => [...c]));
          }
          return { path, restarted: state.restarted };
        } }"""
    )

    yield Steps(page)
    page.close()


class Steps:
    """The functions of codebook_steps.js, called by name."""

    def __init__(self, page):
        self.page = page

    def __call__(self, name, *arguments):
        where = "window.run" if name == "run" else f"window.module.{name}"
        return self.page.evaluate(f"(a) => {where}(...a)", list(arguments))


class Drawn(np.random.Generator):
    """A generator of fixed numbers, so that both languages draw the same."""

    def __init__(self, numbers):
        super().__init__(np.random.PCG64(0))
        self.numbers = list(numbers)

    def integers(self, low, size=None, **_):
        if size is None:
            return int(self.numbers.pop(0) * low)
        return np.array([self.numbers.pop(0) % low for _ in range(size)])

    def random(self, *_, **__):
        return self.numbers.pop(0)


# --- the mathematics: JavaScript against the library --------------------------------------------


@pytest.mark.parametrize("method", module.METHODS)
@pytest.mark.parametrize(("batch", "factor"), [(0, 2), (8, 2), (32, 2), (0, 1), (8, 4), (0, 100)])
@pytest.mark.parametrize(("start", "restart"), [("k-means++", 0.0), ("one corner", 0.3)])
def test_every_way_of_learning_takes_the_same_path(js, method, batch, factor, start, restart):
    first = module.start_of(start, POINTS, 5, seed=1)
    numbers = np.random.default_rng(2).integers(10_000, size=500).tolist()
    settings = {"batch": batch, "rate": 1.7, "decay": 0.8, "restart": restart, "factor": factor}
    rng = Drawn(numbers)
    path = module.path(method, POINTS, first, STEPS, rng=rng, **settings)
    options = {"method": method, "uniforms": numbers, **settings}
    run = js("run", POINTS.tolist(), first.tolist(), STEPS, options)
    np.testing.assert_allclose(run["path"], path.numpy(), rtol=0, atol=1e-12)
    assert run["restarted"] == len(numbers) - len(rng.numbers)
    assert (run["restarted"] > 0) == (start == "one corner")
    assert (path[0] - path[-1]).abs().max() > 0.1  # something was learnt


def test_codes_and_numbers_are_those_of_the_library(js):
    codewords = module.start_of("random points", POINTS, 6, seed=5)
    codewords[4] = 50.0  # dead
    pq = ProductQuantizer(N=6, token_dim=2, dtype=torch.float64)
    pq.codebooks.data = codewords[None]
    codes = pq.encode(POINTS)[:, 0].tolist()
    assert js("encode", codewords.tolist(), POINTS.tolist()) == codes
    measured = js("measure", codewords.tolist(), POINTS.tolist())
    expected = module.measure(POINTS, codewords)
    assert measured["codes"] == codes
    assert measured["counts"] == np.bincount(codes, minlength=6).tolist()
    assert measured["distortion"] == pytest.approx(expected["distortion"], rel=1e-12)
    assert measured["perplexity"] == pytest.approx(expected["perplexity"], rel=1e-12)
    assert measured["used"] == expected["used"] == 5 and expected["dead"] == [4]
    assert not any(measured["wrong"])


@pytest.mark.parametrize("factor", [1, 4, 100])
def test_a_wrong_factor_is_as_wrong_as_in_numpy(js, factor):
    codewords = module.start_of("random points", POINTS, 6, seed=5)
    x, C = POINTS.numpy(), codewords.numpy()
    expected = ((C**2).sum(1) - factor * x @ C.T).argmin(1)
    measured = js("measure", C.tolist(), x.tolist(), factor)
    assert measured["codes"] == expected.tolist()
    nearest = ((x[:, None] - C) ** 2).sum(2).argmin(1)
    assert measured["wrong"] == (expected != nearest).tolist() and any(measured["wrong"])


def test_kmeans_plus_plus_is_that_of_the_library(js):
    numbers = np.random.default_rng(8).random(7).tolist()
    pq = ProductQuantizer(N=7, token_dim=2, dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np.random, "default_rng", lambda *_: Drawn(numbers))
        pq.fit(POINTS, iterations=0)
    source = "([x, N, left]) => window.module.kmeansPlusPlus(x, N, () => left.shift())"
    codewords = js.page.evaluate(source, [POINTS.tolist(), 7, numbers])
    np.testing.assert_array_equal(codewords, pq.codebooks.data[0].numpy())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_points_are_drawn_without_a_repetition_and_the_corner_is_a_corner(js, seed):
    few = POINTS[:8].tolist()
    source = "([kind, x, N, s]) => window.module.startOf(kind, x, N, window.module.generator(s))"
    start = js.page.evaluate(source, ["random points", few, 8, seed])
    assert sorted(start) == sorted(few)  # each of them once
    corner = js.page.evaluate(source, ["one corner", POINTS.tolist(), 5, seed])
    assert len(corner) == 5
    assert np.min(corner) > 0.6 * 1.1 * float(POINTS.abs().max())


@pytest.mark.parametrize("factor", [1, 2, 100])
def test_cells_are_the_places_that_their_codeword_wins(js, factor):
    codewords = module.start_of("random points", POINTS, 7, seed=1).numpy()
    box = js("boxOf", POINTS.tolist())
    polygons = js("cellsOf", codewords.tolist(), box, factor)
    expected = cells(codewords, *box, factor)
    area = 0.0
    for k, (a, b) in enumerate(zip(polygons, expected, strict=True)):
        np.testing.assert_allclose(np.reshape(a, (-1, 2)), b, atol=1e-9)
        if len(b):
            middle = b.mean(0)
            wins = (codewords**2).sum(1) - factor * codewords @ middle
            assert wins.argmin() == k
            x, y = b.T
            area += abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert area == pytest.approx((box[1] - box[0]) ** 2)  # nothing left out, nothing twice


def test_of_two_codewords_in_one_place_the_first_wins_everything(js):
    codewords = np.array([[0.0, 1.0], [0.5, -1.0], [0.0, 1.0]])
    polygons, expected = js("cellsOf", codewords.tolist(), [-2, 2]), cells(codewords, -2, 2)
    assert polygons[2] == [] and len(expected[2]) == 0
    assert [len(cell) for cell in polygons[:2]] == [len(cell) for cell in expected[:2]] == [4, 4]


def test_generator_and_batches(js):
    source = "() => { const r = window.module.generator(7); return [r(), r(), r()] }"
    numbers = js.page.evaluate(source)
    assert numbers == js.page.evaluate(source) and len(set(numbers)) == 3
    assert all(0 <= value < 1 for value in numbers)
    assert js("batchOf", [1, 2, 3, 4, 5], 2, 2) == [5, 1]
    assert js("batchOf", [1, 2, 3], 0, 5) == [1, 2, 3]


# --- Python's side ------------------------------------------------------------------------------


def test_lloyd_ends_where_kmeans_of_faiss_ends():
    import faiss

    first = module.start_of("k-means++", POINTS, 4, seed=2)
    last = module.path("lloyd", POINTS, first, 40)[-1]
    kmeans = faiss.Kmeans(2, 4, niter=40, min_points_per_centroid=1)
    kmeans.train(POINTS.float().numpy(), init_centroids=first.float().numpy())
    np.testing.assert_allclose(last.numpy(), kmeans.centroids, atol=1e-5)


def test_gradient_is_plain_descent_on_the_mean_of_squares():
    first = module.start_of("random points", POINTS, 3, seed=2)
    C = first.clone().requires_grad_()
    gaps = POINTS[:, None] - C  # (n, N, 2)
    loss = gaps.square().sum(2).amin(1).mean() / 2
    (slope,) = torch.autograd.grad(loss, C)
    path = module.path("gradient", POINTS, first, 1, rate=1.5)
    torch.testing.assert_close(path[1], first - 1.5 * slope)


def test_ema_starts_like_lloyd_and_then_remembers():
    first = module.start_of("random points", POINTS, 3, seed=2)
    lloyd, ema = (module.path(m, POINTS, first, 2, decay=0.9) for m in ("lloyd", "ema"))
    torch.testing.assert_close(lloyd[1], ema[1])
    assert (lloyd[2] - ema[2]).abs().max() > 1e-3


def test_starts_and_their_names():
    corner = module.start_of("one corner", POINTS, 5, seed=0)
    assert bool((corner > 0.6 * 1.1 * POINTS.abs().max()).all())
    for kind in ("random points", "k-means++"):
        for c in module.start_of(kind, POINTS, 5, seed=0).tolist():
            assert c in POINTS.tolist()
    with pytest.raises(ValueError, match="start = 'corner'; choose one of"):
        module.start_of("corner", POINTS, 5, seed=0)
    with pytest.raises(ValueError, match="method = 'adam'; choose one of"):
        module.path("adam", POINTS, corner, 1)


def test_the_widget_has_a_stable_text_a_still_picture_and_no_outside_address():
    playground = CodebookPlayground(POINTS, N=4, start="k-means++")
    assert repr(playground) == "CodebookPlayground(90 points, N=4, start='k-means++')"
    data, metadata = playground._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(playground) and len(data["image/png"]) > 1000
    assert "from the same start" in metadata["image/png"]["alt"]
    assert len(playground.codewords) == 4
    everything = module.javascript() + (module.HERE / "codebook.css").read_text("utf-8")
    assert re.findall(r"https?://\S+", everything) == ['http://www.w3.org/2000/svg";']
    assert "import " not in module.javascript()


@pytest.mark.parametrize("name", ["codewords", "batch", "rate", "decay", "restart", "factor"])
def test_settings_reach_the_still_picture(name):
    before = CodebookPlayground(POINTS, N=4, start="one corner", rate=1.0, decay=0.5)
    values = {"codewords": [[0.0, 0.0], [1.0, 1.0]], "batch": 8, "rate": 3.0, "decay": 0.9}
    values["factor"] = 100
    after = CodebookPlayground(POINTS, N=4, start="one corner", rate=1.0, decay=0.5)
    setattr(after, name, values.get(name, 0.5))
    old, new = before.paths(5), after.paths(5)
    assert any(old[m].shape != new[m].shape or not torch.equal(old[m], new[m]) for m in old)


def test_the_still_picture_shows_a_wrong_factor():
    right, wrong = (CodebookPlayground(POINTS, N=4, factor=f).still() for f in (2, 100))
    assert right.png != wrong.png and "The factor is 100." in wrong.alt
    assert "The factor is" not in right.alt


def test_wrong_points_and_settings_are_refused():
    with pytest.raises(ValueError, match=r"points have shape \(3,\)"):
        CodebookPlayground([1.0, 2.0, 3.0])
    for wrong in ({"N": 0}, {"N": 13}, {"start": "middle"}, {"factor": 3}, {"batch": 7}):
        with pytest.raises(traitlets.TraitError):
            CodebookPlayground(POINTS, **wrong)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"points": POINTS[:3], "N": 4},
            "there are 3 points for N = 4 codewords; give more points",
        ),
        ({"points": POINTS[:5], "start": "k-means++"}, "there are 5 points for N = 6 codewords"),
        ({"points": np.zeros((0, 2))}, "there are 0 points for N = 6 codewords"),
        ({"points": [[0.0, np.nan]]}, r"points\[\(0, 1\)\] is nan; give finite numbers"),
        ({"points": [["a", "b"]]}, "points has values of type <U1; give real numbers"),
        ({"codewords": [[0.0, np.inf], [1.0, 1.0]]}, r"codewords\[\(0, 1\)\] is inf; give finite"),
        ({"codewords": [["a", "b"], ["c", "d"]]}, "codewords has values of type <U1; give real"),
        ({"codewords": [[0.0, 1.0], [2.0]]}, "codewords can't be read as an array"),
        ({"codewords": [[0.0], [1.0]]}, r"codewords have shape \(2, 1\); give finite \(n, 2\)"),
        ({"codewords": [[0.0, 1.0]]}, "there are 1 codewords for N = 2; give N of them"),
    ],
)
def test_what_no_codebook_can_be_drawn_of_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        CodebookPlayground(
            **{"points": POINTS, "N": 2 if "codewords" in settings else 6} | settings
        )


def test_codewords_that_are_set_later_are_checked_as_well():
    playground = CodebookPlayground(POINTS, N=2, codewords=[[1, 0], [0, True]])
    assert playground.codewords == [[1.0, 0.0], [0.0, 1.0]]
    with pytest.raises(ValueError, match=r"codewords\[\(0, 0\)\] is nan"):
        playground.codewords = [[float("nan"), 0.0]]
    assert playground.codewords == [[1.0, 0.0], [0.0, 1.0]]


# --- in a page, without a kernel ----------------------------------------------------------------

MODEL = """(state) => {
  const listeners = {};
  window.state = state;
  window.outside = 0;
  const model = {
    get: (name) => structuredClone(state[name]),
    set: (name, value) => {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
      state[name] = value;
      (listeners["change:" + name] ?? []).forEach((f) => f());
    },
    save_changes: () => {},
    on: (name, f) => (listeners[name] ??= []).push(f),
    off: () => {},
  };
  window.model = model;
  document.body.addEventListener("keydown", () => (window.outside += 1));
  window.stop = window.module.default.render({ model, el: document.body });
}"""


@pytest.fixture
def page(browser):
    view = blank_page(browser, viewport={"width": 1000, "height": 900})
    errors = []
    view.on("pageerror", lambda error: errors.append(str(error)))
    load_module(view, module.javascript())
    view.add_style_tag(content=(module.HERE / "codebook.css").read_text("utf-8"))
    widget = CodebookPlayground(POINTS, N=4, start="random points")
    names = CodebookPlayground.class_own_traits()
    view.evaluate(MODEL, {n: getattr(widget, n) for n in names if not n.startswith("_")})
    yield view
    assert errors == []
    view.close()


def test_the_slider_of_n_ends_at_the_number_of_points(browser):
    view = blank_page(browser)
    load_module(view, module.javascript())
    widget = CodebookPlayground(POINTS[:5], N=3)
    names = CodebookPlayground.class_own_traits()
    view.evaluate(MODEL, {n: getattr(widget, n) for n in names if not n.startswith("_")})
    slider = view.get_by_label("N, codewords")
    slider.press("End")
    assert slider.input_value() == "5" and len(view.evaluate("state.codewords")) == 5
    view.close()


def numbers(page):
    """Return the line of numbers under each of the three planes."""
    return page.locator(".numbers").all_inner_texts()


def steps_done(page):
    return page.locator(".status").inner_text()


def test_step_reset_and_new_start(page):
    first = numbers(page)
    assert len(set(first)) == 1  # the same start
    page.get_by_role("button", name="Step").click()
    one = numbers(page)
    assert one[0] != first[0] and "After 1 steps" in steps_done(page)
    widget = CodebookPlayground(POINTS, N=4, start="random points")
    for text, path in zip(one, widget.paths(1).values(), strict=True):
        assert f"distortion {module.measure(POINTS, path[1])['distortion']:.4f}" in text
    page.get_by_role("button", name="Reset").click()
    assert numbers(page) == first
    page.get_by_role("button", name="New start").click()
    assert numbers(page) != first and len(set(numbers(page))) == 1


def test_play_goes_on_until_pause(page):
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelectorAll('.curve')[0].points.numberOfItems >= 4")
    page.get_by_role("button", name="Pause").click()
    done = numbers(page)
    page.wait_for_timeout(600)
    assert numbers(page) == done


def test_codewords_move_by_keys_and_by_mouse(page):
    handle = page.locator(".handle").first
    before, name = page.evaluate("state.codewords[0]"), handle.get_attribute("aria-label")
    assert re.match(r"Lloyd, codeword 0 at \(.*\), .* points; arrow keys move it", name)
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    after = page.evaluate("state.codewords[0]")
    assert after[0] > before[0] and after[1] > before[1]
    assert handle.get_attribute("aria-label") != name
    assert page.evaluate("outside") == 0  # no key reached the notebook
    assert len(set(numbers(page))) == 1  # all three start from there
    circle = handle.bounding_box()
    middle = (circle["x"] + circle["width"] / 2, circle["y"] + circle["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 60, middle[1] + 30, steps=4)
    page.mouse.up()
    dragged = page.evaluate("state.codewords[0]")
    assert dragged[0] < after[0] - 0.5 and dragged[1] < after[1] - 0.2


CONTROLS = {
    "N, codewords": ("ArrowRight", "N", 5),
    "start": ("ArrowDown", "start", "one corner"),
    "points in a step": ("ArrowDown", "batch", 32),
    "restart dead codewords": (" ", "restart", 0.05),
    "learning rate (gradient)": ("ArrowRight", "rate", 2.5),
    "decay (EMA)": ("ArrowLeft", "decay", 0.88),
    "factor in the distance": ("ArrowDown", "factor", 1),
}


@pytest.mark.parametrize("label", CONTROLS)
def test_every_control_works_by_keyboard_and_changes_the_picture(page, label):
    key, name, value = CONTROLS[label]
    if name == "restart":  # nothing to restart but where codewords are dead
        page.evaluate("model.set('codewords', [[0, 0], [30, 30], [31, 30], [30, 31]])")

    def after_two_steps():
        for _ in range(2):
            page.get_by_role("button", name="Step").click()
        return page.locator(".panels").inner_html(), numbers(page)

    before = after_two_steps()
    page.get_by_label(label, exact=True).focus()
    page.keyboard.press(key)
    assert page.evaluate(f"state.{name}") == pytest.approx(value) if name != "start" else True
    assert page.evaluate("outside") == 0
    if name == "start":
        assert page.evaluate("state.start") == value
    assert "After 0 steps" in steps_done(page)
    assert after_two_steps() != before


def test_dead_codewords_are_told_and_restart_cures_them(page):
    page.evaluate("model.set('codewords', [[0, 0], [30, 30], [31, 30], [30, 31]])")
    assert all(
        "dead codewords: 1, 2, 3" in text and "used 1 of 4" in text for text in numbers(page)
    )
    assert page.locator(".handle.dead").count() == 9
    page.get_by_label("restart dead codewords").check()
    for _ in range(30):
        page.get_by_role("button", name="Step").click()
    assert all("no dead codeword" in text and "restarted" in text for text in numbers(page))


def test_a_wrong_factor_marks_the_points_it_misleads(page):
    page.get_by_label("factor in the distance").select_option("100")
    count = page.locator(".plane").first.locator(".point.wrong").count()
    assert count > 0 and f"{count} points not at their nearest" in numbers(page)[0]


def test_dark_notebooks_get_dark_colours(page):
    card = "getComputedStyle(document.querySelector('.sparcode-codebook')).backgroundColor"
    light = page.evaluate(card)
    page.evaluate("document.body.setAttribute('data-jp-theme-light', 'false')")
    assert [light, page.evaluate(card)] == ["rgb(252, 251, 248)", "rgb(28, 32, 38)"]


def test_package_carries_the_files():
    project = (Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8")
    for name in ("codebook.js", "codebook_steps.js", "codebook.css"):
        assert (module.HERE / name).exists()
        assert f'"lessons/*/*{Path(name).suffix}"' in project
    assert json.dumps(CodebookPlayground(POINTS).codewords)  # plain numbers, as the page needs them
