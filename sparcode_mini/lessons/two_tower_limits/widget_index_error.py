"""The panel of the index error: efSearch, nprobe and bytes as sliders over stored results."""

from typing import Any, ClassVar

import plotly.graph_objects as go

from sparcode_mini import results
from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.lessons.two_tower_limits.draw import index_still
from sparcode_mini.lessons.two_tower_limits.report import most_links
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.studies.index_error import EF_SEARCH, LINKS, NPROBE, SUBSPACES
from sparcode_mini.widgets.explorer import Choices, Explorer, axis, hatch, heading, named


def index_data(
    stored: dict[str, Any], links: int, ef: int, nprobe: int, M: int, rerank: bool
) -> dict[str, Any]:
    """Return everything that the panel shows.

    Args:
        stored: the result of the study `index_error`.
        links: of a film in the graph of HNSW, at most: on the lowest level, so an even number.
        ef: efSearch of HNSW.
        nprobe: cells that IVF-PQ visits.
        M: bytes of an item's code in IVF-PQ.
        rerank: exact vectors put in order what the codes fetch.

    Returns:
        "chosen" (one measured point per index), "all" (columns per index), "exact".

    Raises:
        KeyError: a setting that was not measured.
    """
    points = {"HNSW": stored["hnsw"], "IVF-PQ": stored["ivfpq"]}
    wanted: dict[str, dict[str, int]] = {
        "HNSW": {"links": links // 2, "ef": ef},  # stored is M of faiss, half as many
        "IVF-PQ": {"M": M, "nprobe": nprobe, "rerank": rerank},
    }
    chosen = {name: _find(points[name], wanted[name]) for name in points}
    columns = {
        name: {
            "bytes": [p["bytes"] for p in group],
            "ndcg": [p["ndcg@50"] for p in group],
            "names": [_name(p) for p in group],
        }
        for name, group in points.items()
    }
    return {"chosen": chosen, "all": columns, "exact": stored["exact"]}


def _find(points: list[dict[str, Any]], wanted: dict[str, int]) -> dict[str, Any]:
    for point in points:
        if all(point[key] == value for key, value in wanted.items()):
            return point
    raise KeyError(f"{wanted} was not measured; run `sparcode-mini study index_error`")


def _name(point: dict[str, Any]) -> str:
    if "ef" in point:
        return f"HNSW, {most_links(point)} links, ef {point['ef']}"
    exact = ", exact order" if point["rerank"] else ""
    return f"IVF-PQ, {point['M']} bytes, nprobe {point['nprobe']}{exact}"


class IndexErrors(Explorer):
    """NDCG@50, recall, bytes and time of approximate search over one two-tower.

    Args:
        stored: the result of the study `index_error`; None reads the stored one.
        **start: as `Explorer`.
    """

    choices: ClassVar[Choices] = {
        "links": ("HNSW: links of a film, at most", [(str(2 * m), 2 * m) for m in LINKS], 8),
        "ef": ("HNSW: ef", [(str(e), e) for e in EF_SEARCH], 200),
        "nprobe": ("IVF-PQ: nprobe, of 16 cells", [(str(n), n) for n in NPROBE], 2),
        "M": ("IVF-PQ: bytes of a code", [(str(m), m) for m in SUBSPACES], 8),
        "rerank": ("IVF-PQ: exact vectors put in order", [("no", False), ("yes", True)], False),
    }

    def __init__(self, stored: dict[str, Any] | None = None, **start: Any) -> None:
        self.stored = results.load("index_error") if stored is None else stored
        super().__init__(**start)

    def data(self, **values: Any) -> dict[str, Any]:
        """Return `index_data` at the values of the sliders."""
        return index_data(self.stored, **values)

    def build(self, figure: Any, data: dict[str, Any]) -> None:
        """Make all measured points, the chosen ones, exact search, and two bars of recall."""
        exact = data["exact"]
        looks = {"HNSW": (ink.QUERY, "circle"), "IVF-PQ": (ink.CODE, "diamond")}
        for name, (colour, symbol) in looks.items():
            points = data["all"][name]
            hover = "%{text}<br>NDCG@50 %{y:.3f}, %{x:,} bytes<extra></extra>"
            figure.add_trace(
                go.Scatter(
                    name=f"{name}, measured", x=points["bytes"], y=points["ndcg"], mode="markers",
                    text=points["names"], hovertemplate=hover,
                    marker={"symbol": f"{symbol}-open", "size": 8, "color": colour},
                )
            )  # fmt: skip
        for name, (colour, symbol) in looks.items():
            line = {"color": ink.INK, "width": 1.5}
            figure.add_trace(
                go.Scatter(
                    name=f"{name}, chosen", mode="markers",
                    marker={"symbol": symbol, "size": 16, "color": colour, "line": line},
                )
            )  # fmt: skip
        figure.add_trace(
            go.Scatter(
                name="exact search", x=[exact["bytes"]], y=[exact["ndcg@50"]], mode="markers",
                marker={"symbol": "square", "size": 12, "color": ink.ITEM},
            )
        )  # fmt: skip
        marker = {"color": [ink.QUERY, ink.CODE], "pattern": hatch("", "/")}
        figure.add_trace(
            go.Bar(
                xaxis="x2", yaxis="y2", orientation="h", y=[0, 1],
                marker=marker, showlegend=False,
            )
        )  # fmt: skip
        level = {"y0": exact["ndcg@50"], "y1": exact["ndcg@50"], "xref": "x domain"}
        dash = {"color": ink.ITEM, "width": 1.5, "dash": "dash"}
        figure.add_shape(type="line", x0=0, x1=1, line=dash, **level)
        figure.layout.update(
            showlegend=True,
            legend={"x": 0.34, "y": 0.02, "xanchor": "center", "yanchor": "bottom"},
            xaxis=axis(
                domain=[0, 0.58], exponentformat="SI", ticksuffix="B", rangemode="tozero",
                title={"text": "bytes of the index"},
            ),
            yaxis=axis(title={"text": "NDCG@50"}),
            xaxis2=axis(domain=[0.72, 1], anchor="y2", range=[0, 1.02], tickformat=".0%"),
            yaxis2=axis(domain=[0.35, 0.75], anchor="x2", **named("HNSW", "IVF-PQ")),
            annotations=[
                heading(0, 1, "quality against bytes, one model"),
                heading(0.66, 0.75, "share of the exact answer found"),
            ],
        )  # fmt: skip

    def draw(self, figure: Any, data: dict[str, Any]) -> None:
        """Move the chosen points and the bars."""
        for trace, name in ((2, "HNSW"), (3, "IVF-PQ")):
            point = data["chosen"][name]
            figure.data[trace].x, figure.data[trace].y = [point["bytes"]], [point["ndcg@50"]]
        figure.data[5].x = [data["chosen"][name]["recall"] for name in ("HNSW", "IVF-PQ")]

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe what each index finds and loses, and its bytes."""
        exact = data["exact"]
        parts = []
        for name, point in data["chosen"].items():
            lost = 100 * (exact["ndcg@50"] - point["ndcg@50"])
            parts.append(
                f"{name} finds {point['recall']:.1%} of the exact answer, loses {lost:.1f} points "
                f"of NDCG@50, and keeps {show_bytes(point['bytes'])}"
            )
        model = f"Exact search: NDCG@50 {exact['ndcg@50']:.3f}, {show_bytes(exact['bytes'])}. "
        return model + "; ".join(parts) + "."

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the same as a still picture."""
        return index_still(data, self.sentence(data))
