"""The k best items of each query, in an order that does not depend on chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sparcode_mini.tools.checks import MOST, count, floats, position_lists

Positions = npt.NDArray[np.int64]
Lists = Sequence[Any]  # one flat array or list of positions for each query
Pairs = tuple[Positions, Positions]  # (query, position), query by query


def top_k(
    scores: npt.ArrayLike,
    k: int,
    exclude: Lists | None = None,
    positive_only: bool = False,
) -> tuple[Positions, npt.NDArray[np.floating]]:
    """Return the k best items of each query, in an order that does not depend on chance.

    A larger score comes first; of equal scores, the smaller position. A score of -inf means "not a
    candidate". Missing candidates are padded with position -1 and value 0.

    Args:
        scores: (B, I) scores; integers and bools are ranked as float64.
        k: how many, 1 to I.
        exclude: for each of the B queries a flat array or list of the positions that must not be
            returned (-1 is padding).
        positive_only: return only scores above 0, as an inverted index does.

    Returns:
        positions (B, k) int64, values (B, k) in the dtype of the scores.

    Raises:
        ValueError: `k` that is no whole number in 1..I, scores that are no real numbers or NaN, or
            `exclude` that doesn't fit.
    """
    table = _score_table(scores)
    n_queries, n_items = table.shape
    k = count(k, "k", 1, n_items)
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


def _score_table(scores: npt.ArrayLike) -> npt.NDArray[np.floating]:
    table = floats(scores, "scores")
    if table.ndim != 2:
        raise ValueError(f"scores have shape {table.shape}; expected (queries, items)")
    if np.isnan(table).any():
        query, item = np.argwhere(np.isnan(table))[0]
        raise ValueError(f"the score of query {query} for item {item} is NaN; it has no rank")
    return table


def _select(table: npt.NDArray[np.floating], k: int) -> Positions:
    """Return the positions (B, k), ascending, of the k best of each row.

    A partial sort of positions picks arbitrarily among scores equal to the k-th best. So only the
    k-th best score is looked up; all scores above it are kept, and then the first of those equal
    to it. (Sorting plain values is vectorised and, unlike `np.partition`, fast on ties.)
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


def excluded(exclude: Lists, n_queries: int, n_items: int) -> Pairs:
    """Return (query, position) pairs, query by query, of the items that queries must not get.

    Raises:
        ValueError: not one list for each query, or a value in them that is no position.
    """
    return pairs_of(exclude, n_queries, "exclude", n_items)


def pairs_of(lists: Lists, n_queries: int, name: str, n_items: int = MOST) -> Pairs:
    """Turn one list for each query into (query, position) pairs, without the padding -1."""
    arrays, columns = position_lists(lists, n_items, name, padded=True)
    if len(arrays) != n_queries:
        raise ValueError(
            f"{name} has {len(arrays)} lists for {n_queries} queries; give one for each"
        )
    rows = np.repeat(np.arange(n_queries, dtype=np.int64), [len(array) for array in arrays])
    real = columns >= 0  # -1 is padding
    return rows[real], columns[real]
