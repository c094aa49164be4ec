"""Initialisation and dropout depend on the generator that is passed in, and on nothing else."""

import numpy as np
import pytest
import torch
from torch import nn

from sparcode_mini.tools.reproducible import Dropout, initialise, normal, set_dropout_rng


def rng(seed):
    return np.random.default_rng(seed)


# --- initialisation -----------------------------------------------------------------------------


@pytest.mark.numeric
def test_normal_draws_the_numbers_of_numpy():
    drawn = normal(rng(0), 2, 2, std=2.0, dtype=torch.float64)
    expected = torch.tensor([[0.251460, -0.264210], [1.280845, 0.209800]], dtype=torch.float64)
    torch.testing.assert_close(drawn, expected, rtol=0, atol=1e-6)
    assert normal(rng(0), 3, std=1.0, dtype=torch.float32).dtype == torch.float32


def build(seed, global_seed, dtype=torch.float64):
    torch.manual_seed(global_seed)
    module = nn.ModuleDict(
        {
            "linear": nn.Linear(200, 100),
            "no_bias": nn.Linear(8, 4, bias=False),
            "embedding": nn.Embedding(400, 50),
            "norm": nn.LayerNorm(6),
            "nested": nn.Sequential(nn.ReLU(), nn.ModuleList([nn.GRU(16, 16)])[0]),
        }
    ).to(dtype)
    nn.init.uniform_(module["norm"].weight)
    nn.init.uniform_(module["norm"].bias)
    initialise(module, rng(seed))
    return module


def test_the_seed_decides_everything_and_the_global_one_nothing():
    first, again, other = (build(*seeds).state_dict() for seeds in ((1, 2), (1, 3), (4, 2)))
    for name, value in first.items():
        assert torch.equal(value, again[name]), name
        # biases of linear layers and the normalisation are the same for every seed
        is_fixed = name.startswith("norm") or name == "linear.bias"
        assert torch.equal(value, other[name]) == is_fixed, name


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_spreads_and_constants(dtype):
    module = build(1, 2, dtype)
    assert {p.dtype for p in module.parameters()} == {dtype}
    assert all(p.requires_grad for p in module.parameters())
    # 20,000 numbers each: the spread is within 3 % of its formula, the mean within 4 errors of 0
    for weight, std in (
        (module["linear"].weight, (2 / 300) ** 0.5),
        (module["embedding"].weight, 0.02),
    ):
        assert weight.std().item() == pytest.approx(std, rel=0.03)
        assert abs(weight.mean().item()) < 4 * std / 20_000**0.5
    assert (module["linear"].bias == 0).all()
    assert (module["norm"].weight == 1).all() and (module["norm"].bias == 0).all()
    for weight in module["nested"].parameters():
        assert 0.2 < weight.abs().max().item() <= 0.25  # 1 / sqrt(16)


def test_float32_is_float64_rounded():
    exact, rounded = build(1, 2).state_dict(), build(1, 2, torch.float32).state_dict()
    for name, value in exact.items():
        assert torch.equal(value.float(), rounded[name]), name


# --- dropout ------------------------------------------------------------------------------------


def dropout(p, seed=0):
    layer = Dropout(p)
    layer.rng = rng(seed)
    return layer


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_entries_are_dropped_or_scaled_up_and_the_mean_stays(p, dtype):
    out = dropout(p)(torch.full((100, 1000), 3.0, dtype=dtype))
    assert out.dtype == dtype
    scaled = torch.tensor(3.0 / (1 - p), dtype=dtype)
    assert ((out == 0) | ((out - scaled).abs() < 1e-5)).all()
    share, error = (out == 0).double().mean().item(), (p * (1 - p) / 100_000) ** 0.5
    assert abs(share - p) < 4 * error
    assert out.double().mean().item() == pytest.approx(3.0, abs=4 * 3 / (1 - p) * error)


def test_gradient_passes_where_the_value_does():
    x = torch.ones(50, requires_grad=True)
    out = dropout(0.4)(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())
    assert 0 < (out == 0).sum() < 50


def test_the_generator_decides_the_mask_and_moves_on():
    x = torch.ones(64)
    layer = dropout(0.5, seed=1)
    first, second = layer(x), layer(x)
    torch.manual_seed(9)
    assert torch.equal(first, dropout(0.5, seed=1)(x))
    assert not torch.equal(first, second)


def test_nothing_happens_in_evaluation_or_without_dropout():
    x = torch.ones(64)
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0)(x) is x
    layer = dropout(0.5).eval()
    before = layer.rng.bit_generator.state
    layer(x)
    assert layer.rng.bit_generator.state == before


def test_dropout_needs_a_generator():
    with pytest.raises(RuntimeError, match="dropout has no generator; call set_dropout_rng"):
        Dropout(0.5)(torch.ones(3))


def test_one_generator_for_every_dropout_of_a_module():
    module = nn.Sequential(Dropout(0.5), nn.Sequential(nn.Linear(2, 2), Dropout(0.1)))
    shared = rng(0)
    set_dropout_rng(module, shared)
    assert module[0].rng is module[1][1].rng is shared


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5, float("nan")])
def test_shares_out_of_range(p):
    with pytest.raises(ValueError, match=rf"dropout is {p}; it must lie in \[0, 1\)"):
        Dropout(p)
