"""Compare two models person by person: is the difference more than chance?

Some people are easy to serve and some are hard, for any model. Two means over the same people
therefore rise and fall together, and their difference is known far better than either mean.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import rank
from sparcode_mini.evaluation.metrics import ndcg_of_each
from sparcode_mini.tools.checks import count, floats

if TYPE_CHECKING:
    from sparcode_mini.index.sparse_index import SparseIndex

DRAWS = 10_000
DRAWS_AT_ONCE = 200  # all draws at once would be a table (DRAWS, n): gigabytes for many people
LEVEL = 0.95


def per_user(
    model: Any,
    split: Split,
    on: str = "test",
    k: int = 50,
    probes: int | None = None,
    index: "SparseIndex | None" = None,
) -> Float[np.ndarray, " n_users"]:
    """Return NDCG@k of every user with an item in part `on`, in the order of `split.user_ids`.

    The mean is "ndcg@k" of `evaluate`; arguments and errors are the same.
    """
    k = count(k, "k")
    ranked, relevant = rank(model, split, on, k, probes, index)
    return ndcg_of_each(ranked, relevant, k)


def compare(
    a: Float[np.ndarray, "*of_a n_a"], b: Float[np.ndarray, "*of_b n_b"], seed: int = 0
) -> dict[str, float]:
    """Compare model a with model b over the same people.

    If several seeds were trained, each person counts with the mean over the seeds. So the interval
    and p hold for other people like these, not for other seeds.

        interval  percentile bootstrap: draw n people of the n, with replacement, 10,000 times
        p         sign-flip randomisation, two-sided: if chance alone decided which model serves a
                  person better, how often would the mean differ at least as much?

    Args:
        a: per-user values, (n_users,) or (seeds, n_users).
        b: the same of the other model; the number of seeds may differ.
        seed: of both draws.

    Returns:
        "difference" (mean of a - mean of b), "low", "high" (95%), "p" (at least 1 / 10,001).

    Raises:
        ValueError: values that don't fit, are missing (NaN), or of fewer than two people.
    """
    left, right = _per_person(a, "a"), _per_person(b, "b")
    if left.shape != right.shape:
        raise ValueError(
            f"a has {len(left)} people, b has {len(right)}; compare values of the same people, in "
            "the same order"
        )
    d = left - right  # (n,)
    rng = np.random.default_rng(seed)
    resampled, flipped = _resampled(d, rng), _flipped(d, rng)  # (DRAWS,) each, in this order
    edges = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    # A little tolerance: the same sum in another order must count as "at least as much".
    extreme = np.count_nonzero(flipped >= np.abs(d.mean()) * (1 - 1e-9))
    return {
        "difference": float(d.mean()),
        "low": float(edges[0]),
        "high": float(edges[1]),
        "p": float((1 + extreme) / (1 + DRAWS)),
    }


def _resampled(d: Float[np.ndarray, " n"], rng: np.random.Generator) -> Float[np.ndarray, " draws"]:
    """Draw n people with replacement, many times, and return the means of their d."""
    n, means = len(d), []
    for _ in range(DRAWS // DRAWS_AT_ONCE):
        times = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS_AT_ONCE)  # count of each person
        means.append(times @ d / n)
    return np.concatenate(means)


def _flipped(d: Float[np.ndarray, " n"], rng: np.random.Generator) -> Float[np.ndarray, " draws"]:
    """Draw a random sign for each d, many times, and return the absolute means."""
    n, sizes = len(d), []
    for _ in range(DRAWS // DRAWS_AT_ONCE):
        # A call takes its bytes from words of 4, so a block must be a multiple of that.
        signs = rng.integers(2, size=(DRAWS_AT_ONCE, n), dtype=np.int8) * 2 - 1
        sizes.append(np.abs(signs @ d) / n)
    return np.concatenate(sizes)


def holm(p: Sequence[float]) -> list[float]:
    """Adjust p values of comparisons that are read together (Holm 1979).

    The smallest of m is multiplied by m, the next by m - 1, and so on; none falls below the one
    before it. If no difference is real, the probability that any adjusted p is below 0.05 is at
    most 0.05.

    Raises:
        ValueError: a p outside 0..1.
    """
    values = floats(p, "p").astype(np.float64)
    if values.ndim != 1:
        raise ValueError(f"p has shape {values.shape}; give one p value for each comparison")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"p holds {list(p)}; every p lies between 0 and 1")
    order = np.argsort(values, kind="stable")
    times = np.arange(len(values), 0, -1)  # (m,)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * times), 1.0)
    return adjusted.tolist()


def _per_person(values: np.ndarray, name: str) -> np.ndarray:
    """Return one value per person, (n_users,): the mean over seeds."""
    table = np.atleast_2d(floats(values, name).astype(np.float64))  # (seeds, n_users)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        raise ValueError(
            f"{name} has shape {np.shape(values)}; give (n_users,) or (seeds, n_users) with at "
            "least two people"
        )
    if not np.isfinite(table).all():
        raise ValueError(f"{name} holds a value that is no finite number; leave such people out")
    return table.mean(axis=0)
