"""Posting lists in compressed rows, and what can be done to them without the model.

List r is entries offsets[r] .. offsets[r + 1]; inside a list the largest value comes first, equal
values in the order of their items. Every function returns new lists in that order and leaves the
old ones alone.

Symbols: C lists, I items.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

PRECISIONS = ("float32", "float16", "int8")
LEVELS = 255  # of an 8-bit value; it has no sign, since every value of a list is > 0


class Lists(NamedTuple):
    """C posting lists."""

    offsets: Int[np.ndarray, " C_1"]
    items: Int[np.ndarray, " entries"]
    values: np.ndarray  # (entries,), > 0

    def rows(self) -> Int[np.ndarray, " entries"]:
        """Which list each entry stands in."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def ranks(self) -> Int[np.ndarray, " entries"]:
        """Place of each entry in its list, from 0."""
        return np.arange(len(self.items)) - self.offsets[:-1][self.rows()]

    def kept(self, keep: np.ndarray) -> "Lists":
        """Only the entries for which `keep` (entries,) is True."""
        counts = np.bincount(self.rows()[keep], minlength=len(self.offsets) - 1)
        return Lists(_ends(counts), self.items[keep], self.values[keep])

    def with_values(self, values: np.ndarray) -> "Lists":
        """Other values for the same entries; those that are not > 0 are dropped.

        Args:
            values: (entries,), in the present order.
        """
        order = np.lexsort((self.items, -values.astype(np.float64), self.rows()))
        sorted_again = Lists(self.offsets, self.items[order], values[order])
        return sorted_again.kept(sorted_again.values > 0)


def from_rows(rows: Iterable[Float[np.ndarray, " I"]]) -> Lists:
    """Make a list of the positive entries of each row of scores A (C, I)."""
    lengths, items, values = [], [], []
    for row in rows:
        order = largest_first(row)
        lengths.append(len(order))
        items.append(order.astype(np.int32))
        values.append(row[order])
    return Lists(_ends(np.array(lengths)), np.concatenate(items), np.concatenate(values))


def largest_first(row: Float[np.ndarray, " I"]) -> Int[np.ndarray, " n"]:
    """Positions of the positive entries of a row, largest first, equal ones by position."""
    positive = np.flatnonzero(row > 0)
    return positive[np.argsort(-row[positive], kind="stable")]


def _ends(lengths: np.ndarray) -> Int[np.ndarray, " C_1"]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def joined(parts: Iterable[Lists]) -> Lists:
    """The lists of all parts, one part after the other."""
    parts = list(parts)
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    items = np.concatenate([part.items for part in parts])
    return Lists(_ends(lengths), items, np.concatenate([part.values for part in parts]))


# --- shorter lists ------------------------------------------------------------------------------


def cut(
    lists: Lists,
    best: int | None = None,
    threshold: int | float = 0.0,
    bias: int | float = 0.0,
) -> Lists:
    """Keep the n best entries of each list, those >= threshold, or those that a lower b leaves.

    Args:
        lists: what is cut.
        best: n; None keeps all.
        threshold: smallest value that is kept, compared after `bias`.
        bias: <= 0, added to every value first; what falls to 0 or below is dropped. So the lists
            become those of the same model with so much added to its b.

    Raises:
        ValueError: best < 1, threshold < 0, bias > 0.
    """
    check_best(best)
    if not threshold >= 0:
        raise ValueError(f"threshold = {threshold}; entries are > 0, so give 0 (keep all) or more")
    if not bias <= 0:
        raise ValueError(
            f"bias = {bias}; entries that the ReLU cut are gone, so a list can only lose by a "
            "shift: give 0 or less, or set model.bias and build again"
        )
    if bias:
        lists = lists.with_values(lists.values + lists.values.dtype.type(bias))
    keep = lists.values >= threshold
    if best is not None:
        keep &= lists.ranks() < best
    return lists.kept(keep)


def check_best(best: int | None) -> None:
    """Refuse a number of entries per list below 1."""
    if best is not None and best < 1:
        raise ValueError(f"best = {best}; keep at least 1 entry per list, or None for all")


def quantise(lists: Lists, precision: str) -> tuple[Lists, Float[np.ndarray, " C"] | None]:
    """Store the values in fewer bytes; an entry that rounds to 0 is dropped.

    Args:
        lists: with float values.
        precision: "float32", "float16", or "int8": a byte q in 1..255 for the value q * scale,
            one scale per list, its largest value / 255.

    Returns:
        The lists, and the scales (C,) float32 (None for floats).

    Raises:
        ValueError: an unknown precision, or a value too large for it.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision = {precision!r}; choose one of {PRECISIONS}")
    if precision == "int8":
        longest = np.maximum.reduceat(
            np.append(lists.values, 0), np.minimum(lists.offsets[:-1], len(lists.values))
        )  # (C,); an empty list gets a number too, which nothing reads
        scales = np.where(np.diff(lists.offsets) > 0, longest / LEVELS, 1.0).astype(np.float32)
        levels = np.rint(lists.values / scales[lists.rows()]).astype(np.uint8)
        return lists.with_values(levels), scales
    largest = float(np.finfo(precision).max)
    if len(lists.values) and lists.values.max() > largest:
        raise ValueError(
            f"the largest value, {lists.values.max():.4g}, is over {largest:.4g}, the largest "
            f'{precision}; use "float32" or "int8"'
        )
    return lists.with_values(lists.values.astype(precision)), None


# --- items that come and go -----------------------------------------------------------------------


def insert(lists: Lists, item: int, scores: Float[np.ndarray, " C"]) -> Lists:
    """Put an item into every list for which its score is > 0, at its place in the order."""
    rows, places = np.flatnonzero(scores > 0), []
    for row in rows:
        start, end = lists.offsets[row], lists.offsets[row + 1]
        values, items = lists.values[start:end], lists.items[start:end]
        before = (values > scores[row]) | ((values == scores[row]) & (items < item))
        places.append(start + int(before.sum()))  # what stands before it is the head of the list
    gained = np.concatenate([[0], np.cumsum(scores > 0)])
    return Lists(
        lists.offsets + gained,
        np.insert(lists.items, places, item),
        np.insert(lists.values, places, scores[rows].astype(lists.values.dtype)),
    )


def remove(lists: Lists, item: int) -> Lists:
    """Take an item out of every list."""
    return lists.kept(lists.items != item)
