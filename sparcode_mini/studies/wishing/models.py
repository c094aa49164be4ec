"""Models that score items for a history and a wish: what all share, and those with lists.

    constants    history vector, plus a constant for an item that has a wanted label (the larger
                 of two), minus one for an item that has the unwanted label
    lists        the same with an entry of its own for each (label, item)
    counted      the same, where an entry is the constant times a share that is counted from clicks
    all lists    constants, and lists of a SparCode in place of the history vector

A filter is `constants` whose constants are so large that nothing else counts.
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from sparcode_mini.data.labels import Labels
from sparcode_mini.serving.compress import rounded

POSITION_BYTES, SCALE_BYTES = 2, 4  # of an item in a list; of a column of 8-bit numbers
VECTORS = ("items", "more")  # parameters with a scale for each coordinate; others have one
SPARE = 500  # new entries that trained lists may have
FILTER = 1e4  # larger than any other score


class Start(NamedTuple):
    """What every model of wishes starts from."""

    turn: Float[np.ndarray, "W D"]  # from history vectors to the D numbers of an item
    items: Float[np.ndarray, "I E"]  # E = D + 1: item vectors and bias
    labels: Labels  # which item has which label, as the model knows it
    sure: Float[np.ndarray, "R1 I"] | None = None  # how far each is believed; None is wholly


class WishModel(nn.Module):
    """The history part that all share: y_h = <turn h, v_c> + bias_c.

    Args:
        start: vectors and labels.

    Attributes:
        stored: names of the parameters that are stored in 8 bits a number.
    """

    stored: tuple[str, ...] = ("items", "bias")

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

    def histories(self, h: Float[Tensor, "b W"]) -> list[Float[Tensor, "b I"]]:
        """Return the scores of the history part by each set of item vectors: here there is one."""
        return [self.history(h)]

    def penalty(self) -> Float[Tensor, ""]:
        """Return what training pays for the values of the lists."""
        return self.bias.new_zeros(())

    @torch.no_grad()
    def round_off(self) -> None:
        """Set every parameter that is stored to the value that is read back."""
        for name in self.stored:
            values = self.get_parameter(name)
            columns = values.flatten(0, -2) if name in VECTORS else values.reshape(-1, 1)
            back, _ = rounded(columns.numpy(), "int8")
            values.copy_(torch.from_numpy(back).view_as(values))

    def admits(
        self, wanted: Int[Tensor, "n 2"], unwanted: Int[Tensor, " n"], items: Int[Tensor, " n"]
    ) -> Bool[Tensor, " n"]:
        """Return whether the model can give each item for its wish."""
        return torch.ones(len(items), dtype=torch.bool)

    def reads(
        self, h: Float[Tensor, "b W"], wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Count the numbers that each query reads: here those of all items, with their biases."""
        rows, width = self.items.shape
        return torch.full((len(h),), float(rows * (width + 1)))

    def list_reads(
        self, wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Count the entries of the lists of labels that each query reads."""
        lengths = self.holds.sum(dim=1)  # (R + 1,)
        return lengths[wanted].sum(dim=1) + lengths[unwanted]

    def nbytes(self) -> int:
        """Count what is stored for the vectors of the items: 8 bits a number, and scales."""
        rows, width = self.items.shape
        return (rows + SCALE_BYTES) * (width + 1)

    def list_bytes(self) -> int:
        """Count the positions of the labels."""
        return int(self.holds[1:].sum()) * POSITION_BYTES


class Constants(WishModel):
    """A constant for each label: what having it is worth, and what it costs where unwanted.

    Args:
        start: vectors and labels.
        seed: nothing is drawn.
        constant: all are alike at first.
        trained: are they trained?
    """

    stored: tuple[str, ...] = ("items", "bias", "gain", "loss")

    def __init__(
        self, start: Start, seed: int = 0, constant: float = 10.0, trained: bool = True
    ) -> None:
        super().__init__(start)
        self.exact = constant >= FILTER
        alike = torch.full((2, len(self.holds)), float(constant))
        self.gain, self.loss = (nn.Parameter(row, requires_grad=trained) for row in alike)

    def admits(
        self, wanted: Int[Tensor, "n 2"], unwanted: Int[Tensor, " n"], items: Int[Tensor, " n"]
    ) -> Bool[Tensor, " n"]:
        """Return whether the model can give each item: a filter gives only what fulfils a wish."""
        fits = self.holds[wanted, items[:, None]].any(dim=1) & (self.holds[unwanted, items] == 0)
        return fits if self.exact else torch.ones_like(fits)

    def has(self, labels: Int[Tensor, " b"]) -> Float[Tensor, "b I"]:
        """Return which items have a label."""
        return self.holds[labels]

    def gains(self, labels: Int[Tensor, " b"]) -> Float[Tensor, "b I"]:
        """Return what each item gains by having a label."""
        return self.gain[labels][:, None] * self.has(labels)

    def forward(
        self, h: Float[Tensor, "b W"], wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, "b I"]:
        """Return the scores of all items."""
        wished = torch.maximum(self.gains(wanted[:, 0]), self.gains(wanted[:, 1]))  # (b, I)
        refused = self.loss[unwanted][:, None] * self.has(unwanted)  # (b, I)
        return self.history(h) + wished - refused

    def reads(
        self, h: Float[Tensor, "b W"], wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Count lists of labels and vectors; a filter reads the vectors that its lists leave."""
        whole = super().reads(h, wanted, unwanted)  # (b,)
        if self.exact:
            fits = self.holds[wanted].amax(dim=1) * (1 - self.holds[unwanted])  # (b, I)
            whole = whole * fits.mean(dim=1)
        return whole + self.list_reads(wanted, unwanted)

    def nbytes(self) -> int:
        """Count vectors, positions, and two numbers for each label."""
        return super().nbytes() + self.label_bytes()

    def label_bytes(self) -> int:
        """Count positions, and two numbers for each label."""
        return self.list_bytes() + 2 * (len(self.holds) + SCALE_BYTES)


class Counted(Constants):
    """Constants, each times how sure it is that an item has the label: entries that are counted.

    Args:
        start, seed, constant: as `Constants`.
    """

    def __init__(self, start: Start, seed: int = 0, constant: float = 10.0) -> None:
        super().__init__(start, seed, constant)
        sure = torch.from_numpy(np.ones(self.holds.shape) if start.sure is None else start.sure)
        self.register_buffer("sure", sure.float() * self.holds)  # (R + 1, I)
        self.sure: Tensor

    def has(self, labels: Int[Tensor, " b"]) -> Float[Tensor, "b I"]:
        """Return how sure it is that each item has a label."""
        return self.sure[labels]

    @torch.no_grad()
    def round_off(self) -> None:
        """Store how sure it is in 8 bits, too."""
        super().round_off()
        self.sure.copy_((255 * self.sure).round() / 255)

    def nbytes(self) -> int:
        """Count 8 bits more for each entry."""
        return super().nbytes() + int(self.holds[1:].sum())


class AllLists(Constants):
    """Constants for labels; the history is what the lists of a SparCode add up to.

    Args:
        start: of `FrozenLists`: histories are weights of lists, items their entries.
        seed, constant: as `Constants`.
    """

    stored: tuple[str, ...] = ("items", "gain", "loss")

    def __init__(self, start: Start, seed: int = 0, constant: float = 10.0) -> None:
        super().__init__(start, seed, constant)
        self.turn.requires_grad_(False)
        self.bias.requires_grad_(False)
        self.register_buffer("kept", (self.items.detach() > 0).float())  # (I, C)
        self.kept: Tensor

    def history(self, h: Float[Tensor, "b C"]) -> Float[Tensor, "b I"]:
        """Return the sum of the lists; only entries that are stored count."""
        return h @ (self.items.clamp(min=0) * self.kept).T

    def reads(
        self, h: Float[Tensor, "b C"], wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Count the entries of all lists that are read, of labels and of the history."""
        return (h > 0).float() @ self.kept.sum(dim=0) + self.list_reads(wanted, unwanted)

    def nbytes(self) -> int:
        """Count what `Constants` counts for labels, and positions and values of the entries."""
        entries = int(self.kept.sum()) * (POSITION_BYTES + 1)
        return entries + SCALE_BYTES * self.items.shape[1] + self.label_bytes()


class Entries(Constants):
    """Entries: constant * (1 + a small deviation), and new entries where logs ask for them.

    Args:
        start, seed, constant: as `Constants`.
        pull: weight of the squared deviations.
        extra: weight of the sizes of new entries (L1); None allows none.
    """

    stored: tuple[str, ...] = ("items", "bias", "gain", "loss", "deviation", "new")

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
        old = self.gain[:, None] * (1 + self.deviation) * self.holds  # (R + 1, I)
        return F.embedding(labels, old + self.new.clamp(min=0) * (1 - self.holds))

    def penalty(self) -> Float[Tensor, ""]:
        """Return the price of deviations and of new entries."""
        paid = self.pull * (self.deviation * self.holds).square().sum()
        return paid if self.price is None else paid + self.price * self.new.clamp(min=0).sum()

    @torch.no_grad()
    def round_off(self) -> None:
        """Keep the SPARE largest new entries, then round as the others do."""
        size = (self.new * (1 - self.holds)).flatten()  # (R * I,)
        kept = torch.zeros_like(size)
        kept[size.topk(min(SPARE, len(size))).indices] = 1.0
        self.new.mul_(kept.view_as(self.new)).clamp_(min=0)
        super().round_off()

    def nbytes(self) -> int:
        """Count 8 bits more for each entry, and SPARE new entries if there may be any."""
        new = 0 if self.price is None else SPARE * (1 + POSITION_BYTES)
        return super().nbytes() + int(self.holds[1:].sum()) + 2 * SCALE_BYTES + new
