"""The study `wishes` in words: which way to store labels finds more."""

import statistics
from collections.abc import Sequence
from typing import Any

from sparcode_mini.evaluation.paired import holds, with_interval
from sparcode_mini.studies.wishing.bench import EPOCHS
from sparcode_mini.studies.wishing.kinds import AS_WIDE, KINDS


def values(
    stored: dict[str, Any], kind: str, setting: str, limit: int, measure: str = "ndcg@10"
) -> list[float]:
    """Return a measure of a kind of model, one number per seed; none if it was not trained."""
    choice = {"kind": kind, "setting": setting, "limit": limit, "epochs": EPOCHS}
    rows = [run for run in stored["runs"] if all(run[key] == choice[key] for key in choice)]
    return [float(run[measure]) for run in sorted(rows, key=lambda run: run["seed"])]


def show(stored: dict[str, Any], limit: int, measure: str = "ndcg@10") -> str:
    """Return the means of every kind in every setting at one size, in percent."""
    settings = list(stored["config"]["cases"])
    lines = [f"{'':<24}" + "".join(f"{setting:>12}" for setting in settings)]
    for kind in (*KINDS, AS_WIDE):
        cells = [values(stored, kind, setting, limit, measure) for setting in settings]
        lines.append(f"{kind:<24}" + "".join(map(_cell, cells)))
    return "\n".join(lines)


def show_sizes(stored: dict[str, Any], setting: str, measure: str = "ndcg@10") -> str:
    """Return the means of every kind at every size in one setting, in percent."""
    limits = stored["config"]["cases"][setting]
    lines = [f"{'':<24}" + "".join(f"{limit // 1000:>9} kB" for limit in limits)]
    for kind in KINDS:
        cells = [values(stored, kind, setting, limit, measure) for limit in limits]
        lines.append(f"{kind:<24}" + "".join(map(_cell, cells)))
    return "\n".join(lines)


def show_reads(stored: dict[str, Any], setting: str, limit: int) -> str:
    """Return what a wish costs of every kind: directions for the history, bytes, numbers read."""
    lines = [f"{'':<24}{'width':>8}{'bytes':>10}{'numbers read':>14}{'NDCG@10':>9}"]
    for kind in (*KINDS, AS_WIDE):
        found = {
            measure: values(stored, kind, setting, limit, measure)
            for measure in ("width", "bytes", "read", "ndcg@10")
        }
        if found["read"]:
            width, size, read, ndcg = (statistics.fmean(numbers) for numbers in found.values())
            lines.append(f"{kind:<24}{width:>8.0f}{size:>10,.0f}{read:>14,.0f}{100 * ndcg:>9.1f}")
    return "\n".join(lines)


def _cell(numbers: Sequence[float]) -> str:
    return f"{100 * statistics.fmean(numbers):>12.1f}" if numbers else f"{'-':>12}"


def show_compared(stored: dict[str, Any]) -> str:
    """Return every comparison: points of NDCG@10, 95% over people and seeds; * holds after Holm."""
    lines = []
    for row in stored["compared"]:
        first, second = row["pair"]
        longer = f" ({row['epochs']} epochs)" if row["epochs"] != EPOCHS else ""
        case = f"{row['setting']}, {row['limit'] // 1000} kB"
        head = f"{case:<14} {f'{first} - {second}{longer}':<40}"
        lines.append(f"{head} {with_interval(row)}{' *' if holds(row) else ''}")
    return "\n".join(lines)
