"""Checks of the exercises of lesson 03: nearest codewords, usage, how a codebook learns."""

from typing import Any

import torch
from torch import Tensor

from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge


def _t(*rows: Any) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


C = _t([0.0, 0.0], [1.0, 0.0], [3.0, 0.0])
T = _t([0.9, 0.0], [2.5, 0.1], [0.2, -0.1], [1.7, 0.0], [0.02, 0.0])


def nearest(function: Function) -> Verdict:
    """Check exercise 1: `function(T, C)` -> codes (n,), the nearest codeword of each token."""
    product = (T @ C.T).argmax(1)
    cases = [
        Case(
            "tokens 0.9, 2.5, 0.2, 1.7 and 0.02 on a line, codewords 0, 1 and 3",
            (T, C),
            [1, 2, 0, 1, 0],
            [
                (torch.cdist(T, C).argmax(1), "You took the farthest; take the argmin."),
                (
                    product,
                    "You took the largest dot product, which favours long codewords; the nearest "
                    "one is asked for.",
                ),
                (
                    (C.square().sum(1) - T @ C.T).argmin(1),
                    "The product T.C has a wrong factor: multiply ||T - C||^2 out once more.",
                ),
                (
                    (C.square().sum(1) - 100 * T @ C.T).argmin(1),
                    "The product T.C has a wrong factor: the token is compared as if it were far "
                    "longer than it is.",
                ),
                (torch.cdist(T, C).argmin(0), "You took the nearest token of each codeword: dim."),
                (
                    torch.cdist(T, C).amin(1),
                    "These are the distances themselves; return the codes: argmin, not min.",
                ),
            ],
            "Work out the distances of the first token to 0, 1 and 3 by hand.",
        ),
        Case("two tokens, both nearest to codeword 2", (_t([9.0, 9.0], [4.0, 0.0]), C), [2, 2]),
        Case(
            "tokens 0.49 and 0.51 on a line, codewords 0 and 1",
            (_t([0.49, 0.0], [0.51, 0.0]), C[:2]),
            [0, 1],
            [
                ([0, 0], "The product T.C has a wrong factor: it must be larger."),
                ([1, 1], "The product T.C has a wrong factor: it must be smaller."),
            ],
        ),
        Case(
            "tokens (0, 0) and (3, 1), codewords (3, 0) and (2, 2)",
            (_t([0.0, 0.0], [3.0, 1.0]), _t([3.0, 0.0], [2.0, 2.0])),
            [1, 0],
            [
                (
                    [0, 0],
                    "You added up the absolute differences; the distance in the plane squares them "
                    "first.",
                )
            ],
        ),
    ]
    return judge(function, cases, "This line is the whole quantiser; all else is how C learns.")


def perplexity(function: Function) -> Verdict:
    """Check exercise 4: `function(codes, N)` -> perplexity, exp of the entropy of the usage."""
    entropy = 0.5623351446188083  # of the shares 3/4 and 1/4
    even = "When all N codewords are used alike the perplexity is N."
    cases = [
        Case(
            "4 codewords, each used once",
            (torch.tensor([0, 1, 2, 3]), 4),
            4.0,
            [
                (1.3862943611198906, "This is the entropy; its exponential is the perplexity."),
                (2.0, "This is the entropy in bits; take natural logarithms, then exp."),
                (0.25, "The sign of the entropy: -sum p log p."),
            ],
            even,
        ),
        Case(
            "codes 0, 0, 0, 1 with N = 2",
            (torch.tensor([0, 0, 0, 1]), 2),
            1.7547653506033308,
            [
                (2.0, "You counted the codewords in use; how evenly they are used counts too."),
                (2 ** (entropy), "exp goes with the natural logarithm, 2 ** with log2."),
                (entropy, "This is the entropy; its exponential is the perplexity."),
            ],
            even,
        ),
        Case(
            "all tokens on codeword 2, N = 5: four dead codewords",
            (torch.tensor([2, 2, 2]), 5),
            1.0,
            [(5.0, "You did not look at the codes: five codewords exist, one is used.")],
            "0 * log 0 counts as 0, but log(0) is -inf: leave unused codewords out.",
        ),
    ]
    return judge(function, cases, "N used alike give N; one used alone gives 1.")


