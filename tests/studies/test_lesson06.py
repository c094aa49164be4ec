"""The stored results of lesson 06, and what they are made with."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.serving import side_by_side as serving
from sparcode_mini.studies import front, shorter_lists

# --- the front ----------------------------------------------------------------------------------


def test_both_sides_get_the_same_tokenizer_recipe_and_choice():
    tower, sparse = front.tower_spec(8, 3e-3), front.sparse_spec(4.0, 2e-3)
    for key in ("tokenizer", "dropout"):
        assert tower["model"][key] == sparse["model"][key]
    for key in ("epochs", "max_positions"):
        assert tower["fit"][key] == sparse["fit"][key]
    assert len(front.TOWER_RATES) == len(front.SPARSE_RATES)


def test_the_study_runs_on_toys_and_trains_nothing_twice(tmp_path, monkeypatch, toy_split):
    class Toys:
        def split(self):
            return toy_split

    monkeypatch.setattr(front.data, "movielens_100k", Toys)
    for name, value in {
        "SEEDS": (0, 1), "FIT": {"epochs": 2, "warmup": 2, "batch": 8}, "WIDTHS": (4, 8),
        "SPARSE": {"M": 1, "N": 4, "token_dim": 8, "hidden": 2}, "PENALTIES": (1.0,),
        "CUTS": (None, 3), "RANKS": (4,), "EPOCHS": 1,
    }.items():  # fmt: skip
        monkeypatch.setattr(front, name, value)
    found = front.run(tmp_path)
    assert [(t["width"], t["seed"]) for t in found["towers"]] == [(4, 0), (4, 1), (8, 0), (8, 1)]
    ranks = [sorted({p["rank"] for p in tower["points"]}) for tower in found["towers"]]
    assert ranks == [[4], [4], [4, 8], [4, 8]]  # cut where it is as wide as SparCode's tokens
    assert len(found["lists"]) == 2 and len(found["lists"][0]["points"]) == 2 * 2 * 2
    first = found["lists"][0]["points"]
    assert first[0]["item_bytes"] == 6 * first[0]["entries"]
    assert first[1]["item_bytes"] == 5 * first[1]["entries"] + 4 * 4
    assert front.run(tmp_path) == found


def test_settings_are_means_over_seeds():
    point = {
        "best": 3,
        "tuned": True,
        "precision": "int8",
        "item_bytes": 10,
        "ndcg@50 probes=4": 0.2,
    }
    runs = [
        {"penalty": 4.0, "encoder_bytes": 7, "codebook_bytes": 8, "points": [point]},
        {"penalty": 4.0, "encoder_bytes": 7, "codebook_bytes": 8,
         "points": [{**point, "item_bytes": 20, "ndcg@50 probes=4": 0.4}]},
    ]  # fmt: skip
    (found,) = front.settings({"lists": runs}, "lists", "int8")
    assert found[0] == "L1 4, best 3, trained, R = 4"
    assert found[1:] == pytest.approx((15, 0.3, 0.1, 8, 7))
    assert front.settings({"lists": runs}, "lists", "float16") == []
    tower = {"rank": 4, "tuned": False, "precision": "int8", "item_bytes": 10, "ndcg@50": 0.2}
    (found,) = front.settings(
        {"towers": [{"width": 8, "encoder_bytes": 7, "points": [tower]}]}, "towers", "int8"
    )
    assert found == ("D = 8 cut to 4", 10, 0.2, 0, 0, 7)
    with pytest.raises(ValueError, match="'towers' at 'float64' was not measured"):
        front.settings({}, "towers", "float64")


def test_the_front_leaves_out_what_is_beaten():
    def names(*rows):
        return [s.name for s in front.front_of([front.Setting(*row, 0.0, 0, 0) for row in rows])]

    assert names(("a", 5.0, 0.1), ("b", 30.0, 0.3), ("c", 35.0, 0.2)) == ["a", "b"]
    assert names(("big", 9.0, 0.3), ("small", 5.0, 0.3), ("worse", 5.0, 0.2)) == ["small"]


def test_the_stored_front_is_complete():
    stored = results.load("front")
    assert stored["config"] == front.config()
    for runs, settings in (("towers", front.WIDTHS), ("lists", front.PENALTIES)):
        key = {"towers": "width", "lists": "penalty"}[runs]
        there = {(run[key], run["seed"]) for run in stored[runs]}
        assert there == {(s, seed) for s in settings for seed in front.SEEDS}
        rates = {s: {run["lr"] for run in stored[runs] if run[key] == s} for s in settings}
        assert all(len(chosen) == 1 for chosen in rates.values())


def test_the_cheap_training_comes_out_as_stored(tmp_path, movielens_split):
    stored = results.load("front")["cheap"]
    again = front.run_tower(movielens_split, tmp_path, 0, **front.CHEAP)
    assert again["encoder_bytes"] == stored["encoder_bytes"]
    for now, then in zip(again["points"], stored["points"], strict=True):
        assert now["item_bytes"] == then["item_bytes"]
        assert now["ndcg@50"] == pytest.approx(then["ndcg@50"], abs=0.01)


# --- shorter lists ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", shorter_lists.WAYS)
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_every_way_cuts_to_about_the_same_share(way, share):
    rng = np.random.default_rng(0)
    table = rng.random((20, 100)) * (rng.random((20, 100)) < 0.4)
    index = toys.index_of(table.astype(np.float32), np.arange(20)[:, None])
    short, _ = shorter_lists.cut_to(index, way, share)
    assert abs(len(short.items) / len(index.items) - share) < 0.02


def test_cut_to_refuses():
    index = toys.index_of(np.ones((1, 2), dtype=np.float32), np.array([[0]]))
    with pytest.raises(ValueError, match="way = 'luck'"):
        shorter_lists.cut_to(index, "luck", 0.5)
    with pytest.raises(ValueError, match="share = 0"):
        shorter_lists.cut_to(index, "bias", 0)


def test_a_stored_row_is_measured_again():
    stored = results.load("shorter_lists")
    assert stored["config"] == shorter_lists.config()
    wanted = shorter_lists.CHEAP
    (then,) = [row for row in stored["rows"] if wanted.items() <= row.items()]
    now = shorter_lists.measure_again(wanted)
    for key in ("entries", "item_bytes"):
        assert now[key] == pytest.approx(then[key], rel=0.01)
    assert now["ndcg@50"] == pytest.approx(then["ndcg@50"], abs=1e-3)


def test_the_whole_study_runs_on_toys(tmp_path, monkeypatch, trained, toy_split):
    trained.save(tmp_path / "model.safetensors")

    class Toys:
        def split(self):
            return toy_split

    monkeypatch.setattr(shorter_lists.data, "movielens_100k", Toys)
    monkeypatch.setattr(shorter_lists, "CHECKPOINT", tmp_path / "model.safetensors")
    for name, value in (("SHARES", (1.0, 0.5)), ("TUNE", {"epochs": 1}), ("TIMED", 3)):
        monkeypatch.setattr(shorter_lists, name, value)
    rows = shorter_lists.run(tmp_path)["rows"]
    assert len(rows) == 3 * 2 * 2 * 3 * 3
    assert all(row["search_us"] > 0 for row in rows)


# --- side by side -------------------------------------------------------------------------------


def test_ways_to_serve_on_toys(toy_split, trained, trained_index, monkeypatch):
    tower = toys.small(sm.TwoTower, toy_split, seed=3)
    monkeypatch.setattr(serving, "QUERIES", 4)
    exact = serving.ExactIndex(tower.item_matrix().numpy(), tower.item_bias.detach().numpy())
    monkeypatch.setattr(serving, "ivfpq", lambda served, M, nprobe: exact)  # too few items for it
    ways = serving.tower_ways(tower)
    assert ways[0].ndcg == pytest.approx(sm.evaluate(tower, toy_split, k=(50,))["ndcg@50"])
    assert ways[0].item_bytes == 4 * 60 * 9
    found = serving.list_ways(trained, {"lists": trained_index})
    assert [way.name for way in found] == ["lists, 1 probe", "lists, 4 probes"]
    assert found[0].ndcg == sm.evaluate(trained, toy_split, k=(50,))["ndcg@50"]
    assert all(way.encode_us > 0 and way.search_us > 0 for way in [*ways, *found])
    assert torch.is_grad_enabled()
