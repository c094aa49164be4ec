"""The switches beyond the paper: each alone, within the same bytes; one comes out again."""

import json

import numpy as np
import pytest

import toys
from sparcode_mini import results
from sparcode_mini.studies import beyond, catalogue_size, full_size

STUDIES = {"beyond": beyond, "catalogue_size": catalogue_size, "full_size": full_size}


@pytest.mark.parametrize("name", STUDIES)
def test_the_stored_configuration_is_that_of_the_code(name):
    assert results.load(name)["config"] == json.loads(json.dumps(STUDIES[name].config()))


def test_every_switch_and_seed_is_there_once():
    found = [(e["name"], e["seed"]) for e in results.load("beyond")["entries"]]
    assert sorted(found) == sorted((n, s) for n in beyond.SWITCHES for s in beyond.SEEDS)


def test_all_cut_indexes_fit_into_the_same_bytes_and_nearly_fill_them():
    for entry in results.load("beyond")["entries"]:
        whole, cut, trained = (entry["rows"][w] for w in (beyond.WHOLE, beyond.CUT, beyond.TRAINED))
        assert cut["bytes"] <= beyond.BUDGET
        assert cut["bytes"] > 0.95 * min(beyond.BUDGET, whole["bytes"]), entry["name"]
        assert trained["bytes"] <= cut["bytes"]  # none added; one that ends at 0 is dropped


def test_cut_to_bytes_by_hand():
    lists = np.array([[5.0, 4, 3, 2, 1], [9, 8, 0, 0, 0], [1, 2, 3, 4, 0]])
    index = toys.index_of(lists, np.arange(3)[:, None])  # 5, 2 and 4 entries
    sizes = {
        budget: len(beyond.cut_to_bytes(index, budget).items) for budget in (18, 35, 36, 48, 9999)
    }
    assert sizes == {18: 3, 35: 3, 36: 6, 48: 8, 9999: 11}
    with pytest.raises(ValueError, match="17 bytes hold no entry"):
        beyond.cut_to_bytes(index, 17)


def fake(name, seed, value, density):
    row = {"bytes": 6, "density": density, "test probes=4": value, "validation probes=4": value}
    rows = {way: row for way in (beyond.WHOLE, beyond.CUT, beyond.TRAINED)}
    return {"name": name, "seed": seed, "seconds": 1.0, "rows": rows}


def test_effects_and_target_by_hand(monkeypatch):
    monkeypatch.setattr(beyond, "SWITCHES", {"base": ({}, {}), "a": ({}, {}), "b": ({}, {})})
    entries = [fake("base", s, 0.30, 0.5) for s in (1, 0)]
    entries += [fake("a", s, 0.29 + 0.02 * s, 0.04) for s in (0, 1)]
    entries += [fake("b", s, 0.298 + 0.001 * s, 0.05 - 0.01 * s) for s in (0, 1)]
    found = beyond.effects(entries, beyond.CUT, 4)
    assert [e.name for e in found] == ["base", "a", "b"]
    assert found[1].gains == pytest.approx([-0.01, 0.01]) and not found[1].sure
    assert found[2].gains == pytest.approx([-0.002, -0.001]) and found[2].sure
    assert found[2].gain == pytest.approx(-0.0015)
    target = beyond.sparse_target(entries)
    assert (target.name, target.density) == ("a", 0.04) and target.met
    assert target.lost == pytest.approx(0.0)
    assert not target._replace(density=0.06).met
    assert not target._replace(sparse=[0.29, 0.295]).met
    with pytest.raises(KeyError, match="'c' was not trained"):
        beyond.column(entries, "c", beyond.CUT, "bytes")
    with pytest.raises(KeyError, match="'c' is unknown"):
        beyond.spec("c")


def test_only_the_switch_differs():
    base = beyond.spec(beyond.BASE)
    for name, (model, train) in beyond.SWITCHES.items():
        assert beyond.spec(name)["model"] == {**base["model"], **model}
        assert beyond.spec(name)["fit"] == {**base["fit"], **train}


def test_the_cheap_entry_comes_out_again(movielens_split, tmp_path):
    stored = results.load("beyond")["cheap"]
    again = beyond.run_one(movielens_split, tmp_path, **beyond.CHEAP)
    assert (again["name"], again["seed"]) == (stored["name"], stored["seed"])
    for way in (beyond.WHOLE, beyond.CUT):
        for key in ("test probes=1", "test probes=4", "validation probes=4"):
            assert again["rows"][way][key] == pytest.approx(stored["rows"][way][key], abs=0.01)
    twice = beyond.run_one(movielens_split, tmp_path, **beyond.CHEAP)  # nothing is done again
    assert twice == again
