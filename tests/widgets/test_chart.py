"""Charts as data: ticks and axes; what plotly gets of them."""

import html
import typing

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparcode_mini.tools.unicode import whole
from sparcode_mini.widgets import chart
from sparcode_mini.widgets.chart import (
    Area,
    Arrow,
    Axis,
    Bars,
    Cells,
    Chart,
    Column,
    Level,
    Points,
    View,
)
from sparcode_mini.widgets.chart_plotly import DRAW, SIGNS, drawn, figure_of, plain, show


def view(*marks, x=Axis(), y=Axis(), text=""):  # noqa: B008
    return View([Column([Chart("title", x, y, marks)])], text)


def only(mark):
    """What plotly gets of one mark."""
    (trace,), _ = drawn(view(mark))
    return trace


# --- axes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "count", "ticks"),
    [
        ((0, 1), 5, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ((1, 0), 5, [0, 0.2, 0.4, 0.6, 0.8, 1]),  # turned round
        ((0.013, 0.31), 5, [0.1, 0.2, 0.3]),
        ((-3, 7), 3, [0, 5]),
        ((0, 215_296), 3, [0, 100_000, 200_000]),
    ],
)
def test_ticks_of_a_linear_axis_are_round_and_inside(ends, count, ticks):
    axis = chart.linear("bytes", *ends, count=count)
    assert (axis.low, axis.high, axis.label) == (*ends, "bytes")
    assert [value for value, _ in axis.ticks] == pytest.approx(ticks)
    assert [text for _, text in axis.ticks] == [f"{tick:g}" for tick in ticks]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 6))
@settings(max_examples=60)
def test_no_tick_lies_outside(low, length, count):
    axis = chart.linear("", low, low + length, count=count)
    values = [value for value, _ in axis.ticks]
    slack = 1e-8 * max(length, 1)
    assert all(low - slack <= value <= low + length + slack for value in values)
    assert values and values == sorted(values)


def test_other_axes():
    axis = chart.logarithmic("bytes", 50, 2000, [100, 1000], "{:,.0f}".format)
    assert axis.log and axis.ticks == [(100.0, "100"), (1000.0, "1,000")]
    names = chart.rows("a", "b", "c")
    assert (names.low, names.high) == (2.5, -0.5)  # from the top down
    assert names.ticks == [(0, "a"), (1, "b"), (2, "c")]
    assert [text for _, text in chart.shares(high=1.2).ticks] == ["0%", "25%", "50%", "75%", "100%"]
    assert chart.percent(0.126) == "13%"


def test_plotly_gets_logarithms_ends_and_lines():
    x = Axis("bytes", 10, 1000, [(100, "100 B")], log=True)
    _, layout = drawn(view(x=x, y=Axis("y", 3, -1, lines=False, slant=True)))
    assert layout["xaxis"]["type"] == "log" and layout["xaxis"]["range"] == [1, 3]
    assert layout["xaxis"]["tickvals"] == [100] and layout["xaxis"]["showgrid"]
    assert layout["yaxis"]["range"] == [3, -1] and not layout["yaxis"]["showgrid"]
    assert layout["xaxis"]["tickangle"] == 0 and layout["xaxis"]["fixedrange"]
    assert drawn(view(x=Axis(slant=True)))[1]["xaxis"]["tickangle"] > 0
    square = Chart("t", Axis(), Axis(), [], square=True)
    assert drawn(View([Column([square])], ""))[1]["yaxis"]["scaleanchor"] == "x"


# --- marks --------------------------------------------------------------------------------------


def test_every_mark_and_every_sign_is_drawn():
    assert set(DRAW) == set(typing.get_args(chart.Mark))
    assert set(SIGNS) == set(typing.get_args(chart.Sign))
    assert len(set(SIGNS.values())) == len(SIGNS)
    for sign, symbol in SIGNS.items():
        figure_of(view(Points("p", [1], [2], sign)))  # plotly knows the symbol
        assert only(Points("p", [1], [2], sign))["marker"]["symbol"] == symbol
        assert (
            only(Points("p", [1], [2], sign, filled=False))["marker"]["symbol"] == f"{symbol}-open"
        )


