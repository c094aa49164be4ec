"""Balanced codes: discounts by hand, assignments by hand, usage in training."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.model.variants.balance import balanced_codes, discounts
from sparcode_mini.model.variants.residual import ResidualQuantizer


def test_discounts_by_hand():
    usage = torch.tensor([0.5, 0.3, 0.2, 0.0])  # mean 0.25
    torch.testing.assert_close(discounts(usage, 1.0), torch.tensor([1.0, 1.0, 0.8, 0.0]))
    torch.testing.assert_close(discounts(usage, 0.5), torch.tensor([1.0, 0.6, 0.4, 0.0]))
    torch.testing.assert_close(discounts(usage, 100.0), torch.tensor([1.0, 1.0, 1.0, 0.0]))
    assert torch.equal(discounts(torch.zeros(3), 1.0), torch.ones(3))


def test_a_crowded_codeword_loses_a_token_by_hand():
    quantizer = ProductQuantizer(1, 2, 1, dtype=torch.float64)
    quantizer.codebooks.data[0] = torch.tensor([[0.0], [3.0]])
    x = torch.tensor([[1.0], [2.5]], dtype=torch.float64)  # squared distances 1, 4 and 6.25, 0.25
    assert quantizer.encode(x).flatten().tolist() == [0, 1]
    quantizer.ema_share[0] = torch.tensor([0.9, 0.1])  # discounts at s = 1: 1 and 0.2
    assert balanced_codes(quantizer, x, 1.0).flatten().tolist() == [1, 1]  # 1 against 0.2 * 4
    assert balanced_codes(quantizer, x, 5.0).flatten().tolist() == [0, 1]  # 1 and 5 * 0.2 = 1


@pytest.mark.parametrize("kind", [ProductQuantizer, ResidualQuantizer])
def test_without_discounts_it_is_the_nearest(kind):
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(40, 6)))
    quantizer = kind(2, 5, 6, dtype=torch.float64).fit(x)
    assert torch.equal(balanced_codes(quantizer, x, 1e9), quantizer.encode(x))
    assert balanced_codes(quantizer, x.reshape(8, 5, 6), 1.0).shape == (8, 5, 2)


def test_only_training_is_balanced(toy_split):
    users = toys.known_users(toy_split)
    model = toys.small(sm.SparCode, toy_split, balance=1.0, dropout=0.0)
    with torch.no_grad():
        T = model.tokens(users)
        model.quantizer.fit(T.flatten(0, 1), seed=0)
        model.quantizer.ema_share[0] = torch.tensor([1.0, 0, 0, 0, 0, 0])
        model.training_scores(T, model.items(), model.item_bias)
        assert torch.equal(model.last_codes, model.quantizer.encode(T))
        model.train()
        model.training_scores(T, model.items(), model.item_bias)
    assert not torch.equal(model.last_codes, model.quantizer.encode(T))
    assert torch.equal(model.last_codes, balanced_codes(model.quantizer, T, 1.0))


def test_training_with_it_evens_out_the_usage(toy_split):
    perplexity = {}
    for balance in (None, 1.0):
        model = toys.small(sm.SparCode, toy_split, balance=balance, restart=0.0)
        log = sm.fit(model, toy_split, epochs=8, batch=8)
        perplexity[balance] = log.rows[-1]["perplexity"][0]
    assert perplexity[1.0] > perplexity[None]


def test_the_switch_in_files_and_bad_values(toy_split, tmp_path):
    assert "balance" not in toys.small(sm.SparCode, toy_split).config.to_file()
    model = toys.small(sm.SparCode, toy_split, balance=2.0)
    model.save(tmp_path / "m.safetensors")
    assert sm.load_model(tmp_path / "m.safetensors").config.balance == 2.0
    for wrong in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="balance = "):
            toys.small(sm.SparCode, toy_split, balance=wrong)
