"""Fronts: what is stored is counted, chosen on validation and compared."""

import json

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.evaluation.paired import compare
from sparcode_mini.results import CHECKPOINTS
from sparcode_mini.serving.compress import directions, with_bias
from sparcode_mini.serving.two_tower import Tower
from sparcode_mini.studies import front
from sparcode_mini.studies.common import item_side
from sparcode_mini.studies.common.item_side import rounded_ways

CHEAP = "D = 8, int8"  # a setting that a test measures again
CUTS = (("best-n", None), ("best-n", 5), ("bias", 5))


@pytest.fixture
def small(monkeypatch):
    """Few settings, and one try of training again."""
    for name, value in {
        "RANKS": (2, 8), "KEPT": (20, None), "CODES": ((2, 4, 8),), "EPOCHS": 1,
        "CUTS": {"sparcode": CUTS[:2], "sparcode-sparse": CUTS[2:]}, "RATES": (1e-2,),
        "SEEDS": (0, 1), "BUDGETS": (1, 400, 100_000), "PROBES": (1, 4),
    }.items():  # fmt: skip
        monkeypatch.setattr(front, name, value)


def test_every_way_to_store_the_matrix_is_measured(toy_split, small):
    model = toys.small(sm.TwoTower, toy_split)
    sm.fit(model, toy_split, epochs=2)
    points = list(front.matrix_points(Tower(model, toy_split), seed=0))
    found = {point["name"]: point for point in points}
    assert len(found) == len(points) == 2 * 2 * 3 * 2 + 2 + 1
    n = toy_split.n_items
    assert found["D = 8, float16"]["bytes"] == 2 * 9 * n
    assert found["D = 2, int4, trained again"]["bytes"] == -(-3 * n // 2) + 3 * 4
    whole = sm.evaluate(model, toy_split, k=50)["ndcg@50"]
    assert found["D = 8, float16"]["test"] == pytest.approx(whole, abs=5e-3)
    assert found[front.GRAPH]["test"] == pytest.approx(whole, abs=1e-5)  # 60 films: all are found
    assert found[front.GRAPH]["bytes"] > 4 * 9 * n
    again = found["D = 8, float16, trained again"]
    assert again["rate"] in (None, 1e-2)
    assert (again["rate"] is None) == (again["people"] == found["D = 8, float16"]["people"])
    assert all(np.mean(p["people"]) == pytest.approx(p["test"], abs=1e-4) for p in points)


def test_every_way_to_store_the_lists_is_measured(trained, toy_split, small):
    points = list(front.list_points(trained, toy_split, 0, CUTS))
    found = {point["name"]: point for point in points}
    assert len(found) == len(points) == 3 * 2 * 3 * 2
    entries = [found[f"{cut}, float16, R = 4"]["entries"] for cut in ("bias 5", "best 5")]
    assert abs(entries[0] - entries[1]) <= 2  # equal scores go together
    lists = trained.quantizer.N**trained.quantizer.M
    one = found["best 5, int8, R = 4"]
    assert one["bytes"] == 4 * lists + 2 * one["entries"]  # 60 items: one byte a gap
    assert one["plain bytes"] == 4 * lists + 5 * one["entries"]
    short = sm.SparseIndex.build(trained, codes="all").cut(best=5)
    served = item_side.in_levels(short, 255)
    for on in front.PARTS:
        whole = sm.evaluate(trained, toy_split, on, 50, probes=4, index=served)["ndcg@50"]
        assert one[on] == pytest.approx(whole, abs=1e-5)


def setting(size, validation, ndcg):
    return front.ItemStorage(f"{size}", size, validation, ndcg, 0.0, 0, 0)


def test_validation_chooses():
    lucky, small_, large = setting(5, 0.1, 0.9), setting(5, 0.2, 0.3), setting(9, 0.3, 0.2)
    assert front.front_of([large, lucky, small_]) == [small_, large]
    assert front.best_at([large, lucky, small_], 8) == small_
    assert front.best_at([large, lucky, small_], 9) == large
    assert front.best_at([large], 8) is None


def runs_of(row, *tests, beside=0, **numbers):
    """Runs with one setting: the test figures of two people for each seed."""
    return [
        {
            "row": row, "seed": seed, "codebook_bytes": beside, "encoder_bytes": 7,
            "points": [{"name": "D = 2", "bytes": 10, "validation": 0.1, "test": np.mean(people),
                        "people": people, **numbers}],
        }
        for seed, people in enumerate(tests)
    ]  # fmt: skip


def test_settings_are_means_over_seeds():
    runs = runs_of("two-tower", [0.1, 0.3], [0.3, 0.5])
    (found,) = front.settings({"runs": runs}, "matrix")
    assert (found.name, found.ndcg, found.half) == ("D = 2", pytest.approx(0.3), pytest.approx(0.1))
    assert front.settings({"runs": runs}, "matrix", "plain bytes")[0].item_bytes == 10
    runs += runs_of("sparcode", [0.1, 0.2], beside=5, **{"plain bytes": 20})
    sizes = [front.settings({"runs": runs}, "lists", size)[0].item_bytes for size in front.SIZES]
    assert sizes == [10, 20, 15]
    for wrong in (("tower", "bytes"), ("lists", "int8")):
        with pytest.raises(ValueError, match="choose 'matrix' or 'lists'"):
            front.settings({"runs": runs}, *wrong)


def test_the_choices_are_compared_over_people_and_seeds(monkeypatch):
    monkeypatch.setattr(front, "BUDGETS", (9, 10, 20))
    tower, lists = [[0.1, 0.3], [0.3, 0.5]], [[0.2, 0.2], [0.5, 0.5]]
    runs = runs_of("two-tower", *tower) + runs_of("sparcode", *lists, beside=5)
    found = front.compared(runs)
    assert [row["budget"] for row in found] == [10, 20]
    one = compare(np.array(lists), np.array(tower))
    assert one.items() <= found[0].items() and found[0]["p, Holm"] == min(2 * one["p"], 1)
    assert (found[0]["matrix"], found[0]["lists"]) == ("D = 2", "sparcode: D = 2")
    assert found[0]["codebook bytes"] == 5 and found[0]["lists ndcg@50"] == pytest.approx(0.35)


def test_the_study_runs_and_is_resumable(toy_split, small, tmp_path, monkeypatch):
    class Toys:
        def split(self):
            return toy_split

    def tiny(row):
        kind = {"two-tower": "TwoTower"}.get(row, "SparCode")
        own = {} if kind == "TwoTower" else {"N": 6, "hidden": 4}
        model = {"token_dim": 8, "history_len": 10, **own}
        return {"class": kind, "model": model, "fit": {"epochs": 3}}

    monkeypatch.setattr(front.data, "movielens_100k", Toys)
    monkeypatch.setattr(front, "table_spec", tiny)
    found = front.run(tmp_path)
    assert [(run["row"], run["seed"]) for run in found["runs"]] == [
        (row, seed) for row in ("two-tower", "sparcode", "sparcode-sparse") for seed in (0, 1)
    ]
    assert front.run(tmp_path) == found
    assert not any("people" in point for run in found["runs"] for point in run["points"])
    for side in ("matrix", "lists"):
        assert front.front_of(front.settings(found, side))
    assert [row["budget"] for row in found["compared"]] == [400, 100_000]


def test_a_stored_setting_is_measured_again(movielens_split):
    stored = results.load("front")
    assert stored["config"] == json.loads(json.dumps(front.config()))
    model = sm.load_model(CHECKPOINTS / "two-tower.safetensors", movielens_split)
    tower = Tower(model, movielens_split)
    queries = tower.prefixes.tokens.sum(dim=1).numpy()
    cut, turn = directions(tower.items[:, :-1], queries, 8)
    ways = rounded_ways(with_bias(cut, tower.items[:, -1]), movielens_split, ("int8",), (None,))
    ((name, size, matrix),) = ways
    (then,) = [p for p in stored["runs"][0]["points"] if p["name"] == name == CHEAP]
    assert size == then["bytes"]
    assert tower.ndcg(matrix, turn) == pytest.approx(then["test"], abs=1e-3)
