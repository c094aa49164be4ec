"""Lists in compressed rows, and the changes that need no model.

List r is entries offsets[r] .. offsets[r + 1]; inside a list the largest value comes first, equal
values in the order of their items. Every function returns new lists in that order and leaves the
old ones alone.

Symbols: C lists, I items.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from sparcode_mini.tools.checks import MOST, count, finite, floats, number, whole_numbers

PRECISIONS = ("float32", "float16", "int8")
LEVELS = 255  # of an 8-bit value; it has no sign, since every value of a list is > 0


class Lists(NamedTuple):
    """C lists, one after the other in three arrays."""

    offsets: Int[np.ndarray, " C_1"]
    items: Int[np.ndarray, " entries"]
    values: np.ndarray  # (entries,), > 0

    def rows(self) -> Int[np.ndarray, " entries"]:
        """Return the list that each entry is in."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def ranks(self) -> Int[np.ndarray, " entries"]:
        """Return the place of each entry in its list, from 0."""
        return np.arange(len(self.items)) - self.offsets[:-1][self.rows()]

    def kept(self, keep: Bool[np.ndarray, " entries"]) -> "Lists":
        """Return the lists without the entries for which `keep` is False."""
        counts = np.bincount(self.rows()[keep], minlength=len(self.offsets) - 1)
        return Lists(_ends(counts), self.items[keep], self.values[keep])

    def with_values(self, values: np.ndarray) -> "Lists":
        """Return the lists with other values; those that are not > 0 are dropped.

        Args:
            values: (entries,) floats, in the present order.
        """
        order = np.lexsort((self.items, -values.astype(np.float64), self.rows()))
        sorted_again = Lists(self.offsets, self.items[order], values[order])
        return sorted_again.kept(sorted_again.values > 0)


def as_int32(codes: Any) -> Int[np.ndarray, "..."]:
    """Return codes as contiguous int32, for keys.

    Raises:
        ValueError: another type than integers, a number below 0, or 2^31 or more, which would
            silently become another code.
    """
    return np.ascontiguousarray(whole_numbers(codes, "codes"), dtype=np.int32)


def sizes(lists: Lists, n_items: int) -> dict[str, float]:
    """Count lists, entries and bytes of entries; see `SparseIndex.stats`."""
    lengths = np.diff(lists.offsets)  # (C,)
    n_lists, entries = len(lengths), len(lists.items)
    return {
        "lists": n_lists,
        "entries": entries,
        "density": entries / max(n_lists * n_items, 1),
        "longest": int(lengths.max(initial=0)),
        "empty": int((lengths == 0).sum()),
        "entry_bytes": entries * (4 + lists.values.itemsize),
        "entry_bytes_fp16": entries * 6,
    }


# --- made from scores ---------------------------------------------------------------------------


def from_rows(rows: Iterable[Any], n_items: int) -> Lists:
    """Make a list of the positive entries of each row of scores A (C, I).

    Raises:
        ValueError: a row that does not have I finite numbers.
    """
    lengths, items, values = [], [np.zeros(0, np.int32)], []
    for place, scores in enumerate(rows):
        row = finite(scores, f"scores[{place}]")
        if row.shape != (n_items,):
            raise ValueError(
                f"scores[{place}] has shape {row.shape}; give one number for each of the "
                f"{n_items} items"
            )
        order = largest_first(row)
        lengths.append(len(order))
        items.append(order.astype(np.int32))
        values.append(row[order])
    together = np.concatenate(values) if values else np.zeros(0)
    return Lists(_ends(np.array(lengths, np.int64)), np.concatenate(items), together)


def largest_first(row: Float[np.ndarray, " I"]) -> Int[np.ndarray, " n"]:
    """Return the positions at which a row is positive: largest first, equal ones by position."""
    positive = np.flatnonzero(row > 0)
    return positive[np.argsort(-row[positive], kind="stable")]


def from_csr(matrix: Any) -> Lists:
    """Make a list of each row of a scipy.sparse matrix; stored zeros are dropped.

    Raises:
        ValueError: another kind of matrix, indices outside it, or entries that are no real numbers.
    """
    if not hasattr(matrix, "tocsr") or len(getattr(matrix, "shape", ())) != 2:
        raise ValueError(f"matrix is a {type(matrix).__name__}; give a scipy.sparse matrix (C, I)")
    if matrix.shape[1] > MOST:
        raise ValueError(f"matrix has {matrix.shape[1]} columns; an index has at most {MOST} items")
    # As floats before entries that stand for one place are added: 8 bits would overflow.
    real = floats(np.zeros(1, matrix.dtype), "matrix").dtype
    matrix = matrix.astype(real, copy=False).tocsr(copy=True)
    matrix.check_format()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))  # (entries,)
    order = np.lexsort((matrix.indices, -matrix.data, rows))  # by list, then largest first
    offsets, items = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
    return Lists(offsets, items[order], matrix.data[order])


