"""Checks of the exercises of lesson 04: product quantisation and straight-through."""

import math
from typing import Any

import torch
from torch import Tensor

from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge, normal_tensors
from sparcode_mini.lessons.product_quantization.gradients import rotation_matrix
from sparcode_mini.model.kmeans import squared_distances


def size_of(function: Function) -> Verdict:
    """Check exercise 5: `function(M, N, token_dim)` -> possible codes, numbers, bits of a code.

    The numbers are those of all codebooks.
    """
    cases = []
    for M, N, D in ((1, 8, 4), (2, 4, 6), (4, 64, 32)):
        right = (N**M, N * D, M * math.log2(N))
        mistakes: list[tuple[tuple[float, ...], str]] = [
            (
                (N * M, *right[1:]),
                "You added up the choices of the parts; each part chooses freely.",
            ),
            ((M**N, *right[1:]), "M and N have changed places: M parts choose, each among N."),
            (
                (right[0], M * N * D, right[2]),
                "A codeword is as wide as a part, not as wide as the token.",
            ),
            ((*right[:2], math.log2(N)), "Those are the bits of one index; a code has several."),
        ]
        mistakes.append((right[:2], "Return three numbers: codes, numbers, bits."))
        cases.append(Case(f"M={M}, N={N}, D_T={D}", (M, N, D), right, mistakes))
    praise = "The numbers do not depend on M: only the number of codes explodes."
    return judge(function, cases, praise)


def codes_of(function: Function) -> Verdict:
    """Check exercise 1: `function(T (n, D_T), codebooks (M, N, d))` -> codes (n, M)."""
    small = torch.tensor([[0.9, 0.1, 2.0, 2.0], [3.0, 0.0, 0.0, 0.2]], dtype=torch.float64)
    books = torch.tensor(
        [[[1.0, 0.0], [4.0, 4.0], [-5.0, -5.0]], [[0.0, 0.0], [2.0, 2.0], [9.0, 9.0]]],
        dtype=torch.float64,
    )
    T, C = normal_tensors(1, (7, 6), (3, 5, 2))
    # Absolute differences prefer codeword 1 for a part (0, 0). A part (3, 0) stands between a short
    # codeword (2) and a longer one (3): a cross term other than -2 errs. Codeword 4 is the longest.
    border = torch.tensor([[0.0, 0.0, 3.0, 0.0], [3.0, 0.0, 3.0, 0.0]], dtype=torch.float64)
    firsts = torch.tensor([[1.0, 1.6, 2.0, 3.99, 9.0], [1.0, 1.6, 2.0, 4.01, 9.0]]).double()
    seconds = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0]).double().expand(2, 5)
    near = torch.stack([firsts, seconds], dim=2)  # (M=2, N=5, d=2)
    cases = []
    for title, x, book in (
        ("two tokens of width 4, M = 2, N = 3", small, books),
        ("tokens near a border between two codewords", border, near),
        ("7 tokens, M = 3, N = 5", T, C),
    ):
        distances = _distances(x, book)  # (M, n, N)
        products = torch.einsum("nmd,mkd->mnk", x.unflatten(1, (len(book), -1)), book)
        wrong = "That is the codeword with the {}."
        mistakes = [
            (distances.argmax(2).T, wrong.format("largest distance")),
            (products.argmax(2).T, wrong.format("largest product, not the nearest")),
            (distances.argmin(2), "Shape (M, n) came; a code is a row."),
            (
                distances.sum(0).argmin(1, keepdim=True).expand(-1, len(book)),
                "One index for the whole token; each part chooses in its own codebook.",
            ),
            (
                _distances(x.unflatten(1, (-1, len(book))).mT.flatten(1), book).argmin(2).T,
                "Parts are blocks of neighbouring coordinates, not every M-th coordinate.",
            ),
        ]
        right, N = distances.argmin(2).T, book.shape[1]  # (n, M)
        places = N ** torch.arange(len(book))
        single = "One number for each token came; a code is a row of M indices, (n, M)."
        mistakes += [((right * places).sum(1), single), ((right * places.flip(0)).sum(1), single)]
        parts = x.unflatten(1, (len(book), -1)).transpose(0, 1)  # (M, n, d)
        absolute = (parts[:, :, None] - book[:, None]).abs().sum(3)  # (M, n, N)
        mistakes.append((absolute.argmin(2).T, "Those are absolute differences; square them."))
        lengths = book.square().sum(2)[:, None]  # (M, 1, N)
        cross = (lengths - factor * products for factor in (1.5, 2.5))
        term = "The squared distance has the cross term -2 T C, with the factor 2."
        mistakes += [(scores.argmin(2).T, term) for scores in cross]
        cases.append(Case(title, (x, book), right, mistakes))
    return judge(function, cases, "That is ProductQuantizer.encode.")


