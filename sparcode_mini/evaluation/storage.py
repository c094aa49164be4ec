"""Bytes that each way of serving keeps: computed, not measured, up to a billion users."""

from typing import Any

from sparcode_mini.tools.checks import count, number

NUMBER_BYTES = 2  # fp16
MOST = 10**18  # of anything that is counted
ENTRY_BYTES = 6  # int32 position + fp16 score


def storage_bytes(
    users: int,
    items: int,
    *,
    width: int = 64,
    codes: int = 128,
    density: float = 0.1,
    cap: int | None = None,
) -> dict[str, int]:
    """Return the bytes of the item side of three ways to serve, at the same precision.

    Args:
        users: number of queries; a full table has a row for each.
        items: I.
        width: D of the two-tower; one more number an item is its bias.
        codes: lists, at most N^M.
        density: share of the (code, item) pairs with a positive score.
        cap: longest list that is kept (best-n, an approximation); None keeps every positive entry.

    Returns:
        {"matrix": 2 (D + 1) I, "table": 2 users I, "lists": 6 codes min(density I, cap)}.

    Raises:
        ValueError: a count below 1, or a density outside 0..1.
    """
    users, items = count(users, "users", 1, MOST), count(items, "items", 1, MOST)
    width, codes = count(width, "width", 1, MOST), count(codes, "codes", 1, MOST)
    cap = None if cap is None else count(cap, "cap", 1, MOST)
    if not 0 <= number(density, "density") <= 1:
        raise ValueError(f"density is {density}; it is a share, 0 to 1")
    length = round(float(density) * items)
    return {
        "matrix": NUMBER_BYTES * (width + 1) * items,
        "table": NUMBER_BYTES * users * items,
        "lists": ENTRY_BYTES * codes * (length if cap is None else min(length, cap)),
    }


def break_even_density(width: int, codes: int) -> float:
    """Return the density at which uncapped lists are as large as the matrix of a two-tower."""
    return NUMBER_BYTES * (width + 1) / (ENTRY_BYTES * codes)


def show_bytes(size: float) -> str:
    """Write a number of bytes with three digits: 437 kB, 1.2 GB, 200 PB."""
    size = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB", "PB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} EB"


def show_count(things: float) -> str:
    """Write a number of things in words: 943, 100 thousand, 10 million."""
    for size, name in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if things >= size:
            return f"{things / size:g} {name}"
    return f"{things:g}"


def compare(sizes: dict[str, int]) -> dict[str, Any]:
    """Return the sizes, the same in words, and the ratio of matrix to lists."""
    ratio = sizes["matrix"] / sizes["lists"] if sizes["lists"] else None
    return {**sizes, "words": {k: show_bytes(v) for k, v in sizes.items()}, "ratio": ratio}
