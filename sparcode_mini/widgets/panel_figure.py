"""The plotly figure of the panel: quality against size, and three bars."""

from typing import Any

import plotly.graph_objects as go

from sparcode_mini.plots import ink
from sparcode_mini.plots.sweep import show_bytes

HEIGHT = 430
TRACES = (
    "measured, 1 probe",
    "measured, 4 probes",
    "two-tower",
    "chosen, 4 probes",
    "chosen, 1 probe",  # after the diamond: where both meet, the star is on top
    "live",
    "lists",
    "codewords, codes",
    "all densities",
    "density",
    "all searches",
    "search",
)


def make_figure(data: dict[str, Any]) -> Any:
    """Make the figure with everything that does not depend on the sliders; `show` adds the rest."""
    figure = go.FigureWidget(layout=_layout(data))
    figure._config = {"responsive": True, "displayModeBar": False}
    figure.add_traces(_scatter_traces(data) + _bar_traces(data))
    tower, popular = data["two-tower"], data["popularity"]
    for name, score in (("two-tower", tower["ndcg"]), ("popularity", popular)):
        if score is not None:
            _baseline(figure, name, score, below=score < data["range"][0])
    return figure


def _baseline(figure: Any, name: str, score: float, below: bool) -> None:
    """Draw a dashed line with its name; only words at the lower edge if the axis ends above it."""
    if not below:
        figure.add_shape(
            type="line",
            xref="x domain",
            x0=0,
            x1=1,
            y0=score,
            y1=score,
            line={"color": ink.NEUTRAL, "width": 1.2, "dash": "dash"},
        )
    place = {"yref": "y domain", "y": 0.0} if below else {"y": score}
    figure.add_annotation(
        text=f"{name} {score:.3f}{' is below' if below else ''}",
        xref="x domain",
        x=0.01,
        yshift=9,
        xanchor="left",
        showarrow=False,
        **place,
    )


def _layout(data: dict[str, Any]) -> dict[str, Any]:
    plain = {"showgrid": False, "zeroline": False, "fixedrange": True}
    right = {"domain": [0.70, 1.0], **plain}
    slowest = max(data["searches"], default=1.0)
    return {
        "template": "none", "height": HEIGHT, "autosize": True, "barmode": "stack", "bargap": 0.25,
        "margin": {"l": 62, "r": 32, "t": 34, "b": 50},
        "paper_bgcolor": ink.CARD, "plot_bgcolor": ink.CARD,
        "font": {"family": "sans-serif", "size": 13, "color": ink.INK},
        "legend": {"x": 0.59, "y": 0.02, "xanchor": "right", "yanchor": "bottom",
                   "bgcolor": "rgba(252,251,248,0.85)"},
        "xaxis": {"domain": [0.0, 0.60], "type": "log", "title": {"text": "bytes of the index"},
                  "gridcolor": ink.FAINT, "exponentformat": "SI", "dtick": 1, "ticksuffix": "B"},
        "yaxis": {"title": {"text": "NDCG@50"}, "gridcolor": ink.FAINT, "range": data["range"]},
        "xaxis2": {**right, "anchor": "y2", "exponentformat": "SI", "nticks": 4, "ticksuffix": "B"},
        "yaxis2": {"domain": [0.76, 0.94], "anchor": "x2", "fixedrange": True,
                   "range": [1.5, -0.5], "tickvals": [0, 1],
                   "ticktext": ["two-tower ", "SparCode "]},
        "xaxis3": {**right, "anchor": "y3", "range": [0, 1], "tickformat": ".0%", "nticks": 5},
        "yaxis3": {"domain": [0.42, 0.53], "anchor": "x3", "range": [-0.5, 0.5],
                   "visible": False, "fixedrange": True},
        "xaxis4": {**right, "anchor": "y4", "range": [0, 1.1 * slowest],
                   "nticks": 5, "ticksuffix": " µs"},
        "yaxis4": {"domain": [0.06, 0.17], "anchor": "x4", "range": [-0.5, 0.5],
                   "visible": False, "fixedrange": True},
        "annotations": [_heading(0.0, 1.0, "<b>quality against size</b>"), *_headings()],
    }  # fmt: skip


def _headings() -> list[dict[str, Any]]:
    """Return empty headings of the three bars, top to bottom; `show` writes their numbers."""
    return [_heading(0.70, y, "") for y in (0.94, 0.53, 0.17)]


def _heading(x: float, y: float, text: str) -> dict[str, Any]:
    return {
        "x": x, "y": y, "text": text, "xref": "paper", "yref": "paper", "xanchor": "left",
        "yanchor": "bottom", "yshift": 4, "showarrow": False, "align": "left",
    }  # fmt: skip


