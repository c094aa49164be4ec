"""Metrics of rankings.

A ranking is an int64 array (B, k) of item positions, best first, padded with -1 where a query has
fewer than k candidates. All metrics treat relevance as yes or no.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from sparcode_mini.tools.checks import MOST, POSITIONS, count, integers
from sparcode_mini.tools.top_k import Lists, Positions, pairs_of, top_k

__all__ = [
    "all_metrics",
    "coverage_at",
    "hit_rate_at",
    "ndcg_at",
    "ndcg_of_each",
    "precision_at",
    "recall_at",
    "recall_of_each",
    "top_k",
]


def precision_at(ranked: npt.ArrayLike, relevant: Lists, k: int) -> float:
    """Return the mean of hits / k, a fraction.

    Args:
        ranked: (B, >= k) item positions, best first, padded with -1.
        relevant: for each query the positions of its relevant items; repetitions count once.
        k: cut-off.

    Raises:
        ValueError: shapes that don't fit, an item twice in one ranking, or a query without a
            relevant item.
    """
    hits, _ = _hits(ranked, relevant, k)
    return float(hits[:, :k].sum(axis=1).mean() / k)


def recall_at(ranked: npt.ArrayLike, relevant: Lists, k: int) -> float:
    """Return the mean of hits / number of relevant items; arguments as `precision_at`."""
    return float(recall_of_each(ranked, relevant, k).mean())


def recall_of_each(ranked: npt.ArrayLike, relevant: Lists, k: int) -> npt.NDArray[np.float64]:
    """Return hits / number of relevant items of each query, (B,); `recall_at` is its mean."""
    hits, sizes = _hits(ranked, relevant, k)
    each: npt.NDArray[np.float64] = hits[:, :k].sum(axis=1) / sizes  # (B,)
    return each


def ndcg_at(ranked: npt.ArrayLike, relevant: Lists, k: int) -> float:
    """Return the mean of DCG / ideal DCG with gains 0 and 1; arguments as `precision_at`.

    DCG sums 1 / log2(rank + 1) over the hits (Järvelin and Kekäläinen 2002); the ideal ranking has
    its min(k, number of relevant items) hits first.
    """
    return float(ndcg_of_each(ranked, relevant, k).mean())


def ndcg_of_each(ranked: npt.ArrayLike, relevant: Lists, k: int) -> npt.NDArray[np.float64]:
    """Return DCG / ideal DCG of each query, (B,); `ndcg_at` is its mean."""
    hits, sizes = _hits(ranked, relevant, k)
    discounts = 1 / np.log2(np.arange(2, k + 2))  # (k,)
    ideal = np.cumsum(discounts)[np.minimum(k, sizes) - 1]  # (B,)
    each: npt.NDArray[np.float64] = hits[:, :k] @ discounts / ideal  # (B,)
    return each


def hit_rate_at(ranked: npt.ArrayLike, relevant: Lists, k: int) -> float:
    """Return the share of queries with at least one hit; arguments as `precision_at`."""
    hits, _ = _hits(ranked, relevant, k)
    return float(hits[:, :k].any(axis=1).mean())


def coverage_at(ranked: npt.ArrayLike, n_items: int, k: int) -> float:
    """Return the share of the catalogue that appears in the first k places of any query.

    Args:
        ranked: (B, >= k) item positions, padded with -1.
        n_items: size of the catalogue, I.
        k: cut-off.

    Raises:
        ValueError: shapes that don't fit, or a position outside the catalogue.
    """
    n_items = count(n_items, "n_items", 1, MOST)
    shown = np.unique(_ranking(ranked, k, n_items)[:, :k])
    return float(np.count_nonzero(shown >= 0) / n_items)


def all_metrics(
    ranked: npt.ArrayLike, relevant: Lists, n_items: int, ks: Iterable[int]
) -> dict[str, float]:
    """Return every metric at every cut-off: {"precision@10": ..., "coverage@50": ...}.

    Args:
        ranked: (B, >= max(ks)) item positions, best first, padded with -1.
        relevant: for each query the positions of its relevant items.
        n_items: size of the catalogue, I.
        ks: cut-offs.

    Raises:
        ValueError: as the single metrics.
    """
    measures = {
        "precision": precision_at,
        "recall": recall_at,
        "ndcg": ndcg_at,
        "hit_rate": hit_rate_at,
    }
    result: dict[str, float] = {}
    for k in ks:
        for name, measure in measures.items():
            result[f"{name}@{k}"] = measure(ranked, relevant, k)
        result[f"coverage@{k}"] = coverage_at(ranked, n_items, k)
    return result


def _hits(
    ranked: npt.ArrayLike, relevant: Lists, k: int
) -> tuple[npt.NDArray[np.bool_], Positions]:
    """Mark places with a relevant item, (B, width) bool, and count relevant items, (B,) int64."""
    ranking = _ranking(ranked, k)
    n_queries = len(ranking)
    rows, columns = pairs_of(relevant, n_queries, "relevant")
    stride = max(columns.max(initial=0), ranking.max(initial=0)) + 1
    wanted = np.unique(rows * stride + columns)  # one number for each (query, item) pair
    sizes = np.bincount(wanted // stride, minlength=n_queries)
    if (sizes == 0).any():
        raise ValueError(
            f"query {int(np.argmin(sizes))} has no relevant item ({int((sizes == 0).sum())} of "
            f"{n_queries} queries), so its recall is 0 / 0; drop such queries first: "
            "keep = [q for q, items in enumerate(relevant) if len(items)]"
        )
    pairs = np.arange(n_queries)[:, None] * stride + ranking  # (B, width)
    return np.isin(pairs, wanted) & (ranking >= 0), sizes


def _ranking(ranked: npt.ArrayLike, k: int, n_items: int = MOST) -> Positions:
    """Check a ranking (B, width): positions, wide enough for k, no item twice in a row."""
    ranking = integers(ranked, "ranked", -1, n_items - 1, POSITIONS)  # -1 is padding
    if ranking.ndim != 2 or len(ranking) == 0:
        raise ValueError(
            f"ranked has shape {ranking.shape}; expected positions (queries, places) with at least "
            "one query"
        )
    k, width = count(k, "k"), ranking.shape[1]
    if k > width:
        raise ValueError(f"k is {k}, but ranked has {width} places; rank at least k items")
    in_order = np.sort(ranking, axis=1)
    twice = (in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)
    if twice.any():
        query, place = np.argwhere(twice)[0]
        raise ValueError(f"item {in_order[query, place]} is ranked twice for query {query}")
    return ranking
