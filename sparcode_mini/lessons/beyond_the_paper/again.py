"""Training again what is stored: the study `shorter_lists`, and one step by hand."""

from typing import Any

import numpy as np
from jaxtyping import Float

FORM: dict[str, Any] = {"way": "best-n", "precision": "float16"}


def gains(stored: dict[str, Any], probes: int) -> dict[float, Float[np.ndarray, " seeds"]]:
    """Return share of the entries -> points of NDCG@50 that training again adds, one per seed.

    Args:
        stored: the result of the study.
        probes: lists read for a token in the test. All were trained for four.
    """
    each_share = {}
    for share in stored["config"]["shares"]:
        wanted = {**FORM, "share": share, "probes": probes}
        rows = [row for row in stored["rows"] if wanted.items() <= row.items()]
        each = {row["tuned"]: np.array(row["each"]) for row in rows}
        each_share[share] = 100 * (each[True] - each[False])
    return each_share


def show(stored: dict[str, Any]) -> str:
    """Describe the gains, a line for each share and number of probes."""
    lines = ["points of NDCG@50 that training again adds (lists trained for 4 probes)"]
    for probes in (4, 1):
        for share, each in gains(stored, probes).items():
            read = f"read with {probes} probe{'s' if probes > 1 else ' '}"
            lines.append(
                f"{share:>4.0%} of the entries, {read}  {each.mean():+.2f}   up with "
                f"{(each > 0).sum()} of {len(each)} seeds"
            )
    return "\n".join(lines)


def step(
    A: Float[np.ndarray, "C I"], n_u: Float[np.ndarray, " C"], target: int, lr: float
) -> Float[np.ndarray, "C I"]:
    """Return lists after one step of plain gradient descent on the softmax loss of one query.

    Args:
        A: lists; an entry that is 0 is not stored.
        n_u: the weight with which each list is read.
        target: the item that came next.
        lr: learning rate.
    """
    y = n_u @ A  # (I,)
    p = np.exp(y - y.max())
    p /= p.sum()
    p[target] -= 1.0  # the slope of the loss in y
    moved = A - lr * np.outer(n_u, p)
    return np.where(A > 0, np.maximum(moved, 0.0), 0.0)
