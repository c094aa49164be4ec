"""A fault to study: tokens that read padding, and how far that moves them."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.base import MatchingModel, pad


@torch.no_grad()
def padded_tokens(
    model: MatchingModel, histories: Sequence[np.ndarray], honest: bool, extra: int = 0
) -> Float[Tensor, "B K_u D_T"]:
    """Return the tokens of histories that stand in one table, padded on the right.

    Args:
        model: any model over histories.
        histories: item positions, oldest first.
        honest: False tells the tokenizer that padding is real.
        extra: empty places behind the longest history.
    """
    positions = F.pad(pad(histories), (0, extra), value=-1)  # (B, L); -1 is padding
    H_u = model.query_embeddings(positions, None, model.items())
    mask = positions >= 0 if honest else torch.ones_like(positions, dtype=torch.bool)
    return model.tokenizer(H_u, mask)


def moved(
    model: MatchingModel, history: np.ndarray, honest: bool, amounts: Sequence[int]
) -> list[float]:
    """Return how far the tokens of one history move when so many empty places are added."""
    base = padded_tokens(model, [history], honest=True)  # (1, K_u, D_T)
    return [float((padded_tokens(model, [history], honest, n) - base).norm()) for n in amounts]


def to_others(
    model: MatchingModel, history: np.ndarray, others: Sequence[np.ndarray]
) -> Float[Tensor, " B"]:
    """Return the distance of the tokens of one history to those of others."""
    base = model.history_tokens([history])  # (1, K_u, D_T)
    return (model.history_tokens(others) - base).flatten(1).norm(dim=1)
