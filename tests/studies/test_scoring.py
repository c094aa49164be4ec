"""The study of scorers: only the compared thing differs, one entry comes out again."""

import json
import statistics

import pytest

from sparcode_mini import results
from sparcode_mini.studies import scoring


def test_the_stored_configuration_is_that_of_the_code():
    assert results.load("scoring")["config"] == json.loads(json.dumps(scoring.config()))


def test_every_run_and_seed_is_there_once():
    found = [(e["name"], e["seed"]) for e in results.load("scoring")["entries"]]
    assert sorted(found) == sorted((n, s) for n in scoring.names() for s in scoring.SEEDS)


def test_only_the_compared_thing_differs():
    """Same width, epochs, prefixes and query tokens in every setting."""
    for name in scoring.names():
        spec = scoring.spec(name)
        assert spec["model"].get("query_tokens", 4) == 4 and spec["model"]["token_dim"] == 32
        assert (spec["fit"]["epochs"], spec["fit"]["max_positions"]) == (10, 400)
    with pytest.raises(KeyError, match="'dot' is unknown"):
        scoring.spec("dot")


def test_values_come_in_order_of_the_seeds():
    entries = [{"name": "a", "seed": s, "x": float(s)} for s in (2, 0, 1)]
    assert scoring.values(entries, "a", "x") == [0.0, 1.0, 2.0]
    assert scoring.mean_sd([1.0, 2.0, 6.0]) == (3.0, pytest.approx(statistics.stdev([1, 2, 6])))
    with pytest.raises(KeyError, match="'b' was not trained"):
        scoring.values(entries, "b", "x")


def test_the_cheap_entry_comes_out_again(movielens_split, tmp_path):
    stored = results.load("scoring")["cheap"]
    again = scoring.run_one(movielens_split, tmp_path, **scoring.CHEAP)
    assert (again["name"], again["seed"]) == (stored["name"], stored["seed"])
    for key in ("ndcg@50", "recall@50", "validation ndcg@50"):
        assert again[key] == pytest.approx(stored[key], abs=0.01), key