def test_points_bars_and_cells():
    points = only(Points("p", [1, 2], [3, None], texts=["<a>", "$b$"], names=["x & y", "z"]))
    assert (points["x"], points["y"], points["mode"]) == ([1, 2], [3, None], "markers+text")
    assert points["text"] == ["&lt;a&gt;", "&#36;b&#36;"]
    assert points["customdata"] == ["x &amp; y", "z"]
    assert only(Points("p", [1, 2], [3, 4]))["customdata"] == ["p", "p"]
    bars = only(Bars("b", [5, None], ["#000000"] * 2, [False, True], [0, 1]))
    assert (bars["x"], bars["y"], bars["base"]) == ([5, None], [0, 1], [0, 1])
    assert bars["marker"]["pattern"]["shape"] == ["", "/"]
    assert only(Bars("b", [5], ["#000000"]))["marker"]["pattern"]["shape"] == [""]
    cells = only(Cells([[0, 1], [2, 3]], -1, 3, ["#FFFFFF", "#888888", "#000000"], scale="use"))
    assert (cells["z"], cells["zmin"], cells["zmax"]) == ([[0, 1], [2, 3]], -1, 3)
    assert cells["colorscale"] == [[0, "#FFFFFF"], [0.5, "#888888"], [1, "#000000"]]
    assert cells["showscale"] and not only(Cells([[0]], 0, 1, ["#FFFFFF", "#000000"]))["showscale"]


def test_arrows_levels_and_areas():
    arrow = only(Arrow("a", [0, 1], [0, 2], "#123456", "dot"))
    assert arrow["line"]["dash"] == "dot" and arrow["marker"]["angleref"] == "previous"
    area = only(Area("loss 1", [0, 1, 1], [0, 0, 1], "#FF8000", 0.25))
    assert area["fillcolor"] == "rgba(255,128,0,0.250)" and area["fill"] == "toself"
    for height in (0.3, 0.0):
        (level,), layout = drawn(view(Level("popularity", height), x=Axis("", 2, 5)))
        assert (level["x"], level["y"]) == ([2, 5], [height] * 2)
        assert layout["annotations"][1]["visible"] and layout["annotations"][1]["y"] == height
        assert layout["annotations"][1]["text"] == "popularity"
    (level,), layout = drawn(view(Level("popularity", None)))
    assert (level["x"], level["y"]) == ([], []) and not layout["annotations"][1]["visible"]


# --- a figure that follows ----------------------------------------------------------------------


def test_show_brings_what_changed_in_one_message(monkeypatch):
    here = view(Points("p", [1], [2]), Level("l", 0.5))
    there = view(Points("p", [1], [5]), Level("l", None), x=Axis("", 0, 9))
    figure, sent = figure_of(here), []
    monkeypatch.setattr(figure, "_send_update_msg", lambda *a, **k: sent.append((a, k)))
    show(figure, here, here)
    quiet = len(sent)
    show(figure, here, there)
    assert (quiet, len(sent)) == (0, 1)
    assert figure.data[0].y == (5,) and figure.data[1].y == ()
    assert figure.layout.xaxis.range == (0, 9)
    assert figure.layout.annotations[1].visible is False
    changes = str(sent)
    assert "(5,)" in changes or "[5]" in changes
    assert "symbol" not in changes and "yaxis" not in changes  # they are as they were


def test_show_refuses_a_view_of_other_marks():
    here = view(Points("p", [1], [2]))
    with pytest.raises(ValueError, match="2 marks for a figure of 1; make empty ones instead"):
        show(figure_of(here), here, view(Points("p", [1], [2]), Points("q", [], [])))


def test_a_view_becomes_json_with_the_kind_of_each_mark():
    (column,) = view(Points("p", [1], [2]), Level("l", None), text="said").to_json()["columns"]
    (one,) = column["charts"]
    assert [mark["kind"] for mark in one["marks"]] == ["points", "level"]
    assert one["marks"][0]["x"] == [1] and one["x"]["high"] == 1.0 and one["title"] == "title"


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("$a$ &#36; &lt; <b>")
@settings(max_examples=60)
def test_plotly_gets_neither_tags_nor_math(text):
    sent = plain(text)
    assert not set("<>$") & set(sent)
    if "\r" not in text and text.isprintable():
        assert html.unescape(sent) == text
    assert whole(sent) == sent
    _, layout = drawn(view(x=Axis("", 0, 1, [(0, text)])))
    assert layout["xaxis"]["ticktext"] == [f"{sent} "]
