"""Checks of the capstone: quantise, score, lists, search, NDCG, and how many entries to keep."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge, normal_tensors


def _judge_places(quantity: str, function: Function, cases: Sequence[Case], praise: str) -> Verdict:
    """Check a function whose result is used as places in arrays: whole numbers."""
    verdict = judge(function, cases, praise)
    if verdict.passed:
        kind = np.asarray(function(*copy.deepcopy(cases[0].arguments))).dtype
        if kind.kind not in "iu":
            return Verdict(
                False,
                f"Not yet. Case: {cases[0].title}.\n  expected  whole numbers (an integer type)\n"
                f"  came      the right numbers, as {kind}\n  next step {quantity} are places in "
                "arrays: make them integers, such as np.asarray(..., dtype=int).",
            )
    return verdict


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
    return _judge_places("Codes", function, cases, praise)


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


A = np.array([[0.5, 0.0, 2.0, 0.5], [0.0, 0.0, 0.0, 0.0], [1.0, 3.0, 0.0, 2.0]])
LISTS: dict[str, dict[int | None, Any]] = {
    "offsets": {None: [0, 3, 3, 6], 2: [0, 2, 2, 4]},
    "items": {None: [2, 0, 3, 1, 3, 0], 2: [2, 0, 1, 3]},
    "values": {None: [2, 0.5, 0.5, 3, 2, 1], 2: [2, 0.5, 3, 2]},
}
WRONG: dict[str, list[tuple[Any, str]]] = {
    "offsets": [
        ([3, 3, 6], "The offsets begin with 0: there is one more than lists."),
        ([0, 3, 3], "The last offset is the number of all entries: one more than lists."),
        ([3, 0, 3], "These are the lengths; add them up from 0: np.cumsum."),
        ([0, 3, 0, 3], "These are the lengths; add them up: np.cumsum."),
        ([0, 3, 6], "The empty list of code 1 needs its place too."),
        ([0, 4, 8, 12], "An entry of 0 adds nothing: keep > 0 only."),
        ([2, 0, 3, 1, 3, 0], "These are the items. The order is offsets, items, values."),
        (
            [[2, 2], [0, 0.5], [3, 0.5]],
            "This is one list. Put all lists one after the other, in three arrays.",
        ),
    ],
    "items": [
        ([0, 2, 3, 0, 1, 3], "The largest score of a list comes first."),
        ([2, 3, 0, 1, 3, 0], "Equal scores stand in the order of their items: 0 before 3."),
        ([0, 3, 2, 0, 3, 1], "The smallest comes first; sort by -score."),
        ([1, 2, 3, 0, 0, 3], "Sort each list for itself, not all entries together."),
        ([1, 0, 2, 1, 2, 0], "These are places among the scores above 0; items are columns of A."),
    ],
    "values": [
        ([1, 1, 1, 1, 1, 1], "The values are the scores."),
        ([0.5, 2, 0.5, 1, 3, 2], "Values and items go together: sort both."),
    ],
}
FEWER = [
    ([0, 3, 3, 6], "n is not used: keep the best n of each list."),
    ([2, 0, 3, 1, 3, 0], "n is not used: keep the best n of each list."),
    ([2, 0, 1, 0], "Sort first, then cut: these are the first n items, not the best n."),
    ([0, 2, 0, 1], "Sort first, then cut: these are the first n items, not the best n."),
    ([0, 2, 0, 2], "These are the lengths; add them up: np.cumsum."),
    ([0, 1, 1, 2], "One entry too few: a list keeps n, [:n]."),
]
TIES = np.random.default_rng(0).integers(1, 4, 300) / 2.0  # 300 films, scores 0.5, 1 and 1.5


def _by_score(scores: np.ndarray) -> np.ndarray:
    return np.lexsort((np.arange(len(scores)), -scores))


def _one_of(answer: Any, place: int, names: tuple[str, ...]) -> Any:
    """Return one of several results."""
    if answer is None:
        return None
    if not isinstance(answer, tuple | list) or len(answer) != len(names):
        raise ValueError(f"return {len(names)} results, in this order: {', '.join(names)}")
    return answer[place]


def make_lists(function: Function) -> Verdict:
    """Check exercise 3: `function(A (N, I), n)` -> offsets (N + 1,), items, values; n None: all."""
    verdict = Verdict(True, "")
    for place, name in enumerate(LISTS):

        def part(*args: Any, place: int = place, name: str = name) -> Any:
            one = _one_of(function(*args), place, ("offsets", "items", "values"))
            if isinstance(one, list):  # a search multiplies and indexes arrays
                raise ValueError(f"{name} came as a list; make it one flat array, np.array(...)")
            return one

        cases = [
            Case(
                f"{name} of three lists, the second one empty, {title}",
                (A, n),
                LISTS[name][n],
                FEWER if n else WRONG[name],
                "Write the three lists down by hand, one after the other.",
            )
            for n, title in ((None, "n = None"), (2, "n = 2"))
        ]
        praise = "These three arrays are the whole index."
        if name == "items":
            cases.append(
                Case("items of a list of 300 films with many equal scores, n = None",
                     (TIES[None], None), _by_score(TIES), [],
                     'Equal scores stand in the order of their items: sort with kind="stable".')
            )  # fmt: skip
        if name == "values":
            verdict = judge(part, cases, praise)
        else:
            verdict = _judge_places(name.capitalize(), part, cases, praise)
        if not verdict.passed:
            break
    return verdict


INDEX = (
    np.array([0, 2, 5, 8]),
    np.array([0, 3, 1, 4, 2, 4, 3, 1]),
    np.array([2.0, 1.0, 2.5, 1.5, 1.0, 1.5, 1.0, 0.5]),
)


def search(function: Function) -> Verdict:
    """Check exercise 4: `function(index, codes, weights, seen, n_items, k)` -> items (k,)."""
    ones, none = np.ones(2), np.array([], dtype=int)
    cases = [
        Case(
            "lists 0 and 2 of an index by hand, nothing seen, k = 3; y = 2, 0.5, 0, 2, 1.5",
            (INDEX, np.array([0, 2]), ones, none, 5, 3),
            [0, 3, 4],
            [
                ([3, 0, 4], "Items 0 and 3 have the same sum: the smaller item comes first, so "
                 "sort by -y, stably."),
                ([0, 4, 3], "Item 3 stands in both lists: add, don't replace."),
                ([2, 1, 4], "The smallest sums came; sort by -y."),
                ([2.0, 2.0, 1.5], "These are the sums; return the items."),
                ([0, 1, 2], "Are these the films with the largest sums?"),
                ([1, 4, 2], "That is list 1. List k is items[offsets[k]:offsets[k + 1]]."),
            ],
            "Return the items alone. Which items and values do lists 0 and 2 hold?",
        ),
        Case(
            "the same; item 0 was seen",
            (INDEX, np.array([0, 2]), ones, np.array([0]), 5, 3),
            [3, 4, 1],
            [
                ([0, 3, 4], "Item 0 was seen: set its sum to 0 before the best are taken."),
                ([3, 4], "Mask first, then take k: a seen film must not cost a place."),
                ([3, 4, -1], "Mask first, then take k: a seen film must not cost a place."),
            ],
        ),
        Case(
            "list 1 twice with weights 0.6 and 0.4, and list 0 with weight 1.2",
            (INDEX, np.array([1, 1, 0]), np.array([0.6, 0.4, 1.2]), none, 5, 2),
            [1, 0],
            [
                ([0, 3], "A list that is read twice counts twice."),
                ([0, 1], "A list that is read twice counts twice, with both weights."),
                ([1, 4], "Multiply the values of a list by its weight."),
            ],
            "List 1 counts 0.6 + 0.4 = 1 time, list 0 counts 1.2 times.",
        ),
        Case(
            "list 0 alone, k = 4: two films have a sum above 0",
            (INDEX, np.array([0]), np.ones(1), none, 5, 4),
            [0, 3, -1, -1],
            [
                ([0, 3, 1, 2], "A film without an entry is no answer: write -1 where y is 0."),
                ([0, 3], "Fill up to k places with -1."),
            ],
            "Places whose sum is not above 0 hold -1.",
        ),
        Case(
            "one list of 300 films with many equal scores, k = 50",
            ((np.array([0, 300]), np.arange(300), TIES), np.array([0]), np.ones(1), none, 300, 50),
            _by_score(TIES)[:50],
            [],
            'Equal sums stand in the order of their items: sort -y with kind="stable".',
        ),
    ]  # fmt: skip
    praise = "An answer is a few lists, added up and sorted."
    return _judge_places("Items", function, cases, praise)


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
            return _one_of(function(*args), place, ("codes", "weights"))

        case = Case(f"{name} of 2 people with 3 tokens, N = 6, R = 3, tau = 2", (T, C, R, tau),
                    right, wrong[name])  # fmt: skip
        praise = "One token now reads R lists."
        if name == "codes":
            verdict = _judge_places("Codes", part, [case], praise)
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
