"""Checks of the exercises of lesson 09: serving."""

import numpy as np

from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge


def break_even(function: Function) -> Verdict:
    """Check exercise 2: `function(keys, n, D)` -> items from which the lists are smaller.

    So many lists (one for each key) of n entries are compared with a matrix of width D.
    """
    cases = [
        Case(
            f"{keys:,} lists of {n:,}, width {D}",
            (keys, n, D),
            right,
            mistakes=[
                (keys * n * 6 / (2 * D), "You left out the item's bias: D + 1 numbers an item."),
                (
                    keys * n * 4 / (2 * (D + 1)),
                    "An entry is an int32 position and a float16 value.",
                ),
                (keys * n * 6 / (4 * (D + 1)), "Equal precision: float16 on both sides, 2 bytes."),
            ],
            next_step="6 * keys * n bytes against 2 (D + 1) I bytes; solve for I.",
        )
        for keys, n, D, right in ((128, 50, 64, 128 * 50 * 6 / 130), (4096, 500, 64, 94_523.076923))
    ]
    return judge(function, cases, "Lists do not grow with the catalogue, if n need not.")


def reading(choice: str) -> Verdict:
    """Check exercise 1: which sentence a table of times allows."""
    return choose(
        choice,
        right="C",
        reasons={
            "A": "The short lists find 0.61 of their own exact answer, the graph 0.99. Compare "
            "times at equal recall.",
            "B": "That is the search alone. A request also encodes the history: 92 us against "
            "115 us, a fifth less.",
            "C": "93 us against 90 us for the search, 167 us against 155 us with the encoder, and "
            "both find at least 0.99 of their own answer.",
            "D": "Recall compares a way with its own model's exact answer. It does not say which "
            "model is better.",
        },
    )


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
