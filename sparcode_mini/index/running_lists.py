"""Posting lists that grow while the items pass by, a block at a time.

An index of the n best entries needs no more than those in memory: what is not among the best of
the items so far will never be. So a list has a floor, its n-th best value; an entry of a later
item counts only above it (at the same value the earlier item wins). Entries wait in one heap for
all lists, which is cut down when it has grown several times too large.

Symbols: C lists, I items, m items of a block.
"""

import numpy as np
from jaxtyping import Float, Int

from sparcode_mini.index.lists import Lists, check_best, joined

LEAST_WAITING = 2**20  # entries that may wait before anything is cut
TIMES_TOO_MANY = 4  # how far the heap may outgrow C x best


class RunningLists:
    """C lists of positive values, largest first, equal ones by position.

    Args:
        n_lists: C.
        best: keep the n largest entries of each list; None keeps all.

    Raises:
        ValueError: best < 1.
    """

    def __init__(self, n_lists: int, best: int | None = None) -> None:
        check_best(best)
        self.best = best
        self._floor = np.zeros(n_lists, dtype=np.float32)  # (C,), values at or below don't count
        self._small = np.min_scalar_type(max(n_lists - 1, 0))  # numbers of 16 bits sort in one go
        self._waiting: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._count = 0
        self._most = None if best is None else max(TIMES_TOO_MANY * n_lists * best, LEAST_WAITING)

    def add(self, positions: Int[np.ndarray, " m"], A: Float[np.ndarray, "C m"]) -> None:
        """Take the scores of the next items; their positions are larger than all before."""
        self._floor = self._floor.astype(A.dtype, copy=False)
        found = np.flatnonzero(self._floor[:, None] < A)
        rows, columns = np.divmod(found, len(positions))
        entries = rows.astype(self._small), positions[columns].astype(np.int32), A.ravel()[found]
        self._waiting.append(entries)
        self._count += len(found)
        if self._most is not None and self._count > self._most:
            self._cut()

    def _cut(self) -> None:
        """Keep the best so far, and raise the floor of the lists that are full."""
        assert self.best is not None
        lists = self.lists()
        full = np.diff(lists.offsets) == self.best
        self._floor[full] = lists.values[lists.offsets[1:][full] - 1]
        self._waiting = [(lists.rows().astype(self._small), lists.items, lists.values)]
        self._count = len(lists.items)

    def lists(self) -> Lists:
        """The lists of all items so far."""
        rows, items, values = map(np.concatenate, zip(*self._waiting, strict=True))
        # Stable sorts: inside a list equal values stay in the order in which they came.
        by_list = np.argsort(rows, kind="stable")
        ends = np.cumsum(np.bincount(rows, minlength=len(self._floor)))  # (C,)
        of_list = np.split(by_list, ends[:-1])  # C arrays of places in the heap
        kept = [p[np.argsort(-values[p], kind="stable")[: self.best]] for p in of_list]
        return joined(
            Lists(np.array([0, len(places)]), items[places], values[places]) for places in kept
        )
