"""The studies `front` and `shorter_lists` in words: the lines that lesson 07 prints."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparcode_mini.evaluation.paired import holds, with_interval
from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.studies.front import AGAIN, GRAPH, Setting, best_at, front_of, settings

UNEQUAL = (10_000, 16_000)  # bytes at which the matrix is also shown without its rights


def best_n_or_bias(stored: dict[str, Any]) -> str:
    """Describe how best-n and bias compare at equal entries, a line for each setting."""
    lines = ["best-n minus bias at equal entries, NDCG@50 in points, 95% over people and seeds"]
    for row in stored["compared"]:
        probes = f"{row['probes']} probe{'s' if row['probes'] > 1 else ' '}"
        tuned = "trained again" if row["tuned"] else ""
        lines.append(f"{row['share']:>4.0%} kept, {probes} {tuned:<14}{difference(row)}")
    return "\n".join(lines)


def compared_sides(stored: dict[str, Any]) -> str:
    """Describe what validation chose of both sides within each number of bytes."""
    seeds = len({run["seed"] for run in stored["runs"]})
    lines = [f"NDCG@50 in percent, {seeds} seeds; differences with 95% over people and seeds"]
    for row in stored["compared"]:
        head = f"{row['budget'] / 1000:>4.0f} kB"
        lines += [
            f"{head}  two-tower {100 * row['matrix ndcg@50']:.2f}  {row['matrix']}",
            f"{'':<9}lists     {100 * row['lists ndcg@50']:.2f}  {row['lists']}",
            f"{'':<9}lists - two-tower {difference(row)}",
        ]
    return "\n".join(lines)


def difference(row: dict[str, float]) -> str:
    """Return a result of `paired.compare` in points of percent, with Holm's p."""
    return f"{with_interval(row)}, p (Holm) {row['p, Holm']:.4f}"


def rights(stored: dict[str, Any]) -> str:
    """Describe where the two-tower passes all lists, and what it is without its rights.

    Without them it keeps every film, in 8 or 16 bits, as it was trained.
    """
    matrix, lists = (settings(stored, side) for side in ("matrix", "lists"))
    best = best_at(lists, np.inf)
    if best is None:
        raise ValueError("the stored front has no lists")
    first = next((s for s in front_of(matrix) if s.ndcg > best.ndcg), None)
    (graph,) = [s for s in matrix if s.name == GRAPH]
    lines = [
        f"the best lists of any size    {_setting(best)}",
        f"the two-tower passes them at  {_setting(first)}",
        f"the two-tower as a graph      {_setting(graph)}",
        f"beside the lists: a codebook of {show_bytes(best.beside)}; beside either: an encoder, "
        f"{show_bytes(best.encoder)}",
    ]
    strict = [s for s in matrix if not any(w in s.name for w in ("films", "int4", "codes", AGAIN))]
    for budget in UNEQUAL:
        lines += [
            f"within {show_bytes(budget)}, all films in 8 or 16 bits, as trained: two-tower "
            f"{_ndcg(best_at(strict, budget))}, lists {_ndcg(best_at(lists, budget))}"
        ]
    return "\n".join(lines)


def certain(rows: Sequence[dict[str, float]]) -> bool:
    """Return whether the first of the two is behind in every row, for sure and after Holm."""
    return all(row["high"] < 0 and holds(row) for row in rows)


def small_matrix_passes(stored: dict[str, Any]) -> bool:
    """Return whether a matrix that takes less than the codebook passes the best lists of all."""
    matrix, lists = (settings(stored, side) for side in ("matrix", "lists"))
    best = best_at(lists, np.inf)
    if best is None:
        raise ValueError("the stored front has no lists")
    small = best_at(matrix, best.beside)
    return small is not None and small.ndcg > best.ndcg


def _setting(setting: Setting | None) -> str:
    if setting is None:
        return "no size"
    return f"{show_bytes(setting.item_bytes):>7}  {setting.ndcg:.4f}  {setting.name}"


def _ndcg(setting: Setting | None) -> str:
    return "none fits" if setting is None else f"{setting.ndcg:.4f}"
