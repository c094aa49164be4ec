"""Balanced codes: in training, a codeword that few tokens choose seems nearer than it is.

    code(T) = argmin_k ||T - C_k||^2 * r_k        r_k = min(s * usage_k / mean usage, 1)

A codeword used less than 1/s of the mean gets a discount on its distances, in proportion to its
usage, until it is used enough. Once training is over the nearest codeword is taken, without
discounts. Source: the disturbance of streaming VQ (Bin et al. 2025, arXiv 2501.08695), which puts
*items* in clusters and counts impressions; here query tokens are put on codewords, and usage is the
EMA of their shares. The paper's second device, a larger weight of rare items in the EMA, is not
here: tokens have no popularity of their own.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.model.kmeans import squared_distances
from sparcode_mini.model.quantizer import ProductQuantizer


def discounts(usage: Float[Tensor, " N"], s: float) -> Float[Tensor, " N"]:
    """Return r = min(s * usage / mean usage, 1); all 1 while nothing was counted."""
    mean = usage.mean()
    if not bool(mean > 0):
        return torch.ones_like(usage)
    return (s * usage / mean).clamp(max=1.0)  # (N,)


@torch.no_grad()
def balanced_codes(
    quantizer: ProductQuantizer, x: Float[Tensor, "*batch D_T"], s: float
) -> Int[Tensor, "*batch M"]:
    """Assign vectors to codewords with discounts, one codebook after another.

    Args:
        quantizer: whose codebooks and usage so far count.
        x: vectors.
        s: a codeword used less than 1/s of the mean gets a discount.
    """
    flat = x.reshape(-1, x.shape[-1])  # (n, D_T)
    codes = torch.zeros(len(flat), quantizer.M, dtype=torch.int64)  # (n, M)
    for m, book in enumerate(quantizer.codebooks):
        part = quantizer.quantised_by_each(flat, codes)[m]  # (n, d); later columns don't matter
        r = discounts(quantizer.ema_share[m], s)  # (N,)
        codes[:, m] = (squared_distances(part, book) * r).argmin(dim=1)
    return codes.reshape(*x.shape[:-1], quantizer.M)  # (*batch, M)
