"""A model from a file is the model that was saved."""

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model import load
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.model.variants.scorers import SCORERS

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
