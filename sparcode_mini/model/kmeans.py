"""k-means: distances, the nearest codeword, the k-means++ start, one Lloyd step.

Lloyd's algorithm moves each codeword to the mean of the vectors nearest to it, again and again.
Sources: Lloyd 1982; Arthur and Vassilvitskii 2007 (the start).
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.tools.reproducible import RNG

DISTANCES_AT_ONCE = 2**18  # 1 MB of them: they stay in the cache of one core


def squared_distances(
    x: Float[Tensor, "n d"], codewords: Float[Tensor, "N d"]
) -> Float[Tensor, "n N"]:
    """Return ||x - c||^2 = ||x||^2 - 2 x.c + ||c||^2 for every pair."""
    cross = x @ codewords.T  # (n, N)
    return x.square().sum(1, keepdim=True) - 2.0 * cross + codewords.square().sum(1)


def comparable_distances(
    x: Float[Tensor, "n d"], codewords: Float[Tensor, "N d"]
) -> Float[Tensor, "n N"]:
    """Return ||x - c||^2 without ||x||^2, which is the same for every codeword."""
    return torch.addmm(codewords.square().sum(1), x, codewords.T, alpha=-2)


def nearest_codewords(
    parts: Float[Tensor, "M n d"], books: Float[Tensor, "M N d"]
) -> Int[Tensor, "n M"]:
    """Return the index of the nearest codeword of every codebook, the first of equals.

    A block of rows at a time, so that its distances are still in the cache when their minimum is
    looked for; by numpy, whose argmin along a row is several times as fast as torch's. One buffer
    for all blocks: fresh memory would cost more than the sums.
    """
    (M, n, _), N = parts.shape, books.shape[1]
    at_once = min(max(DISTANCES_AT_ONCE // (M * N), 1), n)
    norms, buffer = books.square().sum(2)[:, None], parts.new_empty((M, at_once, N))
    codes = np.empty((n, M), np.int64)
    for start in range(0, n, max(at_once, 1)):
        rows = parts[:, start : start + at_once]  # (M, <= at_once, d)
        distances = buffer[:, : rows.shape[1]]  # (M, <= at_once, N), without ||x||^2
        torch.baddbmm(norms, rows, books.mT, alpha=-2, out=distances)
        codes[start : start + at_once] = distances.numpy().argmin(axis=2).T
    return torch.from_numpy(codes)


def shares_and_sums(
    x: Float[Tensor, "n d"], codes: Int[Tensor, " n"], N: int
) -> tuple[Float[Tensor, " N"], Float[Tensor, "N d"]]:
    """Return the share of the vectors on each codeword, and their sum divided by n."""
    share = torch.bincount(codes, minlength=N).to(x.dtype) / len(x)  # (N,)
    sums = x.new_zeros((N, x.shape[1])).index_add_(0, codes, x) / len(x)  # (N, d)
    return share, sums


def lloyd_step(x: Float[Tensor, "n d"], codewords: Float[Tensor, "N d"]) -> Float[Tensor, "N d"]:
    """Move each codeword to the mean of its vectors; one without vectors stays where it is."""
    codes = squared_distances(x, codewords).argmin(1)  # (n,)
    share, sums = shares_and_sums(x, codes, len(codewords))
    means = sums / share[:, None].clamp(min=1e-12)  # (N, d)
    return torch.where(share[:, None] > 0, means, codewords)


def kmeans_plus_plus(x: Float[Tensor, "n d"], N: int, rng: RNG) -> Float[Tensor, "N d"]:
    """Choose N of the vectors: each next one is drawn in proportion to its squared distance d(x)^2.

    d(x) is the distance to the nearest vector that is chosen already.
    """
    first = int(rng.integers(len(x)))
    chosen = [first]
    distance = squared_distances(x, x[first : first + 1])[:, 0].clamp(min=0)  # (n,)
    for _ in range(N - 1):
        cumulative = distance.double().cumsum(0)
        draw = float(rng.random()) * float(cumulative[-1])
        pick = min(int(torch.searchsorted(cumulative, draw)), len(x) - 1)
        chosen.append(pick)
        new = squared_distances(x, x[pick : pick + 1])[:, 0].clamp(min=0)  # (n,)
        distance = torch.minimum(distance, new)
    return x[chosen].clone()  # (N, d)
