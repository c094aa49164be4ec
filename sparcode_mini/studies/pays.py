"""When does SparCode pay? SparCode against its two-tower twin, one thing changed at a time.

The models have the sweep's small setting (width 32, 10 epochs). At each point of the map every side
chooses among the same learning rates (with requests also among the same dropouts) on validation
with the first seed; the other seeds take the choice. The value of each person, averaged over the
seeds, is what `evaluation.paired` compares. About two hours on one core.

    two-tower       as many query tokens as SparCode, added up
    SparCode        hard codes; 1 probe or 4 when a query is served
    SparCode, soft  each token spread over 4 codewords, in training and in serving
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, holm
from sparcode_mini.evaluation.storage import storage_bytes
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.studies.common.people import LAST, RARE, of_history, of_requests
from sparcode_mini.studies.common.request_training import add_requests, fit_with_requests
from sparcode_mini.studies.common.requests import requests_of, with_decades
from sparcode_mini.studies.common.train_and_measure import Spec, build_model
from sparcode_mini.studies.item_tokens import with_fields
from sparcode_mini.studies.sweep import FIT, MODEL
from sparcode_mini.tools.files import remembered
from sparcode_mini.tools.progress import progress
from sparcode_mini.training.fit import fit

SEEDS = (0, 1, 2)
RATES = (3e-3, 1e-2)
DROPOUT, OTHER_DROPOUT = 0.2, 0.4  # the second is tried at the best rate of points with requests
TOWER, HARD, SOFT = "two-tower", "SparCode", "SparCode, soft"
OPTIONS: dict[str, Any] = {"hidden": MODEL["hidden"], "M": 1}  # of SparCode alone
SIDES: dict[str, dict[str, Any]] = {
    TOWER: {"class": "TwoTower", "own": {}},
    HARD: {"class": "SparCode", "own": OPTIONS},
    SOFT: {"class": "SparCode", "own": OPTIONS | {"soft": 4}},
}
PROBES: dict[str, dict[str, int | None]] = {  # how each side is read
    TOWER: {"": None},
    HARD: {"1 probe": 1, "4 probes": 4},
    SOFT: {"as trained": None},
}


class Point(NamedTuple):
    """One point of the map: what it changes on both sides."""

    axis: str
    width: int = MODEL["token_dim"]
    N: int = 64
    query_tokens: int = 4
    negatives: int = 0
    fields: tuple[str, ...] = ("year", "genres")
    requests: int = 0  # with any, films are described by decade and genres
    sides: tuple[str, ...] = (TOWER, HARD)
    seeds: tuple[int, ...] = SEEDS


ALL = (TOWER, HARD, SOFT)
POINTS: dict[str, Point] = {
    "base": Point("base", sides=ALL),
    "width 4": Point("width", width=4),
    "width 8": Point("width", width=8),
    "width 16": Point("width", width=16),
    "1 token": Point("query tokens", query_tokens=1),
    "2 tokens": Point("query tokens", query_tokens=2),
    "8 tokens": Point("query tokens", query_tokens=8),
    "one request": Point("requests", N=128, requests=1, sides=ALL),
    "two requests": Point("requests", N=128, requests=2, sides=ALL),
    "16 negatives": Point("negatives", negatives=16),
    "64 negatives": Point("negatives", negatives=64),
    "256 negatives": Point("negatives", negatives=256),
    "id": Point("content", fields=()),
    "id, genres, title": Point("content", fields=("genres", "words")),
}
# One more training, so short that a test can repeat it.
CHEAP: dict[str, Any] = {"point": "two requests", "side": TOWER, "seed": 0, "lr": 1e-2, "epochs": 1}


def spec(
    name: str, side: str, lr: float, dropout: float = DROPOUT, epochs: int | None = None
) -> Spec:
    """Return what is trained at a point for one side.

    Raises:
        KeyError: no such point or side.
    """
    point, setting = POINTS[name], SIDES[side]
    shape = {"token_dim": point.width, "query_tokens": point.query_tokens}
    model = {**shape, "dropout": dropout, **setting["own"]}
    if side != TOWER:  # squared distances grow with the width, and so must their temperature
        model |= {"N": point.N, "probe_temperature": 10.0 * point.width / MODEL["token_dim"]}
    train = {**FIT, "lr": lr, "negatives": point.negatives, "epochs": epochs or FIT["epochs"]}
    return {"class": setting["class"], "model": model, "fit": train}


def described(ratings: Ratings, point: Point) -> Split:
    """Return the data, with films described as a point asks."""
    films = with_decades(ratings) if point.requests else with_fields(ratings, point.fields)
    return films.split(test=0.2, validation=0.1)


# --- one training ---------------------------------------------------------------------------------


def measure(
    folder: Path,
    point: str,
    side: str,
    seed: int,
    lr: float,
    dropout: float = DROPOUT,
    epochs: int | None = None,
) -> dict[str, Any]:
    """Train one side at one point and measure every person; resumable.

    Returns:
        "validation" NDCG@50, "bytes" served, and "people": {reading: {measure: one value each}},
        None for a person whom a measure leaves out.
    """
    short = "" if epochs is None else f"-{epochs}epochs"
    done = folder / f"{point}-{side}-{lr:g}-{dropout:g}-{seed}{short}.json".replace(" ", "")
    setting = spec(point, side, lr, dropout, epochs)
    options = {"spec": setting, "point": POINTS[point]._asdict(), "readings": PROBES[side]}
    result: dict[str, Any] = remembered(
        done,
        options,
        lambda: {
            "point": point, "side": side, "seed": seed, "lr": lr, "dropout": dropout,
            **_train(POINTS[point], side, seed, setting),
        },
    )  # fmt: skip
    return result


def _train(point: Point, side: str, seed: int, setting: Spec) -> dict[str, Any]:
    split = described(data.movielens_100k(), point)
    model, readings = build_model(split, setting, seed), PROBES[side].items()
    if point.requests:
        requests = requests_of(split, ("decade", "genres"))
        add_requests(model, requests, seed)
        log = fit_with_requests(model, split, requests, point.requests, seed=seed, **setting["fit"])
        people = {
            reading: of_requests(model, split, requests, point.requests, probes)
            for reading, probes in readings
        }
    else:
        log = fit(model, split, seed=seed, **setting["fit"])
        people = {reading: of_history(model, split, probes) for reading, probes in readings}
    return {
        "validation": log.best_score, "seconds": log.seconds, **served_bytes(model),
        "people": people,
    }  # fmt: skip


def served_bytes(model: MatchingModel) -> dict[str, Any]:
    """Count the bytes of the item side in fp16: the matrix, or the lists with their density."""
    if not isinstance(model, SparCode):
        width = model.config.token_dim
        return {"bytes": storage_bytes(1, model.n_items, width=width)["matrix"]}
    stats = SparseIndex.build(model, codes="all").stats()
    return {"bytes": stats["entry_bytes_fp16"], "density": stats["density"]}


# --- everything -----------------------------------------------------------------------------------


def tune(folder: Path, point: str, side: str) -> tuple[float, float]:
    """Return the learning rate and dropout that validation prefers, with the first seed."""
    tried = [measure(folder, point, side, SEEDS[0], lr) for lr in RATES]
    best = max(tried, key=lambda run: run["validation"])
    if POINTS[point].requests:
        other = measure(folder, point, side, SEEDS[0], best["lr"], OTHER_DROPOUT)
        best = max((best, other), key=lambda run: run["validation"])
    return best["lr"], best["dropout"]


def run_point(folder: Path, point: str) -> dict[str, Any]:
    """Train all sides and seeds of a point: "runs", and the compared "rows"."""
    runs = {
        side: [
            measure(folder, point, side, seed, *tune(folder, point, side))
            for seed in POINTS[point].seeds
        ]
        for side in POINTS[point].sides
    }
    kept = ("point", "side", "seed", "lr", "dropout", "validation", "bytes", "density", "seconds")
    every = [run for side in POINTS[point].sides for run in runs[side]]
    flat = [{key: run[key] for key in kept if key in run} for run in every]
    return {"runs": flat, "rows": rows_of(point, runs)}


def rows_of(point: str, runs: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Compare every reading of every SparCode with the two-tower, by every measure."""
    rows = []
    for side in (s for s in runs if s != TOWER):
        for reading, measures in runs[side][0]["people"].items():
            for name in measures:
                tower = _values(runs[TOWER], "", name)  # (seeds, n)
                sparse = _values(runs[side], reading, name)
                for label, group in groups(point, name).items():
                    rows.append({
                        "point": point, "side": side, "reading": reading, "measure": label,
                        **_row(sparse, tower, group),
                    })  # fmt: skip
    return rows


