"""Checks of the capstone's index: make the lists, search them."""

from typing import Any

import numpy as np

from sparcode_mini.lessons.capstone.judge import judge_places, one_of
from sparcode_mini.lessons.core import Case, Function, Verdict, judge

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


def make_lists(function: Function) -> Verdict:
    """Check exercise 3: `function(A (N, I), n)` -> offsets (N + 1,), items, values; n None: all."""
    verdict = Verdict(True, "")
    for place, name in enumerate(LISTS):

        def part(*args: Any, place: int = place, name: str = name) -> Any:
            one = one_of(function(*args), place, ("offsets", "items", "values"))
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
            verdict = judge_places(name.capitalize(), part, cases, praise)
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
    return judge_places("Items", function, cases, praise)
