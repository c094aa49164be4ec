"""Fronts: what is stored is counted and chosen on validation."""

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.serving.two_tower import Tower
from sparcode_mini.studies import front


@pytest.fixture
def small(monkeypatch):
    """Few settings, and one try of training again."""
    for name, value in {
        "RANKS": (2, 8), "KEPT": (20, None), "CODES": ((2, 4, 4),), "CUTS": (None, 5),
        "EPOCHS": 1, "RATES": (1e-3,), "SEEDS": (0, 1),
    }.items():  # fmt: skip
        monkeypatch.setattr(front, name, value)


def test_every_way_to_store_the_matrix_is_measured(toy_split, small):
    model = toys.small(sm.TwoTower, toy_split)
    sm.fit(model, toy_split, epochs=2)
    points = list(front.matrix_points(Tower(model, toy_split)))
    assert len(points) == 2 * 3 * 2 + 1
    found = {point["name"]: point for point in points}
    n = toy_split.n_items
    assert found["D = 8, float16"]["bytes"] == 2 * 9 * n
    assert found["D = 2, int4"]["bytes"] == -(-3 * n // 2) + 3 * 4
    assert found["D = 2, int8, 20 films"]["bytes"] == 3 * 20 + 3 * 4 + 2 * 20
    assert found["codes M = 2, N = 4"]["bytes"] == -(-n * 4 // 8) + 2 * 4 * 4 + 2 * n
    whole = sm.evaluate(model, toy_split, k=50)["ndcg@50"]
    assert found["D = 8, float16"]["test"] == pytest.approx(whole, abs=5e-3)


def test_films_that_are_not_kept_are_not_served(toy_split, small, monkeypatch):
    model = toys.small(sm.TwoTower, toy_split)
    tower, seen = Tower(model, toy_split), []
    monkeypatch.setattr(front, "judged", lambda tower, items, turn: seen.append(items) or {})
    found = list(front.matrix_points(tower))
    counts = front.watched(toy_split)
    for point, items in zip(found, seen, strict=True):
        served = np.isfinite(items[:, -1])
        if "20 films" in point["name"]:
            assert served.sum() == 20 and counts[served].min() >= counts[~served].max()
        else:
            assert served.all()


def test_lists_are_counted_with_gaps(trained, toy_split, small):
    points = list(front.list_points(trained, toy_split, seed=0))
    assert len(points) == 2 * 2 * 2 * 2
    for point in points:
        value = 1 if "int8" in point["name"] else 2
        lists = trained.quantizer.N**trained.quantizer.M
        head = lists * (6 if value == 1 else 2)
        assert point["plain bytes"] == head + point["entries"] * (4 + value)
        assert point["bytes"] == head + point["entries"] * (1 + value)  # 60 items: one byte a gap


def setting(size, validation, ndcg):
    return front.Setting(f"{size}", size, validation, ndcg, 0.0, 0, 0)


def test_validation_chooses_the_front():
    lucky, small_, large = setting(5, 0.1, 0.9), setting(5, 0.2, 0.3), setting(9, 0.3, 0.2)
    assert front.front_of([large, lucky, small_]) == [small_, large]


def test_settings_are_means_over_seeds():
    point = {"name": "D = 2", "bytes": 10, "validation": 0.1}
    runs = [
        {"row": "two-tower", "seed": seed, "points": [point | {"test": test}],
         "codebook_bytes": 0, "encoder_bytes": 7}
        for seed, test in enumerate((0.2, 0.4))
    ]  # fmt: skip
    (found,) = front.settings({"runs": runs}, "matrix")
    assert (found.name, found.ndcg, found.half) == ("D = 2", pytest.approx(0.3), pytest.approx(0.1))
    with pytest.raises(ValueError, match="side = 'tower'"):
        front.settings({"runs": runs}, "tower")


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
    for side in ("matrix", "lists"):
        assert front.front_of(front.settings(found, side))