def _values(runs: list[dict[str, Any]], reading: str, name: str) -> np.ndarray:
    """Return (seeds, n_people) float64, NaN for a person whom a measure leaves out."""
    return np.array([run["people"][reading][name] for run in runs], dtype=np.float64)


def groups(point: str, name: str) -> dict[str, np.ndarray | None]:
    """Return the groups to average over: everybody; at the base also quarters by history."""
    rows: dict[str, np.ndarray | None] = {name: None}
    if point == "base" and name == "NDCG@50":
        split = data.movielens_100k().split(test=0.2, validation=0.1)
        tested = [len(films) > 0 for films in split.histories("test")]
        lengths = np.array([len(h) for h in split.histories("train")])[tested]
        quarters = np.array_split(np.argsort(lengths, kind="stable"), 4)
        for number, quarter in enumerate(quarters, 1):
            low, high = lengths[quarter].min(), lengths[quarter].max()
            rows[f"NDCG@50, quarter {number} ({low} to {high} films)"] = quarter
    return rows


def _row(sparse: np.ndarray, tower: np.ndarray, group: np.ndarray | None) -> dict[str, Any]:
    if group is not None:
        sparse, tower = sparse[:, group], tower[:, group]
    judged = ~np.isnan(tower[0])
    sparse, tower = sparse[:, judged], tower[:, judged]
    return {
        "people": int(judged.sum()),
        "two-tower": tower.mean(axis=1).tolist(),
        "SparCode": sparse.mean(axis=1).tolist(),
        **compare(sparse, tower, seed=0),
    }


def run(folder: Path) -> dict[str, Any]:
    """Train and compare everything; resumable."""
    folder.mkdir(parents=True, exist_ok=True)
    cheap = measure(folder, **CHEAP)
    cheap_kept = {**CHEAP, "ndcg@50": float(np.mean(cheap["people"][""]["NDCG@50"]))}
    parts = [run_point(folder, point) for point in progress(POINTS, desc="map")]
    rows = [row for part in parts for row in part["rows"]]
    for row, adjusted in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p, Holm"] = adjusted
    return {
        "cheap": cheap_kept,
        "runs": [run for part in parts for run in part["runs"]],
        "rows": rows,
    }


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "points": {name: point._asdict() for name, point in POINTS.items()},
        "sides": SIDES, "readings": PROBES, "seeds": list(SEEDS), "rates": list(RATES),
        "dropouts": [DROPOUT, OTHER_DROPOUT], "fit": FIT, "last": LAST, "rare": RARE,
        "cheap": CHEAP, "data": "MovieLens-100K",
    }  # fmt: skip
