"""The parts of an index are checked once, when it is made: by hand, from a matrix or from a file.

Symbols: C lists, M codebooks of N codewords, I items.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from sparcode_mini.index.lists import Lists, as_int32
from sparcode_mini.tools.checks import (
    MOST,
    POSITIONS,
    count,
    finite,
    floats,
    integers,
    whole_numbers,
)

STAMPS = 2**20  # (list, item) pairs that are looked at together: 4 MB stay in the caches
MOST_STAMPS = 2**24  # for short lists, so that a look is worth its start
SHORT = 2**14  # entries


class Parts(NamedTuple):
    """What an index is made of, in the types in which it is stored."""

    codes: Int[np.ndarray, "C M"]  # int32
    lists: Lists
    n_items: int
    codebooks: Float[np.ndarray, "M N d"] | None
    scales: Float[np.ndarray, " C"] | None


def checked(parts: Mapping[str, Any], n_items: Any) -> Parts:
    """Return the parts of an index in the types in which it is stored.

    Args:
        parts: "codes" (C, M), all different; "offsets" (C + 1,); "items" and "values" (entries,);
            perhaps "codebooks" (M, N, d), with all codewords of the codes; perhaps "scales" (C,)
            of 8-bit values, which then stay as they are. Other values become floats.
        n_items: I; items must lie in 0 .. I - 1.

    Raises:
        ValueError: names what is wrong: a shape or type, a number outside its range, a list out of
            order, or an item twice in it.
    """
    n_items = count(n_items, "n_items", 1, MOST)
    codes = as_int32(parts["codes"])
    offsets = integers(parts["offsets"], "offsets", 0, 2**63 - 1)
    items = whole_numbers(parts["items"], "items", 0, n_items - 1, POSITIONS)
    scales, codebooks = parts.get("scales"), parts.get("codebooks")
    scales = None if scales is None else finite(scales, "scales")
    codebooks = None if codebooks is None else finite(codebooks, "codebooks")
    values = (
        np.asarray(parts["values"]) if scales is not None else floats(parts["values"], "values")
    )
    kept = {"codes": codes, "offsets": offsets, "items": items, "values": values}
    check_shapes({**kept, "codebooks": codebooks, "scales": scales})
    _check_values(values, scales)
    lists = Lists(offsets, np.ascontiguousarray(items, np.int32), np.ascontiguousarray(values))
    _check_offsets(lists)
    _check_order(lists)
    _check_distinct(lists, n_items)
    if codebooks is not None and codes.max(initial=0) >= codebooks.shape[1]:
        raise ValueError(f"codes span 0..{codes.max()}, but N = {codebooks.shape[1]}")
    return Parts(codes, lists, n_items, codebooks, scales)


def check_shapes(parts: Mapping[str, Any]) -> None:
    """Refuse arrays (or tensors without data) whose shapes don't belong together.

    Raises:
        ValueError: names the shapes.
    """
    shapes = {name: tuple(part.shape) for name, part in parts.items() if part is not None}
    codes, offsets = shapes["codes"], shapes["offsets"]
    if len(codes) != 2 or min(codes) < 1 or offsets != (codes[0] + 1,):
        raise ValueError(
            f"codes have shape {codes} and offsets {offsets}; they must be (C, M) and (C + 1,), "
            "with at least one list"
        )
    items, values = shapes["items"], shapes["values"]
    if len(items) != 1 or items != values:
        raise ValueError(f"items have shape {items} and values {values}; both must be (entries,)")
    if shapes.get("scales", codes[:1]) != codes[:1]:
        raise ValueError(f"scales have shape {shapes['scales']}; give one per list")
    books = shapes.get("codebooks")
    if books is not None and (len(books) != 3 or books[0] != codes[1]):
        raise ValueError(f"codebooks have shape {books}; they must be (M, N, d), M = {codes[1]}")


def _check_values(values: np.ndarray, scales: np.ndarray | None) -> None:
    if scales is not None and (values.dtype != np.uint8 or not (scales > 0).all()):
        raise ValueError(
            f"scales must be > 0 and belong to values of type uint8; here the smallest is "
            f"{scales.min(initial=np.inf)}, and the values are {values.dtype}"
        )
    good = np.isfinite(values) & (values > 0)
    if not good.all():
        place = int(good.argmin())
        raise ValueError(
            f"values[{place}] is {values[place]}; every value must be a finite number > 0"
        )


def _check_offsets(lists: Lists) -> None:
    offsets = lists.offsets
    if offsets[0] != 0 or (np.diff(offsets) < 0).any():
        raise ValueError("offsets must start at 0 and never fall")
    if offsets[-1] != len(lists.items):
        raise ValueError(f"offsets end at {offsets[-1]}, but there are {len(lists.items)} entries")


def _check_order(lists: Lists) -> None:
    """Refuse a list in which an entry stands before a larger one: `cut` would keep the smaller."""
    values, items = lists.values, lists.items
    wrong = values[1:] > values[:-1]  # (entries - 1,)
    starts = lists.offsets[1:-1]
    wrong[starts[(starts > 0) & (starts < len(items))] - 1] = False  # from one list to the next
    if wrong.any():
        place = int(wrong.argmax()) + 1
        row = int(np.searchsorted(lists.offsets, place, side="right")) - 1
        raise ValueError(
            f"list {row} is out of order at item {items[place]}: the largest value must come "
            "first; from_scores and from_csr sort for you"
        )


def _check_distinct(lists: Lists, n_items: int) -> None:
    """Refuse an item twice in a list, in a time that grows with the entries.

    Each entry writes its number at the place of its (list, item) pair. Of two entries of one pair
    only one then finds its own number there. The places are never cleared: what is read was
    written just before.
    """
    offsets, items = lists.offsets, lists.items
    if n_items > MOST_STAMPS:  # then few of them are in a list: number those
        items = np.unique(items, return_inverse=True)[1]
        n_items = int(items.max(initial=0)) + 1
    C = len(offsets) - 1
    short = SHORT * C // max(len(items), 1)  # so many lists have 16,384 entries
    at_once = max(1, min(max(STAMPS // n_items, short), MOST_STAMPS // n_items))  # lists
    stamps = np.empty(min(at_once, C) * n_items, dtype=np.int32)
    for first in range(0, C, at_once):
        ends = offsets[first : first + at_once + 1]
        part = items[ends[0] : ends[-1]]  # (n,)
        rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))  # (n,)
        pairs, numbers = rows * n_items + part, np.arange(len(part), dtype=np.int32)
        stamps[pairs] = numbers
        twice = stamps[pairs] != numbers
        if twice.any():
            place = int(twice.argmax())
            row = first + int(rows[place])
            raise ValueError(f"list {row} holds item {lists.items[ends[0] + place]} twice")


def require_floats(scales: np.ndarray | None, action: str) -> None:
    """Refuse 8-bit values: the scale of a list would not fit its changed values.

    Raises:
        ValueError: there are scales.
    """
    if scales is not None:
        raise ValueError(
            f"this index holds 8-bit values, each list with its own scale; {action} the index "
            "with float values, then call quantised again"
        )
