"""The two-tower as an item matrix."""

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.serving import two_tower


def test_a_tower_ranks_as_its_model(toy_split):
    model = toys.small(sm.TwoTower, toy_split, seed=3)
    tower = two_tower.Tower(model, toy_split)
    ours = tower.ndcg(tower.items, np.eye(8))
    assert ours == pytest.approx(sm.evaluate(model, toy_split, k=(50,))["ndcg@50"])
    assert np.array_equal(tower.items[:, :-1], model.item_matrix().numpy())  # tuning copies
