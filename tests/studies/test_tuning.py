"""The walk over a grid, the penalty that is chosen, and the models that come with the project."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparcode_mini import results
from sparcode_mini.studies import models, tuning
from sparcode_mini.studies.common import train_and_measure as unit
from sparcode_mini.tools.files import file_digest


@given(seed=st.integers(0, 2**32 - 1), sizes=st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_the_walk_ends_where_no_neighbour_is_better(seed, sizes):
    rng = np.random.default_rng(seed)
    scores, asked = rng.random(sizes), []
    start = tuple(int(rng.integers(size)) for size in sizes)

    def score(place):
        asked.append(place)
        return float(scores[place])

    chosen, known = tuning.climb(start, sizes, score)
    assert len(asked) == len(set(asked)) and set(asked) == set(known)
    around = tuning.neighbours(chosen, sizes)
    assert all(scores[chosen] >= scores[place] for place in around)
    assert set(around) <= set(known)
    assert scores[chosen] >= scores[start]


def test_neighbours_stay_on_the_grid():
    assert tuning.neighbours((0, 2), (3, 3)) == [(1, 2), (0, 1)]
    assert tuning.neighbours((0,), (1,)) == []


def test_the_best_sparse_penalty_is_chosen():
    points = [
        {"sparsity": 4.0, "density": 0.3, "validation ndcg@50 probes=4": 0.9},
        {"sparsity": 8.0, "density": 0.1, "validation ndcg@50 probes=4": 0.5},
        {"sparsity": 16.0, "density": 0.05, "validation ndcg@50 probes=4": 0.4},
    ]
    assert tuning.best_sparse(points) == 8.0
    with pytest.raises(ValueError, match="keeps at most 10%"):
        tuning.best_sparse(points[:1])


# --- shipped models (studies/models) ------------------------------------------------------------


def test_a_model_is_copied_and_described(toy_split, tmp_path, monkeypatch):
    spec = {"class": "TwoTower", "model": {"token_dim": 8}, "fit": {"epochs": 1}}
    monkeypatch.setattr(models, "table_spec", lambda row: spec)
    monkeypatch.setattr(results, "CHECKPOINTS", tmp_path / "shipped")
    card = models.ship(toy_split, tmp_path, "two-tower")
    shipped = tmp_path / "shipped" / "two-tower.safetensors"
    assert shipped.read_bytes() == (tmp_path / "two-tower-0.safetensors").read_bytes()
    assert card["sha256"] == file_digest(shipped) and card["spec"] == spec
    stored = unit.train_and_measure(toy_split, spec, 0, tmp_path, "two-tower-0")
    assert card["ndcg@50"] == stored["ndcg@50"]


def test_a_card_says_what_a_model_is(monkeypatch):
    card = {
        "about": "for all lessons", "seed": 0, "best_epoch": 3, "validation ndcg@50": 0.25,
        "ndcg@50": 0.5, "ndcg@50 probes=4": 0.75, "entries": 1234, "density": 0.125,
        "spec": {"class": "SparCode", "model": {"N": 4}, "fit": {"lr": 0.1}},
    }  # fmt: skip
    stored = {"config": {"data": "some"}, "cards": {"sparcode": card}}
    monkeypatch.setattr(results, "load", lambda name: stored)
    text = results.card("sparcode")
    for part in ("N 4", "lr 0.1", "0.2500", "0.5000 with 1", "0.7500 with 4", "1,234", "12.5%"):
        assert part in text
    with pytest.raises(KeyError, match="no model 'x' comes with the project"):
        results.card("x")
