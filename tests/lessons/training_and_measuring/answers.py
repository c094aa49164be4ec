"""The exercises' solutions, and plausible mistakes with words that name them."""

import numpy as np


def dcg(ranks, k):
    return sum(1 / np.log2(r + 1) for r in ranks if r <= k)


def ideal(count):
    return sum(1 / np.log2(r + 1) for r in range(1, count + 1))


def ndcg(ranks, k):
    return dcg(ranks, k) / ideal(min(k, len(ranks)))


def bootstrap(a, b, draws):
    return (a - b)[draws].mean(axis=1)


SOLUTIONS = {"ndcg": ndcg, "bootstrap": bootstrap}
MISTAKES = [
    ("ndcg", dcg, "That is DCG"),
    ("ndcg", lambda ranks, k: dcg(ranks, k) / len(ranks), "not by the number of films"),
    ("ndcg", lambda ranks, k: ndcg(ranks, max(ranks)), "behind k"),
    ("ndcg", lambda ranks, k: dcg(ranks, k) / ideal(sum(r <= k for r in ranks)), "was not found"),
    ("ndcg", lambda ranks, k: dcg(ranks, k) / ideal(len(ranks)), "only k places"),
    ("bootstrap", lambda a, b, draws: a[draws].mean(axis=1) - b.mean(), "the same people"),
    ("bootstrap", lambda a, b, draws: (a - b)[draws].mean(axis=0), "axis 1"),
    ("bootstrap", lambda a, b, draws: (a - b)[draws].sum(axis=1), "not the sum"),
]
