"""The study `reaching`: shapes of one index against a two-tower, and what is stored of it."""

import numpy as np
import pytest

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.studies import reaching


def test_a_shape_is_measured_as_it_is_served(trained, toy_split):
    whole = sm.SparseIndex.build(trained, codes="all")
    one = reaching.shape(trained, toy_split, whole, 3, "int8")
    served = whole.cut(best=3).quantised("int8")
    found = sm.evaluate(trained, toy_split, k=50, probes=4, index=served)
    assert one["people"].mean() == pytest.approx(found["ndcg@50"])
    assert one["bytes"] == served.stats()["entry_bytes"] + served.stats()["other_bytes"]
    told = reaching.told([one, one], np.array([one["people"] - 0.01] * 3))
    assert told["against two-tower"]["difference"] == pytest.approx(0.01)
    assert told["ndcg@50"] == [one["people"].mean()] * 2


def test_the_stored_rows_are_those_of_the_table():
    stored, table = results.load("reaching"), results.load("table")["rows"]
    assert stored["two-tower"]["ndcg@50"] == pytest.approx(
        [row["ndcg@50"] for row in table[reaching.TWIN][: len(reaching.SEEDS)]]
    )
    (whole,) = (s for s in stored["lists"] if s["best"] is None and s["precision"] == "float16")
    of_table = [row["ndcg@50 probes=4"] for row in table[reaching.ROW][: len(reaching.SEEDS)]]
    assert whole["ndcg@50"] == pytest.approx(of_table, abs=1e-3)
    assert [(s["best"], s["precision"]) for s in stored["lists"]] == list(reaching.SHAPES)
    assert stored["config"] == reaching.config()
