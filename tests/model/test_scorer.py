"""Every quick way of scoring is held against the formula written out and against autograd."""

import numpy as np
import pytest
import torch

from sparcode_mini.model.pooling import pooled_as_written, pooled_by_code
from sparcode_mini.model.quantizer import straight_through
from sparcode_mini.model.scorer import ProductScorer, Scorer, activate
from sparcode_mini.model.variants.scorers import SCORERS, AttentionScorer, ConcatScorer, make_scorer

EXACT = {"rtol": 1e-10, "atol": 1e-10}
# kind of scorer, whether the network is on, whether there is a dot product beside it
VARIANTS = [(kind, True, path) for kind in SCORERS for path in (True, False)]
VARIANTS += [(kind, False, True) for kind in SCORERS]


def draw(seed, *shape):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def build(kind, mlp_on=True, path=None, token_dim=4, item_tokens=3, hidden=5):
    """A scorer in float64 whose every parameter is drawn at random, biases included."""
    sizes = {"token_dim": token_dim, "item_tokens": item_tokens, "hidden": hidden}
    scorer = make_scorer(kind, **sizes, linear_path=path).double()
    for number, parameter in enumerate(scorer.parameters()):
        parameter.data = draw(100 + number, *parameter.shape)
    scorer.mlp_on = mlp_on
    return scorer


# --- the score ----------------------------------------------------------------------------------


def set_weights(scorer, W, a, w):
    scorer.first.weight.data = torch.tensor(W, dtype=torch.float64)
    scorer.first.bias.data = torch.tensor(a, dtype=torch.float64)
    scorer.last.weight.data = torch.tensor([w], dtype=torch.float64)
    return scorer


TOKENS = torch.tensor(
    [[1.0, 2.0, 0.0, -1.0], [0.0, 1.0, 1.0, 0.0]], dtype=torch.float64
)  # B=2, D=4
ITEMS = torch.tensor(  # I = 2 items of K_c = 2 tokens
    [[[1, 0, 0, 0], [0, 1, 0, 2]], [[-1, 1, 3, 0], [2, 0, 0, 1]]], dtype=torch.float64
)
ITEM_BIAS = torch.tensor([0.5, -1.0], dtype=torch.float64)


def test_products_by_hand():
    # Products of token 1: [1,0,0,0 | 0,2,0,-2] with item 1, [-1,2,0,0 | 2,0,0,-1] with item 2;
    # of token 2: [0,0,0,0 | 0,1,0,0] with item 1, [0,1,3,0 | 0,0,0,0] with item 2.
    # Sums: 1 and 2; 1 and 4. Unit 1 adds entries 1 to 4 and 1; unit 2 is minus the sum of 5 to 8.
    W = [[1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, -1, -1, -1, -1]]
    scorer = set_weights(ProductScorer(4, 2, hidden=2), W, [1, 0], [10, 100])
    # Units before the ReLU: (2, 0) and (2, -1); (1, -1) and (5, 0).
    expected = [[1 + 20 + 0.5, 2 + 20 - 1], [1 + 10 + 0.5, 4 + 50 - 1]]
    assert scorer(TOKENS, ITEMS, ITEM_BIAS).tolist() == expected
    assert scorer.as_written(TOKENS, ITEMS, ITEM_BIAS).tolist() == expected
    scorer.mlp_on = False
    assert scorer(TOKENS, ITEMS, ITEM_BIAS).tolist() == [[1.5, 1.0], [1.5, 3.0]]


def test_concatenation_by_hand():
    # Unit 1: first entry of the token + sum of the item's first token; unit 2: minus the last
    # entry of the item's second token, plus 1. Token halves: 1 and 0 for unit 1; item halves: 1
    # and 3 for unit 1, -1 and 0 for unit 2.
    W = [[1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1]]
    scorer = set_weights(ConcatScorer(4, 2, hidden=2), W, [0, 1], [10, 100])
    expected = [[20 + 0.5, 40 - 1], [10 + 0.5, 30 - 1]]
    assert scorer(TOKENS, ITEMS, ITEM_BIAS).tolist() == expected
    assert scorer.as_written(TOKENS, ITEMS, ITEM_BIAS).tolist() == expected


