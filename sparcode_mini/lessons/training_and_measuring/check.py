"""Checks of the exercises of lesson 01: measures, reading a result, and chance."""

import numpy as np

from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge


def ndcg(function: Function) -> Verdict:
    """Check exercise 1: `function(ranks, k)` -> NDCG@k of one person with films at these ranks."""

    def value(ranks: list[int], k: int, most: int | None = None) -> float:
        hits = np.array([r for r in ranks if r <= k], dtype=float)
        ideal = np.arange(1, (min(k, len(ranks)) if most is None else most) + 1)
        return float((1 / np.log2(hits + 1)).sum() / (1 / np.log2(ideal + 1)).sum())

    ranks, far = [2, 5, 9], [1, 3, 80]
    dcg = sum(1 / np.log2(r + 1) for r in ranks)
    cases = [
        Case(
            "films at the ranks 2, 5 and 9, k = 50",
            (ranks, 50),
            value(ranks, 50),
            mistakes=[
                (dcg, "That is DCG. Divide by the DCG of the best places, 1, 2 and 3."),
                (dcg / len(ranks), "Divide by the ideal DCG, not by the number of films."),
                (sum(1 / np.log2(r + 2) for r in ranks) / 1.6, "Ranks begin at 1: log2(rank + 1)."),
            ],
        ),
        Case(
            "films at the ranks 1, 3 and 80, k = 50",
            (far, 50),
            value(far, 50),
            mistakes=[
                (value(far, 100), "The film at rank 80 is behind k = 50: it adds nothing."),
                (value(far, 50, most=2), "The ideal has a place for each of the three films, also "
                 "for one that was not found."),
            ],
        ),
        Case(
            "ten films and only k = 5 places: the first five ranks",
            (list(range(1, 11)), 5),
            1.0,
            mistakes=[(value(list(range(1, 11)), 5, most=10), "There are only k places: the ideal "
                       "has min(k, number of films) hits.")],
        ),
    ]  # fmt: skip
    return judge(function, cases, "With the library's `ndcg_of_each` you get the same numbers.")


def reading(choice: str) -> Verdict:
    """Check exercise 2: which sentence the three intervals allow."""
    return choose(
        choice,
        right="B",
        reasons={
            "A": "The means are in this order, but the interval of the last pair contains 0: "
            "chance may have made that order.",
            "B": "Both differences have a star; the interval of the third contains 0, so it says "
            "nothing about an order.",
            "C": "An interval that contains 0 says that the difference may be 0. It may also be "
            "half a point. 'Equal' needs an interval that is narrow around 0.",
            "D": "People overlap, but they are the same people. What counts is the interval of the "
            "difference, person by person.",
        },
    )


def bootstrap(function: Function) -> Verdict:
    """Check exercise 3: `function(a, b, draws)` -> mean differences of people drawn anew."""
    a, b = np.array([0.75, 0.0, 0.5, 1.0]), np.array([0.25, 1.0, 0.25, 0.5])
    draws = np.array([[0, 0, 1, 2], [3, 3, 3, 3]])
    right = (a - b)[draws].mean(axis=1)
    cases = [
        Case(
            "a = (0.75, 0, 0.5, 1), b = (0.25, 1, 0.25, 0.5), draws (0, 0, 1, 2) and (3, 3, 3, 3)",
            (a, b, draws),
            right,
            mistakes=[
                (a[draws].mean(axis=1) - b.mean(), "Draw the same people for both models: that is "
                 "what makes the comparison paired."),
                ((a - b)[draws].mean(axis=0), "Average over the people of a draw, axis 1."),
                ((a - b)[draws].sum(axis=1), "Take the mean, not the sum."),
            ],
            next_step="differences = a - b; then differences[draws] has shape (2, 4).",
        )
    ]  # fmt: skip
    return judge(function, cases, "Its middle 95% is the interval of `compare` with one seed.")
