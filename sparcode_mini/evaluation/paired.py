"""Are two models really different? The same people judge both.

Some people are easy to serve and some are hard, for any model. Two means over people therefore move
together, and their difference is known far better than either: so compare person by person.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import rank
from sparcode_mini.evaluation.metrics import ndcg_of_each

if TYPE_CHECKING:
    from sparcode_mini.index.sparse_index import SparseIndex

DRAWS = 10_000
DRAWS_AT_ONCE = 200  # all at once are (DRAWS, n) tables: gigabytes for thousands of people
LEVEL = 0.95


def per_user(
    model: Any,
    split: Split,
    on: str = "test",
    k: int = 50,
    probes: int | None = None,
    index: "SparseIndex | None" = None,
) -> Float[np.ndarray, " n_users"]:
    """NDCG@k of everybody with an item in part `on`, in the order of `split.user_ids`.

    Its mean is what `evaluate` calls "ndcg@k"; arguments and errors are the same.
    """
    if k < 1:
        raise ValueError(f"k = {k}; give a cut-off of at least 1")
    ranked, relevant = rank(model, split, on, k, probes, index)
    return ndcg_of_each(ranked, relevant, k)


def compare(
    a: Float[np.ndarray, "*of_a n_a"], b: Float[np.ndarray, "*of_b n_b"], seed: int = 0
) -> dict[str, float]:
    """Compare model a with model b over the same people.

    Where several seeds were trained, each person counts with the mean over them, so the interval
    and p speak of other people like these, not of further seeds.

        interval  percentile bootstrap: draw as many people, with replacement, 10,000 times
        p         sign-flip randomisation, two-sided: were it chance which of the two models served
                  a person better, how often would the mean differ at least as much?

    Args:
        a: per-user values, (n_users,) or (seeds, n_users).
        b: the same of the other model; the number of seeds may differ.
        seed: of both draws.

    Returns:
        "difference" (mean of a - mean of b), "low", "high" (95%), "p" (at least 1 / 10,001).

    Raises:
        ValueError: values that don't fit, are missing (NaN), or of fewer than two people.
    """
    left, right = _of_people(a, "a"), _of_people(b, "b")
    if left.shape != right.shape:
        raise ValueError(
            f"a has {len(left)} people, b has {len(right)}; compare values of the same people, in "
            "the same order"
        )
    d = left - right  # (n,)
    rng = np.random.default_rng(seed)
    resampled, flipped = _resampled(d, rng), _flipped(d, rng)  # (DRAWS,) each, in this order
    edges = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    # a hair of tolerance: the same sum in another order must count as "at least as much"
    extreme = np.count_nonzero(flipped >= np.abs(d.mean()) * (1 - 1e-9))
    return {
        "difference": float(d.mean()),
        "low": float(edges[0]),
        "high": float(edges[1]),
        "p": float((1 + extreme) / (1 + DRAWS)),
    }


def _resampled(d: Float[np.ndarray, " n"], rng: np.random.Generator) -> Float[np.ndarray, " draws"]:
    """Means of d over as many people, drawn with replacement."""
    n, means = len(d), []
    for _ in range(DRAWS // DRAWS_AT_ONCE):
        times = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS_AT_ONCE)  # how often each is drawn
        means.append(times @ d / n)
    return np.concatenate(means)


def _flipped(d: Float[np.ndarray, " n"], rng: np.random.Generator) -> Float[np.ndarray, " draws"]:
    """Sizes of the mean of d after a coin has decided the sign of each."""
    n, sizes = len(d), []
    for _ in range(DRAWS // DRAWS_AT_ONCE):
        # A call takes its bytes from words of 4, so a block must be a multiple of that.
        signs = rng.integers(2, size=(DRAWS_AT_ONCE, n), dtype=np.int8) * 2 - 1
        sizes.append(np.abs(signs @ d) / n)
    return np.concatenate(sizes)


def holm(p: Sequence[float]) -> list[float]:
    """Adjust p values of comparisons that are read together (Holm 1979).

    The smallest of m is multiplied by m, the next by m - 1, and so on; none falls below the one
    before it. If no difference were real, one of all that are left below 0.05 would be a matter of
    one chance in twenty.

    Raises:
        ValueError: a p outside 0..1.
    """
    values = np.asarray(p, dtype=np.float64)  # (m,)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"p holds {list(p)}; every p lies between 0 and 1")
    order = np.argsort(values, kind="stable")
    times = np.arange(len(values), 0, -1)  # (m,)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * times), 1.0)
    return adjusted.tolist()


def _of_people(values: np.ndarray, name: str) -> np.ndarray:
    """One value per person, (n_users,): the mean over seeds."""
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))  # (seeds, n_users)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        raise ValueError(
            f"{name} has shape {np.shape(values)}; give (n_users,) or (seeds, n_users) with at "
            "least two people"
        )
    if not np.isfinite(table).all():
        raise ValueError(f"{name} holds a value that is no finite number; leave such people out")
    return table.mean(axis=0)