def _scatter_traces(data: dict[str, Any]) -> list[Any]:
    points, tower = data["all"], data["two-tower"]
    hover = "%{text}<br>NDCG@50 %{y:.3f}, %{x:,} bytes<extra></extra>"

    def dots(
        name: str, symbol: str, size: int, colour: str, width: float = 1.5, **more: Any
    ) -> Any:
        marker = {"symbol": symbol, "size": size, "color": colour, "line": {"width": width}}
        return go.Scatter(
            name=name,
            mode="markers",
            marker=marker,
            hovertemplate=hover,
            x=[],
            y=[],
            text=[],
            **more,
        )

    traces = [
        dots(TRACES[0], "circle-open", 8, ink.NEUTRAL),
        dots(TRACES[1], "diamond-tall-open", 9, ink.NEUTRAL),
        dots(TRACES[2], "square", 12, ink.ITEM),
        dots(TRACES[3], "diamond-open", 17, ink.CODE, width=3),
        dots(TRACES[4], "star", 16, ink.CODE),
        dots("trained here", "x", 13, ink.INK, visible=False),
    ]
    for trace, key in zip(traces, ("one", "four"), strict=False):
        trace.x, trace.y, trace.text = points["bytes"], points[key], points["names"]
    if tower["bytes"] and tower["ndcg"]:
        traces[2].x, traces[2].y, traces[2].text = [tower["bytes"]], [tower["ndcg"]], ["two-tower"]
    return traces


def _bar_traces(data: dict[str, Any]) -> list[Any]:
    def bars(colour: Any, pattern: str, axes: str, y: list[int], width: float) -> Any:
        hatch = {"shape": pattern, "fgcolor": ink.CARD, "size": 6, "fillmode": "overlay"}
        marker = {"color": colour, "pattern": hatch}
        return go.Bar(
            x=[], y=y, orientation="h", marker=marker, width=width,
            xaxis=f"x{axes}", yaxis=f"y{axes}", showlegend=False, hoverinfo="x",
        )  # fmt: skip

    def ticks(xs: list[float], axes: str) -> Any:
        marker = {"symbol": "line-ns-open", "size": 16, "color": ink.NEUTRAL, "opacity": 0.6}
        return go.Scatter(
            x=xs, y=[0] * len(xs), mode="markers", marker=marker, xaxis=f"x{axes}",
            yaxis=f"y{axes}", showlegend=False, hoverinfo="x",
        )  # fmt: skip

    both = [0, 1]  # two-tower, SparCode
    return [
        bars([ink.ITEM, ink.SCORE], "", "2", both, 0.7),
        bars(ink.CODE, "/", "2", both, 0.7),
        ticks(data["densities"], "3"),
        bars(ink.SCORE, "", "3", [0], 0.6),
        ticks(data["searches"], "4"),
        bars(ink.SCORE, "", "4", [0], 0.6),
    ]


def show(figure: Any, data: dict[str, Any]) -> None:
    """Bring the chosen setting into the figure, in one message to the front end."""
    chosen, bars, tower = data["chosen"], data["bars"], data["two-tower"]["bytes"]
    with figure.batch_update():
        for name, key in (("chosen, 1 probe", "one"), ("chosen, 4 probes", "four")):
            trace = figure.data[TRACES.index(name)]
            trace.x, trace.y, trace.text = chosen["bytes"], chosen[key], chosen["names"]
        figure.data[TRACES.index("lists")].x = [tower, bars["lists"]]
        figure.data[TRACES.index("codewords, codes")].x = [None, bars["rest"]]
        figure.data[TRACES.index("density")].x = [bars["density"]]
        figure.data[TRACES.index("search")].x = [bars["search"]]
        for heading, text in zip(figure.layout.annotations[1:4], headings(data), strict=True):
            heading.text = text


def headings(data: dict[str, Any]) -> tuple[str, str, str]:
    """Return the headings of the three bars, with their numbers."""
    bars, tower = data["bars"], data["two-tower"]["bytes"]
    if bars["lists"] is None:
        none = "not measured"
        return f"<b>bytes</b>: {none}", f"<b>density</b>: {none}", f"<b>one search</b>: {none}"
    total = show_bytes(bars["lists"] + bars["rest"])
    beside = f", two-tower {show_bytes(tower)}" if tower else ""
    search = "not measured" if bars["search"] is None else f"{bars['search']:.0f} µs"
    return (
        f"<b>bytes</b>: {total}{beside}",
        f"<b>density</b>: {bars['density']:.1%} of the pairs kept",
        f"<b>one search</b>: {search}",
    )
