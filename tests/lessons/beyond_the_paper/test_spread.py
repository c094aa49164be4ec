"""A token that is spread over several codewords."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
from sparcode_mini.lessons.beyond_the_paper import spread

WORDS, VALUES = np.array([-1.0, 1.0]), np.array([2.0, 0.5])


def test_one_codeword_is_a_step_and_two_are_a_slope():
    found = spread.walk(WORDS, VALUES, ((1, 2.0), (2, 2.0)))
    hard, soft = found.scores["one codeword"], found.scores["R = 2, tau = 2"]
    assert set(hard.tolist()) == {2.0, 0.5}
    middle = np.flatnonzero(found.places == 0.0)[0]
    assert soft[middle] == pytest.approx(1.25)  # as far from both
    w = 1 / (1 + np.exp((spread.PLACES[-1] + 1) ** 2 / 2 - (spread.PLACES[-1] - 1) ** 2 / 2))
    assert soft[-1] == pytest.approx(2.0 * w + 0.5 * (1 - w))


def test_a_high_temperature_reads_all_alike_and_the_model_stays(movielens_split):
    size = {"token_dim": 8, "hidden": 4, "N": 12, "dropout": 0.0, "dtype": torch.float64}
    model = sm.SparCode(movielens_split, **size)
    before = model.config
    flat = spread.read(model, movielens_split, 6, 1e6)
    assert flat.nearest == pytest.approx(1 / 6, abs=1e-3) and flat.far == pytest.approx(
        1 / 3, abs=1e-3
    )
    sharp = spread.read(model, movielens_split, 6, 1e-6)
    assert sharp.nearest == pytest.approx(1) and sharp.far == pytest.approx(0)
    one = sm.evaluate(model, movielens_split, k=50, probes=1)["ndcg@50"]
    assert sharp.ndcg == pytest.approx(one)
    assert model.config is before
    assert str(sharp).startswith("NDCG@50 0.") and str(sharp).endswith("beyond the fourth 0.00")
