"""The stored results of lesson 08 belong to the code, and cheap entries come out again."""

import json
import statistics

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.serving.ann import HNSWIndex
from sparcode_mini.studies import beyond, catalogue_size, full_size

STUDIES = {"beyond": beyond, "catalogue_size": catalogue_size, "full_size": full_size}


@pytest.mark.parametrize("name", STUDIES)
def test_the_stored_configuration_is_that_of_the_code(name):
    assert results.load(name)["config"] == json.loads(json.dumps(STUDIES[name].config()))


# --- every switch at equal bytes ----------------------------------------------------------------


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


# --- the table's models -------------------------------------------------------------------------


def test_indexes_keep_to_their_bytes():
    lists = np.arange(1.0, 161).reshape(4, 40)
    whole = toys.index_of(lists, np.arange(4)[:, None])
    sizes = {name: len(index.items) for name, index in full_size.indexes(whole).items()}
    assert sizes == {"whole": 160, "HNSW bytes": 160, "5%": 8}


def test_every_setting_of_every_seed_is_there_and_keeps_to_its_bytes():
    stored = results.load("full_size")["entries"]
    assert [entry["seed"] for entry in stored] == list(full_size.SEEDS)
    settings = len(full_size.INDEXES) * 2 * len(full_size.PROBES)
    for entry in stored:
        assert len(entry["rows"]) == settings
        for row in entry["rows"]:
            if row["index"] == "5%":
                assert row["density"] <= full_size.DENSITY
            if row["index"] == "HNSW bytes":
                assert row["bytes"] <= full_size.HNSW_BYTES


def test_validation_chooses_by_hand(monkeypatch):
    monkeypatch.setattr(full_size, "PROBES", (1, 4))
    rows = [
        {
            "index": "5%", "trained": trained, "probes": probes, "bytes": 10 * probes,
            "density": 0.04, "validation": 0.3 - 0.01 * trained + 0.02 * seed * (probes == 4),
            "test": 0.1 * probes + seed,
        }
        for seed in (0, 1) for trained in (False, True) for probes in (1, 4)
    ]  # fmt: skip
    entries = [{"rows": rows[:4]}, {"rows": rows[4:]}]
    found = full_size.chosen(entries, "5%")
    assert (found["trained"], found["probes"], found["bytes"]) == (False, 4, 40)
    assert found["test"] == pytest.approx([0.4, 1.4])
    with pytest.raises(KeyError, match="'whole'"):
        full_size.chosen(entries, "whole")


def test_the_front_rises():
    found = full_size.front_of(results.load("full_size")["entries"])
    assert {s.name.split(",")[0] for s in found} <= {"lists", "two-tower"}
    assert [s.ndcg for s in found] == sorted(s.ndcg for s in found)
    assert [s.item_bytes for s in found] == sorted(s.item_bytes for s in found)


def test_the_bytes_of_hnsw_are_those_of_the_shipped_two_tower():
    tower = sm.load_model(results.CHECKPOINTS / "two-tower.safetensors")
    hnsw = HNSWIndex(tower.item_matrix().numpy(), tower.item_bias.detach().numpy())
    assert hnsw.nbytes == full_size.HNSW_BYTES


# --- the size of the catalogue ------------------------------------------------------------------


def test_lists_per_item_by_hand():
    assert catalogue_size.mean_lists_per_item({"bytes": 60, "listed": 5}) == 2  # 6 bytes an entry


def test_needed_width_is_between_the_measured():
    rows = [
        {"law": "fixed", "n_items": 9, "width": w, "r_precision": q}
        for w, q in ((None, 0.8), (8, 0.5), (16, 0.7), (32, 0.9))
    ]
    assert catalogue_size.needed_width(rows, "fixed", 9) == pytest.approx(24)
    rows[0]["r_precision"] = 0.95
    assert catalogue_size.needed_width(rows, "fixed", 9) is None


def test_every_size_is_there_and_the_laws_hold():
    rows = results.load("catalogue_size")["rows"]
    for law, sizes in catalogue_size.SIZES.items():
        for size in sizes:
            mine = [r for r in rows if (r["law"], r["n_items"]) == (law, size)]
            assert sorted(r["width"] or 0 for r in mine) == [0, *catalogue_size.WIDTHS]
            wanted = mine[0]["true entries"] / (48 * size)
            share = 0.05 if law == "share" else 20 / size
            assert wanted == pytest.approx(share, rel=0.1)
            for row in mine:
                if row["width"]:
                    assert row["bytes"] == 2 * (row["width"] + 1) * size
    with pytest.raises(ValueError, match="law = 'cube'"):
        catalogue_size.world_of("cube", 400)


@pytest.mark.numeric
def test_the_cheap_size_comes_out_again():
    cheap = catalogue_size.CHEAP
    (stored,) = [
        row
        for row in results.load("catalogue_size")["rows"]
        if all(row[key] == value for key, value in cheap.items())
    ]
    again = catalogue_size.measure(**cheap)
    assert again["bytes"] == stored["bytes"]
    assert again["r_precision"] == pytest.approx(stored["r_precision"], abs=0.01)
    assert statistics.fmean([again["asked"]]) == stored["asked"]
