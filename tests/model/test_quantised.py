"""Training against evaluation, and who is moved by which loss."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model import quantised
from sparcode_mini.model.base import pad
from sparcode_mini.model.quantizer import straight_through
from sparcode_mini.model.variants.scorers import SCORERS

SERVED = [{"M": 1}, {"M": 2, "N": 3}, {"scorer": "concatenation"}, {"scorer": "attention"}]


@pytest.mark.parametrize("options", SERVED)
@torch.no_grad()
def test_sparcode_is_the_formula_over_quantised_tokens(toy_split, users, options):
    model = toys.shaken(toys.small(sm.SparCode, toy_split, query_tokens=3, bias=0.05, **options))
    T = toys.centred(model, model.tokens(users))
    expected = toys.by_formula(model, model.quantizer.decode(model.quantizer.encode(T)))
    toys.near(model.scores(users), expected)
    toys.near(model.token_scores(T), expected)
    toys.near(model.scores_of_codes(model.encode(users)), expected)
    assert not torch.allclose(expected, toys.by_formula(model, T))
    assert 0.05 < float((expected > 0).double().mean()) < 0.95


@torch.no_grad()
def test_code_scores_are_one_token_each(toy_split):
    model = toys.shaken(toys.small(sm.SparCode, toy_split))
    codes = torch.arange(6)[:, None]
    toys.near(
        model.code_scores(codes), toys.by_formula(model, model.quantizer.decode(codes)[:, None])
    )
    few, bias = model.items()[:7], model.item_bias[:7]
    toys.near(model.code_scores(codes, few, bias), model.code_scores(codes)[:, :7])


def loss_of(model, T, detour=False):
    """A made-up matching loss and where its gradient goes: (y, dT, d scorer, dT^c, d bias)."""
    T = T.clone().requires_grad_()
    T_c = model.items().detach().requires_grad_()
    model.zero_grad()
    if detour:  # token by token, as the straight-through formula says
        T_st = straight_through(T, model.quantizer.decode(model.quantizer.encode(T)))
        y = model.unquantised_scores(T_st, T_c, model.item_bias)
    else:
        y, _ = model.training_scores(T, T_c, model.item_bias)
    pull = torch.from_numpy(np.random.default_rng(5).normal(size=tuple(y.shape)))
    (y * pull).sum().backward()
    grads = [p.grad.clone() for p in model.scorer.parameters() if p.grad is not None]
    return [y.detach(), T.grad, T_c.grad, model.item_bias.grad.clone(), *grads]


def path_of(model, T, monkeypatch):
    """Which way training_scores goes: does it score each distinct code once?"""
    calls = []
    pooled = quantised.pooled_by_code
    monkeypatch.setattr(quantised, "pooled_by_code", lambda *a: calls.append(1) or pooled(*a))
    model.training_scores(T, model.items(), model.item_bias)
    monkeypatch.setattr(quantised, "pooled_by_code", pooled)
    return "distinct" if calls else "many"


@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize(("bias", "slope"), [(0.0, 0.0), (-0.2, 0.0), (0.1, 0.1)])
@pytest.mark.parametrize(("path", "options"), [("distinct", {"N": 4}), ("many", {"M": 4, "N": 6})])
def test_both_ways_of_training_are_straight_through(
    toy_split, users, monkeypatch, scorer, bias, slope, path, options
):
    model = toys.shaken(toys.small(sm.SparCode, toy_split, scorer=scorer, bias=bias, **options))
    T = model.tokens(users)
    model.train()
    model.slope = slope
    assert path_of(model, T, monkeypatch) == path
    found, expected = loss_of(model, T), loss_of(model, T, detour=True)
    assert float(found[1].abs().max()) > 0.01
    for a, b in zip(found, expected, strict=True):
        toys.near(a, b)


@pytest.mark.parametrize("options", [{"N": 4}, {"M": 4, "N": 6}])
@pytest.mark.parametrize("mlp_on", [True, False])
def test_the_training_forward_is_the_evaluation_forward(toy_split, users, options, mlp_on):
    model = toys.shaken(toys.small(sm.SparCode, toy_split, bias=0.1, **options))
    model.scorer.mlp_on = mlp_on
    T, served = model.tokens(users), model.scores(users)
    model.train()
    y, own = model.training_scores(T, model.items(), model.item_bias)
    toys.near(y.detach(), served)
    assert float(own.detach()) > 0


def test_without_the_quantiser_sparcode_is_all_to_all(toy_split, users):
    model = toys.shaken(toys.small(sm.SparCode, toy_split))
    model.stage = "linear"
    T = model.tokens(users)
    y, own = model.training_scores(T, model.items(), model.item_bias)
    toys.near(y.detach(), toys.by_formula(model, T).detach())
    assert float(own) == 0.0


def head_gradient(model, users, split):
    """Gradient that the matching loss alone sends to the last layer of the tokenizer."""
    model.train()
    model.zero_grad()
    histories = [h[:5] for h in split.history(users)]
    T = model.prefix_tokens(pad(histories), None, model.items().detach())[:, -1]
    y, _ = model.training_scores(T, model.items().detach(), model.item_bias)
    torch.nn.functional.cross_entropy(y, torch.arange(len(y))).backward()
    return model.tokenizer.head.weight.grad


@pytest.mark.parametrize("options", [{"N": 4}, {"M": 4, "N": 6}])
def test_the_matching_loss_reaches_the_tokenizer(toy_split, users, options):
    def gradient(kind):
        model = toys.small(sm.SparCode, toy_split, gradient=kind, dropout=0.0, **options)
        return head_gradient(model, users, toy_split)

    assert float(gradient("straight-through").abs().max()) > 1e-4
    none = gradient("none")
    assert none is None or float(none.abs().max()) == 0.0


def test_commitment_alone_reaches_the_tokenizer_without_straight_through(toy_split, users):
    model = toys.small(sm.SparCode, toy_split, gradient="none", beta=0.5)
    T = model.tokens(users).requires_grad_()
    _, own = model.training_scores(T, model.items(), model.item_bias)
    own.backward()
    T_q = model.quantizer.decode(model.quantizer.encode(T))
    toys.near(T.grad, 0.5 * 2 * (T - T_q).detach() / T.numel())


@pytest.mark.parametrize("options", [{"N": 4}, {"M": 4, "N": 6}])
def test_the_matching_loss_leaves_the_codebooks_alone(toy_split, users, options):
    model = toys.small(sm.SparCode, toy_split, update="gradient", **options)
    T = model.tokens(users)
    model.train()
    y, own = model.training_scores(T, model.items(), model.item_bias)
    y.square().sum().backward(retain_graph=True)
    moved = model.quantizer.codebooks.grad
    assert moved is None or float(moved.abs().max()) == 0.0
    own.backward()
    assert float(model.quantizer.codebooks.grad.abs().max()) > 0.0
    assert not toys.small(sm.SparCode, toy_split).quantizer.codebooks.requires_grad
