"""Queries with a wish: a history plus one request or several ("a comedy, or something old").

A request is a value of an item feature: a genre, a decade. Several are meant as OR. Every model
gets them in the same way: an embedding per request becomes one more query token, beside the K_u of
the history. A two-tower adds its tokens up, so there the embedding is added into the query vector;
a SparCode quantises it and reads one more list.

What answers a query are the films that a person watched next and that satisfy a request.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import HISTORY
from sparcode_mini.evaluation.metrics import ndcg_of_each
from sparcode_mini.model.base import MatchingModel, pad
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.tools.reproducible import normal
from sparcode_mini.tools.top_k import top_k
from sparcode_mini.training.recipe import Log, Recipe
from sparcode_mini.training.run import Run, check_recipe, run_epochs

AHEAD = 20  # in training, requests are drawn from so many of the next items


def with_decades(ratings: Ratings) -> Ratings:
    """The same films, described by decade ("1980s") and genres: all that can be asked for.

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
    """What can be asked for, numbered from 1; 0 asks for nothing.

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
    """Every value of some item features that a share of at most `most` of the items has.

    What nearly every item satisfies would ask for nothing.

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
        raise ValueError(f"no value of {list(features)} is had by at most {most:.0%} of the items")
    holds = np.stack(rows)  # (R + 1, I)
    of_item = pad([np.flatnonzero(own) for own in holds.T]).clamp(min=0).numpy()  # (I, W)
    return Requests(tuple(names), holds, of_item)