def _distances(T: Tensor, codebooks: Tensor) -> Tensor:
    parts = T.unflatten(1, (len(codebooks), -1)).transpose(0, 1)  # (M, n, d)
    return torch.stack([squared_distances(p, c) for p, c in zip(parts, codebooks, strict=True)])


def straight_through(function: Function) -> Verdict:
    """Check exercise 2: `function(T, T_q)` -> T_q; backward, the gradient reaches T alone."""
    T, T_q, g = normal_tensors(2, (3, 2), (3, 2), (3, 2))
    value = Case(
        "the value, forward",
        (T, T_q),
        T_q,
        [
            (T, "Forward, the token must have become its codeword: the value of T_q."),
            (2 * T_q - T, "A sign or a factor too many: the value must be that of T_q."),
        ],
    )
    verdict = judge(function, [value], "")
    if not verdict.passed:
        return verdict
    nothing = torch.zeros_like(g)

    def backward(name: str) -> Tensor:
        """Return the gradient at T or at T_q when the gradient at the result is g."""
        leaves = {"T": T.clone().requires_grad_(), "T_q": T_q.clone().requires_grad_()}
        result = function(leaves["T"], leaves["T_q"])
        if not result.requires_grad:
            return nothing
        (gradient,) = torch.autograd.grad(result, leaves[name], g, allow_unused=True)
        return nothing if gradient is None else gradient

    cases = [
        Case(
            "the gradient that arrives at T, backward",
            ("T",),
            g,
            [
                (nothing, "Nothing arrives at T: what is detached, and what is not?"),
                (2 * g, "It arrives twice. T must appear outside of the detach only once."),
                (-g, "Its sign is turned: the part outside the detach must be +T."),
            ],
        ),
        Case(
            "the gradient that arrives at T_q, backward",
            ("T_q",),
            nothing,
            [(g, "The codebook gets a gradient too; T_q must be inside the detach.")],
        ),
    ]
    return judge(backward, cases, "The value of one, the gradient of the other.")


def reading(choice: str) -> Verdict:
    """Check exercise 3: which sentence the trainings without and with a gradient allow."""
    return choose(
        choice,
        right="C",
        reasons={
            "A": "Literal has the smallest distortion of the three and the lowest NDCG@50.",
            "B": "The control, nothing, sends no gradient and is far above random order (0.02). In "
            "the first stage it had the matching loss.",
            "C": "Both lines of literal against straight-through have a star. The learning rate "
            "was chosen for straight-through, so the size of the difference is less sure.",
            "D": "With one probe the interval contains 0. With four probes there is a star, but it "
            "rests on three seeds and a p-value of 0.04.",
        },
    )


def rotation_gradient(function: Function) -> Verdict:
    """Check exercise 4: `function(T (d,), q (d,), g (d,))` -> gradient at T (rotation)."""
    cases = []
    turn = [torch.tensor(v, dtype=torch.float64) for v in ((2.0, 0.0), (0.6, 0.8), (1.0, 0.0))]
    for title, (T, q, g) in (
        ("T = (2, 0), q = (0.6, 0.8), g = (1, 0)", turn),
        ("vectors of width 5", normal_tensors(3, (5,), (5,), (5,))),
    ):
        Q, stretch = rotation_matrix(T, q), q.norm() / T.norm()
        mistakes = [
            (g, "That is straight-through: g itself, neither turned nor stretched."),
            (
                stretch * (Q @ g),
                "You turned g the way that T was turned; backward another matrix acts.",
            ),
            (Q.T @ g, "Turned rightly; the stretch is missing."),
            (Q.T @ g / stretch, "The stretch is upside down."),
            (stretch * g, "Only stretched; the rotation is missing."),
        ]
        cases.append(Case(title, (T, q, g), stretch * (Q.T @ g), mistakes))
    praise = "The angle between what arrives and T equals the angle between g and q."
    return judge(function, cases, praise)