def test_attention_by_hand():
    # h = 1: q = 0 for every row, so each row looks at all three alike, and the mean of v is what
    # is read; v is the first entry. Pair (1, 1): (1 + 1 + 0) / 3, pair (1, 2): (1 - 1 + 2) / 3, ...
    scorer = make_scorer("attention", token_dim=4, item_tokens=2, hidden=1).double()
    scorer.qkv.weight.data = torch.tensor([[0, 0, 0, 0], [1, 2, 3, 4], [1, 0, 0, 0]]).double()
    scorer.first.weight.data, scorer.first.bias.data = torch.ones(1, 1).double(), -torch.ones(1) / 2
    scorer.first.bias.data = scorer.first.bias.data.double()
    scorer.last.weight.data = torch.tensor([[6.0]]).double()
    network = [[6 * (2 / 3 - 0.5), 6 * (2 / 3 - 0.5)], [0.0, 6 * 0]]  # (0 + 1) / 3 is below 1/2
    linear = [[1 + 0.5, 2 - 1.0], [1 + 0.5, 4 - 1.0]]
    expected = torch.tensor(network).double() + torch.tensor(linear).double()
    torch.testing.assert_close(scorer(TOKENS, ITEMS, ITEM_BIAS), expected, **EXACT)
    torch.testing.assert_close(scorer.as_written(TOKENS, ITEMS, ITEM_BIAS), expected, **EXACT)


def test_attention_is_that_of_torch():
    scorer = build("attention", path=False)
    q, k, v = scorer.qkv.weight.data.chunk(3)
    peer = torch.nn.MultiheadAttention(5, 1, bias=False, batch_first=True).double()
    peer.in_proj_weight.data = torch.eye(5).double().repeat(3, 1)  # rows come projected
    peer.out_proj.weight.data = torch.eye(5).double()
    Z, T_c, none = draw(1, 2, 4), draw(2, 6, 3, 4), torch.zeros(6, dtype=torch.float64)
    for z, row in zip(Z, scorer(Z, T_c, none), strict=True):
        X = torch.cat([z.expand(6, 1, -1), T_c], dim=1)  # (I, 1 + K_c, D_T)
        out, _ = peer(X @ q.T, X @ k.T, X @ v.T)
        S = scorer.last(scorer.first(out.mean(dim=1)).relu())[:, 0]
        torch.testing.assert_close(row, S, **EXACT)


@pytest.mark.parametrize(("kind", "mlp_on", "path"), VARIANTS)
@pytest.mark.parametrize(("n", "items", "item_tokens"), [(7, 6, 3), (1, 1, 1), (3, 2, 4)])
def test_score_equals_the_formula_as_written(kind, mlp_on, path, n, items, item_tokens):
    scorer = build(kind, mlp_on, path, item_tokens=item_tokens)
    args = draw(1, n, 4), draw(2, items, item_tokens, 4), draw(3, items)
    S = scorer(*args)
    assert S.shape == (n, items)
    torch.testing.assert_close(S, scorer.as_written(*args), **EXACT)


@pytest.mark.numeric
def test_score_on_every_machine():
    args = draw(1, 2, 4), draw(2, 2, 3, 4), draw(3, 2)
    expected = {
        "products": [6.803846379927, -6.600426150535, 0.706813069983, -2.847237872707],
        "concatenation": [17.306077275712, -0.262800075551, 9.629276829073, -5.928720188906],
        "attention": [7.957353108201, -5.080970843389, 2.814912507415, -8.079539350477],
    }
    for kind, values in expected.items():
        found = build(kind)(*args).flatten().tolist()
        assert found == pytest.approx(values, rel=0, abs=1e-10)


@pytest.mark.parametrize(("kind", "mlp_on", "path"), VARIANTS)
def test_the_item_bias_is_part_of_the_score(kind, mlp_on, path):
    scorer = build(kind, mlp_on, path)
    Z, T_c, bias = draw(1, 4, 4), draw(2, 5, 3, 4), draw(3, 5)
    with_bias, without = scorer(Z, T_c, bias), scorer(Z, T_c, torch.zeros_like(bias))
    torch.testing.assert_close(with_bias - without, bias.expand(4, -1), **EXACT)


