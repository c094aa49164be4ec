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
        ["4.0371", "3.9543", "3.8802", "3.8196", "3.8395", "3.7887"],
        "0.3127",
        153,
        [4, 3, 2, 1, 4, 3],
    ),
    "gru": (
        ["4.0299", "3.9809", "3.9476", "3.9445", "3.8606", "3.9337"],
        "0.2761",
        119,
        [1, 0, 1, 0, 1, 0],
    ),
    "self-attention": (
        ["4.0298", "3.9810", "3.9506", "3.9330", "3.9134", "3.8773"],
        "0.2655",
        93,
        [3, 1, 5, 1, 4, 1],
    ),
    "capsules": (
        ["4.0201", "3.9366", "3.8486", "3.8354", "3.8471", "3.7937"],
        "0.2567",
        86,
        [4, 2, 0, 5, 3, 2],
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
    model = sm.load_model(
        CHECKPOINTS / "sparcode-sparse.safetensors", movielens_split, torch.float64
    )
    index = sm.SparseIndex.build(model, codes="all")
    liked = movielens_split.find_titles(["Alien (1979)", "Star Wars (1977)"])
    found = explain(model, index, liked, k=3)
    assert [read.code for read in found.reads] == [(42,), (42,), (42,), (23,)]
    assert found.results() == [
        "Raiders of the Lost Ark (1981)",
        "Empire Strikes Back, The (1980)",
        "Braveheart (1995)",
    ]
    assert [f"{value:.3f}" for value in found.values] == ["4.312", "4.292", "3.942"]
