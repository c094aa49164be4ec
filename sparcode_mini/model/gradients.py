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

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.quantizer import squared_distances, straight_through
from sparcode_mini.tools.reproducible import RNG

ESTIMATORS = ("nothing", "literal", "straight-through", "rotation", "gumbel")
SMALL = 1e-12  # lengths below this count as 0


def rotation_trick(
    T: Float[Tensor, "*batch D_T"], T_q: Float[Tensor, "*batch D_T"], parts: int = 1
) -> Float[Tensor, "*batch D_T"]:
    """The value of T_q, made from T by a rotation and a stretch that count as constants.

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
    a, b = _direction(e.detach()), _direction(q)
    r = _direction(a + b)
    turned = e - 2 * (e * r).sum(-1, keepdim=True) * r + 2 * (e * a).sum(-1, keepdim=True) * b
    stretched = turned * (q.norm(dim=-1, keepdim=True) / length.clamp(min=SMALL))
    # A vector of length 0 has no direction to turn: there the gradient passes straight through.
    passed = torch.where(length > SMALL, stretched, e)
    return straight_through(passed.flatten(-2), T_q)  # the value of T_q at any length


def rotation_matrix(e: Float[Tensor, " d"], q: Float[Tensor, " d"]) -> Float[Tensor, "d d"]:
    """Q of `rotation_trick` as a matrix, to look at: Q (e/|e|) = q/|q|, and Q^t Q = I."""
    a, b = _direction(e), _direction(q)
    r = _direction(a + b)
    eye = torch.eye(len(e), dtype=e.dtype)
    return eye - 2 * torch.outer(r, r) + 2 * torch.outer(b, a)


def _direction(v: Tensor) -> Tensor:
    return v / v.norm(dim=-1, keepdim=True).clamp(min=SMALL)


def soft_assignment(
    T: Float[Tensor, "n d"], codewords: Float[Tensor, "N d"], temperature: int | float = 1.0
) -> Float[Tensor, "n d"]:
    """softmax(-||T - c||^2 / tau) C: every codeword a little, the nearest most.

    It has a true gradient, and it tends to the nearest codeword as tau tends to 0.
    """
    return (-squared_distances(T, codewords) / temperature).softmax(dim=1) @ codewords


def gumbel_noise(rng: RNG, *shape: int, dtype: torch.dtype) -> Tensor:
    """-log(-log(u)), u uniform: adding it to logits and taking the argmax samples the softmax."""
    u = rng.random(shape).clip(1e-300, 1 - 1e-16)
    return torch.from_numpy(-np.log(-np.log(u))).to(dtype)


def gumbel_softmax(
    T: Float[Tensor, "n d"],
    codewords: Float[Tensor, "N d"],
    noise: Float[Tensor, "n N"],
    temperature: int | float = 1.0,
) -> Float[Tensor, "n d"]:
    """Forward: the codeword that -d^2/tau + noise likes best. Backward: that of the softmax of it.

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
    temperature: int | float = 1.0,
    noise: Float[Tensor, "n N"] | None = None,
) -> Float[Tensor, "n d"]:
    """Quantised tokens with the gradient that the estimator gives them.

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


Loss = Callable[[Tensor], Tensor]  # T~ (n, d) -> a number


def token_gradient(
    T: Float[Tensor, "n d"],
    codewords: Float[Tensor, "N d"],
    loss: Loss,
    estimator: str,
    temperature: int | float = 1.0,
    noise: Float[Tensor, "n N"] | None = None,
    beta: int | float = 0.0,
) -> Float[Tensor, "n d"]:
    """What reaches the tokens: the gradient of loss(T~) + beta * sum ||T - sg[q]||^2 for T.

    Tokens that the graph does not reach get zeros, as an optimiser would treat them.
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
    h: int | float,
) -> float:
    """(L(T + h v) - L(T)) / h through the real argmin: 0, or a jump divided by h."""
    both = torch.stack([T, T + h * direction])  # (2, d)
    q = codewords[squared_distances(both, codewords).argmin(1)]  # (2, d)
    return float((loss(q[1:]) - loss(q[:1])) / h)


def cosines(a: Float[Tensor, "n d"], b: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
    """Cosine of each pair of rows; 0 where one of them is 0 (nothing points nowhere)."""
    return (_direction(a) * _direction(b)).sum(dim=1)


def circle_world(
    n: int = 64, N: int = 8, turn: int | float = 100.0, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """A tokenizer to be learnt, as small as can be: turn points on a circle by `turn` degrees.

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
    *,
    steps: int = 200,
    lr: float = 0.02,
    beta: float = 0.25,
    temperature: int | float = 0.3,
    seed: int = 0,
) -> list[float]:
    """Learn T = x W so that the *quantised* token is the wanted one; the loss before each step.

    The codebook stays as it is. The loss that is returned is always the real one, through argmin:
    mean ||q(T) - wanted||^2. "nothing" also switches the commitment off.
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
    return losses


def compare(
    T: Float[Tensor, "n d"],
    codewords: Float[Tensor, "N d"],
    wanted: Float[Tensor, "n d"],
    temperature: int | float = 1.0,
    step: int | float = 1.0,
    beta: float = 0.25,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """What each estimator sends to many tokens whose loss is |T~ - wanted|^2 / 2.

    Returns:
        For each of ESTIMATORS and "soft", means over the tokens: "norm" of what arrives, "cosine"
        to the gradient of the soft relaxation at `temperature`, and "gain": how much the real loss,
        the one through argmin, falls when each token moves by the length `step` against it.
    """

    def loss(T_q: Tensor) -> Tensor:
        return (T_q - wanted).square().sum() / 2

    def real(tokens: Tensor) -> float:
        return float(loss(quantise(tokens, codewords, "literal")) / len(tokens))

    shape = (len(T), len(codewords))
    noise = gumbel_noise(np.random.default_rng(seed), *shape, dtype=T.dtype)
    true, found = token_gradient(T, codewords, loss, "soft", temperature), {}
    for name in (*ESTIMATORS, "soft"):
        extra = beta if name == "literal" else 0.0
        g = token_gradient(T, codewords, loss, name, temperature, noise, extra)  # (n, d)
        found[name] = {
            "norm": float(g.norm(dim=1).mean()),
            "cosine": float(cosines(g, true).mean()),
            "gain": real(T) - real(T - step * _direction(g)),
        }
    return found