def residual_codes(function: Function) -> Verdict:
    """Check exercise 7: `function(T (n, D_T), codebooks (M, N, D_T))` -> residual codes (n, M).

    Greedy: each codebook quantises the rest that the codebooks before it left.
    """
    T, C = normal_tensors(4, (9, 3), (3, 6, 3))
    C = C * torch.tensor([1.0, 0.6, 0.3], dtype=C.dtype)[:, None, None]  # ever finer
    small = torch.tensor([[5.0, 1.0]], dtype=torch.float64)
    books = torch.tensor(
        [[[4.0, 0.0], [0.0, 4.0], [0.0, 0.0]], [[5.0, 0.8], [1.0, 1.0], [9.0, 1.0]]],
        dtype=torch.float64,
    )
    cases = []
    for title, x, book in (("one token, M = 2", small, books), ("nine tokens, M = 3", T, C)):
        mistakes = [
            (_greedy(x, book, 0.0), "Each codebook got T itself, not what is left over."),
            (_greedy(x, book, -1.0), "The chosen codeword was added; the rest is what is missing."),
            (
                _greedy(x, book, 1.0, forget=True),
                "You took each rest from T itself: from the third codebook on, the codewords that "
                "were chosen before the last one are missing.",
            ),
            (_greedy(x, book, 1.0).flip(1), "The first index belongs to the first codebook."),
            (_greedy(x, book, 1.0).T, "Shape (M, n) came; a code is a row: (n, M)."),
        ]
        cases.append(Case(title, (x, book), _greedy(x, book, 1.0), mistakes))
    return judge(function, cases, "That is ResidualQuantizer.encode.")


def _greedy(T: Tensor, codebooks: Tensor, sign: float, forget: bool = False) -> Tensor:
    rest, codes = T, []
    for book in codebooks:
        codes.append(squared_distances(rest, book).argmin(1))  # (n,)
        rest = (T if forget else rest) - sign * book[codes[-1]]
    return torch.stack(codes, dim=1)  # (n, M)


Row = dict[str, Any]


def best_setting(function: Function) -> Verdict:
    """Check exercise 6: `function(rows, budget)` -> (M, N) of the setting to take for a budget.

    Its index takes at most `budget` bytes, and validation likes it best. A row has "M", "N",
    "validation ndcg@50", "ndcg@50" (test), "entry_bytes_fp16" and "other_bytes".
    """
    table = (  # M, N, NDCG@50 on validation and test, bytes of entries, other bytes
        (1, 16, 0.20, 0.21, 30_000, 2_000),
        (1, 64, 0.24, 0.25, 90_000, 9_000),
        (1, 128, 0.26, 0.27, 160_000, 17_000),
        (2, 16, 0.25, 0.29, 95_000, 8_000),  # lucky on test
        (2, 64, 0.28, 0.28, 900_000, 60_000),
        (2, 128, 0.27, 0.27, 910_000, 70_000),  # the largest, not the best
        (4, 2, 0.22, 0.23, 20_000, 1_000),  # the smallest, not the worst
    )
    names = ("M", "N", "validation ndcg@50", "ndcg@50", "entry_bytes_fp16", "other_bytes")
    rows = [dict(zip(names, values, strict=True)) for values in table]
    cases = []
    for budget in (100_000, 170_000, 1_000_000):
        fitting = [r for r in rows if r["entry_bytes_fp16"] + r["other_bytes"] <= budget]
        right = max(fitting, key=_validation)
        loose = [r for r in rows if r["entry_bytes_fp16"] <= budget]
        wrong = (
            (max(fitting, key=lambda r: r["ndcg@50"]),
             "That one is best on test, and a choice made there is reported too well."),
            (max(loose, key=_validation),
             "That one is over budget once codebooks, codes and offsets (other_bytes) count."),
            (max(rows, key=_validation),
             "The best of all does not fit; leave out what is over the budget first."),
            (min(fitting, key=_validation), "That one ranks worst of those that fit."),
            (min(fitting, key=lambda r: r["entry_bytes_fp16"]),
             "That is the smallest that fits; fewer bytes are not always better."),
            (max(fitting, key=lambda r: r["entry_bytes_fp16"]),
             "That is the largest that fits; more bytes are not always more quality."),
        )  # fmt: skip
        mistakes = [
            ((r["M"], r["N"]), step) for r, step in wrong if (r["M"], r["N"]) != _size(right)
        ]
        cases.append(Case(f"a budget of {budget:,} bytes", (rows, budget), _size(right), mistakes))
    return judge(
        function,
        cases,
        'Now try it on the measured settings above: my_setting(stored["settings"], 300_000).',
    )


def _validation(row: Row) -> float:
    return float(row["validation ndcg@50"])


def _size(row: Row) -> tuple[int, int]:
    return row["M"], row["N"]
