"""Codes: shapes, probes, weights, and when there are none."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.codes import Codes
from sparcode_mini.model.tokenizers import TOKENIZERS


@torch.no_grad()
def test_probes_weigh_the_nearest_codes(toy_split, users):
    model = toys.shaken(toys.small(sm.SparCode, toy_split, M=2, N=3, probe_temperature=2.0))
    T, codes = model.tokens(users), model.encode(users, probes=4)
    distance = (T[:, :, None] - model.quantizer.decode(codes.codes)).square().sum(-1)  # (B, K_u, R)
    toys.near(codes.weights, (-distance / 2.0).softmax(-1))
    toys.near(codes.weights.sum(-1), torch.ones(len(users), 2, dtype=torch.float64))
    assert (distance.diff(dim=-1) >= -1e-12).all()
    y = 0
    for token in range(2):
        for probe in range(4):
            vectors = model.quantizer.decode(codes.codes[:, token, probe])
            y = y + codes.weights[:, token, probe, None] * toys.by_formula(model, vectors[:, None])
    toys.near(model.scores(users, probes=4), y)


@pytest.mark.parametrize("probes", [1, 3])
def test_shapes_of_codes(toy_split, users, probes):
    model = toys.small(sm.SparCode, toy_split, query_tokens=3, M=2, N=3)
    codes = model.encode(users, probes=probes)
    assert codes.codes.shape == (len(users), 3, probes, 2)
    assert codes.weights.shape == (len(users), 3, probes)
    assert (codes.codes.dtype, codes.weights.dtype) == (torch.int64, torch.float64)
    assert int(codes.codes.min()) >= 0
    assert int(codes.codes.max()) < 3
    if probes == 1:
        assert (codes.weights == 1).all()
    np.testing.assert_array_equal(codes.codes[:, :, 0], model.encode(users).codes[:, :, 0])
    assert model.tokens(users).shape == (len(users), 3, 8)
    assert model.scores(users).shape == (len(users), 60)


@pytest.mark.parametrize("probes", [0, -1, 10])
def test_bad_probes(toy_split, users, probes):
    model = toys.small(sm.SparCode, toy_split, M=2, N=3)
    message = f"probes = {probes}; give a whole number, 1 to 9"
    with pytest.raises(ValueError, match=message):
        model.encode(users, probes=probes)
    with pytest.raises(ValueError, match=message):
        model.scores(users, probes=probes)
    with pytest.raises(ValueError, match="only a SparCode model has codes"):
        toys.small(sm.TwoTower, toy_split).scores(users, probes=2)


def test_no_queries_at_all(trained):
    for ask in (lambda: trained.encode([]), lambda: trained.encode_histories([])):
        with pytest.raises(ValueError, match="no queries"):
            ask()


@pytest.mark.parametrize("stage", ["linear", "soft"])
def test_codes_of_an_interrupted_training_are_refused(trained, users, stage):
    model = toys.twin(trained)
    model.stage = stage
    message = f"stopped in its '{stage}' stage.*resume=True"
    for ask in (
        lambda: model.encode(users),
        lambda: model.encode_histories([[101]]),
        lambda: model.scores(users, probes=2),
    ):
        with pytest.raises(RuntimeError, match=message):
            ask()


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("probes", [1, 2])
def test_a_history_by_hand_is_the_history_of_the_user(toy_split, users, tokenizer, probes):
    model = toys.small(sm.SparCode, toy_split, tokenizer=tokenizer)
    for part in ("train", "train+validation"):
        raw = [toy_split.item_ids[h].tolist() for h in toy_split.history(users, part)]
        a, b = model.encode(users, part, probes), model.encode_histories(raw, probes)
        assert torch.equal(a.codes, b.codes)
        assert torch.equal(a.weights, b.weights)


def test_codes_are_a_plain_pair(trained):
    codes = trained.encode(["u01"])
    assert isinstance(codes, Codes)
    assert codes == (codes.codes, codes.weights)
