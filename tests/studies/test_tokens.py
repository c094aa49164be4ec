"""The study of query tokens: every setting is stored once, one entry comes out again."""

import json

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.explain.tokens import influence
from sparcode_mini.studies import tokens
from sparcode_mini.studies.common import small


@pytest.fixture(scope="module")
def stored():
    return results.load("tokens")


def test_the_stored_configuration_is_that_of_the_code(stored):
    assert stored["config"] == json.loads(json.dumps(tokens.config()))


def test_every_setting_and_seed_is_stored_once(stored, movielens_split):
    names = [(e["tokenizer"], e["query_tokens"], e["seed"]) for e in stored["entries"]]
    assert names == [(*setting, seed) for setting in tokens.settings() for seed in small.SEEDS]
    for entry in stored["entries"]:
        K_u = entry["query_tokens"]
        assert ("people" in entry) == (entry["seed"] == small.SEEDS[0])
        assert ("reading" in entry) == (K_u == tokens.BASE)
        assert (entry["cosine"] is None) == (K_u == 1)
        for person in entry.get("people", {}).values():
            assert np.array(person["influence"]).shape == (K_u, 8)
            assert np.array(person["nearest"]).shape == (K_u, tokens.NEAREST)
            assert np.max(person["nearest"]) < movielens_split.n_items
    shape = (len(small.SEEDS), tokens.READERS)
    assert tokens.read_by(stored, "gru", "newest").shape == shape


@pytest.mark.parametrize("setting", tokens.settings())
def test_the_rate_of_a_setting_won_on_validation_between_two_others(stored, setting):
    points = [p for p in stored["tuning"] if (p["tokenizer"], p["query_tokens"]) == setting]
    best = max(points, key=lambda p: p[f"validation {small.DECIDES}"])
    assert small.chosen(points) == best
    rates = [p["lr"] for p in points]
    assert len(points) >= 3 and min(rates) < best["lr"] < max(rates)
    runs = [e for e in stored["entries"] if (e["tokenizer"], e["query_tokens"]) == setting]
    assert {e["lr"] for e in runs} == {best["lr"]}


def test_every_number_of_tokens_is_compared_with_the_base(stored):
    names = [(c["tokenizer"], c["query_tokens"], c["measure"]) for c in stored["compared"]]
    assert names == [
        (*setting, R) for setting in tokens.settings() if setting[1] != tokens.BASE
        for R in small.PROBES.values()
    ]  # fmt: skip
    for one in stored["compared"]:
        key = "ndcg@50" + ("" if one["measure"] == small.PROBES[1] else " probes=4")
        means = [
            np.mean([e[key] for e in stored["entries"] if e["tokenizer"] == one["tokenizer"]
                     and e["query_tokens"] == K_u])
            for K_u in (one["query_tokens"], tokens.BASE)
        ]  # fmt: skip
        assert one["difference"] == pytest.approx(means[0] - means[1], abs=1e-6)


def test_every_film_near_a_token_is_stored_with_title_and_genres(stored, movielens_split):
    films = stored["films"]
    assert films == tokens.films_of(movielens_split, stored["entries"])
    rows = sm.data.movielens_100k().items.itertuples()
    genres = {f"{row.title} ({row.year})": set(row.genres) for row in rows}
    for film in films.values():
        assert film["genres"] and set(film["genres"]) == genres[film["title"]]


def test_how_a_person_is_read(toy_split, monkeypatch):
    model = toys.small(sm.SparCode, toy_split, query_tokens=2)
    monkeypatch.setattr(tokens, "READERS", 2)
    monkeypatch.setattr(tokens, "LAST", 3)
    found = tokens.reading(model, toy_split)
    history = next(h for h in toy_split.histories("train+validation") if len(h) >= 3)[-3:]
    shares = influence(model, history).numpy()  # (K_u=2, L=3)
    assert len(found["newest"]) == len(found["apart"]) == 2
    assert found["newest"][0] == pytest.approx(shares[:, -1].mean(), abs=1e-4)
    assert found["apart"][0] == pytest.approx(np.abs(shares[0] - shares[1]).sum() / 2, abs=1e-4)


@pytest.mark.usefixtures("untraced")
def test_the_cheap_entry_of_tokens_comes_out_again(stored, movielens_split, tmp_path):
    again, cheap = tokens.measure(movielens_split, tmp_path, **tokens.CHEAP), stored["cheap"]
    assert again["ndcg@50"] == pytest.approx(cheap["ndcg@50"], abs=0.02)
    assert again["cosine"] == pytest.approx(cheap["cosine"], abs=0.1)
    for person, seen in cheap["people"].items():
        close = np.abs(np.array(again["people"][person]["influence"]) - seen["influence"])
        assert close.max() < 0.1
