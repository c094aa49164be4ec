"""The study of widths: both sides get the same recipe; one training comes out as stored."""

import pytest

from sparcode_mini import results
from sparcode_mini.studies import width


def test_both_kinds_get_the_same_tokenizer_and_recipe():
    tower, scorer = (width.spec(kind, 8, 1e-2) for kind in width.KINDS)
    assert tower["fit"] == scorer["fit"]
    assert tower["model"].items() <= scorer["model"].items()
    assert set(scorer["model"]) - set(tower["model"]) == {"hidden"}
    with pytest.raises(ValueError, match="unknown"):
        width.spec("sparcode", 8, 1e-2)


def test_validation_chooses_the_learning_rate():
    points = [
        {"kind": "two-tower", "width": 4, "lr": lr, "validation ndcg@50": v, "ndcg@50": 1 - v}
        for lr, v in ((1, 0.2), (2, 0.3))
    ]
    assert width.chosen(points) == {"two-tower": [points[1]], "all-to-all": []}


def test_the_study_of_widths_runs(tmp_path, monkeypatch, toy_split):
    class Toys:
        def split(self):
            return toy_split

    monkeypatch.setattr(width.data, "movielens_100k", Toys)
    monkeypatch.setattr(width, "FIT", {"epochs": 2})
    monkeypatch.setattr(width, "WIDTHS", (4,))
    found = width.run(tmp_path)
    assert len(found["points"]) == 2 * len(width.LEARNING_RATES)
    assert [len(points) for points in found["chosen"].values()] == [1, 1]
    assert width.run(tmp_path) == found  # nothing is trained again


def test_the_cheap_training_comes_out_as_stored(tmp_path, movielens_split):
    stored = results.load("width")
    assert stored["config"] == width.config()
    again = width.measure(movielens_split, tmp_path, **width.CHEAP)
    assert again["ndcg@50"] == pytest.approx(stored["cheap"]["ndcg@50"], abs=0.01)
