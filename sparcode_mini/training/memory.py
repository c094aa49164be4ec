"""Memory pages that are kept between the steps of a training.

A step asks for the same arrays of 10 to 30 MB as the step before it. When they are freed, glibc
hands them back to the system, and the system fills every page with zeros anew: measured, a tenth
of a two-tower's step and a fifth of SparCode's.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # the names that glibc's malloc.h gives these numbers
LARGEST_MMAP_THRESHOLD = 32 * 2**20  # bytes; glibc refuses more, and its own rule ends here too
USUAL_TRIM_THRESHOLD = 2 * LARGEST_MMAP_THRESHOLD
NEVER_TRIM = 2**31 - 1


@contextmanager
def pages_kept() -> Iterator[bool]:
    """Keep freed memory for the next array inside the block; give it back to the system after it.

    Afterwards arrays of up to 32 MiB still come from the heap, where glibc's own rule would soon
    put them too; it gives back what lies free at the heap's end beyond 64 MiB, as by that rule.

    Yields:
        Whether the C library knows how (glibc, so Linux); elsewhere nothing changes.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "malloc_trim"):
        yield False
        return
    kept = bool(
        libc.mallopt(MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)
        and libc.mallopt(TRIM_THRESHOLD, NEVER_TRIM)
    )
    try:
        yield kept
    finally:
        libc.mallopt(TRIM_THRESHOLD, USUAL_TRIM_THRESHOLD)
        libc.malloc_trim(0)
