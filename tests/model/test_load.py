"""A model from a file is the model that was saved."""

import copy
import dataclasses
import inspect
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.model import load
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.model.variants.scorers import SCORERS
from sparcode_mini.tools.files import file_digest, load_tensors, save_tensors

ROOT = Path(__file__).resolve().parents[2]
MODELS = (sm.TwoTower, sm.AllToAll, sm.SparCode)


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_save_and_load(toy_split, users, tmp_path, cls, tokenizer):
    own = {} if cls is sm.TwoTower else {"bias": 0.1, "scorer": "concatenation"}
    model = toys.small(cls, toy_split, tokenizer=tokenizer, **own)
    model.save(tmp_path / "model")
    again = sm.load_model(tmp_path / "model", split=toy_split)
    assert type(again) is cls
    assert again.config == model.config
    assert not again.training
    assert again.dtype == torch.float64
    assert toys.same_weights(model, again)
    assert torch.equal(again.scores(users), model.scores(users))


@pytest.mark.parametrize("cls", [sm.AllToAll, sm.SparCode])
@pytest.mark.parametrize("path", [None, True, False])
def test_every_scorer_is_saved_and_loaded(toy_split, users, tmp_path, cls, path):
    for scorer in SCORERS:
        model = toys.small(cls, toy_split, scorer=scorer, linear_path=path)
        assert ("linear_path" in model.config.to_file()) == (path is not None)
        model.save(tmp_path / "model")
        again = sm.load_model(tmp_path / "model", split=toy_split)
        assert again.config == model.config and type(again.scorer) is SCORERS[scorer]
        assert again.scorer.has_linear_path == model.scorer.has_linear_path
        assert torch.equal(again.scores(users), model.scores(users))


def test_a_model_without_data(trained, toy_split, users, tmp_path):
    trained.save(tmp_path / "model")
    model = sm.load_model(tmp_path / "model")
    for ask in (model.encode, model.tokens, model.scores):
        with pytest.raises(ValueError, match=r"loaded without data.*encode_histories"):
            ask(users)
    raw = [toy_split.item_ids[h].tolist() for h in toy_split.history(users)]
    codes = model.encode_histories(raw)
    assert torch.equal(codes.codes, trained.encode(users).codes)
    toys.near(model.scores_of_codes(codes), trained.scores(users))
    assert model.catalogue.titles.tolist() == toy_split.titles.tolist()
    index = sm.SparseIndex.build(model, codes="all")
    assert len(index) == 6
    with pytest.raises(ValueError, match="loaded without data"):
        sm.SparseIndex.build(model)


def test_a_model_with_user_features_and_without_data(toy_split, tmp_path):
    model = toys.small(sm.SparCode, toy_split, user_features=("age", "hobbies"))
    model.save(tmp_path / "model")
    alone = sm.load_model(tmp_path / "model")
    history = [toy_split.item_ids[:4].tolist()]
    assert torch.equal(alone.encode_histories(history).codes, model.encode_histories(history).codes)
    again = sm.load_model(tmp_path / "model", split=toy_split)
    assert torch.equal(
        again.scores(["u01", toys.NO_HISTORY]), model.scores(["u01", toys.NO_HISTORY])
    )
    bare = sm.data.from_frames(
        toys.toy_ratings().interactions, items=toys.toy_ratings().items
    ).split()
    with pytest.raises(ValueError, match="user feature 'age'"):
        sm.load_model(tmp_path / "model", split=bare)


def test_precision_on_loading(toy_split, users, tmp_path):
    model = toys.small(sm.SparCode, toy_split, dtype=torch.float32)
    model.save(tmp_path / "model")
    y, double = model.scores(users), sm.load_model(tmp_path / "model", toy_split, torch.float64)
    assert y.dtype == torch.float32
    assert double.dtype == double.quantizer.codebooks.dtype == torch.float64
    assert double.scores(users).dtype == torch.float64
    same = (double.encode(users).codes == model.encode(users).codes).flatten(1).all(dim=1)
    assert float(same.double().mean()) > 0.9
    torch.testing.assert_close(double.scores(users)[same].float(), y[same], rtol=1e-4, atol=1e-5)
    double.save(tmp_path / "double")
    single = sm.load_model(tmp_path / "double", toy_split, torch.float32)
    assert toys.same_weights(single, model)
    assert sm.load_model(tmp_path / "double").dtype == torch.float64


