"""Training on pairs (query, items that answer it): the same loop, without histories.

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
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.base import MatchingModel
from sparcode_mini.tools.reproducible import RNG
from sparcode_mini.training.batches import Questions
from sparcode_mini.training.fit import check_recipe, run_epochs
from sparcode_mini.training.recipe import Log, Recipe
from sparcode_mini.training.run import Run


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
        checkpoint: file that holds the state after each epoch; atomic, locked meanwhile.
        resume: go on from `checkpoint`; the result equals that of one run.
        **recipe: further fields of Recipe; `batch` counts queries.

    Returns:
        The log, without validation columns.

    Raises:
        ValueError: a model that reads histories, a recipe that can't work, a loss that is NaN, an
            answer outside the catalogue, a checkpoint of another run.
        FileExistsError, FileNotFoundError, InUse: as `fit`.
    """
    settings = Recipe.of({"epochs": epochs, "seed": seed, **recipe})
    if model.content is None:
        raise ValueError(
            "this model reads histories; make it with query='text', 'image' or 'vector'"
        )
    check_recipe(type(model), settings)
    examples = PairExamples(model, pairs, settings)
    return run_epochs(
        Run(model, examples, settings, Path(checkpoint) if checkpoint else None), resume
    )


class PairExamples:
    """Queries and one of the answers of each.

    Args:
        model: reads the queries.
        pairs: what to learn.
        recipe: how many queries make a batch.

    Raises:
        ValueError: an answer outside the catalogue.
    """

    def __init__(self, model: MatchingModel, pairs: Pairs, recipe: Recipe) -> None:
        for number, answers in enumerate(pairs.answers):
            if not 0 <= min(answers) <= max(answers) < model.n_items:
                raise ValueError(
                    f"the answers of query {number} are {list(answers)}; positions are 0 to "
                    f"{model.n_items - 1}"
                )
        self.model, self.pairs, self.recipe = model, pairs, recipe
        self.numbers: Tensor = model.content.read(pairs.queries)  # (n, ...)
        self.candidates: Tensor | None = None
        if pairs.candidates is not None:
            self.candidates = torch.from_numpy(np.unique(pairs.candidates))  # (C,), ascending

    def batches(self, rng: RNG) -> list[tuple[Tensor, ...]]:
        """Return (contents (B, ...), targets (B,)) of an epoch."""
        answers = self.pairs.answers
        batches: list[tuple[Tensor, ...]] = []
        order = rng.permutation(len(answers))
        for start in range(0, len(order), self.recipe.batch):
            rows = order[start : start + self.recipe.batch]
            targets = [int(rng.choice(answers[row])) for row in rows]
            batches.append((self.numbers[torch.from_numpy(rows)], torch.tensor(targets)))
        return batches

    def questions(self, T_c: Float[Tensor, "I K_c D_T"], *batch: Tensor) -> Questions:
        """Return a question for every query: which item answers it?"""
        contents, targets = batch
        return Questions(self.model.batch_tokens(contents), targets)

    def validate(self) -> dict[str, float]:
        """Return nothing: no pairs are held back."""
        return {}

    def identity(self) -> dict[str, Any]:
        """Return the fingerprint of the pairs."""
        return {"data": self.fingerprint}

    @cached_property
    def fingerprint(self) -> str:
        """Return a digest of queries, answers and candidates.

        Made once and without a copy: every epoch asks, of what may be gigabytes.
        """
        digest = hashlib.sha256(self.numbers.contiguous().numpy().reshape(-1).view(np.uint8).data)
        for answers in self.pairs.answers:
            digest.update(np.asarray(answers, "<i8").tobytes() + b";")
        shown = None if self.candidates is None else self.candidates.tolist()
        digest.update(repr(shown).encode())
        return digest.hexdigest()[:16]
