"""The study `wishes` in words: which way to store labels finds more."""

import statistics
from collections.abc import Sequence
from typing import Any

from sparcode_mini.evaluation.paired import starred
from sparcode_mini.studies.wishing.bench import EPOCHS
from sparcode_mini.studies.wishing.kinds import (
    AS_WIDE,
    BEST_MATCH,
    CONSTANT,
    COUNTED,
    ENTRIES,
    FILTERED,
    KINDS,
    ONE,
)

# What the core of the lesson shows of the comparisons.
MAIN_PAIRS = (
    (CONSTANT, BEST_MATCH), (CONSTANT, FILTERED), (ENTRIES, CONSTANT), (ENTRIES, COUNTED),
)  # fmt: skip


def values(
    stored: dict[str, Any], kind: str, setting: str, limit: int, measure: str = "ndcg@10"
) -> list[float]:
    """Return a measure of a kind of model, one number per seed; none if it was not trained."""
    return [float(run[measure]) for run in runs_of(stored, kind, setting, limit)]


def runs_of(stored: dict[str, Any], kind: str, setting: str, limit: int) -> list[dict[str, Any]]:
    """Return the results of a kind of model, one per seed, in the order of the seeds."""
    choice = {"kind": kind, "setting": setting, "limit": limit, "epochs": EPOCHS}
    rows = [run for run in stored["runs"] if all(run[key] == choice[key] for key in choice)]
    return sorted(rows, key=lambda run: int(run["seed"]))


def show(stored: dict[str, Any], limit: int, measure: str = "ndcg@10") -> str:
    """Return the means of every kind in every setting at one size, in percent."""
    settings = list(stored["config"]["cases"])
    lines = [f"{'':<24}" + "".join(f"{setting:>12}" for setting in settings)]
    for kind in (*KINDS, AS_WIDE):
        cells = [values(stored, kind, setting, limit, measure) for setting in settings]
        lines.append(f"{kind:<24}" + "".join(map(_cell, cells)))
    return "\n".join(lines)


def show_sizes(stored: dict[str, Any], setting: str) -> str:
    """Return the means of every kind at every size in one setting, in percent."""
    limits = stored["config"]["cases"][setting]
    lines = [f"{'':<24}" + "".join(f"{limit // 1000:>9} kB" for limit in limits)]
    for kind in KINDS:
        cells = [values(stored, kind, setting, limit) for limit in limits]
        lines.append(f"{kind:<24}" + "".join(map(_cell, cells)))
    return "\n".join(lines)


def show_reads(stored: dict[str, Any], setting: str, limit: int) -> str:
    """Return what a wish costs of every kind: directions for the history, bytes, numbers read."""
    lines = [f"{'':<24}{'width':>8}{'bytes':>10}{'numbers read':>14}{'NDCG@10':>9}"]
    for kind in (*KINDS, AS_WIDE):
        columns = {
            measure: values(stored, kind, setting, limit, measure)
            for measure in ("width", "bytes", "read", "ndcg@10")
        }
        if columns["read"]:
            width, size, read, ndcg = (statistics.fmean(numbers) for numbers in columns.values())
            lines.append(f"{kind:<24}{width:>8.0f}{size:>10,.0f}{read:>14,.0f}{100 * ndcg:>9.1f}")
    return "\n".join(lines)


def show_by_kind(stored: dict[str, Any], setting: str, limit: int) -> str:
    """Return NDCG@10 of every kind of model by what the first wanted label is, in percent."""
    runs = {kind: runs_of(stored, kind, setting, limit) for kind in (*KINDS, AS_WIDE)}
    words = list(next(iter(runs.values()))[0]["by kind"])
    counts = runs[ONE][0]["by kind"]
    head = (f"{word} ({counts[word]['wishes']:,})" for word in words)
    lines = [f"{'':<24}" + "".join(f"{cell:>16}" for cell in head)]
    for kind, same in runs.items():
        if same:
            means = (
                statistics.fmean(run["by kind"][word]["mean"] for run in same) for word in words
            )
            lines.append(f"{kind:<24}" + "".join(f"{100 * mean:>16.1f}" for mean in means))
    return "\n".join(lines)


def show_chosen(stored: dict[str, Any], setting: str, limit: int) -> str:
    """Return the options of every kind of model that validation chose."""
    lines = []
    for name, kind in KINDS.items():
        for run in runs_of(stored, name, setting, limit)[:1]:
            options = (f"{axis} {run[axis]}" for axis, a in kind.grid.items() if len(a.values) > 1)
            lines.append(f"{name:<24}{', '.join(options)}")
    return "\n".join(lines)


def _cell(numbers: Sequence[float]) -> str:
    return f"{100 * statistics.fmean(numbers):>12.1f}" if numbers else f"{'-':>12}"


def show_compared(stored: dict[str, Any], pairs: Sequence[tuple[str, str]] | None = None) -> str:
    """Return comparisons: points of NDCG@10, 95% over people and seeds; * holds after Holm.

    Args:
        stored: the result of the study.
        pairs: what is compared; None for everything. Holm's correction is for everything always.
    """
    rows = stored["compared"]
    if pairs is not None:
        rows = [row for pair in pairs for row in rows if tuple(row["pair"]) == pair]
    return "\n".join(map(_compared, rows))


def _compared(row: dict[str, Any]) -> str:
    first, second = row["pair"]
    longer = f" ({row['epochs']} epochs)" if row["epochs"] != EPOCHS else ""
    case = f"{row['setting']}, {row['limit'] // 1000} kB"
    return f"{case:<19} {f'{first} - {second}{longer}':<40} {starred(row)}"


def first(stored: dict[str, Any], setting: str, limit: int) -> str:
    """Return the kind of model with the highest mean NDCG@10 in a setting."""
    means = {kind: values(stored, kind, setting, limit) for kind in KINDS}
    return max((kind for kind in KINDS if means[kind]), key=lambda k: statistics.fmean(means[k]))
