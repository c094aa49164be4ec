"""Checks of the exercises of lesson 08: real data."""

import numpy as np

from sparcode_mini.lessons.core import Case, Function, Verdict, choose, judge


def ease(function: Function) -> Verdict:
    """Check exercise 1: `function(X, l2)` -> (I, I) weights of EASE; X (people, I) has 0 and 1."""
    X, l2 = np.array([[1.0, 1, 0, 1], [1, 0, 1, 0], [1, 1, 0, 0]]), 2.0

    def weights(P: np.ndarray, axis: int = 0) -> np.ndarray:
        E = -P / (P.diagonal() if axis == 0 else P.diagonal()[:, None])
        np.fill_diagonal(E, 0.0)
        return E

    P = np.linalg.inv(X.T @ X + l2 * np.eye(4))
    whole = -P / P.diagonal()
    case = Case(
        "three people, four items, l2 = 2",
        (X, l2),
        weights(P),
        mistakes=[
            (X.T @ X, "These are the counts of pairs. The formula inverts them, after adding l2."),
            (P, "That is P. Divide by the diagonal, change the sign, set the diagonal to 0."),
            (whole, "The diagonal is -1 now: an item would predict itself. Set it to 0."),
            (-weights(P), "The sign: items that are liked together get a positive weight."),
            (weights(P, axis=1), "Divide each column c by P[c, c], not each row."),
            (weights(np.linalg.inv(X.T @ X + l2)), "l2 belongs on the diagonal only: l2 * I."),
        ],
        next_step="P = inv(X.T @ X + l2 * np.eye(I)); E = -P / P.diagonal(); then E[c, c] = 0.",
    )
    return judge(function, [case], "Row j is the list that item j of a history adds to the scores.")


def reading(choice: str) -> Verdict:
    """Check exercise 2: which sentence the differences to EASE allow."""
    return choose(
        choice,
        right="C",
        reasons={
            "A": "The mean is lower, but the interval contains 0: this is open.",
            "B": "The mean is higher, but the interval contains 0: this is open.",
            "C": "Both differences lie on one side of 0, and both hold after Holm's correction.",
            "D": "The interval lies above 0, but it is one of many that are read here. After "
            "Holm's correction p is above 0.05: this is open.",
        },
    )


def paired(function: Function) -> Verdict:
    """Check exercise 3: `function(a, b)` -> mean difference, its standard error.

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
        "Two groups whose values overlap may still differ for sure, person by person.",
        join=lambda pair: np.asarray(pair, dtype=float),
    )
