"""Training on pairs (query, items that answer it): the loop of `train`, without histories.

Only what is learnt from differs: no history, no later items; every query has a set of items that
answer it, and one of them is drawn as the target of each step.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.model.base import MatchingModel
from sparcode_mini.training.recipe import Log, Recipe
from sparcode_mini.training.run import Run, check_recipe, run_epochs


@dataclass(frozen=True, eq=False, repr=False)
class Pairs:
    """Queries and their answers.

    Attributes:
        queries: n texts, images (n, 8, 8) or vectors (n, L, W).
        answers: for each query the positions of the items that answer it, at least one.
        candidates: item positions that training may show at all, as target or as wrong answer;
            None for all. Items outside are unknown to it: a test of what their features can do.
    """

    queries: Any
    answers: Sequence[np.ndarray]
    candidates: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Refuse pairs that can't be learnt."""
        if len(self.queries) != len(self.answers):
            raise ValueError(
                f"{len(self.queries)} queries and {len(self.answers)} lists of answers"
            )
        shown = None if self.candidates is None else set(np.asarray(self.candidates).tolist())
        for number, answers in enumerate(self.answers):
            if len(answers) == 0:
                raise ValueError(f"query {number} has no answer; leave the query out")
            if shown is not None and not set(np.asarray(answers).tolist()) <= shown:
                raise ValueError(f"an answer of query {number} is no candidate; leave it out")

    def __repr__(self) -> str:
        return f"Pairs({len(self.queries)} queries)"


def fit_pairs(
    model: MatchingModel,
    pairs: Pairs,
    epochs: int = 20,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    **recipe: Any,
) -> Log:
    """Train `model` in place on pairs; the last epoch is kept.

    Args:
        model: made with query="text", "image" or "vector".
        pairs: what to learn.
        epochs: passes over the queries.
        seed: of order, targets, dropout, k-means start and restarts.
        checkpoint: file that holds the state after each epoch, written atomically.
        resume: go on from `checkpoint` if it exists; the result equals that of one run.
        **recipe: further fields of Recipe; `batch` counts queries.

    Returns:
        The log, without validation columns.

    Raises:
        ValueError: a model that reads histories, a recipe that can't work, a loss that is NaN, an
            answer outside the catalogue, a checkpoint of another run.
    """
    plan = Recipe(epochs=epochs, seed=seed, **recipe)
    if model.content is None:
        raise ValueError(
            "this model reads histories; make it with query='text', 'image' or 'vector'"
        )
    check_recipe(model, plan)
    run = PairRun(model, pairs, plan, Path(checkpoint) if checkpoint else None)
    if resume:
        run.load()
    return run_epochs(run)


class PairRun(Run):
    """The same training, whose batches are queries and one of their answers each."""

    def _read(self) -> None:
        pairs: Pairs = self.split
        for number, answers in enumerate(pairs.answers):
            if not 0 <= min(answers) <= max(answers) < self.model.n_items:
                raise ValueError(
                    f"the answers of query {number} are {list(answers)}; positions are 0 to "
                    f"{self.model.n_items - 1}"
                )
        self.numbers: Tensor = self.model.content.read(pairs.queries)  # (n, ...)
        if pairs.candidates is not None:
            self.candidates = torch.from_numpy(np.unique(pairs.candidates))  # sorted

    def _data_identity(self) -> dict[str, Any]:
        return {"data": self._fingerprint}

    @cached_property
    def _fingerprint(self) -> str:
        """Made once and without a copy: every epoch asks, of what may be gigabytes."""
        digest = hashlib.sha256(self.numbers.contiguous().numpy().reshape(-1).view(np.uint8).data)
        for answers in self.split.answers:
            digest.update(np.asarray(answers, "<i8").tobytes() + b";")
        shown = None if self.candidates is None else self.candidates.tolist()
        digest.update(repr(shown).encode())
        return digest.hexdigest()[:16]

    def _validate(self) -> dict[str, float]:
        return {}

    def _batches(self) -> list[tuple[Tensor, ...]]:
        """One epoch of (contents (B, ...), targets (B,))."""
        answers = self.split.answers
        batches: list[tuple[Tensor, ...]] = []
        order = self.rng.permutation(len(answers))
        for start in range(0, len(order), self.plan.batch):
            rows = order[start : start + self.plan.batch]
            targets = [int(self.rng.choice(answers[row])) for row in rows]
            batches.append((self.numbers[torch.from_numpy(rows)], torch.tensor(targets)))
        return batches

    def _tokens_and_targets(
        self, T_c: Tensor, *batch: Tensor
    ) -> tuple[Float[Tensor, "n K_u D_T"], Int[Tensor, " n"]]:
        contents, targets = batch
        return self.model.batch_tokens(contents), targets
