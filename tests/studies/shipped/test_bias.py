"""The bias of a model: its lists are those of the index, its ranking is that of `evaluate`."""

import json

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.studies import bias as study
from sparcode_mini.studies.bias import BIASES, Lists, panel_data


@pytest.mark.parametrize("M", [1, 2])
@pytest.mark.parametrize("bias", [-0.2, 0.0, 0.3])
def test_the_numbers_are_those_of_index_and_evaluation(toy_split, M, bias):
    model = toys.small(sm.SparCode, toy_split, M=M, N=4, seed=3)
    model.item_bias.data += torch.from_numpy(np.random.default_rng(0).normal(size=60)) / 4
    measured = Lists(model, toy_split).measure(bias, True)
    model.bias = bias
    index = sm.SparseIndex.build(model, codes="all")
    stats = index.stats()
    assert measured["entries"] == stats["entries"] and measured["empty"] == stats["empty"]
    assert measured["density"] == pytest.approx(stats["density"])
    served = sm.evaluate(model, toy_split, k=(50,), index=index)
    assert measured["ndcg@50"] == pytest.approx(served["ndcg@50"])
    assert measured["ndcg@50"] == pytest.approx(sm.evaluate(model, toy_split, k=(50,))["ndcg@50"])


def test_without_relu_the_bias_changes_no_ranking(trained, toy_split):
    lists = Lists(trained, toy_split)
    low, high = lists.measure(-1.5, False), lists.measure(2.0, False)
    assert low["ndcg@50"] == pytest.approx(high["ndcg@50"]) and low["density"] == 1.0
    assert lists.measure(-50.0, True)["ndcg@50"] == 0.0
    assert lists.measure(50.0, True)["ndcg@50"] == pytest.approx(high["ndcg@50"])


def test_every_b_is_measured_with_and_without_relu(trained, toy_split, monkeypatch):
    monkeypatch.setattr(study, "BIASES", (-0.5, 0.5))
    monkeypatch.setattr(study, "SHOWN", (3, 5))
    lists = Lists(trained, toy_split)
    measured = panel_data(lists)
    for key, relu in (("on", True), ("off", False)):
        assert measured[key] == [lists.measure(b, relu) for b in (-0.5, 0.5)]
    most = np.argsort(-lists.rated, kind="stable")[:5]
    assert measured["corner"] == lists.S[:3, most].numpy().round(3).tolist()
    assert measured["codes"] == len(lists.S) == trained.quantizer.N


@pytest.mark.numeric
def test_the_stored_numbers_come_out_again(movielens_split):
    stored = results.load("bias")
    assert stored["config"] == json.loads(json.dumps(study.config()))
    assert len(stored["on"]) == len(stored["off"]) == len(BIASES)
    path = results.CHECKPOINTS / f"{study.MODEL}.safetensors"
    model = sm.load_model(path, movielens_split, torch.float64)
    lists = Lists(model, movielens_split)
    for key, b in (("on", -0.5), ("on", 0.0), ("on", 1.0), ("off", 0.0)):
        then, now = stored[key][BIASES.index(b)], lists.measure(b, key == "on")
        assert now == pytest.approx(then, rel=1e-4, abs=1e-4), (key, b)
    codes, films = study.SHOWN
    corner = lists.S[:codes, lists.most_rated(films)].numpy()
    assert np.array(stored["corner"]) == pytest.approx(corner, abs=0.00051)
    assert stored["codes"] == len(lists.S)
    at_zero = stored["on"][BIASES.index(0.0)]["ndcg@50"]
    assert at_zero == pytest.approx(sm.evaluate(model, movielens_split, k=(50,))["ndcg@50"], 1e-4)
