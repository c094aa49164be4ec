"""Models that read requests beside a history, and their training.

Every model gets requests in the same way: an embedding per request becomes one more query token,
beside the K_u of the history.
"""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.data import Split
from sparcode_mini.evaluation.evaluate import HISTORY
from sparcode_mini.model.base import MatchingModel, pad
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.studies.common.requests import (
    Queries,
    Requests,
    draw_queries,
    draw_requests,
    ndcg_of_people,
)
from sparcode_mini.tools.reproducible import RNG, normal
from sparcode_mini.training.batches import HistoryExamples, Questions, spans
from sparcode_mini.training.fit import check_recipe, run_epochs
from sparcode_mini.training.recipe import Log, Recipe
from sparcode_mini.training.run import Run

AHEAD = 20  # next items from which training draws requests


def add_requests(model: MatchingModel, requests: Requests, seed: int) -> None:
    """Give a new model an embedding per request."""
    width, count = model.config.token_dim, len(requests.names)
    model.request_embeddings = nn.Embedding(count, width)
    draw = normal(np.random.default_rng(seed), count, width, std=0.02, dtype=model.dtype)
    model.request_embeddings.weight.data = draw


def with_request_tokens(
    model: MatchingModel, T: Float[Tensor, "n K_u D_T"], requests: Int[Tensor, "n Q"]
) -> Float[Tensor, "n K D_T"]:
    """Return the tokens of the history, then one token per request; K = K_u + Q."""
    tokens: Tensor = cast(nn.Embedding, model.request_embeddings)(requests)  # (n, Q, D_T)
    if model.normalise_tokens:
        tokens = F.layer_norm(tokens, tokens.shape[-1:])
    return torch.cat([T, tokens], dim=1)


@torch.no_grad()
def query_scores(
    model: MatchingModel, split: Split, queries: Queries, probes: int | None = None
) -> Float[Tensor, "n I"]:
    """Return the score of every item for every query; probes as in `SparCode.scores`."""
    T = model.tokens(split.user_ids[queries.users], HISTORY[queries.on])
    T = with_request_tokens(model, T, torch.from_numpy(queries.requests))
    if probes is None:
        return model.token_scores(T)
    if not isinstance(model, SparCode):
        raise ValueError(f"probes = {probes}, but only a SparCode model has codes to probe")
    return model.scores_of_codes(model.token_codes(T, probes))


def fit_with_requests(
    model: MatchingModel,
    split: Split,
    requests: Requests,
    count: int,
    seed: int = 0,
    **recipe: Any,
) -> Log:
    """Train a model on histories with `count` requests; keep the epoch best on validation.

    At every position, requests are drawn from the next AHEAD items; the target is one of the next
    `target_window` items that satisfy a request.

    Args:
        model: one that `add_requests` has prepared.
        split: data.
        requests: all requests that there are.
        count: requests of a query, Q.
        seed: of everything random in training.
        **recipe: further fields of Recipe.

    Raises:
        ValueError: a model without request embeddings, count < 1, a recipe that can't work.
    """
    settings = Recipe.of({"seed": seed, **recipe})
    if not hasattr(model, "request_embeddings"):
        raise ValueError(
            "this model knows no requests; call add_requests(model, requests, seed) first"
        )
    if count < 1:
        raise ValueError(f"count = {count}; a query has at least 1 request (else use training.fit)")
    check_recipe(type(model), settings)
    examples = RequestExamples(model, split, settings, requests, count)
    return run_epochs(Run(model, examples, settings))


class RequestExamples(HistoryExamples):
    """Prefixes of histories with requests, and targets that satisfy one of them.

    Args:
        model, split, recipe: as `HistoryExamples`.
        requests: all requests that there are.
        count: requests of a query, Q.
    """

    def __init__(
        self, model: MatchingModel, split: Split, recipe: Recipe, requests: Requests, count: int
    ) -> None:
        super().__init__(model, split, recipe)
        self.requests, self.count = requests, count
        seed = recipe.seed
        self.queries = draw_queries(split, requests, "validation", count, each=1, seed=seed)

    def validate(self) -> dict[str, float]:
        """Return the mean NDCG@50 of the people of the validation queries."""
        y = query_scores(self.model, self.split, self.queries)
        positive_only = self.model.nonnegative
        each = ndcg_of_people(y, self.split, self.requests, self.queries, positive_only)
        return {"ndcg@50": float(each.mean())}

    def batches(self, rng: RNG) -> list[tuple[Tensor, ...]]:
        """Return what `HistoryExamples.batches` has, and requests (B, L, Q)."""
        windows = list(self.windows_with_requests(rng))
        batches: list[tuple[Tensor, ...]] = []
        order = rng.permutation(len(windows))
        for start in range(0, len(order), self.recipe.batch):
            users, starts, items, targets, drawn = zip(
                *(windows[i] for i in order[start : start + self.recipe.batch]), strict=True
            )
            columns = [pad([d[:, q] for d in drawn]).clamp(min=0) for q in range(self.count)]
            window = pad(items), torch.tensor(users), torch.tensor(starts), pad(targets)
            batches.append((*window, torch.stack(columns, dim=-1)))
        return batches

    def windows_with_requests(
        self, rng: RNG
    ) -> Iterator[tuple[int, int, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield user, start, items, targets and requests of each window."""
        for user in self.users:
            sequence = self.sequences[user]
            drawn, targets = self.requests_and_targets(sequence, rng)
            for a, b in spans(len(targets), self.model.history_len, rng):
                yield int(user), a, sequence[a:b], targets[a:b], drawn[a:b]

    def requests_and_targets(
        self, sequence: Int[np.ndarray, " n"], rng: RNG
    ) -> tuple[Int[np.ndarray, "n-1 Q"], Int[np.ndarray, " n-1"]]:
        """Draw requests and a target for every position but the last; -1 where no target fits."""
        last = len(sequence) - 1
        place = np.arange(last)[:, None] + 1 + np.arange(AHEAD)  # (n - 1, AHEAD)
        inside = place <= last
        ahead = sequence[np.minimum(place, last)]  # (n - 1, AHEAD)
        left = inside.sum(axis=1)  # (n - 1,), items that are still ahead
        columns = [
            draw_requests(self.requests, ahead[np.arange(last), rng.integers(left)], rng)
            for _ in range(self.count)
        ]
        drawn = np.stack(columns, axis=1)  # (n - 1, Q)
        # A target satisfies one of the requests, and is among the next few that do.
        fits = inside & self.requests.holds[drawn[..., None], ahead[:, None]].any(axis=1)
        fits &= fits.cumsum(axis=1) <= self.recipe.target_window
        chosen = (rng.random(fits.shape) * fits).argmax(axis=1)  # (n - 1,)
        # A position counts if all its requests exist and differ.
        ordered = np.sort(drawn, axis=1)
        good = (ordered[:, 0] > 0) & (np.diff(ordered, axis=1) > 0).all(axis=1) & fits.any(axis=1)
        return drawn, np.where(good, ahead[np.arange(last), chosen], -1)

    def questions(self, T_c: Float[Tensor, "I K_c D_T"], *batch: Tensor) -> Questions:
        """Return the questions of histories and requests."""
        *window, drawn = batch
        T, targets, seen = super().questions(T_c, *window)
        asked = window[-1] >= 0  # (B, L)
        return Questions(with_request_tokens(self.model, T, drawn[asked]), targets, seen)