X3 = _t([0.0, 0.0], [2.0, 0.0], [2.0, 4.0], [10.0, 10.0])
C3 = _t([1.0, 1.0], [9.0, 9.0])
DEAD = _t([1.0, 1.0], [9.0, 9.0], [-50.0, 7.0])


def lloyd_step(function: Function) -> Verdict:
    """Check exercise 2: `function(x, C)` -> codewords after one step of Lloyd, (N, d)."""
    mean = 4.0 / 3.0
    cases = [
        Case(
            "three points near (1, 1), one near (9, 9)",
            (X3, C3),
            [[mean, mean], [10.0, 10.0]],
            [
                ([[4.0, 4.0], [10.0, 10.0]], "You summed; divide by how many points it has."),
                (
                    [[1.0, 1.0], [2.5, 2.5]],
                    "You divided by all points; divide by the points of this codeword.",
                ),
                (C3, "The codewords did not move: return the means of their points."),
                (
                    [[3.5, 3.5], [3.5, 3.5]],
                    "Every codeword got the mean of all points; take those that chose it.",
                ),
            ],
            "Which points choose codeword 0, and what is their mean?",
        ),
        Case(
            "the same, and a codeword far away that no point chooses",
            (X3, DEAD),
            [[mean, mean], [10.0, 10.0], [-50.0, 7.0]],
            [
                (
                    [[mean, mean], [10.0, 10.0], [0.0, 0.0]],
                    "The dead codeword jumped to the origin. Without points there is no mean: "
                    "it stays where it was.",
                ),
                ([[mean, mean], [10.0, 10.0]], "The dead codeword was dropped; N must not change."),
            ],
            "The mean of no points is 0/0 = nan. A codeword without points stays where it was.",
        ),
    ]
    return judge(function, cases, "Repeated until nothing moves, this is k-means.")


def reading(choice: str) -> Verdict:
    """Check exercise 3: which of the four logs of `faults.logs` shows a wrong assignment."""
    return choose(
        choice,
        right="C",
        reasons={
            "A": "One codeword takes all, because all of them begin far away: their length is 26, "
            "that of the tokens 1.4. That is a collapse. A start on the tokens cures it, or "
            "restarts.",
            "B": "Nothing is wrong here: all 16 codewords are used, and almost evenly. The codes "
            "are those of the nearest codewords, since both distortions are equal.",
            "C": "Its codewords are as good as B's: with the nearest one for each token the "
            "distortion would be the same. But other codes are chosen, so the assignment is wrong "
            "(a factor of 100). The dead codewords are a consequence. No start repairs a formula.",
            "D": "One codeword takes all, because the tokens are far smaller than the codewords: "
            "0.014 against 1.0. That is a scale that does not fit. A start on the tokens cures it, "
            "or a LayerNorm.",
        },
    )


T5 = _t([1.0, 2.0], [0.0, -1.0])
TQ5 = _t([0.0, 2.0], [1.0, 1.0])


def _slopes(function: Function) -> Function:
    """Return a function with the arguments of a loss: [loss, gradient to T, gradient to T_q]."""

    def probe(tokens: Tensor, quantised: Tensor, beta: float) -> Any:
        T, T_q = tokens.clone().requires_grad_(), quantised.clone().requires_grad_()
        loss = function(T, T_q, beta)
        if loss is None:
            return None
        slopes: Any = (None, None)
        if loss.requires_grad:
            slopes = torch.autograd.grad(loss, [T, T_q], allow_unused=True)
        filled = [torch.zeros_like(T) if s is None else s for s in slopes]
        return torch.cat([loss.detach().reshape(1), *(s.flatten() for s in filled)])

    return probe


