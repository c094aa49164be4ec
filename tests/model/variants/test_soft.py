"""Soft assignment: weights by hand, the same scores in training and serving, gradients, files."""

import math

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.codes import spread_counts
from sparcode_mini.model.variants.soft import soft_weights

SETTINGS = [{"soft": 3}, {"soft": 4, "M": 2, "N": 3}, {"soft": 2, "quantizer": "residual"}]


def near(a, b, tolerance=1e-10):
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


@pytest.fixture(scope="module")
def users(toy_split):
    return toys.known_users(toy_split)


def test_weights_by_hand():
    T = torch.tensor([[0.0, 0.0]])
    words = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]])  # squared distances 1 and 4
    far = math.exp(-3 / 2)  # tau = 2: weights in the ratio 1 : e^(-3/2)
    expected = torch.tensor([[1 / (1 + far), far / (1 + far)]])
    near(soft_weights(T, words, 2.0), expected, 1e-6)
    near(soft_weights(T, words, 1e-3), torch.tensor([[1.0, 0.0]]), 1e-6)
    near(soft_weights(T, words, 1e6), torch.tensor([[0.5, 0.5]]), 1e-5)


def test_counts_by_hand():
    weights = torch.tensor([[0.75, 0.25, 0.5, 0.5]])
    row = torch.tensor([[2, 0, 2, 1]])
    near(spread_counts(weights, row, 4), torch.tensor([[0.25, 0.5, 1.25, 0.0]]))


@pytest.mark.parametrize("options", SETTINGS)
@torch.no_grad()
def test_training_scores_what_the_index_serves(toy_split, users, options):
    model = toys.small(sm.SparCode, toy_split, **options)
    T = model.tokens(users)
    y, _ = model.training_scores(T, model.items(), model.item_bias)
    codes = model.token_codes(T)
    assert codes.codes.shape[2] == options["soft"]
    near(codes.weights.sum(dim=-1), torch.ones(T.shape[:2], dtype=torch.float64))
    near(model.scores_of_codes(codes), y)
    near(model.scores(users), y)
    index = sm.SparseIndex.build(model, codes="seen")
    positions, values = index.search(model.encode(users), k=model.n_items)
    found = y.gather(1, torch.from_numpy(positions).clamp(min=0))
    near(torch.from_numpy(values), torch.where(torch.from_numpy(positions) >= 0, found, 0.0))


@torch.no_grad()
def test_fewer_probes_can_be_asked_for(toy_split, users):
    model = toys.small(sm.SparCode, toy_split, soft=3)
    single = toys.small(sm.SparCode, toy_split)  # the same weights, trained the paper's way
    near(model.scores(users, probes=1), single.scores(users))
    near(model.scores(users), single.scores(users, probes=3))
    assert sm.evaluate(model, toy_split) == sm.evaluate(single, toy_split, probes=3)


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_gradients_are_those_of_the_formula(toy_split, users, update):
    """Every factor by autograd, one token and one codeword at a time."""
    model = toys.small(sm.SparCode, toy_split, soft=2, update=update)
    T = model.tokens(users[:5]).requires_grad_()
    push = torch.from_numpy(np.random.default_rng(0).normal(size=(5, model.n_items)))
    y, _ = model.training_scores(T, model.items(), model.item_bias)
    words, y_hand = model.quantizer.codebooks[0], 0
    distances = (T[:, :, None] - words).square().sum(-1)  # (B, K_u, N)
    near_d, near_k = distances.topk(2, largest=False)
    w = (-near_d / 10.0).softmax(-1)
    for i in range(T.shape[1]):
        for r in range(2):
            S = model.scorer.as_written(words[near_k[:, i, r]], model.items(), model.item_bias)
            y_hand = y_hand + w[:, i, r, None] * S.relu()
    near(y, y_hand)
    wanted = [T, model.items.id.weight, model.scorer.last.weight]
    wanted += [model.quantizer.codebooks] if update == "gradient" else []
    ours = torch.autograd.grad((push * y).sum(), wanted, retain_graph=True)
    theirs = torch.autograd.grad((push * y_hand).sum(), wanted)
    for a, b in zip(ours, theirs, strict=True):
        near(a, b)
    assert float(ours[0].abs().max()) > 0


def test_saved_and_loaded(toy_split, users, tmp_path):
    model = toys.small(sm.SparCode, toy_split, soft=3)
    model.save(tmp_path / "soft.safetensors")
    again = sm.load_model(tmp_path / "soft.safetensors", split=toy_split)
    assert again.config.soft == 3
    assert torch.equal(again.scores(users), model.scores(users))


def test_off_leaves_no_trace(toy_split, users):
    plain, off = toys.small(sm.SparCode, toy_split), toys.small(sm.SparCode, toy_split, soft=1)
    assert "soft" not in off.config.to_file()
    assert plain.config == off.config
    assert torch.equal(plain.scores(users), off.scores(users))


def test_training_learns_and_repeats(toy_split):
    logs = []
    for _ in range(2):
        model = toys.small(sm.SparCode, toy_split, soft=2, dropout=0.0)
        logs.append(sm.fit(model, toy_split, epochs=10, batch=8).column("loss"))
    assert logs[0] == logs[1]
    assert logs[0][-1] < logs[0][4]  # the first epoch with codes


@pytest.mark.parametrize("wrong", [{"soft": 0}, {"soft": 7}, {"soft": 2, "gradient": "rotation"}])
def test_what_cannot_work_is_refused(toy_split, wrong):
    with pytest.raises(ValueError, match=r"soft = \d, gradient"):
        toys.small(sm.SparCode, toy_split, **wrong)
