"""Wishes beside a history: exact lists, constants and filters against vectors, at equal bytes.

Which pays for "a comedy, or something with 'star' in the title, and no horror"? All models share
the frozen history vectors of the table's GRU two-tower (one for each seed) and get the same logs.
What differs is how labels reach the items: see `common.wish_models`. Four settings:

    plain     every label is known
    logs      a third of the labels is hidden from the models, but people chose by them
    hidden    a third is hidden from everybody; only the test knows
    noise     20% of the logged clicks ignore the wish

Labels are genres, decades and words of titles of at least three films. Rates and options are chosen
on validation with the first seed, in each setting anew.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sparcode_mini import data
from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split
from sparcode_mini.model.base import pad
from sparcode_mini.model.load import load_model
from sparcode_mini.model.queries import title_words
from sparcode_mini.studies.common.requests import Requests, requests_of, with_decades
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.common.wish_models import (
    BM25,
    FILTER,
    Constants,
    Lists,
    MaxSim,
    OneVector,
    WishModel,
)
from sparcode_mini.studies.common.wish_training import Frozen, Steps, fit_wishes, people
from sparcode_mini.studies.common.wishes import complete, draw_log, draw_queries, hide
from sparcode_mini.studies.table import table_spec
from sparcode_mini.tools.files import remembered
from sparcode_mini.tools.progress import progress

SEEDS, TOWER = (0, 1, 2, 3, 4), "two-tower-gru"
FIELDS, LEAST = ("genres", "decade", "words"), 3  # films that a label must have
LIMITS = (30_000, 60_000, 110_000)  # bytes of the item side
HIDDEN, NOISE, EPOCHS = 1 / 3, 0.2, 24
QUERY_SEED, LABEL_SEED, LOGS = 7, 11, 24  # logs that are counted to complete labels


class World(NamedTuple):
    """A setting: what the logs choose by, what models know, and how often clicks are noise."""

    chosen_by: Requests
    known: Requests
    noise: float


class Kind(NamedTuple):
    """A kind of model, and what is tried."""

    model: Callable[..., WishModel]
    grid: dict[str, tuple[Any, ...]]
    counted: bool = False  # labels completed by counting clicks in the logs


RATES = (1e-3, 3e-3, 1e-2, 3e-2)
KINDS: dict[str, Kind] = {
    "one vector": Kind(OneVector, {"lr": RATES, "hidden": (0, 64)}),
    "MaxSim": Kind(MaxSim, {"lr": RATES, "vectors": (1, 2)}),
    "filter": Kind(
        Constants, {"lr": RATES, "constant": (FILTER,), "trained": (False,), "least": (1, 2, 4)},
        counted=True,
    ),
    "constants": Kind(
        Constants, {"lr": RATES, "constant": (8.0, 15.0), "least": (1, 2, 4)}, counted=True
    ),
    "BM25": Kind(BM25, {"lr": RATES, "least": (1, 2, 4)}, counted=True),
    "lists": Kind(
        Lists,
        {"lr": RATES, "constant": (8.0, 15.0), "least": (1, 2, 4), "pull": (0.3, 3.0),
         "extra": (None, 0.03)},
        counted=True,
    ),
}  # fmt: skip


def labels_of(ratings: Ratings) -> Requests:
    """Return genres, decades and title words of at least LEAST films, as numbered requests."""
    films = with_decades(ratings)
    assert films.items is not None
    words = pd.Series(title_words(films.items["title"].tolist()), index=films.items.index)
    films = dataclasses.replace(films, items=films.items.assign(words=words))
    found = requests_of(films.split(), FIELDS)
    kept = np.flatnonzero(found.holds.sum(axis=1) >= LEAST)
    holds = np.concatenate([found.holds[:1], found.holds[kept]])  # number 0 is none
    of_item = pad([np.flatnonzero(column) for column in holds.T]).clamp(min=0).numpy()
    return Requests(("", *(found.names[i] for i in kept)), holds, of_item)


def worlds(labels: Requests) -> dict[str, World]:
    """Return the four settings."""
    fewer = hide(labels, HIDDEN, LABEL_SEED)
    return {
        "plain": World(labels, labels, 0.0),
        "logs": World(labels, fewer, 0.0),
        "hidden": World(fewer, fewer, 0.0),
        "noise": World(labels, labels, NOISE),
    }


class Bench:
    """Everything that trainings of one seed share.

    Args:
        split: the data.
        folder: of the trained two-tower, and of results.
        seed: of the two-tower and of the models.
        labels: all of them.
    """

    def __init__(self, split: Split, folder: Path, seed: int, labels: Requests) -> None:
        train_and_measure(split, table_spec(TOWER), seed, folder, f"{TOWER}-{seed}")
        model = load_model(folder / f"{TOWER}-{seed}.safetensors", split)
        self.split, self.folder, self.seed, self.labels = split, folder, seed, labels
        self.frozen, self.worlds = Frozen(model, split), worlds(labels)
        self.queries = {
            on: draw_queries(split, labels, on, QUERY_SEED) for on in ("validation", "test")
        }

    def known(self, world: World, kind: Kind, least: int) -> Requests:
        """Return the labels that a kind of model starts from."""
        if not kind.counted:
            return world.known
        rng = np.random.default_rng(self.seed)
        logs = [draw_log(self.split, world.chosen_by, rng, world.noise) for _ in range(LOGS)]
        return complete(world.known, logs, least)

    def result(self, setting: str, name: str, limit: int, point: dict[str, Any]) -> dict[str, Any]:
        """Train and measure one model (unless the folder has it)."""
        tag = "-".join(f"{value}" for value in point.values())
        file = f"wishes-{setting}-{name}-{limit}-{tag}-{self.seed}.json".replace(" ", "")
        question = {"config": config(), "setting": setting, "kind": name, "limit": limit} | point
        make = functools.partial(self._result, self.worlds[setting], KINDS[name], limit, point)
        done: dict[str, Any] = remembered(self.folder / file, question, make)
        return done

    def _result(
        self, world: World, kind: Kind, limit: int, point: dict[str, Any]
    ) -> dict[str, Any]:
        options = {k: v for k, v in point.items() if k not in ("lr", "least")}
        known = self.known(world, kind, point.get("least", 1))
        width = widest(kind, self, known, limit, options)
        model = kind.model(self.frozen.start(width, known), self.seed, **options)
        steps = Steps(point["lr"], EPOCHS, world.noise)
        scores = fit_wishes(
            model, self.frozen, world.chosen_by, self.queries["validation"], steps, self.seed
        )
        each = people(model, self.frozen, self.queries["test"])
        return {
            **point, "width": width, "bytes": model.nbytes(), "validation": max(scores),
            "best epoch": int(np.argmax(scores)),
            "people": {measure: values.tolist() for measure, values in each.items()},
        }  # fmt: skip


def widest(kind: Kind, bench: Bench, known: Requests, limit: int, options: dict[str, Any]) -> int:
    """Return the largest width whose model takes at most `limit` bytes.

    Raises:
        ValueError: even one number an item takes more.
    """
    most = bench.frozen.prefixes.shape[1]
    for width in range(most, 0, -1):
        model = kind.model(bench.frozen.start(width, known), 0, **options)
        if model.nbytes() <= limit:
            return width
    raise ValueError(f"a model takes more than {limit} bytes at width 1")


def points(grid: dict[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Yield every setting of a grid."""
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def tuned(bench: Bench, setting: str, name: str) -> dict[str, Any]:
    """Return what validation likes best at the smallest limit, one axis after the other.

    It starts in the middle of each axis and goes over all axes twice.
    """
    grid = KINDS[name].grid
    chosen = {axis: values[len(values) // 2] for axis, values in grid.items()}

    def score(point: dict[str, Any]) -> float:
        return float(bench.result(setting, name, LIMITS[0], point)["validation"])

    for axis in (*grid, *grid):
        chosen = max(({**chosen, axis: value} for value in grid[axis]), key=score)
    return chosen


def run(folder: Path) -> dict[str, Any]:
    """Train and measure everything; resumable.

    Returns:
        {"runs": [what `Bench.result` returns, with "setting", "kind", "limit" and "seed"]}.
    """
    ratings = data.movielens_100k()
    split, labels = ratings.split(), labels_of(ratings)
    benches = [Bench(split, folder, seed, labels) for seed in SEEDS]
    runs = []
    for setting, name in progress(list(itertools.product(benches[0].worlds, KINDS)), desc="wishes"):
        point = tuned(benches[0], setting, name)
        for limit, bench in itertools.product(LIMITS, benches):
            found = bench.result(setting, name, limit, point)
            head = {"setting": setting, "kind": name, "limit": limit, "seed": bench.seed}
            runs.append(head | found)
    return {"runs": runs}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "data": "MovieLens-100K", "tower": TOWER, "seeds": list(SEEDS), "fields": list(FIELDS),
        "least": LEAST, "limits": list(LIMITS), "hidden": HIDDEN, "noise": NOISE,
        "epochs": EPOCHS, "kinds": {n: {k: list(v) for k, v in kind.grid.items()}
                                    for n, kind in KINDS.items()},
    }  # fmt: skip
