"""The switches beyond the paper: each alone, within the same bytes; one comes out again."""

import json

import numpy as np
import pytest

import toys
from sparcode_mini import results
from sparcode_mini.evaluation import paired
from sparcode_mini.lessons.beyond_the_paper import effects as words
from sparcode_mini.studies import beyond, pays


def test_the_stored_configuration_is_that_of_the_code():
    assert results.load("beyond")["config"] == json.loads(json.dumps(beyond.config()))


def test_every_switch_and_seed_is_there_once():
    found = [(e["name"], e["seed"]) for e in results.load("beyond")["entries"]]
    assert sorted(found) == sorted((n, s) for n in beyond.SWITCHES for s in beyond.SEEDS)


def test_all_cut_indexes_fit_into_the_same_bytes_and_nearly_fill_them():
    for entry in results.load("beyond")["entries"]:
        whole, cut, trained = (entry["rows"][w] for w in (beyond.WHOLE, beyond.CUT, beyond.TRAINED))
        assert cut["bytes"] <= beyond.BUDGET
        assert cut["bytes"] > 0.95 * min(beyond.BUDGET, whole["bytes"]), entry["name"]
        assert trained["bytes"] <= cut["bytes"]  # none added; one that ends at 0 is dropped


def test_every_switch_is_compared_in_every_way_and_corrected_together():
    gains = results.load("beyond")["gains"]
    found = [(row["name"], row["against"], row["way"], row["probes"]) for row in gains]
    pairs = [(n, beyond.BASE) for n in beyond.SWITCHES if n != beyond.BASE]
    wanted = [(*pair, *way) for pair in (*pairs, *beyond.ALSO) for way in beyond.WAYS]
    assert sorted(found) == sorted(wanted)
    assert [row["p, Holm"] for row in gains] == paired.holm([row["p"] for row in gains])


def test_the_penalties_leave_about_a_tenth():
    entries = results.load("beyond")["entries"]
    for name in ("L1 penalty", "penalty on items", "FLOPS penalty"):
        assert 0.05 < np.mean(beyond.column(entries, name, beyond.WHOLE, "density")) < 0.2, name


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
    row = {"bytes": 6, "density": density}
    for probes in beyond.PROBES:
        row |= {f"test probes={probes}": value, f"validation probes={probes}": value}
        row[f"people probes={probes}"] = [value - 0.01, value, value + 0.01]
    rows = {way: row for way in (beyond.WHOLE, beyond.CUT, beyond.TRAINED)}
    return {"name": name, "seed": seed, "seconds": 1.0, "rows": rows}


@pytest.fixture
def three(monkeypatch):
    """Three switches, two seeds, three people, of whom each gains alike."""
    monkeypatch.setattr(beyond, "SWITCHES", {"base": ({}, {}), "a": ({}, {}), "b": ({}, {})})
    monkeypatch.setattr(words, "SWITCHES", beyond.SWITCHES)
    entries = [fake("base", s, 0.30, 0.5) for s in (1, 0)]
    entries += [fake("a", s, 0.29 + 0.02 * s, 0.04) for s in (0, 1)]
    return entries + [fake("b", s, 0.298 + 0.001 * s, 0.05 - 0.01 * s) for s in (0, 1)]


def test_gains_by_hand(three, monkeypatch):
    monkeypatch.setattr(beyond, "ALSO", (("b", "a"),))
    stored = {"entries": three, "gains": beyond.gains_of(three)}
    assert len(stored["gains"]) == 3 * len(beyond.WAYS)
    (also,) = words.pairs(stored, beyond.CUT, 4)
    assert also.split()[:4] == ["b", "-", "a", "-0.15"]
    base, mixed, worse = words.effects(stored, beyond.CUT, 4)
    assert [e.name for e in (base, mixed, worse)] == ["base", "a", "b"]
    assert (base.gain["difference"], base.sure) == (0.0, False)
    assert (mixed.gain["difference"], mixed.gain["low"]) == pytest.approx((0, -0.01))
    assert not mixed.sure  # one seed up, one down
    assert worse.gain["difference"] == pytest.approx(-0.0015)
    assert worse.gain["high"] < 0 and worse.sure
    assert paired.starred(worse.gain).split()[0] == "-0.15"
    assert paired.starred(worse.gain).endswith("*")
    with pytest.raises(KeyError):
        words.effects(stored, beyond.CUT, 1)  # not compared
    monkeypatch.setattr(beyond, "READ_OTHERWISE", ("b",))
    paired_seeds = beyond.gains_of(three)  # seed by seed b is 2 and 1 thousandths below
    key = ("b", beyond.BASE, beyond.CUT, 4)
    (row,) = (r for r in paired_seeds if (r["name"], r["against"], r["way"], r["probes"]) == key)
    assert (row["low"], row["high"]) == pytest.approx((-0.002, -0.001))
    kept = beyond.without_people(three[0])["rows"][beyond.CUT]
    assert "people probes=4" not in kept and kept["test probes=4"] == 0.30


def test_target_by_hand(three):
    target = beyond.sparse_target(three)
    assert (target.name, target.density) == ("a", 0.04) and target.met
    assert target.lost == pytest.approx(0.0)
    assert not target._replace(density=0.06).met
    assert not target._replace(sparse=[0.29, 0.295]).met
    assert beyond.against_dense(three)["difference"] == pytest.approx(0.0)
    with pytest.raises(KeyError, match="'c' was not trained"):
        beyond.column(three, "c", beyond.CUT, "bytes")
    with pytest.raises(KeyError, match="'c' is unknown"):
        beyond.spec("c")


def test_only_the_switch_differs():
    base = beyond.spec(beyond.BASE)
    for name, (model, train) in beyond.SWITCHES.items():
        assert beyond.spec(name)["model"] == {**base["model"], **model}
        assert beyond.spec(name)["fit"] == {**base["fit"], **train}
        if name not in ("residual codes", "soft, tau 3", "soft, tau 10, codebook too"):
            assert len(model) + len(train.keys() - {"penalty"}) == (name != beyond.BASE)


@pytest.mark.usefixtures("untraced")
def test_the_cheap_entry_comes_out_again(movielens_split, tmp_path):
    stored = results.load("beyond")["cheap"]
    again = beyond.run_one(movielens_split, tmp_path, **beyond.CHEAP)
    assert (again["name"], again["seed"]) == (stored["name"], stored["seed"])
    for way in (beyond.WHOLE, beyond.CUT):
        for key in ("test probes=1", "test probes=4", "validation probes=4"):
            assert again["rows"][way][key] == pytest.approx(stored["rows"][way][key], abs=0.01)
    twice = beyond.run_one(movielens_split, tmp_path, **beyond.CHEAP)  # nothing is done again
    assert twice == again


def test_the_rate_of_the_base_is_what_validation_chose_for_it():
    tries = results.load("pays")["tries"]
    (best,) = (t["lr"] for t in tries
               if t["chosen"] and (t["point"], t["side"]) == ("base", "SparCode"))  # fmt: skip
    assert best == beyond.RATE
    same, other = pays.spec("base", "SparCode", best), beyond.spec(beyond.BASE)
    assert same["model"] == other["model"]
    assert {"negatives": 0, **other["fit"]} == same["fit"]
