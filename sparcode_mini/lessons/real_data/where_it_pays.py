"""The study `pays` in words: rows and a table; also lines of the studies `reaching`, `front`."""

import statistics
from collections.abc import Sequence
from typing import Any

from sparcode_mini.studies import front

LEVEL = 0.05
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
    if row["p, Holm"] >= LEVEL:
        return "open"
    return "SparCode" if row["difference"] > 0 else "two-tower"


def pick(rows: Sequence[Row], point: str, side: str, reading: str, measure: str = "NDCG@50") -> Row:
    """Return the one row of a point, side, reading and measure.

    Raises:
        KeyError: there is no such row; the message lists the rows of the point.
    """
    wanted = (point, side, reading, measure)
    for row in rows:
        if (row["point"], row["side"], row["reading"], row["measure"]) == wanted:
            return row
    there = [(r["side"], r["reading"], r["measure"]) for r in rows if r["point"] == point]
    raise KeyError(f"{wanted} was not measured; {point!r} has {there}")


def for_the_map(rows: Sequence[Row]) -> list[Row]:
    """Return the rows for the map.

    NDCG@50 of every point, with and without a filter, every measure of "base", and R@50 of rare
    films at two points.
    """
    return [
        row
        for row in rows
        if row["measure"] in ("NDCG@50", "NDCG@50, filtered")
        or row["point"] == "base"
        or (row["point"] in ("id", "id, genres, title") and row["measure"] == "R@50, rare films")
    ]


def markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, in percent."""
    lines = [
        "| setting | SparCode, reading | two-tower | SparCode | difference (95%) | p | p, Holm "
        "| people | seeds | better |",
        "|" + "---|" * 10,
    ]
    for row in rows:
        two, one = (100 * statistics.fmean(row[key]) for key in ("two-tower", "SparCode"))
        low, high = 100 * row["low"], 100 * row["high"]
        lines.append(
            f"| {label(row)} | {reading(row)} | {two:.2f} | {one:.2f} "
            f"| {100 * row['difference']:+.2f} ({low:+.2f} to {high:+.2f}) | {row['p']:.4f} "
            f"| {row['p, Holm']:.4f} | {row['people']} | {len(row['SparCode'])} "
            f"| {verdict(row)} |"
        )
    return "\n".join(lines)


def tower_line(name: str, tower: dict[str, Any]) -> str:
    """Describe the two-tower of the study `reaching`: mean of its seeds in percent."""
    ndcg, again = (
        100 * statistics.fmean(tower[key]) for key in ("ndcg@50", "ndcg@50, trained again")
    )
    size = f"{max(tower['hnsw bytes']):,} bytes as a graph"
    trained = f"vectors trained again {again:.2f} (rates {_rates(tower['rates'])})"
    return f"{name}: two-tower {ndcg:.2f}, {trained}, {size}"


def lists_line(shape: dict[str, Any]) -> str:
    """Describe one shape of the lists of the study `reaching`, and its difference."""
    best = "all" if shape["best"] is None else shape["best"]
    size = f"{statistics.fmean(shape['bytes']):>9,.0f} bytes"
    kept = f"best {best!s:<4}{shape['precision']:<8}R = {shape['probes']}"
    trained = "trained" if shape["trained"] else ""
    ndcg = f"{100 * statistics.fmean(shape['ndcg@50']):.2f}"
    line = f"  {kept}  {trained:<9}{size}  {ndcg}  {difference(shape['against two-tower'])}"
    return f"{line}  rates {_rates(shape['rates'])}" if shape["trained"] else line


def difference(comparison: dict[str, float]) -> str:
    """Return a result of `paired.compare` as text, in points of percent."""
    span = f"({100 * comparison['low']:+.2f} .. {100 * comparison['high']:+.2f})"
    return f"{100 * comparison['difference']:+.2f} {span}"


def _rates(rates: Sequence[float | None]) -> str:
    """Return the rates that validation chose for the seeds; "none" if it kept the old values."""
    names = (
        "none" if rate is None else f"{rate:g}" for rate in sorted(rates, key=lambda r: r or 0)
    )
    return ", ".join(dict.fromkeys(names))


def at_bytes(
    stored: dict[str, Any], budgets: Sequence[int], precision: str = "int8"
) -> list[tuple[int, front.Setting | None, front.Setting | None]]:
    """Find the best two-tower and SparCode within each number of bytes (study `front`).

    Returns:
        (bytes, two-tower, SparCode) each; None if no setting is that small.
    """
    rows = []
    for budget in budgets:
        best: list[front.Setting | None] = []
        for side in ("towers", "lists"):
            fit = [s for s in front.settings(stored, side, precision) if s.item_bytes <= budget]
            best.append(max(fit, key=lambda s: s.ndcg, default=None))
        rows.append((budget, best[0], best[1]))
    return rows
