"""Approximate search of a two-tower: what is lost, and the stored figures."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.serving import two_tower as serving
from sparcode_mini.serving.ann import ExactIndex
from sparcode_mini.studies import index_error


@pytest.fixture(scope="module")
def served(toy_split):
    model = toys.small(sm.TwoTower, toy_split, seed=3)
    return serving.Served(model)


def test_exact_search_finds_itself_and_never_what_was_seen(served):
    found = served.judge(ExactIndex(served.items, served.bias), fetch=len(served.items))
    assert found["recall"] == 1 and found["ndcg@50"] == served.exact_ndcg
    for row, seen in zip(served.exact.tolist(), served.seen, strict=True):
        assert not set(row) & set(seen.tolist())


def test_recall_counts_what_is_missing(served):
    class Half:
        nbytes = 7

        def search(self, queries, k):
            good = served.exact.copy()
            for row in good:
                there = np.flatnonzero(row >= 0)
                row[there[: len(there) // 2]] = -1
            return good, None

    sizes = (served.exact >= 0).sum(axis=1)
    expected = np.mean(np.ceil(sizes / 2) / sizes)
    found = served.judge(Half())
    assert found["recall"] == pytest.approx(expected) and found["bytes"] == 7


def test_one_stored_setting_is_measured_again(movielens_split):
    stored = results.load("index_error")
    assert stored["config"] == index_error.config()
    model = sm.load_model(index_error.CHECKPOINT, movielens_split, dtype=torch.float64)
    real = serving.Served(model)
    for index, points, wanted in (
        (serving.hnsw(real, 200, 4), stored["hnsw"], {"ef": 200, "links": 4}),
        (serving.ivfpq(real, 8, 2), stored["ivfpq"], {"M": 8, "nprobe": 2, "rerank": False}),
        (serving.ivfpq(real, 8, 2, True), stored["ivfpq"], {"M": 8, "nprobe": 2, "rerank": True}),
    ):
        then = next(p for p in points if wanted.items() <= p.items())
        now = real.judge(index)
        assert now["recall"] == pytest.approx(then["recall"], abs=0.04)
        assert now["ndcg@50"] == pytest.approx(then["ndcg@50"], abs=0.01)


def test_the_whole_study_runs(tmp_path, monkeypatch, toy_split):
    model = toys.small(sm.TwoTower, toy_split, seed=3)
    model.save(tmp_path / "tower.safetensors")

    class Toys:
        def split(self):
            return toy_split

    monkeypatch.setattr(index_error.data, "movielens_100k", Toys)
    monkeypatch.setattr(index_error, "CHECKPOINT", tmp_path / "tower.safetensors")
    shorter = {"LINKS": (4,), "EF_SEARCH": (200,), "SUBSPACES": (4,), "NPROBE": (1,)}
    for name, value in shorter.items():
        monkeypatch.setattr(index_error, name, value)
    monkeypatch.setattr(serving, "TIMED", 3)
    monkeypatch.setattr(
        index_error, "ivfpq", lambda served, *_: ExactIndex(served.items, served.bias)
    )  # the toy catalogue is too small for 256 codewords
    found = index_error.run(tmp_path)
    assert found["exact"]["fetch only"]["recall"] == 1
    assert [(p["links"], p["ef"]) for p in found["hnsw"]] == [(4, 200)]
    assert [(p["rerank"], p["recall"]) for p in found["ivfpq"]] == [(False, 1), (True, 1)]
