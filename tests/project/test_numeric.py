"""Digits that must not depend on the processor: `make test-matrix` runs these on each level.

Everything is float64 with numpy's random numbers, from initialisation to dropout, so training,
quantiser included, ends with the same printed digits.
"""

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.explain.query import explain
from sparcode_mini.results import CHECKPOINTS

pytestmark = pytest.mark.numeric

TRAINED = {  # tokenizer: loss of each epoch, test NDCG@50, list entries, codes of three users
    "dnn": (
        ["4.1087", "4.0358", "3.9572", "3.9200", "3.9298", "3.8844"],
        "0.3093",
        112,
        [5, 3, 2, 1, 5, 3],
    ),
    "gru": (
        ["4.1101", "4.0597", "4.0243", "4.0225", "3.9455", "4.0291"],
        "0.2592",
        127,
        [1, 0, 1, 0, 1, 0],
    ),
    "self-attention": (
        ["4.1123", "4.0552", "4.0103", "3.9630", "3.9119", "3.8804"],
        "0.3399",
        192,
        [0, 2, 0, 2, 1, 4],
    ),
    "capsules": (
        ["4.1028", "4.0313", "3.9507", "3.9633", "3.9492", "3.9225"],
        "0.3136",
        104,
        [0, 1, 0, 1, 3, 4],
    ),
}


@pytest.mark.parametrize("tokenizer", TRAINED)
def test_training_ends_with_these_digits_on_every_processor(toy_split, tokenizer):
    model = toys.small(sm.SparCode, toy_split, seed=1, tokenizer=tokenizer)
    log = sm.fit(model, toy_split, epochs=6, seed=2, batch=8, warmup=2, lr=2e-2)
    users = toys.known_users(toy_split)[:3]
    index = sm.SparseIndex.build(model, codes="all")
    losses, ndcg, entries, codes = TRAINED[tokenizer]
    assert [f"{loss:.4f}" for loss in log.column("loss")] == losses
    assert f"{sm.evaluate(model, toy_split)['ndcg@50']:.4f}" == ndcg
    assert index.stats()["entries"] == entries
    assert model.encode(users).codes.flatten().tolist() == codes


def test_the_shipped_model_gives_these_films_on_every_processor(movielens_split):
    """Weights from a file, float64: codes and the order of the films are stable."""
    model = sm.load_model(CHECKPOINTS / "sparcode-sparse.safetensors", movielens_split, torch.float64)
    index = sm.SparseIndex.build(model, codes="all")
    liked = movielens_split.find_titles(["Alien (1979)", "Star Wars (1977)"])
    found = explain(model, index, liked, k=3)
    assert [read.code for read in found.reads] == [(120,), (116,), (120,), (60,)]
    assert found.results() == [
        "Aliens (1986)",
        "Raiders of the Lost Ark (1981)",
        "Terminator 2: Judgment Day (1991)",
    ]
    assert [f"{value:.3f}" for value in found.values] == ["3.037", "3.026", "3.009"]
