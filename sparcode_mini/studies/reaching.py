"""Can an index of SparCode reach a tuned two-tower at no more bytes than its HNSW graph?

Both trained and tuned as the table of `reproduce` says, with the GRU tokenizer and with
self-attention. The two-tower searches exactly, so it loses nothing; its bytes are those of the
graph that would serve it. The lists keep their best n entries in 8 bits, trained again or not.
What helps one side is given to the other: the vectors of the two-tower are trained again too, with
the same passes and the same rates to choose from on validation. Each shape of the lists is compared
with both two-towers, trained again and not. Give `--folder runs/reproduce` to use the table's
models; about 3 minutes a model beside their training.
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
    trained: bool = False  # the entries, after the cut


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
TRAINED = 7  # the shape of which most was hoped for: everything, trained


def model_of(split: Split, folder: Path, row: str, seed: int) -> Any:
    """The trained model of a row, trained now if `folder` does not hold it."""
    train_and_measure(split, table_spec(row), seed, folder, f"{row}-{seed}")
    return load_model(folder / f"{row}-{seed}.safetensors", split)


def run(folder: Path) -> dict[str, Any]:
    """NDCG@50 and bytes of the lists in every shape, each against the two-tower; resumable."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    found = {}
    for tokenizer, rows in progress(PAIRS.items(), desc="reaching"):
        each = [run_one(split, folder, *rows, seed) for seed in progress(SEEDS, desc=tokenizer)]
        found[tokenizer] = summed_up(each)
    return found


def run_one(split: Split, folder: Path, row: str, twin: str, seed: int) -> dict[str, Any]:
    """One seed of both sides, what everybody gets; not done again if `folder` holds it."""
    tower, model = (model_of(split, folder, name, seed) for name in (twin, row))
    files = [folder / f"{name}-{seed}.safetensors" for name in (twin, row)]

    def make() -> dict[str, Any]:
        whole = SparseIndex.build(model, codes="all")
        lists = [shape(model, split, whole, how, seed) for how in SHAPES]
        return {"two-tower": tower_of(tower, split, seed), "lists": lists}

    asked = served_how() | {"models": [file_digest(file) for file in files]}
    found: dict[str, Any] = remembered(folder / f"{row}-{seed}.reaching.json", asked, make, None)
    return found


def tower_of(model: Any, split: Split, seed: int) -> dict[str, Any]:
    """By exact search, as trained and with vectors trained again; bytes of its graph."""
    tower = Tower(model, split)
    same = np.eye(model.config.token_dim, dtype=tower.items.dtype)  # no turn, no cut
    again, rate = tower.tuned(tower.items, same, seed, EPOCHS, RATES)
    return {
        "people": per_user(model, split).tolist(),
        "people, trained again": tower.per_user(again, same).tolist(),
        "rate": rate,
        "hnsw bytes": hnsw(Served(model), 64).nbytes,
    }


def shape(model: Any, split: Split, whole: SparseIndex, how: Shape, seed: int) -> dict[str, Any]:
    """One index: what everybody gets, and its bytes (entries, scales, codes, codebooks)."""
    index = whole if how.best is None else whole.cut(best=how.best)
    rate = None
    if how.trained:
        index, rate = tuned(index, model, split, seed)
    index = index.quantised(how.precision)
    stats = index.stats()
    return {
        "people": per_user(model, split, probes=how.probes, index=index).tolist(),
        "bytes": stats["entry_bytes"] + stats["other_bytes"],
        "density": stats["density"],
        "rate": rate,
    }


def summed_up(each: list[dict[str, Any]]) -> dict[str, Any]:
    """All seeds of a pair, the shapes compared with the two-towers person by person."""
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
        "lists": [told(how, seeds, plain, again) for how, seeds in zip(SHAPES, lists, strict=True)],
    }


def told(
    how: Shape, seeds: list[dict[str, Any]], plain: np.ndarray, again: np.ndarray
) -> dict[str, Any]:
    """A shape over all seeds, compared with both two-towers (seeds, n_users) person by person."""
    people = np.array([one["people"] for one in seeds])  # (seeds, n_users)
    return {
        **how._asdict(),
        "ndcg@50": people.mean(axis=1).tolist(),
        "bytes": [one["bytes"] for one in seeds],
        "density": [one["density"] for one in seeds],
        "rates": [one["rate"] for one in seeds],
        "against two-tower": compare(people, again),
        "against two-tower, not trained again": compare(people, plain),
    }


def served_how() -> dict[str, Any]:
    """What decides a finished part beside the models."""
    return {"shapes": [h._asdict() for h in SHAPES], "epochs": EPOCHS, "rates": list(RATES)}


def config() -> dict[str, Any]:
    """Everything that decides these numbers."""
    return {
        "rows": {row: table_spec(row) for pair in PAIRS.values() for row in pair},
        "seeds": list(SEEDS),
        **served_how(),
        "data": "MovieLens-100K",
    }
