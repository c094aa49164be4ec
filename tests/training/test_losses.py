"""The loss of a step against its parts: softmax, sampled items, penalty, distillation."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.training.losses import distillation, sample_items, sparsity_penalty, step_loss
from sparcode_mini.training.recipe import Recipe
from toys import run_of

MODELS = (sm.TwoTower, sm.AllToAll, sm.SparCode)


def loss_of(model, T, targets, **recipe):
    """The loss of a step late in a training, when the penalty has its full weight."""
    recipe = Recipe(**recipe)
    weight, rng = recipe.penalty_weight(0.9), np.random.default_rng(0)
    return step_loss(model, T, targets, model.items(), recipe, weight, rng)


@given(
    wanted=st.lists(st.integers(0, 19), min_size=1, max_size=12),
    negatives=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
)
def test_sampled_items(wanted, negatives, seed):
    wanted = torch.tensor(wanted)
    keep, column, forbidden = sample_items(wanted, 20, negatives, np.random.default_rng(seed))
    drawn = np.random.default_rng(seed).choice(20, size=min(negatives, 20), replace=False)
    assert keep.tolist() == sorted(set(drawn.tolist()) | set(wanted.tolist()))
    assert torch.equal(keep[column], wanted)
    for row, target in enumerate(wanted.tolist()):
        allowed = keep[~forbidden[row]].tolist()
        assert set(allowed) == set(drawn.tolist()) | {target}


@pytest.mark.parametrize("cls", MODELS)
def test_sampling_all_items_is_the_full_softmax(toy_split, cls):
    model = toys.small(cls, toy_split)
    model.item_bias.data = torch.linspace(-1, 1, 60, dtype=torch.float64)
    T = model.tokens(toys.known_users(toy_split))
    T_c, wanted = model.items(), torch.arange(len(T))
    y, own = model.training_scores(T, T_c, model.item_bias)
    expected = F.cross_entropy(model.logit_scale * y, wanted) + own
    for negatives in (0, 60, 1000):
        loss = loss_of(model, T, wanted, negatives=negatives)
        torch.testing.assert_close(loss, expected)
    sampled = loss_of(model, T, wanted, negatives=5)
    assert float(sampled.detach()) < float(expected.detach())


def test_the_penalty_is_the_mean_of_y_per_token(toy_split):
    model = toys.small(sm.SparCode, toy_split)
    T = model.tokens(toys.known_users(toy_split))
    T_c, wanted = model.items(), torch.arange(len(T))
    without = loss_of(model, T, wanted)
    with_it = loss_of(model, T, wanted, sparsity=3.0)
    y, _ = model.training_scores(T, T_c, model.item_bias)
    assert float(y.detach().mean()) > 0
    torch.testing.assert_close(with_it - without, 3.0 * y.mean() / 2)


def test_penalties_by_hand():
    y = torch.tensor([[2.0, 0.0, -4.0], [6.0, 0.0, 4.0]])  # 2 queries of K_u = 2 tokens, 3 items
    assert float(sparsity_penalty(y, 2, "l1")) == pytest.approx(6 / 6)  # 1 + 3 + 2
    # means over the queries: 2, 0, 1
    assert float(sparsity_penalty(y, 2, "flops")) == pytest.approx((4 + 0 + 1) / 3)
    with pytest.raises(ValueError, match="penalty = 'l0'"):
        sparsity_penalty(y, 2, "l0")


def test_flops_costs_more_where_queries_agree():
    spread, agreed = torch.eye(4), torch.zeros(4, 4)
    agreed[:, 0] = 1.0  # four queries score the same item; before, each one of its own
    costs = {kind: [float(sparsity_penalty(y, 1, kind)) for y in (spread, agreed)]
             for kind in ("l1", "flops")}  # fmt: skip
    assert costs["l1"][0] == costs["l1"][1] and costs["flops"][1] == 4 * costs["flops"][0]


def test_the_divergence_by_hand():
    teacher = torch.tensor([[0.0, math.log(3.0)]])  # 1/4, 3/4
    student = torch.tensor([[0.0, 0.0]])  # 1/2, 1/2
    expected = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
    assert float(distillation(student, teacher)) == pytest.approx(expected, abs=1e-6)
    assert float(distillation(teacher + 5.0, teacher)) == pytest.approx(0.0, abs=1e-6)
    both = distillation(torch.cat([student, teacher]), torch.cat([teacher, teacher]))
    assert float(both) == pytest.approx(expected / 2, abs=1e-6)


def test_items_that_are_not_on_offer_add_nothing():
    teacher = torch.tensor([[0.0, math.log(3.0), -math.inf]])
    student = torch.tensor([[0.0, 0.0, -math.inf]], requires_grad=True)
    loss = distillation(student, teacher)
    short = distillation(student[:, :2], teacher[:, :2])
    assert float(loss.detach()) == pytest.approx(float(short.detach()), abs=1e-6)
    loss.backward()
    torch.testing.assert_close(student.grad, torch.tensor([[0.25, -0.25, 0.0]]))  # q - p


def test_no_gradient_reaches_the_teacher():
    teacher = torch.zeros(2, 3, requires_grad=True)
    student = torch.ones(2, 3, requires_grad=True)
    distillation(student, teacher).backward()
    assert teacher.grad is None and student.grad is not None


@pytest.mark.parametrize("negatives", [0, 20])
def test_a_training_step_pays_weight_times_the_divergence(toy_split, negatives):
    """The loss of one batch with and without it, the same model and the same random numbers."""
    model = toys.small(sm.SparCode, toy_split, dropout=0.0)
    sm.fit(model, toy_split, epochs=4, batch=8, lr=1e-2)
    found = {}
    for weight in (0.0, 3.0):
        run = run_of(model, toy_split, distill=weight, negatives=negatives)
        model.train()
        T_c = model.items()
        T, wanted = run.examples.tokens_and_targets(T_c, *run.examples.batches(run.rng)[0])
        found[weight] = float(step_loss(model, T, wanted, T_c, run.recipe, 0.0, run.rng).detach())
    if negatives:
        assert math.isfinite(found[3.0]) and found[3.0] > found[0.0]
        return
    with torch.no_grad():
        y, _ = model.training_scores(T, T_c, model.item_bias)
        teacher = model.unquantised_scores(T, T_c, model.item_bias)
        gap = float(distillation(model.logit_scale * y, model.logit_scale * teacher))
    assert gap > 1e-4
    assert found[3.0] - found[0.0] == pytest.approx(3 * gap, rel=1e-9)


def test_training_with_it_is_another_training_and_repeats(toy_split):
    losses = []
    for weight in (0.0, 1.0, 1.0):
        model = toys.small(sm.SparCode, toy_split)
        losses.append(sm.fit(model, toy_split, epochs=4, distill=weight).column("loss"))
    assert losses[1] == losses[2]
    assert losses[0][0] == losses[1][0]  # the linear stage has no codes
    assert losses[0][-1] != losses[1][-1]


def test_what_cannot_work_is_refused(toy_split):
    model = toys.small(sm.AllToAll, toy_split)
    with pytest.raises(ValueError, match=r"distill = 1.0, but a AllToAll has no codes"):
        sm.fit(model, toy_split, epochs=4, distill=1.0)
    with pytest.raises(ValueError, match="distill = -1"):
        sm.fit(toys.small(sm.SparCode, toy_split), toy_split, epochs=4, distill=-1.0)
