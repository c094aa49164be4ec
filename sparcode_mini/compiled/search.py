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

from sparcode_mini.compiled.jit import compiled
from sparcode_mini.tools.top_k import excluded

NOTHING = np.zeros(0, np.int64)


class CompiledSearch:
    """Finds lists by their codes, adds them up and keeps the k best sums of each query.

    Args:
        codes: of the lists.
        offsets: list r is entries offsets[r] .. offsets[r + 1].
        items: positions of the entries.
        values: of the entries, in 8, 4, 2 (float16) or 1 bytes.
        n_items: I.
        scales: what 1-byte values of a list are multiplied by; None for floats.
    """

    def __init__(
        self,
        codes: Int[np.ndarray, "C M"],
        offsets: Int[np.ndarray, " C_1"],
        items: Int[np.ndarray, " entries"],
        values: np.ndarray,
        n_items: int,
        scales: Float[np.ndarray, " C"] | None = None,
    ) -> None:
        self._n_items = n_items
        order = np.lexsort(codes.T[::-1])  # (C,)
        unsigned = items.view(np.uint32)  # numba then asks for no sign
        numbers, meaning = _numbers(values)
        self._stored = codes[order], order, offsets, unsigned, numbers, meaning, scales
        self._scratch: list[np.ndarray] = []  # rows of I zeros, one for each search under way

    def search(
        self,
        codes: Int[np.ndarray, "B Q M"],
        weights: Float[np.ndarray, "B Q"],
        k: int,
        exclude: Sequence[np.ndarray] | None = None,
    ) -> tuple[Int[np.ndarray, "B k"], Float[np.ndarray, "B k"], Int[np.ndarray, " B"], int]:
        """Search as the plain way does; a code without a list adds nothing.

        Returns:
            positions and sums, padded with -1 and 0; how many codes of each query have no list;
            how many have none in all.
        """
        B = len(codes)
        positions, sums = np.empty((B, k), np.int64), np.empty((B, k))
        missing = np.zeros(B, np.int64)
        hidden, ends = NOTHING, None
        if exclude is not None:
            queries, hidden = excluded(exclude, B, self._n_items)
            ends = np.searchsorted(queries, np.arange(B + 1))  # (B + 1,)
        y = self._scratch.pop() if self._scratch else np.zeros(self._n_items)  # (I,)
        lost = _answer(y, *self._stored, codes, weights, hidden, ends, positions, sums, missing)
        self._scratch.append(y)  # after an error it is not all zeros, and not kept
        return positions, sums, missing, lost


def _numbers(values: np.ndarray) -> tuple[np.ndarray, Float[np.ndarray, " n"] | None]:
    """Values as compiled code reads them; for float16 its patterns, and what each stands for."""
    if values.dtype != np.float16:
        return values, None
    return values.view(np.uint16), np.arange(2**16, dtype=np.uint16).view(np.float16).astype(float)


@compiled
@no_type_check
def _answer(
    y, table, order, offsets, items, values, meaning, scales,
    codes, weights, hidden, ends, positions, sums, missing,
):  # fmt: skip
    """Fill positions (B, k), sums (B, k) and missing (B,); y (I,) is all zeros before and after.

    Query b may not get the items hidden[ends[b] : ends[b + 1]] (ends None: all are allowed).
    """
    rows, weighted, lost = np.empty(codes.shape[1], np.int64), np.empty(codes.shape[1]), 0
    for b in range(len(codes)):
        for q in range(len(rows)):
            place = _find(codes[b, q], table)
            rows[q] = -1 if place < 0 else order[place]
            weighted[q] = weights[b, q]
            if place < 0:
                missing[b] += 1
            elif scales is not None:
                weighted[q] *= np.float64(scales[rows[q]])
        lost += missing[b]
        _add(y, offsets, items, values, meaning, rows, weighted)
        if ends is not None:
            for c in hidden[ends[b] : ends[b + 1]]:
                y[c] = 0.0
        found = _take_best(y, offsets, items, rows, positions[b], sums[b])
        _sort(positions[b], sums[b], found)
        positions[b, found:] = -1
        sums[b, found:] = 0.0
    return lost


@compiled
@no_type_check
def _find(code, table):
    """Bisect for a code (M,) in the sorted table (C, M): its row there, or -1."""
    low, high, M = 0, len(table), len(code)
    while low < high:
        middle = (low + high) >> 1
        m = 0
        while m < M and table[middle, m] == code[m]:
            m += 1
        if m == M:
            return middle
        if table[middle, m] > code[m]:
            high = middle
        else:
            low = middle + 1
    return -1


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
