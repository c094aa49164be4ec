"""What the lesson computes before it draws."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sparcode_mini.model.kmeans import squared_distances


def line_losses(
    ts: np.ndarray,
    codewords: Tensor,
    target: Tensor,
    temperatures: Sequence[float],
    height: float,
) -> tuple[np.ndarray, dict[float, np.ndarray]]:
    """Return losses |T~ - z|^2 / 2 of tokens (t, height): through argmin (n,), and softly.

    `staircase` draws them.
    """
    up = torch.full((len(ts),), float(height), dtype=torch.float64)
    T = torch.stack([torch.from_numpy(ts), up], 1)  # (n, 2)
    distances = squared_distances(T, codewords)  # (n, N)

    def loss(T_q: Tensor) -> np.ndarray:
        return ((T_q - target).square().sum(1) / 2).numpy()

    soft = {t: loss((-distances / t).softmax(1) @ codewords) for t in temperatures}
    return loss(codewords[distances.argmin(1)]), soft
