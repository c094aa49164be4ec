"""The exercises' solutions, and plausible mistakes with words that name them."""

import math

import torch

from sparcode_mini.lessons.product_quantization.gradients import rotation_matrix


def nearest(x, book):
    return torch.cdist(x, book).argmin(1)


def parts(T, codebooks):
    return T.unflatten(1, (len(codebooks), -1)).unbind(1)


def with_factor(T, codebooks, factor):
    """Codes by |C|^2 - factor T C; the squared distance has the factor 2."""
    columns = [
        (c.square().sum(1) - factor * p @ c.T).argmin(1)
        for p, c in zip(parts(T, codebooks), codebooks, strict=True)
    ]
    return torch.stack(columns, 1)


def greedy(T, codebooks, sign=1.0):
    codes = []
    for book in codebooks:
        codes.append(nearest(T, book))
        T = T - sign * book[codes[-1]]
    return torch.stack(codes, 1)


def rest_of_the_token(T, codebooks):
    codes, rest = [], T
    for book in codebooks:
        codes.append(nearest(rest, book))
        rest = T - book[codes[-1]]
    return torch.stack(codes, 1)


def total(row):
    return row["entry_bytes_fp16"] + row["other_bytes"]


def best(rows, key):
    row = max(rows, key=key)
    return row["M"], row["N"]


SOLUTIONS = {
    "size_of": lambda M, N, D: (N**M, N * D, M * math.log2(N)),
    "codes_of": lambda T, C: torch.stack(
        [nearest(p, c) for p, c in zip(parts(T, C), C, strict=True)], 1
    ),
    "straight_through": lambda T, T_q: T + (T_q - T).detach(),
    "rotation_gradient": lambda T, q, g: q.norm() / T.norm() * (rotation_matrix(T, q).T @ g),
    "residual_codes": greedy,
    "best_setting": lambda rows, budget: best(
        [r for r in rows if total(r) <= budget], lambda r: r["validation ndcg@50"]
    ),
}
MISTAKES = [
    ("size_of", lambda M, N, D: (N * M, N * D, M * math.log2(N)), "chooses freely"),
    ("size_of", lambda M, N, D: (M**N, N * D, M * math.log2(N)), "changed places"),
    ("size_of", lambda M, N, D: (N**M, M * N * D, M * math.log2(N)), "as wide as a part"),
    ("size_of", lambda M, N, D: (N**M, N * D, math.log2(N)), "bits of one index"),
    ("size_of", lambda M, N, D: (N**M, N * D), "three numbers"),
    ("codes_of", lambda T, C: SOLUTIONS["codes_of"](T, C).T, "(M, n)"),
    (
        "codes_of",
        lambda T, C: torch.stack(
            [(p @ c.T).argmax(1) for p, c in zip(parts(T, C), C, strict=True)], 1
        ),
        "largest product",
    ),
    (
        "codes_of",
        lambda T, C: torch.stack(
            [torch.cdist(p, c).argmax(1) for p, c in zip(parts(T, C), C, strict=True)], 1
        ),
        "largest distance",
    ),
    (
        "codes_of",
        lambda T, C: SOLUTIONS["codes_of"](
            T.unflatten(1, (-1, len(C))).transpose(1, 2).flatten(1), C
        ),
        "neighbouring",
    ),
    (
        "codes_of",
        lambda T, C: (
            torch.stack([torch.cdist(p, c).square() for p, c in zip(parts(T, C), C, strict=True)])
            .sum(0)
            .argmin(1, keepdim=True)
            .expand(-1, len(C))
        ),
        "its own codebook",
    ),
    (
        "codes_of",
        lambda T, C: SOLUTIONS["codes_of"](T, C) @ (C.shape[1] ** torch.arange(len(C))),
        "row of M indices",
    ),
    (
        "codes_of",
        lambda T, C: SOLUTIONS["codes_of"](T, C) @ (C.shape[1] ** torch.arange(len(C)).flip(0)),
        "row of M indices",
    ),
    (
        "codes_of",
        lambda T, C: torch.stack(
            [torch.cdist(p, c, p=1).argmin(1) for p, c in zip(parts(T, C), C, strict=True)], 1
        ),
        "absolute differences",
    ),
    ("codes_of", lambda T, C: with_factor(T, C, 1.5), "factor 2"),
    ("codes_of", lambda T, C: with_factor(T, C, 1.8), "factor 2"),
    ("codes_of", lambda T, C: with_factor(T, C, 2.2), "factor 2"),
    ("straight_through", lambda T, T_q: T, "value of T_q"),
    ("straight_through", lambda T, T_q: T_q, "Nothing arrives at T"),
    ("straight_through", lambda T, T_q: T + (T_q - T), "Nothing arrives at T"),
    ("straight_through", lambda T, T_q: (T + (T_q - T)).detach(), "Nothing arrives at T"),
    ("straight_through", lambda T, T_q: T + T_q - T.detach(), "inside the detach"),
    ("straight_through", lambda T, T_q: T_q.detach() + T_q.detach() - T, "sign"),
    ("straight_through", lambda T, T_q: 2 * T + (T_q - 2 * T).detach(), "twice"),
    ("rotation_gradient", lambda T, q, g: g, "straight-through"),
    (
        "rotation_gradient",
        lambda T, q, g: q.norm() / T.norm() * rotation_matrix(T, q) @ g,
        "another matrix",
    ),
    ("rotation_gradient", lambda T, q, g: rotation_matrix(T, q).T @ g, "missing"),
    (
        "rotation_gradient",
        lambda T, q, g: T.norm() / q.norm() * rotation_matrix(T, q).T @ g,
        "upside down",
    ),
    ("rotation_gradient", lambda T, q, g: q.norm() / T.norm() * g, "Only stretched"),
    ("residual_codes", lambda T, C: greedy(T, C, 0.0), "left over"),
    ("residual_codes", lambda T, C: greedy(T, C, -1.0), "was added"),
    ("residual_codes", rest_of_the_token, "from the third codebook on"),
    ("residual_codes", lambda T, C: greedy(T, C).T, "(M, n)"),
    ("residual_codes", lambda T, C: greedy(T, C).flip(1), "first codebook"),
    (
        "best_setting",
        lambda rows, budget: best([r for r in rows if total(r) <= budget], lambda r: r["ndcg@50"]),
        "best on test",
    ),
    (
        "best_setting",
        lambda rows, budget: best(rows, lambda r: r["validation ndcg@50"]),
        "does not fit",
    ),
    (
        "best_setting",
        lambda rows, budget: best(
            [r for r in rows if r["entry_bytes_fp16"] <= budget], lambda r: r["validation ndcg@50"]
        ),
        "other_bytes",
    ),
    (
        "best_setting",
        lambda rows, budget: best([r for r in rows if total(r) <= budget], lambda r: -total(r)),
        "smallest",
    ),
    (
        "best_setting",
        lambda rows, budget: best([r for r in rows if total(r) <= budget], total),
        "largest that fits",
    ),
    (
        "best_setting",
        lambda rows, budget: best(
            [r for r in rows if total(r) <= budget], lambda r: -r["validation ndcg@50"]
        ),
        "ranks worst",
    ),
]
