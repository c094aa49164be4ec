"""argmin has no gradient. What then reaches the tokenizer? Six answers, each a few lines.

A token T (width d) is replaced by its nearest codeword q of a codebook C (N, d), and a loss is
computed from the result. Forward, all answers below but `soft` give a codeword. They differ in what
they send back to T when the loss sends g = dL/dT~ to the quantised token:

    nothing           T gets 0; the codebook gets g                     (looking q up, no more)
    literal           T gets 0; nobody gets g                           (the formula's sg[T~])
    straight-through  T gets g                                          (Bengio et al. 2013)
    rotation          T gets |q|/|T| Q^t g, Q turns T's direction to q's (Fifty et al. 2024)
    gumbel            T gets the gradient of softmax((noise - d^2)/tau) C (Jang et al. 2017)
    soft              T~ is softmax(-d^2/tau) C itself: a true gradient, of another function
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.kmeans import squared_distances
from sparcode_mini.model.quantizer import straight_through
from sparcode_mini.tools.reproducible import RNG

ESTIMATORS = ("nothing", "literal", "straight-through", "rotation", "gumbel")
SMALL = 1e-12  # lengths below this count as 0


def rotation_trick(
    T: Float[Tensor, "*batch D_T"], T_q: Float[Tensor, "*batch D_T"], parts: int = 1
) -> Float[Tensor, "*batch D_T"]:
    """Return the value of T_q, made from T by a rotation and a stretch that count as constants.

    With a = T/|T|, b = q/|q|, r = (a + b)/|a + b| the matrix Q = I - 2 r r^t + 2 b a^t turns a
    into b, and T~ = sg[|q|/|T| Q] T. So T receives |q|/|T| Q^t g. (Fifty et al. 2024,
    arXiv 2410.06424, section 4.2; no matrix is ever made.)

    Args:
        T: tokens.
        T_q: their quantised form; receives no gradient.
        parts: M, when each of M equal parts was quantised on its own: each is then rotated alone.
    """
    e = T.unflatten(-1, (parts, -1))  # (*batch, M, d)
    q = T_q.detach().unflatten(-1, (parts, -1))
    length = e.detach().norm(dim=-1, keepdim=True)  # (*batch, M, 1)
    a, b = direction(e.detach()), direction(q)
    r = direction(a + b)
    turned = e - 2 * (e * r).sum(-1, keepdim=True) * r + 2 * (e * a).sum(-1, keepdim=True) * b
    stretched = turned * (q.norm(dim=-1, keepdim=True) / length.clamp(min=SMALL))
    # A vector of length 0 has no direction to turn: there the gradient passes straight through.
    passed = torch.where(length > SMALL, stretched, e)
    return straight_through(passed.flatten(-2), T_q)  # the value of T_q at any length


def direction(v: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
    """Return v / |v|; a vector of length 0 stays 0."""
    return v / v.norm(dim=-1, keepdim=True).clamp(min=SMALL)


def soft_assignment(
    T: Float[Tensor, "n d"], codewords: Float[Tensor, "N d"], temperature: float = 1.0
) -> Float[Tensor, "n d"]:
    """Return softmax(-||T - c||^2 / tau) C: every codeword a little, the nearest most.

    It has a true gradient, and it tends to the nearest codeword as tau tends to 0.
    """
    return (-squared_distances(T, codewords) / temperature).softmax(dim=1) @ codewords


def gumbel_noise(rng: RNG, *shape: int, dtype: torch.dtype) -> Tensor:
    """Return -log(-log(u)), u uniform: the argmax of logits plus it samples their softmax."""
    u = rng.random(shape).clip(1e-300, 1 - 1e-16)
    return torch.from_numpy(-np.log(-np.log(u))).to(dtype)


def gumbel_softmax(
    T: Float[Tensor, "n d"],
    codewords: Float[Tensor, "N d"],
    noise: Float[Tensor, "n N"],
    temperature: float = 1.0,
) -> Float[Tensor, "n d"]:
    """Return the codeword with the largest noise - d^2/tau; its gradient is that of the softmax.

    (Jang et al. 2017, arXiv 1611.01144, straight-through variant. Logits are -d^2/tau and the
    softmax has temperature 1, so tau alone says how far the noise may stray.)
    """
    logits = noise - squared_distances(T, codewords) / temperature  # (n, N)
    mixed = logits.softmax(dim=1) @ codewords  # (n, d)
    return straight_through(mixed, codewords[logits.argmax(1)])


def quantise(
    T: Float[Tensor, "n d"],
    codewords: Float[Tensor, "N d"],
    estimator: str,
    temperature: float = 1.0,
    noise: Float[Tensor, "n N"] | None = None,
) -> Float[Tensor, "n d"]:
    """Return quantised tokens with the gradient that the estimator gives them.

    Args:
        T: tokens.
        codewords: the codebook C.
        estimator: one of ESTIMATORS, or "soft".
        temperature: tau of "gumbel" and "soft".
        noise: of "gumbel"; None is no noise.

    Raises:
        ValueError: an unknown estimator, a temperature that is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"temperature = {temperature}; it must be positive")
    if estimator == "soft":
        return soft_assignment(T, codewords, temperature)
    if estimator == "gumbel":
        noise = T.new_zeros((len(T), len(codewords))) if noise is None else noise
        return gumbel_softmax(T, codewords, noise, temperature)
    q = codewords[squared_distances(T.detach(), codewords.detach()).argmin(1)]  # (n, d)
    if estimator == "nothing":
        return q
    if estimator == "literal":
        return q.detach()
    if estimator == "straight-through":
        return straight_through(T, q)
    if estimator == "rotation":
        return rotation_trick(T, q)
    raise ValueError(f"estimator {estimator!r} is unknown; choose one of {(*ESTIMATORS, 'soft')}")
