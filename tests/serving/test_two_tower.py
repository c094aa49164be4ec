import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.serving import two_tower


def test_rounding_is_close_and_counts_its_bytes():
    matrix = np.random.default_rng(0).normal(size=(50, 6)) * np.array([1, 9, 1e-3, 0, 1, 1])
    for precision, size in (("float16", 2 * 300), ("int8", 300 + 4 * 6)):
        back, stored = two_tower.rounded(matrix, precision)
        assert stored == size
        assert (np.abs(back - matrix).max(axis=0) <= np.abs(matrix).max(axis=0) / 250).all()


def test_rounding_refuses_what_a_precision_can_not_hold():
    for precision in ("int16", "uint8", "float"):
        with pytest.raises(ValueError, match=f"precision = '{precision}'; choose one of"):
            two_tower.rounded(np.ones((2, 2)), precision)
    with pytest.raises(ValueError, match=r"matrix in float16\[\(0, 0\)\] is inf"):
        two_tower.rounded(np.full((2, 2), 1e6), "float16")
    with pytest.raises(ValueError, match=r"matrix\[\(0, 1\)\] is nan"):
        two_tower.rounded(np.array([[1.0, np.nan]]), "int8")
    for rank in (0, 3):
        with pytest.raises(ValueError, match=f"rank = {rank}; give a whole number, 1 to 2"):
            two_tower.cut_matrix(np.ones((2, 2)), rank)


def test_a_matrix_is_cut_to_its_best_directions():
    rng = np.random.default_rng(1)
    items, queries = rng.normal(size=(20, 3)) @ rng.normal(size=(3, 6)), rng.normal(size=(5, 6))
    cut, turn = two_tower.cut_matrix(items, 3)
    np.testing.assert_allclose(queries @ turn @ cut.T, queries @ items.T)  # it has rank 3
    cuts = [two_tower.cut_matrix(items, r) for r in (1, 2, 3)]
    best = [np.linalg.norm(items - cut @ turn.T) for cut, turn in cuts]
    singular = np.linalg.svd(items, compute_uv=False)
    np.testing.assert_allclose(best, [np.hypot(*singular[1:3]), singular[2], 0], atol=1e-9)


def test_a_tower_ranks_as_its_model(toy_split):
    model = toys.small(sm.TwoTower, toy_split, seed=3)
    tower = two_tower.Tower(model, toy_split)
    ours = tower.ndcg(tower.items, np.eye(8))
    assert ours == pytest.approx(sm.evaluate(model, toy_split, k=(50,))["ndcg@50"])
    assert np.array_equal(tower.items[:, :-1], model.item_matrix().numpy())  # tuning copies