def test_the_network_is_not_linear_and_the_linear_path_is():
    Z, T_c, none = draw(1, 4, 4), draw(2, 5, 3, 4), torch.zeros(5, dtype=torch.float64)

    def bent(scorer):
        return (scorer(Z, T_c, none) + scorer(-Z, T_c, none)).abs().max().item()

    assert bent(build("products", mlp_on=False)) < 1e-12
    assert bent(build("products")) > 0.1


# --- gradients ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "mlp_on", "path"), VARIANTS)
def test_gradients_of_the_score_are_those_of_finite_differences(kind, mlp_on, path):
    scorer = build(kind, mlp_on, path)
    names = [name for name, _ in scorer.named_parameters()]

    def score(Z, T_c, bias, *weights):
        state = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(scorer, state, (Z, T_c, bias))

    inputs = [draw(1, 3, 4), draw(2, 4, 3, 4), draw(3, 4), *(p.data for p in scorer.parameters())]
    assert torch.autograd.gradcheck(score, [x.clone().requires_grad_() for x in inputs])


@pytest.mark.parametrize(("kind", "mlp_on", "path"), VARIANTS)
def test_jacobians_equal_that_of_autograd_times_the_gain(kind, mlp_on, path):
    scorer = build(kind, mlp_on, path)
    Z, T_c, bias, gain = draw(1, 6, 4), draw(2, 5, 3, 4), draw(3, 5), draw(4, 6, 5)
    full = torch.autograd.functional.jacobian(lambda z: scorer(z, T_c, bias), Z)  # (n, I, n, D_T)
    own = torch.stack([full[i, :, i] for i in range(6)])  # (n, I, D_T)
    quick = torch.stack(list(scorer.jacobians(Z, T_c.requires_grad_(), gain)))  # (n, I, D_T)
    torch.testing.assert_close(quick, own * gain[..., None], **EXACT)
    assert not quick.requires_grad


# --- y, one row of A for each distinct code -----------------------------------------------------


def pooling_problem(kind, mlp_on, path):
    """Inputs of `pooled_by_code`: B = 5 queries, K_u = 3 tokens, U = 4 codes, some repeated."""
    row = torch.tensor([[0, 0, 0], [1, 2, 1], [3, 0, 2], [2, 2, 3], [0, 3, 1]])
    leaves = {"T": draw(1, 5, 3, 4), "T_c": draw(2, 6, 3, 4), "item_bias": draw(3, 6)}
    leaves = {name: value.requires_grad_() for name, value in leaves.items()}
    codewords = draw(4, 4, 4).requires_grad_()
    return build(kind, mlp_on, path), leaves, codewords, row


def gradients(y, scorer, leaves):
    """Of an arbitrary function of y, with respect to everything."""
    everything = {**leaves, **dict(scorer.named_parameters())}
    upstream = draw(5, *y.shape)
    found = torch.autograd.grad((y * upstream).sum(), list(everything.values()), allow_unused=True)
    return dict(zip(everything, found, strict=True))


@pytest.mark.parametrize(("kind", "mlp_on", "path"), VARIANTS)
@pytest.mark.parametrize("slope", [0.0, 0.1])
@pytest.mark.parametrize("bias", [0.0, -0.7, 0.4])
def test_pooling_by_code_equals_scoring_token_by_token(kind, mlp_on, path, slope, bias):
    scorer, leaves, codewords, row = pooling_problem(kind, mlp_on, path)
    T, T_c, item_bias = leaves.values()
    y = pooled_by_code(scorer, T, codewords, row, T_c, item_bias, bias, slope)

    Z = straight_through(T, codewords[row])  # (B, K_u, D_T)
    S = scorer.as_written(Z.flatten(0, 1), T_c, item_bias).unflatten(0, (5, 3))  # (B, K_u, I)
    shifted = S + bias
    plain = torch.where(shifted > 0, shifted, slope * shifted).sum(dim=1)  # (B, I)
    assert ((S + bias > 0).any() and (S + bias < 0).any()).item()  # both sides of the ReLU
    torch.testing.assert_close(y, plain, **EXACT)
    written = pooled_as_written(scorer, T, codewords, row, T_c, item_bias, bias, slope)
    torch.testing.assert_close(written, plain, **EXACT)

    ours, theirs = gradients(y, scorer, leaves), gradients(plain, scorer, leaves)
    for name, expected in theirs.items():
        if expected is None:  # the network, when it is off
            assert not mlp_on and ours[name] is None, name
        else:
            assert expected.abs().max() > 1e-3, name
            torch.testing.assert_close(ours[name], expected, **EXACT)


