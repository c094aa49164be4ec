"""The study behind question 10: what is compared is comparable, and one entry is repeated."""

import faiss
import numpy as np
import pytest
import torch

import toys
from sparcode_mini import results
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.studies import codes_after_or_with as study


def quantised(toy_split, side="items", **options):
    return study.QuantisedTwoTower(toy_split, side, 2, 4, query_tokens=2, **toys.SMALL, **options)


def test_the_cheap_entry_is_what_is_stored(movielens_split, tmp_path):
    stored = results.load("codes_after_or_with")["cheap"]
    found = study.cheap(movielens_split, tmp_path)
    assert found["bytes"] == stored["bytes"]
    for way in ("after", "with"):
        assert found[way]["ndcg@50"] == pytest.approx(stored[way]["ndcg@50"], abs=0.02)
        assert found[way]["lost"] == pytest.approx(stored[way]["lost"], abs=0.05)
    assert study.cheap(movielens_split, tmp_path) == found  # read, not trained again


def test_the_stored_study_is_complete_and_made_by_this_configuration():
    stored = results.load("codes_after_or_with")
    assert {k: stored["config"][k] for k in study.config()} == study.config()
    found = {(r["side"], r["M"], r["N"], r["seed"]) for r in stored["settings"]}
    wanted = {
        (side, M, N, s)
        for side, pairs in study.SIDES.items()
        for M, N in pairs
        for s in study.SEEDS
    }
    assert found == wanted and len(stored["plain"]) == len(study.SEEDS)


@pytest.mark.parametrize("side", ["items", "queries"])
def test_scores_are_dot_products_with_one_side_quantised(toy_split, side):
    model = quantised(toy_split, side).eval()
    T, T_c = torch.randn(3, 2, 8, dtype=torch.float64), model.items()
    query, item = T.sum(1), T_c.sum(1)
    changed = item if side == "items" else query
    back = model.quantizer.decode(model.quantizer.encode(changed))
    query, item = (query, back) if side == "items" else (back, item)
    y, extra = model.training_scores(T, T_c, model.item_bias)
    torch.testing.assert_close(y, query @ item.T + model.item_bias)
    assert extra.item() == pytest.approx(0.25 * float((changed - back).square().mean().detach()))


def test_codebooks_learn_in_training_only(toy_split):
    model = quantised(toy_split)
    before = model.quantizer.codebooks.clone()
    T = torch.randn(3, 2, 8, dtype=torch.float64)
    model.eval().training_scores(T, model.items(), model.item_bias)
    assert torch.equal(model.quantizer.codebooks, before)
    model.train().training_scores(T, model.items(), model.item_bias)
    assert not torch.equal(model.quantizer.codebooks, before)


def test_faiss_codebooks_are_those_of_faiss(toy_split):
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32))
    ours = ProductQuantizer(M=2, N=16, token_dim=8)
    ours.codebooks.data = study.faiss_codebooks(x, 2, 16)
    theirs = faiss.ProductQuantizer(8, 2, 4)
    theirs.train(x.numpy())
    rebuilt = torch.from_numpy(theirs.decode(theirs.compute_codes(x.numpy())))
    torch.testing.assert_close(ours.decode(ours.encode(x)), rebuilt)
    with pytest.raises(ValueError, match=r"N = 12; .* power of two"):
        study.faiss_codebooks(x, 2, 12)


def test_vectors_and_bytes(toy_split):
    assert quantised(toy_split).vectors().shape == (60, 8)
    assert quantised(toy_split, "queries").vectors().shape == (8 * 36, 8)
    assert study.bytes_stored("items", 4, 16, 1682, 32) == 1682 * 2 + 2 * 16 * 32
    assert study.bytes_stored("queries", 1, 128, 0, 32) == 2 * 128 * 32
    with pytest.raises(ValueError, match="side = 'users'; choose one of"):
        quantised(toy_split, "users")
