"""Scoring by tables equals scoring code by code; both engines add up the same; one construction."""

import sys

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model import codebook_tables
from sparcode_mini.model import score_blocks as blocks_module
from sparcode_mini.model.codebook_tables import meet, pays
from sparcode_mini.model.score_blocks import score_blocks
from sparcode_mini.model.scorer import Scorer


def grid(M, N):
    return torch.cartesian_prod(*[torch.arange(N)] * M).reshape(-1, M)


def tables_of(model):
    with torch.no_grad():
        return model.scorer.tables(model.quantizer.codebooks, model.items(), model.item_bias)


@pytest.mark.parametrize("engine", codebook_tables.ENGINES)
@pytest.mark.parametrize("scorer", ["products", "concatenation"])
@pytest.mark.parametrize("quantizer", ["product", "residual"])
@pytest.mark.parametrize(("M", "bias"), [(2, 0.0), (4, -0.02)])
def test_tables_equal_the_formula(toy_split, scorer, quantizer, M, bias, engine):
    model = toys.small(
        sm.SparCode, toy_split, M=M, N=3, scorer=scorer, quantizer=quantizer, bias=bias, seed=2
    )
    model.item_bias.data = torch.from_numpy(np.random.default_rng(0).normal(size=model.n_items))
    codes, T_c = grid(M, 3), model.items()
    for on in (True, False):
        if on or model.scorer.has_linear_path:
            model.scorer.mlp_on = on
            S = model.scorer.as_written(model.quantizer.decode(codes), T_c, model.item_bias)
            found = tables_of(model).scores(codes, engine)
            torch.testing.assert_close(found, S.detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("engine", codebook_tables.ENGINES)
@pytest.mark.parametrize("scorer", ["products", "concatenation"])
@pytest.mark.parametrize(("M", "N"), [(2, 16), (4, 4)])
def test_float32_is_equal_to_less_than_half_a_millionth(movielens_split, scorer, M, N, engine):
    model = sm.SparCode(movielens_split, M=M, N=N, scorer=scorer, seed=1)
    codes = grid(M, N)
    fast = tables_of(model).scores(codes, engine)[::5]
    exact = toys.twin(model).double()  # float32 by the formula is itself up to 7e-7 away
    with torch.no_grad():
        Z = exact.quantizer.decode(codes[::5])
        S = exact.scorer.as_written(Z, exact.items(), exact.item_bias)
    assert (S - fast).abs().max() < 4e-7 * S.abs().max()


def test_the_compiled_engine_takes_codes_in_any_order(trained):
    rng = np.random.default_rng(0)
    tables = codebook_tables.CodebookTables(
        *(torch.from_numpy(rng.normal(size=s)) for s in ((3, 5, 7), (3, 5, 4, 7), 4))
    )
    codes = torch.from_numpy(rng.integers(0, 5, (300, 3)))  # more than one block, with repeats
    torch.testing.assert_close(tables.scores(codes, "compiled"), tables.scores(codes))


@pytest.mark.parametrize("scorer", ["products", "concatenation"])
def test_the_index_is_built_by_tables_and_equals_the_model(toy_split, scorer, monkeypatch):
    model = toys.small(sm.SparCode, toy_split, M=2, N=5, scorer=scorer)
    used, tables = [], model.scorer.tables
    monkeypatch.setattr(model.scorer, "tables", lambda *a: used.append(1) or tables(*a))
    fast = sm.SparseIndex.build(model, codes="all")
    compiled = sm.SparseIndex.build(model, codes="all", engine="compiled")
    assert used == [1, 1]
    monkeypatch.setattr(blocks_module, "pays", lambda *_: False)
    plain = sm.SparseIndex.build(model, codes="all")
    assert used == [1, 1] and len(plain.items) > 100
    for index in (fast, compiled):
        np.testing.assert_array_equal(index.items, plain.items)
        np.testing.assert_allclose(index.values, plain.values, rtol=1e-9)


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
    with pytest.raises(ValueError, match=r"no.*first layer does not split"):
        sm.SparseIndex.build(model, codes="all", engine="compiled")


def test_engines_that_can_not_be_had_are_refused(trained, toy_split, monkeypatch):
    with pytest.raises(ValueError, match=r"engine = 'fast'; choose one of \('plain', 'compiled'\)"):
        sm.SparseIndex.build(trained, engine="fast")
    with pytest.raises(ValueError, match=r"M = 1.*take engine='plain'"):
        sm.SparseIndex.build(trained, engine="compiled")
    for name in ("sparcode_mini.compiled.jit", "sparcode_mini.compiled.tables"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)  # as if it were not installed
    model = toys.small(sm.SparCode, toy_split, M=2, N=3)
    with pytest.raises(ImportError, match=r"need numba: pip install 'sparcode-mini\[speed\]'"):
        sm.SparseIndex.build(model, codes="all", engine="compiled")


def test_tables_are_made_where_they_pay():
    assert pays(100, 2, 8) and not pays(16, 2, 8)  # no more codes than codewords
    assert not pays(100, 1, 8)  # M = 1: a table of the codes themselves


def test_codewords_meet_rows_in_their_place():
    books = torch.arange(12.0).reshape(2, 3, 2)
    rows = torch.tensor([[1.0, 10, 100, 1000]])
    met = meet(books, rows)  # codeword 1 of the first book is (2, 3), 2 of the second (10, 11)
    assert met.shape == (2, 3, 1)
    assert (met[0, 1, 0], met[1, 2, 0]) == (32, 12000)
    full = torch.ones(2, 3, 4)
    assert meet(full, rows).flatten().tolist() == [1111.0] * 6


def test_a_yield_leaves_gradients_on(trained):
    blocks = score_blocks(trained, torch.tensor([[0], [1]]))
    next(blocks)
    assert torch.is_grad_enabled()
