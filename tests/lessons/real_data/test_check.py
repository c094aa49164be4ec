"""The exercises of lesson 07: solutions pass, starts and likely mistakes are told what is wrong."""

import numpy as np

from sparcode_mini.lessons.real_data import check


def solved_paired(a, b):
    d = a - b
    return d.mean(), d.std(ddof=1) / len(d) ** 0.5


def solved_merge(items_a, values_a, items_b, values_b, n):
    items, values = np.append(items_a, items_b), np.append(values_a, values_b)
    order = np.lexsort((items, -values))[:n]
    return np.column_stack([items[order], values[order]])


def test_solutions_pass():
    assert check.paired(solved_paired).passed
    assert check.break_even(lambda C, n, D: 6 * C * n / (2 * (D + 1))).passed
    assert check.merge(solved_merge).passed


def test_mistakes_are_named():
    def unpaired(a, b):
        return a.mean() - b.mean(), (a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)) ** 0.5

    def unsorted(items_a, values_a, items_b, values_b, n):
        items, values = np.append(items_a, items_b), np.append(values_a, values_b)
        return np.column_stack([items, values])[:n]

    assert "The same people" in str(check.paired(unpaired))
    assert not check.break_even(lambda C, n, D: C * n / D).passed
    assert "bias" in str(check.break_even(lambda C, n, D: 6 * C * n / (2 * D)))
    assert "not sorted" in str(check.merge(unsorted))
