"""Checks of the exercises of lesson 06: the all-to-all scorer, the bias and sparsity."""

from typing import Any

import torch
from torch import Tensor

from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge, normal_tensors


def y_of(function: Function) -> Verdict:
    """Check exercise 1: `function(S (K_u, I), b)` -> y (I,) = sum_i ReLU(S_i + b)."""
    small = torch.tensor([[2.0, -1.0, 0.5], [-3.0, 1.0, 0.25]], dtype=torch.float64)
    (large,) = normal_tensors(1, (4, 6))
    cases = []
    for title, S, b in (("two tokens, three items, b = -0.5", small, -0.5),
                        ("four tokens, b = 0.3", large, 0.3)):  # fmt: skip
        mistakes = [
            ((S.sum(0) + b).relu(), "One ReLU for each token, then the sum: not ReLU of the sum."),
            ((S + b).sum(0), "The ReLU is missing: a score below zero adds nothing."),
            ((S - b).relu().sum(0), "The bias is added, S + b; a negative b makes fewer entries."),
            (S.relu().sum(0) + b, "The bias belongs inside the ReLU."),
            (S.relu().sum(0), "The bias b is missing."),
            ((S + b).relu(), "Sum over the tokens: one number for each item."),
            ((S + b).relu().sum(1), "That is the sum over the items; sum over the tokens, dim 0."),
        ]
        cases.append(Case(title, (S, b), (S + b).relu().sum(0), mistakes))
    return judge(function, cases, "That is y; what is positive before the sum is stored in lists.")


def reading(choice: str) -> Verdict:
    """Check exercise 2: which sentence the study of the scorers allows."""
    return choose(
        choice,
        right="B",
        reasons={
            "A": "The interval of this difference holds 0 and reaches from -0.7 to +0.7 points. So "
            "the linear path may bring something, or cost something.",
            "B": "Both intervals of concatenation lie below 0 and hold after Holm; the other two "
            "contain 0.",
            "C": "The interval of this difference contains 0: three seeds do not show an order.",
            "D": "Seed 1 reads little and is the worst. But the other two seeds read more, and are "
            "more than two points below the worst seed of products. The interval counts all three.",
        },
    )


def products_score(function: Function) -> Verdict:
    """Check exercise 4: `function(Z (D,), T_c (K_c, D), W (h, K_c * D), h_0 (h,), w_h (h,))` -> S.

    The scorer of the paper, so without a linear path.
    """
    easy = [
        torch.tensor(v, dtype=torch.float64)
        for v in ([1.0, 2.0], [[1.0, 0.0], [0.0, 1.0]], [[1, 1, 1, 1], [0, 0, 0, -1]], [0, 1],
                  [10, 100])
    ]  # fmt: skip
    hard = normal_tensors(2, (3,), (2, 3), (5, 6), (5,), (5,))
    cases = []
    for title, args in (("D = 2, K_c = 2, h = 2", easy), ("D = 3, K_c = 2, h = 5", hard)):
        Z, T_c, W, a, w = args

        def network(
            x: Tensor, W: Tensor = W, a: Tensor = a, w: Tensor = w, on: Any = torch.relu
        ) -> Tensor:
            return w @ on(W @ x + a)

        right = network((Z * T_c).flatten())
        mistakes = [
            (network((Z + T_c).flatten()), "Multiply token and item, do not add them."),
            (network((Z * T_c).T.flatten()), "Side by side: all of Z * T_1, then all of Z * T_2."),
            (network((Z * T_c).flatten(), on=lambda v: v), "The hidden units need their ReLU."),
            (
                network((Z * T_c).flatten(), a=0 * a),
                "The offset h_0 of the hidden units is missing.",
            ),
            (network(T_c.flatten()), "The token never meets the item: multiply with Z."),
            (right + (Z * T_c).sum(), "That has the linear path too; the paper's formula has not."),
            (right.relu(), "No ReLU on S: that one comes after the bias b."),
            (network((Z * T_c).flatten()).reshape(1), "Return one number, not a vector of one."),
        ]
        mistakes = [m for m in mistakes if not torch.equal(m[0], right)]
        cases.append(Case(title, tuple(args), right, mistakes))
    return judge(function, cases, "That is ProductScorer.as_written for one pair.")


