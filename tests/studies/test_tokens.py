"""The study of query tokens: every setting is stored once, one entry comes out again."""

import json

import numpy as np
import pytest

from sparcode_mini import results
from sparcode_mini.studies import item_tokens, tokens


def test_the_stored_configurations_are_those_of_the_code():
    for study in (tokens, item_tokens):
        name = study.__name__.rpartition(".")[2]
        assert results.load(name)["config"] == json.loads(json.dumps(study.config()))


def test_every_setting_and_seed_is_stored_once(movielens_split):
    stored = results.load("tokens")["entries"]
    assert [(e["tokenizer"], e["query_tokens"], e["seed"]) for e in stored] == tokens.settings()
    for entry in stored:
        assert ("people" in entry) == (entry["seed"] == 0)
        assert (entry["cosine"] is None) == (entry["query_tokens"] == 1)
        for person in entry.get("people", {}).values():
            assert np.array(person["influence"]).shape == (entry["query_tokens"], 8)
            assert np.array(person["nearest"]).shape == (entry["query_tokens"], tokens.NEAREST)
            assert np.max(person["nearest"]) < movielens_split.n_items
    ablation = results.load("item_tokens")["entries"]
    found = [(e["name"], e["seed"]) for e in ablation]
    assert found == [(name, seed) for name in item_tokens.SETS for seed in item_tokens.SEEDS]
    for entry in ablation:
        assert entry["item_tokens"] == 1 + len(item_tokens.SETS[entry["name"]])


def test_summary_is_mean_and_half_the_range():
    entries = [{"name": "id", "x": 1.0}, {"name": "id", "x": 4.0}]
    assert item_tokens.summary(entries, "id", "x") == (2.5, 1.5)
    with pytest.raises(KeyError, match="'ego' was not trained"):
        item_tokens.summary(entries, "ego", "x")


def test_the_cheap_entry_of_tokens_comes_out_again(movielens_split, tmp_path):
    again = tokens.measure(movielens_split, tmp_path, **tokens.CHEAP)
    stored = results.load("tokens")["cheap"]
    assert again["ndcg@50"] == pytest.approx(stored["ndcg@50"], abs=0.02)
    assert again["cosine"] == pytest.approx(stored["cosine"], abs=0.1)
    for person, seen in stored["people"].items():
        close = np.abs(np.array(again["people"][person]["influence"]) - seen["influence"])
        assert close.max() < 0.1