def test_a_precision_too_small_for_a_weight(toy_split, tmp_path):
    model = toys.small(sm.TwoTower, toy_split, dtype=torch.float32)
    with torch.no_grad():
        model.item_bias[3] = 1e6
    model.save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"model: its weight 'item_bias' is too large for .*16"):
        sm.load_model(tmp_path / "model", dtype=torch.float16)
    assert sm.load_model(tmp_path / "model", dtype=torch.bfloat16).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda m: m.item_bias.data.fill_(float("nan")), "weight 'item_bias' holds NaN"),
        (lambda m: m.catalogue.titles.__setitem__(0, "\ud83d"), "surrogates not allowed"),
        (lambda m: m.catalogue.titles.__setitem__(0, None), "titles are no 60 texts"),
        (lambda m: m.catalogue.item_features[0].values.fill(99), "values 99..99"),
    ],
)
def test_what_would_not_load_is_not_saved(toy_split, tmp_path, spoil, message):
    model = toys.small(sm.TwoTower, toy_split)
    model.catalogue = copy.deepcopy(model.catalogue)
    spoil(model)
    with pytest.raises(ValueError, match=f"model: .*{message}"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_another_catalogue_is_refused(trained, tmp_path):
    trained.save(tmp_path / "model")
    other = toys.toy_ratings(n_items=59).split()
    with pytest.raises(ValueError, match="another catalogue"):
        sm.load_model(tmp_path / "model", split=other)


def test_other_item_features_are_refused(trained, toy_split, users, tmp_path):
    trained.save(tmp_path / "model")
    tables = toys.toy_ratings()
    turned = tables.items.assign(year=tables.items["year"].to_numpy()[::-1])  # the same years
    other = sm.data.from_frames(tables.interactions, tables.users, turned).split(0.2, 0.2)
    assert other.fingerprint == toy_split.fingerprint
    with pytest.raises(ValueError, match="other values of the item feature 'year'"):
        sm.load_model(tmp_path / "model", split=other)
    bare = sm.data.from_frames(
        tables.interactions, tables.users, tables.items[["item"]].assign(studio="new")
    ).split(0.2, 0.2)  # the model keeps its own features, and needs no further ones
    again = sm.load_model(tmp_path / "model", split=bare)
    assert torch.equal(again.scores(users), trained.scores(users))


@pytest.mark.parametrize("stage", ["linear", "soft"])
def test_an_interrupted_training_is_remembered_in_the_file(trained, tmp_path, stage):
    model = toys.twin(trained)
    model.stage = stage
    model.save(tmp_path / "model")
    with pytest.raises(RuntimeError, match=f"'{stage}' stage"):
        sm.load_model(tmp_path / "model").encode_histories([[101]])


def test_files_that_are_no_models_are_refused(trained, trained_index, tmp_path, monkeypatch):
    path = tmp_path / "file"
    trained_index.save(path)
    with pytest.raises(ValueError, match="holds a 'sparcode-mini index'"):
        sm.load_model(path)
    trained.save(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="cut short"):
        sm.load_model(path)
    with pytest.raises(FileNotFoundError):
        sm.load_model(tmp_path / "nothing")
    trained.save(path)
    monkeypatch.delitem(load.MODELS, "SparCode")
    with pytest.raises(ValueError, match="its class is 'SparCode'; this version knows"):
        sm.load_model(path)


def test_an_interrupted_model_scores_the_same_after_loading(toy_split, users, tmp_path):
    model = toys.small(sm.SparCode, toy_split, seed=1)

    def stop(row):
        raise KeyboardInterrupt

    sm.fit(model, toy_split, epochs=4, batch=8, on_epoch=stop)
    model.save(tmp_path / "m.safetensors")
    again = sm.load_model(tmp_path / "m.safetensors", toy_split)
    assert (again.stage, again.slope, again.quantizer_on) == ("linear", model.slope, False)
    assert torch.equal(again.scores(users), model.scores(users))


def test_what_the_file_says_of_switches_is_taken_over(toy_split, users, tmp_path):
    model = toys.small(sm.SparCode, toy_split)
    model.scorer.mlp_on = False
    model.save(tmp_path / "m.safetensors")
    again = sm.load_model(tmp_path / "m.safetensors", toy_split)
    assert not again.scorer.mlp_on
    assert torch.equal(again.scores(users), model.scores(users))
    with pytest.raises(ValueError, match="quantizer_on = False in stage 'hard'"):
        again.restore({"stage": "hard", "quantizer_on": False})


# --- files from elsewhere: the checksum is right, what they say is not


@pytest.fixture(scope="module")
def whole(trained, tmp_path_factory):
    """Tensors and meta of a good model file."""
    path = tmp_path_factory.mktemp("whole") / "model"
    trained.save(path)
    return load_tensors(path, "sparcode-mini model", 1)


def refusal(path, tensors, meta):
    """The one line with which a file is refused; it names the file."""
    save_tensors(path, tensors, meta, "sparcode-mini model", 1)
    with pytest.raises(ValueError) as caught:
        sm.load_model(path)
    assert type(caught.value) is ValueError and str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["class", "config", "dtype", "item_ids", "titles", "item_features", "user_features"]
)
def test_an_entry_is_missing_or_of_another_type(tmp_path, whole, name):
    tensors, meta = whole
    rest = {key: value for key, value in meta.items() if key != name}
    assert f"lacks {name!r}" in refusal(tmp_path / "x", tensors, rest)
    for value in (None, 5, True, [None], ["x"], {"x": 1}):
        refusal(tmp_path / "x", tensors, meta | {name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class": "os.system"}, "class is 'os.system'"),
        ({"dtype": "__class__"}, "dtype is '__class__'"),
        ({"dtype": "int64"}, "dtype is 'int64'"),
        ({"dtype": "float32"}, "is torch.float64"),
        ({"stage": "evil"}, "stage is 'evil'"),
        ({"stage": 3}, "stage is 3"),
        ({"slope": float("nan")}, "slope is nan"),
        ({"slope": "0"}, "slope is '0'"),
        ({"mlp_on": 1}, "mlp_on is 1"),
        ({"quantizer_on": False}, "quantizer_on = False in stage 'hard'"),
        ({"evil": 1}, r"unknown entries ['evil']"),
        ({"item_ids": [1] * 60}, "item id 1 60 times"),
        ({"item_ids": [[1]] * 60}, "item_ids are neither"),
        ({"item_ids": [True, *range(59)]}, "item_ids are neither"),
        ({"item_ids": ["a", *range(59)]}, "item_ids are neither"),
        ({"item_ids": [2**63, *range(59)]}, "item_ids are neither"),
        ({"item_ids": [0.5, *range(59)]}, "item_ids are neither"),
        ({"item_ids": list(range(59))}, "titles are no 59 texts"),
        ({"item_ids": list(range(59)), "titles": ["t"] * 59}, "items.id.weight"),
        ({"titles": ["a"]}, "titles are no 60 texts"),
        ({"titles": [None] * 60}, "titles are no 60 texts"),
        ({"item_features": [["year", "evil", ["a"]]]}, "unknown kind"),
        ({"item_features": [["year", "list", []]]}, "no vocabulary"),
        ({"item_features": [["year", "list", [1]]]}, "no vocabulary"),
        ({"item_features": [["year", "list"]]}, "not [name, kind, vocabulary]"),
        ({"item_features": [["other", "list", ["a"]]]}, "'other' has no table"),
        ({"item_features": [["year", "list", ["a"]]] * 2}, "names a feature twice"),
        ({"item_features": []}, "too many, the tensors"),
        ({"user_features": [["age", "3"]]}, "not [name, size]"),
        ({"user_features": [["age", 0]]}, "give at least 1"),
        ({"user_features": [["age", 3]]}, "lacks the tensors"),
        ({"user_features": [["age", 3], ["age", 3]]}, "names a feature twice"),
        ({"user_features": [[f"f{i}", 10**9] for i in range(9999)]}, "asks for 9999 layers"),
    ],
)
def test_entries_that_can_not_be(tmp_path, whole, change, message):
    tensors, meta = whole
    assert message in refusal(tmp_path / "x", tensors, meta | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"token_dim": "64"}, "token_dim = '64'; give a whole number"),
        ({"token_dim": True}, "token_dim = True"),
        ({"token_dim": 8.0}, "token_dim = 8.0"),
        ({"N": 0}, "N = 0"),
        ({"N": 31}, "config asks for torch.float64 [1, 31, 8]"),
        ({"dropout": float("inf")}, "dropout = inf"),
        ({"seed": -1}, "seed = -1"),
        ({"query_shape": [1, 0]}, "query_shape = (1, 0)"),
        ({"query_shape": "ab"}, "query_shape = 'ab'"),
        ({"query": "vector", "query_shape": [10**6, 1]}, "asks for 1000000 layers"),
        ({"soft": 2**62}, f"soft = {2**62}"),
        ({"tokenizer": "evil"}, "tokenizer 'evil'"),
        ({"scorer": "evil"}, "scorer 'evil'"),
        ({"quantizer": "evil"}, "quantizer = 'evil'"),
        ({"balance": "x"}, "balance = 'x'"),
        ({"gates": None}, "gates = None"),
        ({"evil": 1}, "no entries ['evil']"),
    ],
)
def test_settings_that_can_not_be(tmp_path, whole, change, message):
    tensors, meta = whole
    changed = {**meta, "config": meta["config"] | change}
    assert message in refusal(tmp_path / "x", tensors, changed)


