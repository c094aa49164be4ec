"""SparCode asked with texts and images: same class, same loop, same index."""

import numpy as np
import pandas as pd
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model import base as matching
from sparcode_mini.model.items import catalogue_of
from sparcode_mini.training.fit import run_epochs
from sparcode_mini.training.pairs import PairExamples, Pairs, fit_pairs
from sparcode_mini.training.recipe import Recipe
from sparcode_mini.training.run import Run

TITLES = ["red apple", "green pear", "blue plum", "black cherry", "white peach", "pink quince"]
FRUIT = pd.DataFrame(
    {"item": list("fedcba"), "title": TITLES[::-1], "hue": ["warm", "cold"] * 3}
)  # rows are not in the order of the ids
RECIPE = {"epochs": 40, "batch": 6, "lr": 2e-2, "warmup": 2, "stages": (0.25, 0.5)}
SHAPE = {"query_tokens": 2, "token_dim": 8, "history_len": 16, "dropout": 0.0, "seed": 1}


def make(cls=sm.SparCode, query="text", **options):
    own = {"N": 6, "hidden": 4} if cls is sm.SparCode else {}
    shape = {**SHAPE, "tokenizer": "gru", "dtype": torch.float64}
    return cls(catalogue_of(FRUIT), query=query, **{**shape, **own, **options})


def pairs(**options):
    texts = TITLES + [title.split()[1] for title in TITLES]
    return Pairs(texts, [np.array([i]) for i in [*range(6), *range(6)]], **options)


@pytest.fixture(scope="module")
def reader():
    model = make()
    model.log = fit_pairs(model, pairs(), **RECIPE)
    return model


def test_a_catalogue_is_sorted_by_id_and_knows_its_features():
    catalogue = catalogue_of(FRUIT)
    assert catalogue.item_ids.tolist() == list("abcdef")
    assert catalogue.titles.tolist() == TITLES
    (hue,) = catalogue.item_features
    assert [hue.vocabulary[v] for v in hue.values[:, 0]] == ["cold", "warm"] * 3
    with pytest.raises(ValueError, match="item"):
        catalogue_of(FRUIT.drop(columns="item"))
    with pytest.raises(ValueError, match=r"the id .f. stands in an earlier row"):
        catalogue_of(pd.concat([FRUIT, FRUIT]))


def test_training_lowers_the_loss_and_finds_the_answers(reader):
    losses = reader.log.column("loss")
    stages = [row["stage"] for row in reader.log.rows]
    assert (
        list(dict.fromkeys(stages)) == ["linear", "soft", "hard"] and stages.count("linear") == 10
    )
    assert losses[-1] < losses[0] - 0.5 and reader.stage == "hard"
    found, _ = sm.SparseIndex.build(reader, codes="all").search(reader.encode(TITLES), k=2)
    assert (found[:, 0] == np.arange(6)).mean() > 0.6


@pytest.mark.parametrize("probes", [1, 3])
def test_the_index_returns_what_the_model_scores(reader, probes):
    index = sm.SparseIndex.build(reader, codes="all")
    queries = [*TITLES, "aple", "pera"]
    found, values = index.search(reader.encode(queries, probes=probes), k=4)
    y = reader.scores(queries, probes=probes).numpy()
    expected, best = sm.top_k(y, 4, positive_only=True)
    assert np.array_equal(found, expected)
    np.testing.assert_allclose(values, best, rtol=1e-12)


@pytest.mark.parametrize("tokenizer", ["dnn", "self-attention", "capsules"])
def test_images_through_every_tokenizer(tokenizer, tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 17, size=(12, 8, 8)).astype(float)
    model = make(query="image", tokenizer=tokenizer)
    before = float(model.scores(images).sum())
    fit_pairs(model, Pairs(images, [np.array([i % 6]) for i in range(12)]), **RECIPE)
    y = model.scores(images)
    assert y.shape == (12, 6) and float(y.sum()) != before
    model.save(tmp_path / "model")
    again = sm.load_model(tmp_path / "model")
    assert again.config.query == "image" and toys.same_weights(model, again)
    assert torch.equal(again.scores(images), y)


def test_a_two_tower_reads_texts_too():
    model = make(sm.TwoTower, query_tokens=1)
    log = fit_pairs(model, pairs(), **{k: v for k, v in RECIPE.items() if k != "stages"})
    assert log.column("loss")[-1] < log.column("loss")[0]
    assert model.scores(["plum"]).shape == (1, 6)


