"""The rows of the two errors: read from the stored results, and right in small cases."""

import time

import numpy as np
import pytest

from sparcode_mini.lessons.two_tower_limits import report
from sparcode_mini.results import load
from sparcode_mini.serving.ann import HNSWIndex

PAIR = {"row": "sparcode", "probes": 4, "twin": "two-tower", "difference": -0.01, "low": -0.02,
        "high": 0.004, "seeds": 3, "twin seeds": 5}  # fmt: skip


def test_the_settings_are_those_of_the_study():
    errors = load("index_error")
    rows = report.settings(errors)
    assert len(rows) == 1 + 4 + 2 * 2 * 2
    assert rows.loc["exact search", ["recall", "lost"]].tolist() == [1, 0]
    for name, M, nprobe, rerank in (
        ("IVF-PQ, 4 bytes, 2 of 16 cells", 4, 2, False),
        ("IVF-PQ, 32 bytes, 16 of 16 cells, re-ranked", 32, 16, True),
    ):
        (point,) = (
            p for p in errors["ivfpq"]
            if (p["M"], p["nprobe"], p["rerank"]) == (M, nprobe, rerank)
        )  # fmt: skip
        lost = 100 * (errors["exact"]["ndcg@50"] - point["ndcg@50"])
        assert rows.loc[name, "recall"] == pytest.approx(point["recall"], abs=6e-4)
        assert rows.loc[name, "lost"] == pytest.approx(lost, abs=0.06)
        assert rows.loc[name, "us"] == pytest.approx(point["us"], abs=0.6)
        assert rows.loc[name, "kB"] == pytest.approx(point["bytes"] / 1000, abs=0.6)


def test_index_errors_are_differences_to_exact_search():
    errors = load("index_error")
    found = report.index_errors(errors)
    (point,) = (p for p in errors["hnsw"] if (p["links"], p["ef"]) == (4, 200))  # M = 4
    assert found["HNSW, 8 links"] == (point["ndcg@50"] - errors["exact"]["ndcg@50"],)
    assert len(found) == 4 and all(value < 0.001 for (value,) in found.values())


def test_model_errors_are_the_pairs_with_the_two_tower():
    other = {**PAIR, "twin": "two-tower-gru"}
    assert report.model_errors({"paired": [PAIR, other, {**PAIR, "row": "ease"}]}) == {
        "SparCode, 4 probes": (-0.01, -0.02, 0.004)
    }
    one = report.model_errors({"paired": [{**PAIR, "probes": 1}]})
    assert list(one) == ["SparCode, 1 probe"]
    plain = report.model_errors({"paired": [{**PAIR, "row": "all-to-all", "probes": 1}]})
    assert list(plain) == ["all-to-all, every film"]


def test_a_verdict_needs_an_interval_on_one_side_of_zero():
    models = {"a": (-0.02, -0.03, -0.01), "b": (0.01, 0.002, 0.02), "c": (0.01, -0.002, 0.02)}
    ends = [line.split(": ")[1] for line in report.verdicts(models).splitlines()]
    assert ends == ["worse", "better", "not told apart"]
    assert "-2.0 points" in report.verdicts(models)


def test_the_number_of_trainings_is_told_for_each_model():
    plain = {**PAIR, "row": "all-to-all", "seeds": 4}
    words = report.seeds({"paired": [PAIR, plain, {**PAIR, "row": "ease", "seeds": 1}]})
    assert words == "trainings: two-tower 5; SparCode 3; all-to-all 4"


def test_the_fastest_call_counts():
    waits = iter([0.02, 0.0, 0.01])
    assert 0 <= report.least_us(lambda _: time.sleep(next(waits)), range(3)) < 9000


def test_a_graph_holds_as_many_links_as_the_lesson_says():
    pytest.importorskip("faiss")
    rng = np.random.default_rng(0)
    index = HNSWIndex(rng.normal(size=(80, 6)), m=3)
    assert index._index.hnsw.nb_neighbors(0) == report.most_links({"links": 3}) == 6


def test_a_constant_of_a_row_changes_no_singular_value():
    y = np.random.default_rng(0).normal(size=(5, 7))
    values = report.singular_values(y)
    assert values == pytest.approx(report.singular_values(y + np.arange(5.0)[:, None]))
    assert (np.diff(values) <= 0).all() and len(values) == 5
