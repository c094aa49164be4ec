"""Codes: shapes, probes, weights, and when there are none; codes and histories in all types."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.model.codes import Codes, distinct_codes
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.model.variants.residual import ResidualQuantizer

ONE_LINE = r"\A[^\n]+\Z"
N = 200  # more than int8 can hold
QUANTIZERS = [
    sm.ProductQuantizer(1, N, 2),
    ResidualQuantizer(1, N, 2),
]


@torch.no_grad()
def test_probes_weigh_the_nearest_codes(toy_split, users):
    model = toys.shaken(toys.small(sm.SparCode, toy_split, M=2, N=3, probe_temperature=2.0))
    T, codes = model.tokens(users), model.encode(users, probes=4)
    distance = (T[:, :, None] - model.quantizer.decode(codes.codes)).square().sum(-1)  # (B, K_u, R)
    toys.near(codes.weights, (-distance / 2.0).softmax(-1))
    toys.near(codes.weights.sum(-1), torch.ones(len(users), 2, dtype=torch.float64))
    assert (distance.diff(dim=-1) >= -1e-12).all()
    y = 0
    for token in range(2):
        for probe in range(4):
            vectors = model.quantizer.decode(codes.codes[:, token, probe])
            y = y + codes.weights[:, token, probe, None] * toys.by_formula(model, vectors[:, None])
    toys.near(model.scores(users, probes=4), y)


@pytest.mark.parametrize("probes", [1, 3])
def test_shapes_of_codes(toy_split, users, probes):
    model = toys.small(sm.SparCode, toy_split, query_tokens=3, M=2, N=3)
    codes = model.encode(users, probes=probes)
    assert codes.codes.shape == (len(users), 3, probes, 2)
    assert codes.weights.shape == (len(users), 3, probes)
    assert (codes.codes.dtype, codes.weights.dtype) == (torch.int64, torch.float64)
    assert int(codes.codes.min()) >= 0
    assert int(codes.codes.max()) < 3
    if probes == 1:
        assert (codes.weights == 1).all()
    np.testing.assert_array_equal(codes.codes[:, :, 0], model.encode(users).codes[:, :, 0])
    assert model.tokens(users).shape == (len(users), 3, 8)
    assert model.scores(users).shape == (len(users), 60)


@pytest.mark.parametrize("probes", [0, -1, 10])
def test_bad_probes(toy_split, users, probes):
    model = toys.small(sm.SparCode, toy_split, M=2, N=3)
    message = f"probes = {probes}; give a whole number, 1 to 9"
    with pytest.raises(ValueError, match=message):
        model.encode(users, probes=probes)
    with pytest.raises(ValueError, match=message):
        model.scores(users, probes=probes)
    with pytest.raises(ValueError, match="only a SparCode model has codes"):
        toys.small(sm.TwoTower, toy_split).scores(users, probes=2)


def test_no_queries_at_all(trained):
    for ask in (lambda: trained.encode([]), lambda: trained.encode_histories([])):
        with pytest.raises(ValueError, match="no queries"):
            ask()


@pytest.mark.parametrize("stage", ["linear", "soft"])
def test_codes_of_an_interrupted_training_are_refused(trained, users, stage):
    model = toys.twin(trained)
    model.stage = stage
    message = f"stopped in its '{stage}' stage.*resume=True"
    for ask in (
        lambda: model.encode(users),
        lambda: model.encode_histories([[101]]),
        lambda: model.scores(users, probes=2),
    ):
        with pytest.raises(RuntimeError, match=message):
            ask()


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("probes", [1, 2])
def test_a_history_by_hand_is_the_history_of_the_user(toy_split, users, tokenizer, probes):
    model = toys.small(sm.SparCode, toy_split, tokenizer=tokenizer)
    for part in ("train", "train+validation"):
        raw = [toy_split.item_ids[h].tolist() for h in toy_split.history(users, part)]
        a, b = model.encode(users, part, probes), model.encode_histories(raw, probes)
        assert torch.equal(a.codes, b.codes)
        assert torch.equal(a.weights, b.weights)


def test_codes_are_a_plain_pair(trained):
    codes = trained.encode(["u01"])
    assert isinstance(codes, Codes)
    assert codes == (codes.codes, codes.weights)


# --- types: what codes and histories mean as int64, or refused --------------------------------


@pytest.fixture(scope="module")
def wide(toy_split):
    """A model with a code bias, so that codes are used in all places."""
    return toys.small(sm.SparCode, toy_split, N=N, code_bias=True).eval()


def as_tensor(array):
    """The same as a tensor, if torch has its type."""
    try:
        return torch.from_numpy(np.ascontiguousarray(array))
    except (TypeError, ValueError):
        return array


def equal_or_refused(call, array, meaning):
    with toys.as_users_call():
        for codes in (array, as_tensor(array)):
            if meaning is None:
                with pytest.raises(ValueError, match=ONE_LINE):
                    call(codes)
            else:
                assert torch.equal(call(codes), call(torch.tensor(meaning).reshape(array.shape)))


@pytest.mark.parametrize("pq", QUANTIZERS, ids=["product", "residual"])
@given(toys.whole_numbers(0, N - 1, least=1))
def test_decoded_codes(pq, numbers):
    array, meaning = numbers
    equal_or_refused(pq.decode, array[:, None], meaning)
    equal_or_refused(lambda codes: torch.tensor(pq.usage(codes).used), array[:, None], meaning)


@given(toys.whole_numbers(0, N - 1, least=1))
def test_scores_of_codes(wide, numbers):
    array, meaning = numbers
    equal_or_refused(wide.code_scores, array[:, None], meaning)
    with toys.as_users_call():
        weights = torch.ones(1, len(array), 1)
        equal_or_refused(
            lambda codes: wide.scores_of_codes(Codes(codes, weights)),
            array.reshape(1, -1, 1, 1),
            meaning,
        )


@given(toys.whole_numbers(0, N - 1, least=1))
def test_codes_to_build(wide, numbers):
    array, meaning = numbers
    equal_or_refused(
        lambda codes: torch.from_numpy(sm.SparseIndex.build(wide, codes=codes).codes),
        array[:, None],
        meaning,
    )


@given(toys.whole_numbers(0, 59, least=1), st.booleans())
def test_items_on_offer_and_histories(wide, numbers, as_list):
    array, meaning = numbers
    with toys.as_users_call():
        calls = (
            lambda items: torch.from_numpy(
                sm.SparseIndex.build(wide, codes=[[3]], items=items).items.copy()
            ),
            lambda items: wide.history_tokens([[1, 2], items]),
        )
        for call in calls:
            if meaning is None:
                with pytest.raises(ValueError, match=ONE_LINE):
                    call(array)
            else:
                assert torch.equal(call(meaning if as_list else array), call(np.array(meaning)))


@pytest.mark.parametrize(
    "histories", [[[-1]], [[60]], [[1.0]], [[True]], [1, 2], [[[1]]], [["1"]], "12", [[1], None]]
)
def test_histories_are_lists_of_positions(wide, histories):
    with toys.as_users_call(), pytest.raises(ValueError, match=r"\Ahistories [^\n]+\Z"):
        wide.history_tokens(histories)


@pytest.mark.parametrize("users", [[-1], [37], [0, 1], [0.0], [True], 0])
def test_users_with_features_are_positions(toy_split, users):
    reader = toys.small(sm.SparCode, toy_split, user_features=("age",))
    with toys.as_users_call(), pytest.raises(ValueError, match=r"users[^\n]+\Z"):
        reader.history_tokens([[1, 2]], users)


@pytest.mark.parametrize("histories", [[[True]], [[[100]]], [[None]], [[100.5]]])
def test_raw_ids_are_not_taken_for_others(wide, histories):
    with pytest.raises(ValueError, match=r"in history 0 is not in the catalogue"):
        wide.encode_histories(histories)


def test_one_user_is_a_list_of_one(trained, users):
    user = str(users[3])
    assert torch.equal(trained.encode(user).codes, trained.encode([user]).codes)
    assert torch.equal(trained.scores(user), trained.scores([user]))


@pytest.mark.parametrize("wrong", toys.NO_COUNTS)
def test_probes_are_a_whole_number(wide, tower, users, wrong):
    if wrong is None:
        return
    with toys.as_users_call():
        for call in (wide.encode, wide.scores, tower.scores):
            with pytest.raises(ValueError, match=r"\Aprobes = [^\n]+\Z"):
                call(users[:2], probes=wrong)
        for two in toys.COUNTS_OF_TWO:
            assert torch.equal(
                wide.encode(users[:2], probes=two).weights,
                wide.encode(users[:2], probes=2).weights,
            )


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32])
def test_distinct_codes_of_narrow_types(dtype):
    codes = torch.tensor(np.random.default_rng(0).integers(0, 120, (300, 3)))
    with toys.as_users_call():
        distinct, inverse = distinct_codes(codes.to(dtype))
    expected, where = codes.unique(dim=0, return_inverse=True)
    assert torch.equal(distinct.long(), expected) and torch.equal(inverse, where)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.int64])
def test_a_quantiser_has_a_precision_that_numpy_has(dtype):
    with pytest.raises(ValueError, match=rf"\Adtype = {dtype}; choose one of"):
        sm.ProductQuantizer(1, 3, 2, dtype=dtype)
    if dtype != torch.int64:
        with pytest.raises(ValueError, match=f"vectors are {dtype}"):
            sm.ProductQuantizer(1, 3, 2).to(dtype).encode(torch.ones(2, 2, dtype=dtype))


@pytest.mark.parametrize("name", ["M", "N", "token_dim"])
def test_sizes_of_a_quantiser_are_whole_numbers(name):
    with toys.as_users_call():
        for wrong in toys.NO_COUNTS[:-1]:
            with pytest.raises(ValueError, match=rf"\A{name} = [^\n]+\Z"):
                sm.ProductQuantizer(**{"M": 2, "N": 2, "token_dim": 2, name: wrong})
