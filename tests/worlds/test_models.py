"""Models for the world of fields: they learn it, and SparCode's score is n_u @ A."""

import numpy as np
import pytest
import torch

from sparcode_mini.worlds.fields import fields_world
from sparcode_mini.worlds.models import (
    FieldsTokens,
    FieldsTower,
    closed_form,
    field_rows,
    fit_world,
    hinge_loss,
    split_users,
)

WORLD = fields_world(fields=2, values=8, n_items=60, likes=0.1, n_users=60, seed=1)
PEOPLE = torch.from_numpy(WORLD.user_fields)


def make(width=8, **options):
    return FieldsTokens(WORLD, width, **options)


def test_split_holds_out_the_last_users():
    known, unseen = split_users(WORLD, test=10)
    assert len(known) == 50 and unseen.tolist() == list(range(50, 60))
    with pytest.raises(ValueError, match="test = 60"):
        split_users(WORLD, test=60)


def test_the_tower_is_one_dot_product():
    tower = FieldsTower(WORLD, 5)
    y = tower.queries(PEOPLE) @ tower.items.weight.T + tower.bias
    assert torch.equal(tower(PEOPLE), y)
    assert np.linalg.matrix_rank(tower(PEOPLE).detach().numpy()) <= 6


@pytest.mark.parametrize("N", [0, 12])
def test_served_scores_are_counts_times_lists(N):
    model = make(N=N)
    model.slope = 0.0
    model.quantise = True
    codes = model.codes(PEOPLE)  # (B, fields)
    lists = model.lists()
    counts = torch.nn.functional.one_hot(codes, len(lists)).sum(dim=1).double()
    with torch.no_grad():
        assert torch.allclose(counts @ lists, model(PEOPLE))


@pytest.mark.numeric
def test_training_learns_and_a_seed_decides_it():
    world = fields_world(n_users=400, n_items=60, seed=1)
    wide = fit_world(FieldsTower(world, 32), world, steps=120)
    narrow = fit_world(FieldsTower(world, 2), world, steps=120)
    again = fit_world(FieldsTower(world, 2), world, steps=120)
    assert wide.r_precision > narrow.r_precision + 0.15
    assert repr(again) == repr(narrow)
    sparse = fit_world(FieldsTokens(world, 16, N=48, sparsity=2.0), world, steps=120)
    assert sparse.r_precision > narrow.r_precision
    assert sparse.model.quantise and sparse.model.slope == 0.0
    with pytest.raises(ValueError, match="steps = 0"):
        fit_world(FieldsTower(world, 2), world, steps=0)


def test_the_closed_form_is_the_best_fit_of_its_rank_to_what_fields_can_say():
    world = fields_world(fields=2, values=8, n_items=30, likes=0.1, n_users=64, seed=1)
    with pytest.raises(ValueError, match="hold out 1 to 63"):
        closed_form(world, 4)
    world = fields_world(fields=3, values=8, n_items=30, likes=0.1, n_users=400, seed=1)
    known, _ = split_users(world)
    users = torch.from_numpy(world.user_fields[known])
    X = torch.nn.functional.one_hot(users + 8 * torch.arange(3), 24).sum(dim=1).double().numpy()
    Y = world.relevant(known).astype(float)
    X, rest = X - X.mean(axis=0), Y - Y.mean(axis=0)
    fit = X @ np.linalg.lstsq(X, rest, rcond=None)[0]
    U, s, Vt = np.linalg.svd(fit, full_matrices=False)
    for width in (3, 30):
        tower = closed_form(world, width).model
        expected = (U[:, :width] * s[:width]) @ Vt[:width] + Y.mean(axis=0)
        np.testing.assert_allclose(tower(users).detach().numpy(), expected, atol=1e-8)
        assert tower.width == min(width, 24)  # one number for each field value says all


def test_the_hinge_wants_both_signs():
    y = torch.tensor([[2.0, 0.5, -3.0, 0.0]], dtype=torch.float64)
    liked = torch.tensor([[True, True, False, False]])
    assert hinge_loss(y, liked).item() == pytest.approx((0 + 0.25 + 0 + 1) / 4)
    with pytest.raises(ValueError, match="loss = 'triplet'"):
        fit_world(FieldsTower(WORLD, 2), WORLD, loss="triplet")


def test_a_scorer_without_its_parts_is_a_dot_product():
    plain = make(network=False, outer=False)
    with torch.no_grad():
        y = plain(PEOPLE)
        T = plain.all_tokens()[field_rows(PEOPLE, 8)].sum(dim=1)  # (B, D)
        dots = T @ plain.items.weight.T + 2 * plain.bias  # each of two tokens brings the bias
        assert torch.allclose(y, dots)
        assert (make(network=False)(PEOPLE) != y).any() and (make(outer=False)(PEOPLE) != y).any()


def test_a_tower_without_a_network_is_a_sum_of_vectors():
    tower = FieldsTower(WORLD, 5, hidden=0)
    u = tower.direct.weight[field_rows(PEOPLE, 8)].sum(dim=1)
    assert torch.equal(tower.queries(PEOPLE), u)
