"""The plain search, to be read: find the lists of the codes, add them up, take the k best.

This is exact: an entry that the ReLU cut would have added 0.

Symbols: C lists, M codebooks, I items, B queries, Q lists per query (K_u tokens x R probes).
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, Integer
from torch import Tensor

from sparcode_mini.index.lists import Lists, as_int32
from sparcode_mini.model.codes import Codes
from sparcode_mini.tools.checks import finite, integers
from sparcode_mini.tools.top_k import Pairs, top_k

QUERIES_AT_ONCE = 256
SUMS_AT_ONCE = 2**23  # 64 MB
CodesLike = Codes | np.ndarray | Tensor
Sums = tuple[np.ndarray, np.ndarray, np.ndarray]  # positions (B, k), sums (B, k), missing (B,)


class SearchResult(tuple[np.ndarray, np.ndarray]):
    """The pair (positions (B, k) int64, values (B, k) float64), with two attributes.

    Attributes:
        missing: (B,) int64, codes of each query without a list of their own.
        engine: the one that answered, "plain" or "compiled".
    """

    missing: np.ndarray
    engine: str

    def __new__(
        cls, positions: np.ndarray, values: np.ndarray, missing: np.ndarray, engine: str
    ) -> "SearchResult":
        """Make the pair, and set the attributes."""
        result = super().__new__(cls, (positions, values))
        result.missing, result.engine = missing, engine
        return result

    def __getnewargs__(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
        """Return the arguments that make a copy (pickle would give the pair as one argument)."""
        return (*self, self.missing, self.engine)


def as_arrays(
    codes: CodesLike, M: int
) -> tuple[Int[np.ndarray, "B Q M"], Float[np.ndarray, "B Q"]]:
    """Return codes and their weights (float64) as arrays.

    Raises:
        ValueError: codes that are no integers, weights that are not finite, a shape that is not one
            of codes, or another M.
    """
    if isinstance(codes, Codes):
        keys, weights = _as_int64(codes.codes), finite(codes.weights, "weights")
        if keys.ndim != 4 or weights.shape != keys.shape[:3]:
            raise ValueError(
                f"codes have shape {keys.shape} and weights {weights.shape}; give (B, K_u, R, M) "
                "and (B, K_u, R)"
            )
        B, K_u, R, width = keys.shape
        keys, weights = keys.reshape(B, K_u * R, width), weights.reshape(B, K_u * R)
    else:
        keys = _as_int64(codes)
        if keys.ndim != 3:
            raise ValueError(f"codes have shape {keys.shape}; give integers (B, K_u, M)")
        weights = np.empty(keys.shape[:2])
        weights.fill(1.0)  # a request is so short that np.ones would take 5% of it
    if keys.shape[-1] != M:
        raise ValueError(f"codes have M = {keys.shape[-1]}, the index M = {M}")
    return keys, weights.astype(np.float64, copy=False)


def _as_int64(codes: Any) -> Int[np.ndarray, "..."]:
    """Return codes as int64. Those that no index can hold have no list: the search looks there."""
    if isinstance(codes, Tensor) and codes.dtype == torch.int64:
        codes = codes.numpy()
    if isinstance(codes, np.ndarray) and codes.dtype == np.int64:
        return codes
    return integers(codes, "codes")


class PlainSearch:
    """Search in numpy, with a dictionary from codes to the rows of their lists.

    Args:
        codes: of the lists.
        lists: offsets, items and values.
        n_items: I.
        scales: factor of the 8-bit values of each list; None for floats.

    Raises:
        ValueError: a code has two lists.
    """

    def __init__(
        self,
        codes: Int[np.ndarray, "C M"],
        lists: Lists,
        n_items: int,
        scales: Float[np.ndarray, " C"] | None = None,
    ) -> None:
        self._lists, self._n_items = lists, n_items
        self._scales = None if scales is None else np.append(scales, 1.0)  # row -1: no list
        self._at_once = min(max(SUMS_AT_ONCE // n_items, 1), QUERIES_AT_ONCE)
        # Keys are the bytes of a code: an integer key would need N^M < 2^63.
        self._row = {code.tobytes(): row for row, code in enumerate(as_int32(codes))}
        if len(self._row) != len(codes):
            raise ValueError(f"{len(codes) - len(self._row)} codes have two lists; merge them")

    def search(
        self,
        codes: Integer[np.ndarray, "B Q M"],
        weights: Float[np.ndarray, "B Q"],
        k: int,
        forbidden: Pairs | None = None,
    ) -> Sums:
        """Return positions (B, k), sums (B, k), and the number of codes without a list (B,).

        Such a code adds nothing. If fewer than k items have a sum, the rest is -1 and 0. Query
        rows[i] of `forbidden` does not get item columns[i].
        """
        rows = self.rows_of(codes)  # (B, Q)
        if self._scales is not None:
            weights = weights * self._scales[rows].astype(np.float64)  # (B, Q)
        B = len(rows)
        positions, sums = np.empty((B, k), dtype=np.int64), np.empty((B, k))
        for start in range(0, B, self._at_once):
            part = slice(start, start + self._at_once)
            pairs = zip(rows[part], weights[part], strict=True)
            y = np.stack([self._add_lists(r, w) for r, w in pairs])  # (b, I)
            if forbidden is not None:
                queries, items = forbidden
                inside = slice(*np.searchsorted(queries, (start, start + len(y))))
                y[queries[inside] - start, items[inside]] = 0.0
            positions[part], sums[part] = top_k(y, k, positive_only=True)
        return positions, sums, (rows < 0).sum(axis=1)

    def rows_of(self, codes: Integer[np.ndarray, "B Q M"]) -> Int[np.ndarray, "B Q"]:
        """Return the row of each code's list, int64; -1 if it has none.

        Raises:
            ValueError: codes that are no integers, or that no index can hold.
        """
        flat = as_int32(codes).reshape(-1, codes.shape[-1])  # (B * Q, M)
        rows = [self._row.get(code.tobytes(), -1) for code in flat]
        return np.array(rows, dtype=np.int64).reshape(codes.shape[:2])

    def _add_lists(
        self, rows: Int[np.ndarray, " Q"], weights: Float[np.ndarray, " Q"]
    ) -> Float[np.ndarray, " I"]:
        """Return y of one query for every item, float64."""
        offsets, items, values = self._lists
        entries, scores = [items[:0]], [np.zeros(0)]
        for row, weight in zip(rows[rows >= 0], weights[rows >= 0], strict=True):
            span = slice(offsets[row], offsets[row + 1])
            entries.append(items[span])
            scores.append(weight * values[span].astype(np.float64))
        y = np.bincount(np.concatenate(entries), np.concatenate(scores), minlength=self._n_items)
        return y.astype(np.float64, copy=False)  # (I,); without entries bincount makes integers


def nearest_listed(
    lost: Integer[np.ndarray, "n M"],
    listed: Int[np.ndarray, "C M"],
    codebooks: Float[np.ndarray, "M N d"] | None,
) -> Integer[np.ndarray, "n M"]:
    """Return the listed code whose codewords are nearest to those of each lost code.

    Raises:
        ValueError: there are no codewords or no lists, or a code is outside the codebooks.
    """
    if codebooks is None or len(listed) == 0:
        raise ValueError("this index knows no codewords, so it can't tell which code is nearest")
    x, y = _vectors(lost, codebooks), _vectors(listed, codebooks)  # (n, D_T), (C, D_T)
    distances = np.square(y).sum(1) - 2.0 * x @ y.T  # (n, C), without |x|^2
    return listed[distances.argmin(axis=1)]


def _vectors(
    codes: Integer[np.ndarray, "n M"], codebooks: Float[np.ndarray, "M N d"]
) -> Float[np.ndarray, "n D_T"]:
    """Return the codewords of each code, side by side."""
    if codes.min() < 0 or codes.max() >= codebooks.shape[1]:
        raise ValueError(f"codes span {codes.min()}..{codes.max()}; N = {codebooks.shape[1]}")
    parts = [book[codes[:, m]] for m, book in enumerate(codebooks)]  # M arrays (n, d)
    return np.concatenate(parts, axis=1)  # (n, D_T)
