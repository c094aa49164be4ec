"""Can an index of SparCode reach a tuned two-tower at no more bytes than its HNSW graph?

Both are trained and tuned as the table of `reproduce` says, with the GRU tokenizer and with
self-attention. The two-tower searches exactly, so it loses nothing; its bytes are those of the
graph that would serve it. The lists keep their best n entries in 8 bits, trained again or not.
What helps one side is given to the other: the vectors of the two-tower are trained again too, with
the same passes and the same rates to choose from on validation. Each shape of the lists is compared
with both two-towers: trained again, and as they were.

`--folder runs/reproduce` uses the models of the table. About 3 minutes a model beside the training.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, per_user
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.load import load_model
from sparcode_mini.serving.two_tower import Served, Tower, hnsw
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.full_size import EPOCHS, RATES, TUNED_PROBES, tuned
from sparcode_mini.studies.table import table_spec
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

SEEDS = (0, 1, 2, 3, 4)
PAIRS = {  # tokenizer -> rows of the table
    "GRU": ("sparcode-gru", "two-tower-gru"),
    "self-attention": ("sparcode", "two-tower"),
}


class Shape(NamedTuple):
    """One way to serve the lists of a model."""

    best: int | None  # entries that each list keeps, None for all
    precision: str
    probes: int = 4
    trained: bool = False  # are the entries trained again after the cut?


SHAPES = (
    Shape(None, "float16"),
    Shape(None, "int8"),
    Shape(800, "int8"),
    Shape(400, "int8"),
    Shape(200, "int8"),
    Shape(100, "int8"),
    Shape(None, "int8", TUNED_PROBES),
    Shape(None, "int8", TUNED_PROBES, trained=True),
    Shape(200, "int8", TUNED_PROBES, trained=True),
)
TRAINED = 7  # the most promising shape: all entries, trained again


def model_of(split: Split, folder: Path, row: str, seed: int) -> Any:
    """Return the model of a row, trained now if `folder` does not hold it."""
    train_and_measure(split, table_spec(row), seed, folder, f"{row}-{seed}")
    return load_model(folder / f"{row}-{seed}.safetensors", split)


def run(folder: Path) -> dict[str, Any]:
    """Measure the lists in every shape, and compare each with the two-tower; resumable."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    pairs = {}
    for tokenizer, rows in progress(PAIRS.items(), desc="reaching"):
        each = [run_one(split, folder, *rows, seed) for seed in progress(SEEDS, desc=tokenizer)]
        pairs[tokenizer] = summarise(each)
    return pairs


def run_one(split: Split, folder: Path, row: str, twin: str, seed: int) -> dict[str, Any]:
    """Measure both sides with one seed; not done again if `folder` holds the result."""
    tower, model = (model_of(split, folder, name, seed) for name in (twin, row))
    files = [folder / f"{name}-{seed}.safetensors" for name in (twin, row)]

    def make() -> dict[str, Any]:
        whole = SparseIndex.build(model, codes="all")
        lists = [measure_lists(model, split, whole, shape, seed) for shape in SHAPES]
        return {"two-tower": measure_tower(tower, split, seed), "lists": lists}

    options = serving() | {"models": [file_digest(file) for file in files]}
    result: dict[str, Any] = remembered(folder / f"{row}-{seed}.reaching.json", options, make, None)
    return result


def measure_tower(model: Any, split: Split, seed: int) -> dict[str, Any]:
    """Measure NDCG@50 of each person by exact search, trained again or not; bytes of the graph."""
    tower = Tower(model, split)
    same = np.eye(model.config.token_dim, dtype=tower.items.dtype)  # no turn, no cut
    again, rate = tower.tuned(tower.items, same, seed, EPOCHS, RATES)
    return {
        "people": per_user(model, split).tolist(),
        "people, trained again": tower.per_user(again, same).tolist(),
        "rate": rate,
        "hnsw bytes": hnsw(Served(model)).nbytes,
    }


def measure_lists(
    model: Any, split: Split, whole: SparseIndex, shape: Shape, seed: int
) -> dict[str, Any]:
    """Measure NDCG@50 of each person by lists of one shape, and the bytes of their index."""
    index = whole if shape.best is None else whole.cut(best=shape.best)
    rate = None
    if shape.trained:
        index, rate = tuned(index, model, split, seed)
    index = index.quantised(shape.precision)
    stats = index.stats()
    return {
        "people": per_user(model, split, probes=shape.probes, index=index).tolist(),
        "bytes": stats["entry_bytes"] + stats["other_bytes"],
        "density": stats["density"],
        "rate": rate,
    }


def summarise(each: list[dict[str, Any]]) -> dict[str, Any]:
    """Return all seeds of a pair, each shape compared with the two-towers person by person."""
    towers = [one["two-tower"] for one in each]
    plain, again = (
        np.array([tower[key] for tower in towers]) for key in ("people", "people, trained again")
    )  # (seeds, n_users)
    lists = [list(seeds) for seeds in zip(*(one["lists"] for one in each), strict=True)]
    return {
        "two-tower": {
            "ndcg@50": plain.mean(axis=1).tolist(),
            "ndcg@50, trained again": again.mean(axis=1).tolist(),
            "gain": compare(again, plain),
            "rates": [tower["rate"] for tower in towers],
            "hnsw bytes": [tower["hnsw bytes"] for tower in towers],
        },
        "lists": [
            compare_shape(shape, seeds, plain, again)
            for shape, seeds in zip(SHAPES, lists, strict=True)
        ],
    }


def compare_shape(
    shape: Shape, seeds: list[dict[str, Any]], plain: np.ndarray, again: np.ndarray
) -> dict[str, Any]:
    """Compare a shape over all seeds with both two-towers (seeds, n_users), person by person."""
    people = np.array([one["people"] for one in seeds])  # (seeds, n_users)
    return {
        **shape._asdict(),
        "ndcg@50": people.mean(axis=1).tolist(),
        "bytes": [one["bytes"] for one in seeds],
        "density": [one["density"] for one in seeds],
        "rates": [one["rate"] for one in seeds],
        "against two-tower": compare(people, again),
        "against two-tower, not trained again": compare(people, plain),
    }


def serving() -> dict[str, Any]:
    """Return what decides a finished part beside the models."""
    return {"shapes": [shape._asdict() for shape in SHAPES], "epochs": EPOCHS, "rates": list(RATES)}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "rows": {row: table_spec(row) for pair in PAIRS.values() for row in pair},
        "seeds": list(SEEDS),
        **serving(),
        "data": "MovieLens-100K",
    }
