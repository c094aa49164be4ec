"""Labels that count by their rarity: BM25, where an item has a label once or not at all."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.studies.wishing.models import Start, WishModel


class IDF(WishModel):
    """The rarity of each label, added up; the weight of it all is trained.

    Args:
        start, seed: as `Constants`.
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
        y = self.history(h) + self.weight[0] * worth[wanted].sum(dim=1)  # (b, I)
        return y - self.weight[1] * worth[unwanted]

    def reads(
        self, h: Float[Tensor, "b W"], wanted: Int[Tensor, "b 2"], unwanted: Int[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Count lists of labels and vectors."""
        return super().reads(h, wanted, unwanted) + self.list_reads(wanted, unwanted)

    def nbytes(self) -> int:
        """Count vectors, positions, and the weights; rarity is the length of a list."""
        return super().nbytes() + self.list_bytes() + 4 * len(self.weight)
