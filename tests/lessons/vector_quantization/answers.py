"""The exercises' solutions, and plausible mistakes with words that name them."""

import math

import torch


def nearest(T, C):
    return torch.cdist(T, C).argmin(dim=1)


def perplexity(codes, N):
    share = torch.bincount(codes, minlength=N) / len(codes)
    share = share[share > 0].double()
    return float((-(share * share.log()).sum()).exp())


def lloyd_step(x, C):
    codes = nearest(x, C)
    return torch.stack(
        [x[codes == k].mean(0) if (codes == k).any() else C[k] for k in range(len(C))]
    )


def vq_loss(T, T_q, beta):
    codebook = (T.detach() - T_q).square().mean()
    commitment = (T - T_q.detach()).square().mean()
    return codebook + beta * commitment


def next_codeword(x, chosen, u):
    distance = torch.cdist(x, x[chosen]).square().amin(dim=1)
    distance[chosen] = 0.0
    running = distance.cumsum(0)
    return int(torch.searchsorted(running, u * running[-1], right=True))


SOLUTIONS = {
    "nearest": nearest,
    "perplexity": perplexity,
    "lloyd_step": lloyd_step,
    "vq_loss": vq_loss,
    "next_codeword": next_codeword,
}


def means(x, C, dead):
    codes = nearest(x, C)
    return torch.stack(
        [x[codes == k].mean(0) if (codes == k).any() else dead(C, k) for k in range(len(C))]
    )


def running(weights, u):
    total = weights.cumsum(0)
    return int(torch.searchsorted(total, u * total[-1], right=True))


def squares(x, chosen):
    return torch.cdist(x, x[chosen]).square()


def entropy(codes, N):
    return math.log(perplexity(codes, N))


def mse(a, b):
    return (a - b).square().mean()


def naive_perplexity(codes, N):
    share = torch.bincount(codes, minlength=N).double() / len(codes)
    return float(torch.exp(-(share * share.log()).sum()))


MISTAKES = [
    ("nearest", lambda T, C: torch.cdist(T, C).argmax(1), "farthest"),
    ("nearest", lambda T, C: (T @ C.T).argmax(1), "dot product"),
    ("nearest", lambda T, C: (C.square().sum(1) - T @ C.T).argmin(1), "wrong factor"),
    ("nearest", lambda T, C: (C.square().sum(1) - 100 * T @ C.T).argmin(1), "wrong factor"),
    ("nearest", lambda T, C: (C.square().sum(1) - 1.8 * T @ C.T).argmin(1), "must be larger"),
    ("nearest", lambda T, C: (C.square().sum(1) - 2.2 * T @ C.T).argmin(1), "must be smaller"),
    ("nearest", lambda T, C: torch.cdist(T, C, p=1).argmin(1), "absolute differences"),
    ("nearest", lambda T, C: (-2 * T @ C.T).argmin(1), "dot product"),
    ("nearest", lambda T, C: torch.cdist(T, C).argmin(0), "nearest token of each codeword"),
    ("nearest", lambda T, C: torch.cdist(T, C).amin(1), "argmin, not min"),
    ("perplexity", entropy, "exponential"),
    ("perplexity", lambda codes, N: entropy(codes, N) / math.log(2), "bits"),
    ("perplexity", lambda codes, N: 1 / perplexity(codes, N), "sign"),
    ("perplexity", lambda codes, N: float(len(codes.unique())), "how evenly"),
    ("perplexity", lambda codes, N: 2 ** entropy(codes, N) if N == 2 else float(N), "natural"),
    ("perplexity", naive_perplexity, "leave unused codewords out"),
    ("lloyd_step", lambda x, C: means(x, C, lambda C, k: 0 * C[k]), "jumped to the origin"),
    ("lloyd_step", lambda x, C: means(x, C, lambda C, k: C[k] / 0 * 0), "nan"),
    (
        "lloyd_step",
        lambda x, C: torch.stack([x[nearest(x, C) == k].mean(0) for k in range(len(C))]),
        "0/0 = nan",
    ),
    (
        "lloyd_step",
        lambda x, C: torch.stack([x[nearest(x, C) == k].sum(0) for k in range(len(C))]),
        "You summed",
    ),
    (
        "lloyd_step",
        lambda x, C: torch.stack([x[nearest(x, C) == k].sum(0) / len(x) for k in range(len(C))]),
        "divided by all points",
    ),
    ("lloyd_step", lambda x, C: C, "did not move"),
    ("lloyd_step", lambda x, C: x.mean(0).expand(len(C), -1), "mean of all points"),
    (
        "lloyd_step",
        lambda x, C: torch.stack([x[nearest(x, C) == k].mean(0) for k in nearest(x, C).unique()]),
        "dropped",
    ),
    ("vq_loss", lambda T, T_q, beta: (1 + beta) * mse(T, T_q), "Nothing is detached"),
    (
        "vq_loss",
        lambda T, T_q, beta: beta * mse(T.detach(), T_q) + mse(T, T_q.detach()),
        "swapped",
    ),
    ("vq_loss", lambda T, T_q, beta: mse(T.detach(), T_q), "commitment is missing"),
    ("vq_loss", lambda T, T_q, beta: beta * mse(T, T_q.detach()), "codebook loss is missing"),
    (
        "vq_loss",
        lambda T, T_q, beta: mse(T.detach(), T_q) + mse(T, T_q.detach()),
        "beta is not used",
    ),
    ("vq_loss", lambda T, T_q, beta: T.numel() * vq_loss(T, T_q, beta), "summed"),
    (
        "vq_loss",
        lambda T, T_q, beta: (1 + beta) * mse(T.detach(), T_q.detach()),
        "Both sides are detached",
    ),
    ("next_codeword", lambda x, chosen, u: int(u * len(x)), "running sum"),
    (
        "next_codeword",
        lambda x, chosen, u: int(torch.cdist(x, x[chosen]).amin(1).argmax()),
        "farthest",
    ),
    (
        "next_codeword",
        lambda x, chosen, u: running(torch.cdist(x, x[chosen]).amin(1), u),
        "squared",
    ),
    (
        "next_codeword",
        lambda x, chosen, u: running(torch.cdist(x, x[chosen[-1:]]).square().amin(1), u),
        "nearest of all chosen",
    ),
    ("next_codeword", lambda x, chosen, u: running(squares(x, chosen).sum(1), u), "not sum or"),
    ("next_codeword", lambda x, chosen, u: running(squares(x, chosen).amax(1), u), "not sum or"),
    (
        "next_codeword",
        lambda x, chosen, u: int(
            torch.searchsorted(w := squares(x, chosen).amin(1).cumsum(0), u * w[-1])
        ),
        "u = 0 included",
    ),
]
