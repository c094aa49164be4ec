"""Which group gets a gradient of which loss: by rule, and equal to a training step."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.lessons.all_to_all_scoring import gradient_flow as flow
from sparcode_mini.model.base import pad


@pytest.fixture
def setting(toy_split):
    """Return a small model, histories without their last item, and that item."""
    model = toys.small(sm.SparCode, toy_split, N=6, M=2, update="gradient", dropout=0.3)
    histories = [h for h in toy_split.histories("train") if len(h) > 2]
    return model, [h[:-1] for h in histories], torch.tensor([int(h[-1]) for h in histories])


def ways(setting):
    return {
        (sg, st): flow.gradient_flow(*setting, sg=sg, straight_through=st)
        for sg, st in flow.WAYS.values()
    }


def test_the_two_switches_decide_who_hears_the_matching_loss(setting):
    for (sg, straight), norms in ways(setting).items():
        matching = norms["matching"]
        assert (matching["codebooks"] > 0) == (not sg)
        assert (matching["tokenizer"] > 0) == (matching["history"] > 0) == straight
        assert min(matching["scorer"], matching["candidates"], matching["item bias"]) > 0


def test_codebook_loss_and_commitment_stay_on_their_own_side(setting):
    for norms in ways(setting).values():
        reached = {loss: [g for g, n in to.items() if n > 0] for loss, to in norms.items()}
        assert reached["codebook"] == ["codebooks"]
        assert reached["commitment"] == ["history", "tokenizer"]


def test_as_trained_equals_the_training_step(setting):
    """Compare with the forward pass of the library, where the item tables are shared."""
    model, histories, targets = setting
    norms = flow.gradient_flow(model, histories, targets, sg=True, straight_through=True)
    T_c = model.items()
    positions = pad([h[-model.history_len :] for h in histories])
    T = model.tokenizer(model.query_embeddings(positions, None, T_c), positions >= 0)
    y, _ = model.train().training_scores(T, T_c, model.item_bias)
    loss = torch.nn.functional.cross_entropy(model.logit_scale * y, targets)
    loss.backward()
    for name, module in (("tokenizer", model.tokenizer), ("scorer", model.scorer)):
        grads = [p.grad for p in module.parameters() if p.grad is not None]
        squares = sum(float(g.square().sum()) for g in grads)
        assert norms["matching"][name] == pytest.approx(squares**0.5, rel=1e-9), name
    assert norms["matching"]["item bias"] == pytest.approx(float(model.item_bias.grad.norm()))
    assert model.quantizer.codebooks.grad is None or not model.quantizer.codebooks.grad.any()


def test_quantised_has_the_value_of_q_in_every_way():
    T, q = (torch.from_numpy(np.random.default_rng(s).normal(size=(3, 2))) for s in (0, 1))
    for sg, straight in flow.WAYS.values():
        torch.testing.assert_close(flow.quantised(T, q, sg, straight), q)


def test_the_model_is_left_as_it_was(setting):
    model, histories, targets = setting
    before = toys.twin(model)
    flow.gradient_flow(model, histories, targets, sg=False, straight_through=True)
    assert toys.same_weights(model, before)
    assert all(p.grad is None for p in model.parameters())


def test_targets_that_do_not_fit_are_refused(setting):
    model, histories, targets = setting
    with pytest.raises(ValueError, match="histories, 3 targets"):
        flow.gradient_flow(model, histories, targets[:3], sg=True, straight_through=True)


def test_the_questions_are_the_first_films_of_validation(toy_split):
    histories, targets = flow.questions(toy_split, 3)
    past, future = toy_split.histories("train"), toy_split.histories("validation")
    both = [u for u in range(len(past)) if len(past[u]) and len(future[u])][:3]
    assert targets.tolist() == [int(future[u][0]) for u in both]
    for history, user in zip(histories, both, strict=True):
        assert np.array_equal(history, past[user])
