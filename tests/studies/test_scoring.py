"""The study of scorers and penalties: what is compared, what was chosen, one entry again."""

import json
import statistics

import pytest

from sparcode_mini import results
from sparcode_mini.studies import scoring
from sparcode_mini.studies.common import small


@pytest.fixture(scope="module")
def stored():
    return results.load("scoring")


def test_the_stored_configuration_is_that_of_the_code(stored):
    assert stored["config"] == json.loads(json.dumps(scoring.config()))


def test_every_row_and_seed_is_there_once(stored):
    names = [(e["name"], e["seed"]) for e in stored["entries"]]
    assert names == [(row, seed) for row in scoring.ROWS for seed in small.SEEDS]
    pairs = [(c["name"], c["with"], c["measure"]) for c in stored["compared"]]
    assert pairs == [(*pair, R) for pair in scoring.PAIRS for R in small.PROBES.values()]


@pytest.mark.parametrize("row", scoring.ROWS)
def test_a_row_has_the_rate_and_the_weight_that_were_chosen(stored, row):
    """The rate won on validation between two others; the weight is nearest in what is read."""
    points = [p for p in stored["tuning"] if p["row"] == row]
    best = small.chosen(points)
    runs = [e for e in stored["entries"] if e["name"] == row]
    assert {(e["lr"], e["weight"]) for e in runs} == {(best["lr"], best["weight"])}
    same_rate = [p for p in points if p["lr"] == best["lr"]]
    distances = [scoring.distance(p["read"]) for p in same_rate]
    assert scoring.distance(best["read"]) == min(distances)
    if row != scoring.DENSE:  # one seed of the concatenation reads half as much
        assert statistics.fmean(e["read"] for e in runs) == pytest.approx(scoring.READ, rel=0.3)
    start = 0.0 if row == scoring.DENSE else scoring.FIRST_WEIGHT[scoring.penalty(row)]
    first = [p for p in points if p["weight"] == start]
    won = max(first, key=lambda p: p[f"validation {small.DECIDES}"])
    rates = sorted(p["lr"] for p in first)
    assert won["lr"] == best["lr"] and rates[0] < best["lr"] < rates[-1]


def test_only_the_compared_thing_differs():
    for row in scoring.ROWS:
        setting = scoring.spec(row, 1e-2, 3.0)
        assert setting["model"] == small.MODEL | scoring.SCORERS.get(row, {})
        penalty = {"sparsity": 3.0, "penalty": scoring.penalty(row)}
        assert setting["fit"] == small.FIT | {"lr": 1e-2, **penalty}
    with pytest.raises(KeyError, match="'dot' is unknown"):
        scoring.spec("dot", 1e-2, 0.0)


@pytest.mark.parametrize("power", [-0.4, -1.0, -1.7])
def test_the_search_finds_the_weight_at_which_enough_is_read(power):
    def trained(weight):
        return {"weight": weight, "read": 3 * scoring.READ * weight**power}

    found = scoring.search(trained(1.0), trained)
    assert len(found) <= scoring.TRIES
    near = min(found.values(), key=lambda point: scoring.distance(point["read"]))
    assert near["read"] == pytest.approx(scoring.READ, rel=0.15)
    assert list(scoring.search(trained(near["weight"]), trained)) == [near["weight"]]


def test_values_come_in_order_of_the_seeds():
    entries = [{"name": "a", "seed": s, "x": float(s)} for s in (2, 0, 1)]
    assert scoring.values(entries, "a", "x") == [0.0, 1.0, 2.0]
    assert scoring.mean_sd([1.0, 2.0, 6.0]) == (3.0, pytest.approx(statistics.stdev([1, 2, 6])))
    with pytest.raises(KeyError, match="'b' was not trained"):
        scoring.values(entries, "b", "x")


@pytest.mark.usefixtures("untraced")
def test_the_cheap_entry_comes_out_again(stored, movielens_split, tmp_path):
    again = scoring.measure(movielens_split, tmp_path, **scoring.CHEAP)
    for key, tolerance in (("ndcg@50", 0.02), ("validation ndcg@50", 0.02), ("density", 0.05)):
        assert again[key] == pytest.approx(stored["cheap"][key], abs=tolerance), key