def _ends(lengths: np.ndarray) -> Int[np.ndarray, " C_1"]:
    """Return the offsets of lists of these lengths."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def joined(parts: Iterable[Lists]) -> Lists:
    """Return the lists of all parts, one part after the other."""
    parts = list(parts)
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    items = np.concatenate([part.items for part in parts])
    return Lists(_ends(lengths), items, np.concatenate([part.values for part in parts]))


# --- shorter lists ------------------------------------------------------------------------------


def cut(
    lists: Lists,
    best: int | None = None,
    threshold: float = 0.0,
    bias: float = 0.0,
) -> Lists:
    """Keep the n best entries of each list, those >= threshold, or those that a lower b leaves.

    Args:
        lists: they stay as they are.
        best: n; None keeps all.
        threshold: smallest value that is kept, compared after `bias`.
        bias: <= 0, added to every value first; an entry that falls to 0 or below is dropped. The
            result is the lists of the same model with b + bias instead of b.

    Raises:
        ValueError: best < 1, threshold < 0, bias > 0, or one of another type.
    """
    best = None if best is None else count(best, "best")
    threshold, bias = number(threshold, "threshold"), number(bias, "bias")
    if not threshold >= 0:
        raise ValueError(f"threshold = {threshold}; entries are > 0, so give 0 (keep all) or more")
    if not bias <= 0:
        raise ValueError(
            f"bias = {bias}; entries that the ReLU cut are gone, so a list can only lose by a "
            "shift: give 0 or less, or set model.bias and build again"
        )
    with np.errstate(over="ignore"):  # beyond the range of float16 is below or above all values
        if bias:
            lists = lists.with_values(lists.values + lists.values.dtype.type(bias))
        keep = lists.values >= threshold
    if best is not None:
        keep &= lists.ranks() < best
    return lists.kept(keep)


def rounded(lists: Lists, precision: str) -> tuple[Lists, Float[np.ndarray, " C"] | None]:
    """Return the lists with values in fewer bytes; an entry that rounds to 0 is dropped.

    Args:
        lists: with float values.
        precision: "float32", "float16", or "int8": a byte q in 1..255 stands for q * scale; each
            list has one scale, its largest value / 255.

    Returns:
        The lists, and the scales (C,) float32 (None for floats).

    Raises:
        ValueError: an unknown precision, or a value too large for it.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision = {precision!r}; choose one of {PRECISIONS}")
    if precision == "int8":
        return _in_8_bits(lists)
    largest = float(np.finfo(precision).max)
    if len(lists.values) and lists.values.max() > largest:
        raise ValueError(
            f"the largest value, {lists.values.max():.4g}, is over {largest:.4g}, the largest "
            f'{precision}; use "float32" or "int8"'
        )
    return lists.with_values(lists.values.astype(precision)), None


def _in_8_bits(lists: Lists) -> tuple[Lists, Float[np.ndarray, " C"]]:
    """Return the lists with values 1..255, and the scales."""
    values = lists.values.astype(np.float64)
    longest = np.maximum.reduceat(
        np.append(values, 0), np.minimum(lists.offsets[:-1], len(values))
    )  # (C,); an empty list gets a number too, which nothing reads
    steps = np.where(np.diff(lists.offsets) > 0, longest / LEVELS, 1.0)  # (C,)
    limits = np.finfo(np.float32)
    # Below `tiny` a float32 has fewer digits, and a level could pass 255 and start again at 0.
    if not ((steps >= limits.tiny) & (steps <= limits.max)).all():
        raise ValueError(
            f"the largest values of lists span {steps.min() * LEVELS:.4g} to "
            f"{steps.max() * LEVELS:.4g}, more than the scales of 8-bit values (float32) can hold; "
            "multiply all values by one number first"
        )
    scales = steps.astype(np.float32)
    levels = np.rint(lists.values / scales[lists.rows()]).astype(np.uint8)
    return lists.with_values(levels), scales


# --- items that come and go -----------------------------------------------------------------------


def insert(lists: Lists, item: int, scores: Any) -> Lists:
    """Put an item into every list for which its score is > 0, at its place in the order.

    Args:
        lists: none of them may hold the item yet.
        item: its position.
        scores: (C,), one for each list, rounded to the type of the values.

    Raises:
        ValueError: scores of another length, not finite or too large for the type of the values, or
            an item that is there already.
    """
    scores = finite(scores, "scores")
    if scores.shape != (len(lists.offsets) - 1,):
        raise ValueError(
            f"scores have shape {scores.shape}; give one finite number for each of the "
            f"{len(lists.offsets) - 1} lists, in the order of index.codes"
        )
    with np.errstate(over="ignore"):
        scores = finite(scores.astype(lists.values.dtype), f"scores as {lists.values.dtype}")
    if (lists.items == item).any():
        raise ValueError(f"item {item} has entries already; withdraw it first")
    rows, places = np.flatnonzero(scores > 0), []  # (n,)
    for row in rows:
        start, end = lists.offsets[row], lists.offsets[row + 1]
        values, items = lists.values[start:end], lists.items[start:end]
        before = (values > scores[row]) | ((values == scores[row]) & (items < item))
        places.append(start + int(before.sum()))  # the better entries come first
    gained = np.concatenate([[0], np.cumsum(scores > 0)])  # (C + 1,)
    return Lists(
        lists.offsets + gained,
        np.insert(lists.items, places, item),
        np.insert(lists.values, places, scores[rows]),
    )


def remove(lists: Lists, item: int) -> Lists:
    """Return the lists without an item."""
    return lists.kept(lists.items != item)
