"""The study of item tokens: fields by name, rare films, one entry comes out again."""

import json

import pytest

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.studies import item_tokens
from sparcode_mini.studies.common import small


@pytest.fixture(scope="module")
def stored():
    return results.load("item_tokens")


def test_every_set_of_fields_and_seed_is_stored_once(stored):
    assert stored["config"] == json.loads(json.dumps(item_tokens.config()))
    names = [(e["name"], e["seed"]) for e in stored["entries"]]
    assert names == [(name, seed) for name in item_tokens.SETS for seed in small.SEEDS]
    for entry in stored["entries"]:
        assert entry["item_tokens"] == 1 + len(item_tokens.SETS[entry["name"]])
    pairs = [(c["name"], c["with"]) for c in stored["compared"]]
    measures = [*small.PROBES.values(), "rare films"]
    assert pairs == [pair for pair in item_tokens.PAIRS for _ in measures]


@pytest.mark.parametrize("name", item_tokens.SETS)
def test_the_rate_of_a_set_won_on_validation_between_two_others(stored, name):
    points = [p for p in stored["tuning"] if p["name"] == name]
    best = max(points, key=lambda p: p[f"validation {small.DECIDES}"])
    assert small.chosen(points) == best
    rates = [p["lr"] for p in points]
    assert len(points) >= 3 and min(rates) < best["lr"] < max(rates)
    assert {e["lr"] for e in stored["entries"] if e["name"] == name} == {best["lr"]}


def test_summary_is_mean_and_half_the_range():
    entries = [{"name": "id", "x": 1.0}, {"name": "id", "x": 4.0}]
    assert item_tokens.summary(entries, "id", "x") == (2.5, 1.5)
    with pytest.raises(KeyError, match="'ego' was not trained"):
        item_tokens.summary(entries, "ego", "x")


def test_fields_are_chosen_by_name():
    ratings = sm.data.movielens_100k()
    split = item_tokens.with_fields(ratings, ("words",)).split()
    (words,) = split.item_features
    toy = {words.vocabulary[v] for v in words.values[0] if v}
    assert words.kind == "list" and toy == {"story"}  # "toy" is in one title only
    assert item_tokens.with_fields(ratings, ()).split().item_features == ()
    assert split.fingerprint == ratings.split().fingerprint
    with pytest.raises(ValueError, match="field 'actors' is unknown"):
        item_tokens.with_fields(ratings, ("actors",))


def test_rare_films_are_those_of_few(movielens_split, monkeypatch):
    """An oracle that ranks a person's own test films first finds all rare ones."""

    class Oracle:
        nonnegative = True

        def scores(self, users, history):
            import torch

            y = torch.zeros(len(users), movielens_split.n_items)
            later = movielens_split.history(users, "test")
            for row, films in zip(y, later, strict=True):
                row[films] = 1.0
            return y

    monkeypatch.setattr(item_tokens.people, "PLACES", 1000)
    assert set(item_tokens.rare_recall(Oracle(), movielens_split)) == {1.0}


@pytest.mark.usefixtures("untraced")
def test_the_cheap_entry_of_item_tokens_comes_out_again(stored, tmp_path):
    again, cheap = item_tokens.measure(tmp_path, **item_tokens.CHEAP), stored["cheap"]
    assert again["ndcg@50"] == pytest.approx(cheap["ndcg@50"], abs=0.02)
    assert again["rare recall@50"] == pytest.approx(cheap["rare recall@50"], abs=0.04)
