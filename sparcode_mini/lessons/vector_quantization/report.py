"""The study `codes_after_or_with` as text: codes made after training, or learnt with the model."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparcode_mini.evaluation.paired import holds, interval
from sparcode_mini.studies.common.small import in_points

LEARNT, AFTERWARDS, OPEN = "learnt with the model", "made after training", "no difference is found"


def settings(study: dict[str, Any], side: str = "") -> list[dict[str, Any]]:
    """Return the settings of one side, "items" or "queries"; without a side all of them."""
    return [row for row in study["settings"] if side in ("", row["side"])]


def mean(row: dict[str, Any], way: str, measure: str = "test") -> float:
    """Return the mean over the seeds of one way."""
    return float(np.mean([one[measure] for one in row["ways"][way]]))


def decisive(row: dict[str, Any]) -> dict[str, Any]:
    """Return the comparison of the best way with the model and the best way after training."""
    (one,) = (c for c in row["comparisons"] if (c["a"], c["b"]) == (row["with"], row["after"]))
    return dict(one)


def verdict(row: dict[str, Any]) -> str:
    """Return which of the two is ahead in a setting, or that no difference is found."""
    comparison = decisive(row)
    if not holds(comparison):
        return OPEN
    return LEARNT if comparison["difference"] > 0 else AFTERWARDS


def verdict_of_most(rows: Sequence[dict[str, Any]]) -> str:
    """Return the verdict of most settings; `OPEN` where no verdict has more than half of them."""
    verdicts = [verdict(row) for row in rows]
    leading = [one for one in set(verdicts) if 2 * verdicts.count(one) > len(verdicts)]
    return leading[0] if leading else OPEN


def best_of_each(study: dict[str, Any]) -> str:
    """Describe each setting in a line: bytes, the best of both kinds, and their difference."""
    lines = [f"{'codes of':9}{'M':>3}{'N':>5}{'bytes':>8}{'after':>8}{'with':>8}  with - after"]
    for row in study["settings"]:
        after, learnt = (mean(row, row[kind]) for kind in ("after", "with"))
        comparison = decisive(row)
        points = f"{100 * comparison['difference']:+.2f} ({interval(comparison)})"
        lines.append(
            f"{row['side']:9}{row['M']:>3}{row['N']:>5}{row['bytes']:>8,}{after:>8.4f}{learnt:>8.4f}"
            f"  {points}{' *' if holds(comparison) else ''}"
        )
    return "\n".join([*lines, *_without_codes(study)])


def _without_codes(study: dict[str, Any]) -> list[str]:
    lines = []
    for name, tail in (("two-tower without codes", False), ("the same, trained on", True)):
        scores = [row["test"] for row in study["plain"] if (row["rate"] > 0) == tail]
        lines.append(f"{name:33}{np.mean(scores):.4f}")
    return lines


def every_way(study: dict[str, Any]) -> str:
    """Describe all ways of each setting, and each comparison, one in a line."""
    lines: list[str] = []
    for row in study["settings"]:
        lines.append(f"codes of {row['side']}, M={row['M']}, N={row['N']}, {row['bytes']:,} bytes")
        for way, each in row["ways"].items():
            star = "*" if way in (row["after"], row["with"]) else " "
            kept = sum(one["tail"] is None or one["start"] >= one["tail"] for one in each)
            note = f"  {kept} of {len(each)} seeds kept the start" if way in row["tried"] else ""
            lines.append(
                f"  {way:15}{star} validation {mean(row, way, 'validation'):.4f}"
                f"  test {mean(row, way):.4f}{note}"
            )
        lines += [f"    {one['a']} - {one['b']}: {in_points(one)}" for one in row["comparisons"]]
    return "\n".join(lines)
