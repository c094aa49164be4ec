"""Can an index of SparCode reach a tuned two-tower at no more bytes than its HNSW graph?

Both with the GRU tokenizer, trained and tuned as the table of `reproduce` says. The two-tower
searches exactly, so it loses nothing; its bytes are those of the graph that would serve it. The
lists keep their best n entries in 8 bits. Give `--folder runs/reproduce` to use the table's models.
"""

from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import data
from sparcode_mini.data import Split
from sparcode_mini.index import SparseIndex
from sparcode_mini.measure import train_and_measure
from sparcode_mini.models import load_model
from sparcode_mini.paired import compare, per_user
from sparcode_mini.progress import progress
from sparcode_mini.reproduce import table_spec
from sparcode_mini.studies.index_error import Served, hnsw

SEEDS = (0, 1, 2)
ROW, TWIN = "sparcode-gru", "two-tower-gru"
SHAPES: tuple[tuple[int | None, str], ...] = (
    (None, "float16"), (None, "int8"), (800, "int8"), (400, "int8"), (200, "int8"), (100, "int8")
)  # fmt: skip
PROBES = 4


def model_of(split: Split, folder: Path, row: str, seed: int) -> Any:
    """The trained model of a row, trained now if `folder` does not hold it."""
    train_and_measure(split, table_spec(row), seed, folder, f"{row}-{seed}")
    return load_model(folder / f"{row}-{seed}.safetensors", split)


def run(folder: Path) -> dict[str, Any]:
    """NDCG@50 and bytes of the lists in every shape, and each shape against the two-tower."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    towers, lists = [], []
    for seed in progress(SEEDS, desc="reaching"):
        tower = model_of(split, folder, TWIN, seed)
        towers.append({"people": per_user(tower, split), "hnsw": hnsw(Served(tower), 64).nbytes})
        model = model_of(split, folder, ROW, seed)
        whole = SparseIndex.build(model, codes="all")
        lists.append([shape(model, split, whole, *how) for how in SHAPES])
    mine = np.array([tower["people"] for tower in towers])  # (seeds, n_users)
    return {
        "two-tower": {
            "ndcg@50": mine.mean(axis=1).tolist(),
            "hnsw bytes": [tower["hnsw"] for tower in towers],
        },
        "lists": [told(list(seeds), mine) for seeds in zip(*lists, strict=True)],
    }


def shape(
    model: Any, split: Split, whole: SparseIndex, best: int | None, precision: str
) -> dict[str, Any]:
    """One index: what everybody gets, and its bytes (entries, scales, codes, codebooks)."""
    index = (whole if best is None else whole.cut(best=best)).quantised(precision)
    stats = index.stats()
    return {
        "best": best,
        "precision": precision,
        "people": per_user(model, split, probes=PROBES, index=index),
        "bytes": stats["entry_bytes"] + stats["other_bytes"],
        "density": stats["density"],
    }


def told(seeds: list[dict[str, Any]], tower: np.ndarray) -> dict[str, Any]:
    """A shape over all seeds, compared with the two-tower person by person."""
    people = np.array([one["people"] for one in seeds])  # (seeds, n_users)
    return {
        "best": seeds[0]["best"],
        "precision": seeds[0]["precision"],
        "ndcg@50": people.mean(axis=1).tolist(),
        "bytes": [one["bytes"] for one in seeds],
        "density": [one["density"] for one in seeds],
        "against two-tower": compare(people, tower),
    }


def config() -> dict[str, Any]:
    """Everything that decides these numbers."""
    return {
        "rows": {row: table_spec(row) for row in (ROW, TWIN)},
        "seeds": list(SEEDS),
        "probes": PROBES,
        "data": "MovieLens-100K",
    }
