"""Item tokens on MovieLens-100K: what year, genres and title words add to the id, three seeds.

The title becomes one more feature with several values (its words), so an item has up to four
tokens. All sets of fields share the small setting of `common.small`; each has a learning rate of
its own, chosen on validation. They are measured on all test films, and on the rare ones that few
people rated in the training part. About 13 minutes on one core.
"""

import dataclasses
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sparcode_mini import data
from sparcode_mini.data.labels import title_words
from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import rank
from sparcode_mini.studies.common import people, small
from sparcode_mini.studies.common.train_and_measure import Spec
from sparcode_mini.tools.progress import progress

FIELDS = ("year", "genres", "words")
SETS: dict[str, tuple[str, ...]] = {
    "id": (),
    "id, year": ("year",),
    "id, genres": ("genres",),
    "id, title": ("words",),
    "id, year, genres, title": FIELDS,
}
PAIRS = tuple((name, "id") for name in SETS if name != "id")  # what is compared with what
CHEAP: dict[str, Any] = {"name": "id, title", "lr": 1e-2, "epochs": 2}


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


def spec(lr: float, epochs: int | None = None) -> Spec:
    """Return what is trained; it is the same for all fields but for the rate."""
    return small.spec({}, epochs, lr=lr)


def split_of(name: str) -> Split:
    """Return MovieLens-100K with the fields of a set."""
    return with_fields(data.movielens_100k(), SETS[name]).split(test=0.2, validation=0.1)


def file_of(name: str) -> str:
    """Return the name of the files of a set."""
    return name.replace(", ", "-")


def tune(folder: Path, name: str) -> list[dict[str, Any]]:
    """Choose the learning rate of a set of fields; `small.tune_rate`, with "name"."""
    points = small.tune_rate(split_of(name), folder, f"tune-{file_of(name)}", spec)
    return [{"name": name} | point for point in points]


def measure(
    folder: Path, name: str, lr: float, seed: int = small.SEEDS[0], epochs: int | None = None
) -> dict[str, Any]:
    """Train one set of fields (about 30 s on one core) and measure it; resumable.

    Returns:
        What `small.measure` returns, "item_tokens" and "rare recall@50"; its "values" hold the
        recall of everybody who has a rare film, too.
    """
    split = split_of(name)

    def more(model: Any) -> dict[str, Any]:
        rare = rare_recall(model, split)
        answers = {"item_tokens": model.items.count, "rare recall@50": float(rare.mean())}
        return answers | {"values": {"rare films": rare.tolist()}}

    file = file_of(name) + (f"-{epochs}epochs" if epochs else "")
    metrics = small.measure(
        split, folder, file, spec(lr, epochs), seed, more, {"rare": people.RARE}
    )
    return {"name": name, "seed": seed, "lr": lr, **metrics}


def rare_recall(model: Any, split: Split) -> np.ndarray:
    """Return R@50 of everybody with a rare film in the test part, when only such films count."""
    each = people.recall_of_rare(*rank(model, split, "test", people.PLACES), split)
    return np.array([value for value in each if value is not None])


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
    """Train, tune and measure every set of fields; resumable.

    Returns:
        "tuning" (a row for each rate that was tried), "entries" (one for each set and seed),
        "compared" (PAIRS, person by person), "cheap".
    """
    folder.mkdir(parents=True, exist_ok=True)
    cheap = measure(folder, **CHEAP)
    points: list[dict[str, Any]] = []
    runs: dict[str, list[dict[str, Any]]] = {}
    for name in progress(SETS, desc="item tokens"):
        tried = tune(folder, name)
        points += tried
        lr = small.chosen(tried)["lr"]
        runs[name] = [measure(folder, name, lr, seed) for seed in small.SEEDS]
    pairs = [({"name": one, "with": other}, runs[one], runs[other]) for one, other in PAIRS]
    return {
        "tuning": points,
        "entries": [small.without_values(entry) for seeds in runs.values() for entry in seeds],
        "compared": small.comparisons(pairs),
        "cheap": small.without_values(cheap),
    }


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return small.config() | {
        "sets": {name: list(fields) for name, fields in SETS.items()},
        "compared": [list(pair) for pair in PAIRS],
        "rare": people.RARE,
        "cheap": CHEAP,
    }
