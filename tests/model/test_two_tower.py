"""A two-tower is one dot product."""

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.tokenizers import TOKENIZERS


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@torch.no_grad()
def test_two_tower_is_one_dot_product(toy_split, users, tokenizer):
    model = toys.small(sm.TwoTower, toy_split, tokenizer=tokenizer)
    model.item_bias.data = torch.arange(60, dtype=torch.float64) / 10
    query = model.tokens(users).sum(dim=1)
    expected = query @ model.item_matrix().T + model.item_bias
    toys.near(model.scores(users), expected)
    assert model.item_matrix().shape == (60, 8)
    assert not model.nonnegative
    assert float(expected.min()) < 0
