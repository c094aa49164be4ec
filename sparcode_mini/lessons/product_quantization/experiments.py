"""The losses that the picture `staircase` draws, and numbers that differ by processor."""

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
    """Return the losses |T~ - z|^2 / 2 of the tokens (t, height).

    Returns:
        Losses through the argmin (n,); and for each temperature those of the soft relaxation, (n,).
    """
    up = torch.full((len(ts),), float(height), dtype=torch.float64)
    T = torch.stack([torch.from_numpy(ts), up], dim=1)  # (n, 2)
    distances = squared_distances(T, codewords)  # (n, N)

    def loss(T_q: Tensor) -> np.ndarray:
        return ((T_q - target).square().sum(1) / 2).numpy()

    soft = {t: loss((-distances / t).softmax(1) @ codewords) for t in temperatures}
    return loss(codewords[distances.argmin(1)]), soft


def within(value: float, stated: float, tolerance: float) -> str:
    """Return a number that differs a little by processor as text: the stated one, if it is near.

    Returns:
        Such as "0.13 (within 0.02)"; a value farther away is given itself, with what was stated.
    """
    if abs(value - stated) <= tolerance:
        return f"{stated:g} (within {tolerance:g})"
    return f"{value:.4g} (not the stated {stated:g})"
