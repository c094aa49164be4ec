"""The screen: both curves rise to what the whole models score."""

import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.serving.two_tower import Tower
from sparcode_mini.studies import screen


def test_the_curve_of_a_tower_ends_at_the_whole_model(toy_split, monkeypatch):
    monkeypatch.setattr(screen, "RANKS", (1, 4, 8))
    model = toys.small(sm.TwoTower, toy_split)
    sm.fit(model, toy_split, epochs=3, lr=1e-2)
    rows = screen.tower_curve(Tower(model, toy_split))
    assert [row["rank"] for row in rows] == [1, 4, 8]
    for on in screen.PARTS:
        whole = sm.evaluate(model, toy_split, on, k=50)["ndcg@50"]
        assert rows[-1][on] == pytest.approx(whole, abs=1e-6)
    assert 0 < rows[0]["other people"] < 1


def test_the_curve_of_ease_ends_at_the_whole_matrix(toy_split, monkeypatch):
    monkeypatch.setattr(screen, "EASE_RANKS", (2, 8))
    monkeypatch.setattr(screen, "L2", (1.0, 10.0))
    monkeypatch.setattr(screen, "DECAYS", (0.9, 1.0))
    model, chosen = screen.best_ease(toy_split)
    best = sm.evaluate(model, toy_split, "validation", k=50)["ndcg@50"]
    assert chosen["l2"] in screen.L2 and chosen["decay"] in screen.DECAYS
    rows = screen.ease_curve(model, toy_split)
    assert [row["rank"] for row in rows] == [2, 8, toy_split.n_items]
    assert rows[-1]["validation"] == pytest.approx(best, abs=5e-3)  # ties fall otherwise
