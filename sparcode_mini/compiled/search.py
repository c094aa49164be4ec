"""The search of `index`, compiled by numba: the same sums in the same order, so the same bits.

The plain search makes a row of I sums per query and sorts it. Here one pass over the lists adds
up; a second pass over the same entries takes each item's sum once, offers it to a heap of the k
best, and sets it back to 0. So the cost of a query depends on the entries it reads, not on I.

Symbols: C lists, B queries, Q lists per query (K_u tokens x R probes), I items, k results.
"""

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float, Int, Integer

from sparcode_mini.compiled.jit import compiled
from sparcode_mini.tools.top_k import Pairs


class StoredLists(NamedTuple):
    """The lists as compiled code reads them."""

    codes: Int[np.ndarray, "C M"]  # in lexicographic order
    order: Int[np.ndarray, " C"]  # codes[r] has list order[r]
    offsets: Int[np.ndarray, " C_1"]  # list r is entries offsets[r] .. offsets[r + 1]
    items: Int[np.ndarray, " entries"]
    values: np.ndarray  # (entries,)
    scales: Float[np.ndarray, " C"]  # list r stands for values * scales[r]


class Queries(NamedTuple):
    """Queries of one search; query b may not get the items forbidden[ends[b] : ends[b + 1]]."""

    codes: Integer[np.ndarray, "B Q M"]
    weights: Float[np.ndarray, "B Q"]
    forbidden: Int[np.ndarray, " pairs"]
    ends: Int[np.ndarray, " B_1"]


class Answers(NamedTuple):
    """Results of one search; the compiled code fills them in."""

    positions: Int[np.ndarray, "B k"]  # padded with -1
    sums: Float[np.ndarray, "B k"]  # padded with 0
    missing: Int[np.ndarray, " B"]  # codes without a list


NOTHING = np.zeros(0, np.int64)


class CompiledSearch:
    """Search that finds lists by codes, adds them up and keeps the k best sums of each query.

    Args:
        codes: of the lists.
        offsets: list r is entries offsets[r] .. offsets[r + 1].
        items: positions of the entries.
        values: of the entries, in 8, 4, 2 (float16) or 1 bytes.
        n_items: I.
        scales: factor of the 1-byte values of each list; None for floats.

    Attributes:
        lists, numbers: the arrays that the compiled code reads.
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
        scales = np.ones(len(codes), np.float32) if scales is None else scales
        values, self.numbers = _as_numbers(values)
        self.lists = StoredLists(codes[order], order, offsets, unsigned, values, scales)
        self._scratch: list[np.ndarray] = []  # rows of I zeros, one for each search under way

    def search(
        self,
        codes: Integer[np.ndarray, "B Q M"],
        weights: Float[np.ndarray, "B Q"],
        k: int,
        forbidden: Pairs | None = None,
    ) -> Answers:
        """Search as the plain way does; a code without a list adds nothing."""
        B = len(codes)
        hidden, ends = NOTHING, np.zeros(B + 1, np.int64)
        if forbidden is not None:
            owners, hidden = forbidden  # (pairs,) each
            ends = np.searchsorted(owners, np.arange(B + 1))  # (B + 1,)
        # One type and layout for all: numba would compile another one anew, for seconds.
        keys, weights = np.ascontiguousarray(codes, np.int64), np.ascontiguousarray(weights)
        queries = Queries(keys, weights, hidden, ends)
        answers = Answers(np.empty((B, k), np.int64), np.empty((B, k)), np.zeros(B, np.int64))
        y = self._scratch.pop() if self._scratch else np.zeros(self._n_items)  # (I,)
        _answer(y, self.lists, self.numbers, queries, answers)
        self._scratch.append(y)  # not after an error: then it is not all zeros
        return answers


def _as_numbers(values: np.ndarray) -> tuple[np.ndarray, Float[np.ndarray, " patterns"] | None]:
    """Return values of a type that numba knows; for float16 the bits, and a number per pattern."""
    if values.dtype != np.float16:
        return values, None
    return values.view(np.uint16), np.arange(2**16, dtype=np.uint16).view(np.float16).astype(float)


@compiled
@no_type_check
def _answer(y, lists, numbers, queries, answers):
    """Fill the answers; y (I,) is all zeros before and after.

    `numbers` is an argument of its own: only then does numba leave out the branch that None closes.
    """
    Q = queries.codes.shape[1]
    rows, weights = np.empty(Q, np.int64), np.empty(Q)
    for b in range(len(queries.codes)):
        for q in range(Q):
            place = _find(queries.codes[b, q], lists.codes)
            rows[q] = -1 if place < 0 else lists.order[place]
            if place < 0:
                answers.missing[b] += 1
            else:
                weights[q] = queries.weights[b, q] * np.float64(lists.scales[rows[q]])
        add_lists(y, lists, numbers, rows, weights)
        for c in queries.forbidden[queries.ends[b] : queries.ends[b + 1]]:
            y[c] = 0.0
        positions, sums = answers.positions[b], answers.sums[b]  # (k,) each
        count = _take_best(y, lists, rows, positions, sums)
        _sort(positions, sums, count)
        positions[count:] = -1
        sums[count:] = 0.0


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
def add_lists(y, lists, numbers, rows, weights):
    """Add weight * value to y[item] for every entry of the lists in these rows."""
    items, values = lists.items, lists.values
    for q in range(len(rows)):
        if rows[q] < 0:
            continue
        start, end, weight = lists.offsets[rows[q]], lists.offsets[rows[q] + 1], weights[q]
        if numbers is None:
            for e in range(start, end):
                y[items[e]] += weight * values[e]
        else:
            for e in range(start, end):
                y[items[e]] += weight * numbers[values[e]]


@compiled
@no_type_check
def _take_best(y, lists, rows, positions, sums):
    """Fill a heap with the best sums, the worst at its root; set y to 0; return their number."""
    k, count, least = len(sums), 0, 0.0  # a sum below `least`, or of 0, does not count
    for q in range(len(rows)):
        if rows[q] < 0:
            continue
        for e in range(lists.offsets[rows[q]], lists.offsets[rows[q] + 1]):
            item = lists.items[e]
            value = y[item]
            y[item] = 0.0  # a second list with this item now reads 0
            if value < least or value <= 0.0:
                continue
            if count < k:
                _lift(positions, sums, count, item, value)
                count += 1
            elif value > sums[0] or item < positions[0]:
                _sink(positions, sums, k, item, value)
            if count == k:
                least = sums[0]
    return count


@compiled
@no_type_check
def _lift(positions, sums, place, item, value):
    """Put a pair at the end of the heap and let it rise past better ones."""
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
    """Put a pair at the root of the heap and let it sink below worse ones."""
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
def _sort(positions, sums, count):
    """Sort the heap, largest sum first, equal ones by position: take the worst off repeatedly."""
    for last in range(count - 1, 0, -1):
        value, item = sums[last], positions[last]
        sums[last], positions[last] = sums[0], positions[0]
        _sink(positions, sums, last, item, value)
