"""Experiments with gradients through the argmin: what reaches a token, and how training goes.

The estimators are in `model.gradients`; here they are compared.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.gradients import (
    ESTIMATORS,
    direction,
    gumbel_noise,
    quantise,
)
from sparcode_mini.model.kmeans import squared_distances

Loss = Callable[[Tensor], Tensor]  # T~ (n, d) -> a number


def rotation_matrix(e: Float[Tensor, " d"], q: Float[Tensor, " d"]) -> Float[Tensor, "d d"]:
    """Return the matrix Q of the rotation trick: Q (e/|e|) = q/|q|, and Q^t Q = I."""
    a, b = direction(e), direction(q)
    r = direction(a + b)
    eye = torch.eye(len(e), dtype=e.dtype)
    return eye - 2 * torch.outer(r, r) + 2 * torch.outer(b, a)


def token_gradient(
    T: Float[Tensor, "n d"],
    codewords: Float[Tensor, "N d"],
    loss: Loss,
    estimator: str,
    temperature: float = 1.0,
    noise: Float[Tensor, "n N"] | None = None,
    beta: float = 0.0,
) -> Float[Tensor, "n d"]:
    """Return the gradient of loss(T~) + beta * sum ||T - sg[q]||^2 with respect to T.

    It is zero if no gradient reaches the tokens.
    """
    T = T.detach().clone().requires_grad_()
    T_q = quantise(T, codewords.detach(), estimator, temperature, noise)
    q = codewords[squared_distances(T.detach(), codewords).argmin(1)].detach()
    total = loss(T_q) + beta * (T - q).square().sum()
    if not total.requires_grad:
        return torch.zeros_like(T)
    (gradient,) = torch.autograd.grad(total, T, allow_unused=True)
    return torch.zeros_like(T) if gradient is None else gradient


def finite_difference(
    T: Float[Tensor, " d"],
    codewords: Float[Tensor, "N d"],
    loss: Loss,
    direction: Float[Tensor, " d"],
    h: float,
) -> float:
    """Return (L(T + h v) - L(T)) / h through the real argmin: 0, or a jump divided by h."""
    both = torch.stack([T, T + h * direction])  # (2, d)
    q = codewords[squared_distances(both, codewords).argmin(1)]  # (2, d)
    return float((loss(q[1:]) - loss(q[:1])) / h)


def cosines(a: Float[Tensor, "n d"], b: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
    """Return the cosine of each pair of rows; 0 where one of them is 0."""
    return (direction(a) * direction(b)).sum(dim=1)


def circle_world(
    n: int = 64, N: int = 8, turn: float = 100.0, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Make the smallest task for a tokenizer: turn points on a circle by `turn` degrees.

    Returns:
        x (n, 2): inputs on the unit circle; codewords (N, 2) on it, evenly; wanted (n, 2): the
        codeword nearest to each turned input. All float64.
    """
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, n)
    ring = 2 * np.pi * np.arange(N) / N
    wanted = np.round((angle + np.deg2rad(turn)) / (2 * np.pi / N)) * (2 * np.pi / N)
    return tuple(  # type: ignore[return-value]
        torch.from_numpy(np.stack([np.cos(a), np.sin(a)], axis=1)) for a in (angle, ring, wanted)
    )


def train_tokenizer(
    x: Float[Tensor, "n 2"],
    codewords: Float[Tensor, "N 2"],
    wanted: Float[Tensor, "n 2"],
    estimator: str,
    **options: Any,
) -> list[float]:
    """Return the losses of `trained_tokenizer`, which describes the arguments."""
    return trained_tokenizer(x, codewords, wanted, estimator, **options)[0]


def trained_tokenizer(
    x: Float[Tensor, "n 2"],
    codewords: Float[Tensor, "N 2"],
    wanted: Float[Tensor, "n 2"],
    estimator: str,
    *,
    steps: int = 200,
    lr: float = 0.02,
    beta: float = 0.25,
    temperature: float = 0.3,
    seed: int = 0,
) -> tuple[list[float], Tensor]:
    """Train T = x W so that the *quantised* token is the wanted one.

    The codebook does not change. "nothing" also switches the commitment off.

    Returns:
        The loss of each step, always the real one, through the argmin: mean ||q(T) - wanted||^2;
        and the tokens (n, 2) at the end.
    """
    rng, beta = np.random.default_rng(seed), 0.0 if estimator == "nothing" else beta
    W = torch.eye(2, dtype=x.dtype, requires_grad=True)  # the tokenizer
    optimiser = torch.optim.Adam([W], lr=lr)
    losses = []
    for _ in range(steps):
        T = x @ W  # (n, 2)
        q = quantise(T.detach(), codewords, "nothing")
        losses.append(float((q - wanted).square().sum(1).mean()))
        noise = gumbel_noise(rng, len(x), len(codewords), dtype=x.dtype)
        T_q = quantise(T, codewords, estimator, temperature, noise)
        loss = (T_q - wanted).square().sum(1).mean() + beta * (T - q).square().sum(1).mean()
        if loss.requires_grad:  # under "nothing" there is no way back to W
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return losses, (x @ W).detach()


def compare(
    T: Float[Tensor, "n d"],
    codewords: Float[Tensor, "N d"],
    wanted: Float[Tensor, "n d"],
    temperature: float = 1.0,
    step: float = 1.0,
    beta: float = 0.25,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Measure the gradients of each estimator for many tokens with the loss |T~ - wanted|^2 / 2.

    Returns:
        For each of ESTIMATORS and "soft", means over the tokens: "norm" of the gradient, its
        "cosine" to the gradient of the soft assignment at `temperature`, and "gain": how much the
        real loss, through the argmin, falls when each token moves by `step` against the gradient.
    """

    def loss(T_q: Tensor) -> Tensor:
        return (T_q - wanted).square().sum() / 2

    def real(tokens: Tensor) -> float:
        return float(loss(quantise(tokens, codewords, "literal")) / len(tokens))

    shape = (len(T), len(codewords))
    noise = gumbel_noise(np.random.default_rng(seed), *shape, dtype=T.dtype)
    true, measures = token_gradient(T, codewords, loss, "soft", temperature), {}
    for name in (*ESTIMATORS, "soft"):
        extra = beta if name == "literal" else 0.0
        g = token_gradient(T, codewords, loss, name, temperature, noise, extra)  # (n, d)
        measures[name] = {
            "norm": float(g.norm(dim=1).mean()),
            "cosine": float(cosines(g, true).mean()),
            "gain": real(T) - real(T - step * direction(g)),
        }
    return measures
