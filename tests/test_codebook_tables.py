"""Scoring by tables equals scoring code by code; the index is built on one path."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini import codebook_tables, models
from sparcode_mini.codebook_tables import pays, spread
from sparcode_mini.scorer import Scorer


def grid(M, N):
    return torch.cartesian_prod(*[torch.arange(N)] * M).reshape(-1, M)


@pytest.mark.parametrize("scorer", ["products", "concatenation"])
@pytest.mark.parametrize("quantizer", ["product", "residual"])
@pytest.mark.parametrize(("M", "bias"), [(2, 0.0), (4, -0.02)])
def test_tables_equal_the_formula(toy_split, scorer, quantizer, M, bias):
    model = toys.small(
        sm.SparCode, toy_split, M=M, N=3, scorer=scorer, quantizer=quantizer, bias=bias, seed=2
    )
    model.item_bias.data = torch.from_numpy(np.random.default_rng(0).normal(size=model.n_items))
    codes, T_c = grid(M, 3), model.items()
    tables = model._tables(10**6, T_c, model.item_bias)
    assert tables is not None
    for on in (True, False):
        if on or model.scorer.has_linear_path:
            model.scorer.mlp_on = on
            tables = model._tables(10**6, T_c, model.item_bias)
            S = model.scorer.as_written(model.quantizer.decode(codes), T_c, model.item_bias)
            torch.testing.assert_close(tables.scores(codes), S, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("scorer", ["products", "concatenation"])
def test_float32_is_equal_to_a_millionth(movielens_split, scorer):
    model = sm.SparCode(movielens_split, M=2, N=8, scorer=scorer, seed=1)
    codes = grid(2, 8)
    with torch.no_grad():
        T_c = model.items()
        S = model.scorer.as_written(model.quantizer.decode(codes[::5]), T_c, model.item_bias)
        fast = model._tables(64, T_c, model.item_bias).scores(codes)[::5]
    assert float((S - fast).abs().max()) < 1e-6 * max(1.0, float(S.abs().max()))


@pytest.mark.parametrize("scorer", ["products", "concatenation"])
def test_the_index_is_built_by_tables_and_equals_the_model(toy_split, scorer, monkeypatch):
    model = toys.small(sm.SparCode, toy_split, M=2, N=5, scorer=scorer)
    used, tables = [], model.scorer.tables
    monkeypatch.setattr(model.scorer, "tables", lambda *a: used.append(1) or tables(*a))
    fast = sm.SparseIndex.build(model, codes="all")
    assert used == [1]
    monkeypatch.setattr(models, "pays", lambda *_: False)
    plain = sm.SparseIndex.build(model, codes="all")
    assert used == [1] and len(plain.items) > 100
    np.testing.assert_array_equal(fast.items, plain.items)
    np.testing.assert_allclose(fast.values, plain.values, rtol=1e-9)


def test_a_scorer_that_does_not_split_scores_code_by_code(toy_split):
    class Odd(Scorer):
        def __init__(self):
            super().__init__(linear_path=False)
            self.last = torch.nn.Linear(1, 1)

        def forward(self, Z, T_c, item_bias):
            return (Z @ T_c.sum(1).T) ** 2 + item_bias

    model = toys.small(sm.SparCode, toy_split, M=2, N=3)
    model.scorer = Odd()
    codes = grid(2, 3)
    expected = model.scorer(model.quantizer.decode(codes), model.items(), model.item_bias).relu()
    torch.testing.assert_close(model.code_scores(codes), expected.detach())


def test_tables_are_made_where_they_pay(monkeypatch):
    assert pays(100, 2, 8, 50, 16) and not pays(16, 2, 8, 50, 16)  # no more codes than codewords
    assert not pays(100, 1, 8, 50, 16)  # M = 1: a table of the codes themselves
    monkeypatch.setattr(codebook_tables, "MOST_NUMBERS", 2 * 8 * 50 * 17)
    assert pays(100, 2, 8, 50, 16) and not pays(100, 2, 8, 51, 16)


def test_spread_codewords_add_up_to_the_token():
    books = torch.arange(12.0).reshape(2, 3, 2)
    wide = spread(2, books)
    assert wide.shape == (2, 3, 4)
    assert (wide[0, 1] + wide[1, 2]).tolist() == [2, 3, 10, 11]
    full = torch.ones(2, 3, 4)
    assert spread(1, full) is full


def test_a_yield_leaves_gradients_on(trained):
    blocks = trained.code_score_blocks(torch.tensor([[0], [1]]), 1)
    next(blocks)
    assert torch.is_grad_enabled()
