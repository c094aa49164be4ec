"""Several query vectors, the best of which counts."""

import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.variants.max_sim import MaxSim


def small(cls, split, **options):
    """A model small enough to be trained in a test."""
    return cls(split, token_dim=8, history_len=12, dtype=torch.float64, **options)


def test_the_best_vector_counts(toy_split):
    model = small(MaxSim, toy_split, query_tokens=3)
    users = toys.known_users(toy_split)
    T, items = model.tokens(users), model.item_matrix()
    y = model.scores(users)
    for row, tokens in zip(y, T, strict=True):
        best = torch.stack([items @ token for token in tokens]).max(dim=0).values
        torch.testing.assert_close(row, best + model.item_bias.detach())


def test_one_vector_is_a_two_tower(toy_split):
    users = toys.known_users(toy_split)
    several = small(MaxSim, toy_split, query_tokens=1)
    one = small(sm.TwoTower, toy_split, query_tokens=1)
    torch.testing.assert_close(several.scores(users), one.scores(users))


def test_it_learns(toy_split):
    model = small(MaxSim, toy_split)
    log = sm.fit(model, toy_split, epochs=4, lr=1e-2, batch=8)
    assert log.column("loss")[-1] < log.column("loss")[0]