def test_every_setting_must_be_there(tmp_path, whole):
    tensors, meta = whole
    for name in sm.SparCode.config_class().to_file():
        config = {key: value for key, value in meta["config"].items() if key != name}
        message = refusal(tmp_path / "x", tensors, {**meta, "config": config})
        assert f"the SparCodeConfig lacks ['{name}']" in message


SIZES = ("token_dim", "N", "M", "hidden", "query_tokens", "history_len")


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(SIZES), st.sampled_from([10**k for k in range(4, 19)])))
def test_large_settings_cost_nothing(tmp_path_factory, whole, change):
    tensors, meta = whole
    if not change:
        return
    start = time.perf_counter()
    changed = {**meta, "config": meta["config"] | {"quantizer": "residual"} | change}
    refusal(tmp_path_factory.mktemp("large") / "x", tensors, changed)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("N", [2**60, 2**62])
def test_layers_beyond_all_memory(tmp_path, whole, N):
    tensors, meta = whole
    changed = {**meta, "config": meta["config"] | {"N": N}}
    assert f"N = {N}; give a number from 1 to 16" in refusal(tmp_path / "x", tensors, changed)
    changed = {**meta, "user_features": [["age", N]]}
    assert "its config asks for a layer" in refusal(tmp_path / "x", tensors, changed)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("weights.item_bias", None, "lacks the tensors ['weights.item_bias']"),
        ("weights.evil", torch.zeros(3), "too many, the tensors ['weights.evil']"),
        ("evil", torch.zeros(3), "too many, the tensors ['evil']"),
        ("weights.item_bias", torch.zeros(3), "is torch.float32 [3]"),
        ("weights.item_bias", torch.zeros(60, dtype=torch.int64), "is torch.int64 [60]"),
        ("weights.item_bias", torch.full((60,), torch.nan).double(), "holds NaN or infinity"),
        ("weights.item_bias", torch.full((60,), -torch.inf).double(), "holds NaN or infinity"),
        ("feature.year", torch.full((60, 1), 10**6), "has values 1000000..1000000"),
        ("feature.year", torch.full((60, 1), -1), "has values -1..-1"),
        ("feature.year", torch.zeros(60, 1), "no table of whole numbers"),
        ("feature.year", torch.zeros(60, 0, dtype=torch.int64), "no table of whole numbers"),
        ("feature.year", torch.zeros(59, 1, dtype=torch.int64), "is torch.int64 [59, 1]"),
    ],
)
def test_tensors_that_can_not_be(tmp_path, whole, name, change, message):
    tensors, meta = whole
    changed = {key: value for key, value in tensors.items() if key != name}
    changed |= {} if change is None else {name: change}
    assert message in refusal(tmp_path / "x", changed, meta)


