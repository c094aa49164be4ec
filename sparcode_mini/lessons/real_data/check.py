"""Checks of the exercises of lesson 08: real data, speed, scale."""

import numpy as np

from sparcode_mini.lessons.core import Case, Function, Verdict, judge


def paired(function: Function) -> Verdict:
    """Check exercise 1: `function(a, b)` -> mean difference, its standard error.

    The same people stand in a and b, in the same order.
    """
    a, b = np.array([0.9, 0.5, 0.1, 0.7]), np.array([0.8, 0.4, 0.1, 0.5])
    d = a - b
    right = np.array([d.mean(), d.std(ddof=1) / 2])
    apart = np.sqrt(a.var(ddof=1) / 4 + b.var(ddof=1) / 4)

    case = Case(
        "a = 0.9, 0.5, 0.1, 0.7 and b = 0.8, 0.4, 0.1, 0.5",
        (a, b),
        right,
        mistakes=[
            (np.array([d.mean(), apart]), "That is the error of two groups of different people. "
             "The same people stand in a and b: take the standard error of a - b."),
            (np.array([d.mean(), d.std(ddof=1)]), "The spread of the people; the mean of n people "
             "is known sqrt(n) times better."),
            (np.array([d.mean(), d.std() / 2]), "Almost: four values have n - 1 = 3 degrees of "
             "freedom (ddof=1)."),
            (-right * [1, -1], "The other way round: a - b."),
        ],
        next_step="d = a - b; its mean, and its standard deviation (ddof=1) over sqrt(n).",
    )  # fmt: skip
    return judge(
        function,
        [case],
        "Wide whiskers may hide a sure difference.",
        join=lambda pair: np.asarray(pair, dtype=float),
    )


def break_even(function: Function) -> Verdict:
    """Check exercise 2: `function(C, n, D)` -> number of items from which the lists are smaller.

    C lists of n entries are compared with a matrix of width D.
    """
    cases = [
        Case(
            f"{C:,} lists of {n:,}, width {D}",
            (C, n, D),
            right,
            mistakes=[
                (C * n * 6 / (2 * D), "You left out the item's bias: D + 1 numbers an item."),
                (C * n * 4 / (2 * (D + 1)), "An entry is an int32 position and a float16 value."),
                (C * n * 6 / (4 * (D + 1)), "Equal precision: float16 on both sides, 2 bytes."),
            ],
            next_step="6 C n bytes against 2 (D + 1) I bytes; solve for I.",
        )
        for C, n, D, right in ((128, 50, 64, 128 * 50 * 6 / 130), (4096, 500, 64, 94_523.076923))
    ]
    return judge(function, cases, "Lists do not grow with the catalogue, if n need not.")


def merge(function: Function) -> Verdict:
    """Check exercise 3: `function(items_a, values_a, items_b, values_b, n)` -> n best rows.

    A row is (item, value); equal values stand in the order of their items.
    """
    arguments = (
        np.array([4, 0]), np.array([0.9, 0.5]), np.array([7, 2, 9]), np.array([0.9, 0.5, 0.1]), 3
    )  # fmt: skip
    right = np.array([[4, 0.9], [7, 0.9], [0, 0.5]])
    case = Case(
        "shard a: 4 0.9, 0 0.5; shard b: 7 0.9, 2 0.5, 9 0.1; n = 3",
        arguments,
        right,
        mistakes=[
            (np.array([[4, 0.9], [0, 0.5], [7, 0.9]]), "One behind the other is not sorted."),
            (np.array([[7, 0.9], [4, 0.9], [2, 0.5]]), "Equal values stand by position, smaller "
             "first: else the result depends on the shards."),
            (np.array([[4, 0.9], [7, 0.9], [0, 0.5], [2, 0.5], [9, 0.1]]), "All five; keep n."),
        ],
        next_step="Put both together and sort by (-value, item): np.lexsort((items, -values)).",
    )  # fmt: skip
    return judge(function, [case], "So shards of items merge to the list that one machine makes.")
