"""The exercises' solutions, and plausible mistakes with words that name them."""

import numpy as np


def ease(X, l2, on_diagonal=True, zero=True, sign=-1):
    added = l2 * np.eye(X.shape[1]) if on_diagonal else l2
    P = np.linalg.inv(X.T @ X + added)
    B = sign * P / P.diagonal()
    if zero:
        np.fill_diagonal(B, 0)
    return B


def by_rows(X, l2):
    return ease(X, l2).T


def paired(a, b):
    d = a - b
    return d.mean(), d.std(ddof=1) / len(d) ** 0.5


def unpaired(a, b):
    return a.mean() - b.mean(), (a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)) ** 0.5


SOLUTIONS = {"ease": ease, "paired": paired}
MISTAKES = [
    ("ease", lambda X, l2: X.T @ X, "counts of pairs"),
    ("ease", lambda X, l2: np.linalg.inv(X.T @ X + l2 * np.eye(4)), "That is P"),
    ("ease", lambda X, l2: ease(X, l2, zero=False), "predict itself"),
    ("ease", lambda X, l2: ease(X, l2, sign=1), "The sign"),
    ("ease", by_rows, "each column c"),
    ("ease", lambda X, l2: ease(X, l2, on_diagonal=False), "on the diagonal only"),
    ("paired", unpaired, "The same people"),
    ("paired", lambda a, b: ((a - b).mean(), (a - b).std(ddof=1)), "sqrt(n) times better"),
    ("paired", lambda a, b: ((a - b).mean(), (a - b).std() / len(a) ** 0.5), "degrees of freedom"),
    ("paired", lambda a, b: paired(b, a), "other way round"),
]
