"""What a chart draws on a page stands where the axes of Python's description say."""

import dataclasses

import pytest

from browser import blank_page, load_module
from drawn_charts import MEASURE, Placed, differences
from site_browser import watched
from sparcode_mini.site import stored
from sparcode_mini.site.stored import controls_of
from sparcode_mini.widgets.chart import (
    Area,
    Arrow,
    Axis,
    Bars,
    Cells,
    Chart,
    Level,
    Points,
    linear,
    logarithmic,
    rows,
)
from sparcode_mini.widgets.esm import one_module
from sparcode_mini.widgets.explorer import Explorer

WIDTH = 640
DRAW = f"""([chart, width]) => {{
  document.body.replaceChildren(module.chartOf(chart, width));
  return ({MEASURE})(document.querySelector("svg.chart"));
}}"""
LINEAR = linear("x", -2, 6)
BYTES = logarithmic("bytes", 10, 1e5, [10.0**e for e in range(1, 6)], "{:,.0f}".format)
SHARE = logarithmic("share", 0.01, 1, [0.01, 0.1, 1], "{:g}".format)
NAMES = rows("a", "b", "c")  # from the top down
AXES = {
    "linear": (LINEAR, linear("y", 0, 10)),
    "turned": (
        dataclasses.replace(LINEAR, low=6, high=-2, ticks=LINEAR.ticks[::-1]),
        linear("y", 10, 0),
    ),
    "logarithmic": (BYTES, SHARE),
    "mixed": (BYTES, linear("", -1, 1)),
}
# Three places inside each pair of axes, none of them in the middle of one.
PLACES = {
    "linear": ([-1.5, 0, 5], [1, 9, 4]),
    "turned": ([-1.5, 0, 5], [1, 9, 4]),
    "logarithmic": ([20, 300, 90_000], [0.02, 0.9, 0.05]),
    "mixed": ([20, 300, 90_000], [-0.9, 0.7, 0.1]),
}
INK, PAPER = "#AA4499", "#FFFFFF"
SHADE = 13  # of 255: a number that the page rounds may have the next of 40 shades


@pytest.fixture(scope="module")
def page(browser):
    """A page with the module that draws charts."""
    found = blank_page(browser, viewport={"width": 800, "height": 700})
    load_module(found, one_module(stored.HERE, *stored.DRAWING))
    return found


def measure(page, chart):
    """What is drawn of a chart; its frame must fill the SVG but for the names around it."""
    measured = page.evaluate(DRAW, [dataclasses.asdict(chart), WIDTH])
    frame = measured["frame"]
    assert 0 < frame["left"] < 100 and WIDTH - 30 < frame["right"] < WIDTH
    assert 0 < frame["top"] < 40 and chart.height - 50 < frame["bottom"] < chart.height
    return measured


def holds(page, x, y, *marks, **counts):
    """The marks are drawn, in these numbers, where the axes say."""
    chart = Chart("title", x, y, marks)
    measured = measure(page, chart)
    assert {kind: len(measured[kind]) for kind in counts} == counts
    assert len(measured["ticks"]) == len(x.ticks) + len(y.ticks)
    assert differences(measured, Placed(chart, measured["frame"])) == []


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("sign", ["circle", "square", "diamond", "cross", "plus", "tick", "star"])
def test_points(page, axes, sign):
    x, y = PLACES[axes]
    marks = Points("p", x, y, sign, size=12, texts=["one", "", "three"])
    holds(page, *AXES[axes], marks, Points("none", [None], [None]), points=3, texts=2)


@pytest.mark.parametrize("axes", AXES)
def test_an_arrow(page, axes):
    (x0, x1, x2), (y0, y1, y2) = PLACES[axes]
    marks = Arrow("there", [x0, x1], [y0, y1], INK), Arrow("back", [x2, x1], [y2, y0], INK, "dot")
    holds(page, *AXES[axes], *marks, Arrow("none", [], [], INK), arrow=2)


@pytest.mark.parametrize("axes", AXES)
def test_a_level(page, axes):
    heights = PLACES[axes][1]
    marks = [Level("named", heights[0]), Level("", heights[2]), Level("none", None)]
    holds(page, *AXES[axes], *marks, level=2, texts=1)


@pytest.mark.parametrize(
    ("x", "lengths", "starts"),
    [(LINEAR, [5.5, None, 0.25], [-1.5, 0, 1]), (BYTES, [180, 99_000, 20], [20, 1000, 11])],
    ids=["linear", "logarithmic"],
)
def test_bars(page, x, lengths, starts):
    count = len(lengths) - lengths.count(None)
    bars = Bars("b", lengths, [INK] * 3, [True, False, False], starts, ["first", "", "third"])
    holds(page, x, NAMES, bars, bars=count, hatched=1, texts=2)


def test_bars_begin_at_zero(page):
    holds(page, linear("", 0, 8), NAMES, Bars("b", [1, 3, 7.5], [INK] * 3), bars=3, hatched=0)


@pytest.mark.parametrize("gap", [0, 2])
def test_a_table_of_cells(page, gap):
    values = [[0.0, 0.2, 0.5, 1.0], [2.0, -1.0, 3.0, 1.31]]
    x, y = Axis("", -0.5, 3.5, lines=False), rows("up", "down")
    for colors in ([PAPER, INK], [INK, PAPER, "#000000"]):
        texts = [[f"{value:g}" for value in row] for row in values]
        cells = Cells(values, 0, 2, colors, texts, gap=gap)
        holds(page, x, y, cells, cells=8, texts=8)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("shade", [0, 0.3, 1])
def test_an_area(page, axes, shade):
    holds(page, *AXES[axes], Area("terrace", *PLACES[axes], INK, shade), area=1)


def test_a_square_chart_has_one_scale(page):
    x, y = Axis("", -3, 3, lines=False), Axis("", -1, 1, lines=False)
    chart = Chart("", x, y, [Points("p", [-2, 1], [0.5, -0.75])], square=True)
    measured = page.evaluate(DRAW, [dataclasses.asdict(chart), WIDTH])
    frame = measured["frame"]
    across, down = frame["right"] - frame["left"], frame["bottom"] - frame["top"]
    assert across / 6 == pytest.approx(down / 2)
    assert differences(measured, Placed(chart, frame)) == []


# --- the panels of the site -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(browser, widgets_page):
    with watched(browser, viewport={"width": 1280, "height": 900}) as one:
        one.open(widgets_page)
        yield one


def settings(panel):
    """The start, and the last and the first choice of each control, one after the other."""
    yield panel.values
    for name, control in controls_of(panel).items():
        offered = [value for _, value in control.get("options", [])]
        offered = offered or [control["span"]["low"], control["span"]["high"]]
        for value in (offered[0], offered[-1]):
            if value != panel.values[name]:
                yield {**panel.values, name: value}


def test_a_panel_draws_what_its_view_says(opened, call):
    panel = call.make()
    if not isinstance(panel, Explorer):
        pytest.skip("it has no charts of `chart.py`")
    place = opened.page.locator(f".sparcode-live[data-widget='{call.name}']")
    for values in settings(panel):
        place.evaluate("(place, values) => place.model.set(values)", values)
        view = panel.view(panel.data(**values))
        charts = [chart for column in view.columns for chart in column.charts]
        drawn = place.locator("svg.chart").evaluate_all(f"(all) => all.map({MEASURE})")
        for chart, measured in zip(charts, drawn, strict=True):
            wrong = differences(measured, Placed(chart, measured["frame"]), SHADE)
            assert wrong == [], (values, chart.title)
