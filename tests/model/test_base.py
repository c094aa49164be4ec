"""From histories to tokens: what a query may depend on."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model import base as matching
from sparcode_mini.model.base import pad
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.results import CHECKPOINTS

MODELS = (sm.TwoTower, sm.AllToAll, sm.SparCode)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_the_last_items_count(toy_split, tokenizer):
    model = toys.small(sm.TwoTower, toy_split, tokenizer=tokenizer)  # reads 10 items
    long = [np.arange(25), np.arange(15, 25), np.arange(14, 24), np.arange(12)]
    T = model.history_tokens(long)
    assert torch.equal(T[0], T[1])
    assert not torch.allclose(T[0], T[2])
    toys.near(T[3], model.history_tokens([np.arange(2, 12)])[0])


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_a_query_does_not_depend_on_its_batch(toy_split, tokenizer, monkeypatch):
    # padded beside a longer one, or cut into another batch: the tokens are the same
    model = toys.small(sm.TwoTower, toy_split, tokenizer=tokenizer)
    histories = [np.arange(n) for n in (1, 9, 4, 10, 2)]
    together = model.history_tokens(histories)
    monkeypatch.setattr(matching, "QUERY_BATCH", 2)
    toys.near(model.history_tokens(histories), together)
    for history, T in zip(histories, together, strict=True):
        toys.near(model.history_tokens([history])[0], T)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("user_features", [(), ("age", "hobbies")])
@torch.no_grad()
def test_prefixes_are_histories(toy_split, tokenizer, user_features):
    # what training sees after p items is what a query with these p items gets
    model = toys.small(sm.SparCode, toy_split, tokenizer=tokenizer, user_features=user_features)
    sequences = [np.array([5, 3, 8, 1]), np.array([2, 9])]
    users = np.array([1, 6])
    model.eval()
    prefixes = model.prefix_tokens(pad(sequences), torch.from_numpy(users), model.items())
    assert prefixes.shape == (2, 4, 2, 8)
    for row, sequence in enumerate(sequences):
        for p in range(len(sequence)):
            T = model.history_tokens([sequence[: p + 1]], users[row : row + 1])
            toys.near(prefixes[row, p], T[0])


def test_order_matters_to_readers_of_sequences(toy_split):
    forward, back = [np.array([1, 2, 3, 4])], [np.array([4, 3, 2, 1])]
    for tokenizer in TOKENIZERS:
        model = toys.small(sm.TwoTower, toy_split, tokenizer=tokenizer)
        same = torch.allclose(model.history_tokens(forward), model.history_tokens(back))
        assert same == (tokenizer in ("dnn", "capsules"))


def test_tokens_of_sparcode_have_one_scale(toy_split, users):
    T = toys.small(sm.SparCode, toy_split).tokens(users)
    toys.near(T.mean(-1), torch.zeros(T.shape[:2], dtype=T.dtype))
    toys.near(T.var(-1, unbiased=False), torch.ones(T.shape[:2], dtype=T.dtype), 0.05)
    raw = toys.small(sm.TwoTower, toy_split).tokens(users)
    assert float(raw.mean(-1).abs().max()) > 0.01


def test_user_features_are_read(toy_split, users):
    model = toys.small(sm.SparCode, toy_split, user_features=("age",))
    before = model.tokens(users)
    (age,) = (f for f in toy_split.user_features if f.name == "age")
    old = age.values[toy_split.user_positions(users), 0] == age.vocabulary.index("old")
    model.user_fields[0].weight.data[age.vocabulary.index("old"), 0] += 1.0
    moved = (model.tokens(users) - before).abs().amax(dim=(1, 2)).numpy() > 1e-9
    np.testing.assert_array_equal(moved, old)
    assert 0 < old.sum() < len(old)


def test_user_features_stand_in_for_a_history(toy_split):
    model = toys.small(sm.SparCode, toy_split, user_features=("hobbies", "age"))
    assert model.encode([toys.NO_HISTORY, "u01"]).codes.shape == (2, 2, 1, 1)
    stranger = model.encode_histories([[]])
    assert stranger.codes.shape == (1, 2, 1, 1)
    nobody = model.token_codes(model.history_tokens([np.array([], dtype=np.int64)]))
    assert torch.equal(nobody.codes, stranger.codes)


@pytest.mark.parametrize("cls", MODELS)
def test_the_seed_alone_decides_the_weights(toy_split, cls):
    torch.manual_seed(0)
    a = toys.small(cls, toy_split, tokenizer="gru", seed=4)
    torch.manual_seed(1)
    b, c = (toys.small(cls, toy_split, tokenizer="gru", seed=s) for s in (4, 5))
    assert toys.same_weights(a, b)
    assert not toys.same_weights(a, c)


def test_pad():
    assert pad([np.array([3, 1]), np.array([], dtype=np.int64)]).tolist() == [[3, 1], [-1, -1]]
    assert pad([np.array([], dtype=np.int64)]).tolist() == [[-1]]


def test_a_bare_model_says_what_is_missing(toy_split):
    model = matching.MatchingModel(toy_split, tokenizer="dnn", token_dim=8)
    with pytest.raises(NotImplementedError):
        model.scores(["u01"])


def test_someone_without_a_history_is_named(trained, toy_split):
    (empty,) = [
        user
        for user, items in zip(toy_split.user_ids, toy_split.histories("train"), strict=True)
        if len(items) == 0
    ]
    with pytest.raises(ValueError, match=f"user '{empty}' has no item"):
        trained.tokens([toy_split.user_ids[0], empty], "train")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count", [1, 3, 300])
def test_few_items_give_the_tokens_of_the_whole_catalogue_bit_for_bit(
    movielens_split, monkeypatch, dtype, count
):
    model = sm.load_model(CHECKPOINTS / "sparcode-sparse.safetensors", movielens_split, dtype)
    histories = movielens_split.histories("train+validation")[:count]
    tables, items = [], model.items.forward
    monkeypatch.setattr(
        model.items, "forward", lambda *read: tables.append(len(read)) or items(*read)
    )
    T = model.history_tokens(histories)
    assert tables == ([1] if count < 300 else [0])  # many people read most films: one table of all
    everything = torch.arange(model.n_items)
    monkeypatch.setattr(model.items, "of_histories", lambda histories: (everything, model.items()))
    assert torch.equal(T, model.history_tokens(histories))
