"""Models that score items for a history and a wish, all on the same frozen history vectors.

    one vector   history and wish become one vector: one dot product
    MaxSim       a vector for each wanted label; an item counts with its best match
    constants    history vector, plus a constant for an item that has a wanted label (the larger
                 of two), minus one for an item that has the unwanted label
    lists        the same with an entry of its own for each (label, item)
    all lists    constants, and lists of a SparCode in place of the history vector
    BM25         the constants are the rarity of the labels, added up; one weight is trained

A filter is `constants` whose constants are so large that nothing else counts.
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.data.labels import Labels
from sparcode_mini.tools.reproducible import initialise, normal

POSITION_BYTES = 2  # of an item in a list
FILTER = 1e4  # larger than any other score


class Start(NamedTuple):
    """What every model of wishes starts from."""

    turn: Float[np.ndarray, "W D"]  # from history vectors to the D numbers of an item
    items: Float[np.ndarray, "I E"]  # E = D + 1: item vectors and bias
    labels: Labels  # which item has which label, as the model knows it


class WishModel(nn.Module):
    """The history part that all share: y_h = <turn h, v_c> + bias_c.

    Args:
        start: vectors and labels.
    """

    def __init__(self, start: Start) -> None:
        super().__init__()
        self.turn = nn.Parameter(torch.from_numpy(start.turn).float())
        self.items = nn.Parameter(torch.from_numpy(start.items[:, :-1]).float())
        self.bias = nn.Parameter(torch.from_numpy(start.items[:, -1]).float())
        self.register_buffer("holds", torch.from_numpy(start.labels.holds).float())  # (R + 1, I)
        self.holds: Tensor

    def history(self, h: Float[Tensor, "b W"]) -> Float[Tensor, "b I"]:
        """Return the scores of the history part."""
        return (h @ self.turn) @ self.items.T + self.bias

    def penalty(self) -> Float[Tensor, ""]:
        """Return what training pays for the values of the lists."""
        return self.bias.new_zeros(())

    def nbytes(self) -> int:
        """Count what is stored for the items: 8 bits a number, and a list for each label."""
        rows, width = self.items.shape
        return rows * (width + 1)

    def list_bytes(self) -> int:
        """Count the positions of the labels."""
        return int(self.holds[1:].sum()) * POSITION_BYTES


class OneVector(WishModel):
    """One dot product of everything.

    Args:
        start: vectors and labels.
        seed: of the embeddings of labels, as wanted and as unwanted.
        hidden: units of a network on top; 0 for none.
    """

    def __init__(self, start: Start, seed: int = 0, hidden: int = 0) -> None:
        super().__init__(start)
        rng = np.random.default_rng(seed)
        width, count = self.items.shape[1], len(self.holds)
        draw = normal(rng, 2, count, width, std=0.1, dtype=torch.float32)
        self.wanted, self.unwanted = nn.Parameter(draw[0]), nn.Parameter(draw[1])
        self.network: nn.Sequential | None = None
        if hidden:
            layers = (nn.Linear(3 * width, hidden), nn.ReLU(), nn.Linear(hidden, width))
            self.network = nn.Sequential(*layers)
            initialise(self.network, rng)

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


class MaxSim(OneVector):
    """A vector for each wanted label, several for each item; the best match counts.

    Args:
        start: vectors and labels.
        seed: of what is drawn.
        vectors: of each item; the first starts as that of the history.
    """

    def __init__(self, start: Start, seed: int = 0, vectors: int = 1) -> None:
        super().__init__(start, seed)
        rng = np.random.default_rng([seed, 1])
        rows, width = self.items.shape
        more = normal(rng, vectors - 1, rows, width, std=0.1, dtype=torch.float32)
        self.more = nn.Parameter(self.items.detach() + more)  # (vectors - 1, I, D)

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

    def nbytes(self) -> int:
        """Count all vectors of the items."""
        return super().nbytes() + self.more.numel()


class Constants(WishModel):
    """A constant for each label: what having it is worth, and what it costs where unwanted.

    Args:
        start: vectors and labels.
        seed: nothing is drawn.
        constant: all are alike at first.
        trained: are they trained?
    """

    def __init__(
        self, start: Start, seed: int = 0, constant: float = 10.0, trained: bool = True
    ) -> None:
        super().__init__(start)
        alike = torch.full((2, len(self.holds)), float(constant))
        self.gain, self.loss = (nn.Parameter(row, requires_grad=trained) for row in alike)

    def gains(self, labels: Int[Tensor, " b"]) -> Float[Tensor, "b I"]:
        """Return what each item gains by having a label."""
        return self.gain[labels][:, None] * self.holds[labels]

    def forward(
        self, h: Float[Tensor, "b W"], wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, "b I"]:
        """Return the scores of all items."""
        wished = torch.maximum(self.gains(wanted[:, 0]), self.gains(wanted[:, 1]))  # (b, I)
        refused = self.loss[unwanted][:, None] * self.holds[unwanted]  # (b, I)
        return self.history(h) + wished - refused

    def nbytes(self) -> int:
        """Count vectors, positions, and a number for each label."""
        return super().nbytes() + self.list_bytes() + 2 * len(self.holds)


class AllLists(Constants):
    """Constants for labels; the history is what the lists of a SparCode add up to.

    Args:
        start: of `FrozenLists`: histories are weights of lists, items their entries.
        seed: nothing is drawn.
        constant: all are alike at first.
    """

    def __init__(self, start: Start, seed: int = 0, constant: float = 10.0) -> None:
        super().__init__(start, seed, constant)
        self.turn.requires_grad_(False)
        self.bias.requires_grad_(False)
        self.register_buffer("kept", (self.items.detach() > 0).float())  # (I, C)
        self.kept: Tensor

    def history(self, h: Float[Tensor, "b C"]) -> Float[Tensor, "b I"]:
        """Return the sum of the lists; only entries that are stored count."""
        return h @ (self.items.clamp(min=0) * self.kept).T

    def nbytes(self) -> int:
        """Count what `Constants` counts for labels, and positions and values of the entries."""
        labels = self.list_bytes() + 2 * len(self.holds)
        return int(self.kept.sum()) * (POSITION_BYTES + 1) + labels


class BM25(WishModel):
    """The rarity of each label, added up; the weight of it all is trained.

    Args:
        start: vectors and labels.
        seed: nothing is drawn.
        constant: the weight at first.
    """

    def __init__(self, start: Start, seed: int = 0, constant: float = 2.0) -> None:
        super().__init__(start)
        have, rows = self.holds.sum(dim=1), self.holds.shape[1]  # (R + 1,)
        self.register_buffer("rarity", torch.log(1 + (rows - have + 0.5) / (have + 0.5)))
        self.rarity: Tensor
        self.weight = nn.Parameter(torch.full((2,), float(constant)))

    def forward(
        self, h: Float[Tensor, "b W"], wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, "b I"]:
        """Return the scores of all items."""
        worth = self.rarity[:, None] * self.holds  # (R + 1, I)
        return (
            self.history(h)
            + self.weight[0] * worth[wanted].sum(dim=1)
            - self.weight[1] * worth[unwanted]
        )

    def nbytes(self) -> int:
        """Count vectors, positions, and a number for each label."""
        return super().nbytes() + self.list_bytes() + len(self.holds)


class Lists(Constants):
    """Entries: constant * (1 + a small deviation), and new entries where logs ask for them.

    Args:
        start: vectors and labels.
        seed: nothing is drawn.
        constant: what the constants start from.
        pull: weight of the squared deviations.
        extra: weight of the sizes of new entries (L1); None allows none.
    """

    def __init__(
        self,
        start: Start,
        seed: int = 0,
        constant: float = 10.0,
        pull: float = 1.0,
        extra: float | None = None,
    ) -> None:
        super().__init__(start, seed, constant)
        self.pull, self.price = pull, extra
        self.deviation = nn.Parameter(torch.zeros_like(self.holds))
        self.new = nn.Parameter(torch.zeros_like(self.holds), requires_grad=extra is not None)

    def gains(self, labels: Int[Tensor, " b"]) -> Float[Tensor, "b I"]:
        """Return the entries of a label, old and new ones."""
        entry = self.gain[:, None] * (1 + self.deviation) * self.holds  # (R + 1, I)
        entry = entry + self.new.clamp(min=0) * (1 - self.holds)
        return F.embedding(labels, entry)

    def penalty(self) -> Float[Tensor, ""]:
        """Return the price of deviations and of new entries."""
        paid = self.pull * (self.deviation * self.holds).square().sum()
        return paid if self.price is None else paid + self.price * self.new.clamp(min=0).sum()

    def nbytes(self) -> int:
        """Count 8 bits more for each entry, and the new entries."""
        new = int(((self.new > 0) & (self.holds == 0)).sum())
        entries = int(self.holds[1:].sum()) + new * (1 + POSITION_BYTES)
        return super().nbytes() + entries
