"""Quality over bytes: what is on the front, and one training that comes out as stored."""

import pytest

from sparcode_mini import results
from sparcode_mini.studies import front


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
