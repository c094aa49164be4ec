"""The study `pays` in words: names of rows, verdicts, lines."""

import statistics
from collections.abc import Sequence
from typing import Any

from sparcode_mini.evaluation.paired import holds, with_interval
from sparcode_mini.studies import front

Row = dict[str, Any]


def label(row: Row) -> str:
    """Return the name of a row: its point, and its measure if that is not NDCG@50 of all."""
    measure = str(row["measure"]).removeprefix("NDCG@50").removeprefix(", ")
    return f"{row['point']}: {measure}" if measure else str(row["point"])


def reading(row: Row) -> str:
    """Return which SparCode a row is about, and how it was read."""
    return f"{row['side']}, {row['reading']}"


def verdict(row: Row) -> str:
    """Return the better one, "SparCode" or "two-tower", if Holm's p is below 0.05, else "open"."""
    if not holds(row):
        return "open"
    return "SparCode" if row["difference"] > 0 else "two-tower"


def pick(rows: Sequence[Row], point: str, reading: str, measure: str = "NDCG@50") -> Row:
    """Return the one row of a point, reading and measure.

    Raises:
        KeyError: there is no such row; the message lists the rows of the point.
    """
    wanted = (point, reading, measure)
    for row in rows:
        if (row["point"], row["reading"], row["measure"]) == wanted:
            return row
    there = [(r["reading"], r["measure"]) for r in rows if r["point"] == point]
    raise KeyError(f"{wanted} was not measured; {point!r} has {there}")


def line(row: Row) -> str:
    """Return a row as text: two-tower -> SparCode in percent, the difference, the verdict."""
    two, one = (100 * statistics.fmean(row[side]) for side in ("two-tower", "SparCode"))
    means = f"{two:6.2f} -> {one:6.2f}"
    return f"{label(row):<46}{means}   {with_interval(row):<24}{verdict(row)}"


AGAIN = {  # settings of the study `front`: name before and behind the words for a second training
    "matrix": (("D = 64, float16", ""), ("D = 8, int8", "")),
    "lists": (
        ("sparcode: all, float16", ", R = 4"),
        ("sparcode: all, float16", ", R = 8"),
        ("sparcode: best 200, int8", ", R = 4"),
    ),
}


def trained_again(stored: dict[str, Any]) -> str:
    """Return what a second training gave to both sides, a line for each setting.

    Args:
        stored: the result of the study `front`.

    Raises:
        KeyError: a setting that was not measured.
    """
    lines = []
    for side, names in AGAIN.items():
        known = {setting.name: setting for setting in front.settings(stored, side)}
        for name, end in names:
            once, again = (known[name + word + end] for word in ("", front.AGAIN))
            gain = 100 * (again.ndcg - once.ndcg)
            means = f"{100 * once.ndcg:.2f} -> {100 * again.ndcg:.2f} ({gain:+.2f})"
            lines.append(f"{side:<8}{name + end:<38}NDCG@50 {means}")
    return "\n".join(lines)