def test_tokens_do_not_depend_on_the_batch(reader, monkeypatch):
    together = reader.tokens(TITLES)
    monkeypatch.setattr(matching, "QUERY_BATCH", 2)
    torch.testing.assert_close(reader.tokens(TITLES), together)
    torch.testing.assert_close(reader.tokens(TITLES[3:4]), together[3:4])


def test_equal_seeds_give_equal_models():
    a, b = make(), make()
    for model in (a, b):
        fit_pairs(model, pairs(), seed=5, **RECIPE)
    assert toys.same_weights(a, b)


def test_items_that_are_no_candidates_get_no_gradient():
    shown = np.array([0, 2, 3, 5])
    model = make()
    before = model.items.id.weight.detach().clone()
    only = Pairs([TITLES[i] for i in shown], [np.array([i]) for i in shown], candidates=shown)
    fit_pairs(model, only, **RECIPE)
    after = model.items.id.weight.detach()
    shrunk = after[[1, 4]] / before[[1, 4]]  # AdamW's weight decay alone: one factor for all
    torch.testing.assert_close(shrunk, shrunk[0, 0].expand_as(shrunk))
    assert 0.9 < float(shrunk[0, 0]) < 1
    moved = after[[0, 2, 3, 5]] / before[[0, 2, 3, 5]] - shrunk[0, 0]
    assert float(moved.abs().median()) > 0.01


def test_targets_are_drawn_among_all_answers():
    seen = set()
    six = Pairs(["apple"] * 6, [np.array([1, 4])] * 6)
    examples, rng = PairExamples(make(), six, Recipe(batch=6)), np.random.default_rng(0)
    for _ in range(8):
        for _, targets in examples.batches(rng):
            seen |= set(targets.tolist())
    assert seen == {1, 4}


@pytest.mark.parametrize(
    ("make_it", "message"),
    [
        (lambda: Pairs(["a"], []), "1 queries and 0 lists of answers"),
        (lambda: Pairs(["a"], [np.array([], dtype=int)]), "query 0 has no answer"),
        (
            lambda: Pairs(["a"], [np.array([3])], candidates=np.array([1])),
            "an answer of query 0 is no candidate",
        ),
        (lambda: fit_pairs(make(), Pairs(["a"], [np.array([6])])), "positions are 0 to 5"),
        (lambda: make(query="smell"), "query = 'smell'; choose"),
        (lambda: make(query="history"), "a catalogue has no histories"),
        (lambda: make(user_features=("age",)), "reads no histories and no user features"),
        (lambda: make().tokens([]), "there are no queries; give at least one text"),
        (lambda: make().history_tokens([np.array([1])]), "reads a text, not histories"),
        (lambda: make().encode_histories([["a"]]), "reads a text, not histories"),
        (lambda: fit_pairs(make(), pairs(), epochs=1), "leaves no epoch after stages"),
    ],
)
def test_what_does_not_fit_is_told(make_it, message):
    with pytest.raises(ValueError, match=message):
        make_it()


def test_a_split_and_a_kind_of_content_do_not_go_together(toy_split):
    with pytest.raises(ValueError, match="give a catalogue alone"):
        toys.small(sm.SparCode, toy_split, query="text")
    with pytest.raises(ValueError, match="reads histories; make it with query"):
        fit_pairs(toys.small(sm.SparCode, toy_split), pairs())


def test_an_interrupted_training_equals_one_run(tmp_path):
    whole, parts, file = make(), make(), tmp_path / "state.safetensors"
    fit_pairs(whole, pairs(), seed=5, **RECIPE)

    def stop(row):
        if row["epoch"] == 3:
            raise KeyboardInterrupt

    recipe = Recipe(seed=5, **RECIPE)
    run = Run(parts, PairExamples(parts, pairs(), recipe), recipe, file)
    assert run_epochs(run, on_epoch=stop).interrupted
    other = Pairs(TITLES, [np.array([i]) for i in range(6)])
    with pytest.raises(ValueError, match="belongs to another run: its data is"):
        fit_pairs(make(), other, seed=5, checkpoint=file, resume=True, **RECIPE)
    again = make()
    fit_pairs(again, pairs(), seed=5, checkpoint=file, resume=True, **RECIPE)
    assert toys.same_weights(again, whole)
