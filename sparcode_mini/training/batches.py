"""What a training learns from: examples, each a query and the item that it is to find.

An epoch is a pass over all training interactions. A step takes windows of histories, makes the
tokens of every prefix, and asks for one of the next few items.
"""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sparcode_mini.data import Split
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.model.base import MatchingModel, pad
from sparcode_mini.tools.reproducible import RNG
from sparcode_mini.tools.room import require_room
from sparcode_mini.training.recipe import Recipe


class Questions(NamedTuple):
    """Queries of a step and their answers.

    Attributes:
        tokens: of n queries.
        targets: the item position that each is to find.
        seen: n arrays, the item positions that serving would leave out; None for none.
    """

    tokens: Float[Tensor, "n K_u D_T"]
    targets: Int[Tensor, " n"]
    seen: list[np.ndarray] | None = None

    def part(self, rows: Int[Tensor, " m"]) -> "Questions":
        """Return some of the questions."""
        seen = None if self.seen is None else [self.seen[row] for row in rows.tolist()]
        return Questions(self.tokens[rows], self.targets[rows], seen)


@runtime_checkable  # the type checker of the tests asks for it
class Examples(Protocol):
    """What `Run` asks of that from which a model learns.

    Attributes:
        candidates: (C,) item positions among which the softmax chooses, None for all.
    """

    candidates: Tensor | None

    def batches(self, rng: RNG) -> list[tuple[Tensor, ...]]:
        """Return the batches of one epoch."""

    def questions(self, T_c: Float[Tensor, "I K_c D_T"], *batch: Tensor) -> Questions:
        """Return the questions of a batch."""

    def validate(self) -> dict[str, float]:
        """Return metrics on what is held back; "ndcg@50" decides which epoch is kept."""

    def identity(self) -> dict[str, Any]:
        """Return what must agree for a checkpoint to belong to these examples."""


class HistoryExamples:
    """Every prefix of every training history, and one of the next few items.

    Args:
        model: reads the histories.
        split: the data.
        recipe: how many windows make a batch, how far ahead a target may lie.

    Raises:
        ValueError: a model of another catalogue or split, or nothing to predict.
    """

    candidates: Tensor | None = None

    def __init__(self, model: MatchingModel, split: Split, recipe: Recipe) -> None:
        if model.catalogue.item_ids.tolist() != split.item_ids.tolist():
            raise ValueError("the model was made for another catalogue; make one for this split")
        if model.split is None or model.split.fingerprint != split.fingerprint:
            raise ValueError(
                "the model reads users from another split, or from none; make it from this one, or "
                "load_model(path, split=split)"
            )
        self.model, self.split, self.recipe = model, split, recipe
        self.sequences = split.histories("train")
        self.users = np.array([u for u, s in enumerate(self.sequences) if len(s) > 1])
        if len(self.users) == 0:
            raise ValueError("no user has two training interactions; there is nothing to predict")
        prefixes = sum(len(self.sequences[u]) - 1 for u in self.users)
        self._check_room(prefixes)
        model.check_tokens(model.config.query_tokens * prefixes)

    def _check_room(self, prefixes: int) -> None:
        """Refuse a batch whose scores and their gradient alone are more than the memory holds."""
        recipe, most = self.recipe, self.recipe.max_positions
        n = min(recipe.batch * self.model.history_len, prefixes)
        n = n if most is None else min(n, most)
        items = min(recipe.negatives or self.split.n_items, self.split.n_items)
        size = 2 * self.model.item_bias.element_size() * n * items
        require_room(size, f"a step with batch = {recipe.batch}")

    def batches(self, rng: RNG) -> list[tuple[Tensor, ...]]:
        """Return (positions (B, L), users (B,), starts (B,), targets (B, L)) of an epoch.

        A start is the place of the window's first item in the history; -1 pads the tables.
        """
        windows = list(self.windows(rng))
        batches: list[tuple[Tensor, ...]] = []
        order = rng.permutation(len(windows))
        for start in range(0, len(order), self.recipe.batch):
            chosen = [windows[i] for i in order[start : start + self.recipe.batch]]
            users, starts = torch.tensor([w[:2] for w in chosen]).T  # (B,) each
            positions, targets = (pad([w[part] for w in chosen]) for part in (2, 3))
            batches.append((positions, users, starts, targets))
        return batches

    def windows(self, rng: RNG) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        """Cut each history at a random offset into windows; draw a target for each position.

        Yields:
            User, start of the window in the history, its items, and their targets.
        """
        W = self.recipe.target_window
        for user in self.users:
            sequence = self.sequences[user]
            last = len(sequence) - 1  # the last item has no successor
            ahead = np.minimum(rng.integers(1, W + 1, size=last), last - np.arange(last))
            targets = sequence[np.arange(last) + ahead]  # (last,)
            for a, b in spans(last, self.model.history_len, rng):
                yield int(user), a, sequence[a:b], targets[a:b]

    def questions(self, T_c: Float[Tensor, "I K_c D_T"], *batch: Tensor) -> Questions:
        """Return a question for every prefix of a batch: which item comes next?"""
        positions, users, starts, targets = batch
        T = self.model.prefix_tokens(positions, users, T_c)  # (B, L, K_u, D_T)
        places = targets >= 0  # (B, L)
        seen = self.prefixes(users, starts, places) if self.recipe.mask_seen else None
        return Questions(T[places], targets[places], seen)

    def prefixes(
        self, users: Int[Tensor, " B"], starts: Int[Tensor, " B"], questions: Bool[Tensor, "B L"]
    ) -> list[np.ndarray]:
        """Return everything that a person has seen at each place that is a question."""
        windows, places = questions.nonzero().T  # (n,) each
        ends = starts[windows] + places + 1  # (n,)
        histories = (self.sequences[user] for user in users[windows].tolist())
        return [history[:end] for history, end in zip(histories, ends.tolist(), strict=True)]

    def validate(self) -> dict[str, float]:
        """Return metrics on the validation part, if there is one."""
        if not self.split.count("validation"):
            return {}
        return evaluate(self.model, self.split, on="validation", k=(50,))

    def identity(self) -> dict[str, Any]:
        """Return the fingerprints of the data and of the features that the model reads."""
        features = self.model.data.features_fingerprint
        return {"data": self.split.fingerprint, "features": features}


def spans(length: int, history_len: int, rng: RNG) -> Iterator[tuple[int, int]]:
    """Return where to cut so many positions into windows, from a random offset on."""
    offset = int(rng.integers(history_len)) if length > history_len else 0
    return itertools.pairwise(sorted({0, length, *range(offset, length, history_len)}))
