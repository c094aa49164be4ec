"""Draw a view (`chart.View`) with plotly, and bring a later view into the same figure."""

import html
import math
from typing import Any

import plotly.graph_objects as go

from sparcode_mini.plots import ink
from sparcode_mini.widgets.chart import Area, Arrow, Axis, Bars, Cells, Chart, Level, Points, View

SIGNS = {
    "circle": "circle",
    "diamond": "diamond",
    "square": "square",
    "star": "star",
    "cross": "x",
    "plus": "cross",
    "tick": "line-ns",
}
WIDTH = 940  # pixels, about what a notebook has; decides the room for names of ticks
TITLE, LABEL, NAMES, LEGEND = 30, 48, 26, 60  # pixels above a chart, below it, below the figure
LETTER = 6.8  # pixels of a letter of a tick


def figure_of(view: View) -> Any:
    """Return a FigureWidget of the view."""
    traces, layout = drawn(view)
    figure = go.FigureWidget(data=traces, layout=layout)
    figure._config = {"responsive": True, "displayModeBar": False}
    return figure


def show(figure: Any, before: View, view: View) -> None:
    """Bring a view with the same charts and marks into the figure, in one message."""
    (old, old_layout), (new, layout) = drawn(before), drawn(view)
    if len(old) != len(new):
        raise ValueError(f"{len(new)} marks for a figure of {len(old)}; make empty ones instead")
    with figure.batch_update():
        for trace, was, now in zip(figure.data, old, new, strict=True):
            trace.update({k: v for k, v in now.items() if was.get(k) != v}, overwrite=True)
        figure.layout.update({k: v for k, v in layout.items() if old_layout.get(k) != v})


def plain(text: str) -> str:
    """Return a text that plotly shows as it is; by itself it reads tags, entities and $math$."""
    return html.escape(text, quote=False).replace("$", "&#36;")


