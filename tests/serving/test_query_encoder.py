"""A copy of the weights gives the codes of the model."""

import numpy as np
import pytest
import torch
from hypothesis import given

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.serving.query_encoder import QueryEncoder

SHIPPED = sorted(path.name for path in results.CHECKPOINTS.glob("s*.safetensors"))


@pytest.fixture(scope="module")
def shipped(movielens_split):
    return sm.load_model(results.CHECKPOINTS / "sparcode-sparse.safetensors", movielens_split)


@pytest.fixture(scope="module")
def shipped_encoder(shipped):
    return QueryEncoder(shipped)


@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.float64, 1e-13)])
@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.usefixtures("untraced")
def test_codes_of_everyone_are_those_of_the_model(movielens_split, name, dtype, near):
    model = sm.load_model(results.CHECKPOINTS / name, movielens_split, dtype)
    encoder = QueryEncoder(model)
    for part in ("train", "train+validation"):
        histories = movielens_split.histories(part)
        T = model.history_tokens(histories)
        codes = model.token_codes(T).codes
        for history, t, c in zip(histories, T.numpy(), codes, strict=True):
            assert np.abs(encoder.tokens(history) - t).max() < near
            assert torch.equal(encoder.codes(history).codes[0], c)


def test_the_codes_of_five_shipped_models_are_compared():
    assert len(SHIPPED) == 5


def _step(model):
    model.tokenizer.head.weight.grad = torch.ones_like(model.tokenizer.head.weight)
    torch.optim.SGD(model.parameters(), lr=0.1).step()


def _codebook(model):
    with torch.no_grad():
        model.quantizer.codebooks[0, 0] += 1


@pytest.mark.parametrize(
    "change",
    [_step, _codebook, lambda m: m.load_state_dict(m.state_dict()), lambda m: m.float()],
    ids=["optimiser", "codebook", "load_state_dict", "dtype"],
)
def test_weights_that_have_moved_are_refused(toy_split, change):
    model = toys.small(sm.SparCode, toy_split)
    encoder = QueryEncoder(model)
    model.scores(toys.known_users(toy_split))  # reading changes nothing
    encoder.codes([3, 1])
    change(model)
    with pytest.raises(RuntimeError, match=r"weights have changed .* make a new QueryEncoder"):
        encoder.codes([3, 1])
    QueryEncoder(model).codes([3, 1])


def test_probes_are_those_of_the_model(shipped, movielens_split):
    encoder = QueryEncoder(shipped)
    for history in movielens_split.histories("train")[:40]:
        expected = shipped.token_codes(shipped.history_tokens([history]), 4)
        found = encoder.codes(history, 4)
        assert torch.equal(found.codes, expected.codes)
        assert torch.allclose(found.weights, expected.weights, atol=1e-5)


@pytest.mark.parametrize("options", [{"M": 2, "N": 4}, {"quantizer": "residual", "M": 2, "N": 4}])
@pytest.mark.parametrize("probes", [1, 3])
def test_other_quantisers(toy_split, options, probes):
    model = toys.small(sm.SparCode, toy_split, seed=3, **options)
    encoder = QueryEncoder(model)
    for history in toy_split.histories("train")[:10]:
        if len(history):
            expected = model.token_codes(model.history_tokens([history]), probes)
            found = encoder.codes(history, probes)
            assert torch.equal(found.codes, expected.codes)
            assert torch.allclose(found.weights, expected.weights)


@pytest.mark.parametrize("twins", [False, True], ids=["all different", "each twice"])
def test_a_few_probes_of_many_codewords(toy_split, twins):
    model = toys.small(sm.SparCode, toy_split, seed=3, M=1, N=600)
    if twins:  # an odd number of probes ends between two equal ones
        model.quantizer.codebooks[0, 300:] = model.quantizer.codebooks[0, :300]
    encoder = QueryEncoder(model)
    for history in toy_split.histories("train")[:10]:
        if len(history):
            expected = model.token_codes(model.history_tokens([history]), 7)
            assert torch.equal(encoder.codes(history, 7).codes, expected.codes)


def test_a_two_tower_has_tokens_and_no_codes(toy_split):
    model = toys.small(sm.TwoTower, toy_split)
    encoder, history = QueryEncoder(model), np.array([3, 1, 4])
    expected = model.history_tokens([history])[0].numpy()
    np.testing.assert_allclose(encoder.tokens(history), expected, atol=1e-12)
    with pytest.raises(ValueError, match="a TwoTower has no codes"):
        encoder.codes(history)


def test_what_it_can_not_read_is_refused(toy_split, shipped):
    with pytest.raises(ValueError, match="GRUTokenizer; only self-attention"):
        QueryEncoder(toys.small(sm.TwoTower, toy_split, tokenizer="gru"))
    with pytest.raises(ValueError, match="without user features"):
        QueryEncoder(toys.small(sm.TwoTower, toy_split, user_features=["age"]))
    encoder = QueryEncoder(shipped)
    with pytest.raises(ValueError, match="the history is empty"):
        encoder.tokens([])
    for history in ([-1], [1682]):
        with pytest.raises(ValueError, match="from 0 to 1681"):
            encoder.tokens(history)
    with toys.as_users_call():
        for probes in (0, 129, *(p for p in toys.NO_COUNTS if p is not None)):
            with pytest.raises(ValueError, match=r"\Aprobes = [^\n]+\Z"):
                encoder.codes([5], probes)


@given(toys.whole_numbers(0, 1681, least=1))
def test_a_history_means_the_same_in_any_type(shipped_encoder, numbers):
    array, meaning = numbers
    with toys.as_users_call():
        if meaning is None:
            with pytest.raises(ValueError, match=r"\Ahistory has [^\n]+\Z"):
                shipped_encoder.codes(array)
        else:
            expected = shipped_encoder.codes(meaning)
            assert torch.equal(shipped_encoder.codes(array).codes, expected.codes)


@pytest.mark.parametrize("probes", [1, 3])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_tokens_that_are_no_numbers_have_no_codes(toy_split, probes, number):
    model = toys.small(sm.SparCode, toy_split)
    model.tokenizer.head.bias.data[:] = number
    with pytest.raises(ValueError, match="holds NaN or infinity"):
        model.token_codes(model.history_tokens([np.array([3, 1])]), probes)
    with pytest.raises(ValueError, match=r"token 0 holds NaN or infinity; .*lower lr"):
        QueryEncoder(model).codes([3, 1], probes)


def test_finite_tokens_whose_sum_overflows_have_codes(toy_split, monkeypatch):
    encoder = QueryEncoder(toys.small(sm.SparCode, toy_split))
    monkeypatch.setattr(encoder, "tokens", lambda _: np.full((2, 8), 1e308))
    with np.errstate(over="ignore", invalid="ignore"):
        assert encoder.codes([3, 1]).codes.shape == (1, 2, 1, 1)


def test_an_interrupted_training_has_no_encoder(toy_split):
    model = toys.small(sm.SparCode, toy_split)
    model.stage = "soft"
    with pytest.raises(RuntimeError, match="'soft' stage"):
        QueryEncoder(model)
