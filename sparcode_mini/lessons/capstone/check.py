"""Checks of the capstone: quantise, score, NDCG, probes, and how many entries to keep."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from sparcode_mini.lessons.capstone.judge import judge_places, one_of
from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge, normal_tensors


def quantise(function: Function) -> Verdict:
    """Check exercise 1: `function(T (B, K_u, D_T), C (N, D_T))` -> codes (B, K_u)."""
    C = torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]], dtype=torch.float64)
    T = torch.tensor(
        [[[0.9, 0.0], [2.5, 0.1], [0.2, 0.0]], [[1.7, 0.0], [0.0, 0.1], [9.0, 9.0]]],
        dtype=torch.float64,
    )
    large, book = normal_tensors(1, (5, 4, 6), (7, 6))
    cases = []
    for title, x, c in (("two people with three tokens, codewords 0, 1 and 3 on a line", T, C),
                        ("five people with four tokens, N = 7", large, book)):  # fmt: skip
        d = torch.cdist(x, c)  # (B, K_u, N)
        mistakes = [
            ((x @ c.T).argmax(-1), "You took the largest dot product; the nearest codeword is "
             "asked for."),
            (d.argmax(-1), "You took the farthest codeword: argmin."),
            (d.argmin(1), "dim=1 is the tokens of a person here. The codewords are the last "
             "dimension: dim=-1."),
            (d.amin(-1), "These are the distances; return the codes: argmin, not min."),
            (d.argmin(-1).flatten(), "Keep one row for each person: shape (B, K_u)."),
            (c[d.argmin(-1)], "These are the codewords; return their numbers, the codes."),
        ]  # fmt: skip
        hint = "Make the table of distances, (B, K_u, N); then the smallest along N."
        cases.append(Case(title, (x, c), d.argmin(-1), mistakes, hint))
    praise = "Your quantiser gives each token the key of its list."
    return judge_places("Codes", function, cases, praise)


def _score(
    C: Tensor, T_c: Tensor, W: Tensor, h_0: Tensor, w_h: Tensor, linear: float = 1.0
) -> Tensor:
    """Return S without the item bias, (N, I)."""
    x = (C[:, None, None] * T_c).flatten(2)  # (N, I, K_c * D_T)
    return (x @ W.T + h_0).relu() @ w_h + linear * (C @ T_c.sum(1).T)


def score(function: Function) -> Verdict:
    """Check exercise 2: `function(C, T_c, W, h_0, w_h, item_bias)` -> S (N, I)."""
    cases = []
    for title, N, films, K_c, D, h in (
        ("2 codewords, 3 films with 2 tokens of width 2", 2, 3, 2, 2, 2),
        ("5 codewords, 4 films", 5, 4, 3, 6, 7),
    ):
        C, T_c, W, h_0, w_h, bias = normal_tensors(
            N, (N, D), (films, K_c, D), (h, K_c * D), (h,), (h,), (films,)
        )
        network = C, T_c, W, h_0, w_h
        right = _score(*network) + bias
        swapped = (C[:, None, None] * T_c).transpose(2, 3).flatten(2)
        turned = (swapped @ W.T + h_0).relu() @ w_h + C @ T_c.sum(1).T + bias
        mistakes = [
            (_score(*network, linear=0) + bias, "The linear path is missing: add the dot products "
             "of the codeword with all tokens of the film."),
            (_score(*network), "The item bias is missing."),
            (_score(*network, linear=0), "That is the network alone, as in lesson 06; add linear "
             "path and item bias."),
            (right.T, "One row for each codeword, one column for each film."),
            (right.relu(), "No ReLU on S: that one comes after the bias b."),
            (_score(C, T_c, W, 0 * h_0, w_h) + bias, "The offset h_0 is missing."),
            (turned, "Side by side: all of Z * T_1, then all of Z * T_2."),
            ((C[:, None, None] * T_c).flatten(2) @ W.T @ w_h + h_0 @ w_h + C @ T_c.sum(1).T + bias,
             "The hidden units need their ReLU."),
            (_score(*network, linear=1 / K_c) + bias, "The linear path is a sum over the tokens "
             "of the film, not a mean."),
            (_score(*network, linear=0) + C @ T_c[:, 0].T + bias, "The linear path takes all "
             "tokens of the film, not the first one alone."),
            (((C[:, None, None] + T_c).flatten(2) @ W.T + h_0).relu() @ w_h + C @ T_c.sum(1).T
             + bias, "Codeword and token are multiplied, not added."),
        ]  # fmt: skip
        hint = (
            "One codeword z: all products are (z * T_c).flatten(1), (films, K_c D_T). Then "
            "the network, the linear path and the item bias, one after the other."
        )
        cases.append(Case(title, (*network, bias), right, mistakes, hint))
    return judge(function, cases, "Each codeword has met each film: this part runs offline.")


def measure(function: Function) -> Verdict:
    """Check exercise 5: `function(answer (k,), right, k)` -> NDCG@k of one person."""
    worth = 1 / np.log2(np.arange(2, 60))
    answer = np.array([7, 3, 9, -1, -1])
    three, dcg = worth[:3].sum(), worth[1] + worth[2]
    early = 1.0 + worth[2]
    cases = [
        Case(
            "answer 7, 3, 9 and two empty places; films 3, 5 and 9 are right; k = 5",
            (answer, np.array([3, 5, 9]), 5),
            dcg / three,
            [
                (dcg, "That is DCG: divide by the DCG of the best places, 1, 2 and 3."),
                (dcg / 3, "Divide by the ideal DCG, not by the number of films."),
                (worth[2:4].sum() / three, "Places begin at 1: 1 / log2(place + 1)."),
                (dcg / worth[:5].sum(), "The ideal has min(k, number of right films) places, "
                 "not k."),
                (dcg / worth[:2].sum(), "The ideal has a place for each right film, also for one "
                 "that was not found."),
                (2 / 3, "That is recall: a film on place 2 counts more than one on place 3."),
                (2 / 5, "That is precision: a film on place 2 counts more than one on place 3."),
                (worth[:2].sum() / three, "Your places count from 0: there a hit is worth "
                 "1 / log2(place + 2)."),
                ((worth[0] + worth[2]) / three, "You took places in `right`; the places in "
                 "`answer` count."),
            ],
        ),
        Case(
            "right are the films on places 1 and 3, and 8 others; k = 5",
            (answer, np.array([7, 9, *range(20, 28)]), 5),
            early / worth[:5].sum(),
            [(early / worth[:10].sum(), "The ideal has only k places: min(k, number of right).")],
        ),
    ]  # fmt: skip
    return judge(function, cases, "Now your index can be measured.")


def probes(function: Function) -> Verdict:
    """Check exercise 8: `function(T (B, K_u, D_T), C, R, tau)` -> codes, weights (B, K_u, R)."""
    T, C = normal_tensors(3, (2, 3, 4), (6, 4))
    R, tau = 3, 2.0
    d2 = torch.cdist(T, C).square()  # (B, K_u, N)
    near, codes = d2.topk(R, largest=False)  # (B, K_u, R) each
    wrong = {
        "codes": [
            (d2.topk(R).indices, "These are the farthest codewords."),
            (codes.flip(-1), "The nearest comes first."),
            ((T @ C.T).topk(R).indices, "The nearest codewords, not the largest dot products."),
            (codes[..., :1], "R codes for each token are asked for."),
            ((-near / tau).softmax(-1), "These are the weights. The order is codes, weights."),
        ],
        "weights": [
            ((-near.sqrt() / tau).softmax(-1), "Square the distances: exp(-d^2 / tau)."),
            ((-near).softmax(-1), "Divide the squared distances by tau."),
            ((near / tau).softmax(-1), "A near codeword counts more: minus d^2."),
            ((-d2 / tau).softmax(-1).gather(-1, codes), "The R weights of a token sum to 1: "
             "softmax over these R, not over all N."),
            ((-near / tau).softmax(1), "Softmax over the probes, the last dimension."),
            ((-near / tau).exp(), "Divide by the sum over the R probes."),
            (near, "These are the squared distances; make weights of them."),
            (torch.full_like(near, 1 / R), "A near codeword counts more: exp(-d^2 / tau)."),
        ],
    }  # fmt: skip
    verdict = Verdict(True, "")
    for place, (name, right) in enumerate(
        (("codes", codes), ("weights", (-near / tau).softmax(-1)))
    ):

        def part(*args: Any, place: int = place) -> Any:
            return one_of(function(*args), place, ("codes", "weights"))

        case = Case(f"{name} of 2 people with 3 tokens, N = 6, R = 3, tau = 2", (T, C, R, tau),
                    right, wrong[name])  # fmt: skip
        praise = "One token now reads R lists."
        if name == "codes":
            verdict = judge_places("Codes", part, [case], praise)
        else:
            verdict = judge(part, [case], praise)
        if not verdict.passed:
            break
    return verdict


def entries(choice: str) -> Verdict:
    """Check exercise 7: which cut keeps the rule."""
    return choose(
        choice,
        right="B",
        reasons={
            "A": "n = 200 keeps the rule, but 150 keeps it too and has fewer entries.",
            "B": "It is the shortest cut of the table that loses at most half a point on "
            "validation. The test was not asked.",
            "C": "It loses 0.57 points on validation. A rule that is bent after the numbers are "
            "seen is no rule.",
            "D": "There n = 100 would pass: it loses 0.43 points on the test. But a choice made "
            "on the test has used the test up; its number would then be too good.",
        },
    )
