"""The shipped models and their cards."""

import pytest

from sparcode_mini import results
from sparcode_mini.studies import models
from sparcode_mini.studies.common import train_and_measure as unit
from sparcode_mini.tools.files import file_digest


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