def _loss(to_T: float, to_T_q: float, scale: float = 1.0, total: float | None = None) -> Tensor:
    """Return the loss and both gradients, as `_slopes`, when the two pulls have these weights."""
    gap = T5 - TQ5
    value = gap.square().mean() * (to_T + to_T_q if total is None else total)
    pull = 2 * gap / gap.numel()
    parts = [value.reshape(1), to_T * pull.flatten(), -to_T_q * pull.flatten()]
    return scale * torch.cat(parts)


def vq_loss(function: Function) -> Verdict:
    """Check exercise 5: `function(T, T_q, beta)` -> codebook loss + beta * commitment (means)."""
    beta, both = 0.25, 1.25
    pulls = "the loss itself, then what reaches the 4 entries of T, then the 4 of T_q"
    case = Case(
        f"2 tokens of width 2, beta = {beta}: {pulls}",
        (T5, TQ5, beta),
        _loss(beta, 1.0),
        [
            (
                _loss(both, both, total=both),
                "Nothing is detached, so each term pulls both sides: T with 1.25, T_q with 1.25.",
            ),
            (
                _loss(1.0, beta),
                "The two are swapped: beta belongs to the commitment, the term that moves T.",
            ),
            (_loss(0.0, 1.0), "The commitment is missing: nothing reaches T."),
            (_loss(beta, 0.0), "The codebook loss is missing: nothing reaches T_q."),
            (_loss(0.0, 0.0, total=both), "Both sides are detached, so nothing learns."),
            (_loss(beta, 1.0, scale=4.0), "You summed over the entries; take the mean."),
            (_loss(beta, 1.0, scale=2.0), "You summed over the width; take the mean over all."),
            (_loss(1.0, 1.0), "beta is not used: it weighs the commitment."),
        ],
        "Which of the two terms moves T, which moves T_q, and with what weight?",
    )
    return judge(_slopes(function), [case], "One pull for each side, and a weight between them.")


X6 = _t([0.0], [1.0], [4.0], [5.0])


def next_codeword(function: Function) -> Verdict:
    """Check exercise 6: `function(x, chosen, u)` -> point of the next codeword, u in [0, 1)."""
    unsquared = "Weigh the points by the *squared* distance."
    last = "Take the distance to the nearest of all chosen points, not to the last one."
    farthest = "Not always the farthest: a point is drawn, in proportion to d^2, by u."
    zero = "A chosen point was drawn again: its weight is 0, so no u may pick it, u = 0 included."
    merged = "Of the distances to several chosen points the smallest counts, not sum or largest."
    uniform = "u picks a place in the running sum of d^2, not a point directly."
    cases = [
        Case(
            "points 0, 1, 4, 5; point 0 chosen; u = 0.35 (d^2 = 0, 1, 16, 25; sum 42)",
            (X6, [0], 0.35),
            2,
            [(3, farthest), (1, uniform)],
            "Running sum 0, 1, 17, 42; u * 42 = 14.7 falls into the third.",
        ),
        Case(
            "the same with u = 0.05 (u * 42 = 2.1)",
            (X6, [0], 0.05),
            2,
            [(1, unsquared), (0, uniform), (3, farthest)],
        ),
        Case("the same with u = 0", (X6, [0], 0.0), 1, [(0, zero), (3, farthest)], zero),
        Case(
            "points 0 and 3 chosen, u = 0.6 (d^2 = 0, 1, 1, 0)",
            (X6, [0, 3], 0.6),
            2,
            [(0, last), (1, last), (3, last)],
        ),
        Case(
            "points 3 and 0 chosen, u = 0.4 (d^2 = 0, 1, 1, 0)",
            (X6, [3, 0], 0.4),
            1,
            [(2, last), (3, last)],
        ),
        Case(
            "points 0 and 1 chosen, u = 0.38 (d^2 = 0, 0, 9, 16)",
            (X6, [0, 1], 0.38),
            3,
            [(2, merged)],
        ),
    ]
    return judge(function, cases, "Far points are likely, near ones stay possible.")
