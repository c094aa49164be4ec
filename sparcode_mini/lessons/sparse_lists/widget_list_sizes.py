"""The panel of shorter lists: cut, share kept, precision and probes, over stored results."""

from typing import Any, ClassVar

import plotly.graph_objects as go

from sparcode_mini import results
from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.lessons.sparse_lists.draw import MARKS, list_still
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.studies.common.item_side import WAYS
from sparcode_mini.studies.shorter_lists import PRECISIONS, PROBES, SHARES
from sparcode_mini.widgets.explorer import Choices, Explorer, axis, heading

Row = dict[str, Any]


def list_data(
    rows: list[Row], way: str, share: float, tuned: bool, precision: str, probes: int
) -> dict[str, Any]:
    """Return everything that the panel shows.

    Args:
        rows: the rows of the study `shorter_lists`.
        way: the way to cut lists.
        share: the share of the entries that is kept.
        tuned: whether the entries were trained again after the cut.
        precision: precision of the values.
        probes: lists read per token.

    Returns:
        "chosen" (the row of this setting), "whole" (nothing cut, same precision and probes), and
        "curves": for each way, at this precision, probes and training, entries and NDCG@50.

    Raises:
        KeyError: a setting that was not measured.
    """
    same = {"tuned": tuned, "precision": precision, "probes": probes}
    curves: dict[str, dict[str, list[float]]] = {}
    for name in WAYS:
        group = [_find(rows, way=name, share=s, **same) for s in SHARES]
        curves[name] = {
            "entries": [r["entries"] for r in group],
            "ndcg": [r["ndcg@50"] for r in group],
        }
    return {
        "chosen": _find(rows, way=way, share=share, **same),
        "whole": _find(rows, way=way, share=1.0, **{**same, "tuned": False}),
        "curves": curves,
    }


def _find(rows: list[Row], **wanted: Any) -> Row:
    for row in rows:
        if all(row[key] == value for key, value in wanted.items()):
            return row
    raise KeyError(f"{wanted} was not measured; run `sparcode-mini study shorter_lists`")


class ShorterLists(Explorer):
    """NDCG@50, entries and bytes of the sparse model's lists, cut and stored in many ways.

    Args:
        stored: the result of the study `shorter_lists`; None reads the stored one.
        **start: as `Explorer`.
    """

    choices: ClassVar[Choices] = {
        "way": ("how entries are cut", [(w, w) for w in WAYS], "best-n"),
        "share": ("share of the entries kept", [(f"{s:.0%}", s) for s in SHARES], 0.5),
        "tuned": ("entries trained again", [("no", False), ("yes", True)], False),
        "precision": ("precision of a score", [(p, p) for p in PRECISIONS], "float16"),
        "probes": ("probes: lists read per token", [(str(p), p) for p in PROBES], 1),
    }

    def __init__(self, stored: dict[str, Any] | None = None, **start: Any) -> None:
        self.rows = (results.load("shorter_lists") if stored is None else stored)["rows"]
        super().__init__(**start)

    def data(self, **values: Any) -> dict[str, Any]:
        """Return `list_data` at the values of the sliders."""
        return list_data(self.rows, **values)

    def build(self, figure: Any, data: dict[str, Any]) -> None:
        """Make dots for each way of cutting, the chosen point, and the point of uncut lists."""
        for name, (colour, symbol) in MARKS.items():
            figure.add_trace(
                go.Scatter(
                    name=name, mode="markers",
                    marker={"symbol": symbol, "size": 9, "color": colour, "line": {"width": 2}},
                    hovertemplate=name + ": %{x:,} entries, NDCG@50 %{y:.3f}<extra></extra>",
                )
            )  # fmt: skip
        star = {
            "symbol": "star-open",
            "size": 22,
            "color": ink.INK,
            "line": {"width": 2},
        }
        figure.add_trace(go.Scatter(name="chosen", mode="markers", marker=star))
        ring = {"symbol": "circle-open", "size": 16, "color": ink.NEUTRAL, "line": {"width": 2}}
        figure.add_trace(go.Scatter(name="nothing cut", mode="markers", marker=ring))
        figure.layout.update(
            showlegend=True,
            legend={"x": 0.98, "y": 0.04, "xanchor": "right", "yanchor": "bottom"},
            xaxis=axis(title={"text": "entries kept"}, rangemode="tozero", tickformat=","),
            yaxis=axis(title={"text": "NDCG@50"}, range=self._range(), tickformat=".2f"),
            annotations=[heading(0, 1, "quality against entries, mean of the seeds")],
            paper_bgcolor=ink.CARD,
        )

    def _range(self) -> list[float]:
        """Return one range of NDCG@50 for all settings, so that they can be compared by eye."""
        values = [row["ndcg@50"] for row in self.rows]
        return [min(values) - 0.01, max(values) + 0.01]

    def draw(self, figure: Any, data: dict[str, Any]) -> None:
        """Move the dots and the two marked points."""
        for trace, name in zip(figure.data, MARKS, strict=False):
            trace.x, trace.y = data["curves"][name]["entries"], data["curves"][name]["ndcg"]
        for trace, name in zip(figure.data[len(MARKS) :], ("chosen", "whole"), strict=True):
            trace.x, trace.y = [data[name]["entries"]], [data[name]["ndcg@50"]]

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe setting, entries, bytes and quality in words."""
        chosen, whole = data["chosen"], data["whole"]
        lost = 100 * (whole["ndcg@50"] - chosen["ndcg@50"])
        moved = "loses" if lost >= 0 else "gains"
        place = SHARES.index(chosen["share"])
        ways = ", ".join(f"{name} {data['curves'][name]['ndcg'][place]:.4f}" for name in WAYS)
        setting = f"{chosen['setting']:.3g} (mean over seeds)"
        return (
            f"{chosen['way']} {setting}: {chosen['entries']:,.0f} of "
            f"{whole['entries']:,.0f} entries, {show_bytes(chosen['bytes'])} as "
            f"{chosen['precision']}. NDCG@50 {chosen['ndcg@50']:.3f}: {moved} {abs(lost):.1f} "
            f"points against all entries read the same way ({whole['ndcg@50']:.3f}). "
            f"The three ways at this share: {ways}."
        )

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the same as a still picture."""
        return list_still(data, self.sentence(data))
