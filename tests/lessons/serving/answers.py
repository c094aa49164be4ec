"""The exercises' solutions, and plausible mistakes with words that name them."""

import numpy as np


def side_by_side(items_a, values_a, items_b, values_b):
    return np.column_stack([np.append(items_a, items_b), np.append(values_a, values_b)])


def merge(items_a, values_a, items_b, values_b, n):
    rows = side_by_side(items_a, values_a, items_b, values_b)
    return rows[np.lexsort((rows[:, 0], -rows[:, 1]))[:n]]


def merge_by_value_alone(items_a, values_a, items_b, values_b, n):
    rows = side_by_side(items_b, values_b, items_a, values_a)
    return rows[np.argsort(-rows[:, 1], kind="stable")[:n]]


SOLUTIONS = {"break_even": lambda C, n, D: 6 * C * n / (2 * (D + 1)), "merge": merge}
MISTAKES = [
    ("break_even", lambda C, n, D: C * n / D, ""),
    ("break_even", lambda C, n, D: 6 * C * n / (2 * D), "item's bias"),
    ("break_even", lambda C, n, D: 4 * C * n / (2 * (D + 1)), "int32 position"),
    ("break_even", lambda C, n, D: 6 * C * n / (4 * (D + 1)), "Equal precision"),
    ("merge", lambda *lists: side_by_side(*lists[:4])[: lists[4]], "not sorted"),
    ("merge", merge_by_value_alone, "stand by position"),
    ("merge", lambda *lists: merge(*lists[:4], 5), "keep n"),
]
