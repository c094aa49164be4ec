"""Distillation: the divergence by hand, what it reaches, and what it does to a training."""

import math

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.training import run as train
from sparcode_mini.training.losses import distillation
from sparcode_mini.training.recipe import Recipe


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
        plan = Recipe(distill=weight, negatives=negatives)
        run = train.Run(model, toy_split, plan, None)
        model.train()
        T_c = model.items()
        T, wanted = run._tokens_and_targets(T_c, *run._batches()[0])
        found[weight] = float(run._loss(T, wanted, T_c).detach())
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
