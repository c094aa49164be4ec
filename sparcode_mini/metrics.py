"""Ranking: the top k of a score matrix, and what a ranking is worth.

A ranking is an int64 array (B, k) of item positions, best first, padded with -1 where a query has
fewer than k candidates. All metrics treat relevance as yes or no.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
Lists = Sequence[npt.ArrayLike]


def top_k(
    scores: npt.ArrayLike,
    k: int,
    exclude: Lists | None = None,
    positive_only: bool = False,
) -> tuple[Positions, npt.NDArray[np.floating]]:
    """Return the k best items of each query, in an order that has no luck in it.

    A larger score comes first; of equal scores, the smaller position. A score of -inf means "not a
    candidate". Missing candidates are padded with position -1 and value 0.

    Args:
        scores: (B, I) scores; integers are ranked as float64.
        k: how many, 1 to I.
        exclude: for each of the B queries the positions never to return (-1 is padding).
        positive_only: return only scores above 0, as an inverted index does.

    Returns:
        positions (B, k) int64, values (B, k) in the dtype of the scores.

    Raises:
        ValueError: `k` outside 1..I, a NaN score, or `exclude` that doesn't fit.
    """
    table = _score_table(scores)
    n_queries, n_items = table.shape
    k = operator.index(k)
    if not 1 <= k <= n_items:
        raise ValueError(f"k is {k}; it must be between 1 and the number of items, {n_items}")
    if exclude is not None or positive_only:
        table = table.copy()  # the caller's scores stay as they are
    if positive_only:
        table[table <= 0] = -np.inf
    if exclude is not None:
        rows, columns = excluded(exclude, n_queries, n_items)
        table[rows, columns] = -np.inf
    positions = _select(table, k)  # (B, k)
    values = np.take_along_axis(table, positions, axis=1)  # (B, k)
    order = np.argsort(-values, axis=1, kind="stable")
    positions = np.take_along_axis(positions, order, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    absent = np.isneginf(values)
    return np.where(absent, -1, positions), np.where(absent, values.dtype.type(0), values)


def precision_at(ranked: npt.ArrayLike, relevant: Lists, k: int) -> float:
    """Mean of hits / k, as a fraction.

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
    """Mean of hits / number of relevant items; arguments and errors as `precision_at`."""
    return float(recall_of_each(ranked, relevant, k).mean())


def recall_of_each(ranked: npt.ArrayLike, relevant: Lists, k: int) -> npt.NDArray[np.float64]:
    """Hits / number of relevant items of each query, (B,); `recall_at` is its mean."""
    hits, sizes = _hits(ranked, relevant, k)
    each: npt.NDArray[np.float64] = hits[:, :k].sum(axis=1) / sizes  # (B,)
    return each


def ndcg_at(ranked: npt.ArrayLike, relevant: Lists, k: int) -> float:
    """Mean of DCG / ideal DCG with yes-or-no gains; arguments and errors as `precision_at`.

    DCG sums 1 / log2(rank + 1) over the hits (Järvelin and Kekäläinen 2002); the ideal ranking has
    its min(k, number of relevant items) hits first.
    """
    return float(ndcg_of_each(ranked, relevant, k).mean())


def ndcg_of_each(ranked: npt.ArrayLike, relevant: Lists, k: int) -> npt.NDArray[np.float64]:
    """DCG / ideal DCG of each query, (B,); `ndcg_at` is its mean."""
    hits, sizes = _hits(ranked, relevant, k)
    discounts = 1 / np.log2(np.arange(2, k + 2))  # (k,)
    ideal = np.cumsum(discounts)[np.minimum(k, sizes) - 1]  # (B,)
    each: npt.NDArray[np.float64] = hits[:, :k] @ discounts / ideal  # (B,)
    return each


def hit_rate_at(ranked: npt.ArrayLike, relevant: Lists, k: int) -> float:
    """Share of queries with at least one hit; arguments and errors as `precision_at`."""
    hits, _ = _hits(ranked, relevant, k)
    return float(hits[:, :k].any(axis=1).mean())


def coverage_at(ranked: npt.ArrayLike, n_items: int, k: int) -> float:
    """Share of the catalogue that appears in the first k places of any query.

    Args:
        ranked: (B, >= k) item positions, padded with -1.
        n_items: size of the catalogue, I.
        k: cut-off.

    Raises:
        ValueError: shapes that don't fit, or a position outside the catalogue.
    """
    shown = np.unique(_ranking(ranked, k)[:, :k])
    _check_positions(shown[shown >= 0], n_items, "ranked")
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


