"""Compare two models person by person: is the difference more than chance?

Some people are easy to serve and some are hard, for any model. Two means over the same people
therefore rise and fall together, and their difference is known far better than either mean. And a
model trained again from another seed differs, too: both kinds of chance belong into one interval.
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
CHANCE = 0.05  # a difference holds if Holm's p is below this


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
    a: Float[np.ndarray, "*of_a n_a"],
    b: Float[np.ndarray, "*of_b n_b"],
    seed: int = 0,
    same_seeds: bool = False,
) -> dict[str, float]:
    """Compare model a with model b over the same people.

    Both the people and the trained seeds are a sample, so both are drawn anew, with replacement,
    10,000 times (the pigeonhole bootstrap, Owen 2007, Annals of Applied Statistics 1(2)):

        interval  the middle 95% of the differences of these draws
        p         two-sided: twice the share of draws on the other side of 0

    With one seed the interval is over people alone. Of a few seeds the interval is a little too
    narrow: a draw of n seeds has n - 1 free ones.

    Args:
        a: per-user values, (n_users,) or (seeds, n_users).
        b: the same of the other model; the number of seeds may differ.
        seed: of the draws.
        same_seeds: seed i of a and of b belong together, such as one model served in two ways.

    Returns:
        "difference" (mean of a - mean of b), "low", "high" (95%), "p" (at least 2 / 10,001).

    Raises:
        ValueError: values that don't fit, are missing (NaN), or of fewer than two people.
    """
    left, right = _table(a, "a"), _table(b, "b")  # (seeds, n_users) each
    if left.shape[1] != right.shape[1]:
        raise ValueError(
            f"a has {left.shape[1]} people, b has {right.shape[1]}; compare values of the same "
            "people, in the same order"
        )
    if same_seeds and len(left) != len(right):
        raise ValueError(f"a has {len(left)} seeds, b has {len(right)}; same_seeds needs as many")
    tables = [left - right] if same_seeds else [left, -right]
    drawn = _resampled(tables, np.random.default_rng(seed))  # (DRAWS,)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    beyond = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0))
    return {
        "difference": float(sum(table.mean() for table in tables)),
        "low": float(low),
        "high": float(high),
        "p": float(min(2 * (1 + beyond) / (1 + DRAWS), 1.0)),
    }


def _resampled(
    tables: Sequence[Float[np.ndarray, "_ n"]], rng: np.random.Generator
) -> Float[np.ndarray, " draws"]:
    """Draw people, and seeds of each table, many times; return the sums of the tables' means."""
    n, sums = tables[0].shape[1], []
    for _ in range(DRAWS // DRAWS_AT_ONCE):
        people = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS_AT_ONCE) / n  # (draws, n)
        total = np.zeros(DRAWS_AT_ONCE)
        for table in tables:
            k = len(table)
            seeds = rng.multinomial(k, np.full(k, 1 / k), size=DRAWS_AT_ONCE) / k  # (draws, k)
            total += (seeds * (people @ table.T)).sum(axis=1)
        sums.append(total)
    return np.concatenate(sums)


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


def together(comparisons: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return comparisons that are read together, each with "p, Holm" beside its "p"."""
    adjusted = holm([one["p"] for one in comparisons])
    return [{**one, "p, Holm": p} for one, p in zip(comparisons, adjusted, strict=True)]


def holds(comparison: dict[str, Any]) -> bool:
    """Return whether a difference of `together` is more than chance."""
    return bool(comparison["p, Holm"] < CHANCE)


def interval(comparison: dict[str, Any]) -> str:
    """Return the interval of a difference as text, in points of a hundred."""
    return f"{100 * comparison['low']:+.2f} to {100 * comparison['high']:+.2f}"


def with_interval(comparison: dict[str, Any]) -> str:
    """Return a difference and its interval as text, in points of a hundred."""
    return f"{100 * comparison['difference']:+.2f} ({interval(comparison)})"


def starred(comparison: dict[str, Any]) -> str:
    """Return the same with a star behind it where the difference holds."""
    return with_interval(comparison) + (" *" if holds(comparison) else "")


def _table(values: np.ndarray, name: str) -> Float[np.ndarray, "seeds n_users"]:
    """Check values, and return a row for each seed."""
    table = np.atleast_2d(floats(values, name).astype(np.float64))  # (seeds, n_users)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        raise ValueError(
            f"{name} has shape {np.shape(values)}; give (n_users,) or (seeds, n_users) with at "
            "least two people"
        )
    if not np.isfinite(table).all():
        raise ValueError(f"{name} holds a value that is no finite number; leave such people out")
    return table
