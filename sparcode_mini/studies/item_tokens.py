"""Item tokens on MovieLens-100K: what year, genres and title words add to the id, three seeds.

The title becomes one more feature with several values (its words), so an item has up to four
tokens. The small model and its recipe are the same for each set of fields. They are measured on all
test films, and on the rare ones that few people watched in the training part. About 8 minutes on
two cores.
"""

import dataclasses
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sparcode_mini import data
from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.metrics import recall_at
from sparcode_mini.model.load import load_model
from sparcode_mini.model.queries import title_words
from sparcode_mini.studies.common.people import RARE
from sparcode_mini.studies.common.train_and_measure import Spec, train_and_measure
from sparcode_mini.tools.files import remembered
from sparcode_mini.tools.progress import progress
from sparcode_mini.tools.top_k import top_k

FIELDS = ("year", "genres", "words")
SETS: dict[str, tuple[str, ...]] = {
    "id": (),
    "id, year": ("year",),
    "id, genres": ("genres",),
    "id, title": ("words",),
    "id, year, genres": ("year", "genres"),
    "id, year, genres, title": FIELDS,
}
SEEDS = (0, 1, 2)
MODEL: dict[str, Any] = {"token_dim": 32, "hidden": 8, "M": 1, "N": 64}
FIT: dict[str, Any] = {"epochs": 8, "max_positions": 150}
KEPT = ("ndcg@50", "ndcg@50 probes=4", "recall@50", "validation ndcg@50", "seconds")
CHEAP: dict[str, Any] = {"name": "id, title", "seed": 0, "epochs": 2}


def with_fields(ratings: Ratings, fields: tuple[str, ...]) -> Ratings:
    """Return the same ratings, with films described by these fields only.

    Raises:
        ValueError: an unknown field.
    """
    for field in fields:
        if field not in FIELDS:
            raise ValueError(f"field {field!r} is unknown; choose among {FIELDS}")
    assert ratings.items is not None
    words = pd.Series(title_words(ratings.items["title"].tolist()), index=ratings.items.index)
    items = ratings.items.assign(words=words)
    return dataclasses.replace(ratings, items=items[["item", "title", *fields]])


def spec(epochs: int | None = None) -> Spec:
    """Return what is trained; it is the same for all fields."""
    short = {"stages": (0.0, 0.5)} if epochs else {}
    fit = {**FIT, **short, "epochs": epochs or FIT["epochs"]}
    return {"class": "SparCode", "model": MODEL, "fit": fit}


def measure(folder: Path, name: str, seed: int, epochs: int | None = None) -> dict[str, Any]:
    """Train one set of fields (about 30 s on one core) and measure it; resumable."""
    split = with_fields(data.movielens_100k(), SETS[name]).split(test=0.2, validation=0.1)
    file = f"{name.replace(', ', '-')}-{seed}" + (f"-{epochs}epochs" if epochs else "")

    def make() -> dict[str, Any]:
        result = train_and_measure(split, spec(epochs), seed, folder, file)
        model = load_model(folder / f"{file}.safetensors", split)
        entry = {"name": name, "seed": seed, **{key: result[key] for key in KEPT}}
        return entry | {
            "item_tokens": model.items.count, "rare recall@50": rare_recall(model, split)
        }  # fmt: skip

    options = {"spec": spec(epochs), "seed": seed, "fields": SETS[name]}
    entry: dict[str, Any] = remembered(folder / f"{file}.entry.json", options, make)
    return entry


def rare_recall(model: Any, split: Split, k: int = 50) -> float:
    """Return R@k when only rare films count, over the people who have one in the test part."""
    watched = np.bincount(np.concatenate(split.histories("train")), minlength=split.n_items)
    relevant = [films[watched[films] < RARE] for films in split.histories("test")]
    users = np.array([u for u, films in enumerate(relevant) if len(films)])
    seen = split.histories("train+validation")
    y = model.scores(split.user_ids[users]).numpy()  # (B, I)
    ranked, _ = top_k(y, k, [seen[u] for u in users], positive_only=True)
    return float(recall_at(ranked, [relevant[u] for u in users], k))


def summary(entries: list[dict[str, Any]], name: str, key: str) -> tuple[float, float]:
    """Return mean and half the range over the seeds.

    Raises:
        KeyError: no entry of this name.
    """
    values = [entry[key] for entry in entries if entry["name"] == name]
    if not values:
        raise KeyError(f"{name!r} was not trained; there are {sorted(SETS)}")
    return statistics.fmean(values), (max(values) - min(values)) / 2


def run(folder: Path) -> dict[str, Any]:
    """Train and measure every set of fields for every seed; resumable."""
    folder.mkdir(parents=True, exist_ok=True)
    cheap = measure(folder, **CHEAP)
    todo = [(name, seed) for name in SETS for seed in SEEDS]
    entries = [measure(folder, *one) for one in progress(todo, desc="item tokens")]
    return {"entries": entries, "cheap": cheap}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "sets": {name: list(fields) for name, fields in SETS.items()},
        "seeds": list(SEEDS),
        "model": MODEL,
        "fit": FIT,
        "rare": RARE,
        "cheap": CHEAP,
        "data": "MovieLens-100K",
    }
