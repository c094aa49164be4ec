"""The panel of shorter lists: cut, share kept, precision and probes, over stored results."""

from typing import Any

from sparcode_mini import results
from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.lessons.sparse_lists.draw import MARKS, list_still
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.studies.common.item_side import WAYS
from sparcode_mini.studies.shorter_lists import PRECISIONS, PROBES, SHARES
from sparcode_mini.widgets.chart import Chart, Column, Points, Sign, View, linear
from sparcode_mini.widgets.explorer import Choices, Explorer

SIGNS: dict[str, Sign] = {"best-n": "circle", "threshold": "square", "bias": "diamond"}

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
        "chosen" (the row of this setting), "float16" (the same in that precision), "whole" (nothing
        cut or trained again, same precision and probes), and "curves": for each way, at this
        precision, probes and training, entries and NDCG@50.

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
        "float16": _find(rows, way=way, share=share, **{**same, "precision": "float16"}),
        "whole": _find(rows, way=way, share=1.0, **{**same, "tuned": False}),
        "curves": curves,
    }


def _find(rows: list[Row], **wanted: Any) -> Row:
    for row in rows:
        if all(row[key] == value for key, value in wanted.items()):
            return row
    raise KeyError(f"{wanted} was not measured; run `sparcode-mini study shorter_lists`")


def _dropped(data: dict[str, Any]) -> str:
    """Return a sentence about the entries that a coarser precision rounds away, "" for none."""
    fewer = data["float16"]["entries"] - data["chosen"]["entries"]
    if fewer <= 0:
        return ""
    number = f"{fewer:,.0f}" if fewer >= 10 else f"{fewer:.1f}"  # a mean, which may be below 1
    return (
        f"That is {number} entries fewer than as float16: their values are rounded to 0 "
        "(mean over seeds). "
    )


class ShorterLists(Explorer):
    """NDCG@50, entries and bytes of the sparse model's lists, cut and stored in many ways.

    Args:
        stored: the result of the study `shorter_lists`; None reads the stored one.
        **start: as `Explorer`.
    """

    def __init__(self, stored: dict[str, Any] | None = None, **start: Any) -> None:
        self.rows = (results.load("shorter_lists") if stored is None else stored)["rows"]
        super().__init__(**start)

    def controls(self) -> Choices:
        """Return the controls."""
        return {
            "way": ("how entries are cut", [(w, w) for w in WAYS], "best-n"),
            "share": ("share of the entries kept", [(f"{s:.0%}", s) for s in sorted(SHARES)], 0.5),
            "tuned": ("entries trained again", [("no", False), ("yes", True)], False),
            "precision": ("precision of a score", [(p, p) for p in PRECISIONS], "float16"),
            "probes": ("probes: lists read per token", [(str(p), p) for p in PROBES], 1),
        }

    def data(self, **values: Any) -> dict[str, Any]:
        """Return `list_data` at the values of the sliders."""
        return list_data(self.rows, **values)

    def view(self, data: dict[str, Any]) -> View:
        """Describe dots for each way of cutting, the chosen point, and that of uncut lists."""
        marks = [
            Points(f"cut by {name}", curve["entries"], curve["ndcg"], SIGNS[name], MARKS[name][0],
                   9, filled=False)
            for name, curve in data["curves"].items()
        ]  # fmt: skip
        for name, key, sign, color, size in (
            ("chosen", "chosen", "star", ink.INK, 20),
            ("nothing cut", "whole", "circle", ink.NEUTRAL, 17),
        ):
            at = [data[key]["entries"]], [data[key]["ndcg@50"]]
            marks.append(Points(name, *at, sign, color, size, filled=False))  # type: ignore[arg-type]
        scores = [row["ndcg@50"] for row in self.rows]
        x = linear("entries kept", 0, 1.05 * max(r["entries"] for r in self.rows), "{:,.0f}".format)
        y = linear("NDCG@50", min(scores) - 0.01, max(scores) + 0.01, "{:.2f}".format)
        chart = Chart("quality against entries, mean of the seeds", x, y, marks)
        return View([Column([chart])], self.sentence(data))

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe setting, entries, bytes and quality in words."""
        chosen, whole = data["chosen"], data["whole"]
        entries, whole_entries = (f"{row['entries']:,.0f}" for row in (chosen, whole))
        size = show_bytes(chosen["bytes"])
        quality = f"NDCG@50 {chosen['ndcg@50']:.3f}"
        lost = 100 * (whole["ndcg@50"] - chosen["ndcg@50"])
        change = f"{'loses' if lost >= 0 else 'gains'} {abs(lost):.1f} points"
        dropped = _dropped(data)
        if chosen["share"] == 1:  # then no way to cut has a setting, and all are the same
            head, end = f"Nothing is cut: {entries} entries", ""
            if chosen["tuned"]:
                head = f"Nothing is cut; after training again {entries} of {whole_entries} are left"
                end = f": {change} by training again ({whole['ndcg@50']:.3f} before)"
            return f"{head}, {size} as {chosen['precision']}. {dropped}{quality}{end}."
        place = SHARES.index(chosen["share"])
        ways = ", ".join(f"{name} {data['curves'][name]['ndcg'][place]:.4f}" for name in WAYS)
        return (
            f"{chosen['way']} {chosen['setting']:.3g} (mean over seeds): {entries} of "
            f"{whole_entries} entries, {size} as {chosen['precision']}. {dropped}"
            f"{quality}: {change} against all entries read the same way "
            f"({whole['ndcg@50']:.3f}). The three ways at this share: {ways}."
        )

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the same as a still picture."""
        return list_still(data, self.sentence(data))
