"""The exercises' solutions, and plausible mistakes with words that name them."""

import torch
import torch.nn.functional as F

from sparcode_mini.model.capsules import squash


def means(H_u):
    return H_u.cumsum(1) / torch.arange(1, H_u.shape[1] + 1)[:, None]


def one_round(votes, b, dim=1, squashed=True):
    c = b.softmax(dim)
    z = torch.einsum("lk,lkd->kd", c, votes)
    u = squash(z) if squashed else z
    return c, b + torch.einsum("kd,lkd->lk", u, votes)


def cosine_table(T):
    unit = F.normalize(T, dim=1)
    return unit @ unit.T


def others(T):
    return ~torch.eye(len(T), dtype=torch.bool)


def blocks(image, side):
    n = len(image) // side
    return image.reshape(n, side, n, side).transpose(1, 2)


def scores(T, T_c):
    return torch.einsum("d,fkd->f", T, T_c)


def asked(T, T_c, k):
    return scores(T, T_c).argsort(descending=True)[:k]


def real(values):
    return (values > 0)[..., None]


SOLUTIONS = {
    "asks_for": asked,
    "field_tokens": lambda table, v: (table[v] * real(v)).sum(1) / real(v).sum(1),
    "mask_of": lambda lengths, L: torch.arange(L) < lengths[:, None],
    "prefix_means": means,
    "squash_of": squash,
    "routing_round": one_round,
    "copies": lambda T: cosine_table(T)[others(T)].mean(),
    "patches": lambda image, side: blocks(image, side).reshape(-1, side * side),
}
MISTAKES = [
    ("asks_for", lambda T, T_c, k: scores(T, T_c).argsort()[:k], "Smallest first"),
    ("asks_for", lambda T, T_c, k: scores(T, T_c)[asked(T, T_c, k)], "return the positions"),
    ("asks_for", lambda T, T_c, k: asked(T, T_c[:, :1], k), "add up all K_c"),
    (
        "asks_for",
        lambda T, T_c, k: asked(T, F.normalize(T_c.sum(1, keepdim=True), dim=2), k),
        "dot product",
    ),
    ("asks_for", lambda T, T_c, k: asked(T, T_c, len(T_c)), "the first k only"),
    ("field_tokens", lambda table, v: table[v].mean(1), "row 0 of the table"),
    ("field_tokens", lambda table, v: (table[v] * real(v)).mean(1), "in the divisor"),
    ("field_tokens", lambda table, v: (table[v] * real(v)).sum(1), "That is the sum"),
    ("field_tokens", lambda table, v: table[v[:, 0]], "Only the first genre"),
    ("mask_of", lambda n, L: torch.arange(L) >= n[:, None], "Turned round"),
    ("mask_of", lambda n, L: torch.arange(L) <= n[:, None], "One too many"),
    ("mask_of", lambda n, L: torch.arange(L) >= L - n[:, None], "padding on the left"),
    ("mask_of", lambda n, L: (torch.arange(L) < n[:, None]).T, "(L, B)"),
    ("prefix_means", lambda H: H.cumsum(1), "These are sums"),
    ("prefix_means", lambda H: H.cumsum(1) / H.shape[1], "Divided by L"),
    ("prefix_means", lambda H: H.mean(1), "one for each prefix"),
    ("prefix_means", lambda H: H.mean(1, keepdim=True).expand_as(H), "looks into the future"),
    ("prefix_means", lambda H: means(H.flip(1)).flip(1), "comes after"),
    (
        "prefix_means",
        lambda H: F.pad(means(H), (0, 0, 1, 0))[:, :-1],
        "left out embedding p itself",
    ),
    ("squash_of", lambda z: F.normalize(z, dim=-1), "factor"),
    (
        "squash_of",
        lambda z: z * z.square().sum(-1, keepdim=True) / (1 + z.square().sum(-1, keepdim=True)),
        "unit vector",
    ),
    ("squash_of", lambda z: z / (1 + z.norm(dim=-1, keepdim=True)), "square both"),
    ("squash_of", lambda z: z * z.norm() / (1 + z.norm() ** 2), "each row"),
    ("routing_round", lambda v, b: one_round(v, b, dim=0), "softmax over the capsules"),
    ("routing_round", lambda v, b: (b.softmax(1), one_round(v, b)[1] - b), "old logits"),
    ("routing_round", lambda v, b: one_round(v, b, squashed=False), "not squashed"),
    (
        "routing_round",
        lambda v, b: (one_round(v, 0 * b)[0], one_round(v, 0 * b)[1] + b),
        "Equal shares",
    ),
    (
        "routing_round",
        lambda v, b: (one_round(v, b)[1].softmax(1), one_round(v, b)[1]),
        "next* round",
    ),
    ("routing_round", lambda v, b: b.softmax(1), "return two tables"),
    ("copies", lambda T: cosine_table(T).mean(), "with itself"),
    ("copies", lambda T: (T @ T.T)[others(T)].mean(), "divide by both lengths"),
    ("copies", lambda T: cosine_table(T)[others(T)].abs().mean(), "keep the sign"),
    ("copies", lambda T: cosine_table(T)[others(T)].sum(), "K (K - 1)"),
    ("copies", lambda T: torch.cdist(T, T)[others(T)].mean(), "mean distance"),
    ("patches", lambda image, side: image.reshape(-1, side * side), "runs of one row"),
    (
        "patches",
        lambda image, side: blocks(image, side).transpose(0, 1).reshape(-1, side * side),
        "column by column",
    ),
    ("patches", blocks, "flatten"),
    (
        "patches",
        lambda image, side: blocks(image, side).transpose(2, 3).reshape(-1, side * side),
        "turned on its side",
    ),
]
