"""Each check of lesson 01 takes the right answer and knows the usual mistakes."""

import numpy as np
import pytest

from sparcode_mini.evaluation.metrics import ndcg_of_each
from sparcode_mini.lessons.training_and_measuring import check


def ndcg(ranks, k):
    dcg = sum(1 / np.log2(r + 1) for r in ranks if r <= k)
    ideal = sum(1 / np.log2(r + 1) for r in range(1, min(k, len(ranks)) + 1))
    return dcg / ideal


def dcg_only(ranks, k):
    return sum(1 / np.log2(r + 1) for r in ranks if r <= k)


def mean_only(ranks, k):
    return dcg_only(ranks, k) / len(ranks)


def without_cut(ranks, k):
    return ndcg(ranks, max(ranks))


def ideal_of_found(ranks, k):
    found = sum(r <= k for r in ranks)
    return dcg_only(ranks, k) / sum(1 / np.log2(r + 1) for r in range(1, found + 1))


def ideal_of_all(ranks, k):
    return dcg_only(ranks, k) / sum(1 / np.log2(r + 1) for r in range(1, len(ranks) + 1))


def bootstrap(a, b, draws):
    return (a - b)[draws].mean(axis=1)


def test_right_solutions_pass() -> None:
    assert check.ndcg(ndcg).passed
    assert check.bootstrap(bootstrap).passed


def test_the_solution_agrees_with_the_library() -> None:
    ranked = np.arange(60)[None]  # item r - 1 stands at rank r
    for ranks in ([2, 5, 9], [1, 30, 51, 60]):
        expected = ndcg_of_each(ranked, [np.array(ranks) - 1], 50)[0]
        assert ndcg(ranks, 50) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (dcg_only, "That is DCG"),
        (mean_only, "not by the number of films"),
        (without_cut, "behind k"),
        (ideal_of_found, "was not found"),
        (ideal_of_all, "only k places"),
        (lambda ranks, k: None, "return"),
    ],
)
def test_mistakes_of_ndcg_are_named(function, words) -> None:
    verdict = check.ndcg(function)
    assert not verdict.passed
    assert words in verdict.message


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda a, b, draws: a[draws].mean(axis=1) - b.mean(), "the same people"),
        (lambda a, b, draws: (a - b)[draws].mean(axis=0), "axis 1"),
        (lambda a, b, draws: (a - b)[draws].sum(axis=1), "not the sum"),
    ],
)
def test_mistakes_of_the_bootstrap_are_named(function, words) -> None:
    assert words in check.bootstrap(function).message


@pytest.mark.parametrize("choice", ["A", "C", "D"])
def test_a_wrong_reading_gets_its_reason(choice) -> None:
    verdict = check.reading(choice)
    assert not verdict.passed
    assert verdict.message.startswith("Not yet. ")


def test_the_right_reading_passes_in_either_case_of_letters() -> None:
    assert check.reading("B").passed
    assert check.reading(" b").passed
    assert not check.reading("?").passed
    assert "A, B, C, D" in check.reading("?").message
