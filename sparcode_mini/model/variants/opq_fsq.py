"""Three relatives of product quantisation in a few lines each: toy tokens, OPQ, FSQ.

(The fourth, residual quantisation, can serve a model and has a module of its own.)
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.model.quantizer import ProductQuantizer, straight_through
from sparcode_mini.model.variants.residual import ResidualQuantizer
from sparcode_mini.tools.reproducible import normal


def toy_tokens(
    n: int = 600, width: int = 8, clusters: int = 8, mixed: bool = False, seed: int = 0
) -> Float[Tensor, "n width"]:
    """Draw tokens of two independent halves, each around `clusters` centres; float64.

    Two halves that know nothing of each other are what M = 2 codebooks hope for. `mixed` turns the
    whole space by a random rotation: the same cloud, but now every coordinate has a bit of both
    halves, and cutting the coordinates cuts through the clusters.

    Raises:
        ValueError: an odd width.
    """
    if width % 2:
        raise ValueError(f"width = {width}; the two halves need an even one")
    rng = np.random.default_rng(seed)
    halves = []
    for _ in range(2):
        centres = rng.normal(0.0, 1.0, (clusters, width // 2))
        halves.append(centres[rng.integers(clusters, size=n)])
    x = np.concatenate(halves, axis=1) + rng.normal(0.0, 0.25, (n, width))  # (n, width)
    turn, _ = np.linalg.qr(rng.normal(size=(width, width)))
    return torch.from_numpy(x @ turn if mixed else x)


def relative_distortion(x: Float[Tensor, "n D_T"], x_q: Float[Tensor, "n D_T"]) -> float:
    """Return the squared error as a share of the variance: 0 is perfect, 1 is the mean alone."""
    return float((x - x_q).square().sum() / (x - x.mean(dim=0)).square().sum())


def opq_rotation(
    x: Float[Tensor, "n D_T"], M: int, N: int, *, rounds: int = 20, seed: int = 0
) -> Float[Tensor, "D_T D_T"]:
    """Return Q (orthogonal) such that x @ Q suits M codebooks better than x (Ge et al. 2013).

    Two steps by turns: quantise x @ Q; then the rotation that brings x closest to what came out
    (Procrustes: Q = U V^t with U S V^t = x^t x_q). The best Q met is returned.
    """
    Q = torch.eye(x.shape[1], dtype=x.dtype)
    best, kept = float("inf"), Q
    for _ in range(rounds):
        pq = ProductQuantizer(M, N, x.shape[1], dtype=x.dtype).fit(x @ Q, iterations=8, seed=seed)
        x_q = pq.decode(pq.encode(x @ Q))  # (n, D_T)
        error = float((x @ Q - x_q).square().sum())
        if error < best:
            best, kept = error, Q
        U, _, Vh = torch.linalg.svd(x.T @ x_q)
        Q = U @ Vh  # (D_T, D_T)
    return kept


class Scalars(NamedTuple):
    """What finite scalar quantisation gives."""

    values: Float[Tensor, "*batch d"]  # on the grid, within [-1, 1]
    codes: Int[Tensor, "*batch d"]  # 0 .. levels - 1 of each coordinate


def finite_scalar(z: Float[Tensor, "*batch d"], levels: Sequence[int]) -> Scalars:
    """Squash each coordinate, then round it: FSQ (Mentzer et al. 2024, arXiv 2309.15505).

    Nothing is learnt here: the grid is the codebook. No codeword can die, but tokens of a scale
    that does not fit tanh share one cell. The gradient passes the rounding straight through, the
    squashing (tanh) by its own slope.

    Args:
        z: any numbers.
        levels: how many each coordinate has, at least 3; the product is the number of codes.

    Raises:
        ValueError: not one level per coordinate, or a level below 3.
    """
    if len(levels) != z.shape[-1] or min(levels) < 3:
        raise ValueError(f"levels = {list(levels)}; give {z.shape[-1]} numbers, each at least 3")
    counts = torch.tensor(levels, dtype=z.dtype)  # (d,)
    half = (counts - 1) * 1.001 / 2  # a little wider, so that the outermost level can be reached
    offset = torch.where(counts % 2 == 0, 0.5, 0.0).to(z.dtype)  # an even grid has no middle
    bounded = torch.tanh(z + torch.atanh(offset / half)) * half - offset
    rounded = straight_through(bounded, bounded.round())
    width = torch.div(counts, 2, rounding_mode="floor")
    return Scalars(rounded / width, (rounded.detach() + width).long())


def fit_finite_scalar(
    x: Float[Tensor, "n D_T"],
    levels: Sequence[int],
    *,
    steps: int = 400,
    lr: float = 0.03,
    seed: int = 0,
) -> Callable[[Tensor], Tensor]:
    """Learn a linear map into FSQ and one out of it by the squared error.

    Returns:
        A function: vectors (m, D_T) -> what comes out of quantisation and the map back, (m, D_T).
    """
    rng, d, D = np.random.default_rng(seed), len(levels), x.shape[1]
    centred = x - x.mean(dim=0)
    into = normal(rng, D, d, std=D**-0.5, dtype=x.dtype).requires_grad_()
    out = normal(rng, d, D, std=d**-0.5, dtype=x.dtype).requires_grad_()
    optimiser = torch.optim.Adam([into, out], lr=lr)
    for _ in range(steps):
        loss = (finite_scalar(centred @ into, levels).values @ out - centred).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    into, out, mean = into.detach(), out.detach(), x.mean(dim=0)
    return lambda y: finite_scalar((y - mean) @ into, levels).values @ out + mean


def equal_bits(
    x: Float[Tensor, "n D_T"], new: Float[Tensor, "k D_T"]
) -> dict[str, dict[int, float]]:
    """Return the distortion of `new` tokens by quantisers of 4, 8 and 12 bits, fitted to `x`.

    One codebook (M = 1) of 12 bits is left out: 4,096 codewords want more tokens than a lesson has.
    """
    D = x.shape[1]
    table: dict[str, dict[int, float]] = {
        name: {} for name in ("one codebook", "product", "product + OPQ", "residual", "FSQ")
    }

    def error(pq: ProductQuantizer, Q: Tensor) -> float:
        pq.fit(x @ Q)
        return relative_distortion(new @ Q, pq.decode(pq.encode(new @ Q)))

    eye = torch.eye(D, dtype=x.dtype)
    for bits, N in ((4, 4), (8, 16), (12, 64)):
        Q = opq_rotation(x, 2, N)
        table["product"][bits] = error(ProductQuantizer(2, N, D, dtype=x.dtype), eye)
        table["product + OPQ"][bits] = error(ProductQuantizer(2, N, D, dtype=x.dtype), Q)
        table["residual"][bits] = error(ResidualQuantizer(2, N, D, dtype=x.dtype), eye)
        table["FSQ"][bits] = relative_distortion(new, fit_finite_scalar(x, (4,) * (bits // 2))(new))
        if bits < 12:
            one = ProductQuantizer(1, 2**bits, D, dtype=x.dtype)
            table["one codebook"][bits] = error(one, eye)
    return table