def flops(function: Function) -> Verdict:
    """Check exercise 5: `function(A (codes, I), p (codes,))` -> FLOPS by use.

    That is the sum over the lists of p * (mean over items of A)^2.
    """
    small = torch.tensor([[4.0, 2.0, 0.0], [0.0, 3.0, 0.0]], dtype=torch.float64)
    large, weights = normal_tensors(4, (5, 7), (5,))
    rare = torch.tensor([0.25, 0.75], dtype=torch.float64)
    cases = []
    for title, A, share in (("two lists, three items", small, rare),
                            ("five lists", large.relu(), weights.softmax(0))):  # fmt: skip
        mean = A.mean(1)  # (codes,)
        mistakes = [
            ((share * mean).sum(), "That is L1. Square the mean of each list first."),
            ((share * A.square().mean(1)).sum(), "Square after the mean over the items."),
            ((share * A.sum(1).square()).sum(), "Take the mean over the items, not the sum."),
            (mean.square().sum(), "A list that is hardly read costs little: weigh by its share."),
            (mean.square().mean(), "Not the mean over the lists: weigh each by its share."),
            ((share @ A).square().mean(), "Square the mean of a list, not the mean of an item."),
            (share * mean.square(), "One number: the sum over the lists is missing."),
        ]
        cases.append(Case(title, (A, share), (share * mean.square()).sum(), mistakes))
    return judge(function, cases, "One long list costs more than two of half its length.")


def both_get_it(function: Function) -> Verdict:
    """Check exercise 6: `function(T, q)` -> q; backward, the whole gradient reaches T *and* q."""
    T, q, g = normal_tensors(5, (3, 2), (3, 2), (3, 2))
    wrong = [(T, "Forward it must be the codeword: the value of q."),
             (T + q, "Forward that is T + q; take the value of T away again.")]  # fmt: skip
    verdict = judge(function, [Case("the value, forward", (T, q), q, wrong)], "")
    if not verdict.passed:
        return verdict
    nothing = torch.zeros_like(g)

    def backward(name: str) -> Tensor:
        """Return the gradient at T or at q when the gradient at the result is g."""
        leaves = {"T": T.clone().requires_grad_(), "q": q.clone().requires_grad_()}
        result = function(leaves["T"], leaves["q"])
        if not result.requires_grad:
            return nothing
        (gradient,) = torch.autograd.grad(result, leaves[name], g, allow_unused=True)
        return nothing if gradient is None else gradient

    steps = {
        "T": "Nothing arrives at the token: T must stand once outside of the detach.",
        "q": "Nothing arrives at the codeword: q must stand outside of the detach.",
    }
    cases = [
        Case(
            f"the gradient that arrives at {name}, backward",
            (name,),
            g,
            [(nothing, steps[name]), (2 * g, "It arrives twice."), (-g, "Its sign is turned.")],
        )
        for name in ("T", "q")
    ]
    return judge(backward, cases, "Straight-through without sg: the matching loss moves codebooks.")


def bias_for(function: Function) -> Verdict:
    """Check exercise 3: `function(S (codes, I), entries)` -> b that leaves `entries` above 0.

    With this b the (entries + 1)-th largest score becomes exactly 0; a larger b would add an entry.
    """
    small = torch.tensor([[3.0, 1.0, -2.0], [2.0, 0.5, -1.0]], dtype=torch.float64)
    (large,) = normal_tensors(6, (6, 9))
    cases = []
    for title, S, entries in (
        ("six scores, 2 entries", small, 2),
        ("six scores, 4 entries: b may be positive", small, 4),
        ("54 scores, 10 entries", large, 10),
    ):
        ranked = S.flatten().sort(descending=True).values
        mistakes = [
            (ranked[entries], "The sign: S + b must be 0 there, so b is minus that score."),
            (-ranked[entries - 1], "One too few: the score with that rank becomes 0 itself."),
            (-ranked.flip(0)[entries], "Count from the largest score, not from the smallest."),
            (-ranked[entries].clamp(min=0), "b may be positive: then scores below 0 enter."),
        ]
        mistakes = [m for m in mistakes if not torch.isclose(m[0], -ranked[entries])]
        cases.append(Case(title, (S, entries), -ranked[entries], mistakes))
    return judge(function, cases, "One b for all lists; a best-n per list would cut differently.")