def _score_table(scores: npt.ArrayLike) -> npt.NDArray[np.floating]:
    table = np.asarray(scores)
    if table.ndim != 2:
        raise ValueError(f"scores have shape {table.shape}; expected (queries, items)")
    if not np.issubdtype(table.dtype, np.floating):
        table = table.astype(np.float64)
    if np.isnan(table).any():
        query, item = np.argwhere(np.isnan(table))[0]
        raise ValueError(f"the score of query {query} for item {item} is NaN; it has no rank")
    return table


def _select(table: npt.NDArray[np.floating], k: int) -> Positions:
    """Positions (B, k), ascending, of the k best of each row.

    Choosing k by a partial sort of the positions picks arbitrarily among scores equal to the k-th
    best. So only that score is looked up; everything above it is kept, and of its equals the first
    few that fit. (Sorting plain values is vectorised and, unlike `np.partition`, fast on ties.)
    """
    n_queries, n_items = table.shape
    kth = np.sort(table, axis=1)[:, n_items - k, None]  # (B, 1)
    keep = table > kth  # (B, I)
    places_left = k - keep.sum(axis=1)  # (B,)
    tied_rows, tied_columns = np.nonzero(table == kth)  # row by row, position ascending
    starts = np.searchsorted(tied_rows, np.arange(n_queries))
    rank = np.arange(len(tied_rows)) - starts[tied_rows]  # 0, 1, ... within each row
    fits = rank < places_left[tied_rows]
    keep[tied_rows[fits], tied_columns[fits]] = True
    return np.nonzero(keep)[1].reshape(n_queries, k)  # (B, k)


def _hits(
    ranked: npt.ArrayLike, relevant: Lists, k: int
) -> tuple[npt.NDArray[np.bool_], Positions]:
    """Which places hold a relevant item (B, width) bool, and how many are relevant (B,) int64."""
    ranking = _ranking(ranked, k)
    n_queries = len(ranking)
    rows, columns = _flatten(relevant, n_queries, "relevant")
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


def _ranking(ranked: npt.ArrayLike, k: int) -> Positions:
    """Check a ranking (B, width): integers, wide enough for k, no item twice in a row."""
    ranking = np.asarray(ranked)
    if ranking.ndim != 2 or not np.issubdtype(ranking.dtype, np.integer) or len(ranking) == 0:
        raise ValueError(
            f"ranked has shape {ranking.shape} and dtype {ranking.dtype}; "
            "expected integer positions (queries, places) with at least one query"
        )
    if not 1 <= operator.index(k) <= ranking.shape[1]:
        raise ValueError(
            f"k is {k}, but ranked has {ranking.shape[1]} places; "
            "rank at least k items, with k at least 1"
        )
    if ranking.min() < -1:
        raise ValueError(f"ranked holds {ranking.min()}; item positions start at 0 (-1 is padding)")
    in_order = np.sort(ranking, axis=1)
    twice = (in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)
    if twice.any():
        query, place = np.argwhere(twice)[0]
        raise ValueError(f"item {in_order[query, place]} is ranked twice for query {query}")
    return ranking.astype(np.int64, copy=False)


def excluded(exclude: Lists, n_queries: int, n_items: int) -> tuple[Positions, Positions]:
    """Return (query, position) pairs, query by query, of what queries must not get.

    Raises:
        ValueError: not one list for each query, or something in them that is no position.
    """
    rows, columns = _flatten(exclude, n_queries, "exclude")
    _check_positions(columns, n_items, "exclude")
    return rows, columns


def _flatten(lists: Lists, n_queries: int, name: str) -> tuple[Positions, Positions]:
    """Turn one list for each query into (query, position) pairs; the padding -1 is dropped."""
    if len(lists) != n_queries:
        raise ValueError(
            f"{name} has {len(lists)} lists for {n_queries} queries; give one for each"
        )
    arrays = [np.asarray(positions).reshape(-1) for positions in lists]
    for array in arrays:
        if len(array) and not np.issubdtype(array.dtype, np.integer):
            raise ValueError(f"{name} holds {array.dtype} values; item positions are integers")
    sizes = [len(array) for array in arrays]
    rows = np.repeat(np.arange(n_queries, dtype=np.int64), sizes)
    columns = np.concatenate([np.empty(0, dtype=np.int64), *(a.astype(np.int64) for a in arrays)])
    if (columns < -1).any():
        raise ValueError(f"{name} holds {columns.min()}; item positions start at 0 (-1 is padding)")
    return rows[columns >= 0], columns[columns >= 0]


def _check_positions(positions: Positions, n_items: int, name: str) -> None:
    if positions.max(initial=-1) >= n_items:
        raise ValueError(
            f"{name} holds item position {positions.max()}, but there are {n_items} items; "
            "give positions (0 to n_items - 1), not raw ids"
        )