def test_the_precision_asked_for_is_one(trained, tmp_path):
    trained.save(tmp_path / "model")
    for dtype in (torch.int64, torch.complex64):
        with pytest.raises(ValueError, match=r"dtype = torch\.\w+; choose one of"):
            sm.load_model(tmp_path / "model", dtype=dtype)


def test_ids_and_titles_of_any_length_take_room_by_their_letters(tmp_path, whole):
    tensors, meta = whole
    ids, titles = [f"i{n}" for n in range(60)], ["é"] * 59 + ["long" * 10**6]
    meta = meta | {"item_ids": ids, "titles": titles}
    save_tensors(tmp_path / "x", tensors, meta, "sparcode-mini model", 1)
    catalogue = sm.load_model(tmp_path / "x").catalogue
    assert catalogue.titles.nbytes == catalogue.item_ids.nbytes == 8 * 60
    assert catalogue.titles.tolist() == titles and catalogue.item_ids.tolist() == ids


def train(path):
    split = toys.toy_ratings().split(0.2, 0.2)
    model = toys.small(sm.SparCode, split, user_features=("age",), gates=True, seed=1)
    sm.fit(model, split, epochs=2, batch=16)
    model.save(path)


TRAINING = f"""
import sys
sys.path.insert(0, "tests")
import sparcode_mini as sm, toys
{inspect.getsource(train)}
train(sys.argv[1])
"""


