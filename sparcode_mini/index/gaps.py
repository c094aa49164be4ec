"""Positions of lists as gaps: about one byte an entry where lists are dense.

Within a list the items are put in order, and of each only the distance to the one before it is
stored, seven bits to a byte; the highest bit says that more follow (LEB128). Posting lists of
search engines are stored so. The order by value is lost, and made again by sorting.
"""

import numpy as np
from jaxtyping import Int, UInt8

from sparcode_mini.index.lists import Lists

BITS = 7  # of a number in each byte
MORE = 1 << BITS


def in_order_of_items(lists: Lists) -> Int[np.ndarray, " entries"]:
    """Return where each entry stands once its list is in the order of items."""
    return np.lexsort((lists.items, lists.rows()))


def packed(lists: Lists) -> UInt8[np.ndarray, " bytes"]:
    """Return the positions of all lists as gaps."""
    items = lists.items[in_order_of_items(lists)].astype(np.int64)
    gaps = np.diff(items, prepend=0)
    starts = lists.offsets[:-1][np.diff(lists.offsets) > 0]
    gaps[starts] = items[starts]  # the first of a list is counted from 0
    sizes = np.maximum(-(-_bit_lengths(gaps) // BITS), 1)  # bytes of each
    ends = np.cumsum(sizes)
    data = np.zeros(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    for byte in range(int(sizes.max(initial=0))):
        has = sizes > byte
        value = (gaps[has] >> (BITS * byte)) & (MORE - 1)
        more = np.where(sizes[has] > byte + 1, MORE, 0)
        data[(ends - sizes)[has] + byte] = value | more
    return data


def unpacked(
    data: UInt8[np.ndarray, " bytes"], lengths: Int[np.ndarray, " C"]
) -> Int[np.ndarray, " entries"]:
    """Return the positions that `packed` was given, list by list in the order of items.

    Args:
        data: the gaps.
        lengths: entries of each list.
    """
    last = data < MORE  # the last byte of a number
    number = np.concatenate([[0], np.cumsum(last)[:-1]]) if len(data) else np.zeros(0, np.int64)
    firsts = np.flatnonzero(np.diff(number, prepend=-1))
    place = np.arange(len(data)) - firsts[number]
    gaps = np.bincount(number, (data & (MORE - 1)) * 2.0 ** (BITS * place)).astype(np.int64)
    total = np.concatenate([[0], np.cumsum(gaps)])
    starts = np.cumsum(lengths) - lengths  # (C,)
    return total[1:] - np.repeat(total[starts], lengths)


def _bit_lengths(numbers: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Return how many bits each number has; 0 has none."""
    return np.frexp(numbers.astype(np.float64))[1]
