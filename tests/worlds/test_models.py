"""Models for the world of fields: they learn it, and SparCode's score is n_u @ A."""

import numpy as np
import pytest
import torch

from sparcode_mini.studies import fields as study
from sparcode_mini.worlds.fields import fields_world
from sparcode_mini.worlds.models import FieldsTokens, FieldsTower, fit_world, split_users

WORLD = fields_world(fields=2, values=8, n_items=60, likes=0.1, n_users=60, seed=1)
PEOPLE = torch.from_numpy(WORLD.user_fields)


def make(width=8, **options):
    return FieldsTokens(WORLD, width, **options)


def test_split_holds_out_the_last_users():
    known, unseen = split_users(WORLD, test=10)
    assert len(known) == 50 and unseen.tolist() == list(range(50, 60))
    with pytest.raises(ValueError, match="test = 60"):
        split_users(WORLD, test=60)


def test_the_tower_is_one_dot_product():
    tower = FieldsTower(WORLD, 5)
    y = tower.queries(PEOPLE) @ tower.items.weight.T + tower.bias
    assert torch.equal(tower(PEOPLE), y)
    assert np.linalg.matrix_rank(tower(PEOPLE).detach().numpy()) <= 6


@pytest.mark.parametrize("N", [0, 12])
def test_served_scores_are_counts_times_lists(N):
    model = make(N=N)
    model.slope = 0.0
    model.quantise = True
    codes = model.codes(PEOPLE)  # (B, fields)
    lists = model.lists()
    counts = torch.nn.functional.one_hot(codes, len(lists)).sum(dim=1).double()
    with torch.no_grad():
        assert torch.allclose(counts @ lists, model(PEOPLE))


@pytest.mark.numeric
def test_training_learns_and_a_seed_decides_it():
    world = fields_world(n_users=400, n_items=60, seed=1)
    wide = fit_world(FieldsTower(world, 32), world, steps=120)
    narrow = fit_world(FieldsTower(world, 2), world, steps=120)
    again = fit_world(FieldsTower(world, 2), world, steps=120)
    assert wide.r_precision > narrow.r_precision + 0.15
    assert repr(again) == repr(narrow)
    sparse = fit_world(FieldsTokens(world, 16, N=48, sparsity=2.0), world, steps=120)
    assert sparse.r_precision > narrow.r_precision
    assert sparse.model.quantise and sparse.model.slope == 0.0
    with pytest.raises(ValueError, match="steps = 0"):
        fit_world(FieldsTower(world, 2), world, steps=0)


# --- the study ----------------------------------------------------------------------------------


def test_served_bytes():
    tower, tokens = FieldsTower(WORLD, 4), make()
    assert study.served_bytes(tower) == 2 * 5 * 60 and study.served_bytes(tokens) is None
    lists = make(N=12)
    assert study.served_bytes(lists) == 6 * int((lists.lists() > 0).sum())
    with pytest.raises(ValueError, match="unknown"):
        study.make(WORLD, "three-tower", 4, 0)


def test_run_measures_every_point_once(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "WORLD", {**study.WORLD, "n_items": 40, "n_users": 400})
    monkeypatch.setattr(study, "STEPS", 3)
    monkeypatch.setattr(study, "WIDTHS", dict.fromkeys(study.WIDTHS, (4,)))
    first = study.run(tmp_path)
    assert [p["kind"] for p in first["points"]] == [k for k in study.WIDTHS for _ in study.SEEDS]
    assert 0 < first["chance"] < 1 and first["true entries"] > 0
    monkeypatch.setattr(study, "measure", None)  # all is there already
    assert study.run(tmp_path) == first


def test_one_stored_point_is_measured_again():
    from sparcode_mini.results import load

    stored = load("fields")
    assert stored["config"] == study.config()
    again = study.measure(fields_world(**study.WORLD), **study.CHEAP)
    then = next(p for p in stored["points"] if study.CHEAP.items() <= p.items())
    assert again["r_precision"] == pytest.approx(then["r_precision"], abs=0.02)
    assert again["bytes"] == then["bytes"]
