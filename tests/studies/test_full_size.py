"""Full-sized models within bytes: what is stored keeps to them."""

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.serving.ann import HNSWIndex
from sparcode_mini.studies import full_size


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
