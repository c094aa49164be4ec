"""Gates and biases of codes: by hand, the same in training, scoring and serving, in files."""

import math

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.pooling import pooled_by_code
from sparcode_mini.model.variants.gates import Gates
from sparcode_mini.model.variants.scorers import make_scorer

OPTIONS = [{"gates": True}, {"code_bias": True}, {"gates": True, "code_bias": True}]
SIZES = [{}, {"M": 2, "N": 3}, {"M": 2, "N": 3, "quantizer": "residual"}, {"soft": 3}]


def near(a, b, tolerance=1e-10):
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


@pytest.fixture(scope="module")
def users(toy_split):
    return toys.known_users(toy_split)


def shaken(model):
    """The model with gates and biases of codes that differ from token to token."""
    generator = torch.Generator().manual_seed(1)
    for name in ("gates.direction", "code_bias"):
        table = dict(model.named_parameters()).get(name)
        if table is not None:
            table.data = 0.5 * torch.randn(table.shape, generator=generator, dtype=table.dtype)
    return model


def test_a_gate_by_hand():
    gates = Gates(2)
    T = torch.tensor([[[3.0, 0.0], [0.0, 1.0]]])
    near(gates(T), torch.ones(1, 2), 1e-6)
    gates.direction.data = torch.tensor([1.0, -2.0])
    gates.offset.data = torch.tensor(0.0)
    near(gates(T), torch.tensor([[math.log1p(math.e**3), math.log1p(math.e**-2)]]), 1e-6)


@pytest.mark.parametrize("options", OPTIONS)
def test_off_and_untrained_are_the_same_model(toy_split, users, options):
    plain, on = (toys.small(sm.SparCode, toy_split, **o) for o in ({}, options))
    near(on.scores(users), plain.scores(users))
    assert not set(options) & set(plain.config.to_file())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("options", OPTIONS)
def test_scores_are_the_formula(toy_split, users, options, size):
    """y = sum_i g_i sum_r w_ir ReLU(S_ir + b + sum of the codewords' biases)."""
    model = shaken(toys.small(sm.SparCode, toy_split, bias=0.6, **options, **size))
    T = model.tokens(users)
    nearest, d = model.quantizer.nearest(T.flatten(0, 1), size.get("soft", 1))
    w = (-d / 10.0).softmax(-1).unflatten(0, T.shape[:2])  # (B, K_u, R)
    codes = nearest.unflatten(0, T.shape[:2])  # (B, K_u, R, M)
    g = (
        torch.nn.functional.softplus(T @ model.gates.direction + model.gates.offset)
        if "gates" in options
        else T.new_ones(T.shape[:2])
    )
    y = 0
    for i in range(T.shape[1]):
        for r in range(codes.shape[2]):
            k = codes[:, i, r]  # (B, M)
            S = model.scorer.as_written(model.quantizer.decode(k), model.items(), model.item_bias)
            if "code_bias" in options:
                S = S + sum(model.code_bias[m, k[:, m]] for m in range(k.shape[1]))[:, None]
            y = y + (g[:, i] * w[:, i, r])[:, None] * (S + model.bias).relu()
    near(model.scores(users), y)
    near(model.scores_of_codes(model.encode(users)), y)
    index = sm.SparseIndex.build(model, codes="all")
    positions, values = index.search(model.encode(users), k=model.n_items)
    there = torch.from_numpy(positions >= 0)
    best = y.gather(1, torch.from_numpy(positions).clamp(min=0))
    near(torch.from_numpy(values), best * there)
    assert float((y > 0).double().mean()) > 0.1


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("many", [False, True])
def test_training_scores_are_those_of_evaluation(toy_split, users, options, many, monkeypatch):
    size = {"M": 4, "N": 6} if many else {}
    model = shaken(toys.small(sm.SparCode, toy_split, dropout=0.0, **options, **size))
    T = model.tokens(users)
    expected, _ = model.training_scores(T, model.items(), model.item_bias)
    model.train()
    found, _ = model.training_scores(T, model.items(), model.item_bias)
    near(found, expected)


def test_pooling_with_gates_and_biases_equals_autograd():
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    scorer = make_scorer("products", token_dim=4, item_tokens=3, hidden=5).double()
    row = torch.tensor([[0, 0, 1], [1, 2, 1], [3, 0, 2]])
    T, T_c, item_bias, codewords = draw(3, 3, 4), draw(6, 3, 4), draw(6), draw(4, 4)
    leaves = [t.requires_grad_() for t in (T, T_c, item_bias, draw(3, 3).exp(), draw(4))]
    T, T_c, item_bias, gates, shift = leaves
    y = pooled_by_code(scorer, T, codewords, row, T_c, item_bias, 0.2, 0.1, gates, shift)
    Z = T + (codewords[row] - T).detach()
    S = scorer.as_written(Z.flatten(0, 1), T_c, item_bias).unflatten(0, (3, 3))
    A = torch.nn.functional.leaky_relu(S + 0.2 + shift[row][..., None], 0.1)
    plain = (gates[..., None] * A).sum(dim=1)
    near(y, plain)
    push = draw(*y.shape)
    ours = torch.autograd.grad((push * y).sum(), leaves, retain_graph=True)
    theirs = torch.autograd.grad((push * plain).sum(), leaves)
    for a, b in zip(ours, theirs, strict=True):
        assert float(b.abs().max()) > 1e-3
        near(a, b)


@pytest.mark.parametrize("options", OPTIONS)
def test_they_learn_and_are_saved(toy_split, users, tmp_path, options):
    model = toys.small(sm.SparCode, toy_split, dropout=0.0, **options)
    sm.fit(model, toy_split, epochs=6, batch=8)
    if "gates" in options:
        assert float(model.gates.direction.detach().abs().max()) > 0
        assert float(model.encode(users).weights.std()) > 0
    if "code_bias" in options:
        assert float(model.code_bias.detach().abs().max()) > 0
    model.save(tmp_path / "model.safetensors")
    again = sm.load_model(tmp_path / "model.safetensors", split=toy_split)
    assert torch.equal(again.scores(users), model.scores(users))


def test_all_to_all_has_gates_too(toy_split, users):
    model = toys.small(sm.AllToAll, toy_split, gates=True)
    T = model.tokens(users)
    before = model.token_scores(T)
    model.gates.offset.data += 1.0  # softplus(c + 1) / softplus(c) times as much, for every token
    grown = math.log1p(math.e * (math.e - 1))
    near(model.token_scores(T), grown * before)
