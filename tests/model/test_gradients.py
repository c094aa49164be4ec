"""Each way through argmin is held against its definition, and against a peer where there is one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from vector_quantize_pytorch.vector_quantize_pytorch import rotate_to

import sparcode_mini as sm
import toys
from sparcode_mini.lessons.product_quantization.gradients import (
    circle_world,
    compare,
    cosines,
    finite_difference,
    rotation_matrix,
    token_gradient,
    train_tokenizer,
)
from sparcode_mini.model import gradients
from sparcode_mini.model.gradients import (
    ESTIMATORS,
    gumbel_noise,
    gumbel_softmax,
    quantise,
    rotation_trick,
    soft_assignment,
)


def draw(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(rng.normal(size=shape)) for shape in shapes]


def to_target(T_q):
    return (T_q - torch.tensor([1.0, -0.5, 2.0]).double()).square().sum() / 2


T, C = draw(0, (40, 3), (7, 3))
NEAREST = torch.cdist(T, C).argmin(1)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_forward_is_the_nearest_codeword(estimator):
    torch.testing.assert_close(quantise(T, C, estimator), C[NEAREST])


def test_nothing_moves_the_codebook_only():
    x, book = T.clone().requires_grad_(), C.clone().requires_grad_()
    to_target(quantise(x, book, "nothing")).backward()
    assert x.grad is None
    g = C[NEAREST] - torch.tensor([1.0, -0.5, 2.0]).double()
    expected = torch.zeros_like(C).index_add_(0, NEAREST, g)
    torch.testing.assert_close(book.grad, expected)


@pytest.mark.parametrize("estimator", ["literal", "straight-through", "rotation"])
def test_the_others_leave_the_codebook_alone(estimator):
    book = C.clone().requires_grad_()
    T_q = quantise(T.clone().requires_grad_(), book, estimator)
    if T_q.requires_grad:
        T_q.sum().backward()
    assert book.grad is None or not book.grad.any()


def test_literal_gets_commitment_and_nothing_else():
    assert not token_gradient(T, C, to_target, "literal").any()
    came = token_gradient(T, C, to_target, "literal", beta=0.25)
    torch.testing.assert_close(came, 2 * 0.25 * (T - C[NEAREST]))


def test_straight_through_gets_the_gradient_of_the_codeword():
    g = C[NEAREST] - torch.tensor([1.0, -0.5, 2.0]).double()
    torch.testing.assert_close(token_gradient(T, C, to_target, "straight-through"), g)


def test_rotation_gets_the_turned_and_stretched_gradient():
    g = C[NEAREST] - torch.tensor([1.0, -0.5, 2.0]).double()
    came = token_gradient(T, C, to_target, "rotation")
    for t, q, before, after in zip(T, C[NEAREST], g, came, strict=True):
        R = rotation_matrix(t, q)
        torch.testing.assert_close(R.T @ R, torch.eye(3).double())
        torch.testing.assert_close(R @ t / t.norm(), q / q.norm())
        assert torch.linalg.det(R) == pytest.approx(1.0)  # a rotation, no reflection
        torch.testing.assert_close(after, q.norm() / t.norm() * R.T @ before)


@given(st.integers(0, 10_000), st.integers(2, 9))
def test_rotation_keeps_the_angle_between_gradient_and_vector(seed, width):
    t, q, g = draw(seed, (1, width), (1, width), (1, width))
    x = t.clone().requires_grad_()
    (came,) = torch.autograd.grad(rotation_trick(x, q), x, g)
    torch.testing.assert_close(cosines(came, t), cosines(g, q), atol=1e-9, rtol=0)


def test_rotation_equals_that_of_vector_quantize_pytorch():
    x, q, g = draw(3, (50, 8), (50, 8), (50, 8))
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    a, b = rotation_trick(ours, q), rotate_to(theirs, q)
    torch.testing.assert_close(a, b)
    a.backward(g)
    b.backward(g)
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_parts_are_rotated_each_on_its_own():
    x, q = draw(4, (5, 6), (5, 6))
    whole = rotation_trick(x, q, parts=3)
    apart = [rotation_trick(a, b) for a, b in zip(x.split(2, 1), q.split(2, 1), strict=True)]
    torch.testing.assert_close(whole, q)
    torch.testing.assert_close(torch.cat(apart, 1), q)
    first, second = x.clone().requires_grad_(), x.clone().requires_grad_()
    rotation_trick(first, q, parts=3).pow(3).sum().backward()
    for a, b in zip(second.split(2, 1), q.split(2, 1), strict=True):
        rotation_trick(a, b).pow(3).sum().backward()
    torch.testing.assert_close(first.grad, second.grad)


@pytest.mark.parametrize(
    ("t", "q"), [((0.0, 0.0), (1.0, 2.0)), ((1.0, 2.0), (-2.0, -4.0)), ((1.0, 1.0), (0.0, 0.0))]
)
def test_rotation_stays_finite_where_no_rotation_is_defined(t, q):
    x = torch.tensor([t], dtype=torch.float64, requires_grad=True)
    q = torch.tensor([q], dtype=torch.float64)
    out = rotation_trick(x, q)
    out.backward(torch.ones_like(q))
    torch.testing.assert_close(out.detach(), q)
    assert bool(torch.isfinite(x.grad).all())


@pytest.mark.parametrize("estimator", ["soft", "gumbel"])
def test_soft_and_gumbel_have_the_gradient_of_their_softmax(estimator):
    (noise,) = draw(5, (40, 7))
    used = noise if estimator == "gumbel" else torch.zeros_like(noise)

    def mixed(x):
        logits = used - torch.cdist(x, C).square() / 2.5
        return logits.softmax(1) @ C

    g = (
        mixed(T) if estimator == "soft" else C[(used - torch.cdist(T, C).square() / 2.5).argmax(1)]
    ) - torch.tensor([1.0, -0.5, 2.0]).double()
    came = token_gradient(T, C, to_target, estimator, 2.5, noise)
    h = 1e-6
    for column in range(3):
        push = torch.zeros_like(T)
        push[:, column] = h
        slope = ((mixed(T + push) - mixed(T - push)) / (2 * h) * g).sum(1)
        torch.testing.assert_close(came[:, column], slope, atol=1e-6, rtol=1e-5)


def test_soft_assignment_tends_to_the_nearest_codeword():
    torch.testing.assert_close(soft_assignment(T, C, 1e-4), C[NEAREST])
    torch.testing.assert_close(soft_assignment(T, C, 1e9), C.mean(0).expand(40, -1))


def test_gumbel_samples_the_softmax():
    x, n = torch.zeros((1, 1)).double(), 20_000
    book = torch.tensor([[0.0], [1.0], [2.0]]).double()
    noise = gumbel_noise(np.random.default_rng(0), n, 3, dtype=x.dtype)
    out = gumbel_softmax(x.expand(n, -1), book, noise, 2.0)[:, 0]
    share = torch.stack([(out - c).abs().lt(1e-12).double().mean() for c in book[:, 0]])
    expected = (-torch.tensor([0.0, 1.0, 4.0]).double() / 2).softmax(0)
    torch.testing.assert_close(share, expected, atol=0.015, rtol=0)


def test_true_slope_is_zero_inside_a_cell_and_a_jump_at_its_border():
    book = torch.tensor([[0.0], [2.0]]).double()

    def loss(T_q):
        return T_q.sum()

    inside, border, right = (torch.tensor([v]).double() for v in (0.3, 1.0 - 1e-4, 1.0))
    assert finite_difference(inside, book, loss, right, 0.1) == 0.0
    assert finite_difference(border, book, loss, right, 1e-3) == pytest.approx(2 / 1e-3)


@pytest.mark.parametrize(("options", "message"), [(("x",), "unknown"), (("soft", 0.0), "positive")])
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        quantise(T, C, *options)


def test_compare_agrees_with_its_parts():
    found = compare(T, C, wanted=T.flip(0), temperature=2.0)
    assert set(found) == {*ESTIMATORS, "soft"}
    assert found["nothing"] == {"norm": 0.0, "cosine": 0.0, "gain": 0.0}
    assert found["soft"]["cosine"] == pytest.approx(1.0)
    assert found["literal"]["gain"] == pytest.approx(0.0)
    g = C[NEAREST] - T.flip(0)
    assert found["straight-through"]["norm"] == pytest.approx(float(g.norm(dim=1).mean()))
    assert found["straight-through"]["gain"] > 0


@pytest.mark.numeric
def test_the_small_tokenizer_starves_without_a_gradient_and_learns_with_one():
    world = circle_world()
    ends = {e: train_tokenizer(*world, e)[-1] for e in (*ESTIMATORS, "soft")}
    assert ends["nothing"] == train_tokenizer(*world, "nothing", steps=1)[0] > 2
    assert ends["literal"] > 2
    assert max(ends[e] for e in ("straight-through", "rotation", "gumbel", "soft")) < 0.05


# --- in the model -----------------------------------------------------------------------------


def gradient_of_tokens(model, T, seed=0):
    """What the matching loss alone sends to tokens, by the fast path and token by token."""
    rng = np.random.default_rng(seed)
    T_c, weights = (
        model.items().detach(),
        torch.from_numpy(rng.normal(size=(len(T), model.n_items))),
    )
    codes = model.quantizer.encode(T)
    x = T.clone().requires_grad_()
    y, _ = model.training_scores(x, T_c, model.item_bias.detach())
    (fast,) = torch.autograd.grad((y * weights).sum(), x)
    q = model.quantizer.decode(codes).detach().requires_grad_()
    y = model.unquantised_scores(q, T_c, model.item_bias.detach())
    (g,) = torch.autograd.grad((y * weights).sum(), q)
    return fast, g


@pytest.mark.parametrize("tokens", [400, 5])  # with shared rows, and token by token
@pytest.mark.parametrize("options", [{}, {"M": 2}, {"M": 2, "quantizer": "residual"}])
def test_sparcode_sends_the_rotated_gradient(toy_split, options, tokens):
    model = toys.small(sm.SparCode, toy_split, gradient="rotation", **options).train()
    (T,) = draw(6, (tokens, 2, 8))
    fast, g = gradient_of_tokens(model, T)
    codes = model.quantizer.encode(T)
    x = T.clone().requires_grad_()
    out = gradients.rotation_trick(x, model.quantizer.decode(codes), model.quantizer.parts)
    (expected,) = torch.autograd.grad(out, x, g)
    torch.testing.assert_close(fast, expected)
    assert not torch.allclose(fast, g)  # straight-through would send g itself


def test_sparcode_trains_with_rotation(toy_split):
    model = toys.small(sm.SparCode, toy_split, gradient="rotation", seed=1)
    log = sm.fit(model, toy_split, epochs=6, seed=2, batch=8, warmup=2, lr=2e-2)
    assert log.column("loss")[-1] < log.column("loss")[0]


@pytest.mark.parametrize("options", [{"gradient": "magic"}, {"quantizer": "magic"}])
def test_sparcode_refuses_unknown_ways(toy_split, options):
    with pytest.raises(ValueError, match="magic"):
        toys.small(sm.SparCode, toy_split, **options)
