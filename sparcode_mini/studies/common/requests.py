"""Queries with requests: a history plus one request or several ("a comedy, or something old").

A request is a value of an item feature: a genre, a decade. Several requests are joined by OR. Every
model gets them in the same way: an embedding per request becomes one more query token, beside the
K_u of the history. A two-tower adds its tokens up, so the embedding is added to the query vector; a
SparCode quantises it and reads one more list.

The answers to a query are the films that the person watched next and that satisfy a request.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import HISTORY
from sparcode_mini.evaluation.metrics import ndcg_of_each
from sparcode_mini.model.base import pad
from sparcode_mini.tools.top_k import top_k


def with_decades(ratings: Ratings) -> Ratings:
    """Return the same films, described by decade ("1980s") and genres, for use as requests.

    Raises:
        ValueError: films without a column year.
    """
    if ratings.items is None or "year" not in ratings.items.columns:
        raise ValueError("these ratings know no year of their items; give items a column year")
    year = ratings.items["year"]
    decade = [None if pd.isna(y) else f"{int(y) // 10 * 10}s" for y in year]
    column = pd.Series(decade, index=ratings.items.index, dtype=object)
    items = ratings.items.drop(columns="year").assign(decade=column)
    return dataclasses.replace(ratings, items=items)


@dataclass(frozen=True, eq=False, repr=False)
class Requests:
    """All requests that there are, numbered from 1; number 0 stands for no request.

    Attributes:
        names: (R + 1,) text; names[0] is "".
        holds: (R + 1, I) bool, does this item satisfy this request?
        of_item: (I, W) int64, the requests that an item satisfies, padded with 0.
    """

    names: tuple[str, ...]
    holds: np.ndarray
    of_item: np.ndarray

    def __repr__(self) -> str:
        return f"Requests({', '.join(self.names[1:])})"


def requests_of(split: Split, features: Sequence[str], most: float = 0.5) -> Requests:
    """Return the values of item features that a share of at most `most` of the items has.

    A value that nearly every item has makes no useful request.

    Raises:
        ValueError: an unknown feature, or no value that is left.
    """
    known = {feature.name: feature for feature in split.item_features}
    names, rows = [""], [np.zeros(split.n_items, dtype=bool)]
    for name in features:
        if name not in known:
            raise ValueError(f"item feature {name!r} is unknown; there are {sorted(known)}")
        for value, text in enumerate(known[name].vocabulary[1:], 1):
            has = (known[name].values == value).any(axis=1)  # (I,)
            if 0 < has.mean() <= most:
                names.append(text)
                rows.append(has)
    if len(names) == 1:
        raise ValueError(f"no value of {list(features)} belongs to at most {most:.0%} of the items")
    holds = np.stack(rows)  # (R + 1, I)
    of_item = pad([np.flatnonzero(column) for column in holds.T]).clamp(min=0).numpy()  # (I, W)
    return Requests(tuple(names), holds, of_item)


def draw_requests(requests: Requests, items: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one request of each item, uniformly; 0 for an item that satisfies none."""
    known = requests.of_item[items]  # (n, W), padding behind
    count = (known > 0).sum(axis=1)  # (n,)
    return np.asarray(known[np.arange(len(known)), rng.integers(np.maximum(count, 1))])


# --- queries to evaluate -------------------------------------------------------------------------


class Queries(NamedTuple):
    """Some queries of every person whose answers are in a part of the data."""

    on: str  # the part that holds the answers
    users: np.ndarray  # (n,) positions, ascending; one person's queries stand together
    requests: np.ndarray  # (n, Q) int64, all different within a row
    answers: list[np.ndarray]  # item positions of part `on` that satisfy a request of the query


def draw_queries(
    split: Split, requests: Requests, on: str, count: int, each: int, seed: int
) -> Queries:
    """Draw `each` queries of `count` requests for every person, from what they watched next.

    Each request is drawn from those of a random film of part `on`. A query with the same request
    twice, or with an empty one, is left out, so some people have fewer queries.

    Raises:
        ValueError: not one query could be drawn.
    """
    rng, rows = np.random.default_rng(seed), []
    for user, items in enumerate(split.histories(on)):
        for _ in range(each if len(items) else 0):
            chosen = items[rng.integers(len(items), size=count)]  # (Q,)
            drawn = draw_requests(requests, chosen, rng)  # (Q,)
            if drawn.min() > 0 and len(set(drawn.tolist())) == count:
                fits = requests.holds[drawn][:, items].any(axis=0)  # (items,)
                rows.append((user, drawn, items[fits]))
    if not rows:
        raise ValueError(f"no item of the {on} part satisfies {count} different requests")
    users = np.array([row[0] for row in rows])  # (n,)
    return Queries(on, users, np.stack([row[1] for row in rows]), [row[2] for row in rows])


def people_of(queries: Queries) -> Int[np.ndarray, " n_people"]:
    """Return the positions of the people who have a query."""
    return np.unique(queries.users)


def ndcg_of_people(
    y: Float[Tensor, "n I"],
    split: Split,
    requests: Requests,
    queries: Queries,
    positive_only: bool,
    only_fitting: bool = False,
    k: int = 50,
) -> Float[np.ndarray, " n_people"]:
    """Return NDCG@k of everybody in `people_of(queries)`: the mean over their queries.

    Args:
        y: a score of every item for every query.
        split: the data.
        requests: all requests that there are.
        queries: what `draw_queries` returned.
        positive_only: the model's `nonnegative`.
        only_fitting: leave out the items that satisfy no request, as a plain filter does.
        k: cut-off.
    """
    seen, scores = split.histories(HISTORY[queries.on]), y.numpy()
    if only_fitting:
        fits = requests.holds[queries.requests].any(axis=1)  # (n, I)
        scores = np.where(fits, scores, -np.inf)
    n = min(k, split.n_items)  # a small catalogue leaves the last places empty
    ranked, _ = top_k(scores, n, [seen[u] for u in queries.users], positive_only)
    ranked = np.pad(ranked, ((0, 0), (0, k - n)), constant_values=-1)  # (n, k)
    each = ndcg_of_each(ranked, queries.answers, k)  # (n,)
    where = np.searchsorted(people_of(queries), queries.users)  # (n,)
    sums: np.ndarray = np.bincount(where, each) / np.bincount(where)
    return sums
