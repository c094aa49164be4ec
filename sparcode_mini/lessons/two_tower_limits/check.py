"""Checks of the exercises of lesson 02: two-tower limits."""

import numpy as np

from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge


def cached_matrix(function: Function) -> Verdict:
    """Check exercise 1: `function(W, V)` -> V' with u^T W v = <u, V'[c]> for each item v = V[c]."""
    W = np.array([[1.0, 2.0], [0.0, 3.0]])
    V = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 5.0]])
    wide = np.array([[1.0, 0.0, 2.0], [0.0, -1.0, 1.0]])  # (2, 3): query width 2, item width 3
    items = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])
    cases = [
        Case(
            "W that is not symmetric, three items of width 2",
            (W, V),
            V @ W.T,
            mistakes=[
                (V @ W, "W acts from the wrong side: that is the cache for v^T W u."),
                (
                    W @ V.T,
                    "Those are the right numbers as columns; the cache has one row per item.",
                ),
                (
                    V,
                    "You returned the items as they were; the matrix W has to act on each of them.",
                ),
            ],
            next_step="Take one item alone: which vector must u meet in a dot product?",
        ),
        Case(
            "queries of width 2, items of width 3: W is 2 x 3",
            (wide, items),
            items @ wide.T,
            next_step="A row meets a query in a dot product, so it must be as wide as a query: 2.",
        ),
    ]
    return judge(function, cases, "A learned bilinear form is served by a plain dot product.")


def as_nearest(function: Function) -> Verdict:
    """Check exercise 4: `function(V)` -> V with one more column: all rows have the same length."""
    V = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]])
    squares = (V**2).sum(axis=1)  # (I,)
    longest = squares.max()
    norms = np.sqrt(squares)

    def column(values: np.ndarray) -> np.ndarray:
        return np.column_stack([V, values])

    cases = [
        Case(
            "three items with lengths 5, 1 and 2",
            (V,),
            column(np.sqrt(longest - squares)),
            mistakes=[
                (column(longest - squares), "The new number enters the length squared: take "
                 "its root."),
                (column(norms), "You appended each item's own length; append what is missing to "
                 "the longest."),
                (column(norms.max() - norms), "Lengths do not add, their squares do."),
                (V / norms[:, None], "Scaling to length 1 turns inner products into cosines, which "
                 "rank differently; append a column instead."),
            ],
            next_step="Compute the length of each row that you return: all must be equal.",
        ),
        Case(
            "items that all have length 1: nothing is missing",
            (np.eye(2),),
            np.column_stack([np.eye(2), np.zeros(2)]),
            next_step="The longest length comes from the items that are passed in; don't fix it.",
        ),
    ]  # fmt: skip
    return judge(function, cases, "Now a nearest-neighbour index answers inner-product queries.")


def width_needed(function: Function) -> Verdict:
    """Check exercise 5: `function(Y, error)` -> smallest D whose best approximation is good enough.

    The squares of the singular values that it drops are at most the share `error` of all squares.
    """
    rng = np.random.default_rng(0)
    U, _ = np.linalg.qr(rng.normal(size=(7, 5)))
    V, _ = np.linalg.qr(rng.normal(size=(6, 5)))
    sizes = np.array([6.0, 3.0, 2.0, 2.0, 1.0])  # squares 36, 9, 4, 4, 1 of 54
    Y = (U * sizes) @ V.T

    def case(expected: int, wrong: dict[int, str], error: float) -> Case:
        return Case(
            f"singular values 6, 3, 2, 2, 1, 0 and error {error}",
            (Y, error),
            expected,
            mistakes=list(wrong.items()),
            next_step="Write down what remains after D = 0, 1, 2, ... as shares, by hand.",
        )

    later = (
        "What counts is all that remains after D, a sum. You may have compared each singular value "
        "by itself."
    )
    cases = [
        case(1, {
            3: "The share is one of squares, on both sides of the comparison: no plain singular "
            "values, no root.",
            0: "Off by one: with the first D kept, the sum runs over the singular values after D.",
            2: "Off by one: a share of at most `error` may remain, and after D = 1 it does.",
            5: "That is the rank; an error is allowed here, so fewer singular values will do.",
        }, 0.34),
        case(5, {
            6: "Singular values of size zero need no width.",
            4: "The last singular value that is not zero counts too when no error is allowed.",
        }, 1e-9),
        case(2, {1: later}, 0.2),
        case(3, {2: later, 4: later}, 0.1),
    ]  # fmt: skip
    return judge(function, cases, "Rank is the width for error 0; less will do for less.")


def repairs(choice: str) -> Verdict:
    """Check exercise 2: which error each of three systems has."""
    return choose(
        choice,
        right="B",
        reasons={
            "A": "The index of S misses 9% of the exact answer, and NDCG@50 falls by 0.002 only: "
            "what it misses hardly counts. And Q is not fine: another model is 0.033 ahead.",
            "B": "P loses 0.023 in its index. Q loses 0.001 there, and its model is 0.033 behind. "
            "In S no difference is large enough to be told apart.",
            "C": "Training together can only lower the index error. Q has hardly any, and S loses "
            "0.002.",
            "D": "The index of Q finds 99% and loses 0.001. What is low is the exact search of its "
            "own model, and no index can be better than that.",
        },
    )


def lists_win(function: Function) -> Verdict:
    """Check exercise 3: `function(width, codes, density)` -> whether the lists are smaller.

    The lists keep all their entries, and are compared with the matrix of a two-tower. The answer is
    yes or no, so several mistakes can give the right one. Each case is chosen to catch one mistake
    that passes all cases before it.
    """

    def case(width: int, codes: int, density: float, mistake: str) -> Case:
        lists, matrix = 6 * codes * density, 2 * (width + 1)
        title = f"width {width}, {codes} codes, density {density:g}"
        sizes = f"An item weighs {lists:g} bytes in the lists, {matrix} in the matrix. "
        return Case(title, (width, codes, density), lists < matrix, next_step=sizes + mistake)

    cases = [
        case(64, 16, 0.5, "Which side is smaller, and is that what you return?"),
        case(64, 128, 0.1, "Not every pair has an entry: only the share `density` of them."),
        case(8, 128, 0.5, "All codes have a list: there are 128 of them."),
        case(64, 128, 0.4, "An entry needs more than its score: the position of its item, too."),
        case(64, 128, 0.3, "Both sides keep numbers in half precision, 2 bytes each."),
        case(64, 128, 0.2, "An entry needs more than a position: its score, too."),
        case(64, 128, 0.15, "The score in an entry has half precision, like the matrix."),
        case(4, 16, 0.1, "The two-tower keeps one number more an item: its bias."),
    ]
    return judge(function, cases, "Neither users nor items are in it: both sides grow with items.")
