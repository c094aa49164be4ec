"""The search of `index`, compiled by numba: the same sums in the same order, so the same bits.

The plain search makes a row of I sums per query and sorts it. Here one pass over the lists adds
up; a second pass over the same entries takes each item's sum once, offers it to a heap of the k
best, and sets it back to 0. What a query costs depends on the entries it reads, not on I.

Symbols: B queries, Q lists per query (K_u tokens x R probes), I items, k results.
"""

from collections.abc import Sequence
from typing import no_type_check

import numpy as np
from jaxtyping import Float, Int

from sparcode_mini.code_lists import CodeLists
from sparcode_mini.jit import compiled
from sparcode_mini.metrics import excluded

NOTHING = np.zeros(0, np.int64)


class CompiledSearch:
    """Adds up lists and keeps the k best sums of each query.

    Args:
        index: lists to read; values of 4, 2 (float16) or 1 byte.
    """

    def __init__(self, index: CodeLists) -> None:
        self._offsets, self._n_items = index.offsets, index.n_items
        order = np.lexsort(index.codes.T[::-1])  # (C,)
        self._sorted = index.codes[order], order
        self._items = index.items.view(np.uint32)  # unsigned: numba then asks for no sign
        self._values, self._meaning = _numbers(index.values)
        self._scratch: list[np.ndarray] = []  # rows of I zeros, one for each search under way

    def rows_of(self, codes: Int[np.ndarray, "B Q M"]) -> Int[np.ndarray, "B Q"]:
        """Which list each code opens, -1 where there is none."""
        rows = np.empty(codes.shape[:2], np.int64)
        _find(codes, *self._sorted, rows)
        return rows

    def best_k(
        self,
        rows: Int[np.ndarray, "B Q"],
        weights: Float[np.ndarray, "B Q"],
        k: int,
        exclude: Sequence[np.ndarray] | None = None,
    ) -> tuple[Int[np.ndarray, "B k"], Float[np.ndarray, "B k"]]:
        """Return what the plain search returns: positions and sums, padded with -1 and 0."""
        positions, sums = np.empty((len(rows), k), np.int64), np.empty((len(rows), k))
        y = self._scratch.pop() if self._scratch else np.zeros(self._n_items)  # (I,)
        hidden, ends = NOTHING, None
        if exclude is not None:
            queries, hidden = excluded(exclude, len(rows), self._n_items)
            ends = np.searchsorted(queries, np.arange(len(rows) + 1))  # (B + 1,)
        lists = self._offsets, self._items, self._values, self._meaning
        _answer(y, *lists, rows, weights, hidden, ends, positions, sums)
        self._scratch.append(y)  # after an error it is not all zeros, and not kept
        return positions, sums


def _numbers(values: np.ndarray) -> tuple[np.ndarray, Float[np.ndarray, " n"] | None]:
    """Values as compiled code reads them; for float16 its patterns, and what each stands for."""
    if values.dtype != np.float16:
        return values, None
    return values.view(np.uint16), np.arange(2**16, dtype=np.uint16).view(np.float16).astype(float)


@compiled
@no_type_check
def _find(codes, table, order, rows):
    """Bisect for each code in the sorted table (C, M): rows (B, Q), -1 where it isn't there."""
    B, Q, M = codes.shape
    for b in range(B):
        for q in range(Q):
            low, high = 0, len(table)
            while low < high:
                middle = (low + high) >> 1
                m = 0
                while m < M and table[middle, m] == codes[b, q, m]:
                    m += 1
                if m == M or table[middle, m] > codes[b, q, m]:
                    high = middle
                else:
                    low = middle + 1
            same = low < len(table)
            for m in range(M):
                same = same and table[low, m] == codes[b, q, m]
            rows[b, q] = order[low] if same else -1


@compiled
@no_type_check
def _answer(y, offsets, items, values, meaning, rows, weights, hidden, ends, positions, sums):
    """Fill positions (B, k) and sums (B, k); y (I,) is all zeros before and after.

    Query b may not get the items hidden[ends[b] : ends[b + 1]] (ends None: all are allowed).
    """
    for b in range(len(rows)):
        _add(y, offsets, items, values, meaning, rows[b], weights[b])
        if ends is not None:
            for c in hidden[ends[b] : ends[b + 1]]:
                y[c] = 0.0
        found = _take_best(y, offsets, items, rows[b], positions[b], sums[b])
        _sort(positions[b], sums[b], found)
        positions[b, found:] = -1
        sums[b, found:] = 0.0


@compiled
@no_type_check
def _add(y, offsets, items, values, meaning, rows, weights):
    """y[item] += weight * value for every entry of the lists."""
    for q in range(len(rows)):
        if rows[q] < 0:
            continue
        start, end, weight = offsets[rows[q]], offsets[rows[q] + 1], weights[q]
        if meaning is None:
            for e in range(start, end):
                y[items[e]] += weight * values[e]
        else:
            for e in range(start, end):
                y[items[e]] += weight * meaning[values[e]]


@compiled
@no_type_check
def _take_best(y, offsets, items, rows, positions, sums):
    """Move the best sums into a heap whose root is the worst of them, and all sums back to 0."""
    k, found, least = len(sums), 0, 0.0  # a sum must be above `least`, or be 0 and not count
    for q in range(len(rows)):
        if rows[q] < 0:
            continue
        for e in range(offsets[rows[q]], offsets[rows[q] + 1]):
            item = items[e]
            value = y[item]
            y[item] = 0.0  # read once: a second list with this item now finds 0
            if value < least or value <= 0.0:
                continue
            if found < k:
                _lift(positions, sums, found, item, value)
                found += 1
            elif value > sums[0] or item < positions[0]:
                _sink(positions, sums, k, item, value)
            if found == k:
                least = sums[0]
    return found


@compiled
@no_type_check
def _lift(positions, sums, place, item, value):
    """Put a pair at the heap's end and let it rise past better ones."""
    while place > 0:
        parent = (place - 1) >> 1
        if sums[parent] < value or (sums[parent] == value and positions[parent] > item):
            break
        sums[place], positions[place] = sums[parent], positions[parent]
        place = parent
    sums[place], positions[place] = value, item


@compiled
@no_type_check
def _sink(positions, sums, size, item, value):
    """Put a pair in the root's place and let it sink below worse ones."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (
            sums[other] < sums[child]
            or (sums[other] == sums[child] and positions[other] > positions[child])
        ):
            child = other
        if sums[child] > value or (sums[child] == value and positions[child] < item):
            break
        sums[place], positions[place] = sums[child], positions[child]
        place = child
    sums[place], positions[place] = value, item


@compiled
@no_type_check
def _sort(positions, sums, found):
    """Largest sum first, equal ones by position: take the worst off the heap, again and again."""
    for last in range(found - 1, 0, -1):
        value, item = sums[last], positions[last]
        sums[last], positions[last] = sums[0], positions[0]
        _sink(positions, sums, last, item, value)
