"""The exercises' solutions, and plausible mistakes with words that name them."""

import numpy as np
import torch


def listed(lists):
    return {item for one in lists for item in one}


def entries(lists):
    return sum(map(len, lists))


def once(A, codes, g):
    n_u = torch.zeros(len(A), dtype=g.dtype)
    n_u[codes] = g
    return n_u @ A


def largest(lengths, budget, room=6):
    fits = [n for n in range(1, max(lengths) + 1) if np.minimum(lengths, n).sum() * room <= budget]
    return fits[-1]


def kl(p_logits, q_logits):
    p, q = p_logits.log_softmax(1), q_logits.log_softmax(1)
    return (p.exp() * (p - q)).sum(1)


def slope_of(A, n_u, target, minus=1.0):
    y = n_u @ A
    p = np.exp(y - y.max())
    p = p / p.sum()
    p[target] -= minus
    return np.outer(n_u, p)


def entry_step(A, n_u, target, lr):
    return np.where(A > 0, np.maximum(A - lr * slope_of(A, n_u, target), 0), 0)


def stepped(A, step):
    return np.where(A > 0, np.maximum(A - step, 0), 0)


def read_once(A, n_u, target, lr):
    slope = slope_of(A, n_u, target) / np.where(n_u > 0, n_u, 1)[:, None]
    return stepped(A, lr * slope)


SOLUTIONS = {
    "entry_step": entry_step,
    "weights": lambda d, tau: (-d / tau).softmax(1),
    "discount": lambda usage, s: (s * usage / usage.mean()).clamp(max=1),
    "gated": lambda A, codes, g: g @ A[codes],
    "divergence": lambda t, s: kl(t, s).mean(),
    "best_n": largest,
    "both_sizes": lambda lists, D: (6 * entries(lists), 2 * (D + 1) * len(listed(lists))),
}
MISTAKES = [
    ("entry_step", lambda A, n, t, lr: A - lr * slope_of(A, n, t), "stays 0"),
    ("entry_step", lambda A, n, t, lr: np.maximum(A - lr * slope_of(A, n, t), 0), "stays 0"),
    ("entry_step", lambda A, n, t, lr: np.where(A > 0, A - lr * slope_of(A, n, t), 0), "clip at 0"),
    ("entry_step", lambda A, n, t, lr: stepped(A, -lr * slope_of(A, n, t)), "Against the slope"),
    ("entry_step", lambda A, n, t, lr: stepped(A, lr * slope_of(A, n, t, 0)), "target is missing"),
    ("entry_step", read_once, "twice the slope"),
    ("entry_step", lambda A, n, t, lr: stepped(A, slope_of(A, n, t)), "learning rate is missing"),
    ("weights", lambda d, tau: (d / tau).softmax(1), "needs a minus"),
    ("weights", lambda d, tau: (-d).softmax(1), "by tau before"),
    ("weights", lambda d, tau: (-d * tau).softmax(1), "do not multiply"),
    ("weights", lambda d, tau: (-d.sqrt() / tau).softmax(1), "squared already"),
    ("weights", lambda d, tau: (-d / tau).exp(), "add up to 1: divide"),
    ("weights", lambda d, tau: (-d / tau).softmax(0), "over dim 1"),
    ("discount", lambda u, s: s * u / u.mean(), "never over 1"),
    ("discount", lambda u, s: (s * u / u.sum()).clamp(max=1), "mean usage"),
    ("discount", lambda u, s: s * (u / u.mean()).clamp(max=1), ""),
    ("discount", lambda u, s: (s * u.mean() / u).clamp(max=1), "Turned around"),
    ("discount", lambda u, s: (s * u / u.mean()).clamp(min=1), "not the larger"),
    ("discount", lambda u, s: (u / u.mean() / s).clamp(max=1), ""),
    ("gated", lambda A, codes, g: A[codes].sum(0), "gates are missing"),
    ("gated", lambda A, codes, g: g[:, None] * A[codes], "one number for each item"),
    ("gated", once, "read twice"),
    ("gated", lambda A, codes, g: (g[:, None] * A[codes]).mean(0), "not the mean"),
    ("gated", lambda A, codes, g: g.sum() * A[codes].sum(0), "own token"),
    ("divergence", lambda t, s: kl(s, t).mean(), "Turned around"),
    ("divergence", lambda t, s: -(t.softmax(1) * s.log_softmax(1)).sum(1).mean(), "cross-entropy"),
    ("divergence", lambda t, s: (t.softmax(1) * (t - s)).sum(1).mean(), "no probabilities"),
    ("divergence", lambda t, s: kl(t, s).mean() / t.shape[1], "Sum over the items"),
    ("divergence", lambda t, s: kl(t, s).sum(), ""),
    ("divergence", lambda t, s: (t - s).square().sum(1).mean(), "compare rankings"),
    ("divergence", lambda t, s: -kl(t, s).mean(), "never below 0"),
    ("best_n", lambda lengths, b: b // 6 // len(lengths), "leave room"),
    ("best_n", lambda lengths, b: largest(lengths, b) + 1, "no longer fit"),
    ("best_n", lambda lengths, b: b // 6, "all entries together"),
    ("best_n", lambda lengths, b: b // len(lengths), "6 bytes"),
    ("best_n", lambda lengths, b: largest(lengths, b) - 1, "still fits"),
    (
        "both_sizes",
        lambda lists, D: (6 * entries(lists), 2 * D * len(listed(lists))),
        "its bias is served",
    ),
    (
        "both_sizes",
        lambda lists, D: (6 * entries(lists), 2 * (D + 1) * entries(lists)),
        "one vector",
    ),
    (
        "both_sizes",
        lambda lists, D: (6 * entries(lists), 2 * (D + 1) * (max(listed(lists)) + 1)),
        "Only listed",
    ),
    (
        "both_sizes",
        lambda lists, D: (4 * entries(lists), 2 * (D + 1) * len(listed(lists))),
        "position of 4",
    ),
    (
        "both_sizes",
        lambda lists, D: (2 * (D + 1) * len(listed(lists)), 6 * entries(lists)),
        "lists first",
    ),
    (
        "both_sizes",
        lambda lists, D: (6 * entries(lists), 4 * (D + 1) * len(listed(lists))),
        "2 bytes a number",
    ),
]
