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
from sparcode_mini.training.batches import Questions
from sparcode_mini.training.losses import (
    distillation,
    mask_seen,
    read_penalty,
    sample_items,
    sparsity_penalty,
    step_loss,
)
from sparcode_mini.training.recipe import Recipe
from toys import run_of

MODELS = (sm.TwoTower, sm.AllToAll, sm.SparCode)


def loss_of(model, T, targets, **recipe):
    """The loss of a step late in a training, when the penalty has its full weight."""
    recipe = Recipe(**recipe)
    weight, rng = recipe.penalty_weight(0.9), np.random.default_rng(0)
    return step_loss(model, Questions(T, targets), model.items(), recipe, weight, rng)


@given(
    wanted=st.lists(st.integers(0, 19), min_size=1, max_size=12),
    negatives=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
)
def test_sampled_items(wanted, negatives, seed):
    wanted = torch.tensor(wanted)
    rng, offered = np.random.default_rng(seed), torch.arange(20)
    keep, forbidden = sample_items(wanted, offered, negatives, rng)
    drawn = np.random.default_rng(seed).choice(20, size=min(negatives, 20), replace=False)
    assert keep.tolist() == sorted(set(drawn.tolist()) | set(wanted.tolist()))
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
    assert float(sparsity_penalty(y, 2, "items")) == pytest.approx((4 + 0 + 1) / 3)
    with pytest.raises(ValueError, match="penalty = 'l0'"):
        sparsity_penalty(y, 2, "l0")


def test_items_cost_more_where_queries_agree():
    spread, agreed = torch.eye(4), torch.zeros(4, 4)
    agreed[:, 0] = 1.0  # four queries score the same item; before, each one of its own
    costs = {kind: [float(sparsity_penalty(y, 1, kind)) for y in (spread, agreed)]
             for kind in ("l1", "items")}  # fmt: skip
    assert costs["l1"][0] == costs["l1"][1] and costs["items"][1] == 4 * costs["items"][0]


def test_a_long_list_costs_more_than_two_short_ones():
    one, two = torch.tensor([[1.0] * 4, [0.0] * 4]), torch.tensor([[1.0] * 2 + [0.0] * 2] * 2)
    even, uneven = torch.tensor([0.5, 0.5]), torch.tensor([0.1, 0.9])
    assert float(read_penalty(one, even)) == 2 * float(read_penalty(two, even))
    assert float(read_penalty(one, uneven)) == pytest.approx(0.1)  # it is hardly read


def test_the_lists_of_a_step_are_those_of_its_codes(toy_split):
    model = toys.small(sm.SparCode, toy_split)
    T, T_c = model.tokens(toys.known_users(toy_split)), model.items()
    model.training_scores(T, T_c, model.item_bias)
    A, share = model.lists_of_step(T_c, model.item_bias)
    codes, counts = model.last_codes.flatten(0, 1).unique(dim=0, return_counts=True)
    torch.testing.assert_close(A, model.code_scores(codes))
    torch.testing.assert_close(share, counts / counts.sum())
    weight, targets = 2.5, torch.arange(len(T))
    plain = loss_of(model, T, targets)
    paid = loss_of(model, T, targets, sparsity=weight, penalty="flops")
    torch.testing.assert_close(paid - plain, weight * read_penalty(A, share))


@given(
    n_items=st.integers(2, 30),
    seed=st.integers(0, 2**32 - 1),
)
def test_seen_items_are_masked_but_for_the_target(n_items, seed):
    rng = np.random.default_rng(seed)
    offered = torch.from_numpy(np.flatnonzero(rng.random(n_items) < 0.7))
    if len(offered) == 0:
        return
    seen = [rng.integers(n_items, size=rng.integers(1, 9)) for _ in range(4)]
    targets = torch.from_numpy(rng.integers(len(offered), size=4))
    before = torch.from_numpy(rng.random((4, len(offered))) < 0.2)
    for forbidden in (None, before):
        mask = mask_seen(seen, targets, offered, forbidden)
        for row, (items, target) in enumerate(zip(seen, targets.tolist(), strict=True)):
            for column, item in enumerate(offered.tolist()):
                out = item in items or (forbidden is not None and bool(before[row, column]))
                assert bool(mask[row, column]) == (out and column != target)


@pytest.mark.parametrize("negatives", [0, 20])
def test_what_was_seen_gets_no_gradient(toy_split, negatives):
    model = toys.small(sm.TwoTower, toy_split, dropout=0.0)
    for masked in (True, False):
        run = run_of(model, toy_split, mask_seen=masked, negatives=negatives)
        questions = run.examples.questions(model.items(), *run.examples.batches(run.rng)[0])
        assert (questions.seen is not None) == masked
    run = run_of(model, toy_split)
    batch = run.examples.batches(run.rng)[0]
    questions = run.examples.questions(model.items(), *batch)
    for items, target in zip(questions.seen, questions.targets.tolist(), strict=True):
        assert target not in items  # nobody in this data meets an item twice
    one = questions.part(torch.tensor([3]))
    step_loss(model, one, model.items(), run.recipe, 0.0, run.rng).backward()
    gradient = model.item_bias.grad
    assert torch.equal(gradient[one.seen[0]], torch.zeros(len(one.seen[0]), dtype=gradient.dtype))
    assert int((gradient != 0).sum()) == toy_split.n_items - len(set(one.seen[0].tolist()))


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
        asked = run.examples.questions(T_c, *run.examples.batches(run.rng)[0])
        asked = Questions(asked.tokens, asked.targets)
        found[weight] = float(step_loss(model, asked, T_c, run.recipe, 0.0, run.rng).detach())
    if negatives:
        assert math.isfinite(found[3.0]) and found[3.0] > found[0.0]
        return
    with torch.no_grad():
        y, _ = model.training_scores(asked.tokens, T_c, model.item_bias)
        teacher = model.unquantised_scores(asked.tokens, T_c, model.item_bias)
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
    with pytest.raises(ValueError, match="penalty = 'flops' is of lists"):
        sm.fit(model, toy_split, epochs=4, sparsity=1.0, penalty="flops")
    with pytest.raises(ValueError, match="distill = -1"):
        sm.fit(toys.small(sm.SparCode, toy_split), toy_split, epochs=4, distill=-1.0)
