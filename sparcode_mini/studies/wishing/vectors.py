"""Models of wishes that keep labels inside vectors.

    one vector   history and wish become one vector: one dot product
    MaxSim       a vector for each wanted label; an item counts with its best match

They are told the same labels as the models with lists: before the logs, vectors of labels and items
learn to tell them while the scores of the history stay (`training.teach`), and in training the loss
of labels goes on.
"""

import functools

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.studies.wishing.models import SCALE_BYTES, Start, WishModel
from sparcode_mini.tools.reproducible import initialise, normal


class OneVector(WishModel):
    """One dot product of everything.

    Args:
        start: vectors and labels.
        seed: of the embeddings of labels, as wanted and as unwanted.
        hidden: units of a network on top; 0 for none.
        teach: weight of the loss of labels in training.
    """

    def __init__(self, start: Start, seed: int = 0, hidden: int = 0, teach: float = 1.0) -> None:
        super().__init__(start)
        self.teach = teach
        self.rarity = nn.Parameter(torch.full((2, len(self.holds), 1), -3.0))  # not stored
        rng = np.random.default_rng(seed)
        width, count = self.items.shape[1], len(self.holds)
        draw = normal(rng, 2, count, width, std=0.1, dtype=torch.float32)
        self.wanted, self.unwanted = nn.Parameter(draw[0]), nn.Parameter(draw[1])
        self.network: nn.Sequential | None = None
        if hidden:
            layers = (nn.Linear(3 * width, hidden), nn.ReLU(), nn.Linear(hidden, width))
            self.network = nn.Sequential(*layers)
            initialise(self.network, rng)

    def told(self, labels: Float[Tensor, "R D"]) -> Float[Tensor, "R I"]:
        """Return how much the vector of each item agrees with that of each label."""
        return labels @ self.items.T

    def penalty(self) -> Float[Tensor, ""]:
        """Return the loss of known labels; where unwanted, they count against an item."""
        pairs = zip((self.told(self.wanted), -self.told(self.unwanted)), self.rarity, strict=True)
        losses = [
            F.binary_cross_entropy_with_logits(agreed + rare, self.holds, reduction="sum")
            for agreed, rare in pairs
        ]
        return self.teach * (losses[0] + losses[1])

    def forward(
        self, h: Float[Tensor, "b W"], wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, "b I"]:
        """Return the scores of all items."""
        there = (wanted > 0).float()  # (b, 2)
        wish = (self.wanted[wanted] * there[..., None]).sum(dim=1)  # (b, D)
        wish = wish / there.sum(dim=1, keepdim=True).clamp(min=1)
        other = self.unwanted[unwanted] * (unwanted > 0).float()[:, None]  # (b, D)
        q = h @ self.turn + wish + other  # (b, D)
        if self.network is not None:
            q = q + self.network(torch.cat([h @ self.turn, wish, other], dim=1))
        return q @ self.items.T + self.bias


class BestMatch(OneVector):
    """A vector for each wanted label, several for each item; the best match counts.

    Args:
        start: vectors and labels.
        seed: of what is drawn.
        vectors: of each item; the first starts as that of the history.
        teach: as `OneVector`.
    """

    def __init__(self, start: Start, seed: int = 0, vectors: int = 1, teach: float = 1.0) -> None:
        super().__init__(start, seed, teach=teach)
        rng = np.random.default_rng([seed, 1])
        rows, width = self.items.shape
        self.stored = (*self.stored, "more") if vectors > 1 else self.stored
        more = normal(rng, vectors - 1, rows, width, std=0.1, dtype=torch.float32)
        self.more = nn.Parameter(self.items.detach() + more)  # (vectors - 1, I, D)

    def histories(self, h: Float[Tensor, "b W"]) -> list[Float[Tensor, "b I"]]:
        """Return the scores of the history part by every vector of the items."""
        return [(h @ self.turn) @ items.T + self.bias for items in (self.items, *self.more)]

    def told(self, labels: Float[Tensor, "R D"]) -> Float[Tensor, "R I"]:
        """Return the best agreement of a vector of each item with that of each label."""
        agreed = (labels @ items.T for items in (self.items, *self.more))  # (R, I) each
        return functools.reduce(torch.maximum, agreed)

    def forward(
        self, h: Float[Tensor, "b W"], wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, "b I"]:
        """Return the scores of all items."""
        other = self.unwanted[unwanted] * (unwanted > 0).float()[:, None]  # (b, D)
        base = h @ self.turn + other  # (b, D)
        q = base[:, None] + self.wanted[wanted]  # (b, 2, D)
        best = q.flatten(0, 1) @ self.items.T  # (2 b, I)
        for other_items in self.more:
            best = torch.maximum(best, q.flatten(0, 1) @ other_items.T)
        first, second = best.view(len(h), 2, -1).unbind(dim=1)  # (b, I) each
        second = second.masked_fill((wanted[:, 1] == 0)[:, None], -torch.inf)
        return torch.maximum(first, second) + self.bias

    def reads(
        self, h: Float[Tensor, "b W"], wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Count all vectors of the items, once for each wanted label."""
        whole = super().reads(h, wanted, unwanted)  # (b,)
        return whole * (1 + len(self.more)) * (wanted > 0).sum(dim=1)

    def nbytes(self) -> int:
        """Count all vectors of the items."""
        return super().nbytes() + self.more.numel() + SCALE_BYTES * self.more.shape[-1]