def drawn(view: View) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return traces and layout of a view, as plotly takes them."""
    heights = [sum(chart.height for chart in column.charts) for column in view.columns]
    height, whole = max(heights), sum(column.weight for column in view.columns)
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {**LAYOUT, "height": height + LEGEND, "annotations": []}
    left, number = 0.0, 0
    for column in view.columns:
        right = left + column.weight / whole
        gap = max(_room(chart.y) for chart in column.charts) / WIDTH
        top = 0
        for chart in column.charts:
            number += 1
            bottom = top + chart.height - _below(chart.x)
            box = (left + gap, 1 - bottom / height, right - 0.01, 1 - (top + TITLE) / height)
            suffix = "" if number == 1 else str(number)  # plotly's first axis is x, not x1
            layout |= _axes(chart, suffix, box)
            layout["annotations"] += _words(chart, suffix, box)
            axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
            traces += [{**DRAW[type(mark)](mark, chart), **axes} for mark in chart.marks]
            top += chart.height
        left = right
    return traces, layout


LAYOUT: dict[str, Any] = {
    "template": "none",
    "autosize": True,
    "barmode": "overlay",
    "bargap": 0.3,
    "margin": {"l": 4, "r": 12, "t": 4, "b": LEGEND},
    "paper_bgcolor": ink.CARD,
    "plot_bgcolor": ink.CARD,
    "font": {"family": "sans-serif", "size": 13, "color": ink.INK},
    "legend": {"orientation": "h", "x": 0, "y": 0, "yanchor": "top"},
    "showlegend": True,
}


def _room(axis: Axis) -> float:
    """Return the pixels left of a chart, for the label and the ticks of its axis."""
    longest = max((len(text) for _, text in axis.ticks), default=0)
    return 14 + LETTER * longest + (22 if axis.label else 0)


def _below(axis: Axis) -> float:
    if axis.slant:
        return LABEL + LETTER * 0.6 * max((len(text) for _, text in axis.ticks), default=0)
    return LABEL if axis.label else NAMES if axis.ticks else 6


def _axes(chart: Chart, suffix: str, box: tuple[float, ...]) -> dict[str, Any]:
    x, y = _axis(chart.x), _axis(chart.y)
    x |= {
        "domain": [box[0], box[2]],
        "anchor": f"y{suffix}",
        "tickangle": 35 if chart.x.slant else 0,
    }
    y |= {"domain": [box[1], box[3]], "anchor": f"x{suffix}"}
    if chart.square:
        y["scaleanchor"] = f"x{suffix}"
    return {f"xaxis{suffix}": x, f"yaxis{suffix}": y}


def _axis(axis: Axis) -> dict[str, Any]:
    ends = [math.log10(v) if axis.log else v for v in (axis.low, axis.high)]
    return {
        "type": "log" if axis.log else "linear",
        "range": ends,
        "tickvals": [value for value, _ in axis.ticks],
        "ticktext": [f"{plain(text)} " for _, text in axis.ticks],
        "showgrid": axis.lines,
        "gridcolor": ink.FAINT,
        "zeroline": False,
        "fixedrange": True,
        "title": {"text": axis.label, "standoff": 6},
    }


def _words(chart: Chart, suffix: str, box: tuple[float, ...]) -> list[dict[str, Any]]:
    """Return the title of a chart, and the names of its levels."""
    still: dict[str, Any] = {"xanchor": "left", "yanchor": "bottom", "showarrow": False}
    title = {"x": box[0], "y": box[3], "xref": "paper", "yref": "paper", "yshift": 6}
    words = [{**still, **title, "text": f"<b>{chart.title}</b>"}]
    for mark in chart.marks:
        if isinstance(mark, Level):
            at = {"x": 0.01, "xref": f"x{suffix} domain", "yref": f"y{suffix}"}
            hidden = {"visible": mark.y is not None, "y": mark.y or chart.y.low}
            words.append({**still, **at, **hidden, "text": mark.name})
    return words


def _points(mark: Points, _: Chart) -> dict[str, Any]:
    sign = SIGNS[mark.sign] + ("" if mark.filled else "-open")
    line = {"color": ink.INK if mark.filled else mark.color, "width": 1 if mark.filled else 2}
    names = mark.names or [mark.name] * len(mark.x)
    return {
        "type": "scatter", "name": mark.name, "x": list(mark.x), "y": list(mark.y),
        "mode": "markers+text" if mark.texts else "markers", "text": list(map(plain, mark.texts)),
        "textposition": "middle right", "showlegend": mark.legend,
        "customdata": list(map(plain, names)),
        "hovertemplate": "%{customdata}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
        "marker": {"symbol": sign, "size": mark.size, "color": mark.color, "line": line},
    }  # fmt: skip


def _arrow(mark: Arrow, _: Chart) -> dict[str, Any]:
    head = {"symbol": "arrow", "size": 14, "angleref": "previous", "color": mark.color}
    return {
        "type": "scatter", "name": mark.name, "x": list(mark.x), "y": list(mark.y),
        "mode": "lines+markers", "marker": head,
        "line": {"color": mark.color, "width": 3, "dash": mark.dash},
    }  # fmt: skip


def _level(mark: Level, chart: Chart) -> dict[str, Any]:
    there = mark.y is not None
    return {
        "type": "scatter", "name": mark.name, "mode": "lines", "showlegend": False,
        "x": [chart.x.low, chart.x.high] if there else [],
        "y": [mark.y, mark.y] if there else [],
        "line": {"color": mark.color, "width": 1.3, "dash": "dash"}, "hoverinfo": "name",
    }  # fmt: skip


def _bars(mark: Bars, _: Chart) -> dict[str, Any]:
    shapes = ["/" if hatched else "" for hatched in mark.hatched or [False] * len(mark.lengths)]
    pattern = {"shape": shapes, "fgcolor": ink.CARD, "size": 6, "fillmode": "overlay"}
    return {
        "type": "bar", "name": mark.name, "orientation": "h", "x": list(mark.lengths),
        "y": list(range(len(mark.lengths))), "base": list(mark.starts), "width": 0.66,
        "text": list(mark.texts), "textposition": "outside", "cliponaxis": False,
        "marker": {"color": list(mark.colors), "pattern": pattern}, "showlegend": mark.legend,
        "hoverinfo": "x+name",
    }  # fmt: skip


def _cells(mark: Cells, _: Chart) -> dict[str, Any]:
    last = len(mark.colors) - 1
    return {
        "type": "heatmap", "z": [list(row) for row in mark.values], "zmin": mark.low,
        "zmax": mark.high, "colorscale": [[i / last, color] for i, color in enumerate(mark.colors)],
        "showscale": bool(mark.scale), "xgap": mark.gap, "ygap": mark.gap,
        "colorbar": {"title": {"text": mark.scale}, "thickness": 12},
        "text": [list(row) for row in mark.texts] or None,
        "texttemplate": "%{text}" if mark.texts else "",
        "hovertemplate": "row %{y}, column %{x}: %{z:.3g}<extra></extra>",
    }  # fmt: skip


def _area(mark: Area, _: Chart) -> dict[str, Any]:
    red, green, blue = (int(mark.color[i : i + 2], 16) for i in (1, 3, 5))
    return {
        "type": "scatter", "name": mark.name, "x": list(mark.x), "y": list(mark.y),
        "mode": "lines", "fill": "toself", "showlegend": False, "hoverinfo": "name",
        "fillcolor": f"rgba({red},{green},{blue},{mark.shade:.3f})",
        "line": {"color": ink.NEUTRAL, "width": 1},
    }  # fmt: skip


DRAW: dict[type, Any] = {
    Points: _points,
    Arrow: _arrow,
    Level: _level,
    Bars: _bars,
    Cells: _cells,
    Area: _area,
}
