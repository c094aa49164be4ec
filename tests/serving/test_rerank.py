"""Retrieve, then re-rank."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.evaluation.baselines import item_knn
from sparcode_mini.serving.rerank import ReRanked


def test_what_is_fetched_is_put_in_order(toy_split):
    first, second = sm.Popularity(toy_split), item_knn(toy_split, 20)
    users = toys.known_users(toy_split)
    y = ReRanked(first, second, toy_split, fetch=7).scores(users)
    popular, own = first.scores(users).numpy(), second.scores(users)
    for row, counts, scores, seen in zip(y, popular, own, toy_split.history(users), strict=True):
        new = np.setdiff1d(np.arange(toy_split.n_items), seen)
        best = new[np.argsort(-counts[new], kind="stable")[:7]]
        assert set(torch.isfinite(row).nonzero().flatten().tolist()) == set(best.tolist())
        assert torch.equal(row[best], scores[best])


def test_fetching_everything_is_the_second_model(toy_split):
    first, second = sm.Popularity(toy_split), toys.small(sm.TwoTower, toy_split)
    both = ReRanked(first, second, toy_split, fetch=toy_split.n_items)
    for on in ("validation", "test"):
        assert sm.evaluate(both, toy_split, on) == pytest.approx(sm.evaluate(second, toy_split, on))


def test_fetching_nothing_is_refused(toy_split):
    with pytest.raises(ValueError, match="fetch = 0"):
        ReRanked(sm.Popularity(toy_split), sm.Popularity(toy_split), toy_split, fetch=0)