def test_tokens_of_one_code_get_gradients_of_their_own():
    scorer, leaves, codewords, row = pooling_problem("products", True, None)
    T, T_c, item_bias = leaves.values()
    row = torch.zeros_like(row)  # all tokens share one code, and codes 1 to 3 have none
    y = pooled_by_code(scorer, T, codewords, row, T_c, item_bias, 0.0, 0.0)
    (y * torch.arange(1.0, 6.0, dtype=torch.float64)[:, None]).sum().backward()
    assert T.grad[0, 0].abs().max() > 1e-3
    for query in range(5):  # five queries weigh differently, the three tokens of one the same
        torch.testing.assert_close(T.grad[query], (query + 1) * T.grad[0, :1].expand(3, -1))


def test_the_matching_loss_does_not_move_the_codewords():
    scorer, leaves, codewords, row = pooling_problem("products", True, None)
    T, T_c, item_bias = leaves.values()
    pooled_by_code(scorer, T, codewords, row, T_c, item_bias, 0.0, 0.1).sum().backward()
    assert codewords.grad is None
    assert T.grad is not None


def test_float32_stays_float32():
    scorer = make_scorer("products", token_dim=4, item_tokens=3, hidden=5)
    T = draw(1, 2, 3, 4).float().requires_grad_()
    T_c, item_bias = draw(2, 6, 3, 4).float(), draw(3, 6).float()
    row = torch.tensor([[0, 1, 0], [1, 1, 1]])
    y = pooled_by_code(scorer, T, draw(4, 2, 4).float(), row, T_c, item_bias, -0.1, 0.1)
    y.sum().backward()
    assert y.dtype == T.grad.dtype == torch.float32


# --- the final ReLU -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bias", "slope", "expected"),
    [
        (0.0, 0.0, [0.0, 0.0, 0.5, 2.0]),
        (-1.0, 0.0, [0.0, 0.0, 0.0, 1.0]),  # a negative bias cuts scores away
        (1.5, 0.0, [0.0, 1.5, 2.0, 3.5]),
        (-1.0, 0.25, [-0.75, -0.25, -0.125, 1.0]),
    ],
)
def test_activate_by_hand(bias, slope, expected):
    S = torch.tensor([-2.0, 0.0, 0.5, 2.0])
    assert activate(S, bias, slope).tolist() == expected
    assert S.tolist() == [-2.0, 0.0, 0.5, 2.0]


# --- choices and errors -------------------------------------------------------------------------


def test_make_scorer():
    kinds = {kind: build(kind, hidden=7) for kind in SCORERS}
    assert isinstance(kinds["products"], ProductScorer) and kinds["products"].has_linear_path
    assert isinstance(kinds["concatenation"], ConcatScorer)
    assert not kinds["concatenation"].has_linear_path
    assert isinstance(kinds["attention"], AttentionScorer) and kinds["attention"].has_linear_path
    assert build("concatenation", path=True).output_std == 0.05 < kinds["concatenation"].output_std
    assert not build("products", path=False).has_linear_path
    assert all(scorer.last.in_features == 7 for scorer in kinds.values())


@pytest.mark.parametrize(
    ("kind", "hidden", "message"),
    [
        ("dot", 4, "scorer 'dot' is unknown; choose one of products, concatenation, attention"),
        ("products", 0, "hidden = 0; the scorer needs at least one hidden unit"),
    ],
)
def test_scorers_that_do_not_exist(kind, hidden, message):
    with pytest.raises(ValueError, match=message):
        make_scorer(kind, token_dim=4, item_tokens=2, hidden=hidden)


def test_the_base_class_leaves_the_formula_open():
    Z, T_c, bias = draw(1, 2, 4), draw(2, 3, 1, 4), draw(3, 3)
    scorer, gain = Scorer(linear_path=True), draw(4, 2, 3)
    for call in (
        lambda: scorer(Z, T_c, bias),
        lambda: scorer.as_written(Z, T_c, bias),
        lambda: list(scorer.jacobians(Z, T_c, gain)),
    ):
        with pytest.raises(NotImplementedError):
            call()
