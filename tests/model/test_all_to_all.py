"""Scores are held against the formula as it is written."""

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.model.variants.scorers import SCORERS


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("scorer", SCORERS)
@torch.no_grad()
def test_all_to_all_is_the_formula(toy_split, users, tokenizer, scorer):
    model = toys.shaken(
        toys.small(sm.AllToAll, toy_split, tokenizer=tokenizer, scorer=scorer, bias=-0.1)
    )
    T = toys.centred(model, model.tokens(users))
    y = model.scores(users)
    toys.near(y, toys.by_formula(model, T))
    assert model.nonnegative
    assert 0.05 < float((y > 0).double().mean()) < 0.95


def test_the_bias_shifts_the_scores_in_its_own_direction(toy_split, users):
    y = {
        b: toys.shaken(toys.small(cls, toy_split, bias=b)).scores(users)
        for cls in (sm.AllToAll, sm.SparCode)
        for b in (-0.5, 0.0, 0.5)
    }
    assert (y[-0.5] <= y[0.0]).all()
    assert (y[0.0] <= y[0.5]).all()
    assert float(y[-0.5].mean()) < float(y[0.0].mean()) < float(y[0.5].mean())
    assert int((y[-0.5] > 0).sum()) < int((y[0.0] > 0).sum()) < int((y[0.5] > 0).sum())
