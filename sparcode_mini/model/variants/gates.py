"""Gates: how much each token of a query counts, decided by the query.

    y = sum_i g_i ReLU(S_i + b)        g_i = softplus(<v, T_i> + c) >= 0

The gate reads the token before it is quantised, so two tokens with one code may count differently.
Lists can still serve it: a gate is a factor of the whole list, and becomes the weight with which
the list is read. (What a gate can't do is to weigh an item: that would need lists of its own.)
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Gates(nn.Module):
    """One non-negative factor for each token; all are 1 before training.

    Args:
        token_dim: D_T.

    Attributes:
        direction: v, (D_T,).
        offset: c, a number.
    """

    def __init__(self, token_dim: int) -> None:
        super().__init__()
        self.direction = nn.Parameter(torch.zeros(token_dim))
        self.offset = nn.Parameter(torch.tensor(math.log(math.e - 1.0)))  # softplus(c) = 1

    def forward(self, T: Float[Tensor, "B K_u D_T"]) -> Float[Tensor, "B K_u"]:
        """Return g."""
        return F.softplus(T @ self.direction + self.offset)  # (B, K_u)