def test_two_processes_that_train_alike_write_the_same_file(tmp_path):
    other, own = tmp_path / "other", tmp_path / "own"
    environment = {**os.environ, "PYTHONHASHSEED": "1"}  # another order in sets
    subprocess.run(
        [sys.executable, "-c", TRAINING, str(other)], check=True, env=environment, cwd=ROOT
    )
    train(own)
    assert file_digest(other) == file_digest(own)


def test_titles_are_those_of_the_data_that_is_given(toy_split, tmp_path):
    model = toys.small(sm.TwoTower, toy_split)
    model.save(tmp_path / "m.safetensors")
    titles = np.array([f"New {n}" for n in range(toy_split.n_items)], dtype=object)
    renamed = dataclasses.replace(toy_split, titles=titles)
    loaded = sm.load_model(tmp_path / "m.safetensors", renamed)
    assert loaded.catalogue.titles.tolist() == titles.tolist()
    ids = np.array(list(map(str, toy_split.item_ids.tolist())), dtype=object)
    untitled = sm.load_model(tmp_path / "m.safetensors", dataclasses.replace(toy_split, titles=ids))
    assert untitled.catalogue.titles.tolist() == toy_split.titles.tolist()


def test_a_model_knows_what_it_has_learnt_from(toy_split, tmp_path):
    model = toys.small(sm.TwoTower, toy_split)
    assert model.trained_on is None
    sm.fit(model, toy_split, epochs=1)
    model.save(tmp_path / "m.safetensors")
    assert sm.load_model(tmp_path / "m.safetensors").trained_on == toy_split.fingerprint
