"""The exercises of lesson 01 ask for what the library computes."""

import numpy as np
import pytest

from lessons.training_and_measuring import answers
from sparcode_mini.evaluation.metrics import ndcg_of_each


@pytest.mark.parametrize("ranks", [[2, 5, 9], [1, 30, 51, 60]])
def test_the_solution_agrees_with_the_library(ranks) -> None:
    ranked = np.arange(60)[None]  # item r - 1 stands at rank r
    (expected,) = ndcg_of_each(ranked, [np.array(ranks) - 1], 50)
    assert answers.ndcg(ranks, 50) == pytest.approx(expected)
