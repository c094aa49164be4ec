"""The panel of the index error: efSearch, nprobe and bytes as sliders over stored results."""

from typing import Any

from sparcode_mini import results
from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.lessons.two_tower_limits.draw import index_still
from sparcode_mini.lessons.two_tower_limits.report import most_links
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.studies.index_error import EF_SEARCH, LINKS, NPROBE, SUBSPACES
from sparcode_mini.widgets.chart import (
    Axis,
    Bars,
    Chart,
    Column,
    Level,
    Mark,
    Points,
    Sign,
    View,
    linear,
    rows,
    shares,
)
from sparcode_mini.widgets.explorer import Choices, Explorer

LOOKS: dict[str, tuple[str, Sign]] = {
    "HNSW": (ink.QUERY, "circle"),
    "IVF-PQ": (ink.CODE, "diamond"),
}


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

    def __init__(self, stored: dict[str, Any] | None = None, **start: Any) -> None:
        self.stored = results.load("index_error") if stored is None else stored
        super().__init__(**start)

    def controls(self) -> Choices:
        """Return the controls."""
        return {
            "links": ("HNSW: links of a film, at most", [(str(2 * m), 2 * m) for m in LINKS], 8),
            "ef": ("HNSW: ef", [(str(e), e) for e in EF_SEARCH], 200),
            "nprobe": ("IVF-PQ: nprobe, of 16 cells", [(str(n), n) for n in NPROBE], 2),
            "M": ("IVF-PQ: bytes of a code", [(str(m), m) for m in SUBSPACES], 8),
            "rerank": ("IVF-PQ: exact vectors put in order", [("no", False), ("yes", True)], False),
        }

    def data(self, **values: Any) -> dict[str, Any]:
        """Return `index_data` at the values of the sliders."""
        return index_data(self.stored, **values)

    def view(self, data: dict[str, Any]) -> View:
        """Describe all measured points, the chosen ones, exact search, and two bars of recall."""
        exact, chosen = data["exact"], data["chosen"]
        marks: list[Mark] = []
        for name, (color, sign) in LOOKS.items():
            points = data["all"][name]
            marks.append(
                Points(f"{name}, measured", points["bytes"], points["ndcg"], sign, color, 8,
                       filled=False, names=points["names"])
            )  # fmt: skip
        for name, (color, sign) in LOOKS.items():
            point = chosen[name]
            marks.append(
                Points(f"{name}, chosen", [point["bytes"]], [point["ndcg@50"]], sign, color, 16)
            )
        at = [exact["bytes"]], [exact["ndcg@50"]]
        marks += [
            Points("exact search", *at, "square", ink.ITEM, 12),
            Level("", at[1][0], ink.ITEM),
        ]
        recall = [chosen[name]["recall"] for name in LOOKS]
        bars = Bars("recall", recall, [ink.QUERY, ink.CODE], [False, True],
                    texts=[f"{share:.1%}" for share in recall])  # fmt: skip
        x, y = self._axes(data)
        return View(
            [
                Column([Chart("quality against bytes, one model", x, y, marks)], 0.62),
                Column(
                    [Chart("share of the exact answer found", shares(high=1.25),
                           rows(*LOOKS), [bars], 200)], 0.38,
                ),
            ],
            self.sentence(data),
        )  # fmt: skip

    def _axes(self, data: dict[str, Any]) -> tuple[Axis, Axis]:
        """Return axes that hold all measured points, the same for every setting."""
        points = [*data["all"].values()]
        ndcg = [score for group in points for score in group["ndcg"]] + [data["exact"]["ndcg@50"]]
        size = [size for group in points for size in group["bytes"]] + [data["exact"]["bytes"]]
        slack = 0.06 * (max(ndcg) - min(ndcg))
        return (
            linear("bytes of the index", 0, 1.05 * max(size), show_bytes),
            linear("NDCG@50", min(ndcg) - slack, max(ndcg) + slack, "{:.2f}".format),
        )

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe what each index finds and loses, and its bytes."""
        exact = data["exact"]
        parts = []
        for name, point in data["chosen"].items():
            lost = round(100 * (exact["ndcg@50"] - point["ndcg@50"]), 1) + 0.0  # no -0.0
            parts.append(
                f"{name} finds {point['recall']:.1%} of the exact answer, loses {lost:.1f} points "
                f"of NDCG@50, and keeps {show_bytes(point['bytes'])}"
            )
        model = f"Exact search: NDCG@50 {exact['ndcg@50']:.3f}, {show_bytes(exact['bytes'])}. "
        return model + "; ".join(parts) + "."

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the same as a still picture."""
        return index_still(data, self.sentence(data))
