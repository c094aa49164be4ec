"""Where a leak shows: the ranks of the answers, by how long ago the query read them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

PLACES = {"the last": (0, 1), "1 to 4 back": (1, 5), "5 to 19 back": (5, 20), "20 to 49": (20, 50)}


def ranks_of(
    y: Float[np.ndarray, " I"], seen: Int[np.ndarray, " s"], wanted: Int[np.ndarray, " w"]
) -> Float[np.ndarray, " w"]:
    """Return the ranks of items among all that were not seen: 1 is best, ties share their middle.

    Args:
        y: scores of all items.
        seen: positions that do not take part.
        wanted: positions whose ranks are asked, none of them in `seen`.
    """
    others = np.delete(y, seen)[:, None]  # (o, 1)
    better, equal = (others > y[wanted]).sum(axis=0), (others == y[wanted]).sum(axis=0)  # (w,)
    return 1 + better + (equal - 1) / 2


def ranks_by_place(
    y: Float[np.ndarray, "B I"], seen: Sequence[np.ndarray], later: Sequence[np.ndarray]
) -> dict[str, float]:
    """Return the median rank of the answers, by their place when a history ends with them.

    Args:
        y: scores of everybody.
        seen: item positions that do not take part, for each person.
        later: the answers, oldest first; the last one would be the newest of the history.

    Returns:
        A name of PLACES -> median over all people.
    """
    ranks = [ranks_of(*one) for one in zip(y, seen, later, strict=True)]
    back = np.concatenate([np.arange(len(films))[::-1] for films in later])  # 0 is the newest
    flat = np.concatenate(ranks)
    return {
        name: float(np.median(flat[(low <= back) & (back < high)]))
        for name, (low, high) in PLACES.items()
    }