def _draw(requests: Requests, items: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One request of each item, uniformly; 0 for an item that satisfies none."""
    own = requests.of_item[items]  # (n, W), padding behind
    count = (own > 0).sum(axis=1)  # (n,)
    return np.asarray(own[np.arange(len(own)), rng.integers(np.maximum(count, 1))])


# --- queries to evaluate -------------------------------------------------------------------------


class Queries(NamedTuple):
    """Some queries of everybody who has an answer to be found."""

    on: str  # the part that holds the answers
    users: np.ndarray  # (n,) positions, ascending; one person's queries stand together
    requests: np.ndarray  # (n, Q) int64, different ones in a row
    answers: list[np.ndarray]  # item positions of part `on` that satisfy a request of the query


def draw_queries(
    split: Split, requests: Requests, on: str, count: int, each: int, seed: int
) -> Queries:
    """Draw `each` queries of `count` requests for every person, from what they watched next.

    Each request is one of a random film's of part `on`. A draw with the same request twice, or
    with none, is left out, so some people have fewer queries.

    Raises:
        ValueError: not one query could be drawn.
    """
    rng, rows = np.random.default_rng(seed), []
    for user, items in enumerate(split.histories(on)):
        for _ in range(each if len(items) else 0):
            chosen = items[rng.integers(len(items), size=count)]  # (Q,)
            asked = _draw(requests, chosen, rng)  # (Q,)
            if asked.min() > 0 and len(set(asked.tolist())) == count:
                fits = requests.holds[asked][:, items].any(axis=0)  # (items,)
                rows.append((user, asked, items[fits]))
    if not rows:
        raise ValueError(f"no item of the {on} part satisfies {count} different requests")
    users = np.array([row[0] for row in rows])  # (n,)
    return Queries(on, users, np.stack([row[1] for row in rows]), [row[2] for row in rows])


def people_of(queries: Queries) -> Int[np.ndarray, " n_people"]:
    """Positions of the people who have a query."""
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
    """NDCG@k of everybody in `people_of(queries)`: the mean over their queries.

    Args:
        y: a score of every item for every query.
        split: the data.
        requests: what can be asked for.
        queries: as drawn.
        positive_only: the model's `nonnegative`.
        only_fitting: leave out what satisfies no request, as a plain filter does.
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


# --- models --------------------------------------------------------------------------------------


def let_ask(model: MatchingModel, requests: Requests, seed: int) -> None:
    """Give a new model an embedding per request."""
    width = model.config["token_dim"]
    model.asked = nn.Embedding(len(requests.names), width)
    rng = np.random.default_rng(seed)
    model.asked.weight.data = normal(rng, len(requests.names), width, std=0.02, dtype=model.dtype)


def asked_tokens(
    model: MatchingModel, T: Float[Tensor, "n K_u D_T"], requests: Int[Tensor, "n Q"]
) -> Float[Tensor, "n K D_T"]:
    """Tokens of the history, then one token per request; K = K_u + Q."""
    more: Tensor = cast(nn.Embedding, model.asked)(requests)  # (n, Q, D_T)
    if model.normalise_tokens:
        more = F.layer_norm(more, more.shape[-1:])
    return torch.cat([T, more], dim=1)


@torch.no_grad()
def query_scores(
    model: MatchingModel, split: Split, queries: Queries, probes: int | None = None
) -> Float[Tensor, "n I"]:
    """Score every item for every query; probes as in `SparCode.scores`."""
    T = model.tokens(split.user_ids[queries.users], HISTORY[queries.on])
    T = asked_tokens(model, T, torch.from_numpy(queries.requests))
    if probes is None:
        return model.token_scores(T)
    if not isinstance(model, SparCode):
        raise ValueError(f"probes = {probes}, but only a SparCode model has codes to probe")
    return model.scores_of_codes(model.token_codes(T, probes))


# --- training ------------------------------------------------------------------------------------


def fit_asked(
    model: MatchingModel,
    split: Split,
    requests: Requests,
    count: int,
    seed: int = 0,
    **recipe: Any,
) -> Log:
    """Train a model on histories with `count` requests; best epoch by such validation queries.

    At every position, requests are drawn from the next AHEAD items; the target is one of the next
    `target_window` items that satisfy a request.

    Args:
        model: one that `let_ask` has prepared.
        split: data.
        requests: what can be asked for.
        count: requests of a query, Q.
        seed: of everything random in training.
        **recipe: further fields of Recipe.

    Raises:
        ValueError: a model without request embeddings, count < 1, a recipe that can't work.
    """
    plan = Recipe(seed=seed, **recipe)
    if not hasattr(model, "asked"):
        raise ValueError("this model knows no requests; call let_ask(model, requests, seed) first")
    if count < 1:
        raise ValueError(f"count = {count}; a query has at least 1 request (else use train.fit)")
    check_recipe(model, plan)
    return run_epochs(_AskedRun(model, split, plan, requests, count))


class _AskedRun(Run):
    """The same training, whose queries have requests and whose targets satisfy one of them."""

    def __init__(
        self, model: MatchingModel, split: Split, plan: Recipe, requests: Requests, count: int
    ) -> None:
        self.requests, self.count = requests, count
        self.queries = draw_queries(split, requests, "validation", count, each=1, seed=plan.seed)
        super().__init__(model, split, plan, None)

    def _validate(self) -> dict[str, float]:
        y = query_scores(self.model, self.split, self.queries)
        each = ndcg_of_people(y, self.split, self.requests, self.queries, self.model.nonnegative)
        return {"ndcg@50": float(each.mean())}

    def _batches(self) -> list[tuple[Tensor, ...]]:
        """One epoch of positions (B, L), users (B,), targets (B, L), requests (B, L, Q)."""
        windows = list(self._asked_windows())
        batches: list[tuple[Tensor, ...]] = []
        order = self.rng.permutation(len(windows))
        for start in range(0, len(order), self.plan.batch):
            users, items, targets, asked = zip(
                *(windows[i] for i in order[start : start + self.plan.batch]), strict=True
            )
            columns = [pad([a[:, q] for a in asked]).clamp(min=0) for q in range(self.count)]
            batches.append(
                (pad(items), torch.tensor(users), pad(targets), torch.stack(columns, dim=-1))
            )
        return batches

    def _asked_windows(self) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
        for user in self.users:
            sequence = self.sequences[user]
            asked, targets = self._wishes(sequence)
            for a, b in self._spans(len(targets)):
                yield int(user), sequence[a:b], targets[a:b], asked[a:b]

    def _wishes(
        self, sequence: Int[np.ndarray, " n"]
    ) -> tuple[Int[np.ndarray, "n-1 Q"], Int[np.ndarray, " n-1"]]:
        """Requests and a target for every position but the last; target -1 where none was found."""
        last, rng = len(sequence) - 1, self.rng
        place = np.arange(last)[:, None] + 1 + np.arange(AHEAD)  # (n - 1, AHEAD)
        inside = place <= last
        ahead = sequence[np.minimum(place, last)]  # (n - 1, AHEAD)
        left = inside.sum(axis=1)  # (n - 1,)
        asked = np.stack(
            [
                _draw(self.requests, ahead[np.arange(last), rng.integers(left)], rng)
                for _ in range(self.count)
            ],
            axis=1,
        )  # (n - 1, Q)
        fits = inside & self.requests.holds[asked[..., None], ahead[:, None]].any(axis=1)
        fits &= fits.cumsum(axis=1) <= self.plan.target_window  # the next few that fit
        chosen = (rng.random(fits.shape) * fits).argmax(axis=1)  # (n - 1,)
        ordered = np.sort(asked, axis=1)
        good = (ordered[:, 0] > 0) & (np.diff(ordered, axis=1) > 0).all(axis=1) & fits.any(axis=1)
        return asked, np.where(good, ahead[np.arange(last), chosen], -1)

    def _tokens_and_targets(
        self, T_c: Tensor, *batch: Tensor
    ) -> tuple[Float[Tensor, "n K D_T"], Int[Tensor, " n"]]:
        positions, users, targets, asked = batch
        T, wanted = super()._tokens_and_targets(T_c, positions, users, targets)
        rows = (targets >= 0).flatten()  # (B * L,)
        return asked_tokens(self.model, T, asked.flatten(0, 1)[rows]), wanted
