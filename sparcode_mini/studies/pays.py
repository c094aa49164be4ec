"""When does SparCode pay? SparCode against its two-tower twin, one thing changed at a time.

The models have the sweep's small setting (width 32, 10 epochs), but both sides learn from every
prefix of a step. At each point of the map every side walks along one ladder of learning rates until
both neighbours are worse on validation, with a seed that is not reported. The values of each person
and seed are what `evaluation.paired` compares. About an hour on one core.

    two-tower   as many query tokens as SparCode, added up
    SparCode    hard codes; 1 probe or 4 when a query is served

How wide a dot product must be is not asked here: `studies.screen` cuts a trained one. Nor are
requests beside a history: those are in `studies.wishes`.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import audience
from sparcode_mini.evaluation.paired import compare, together
from sparcode_mini.evaluation.storage import storage_bytes
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.studies.common.people import LAST, RARE, of_history
from sparcode_mini.studies.common.train_and_measure import Spec, build_model
from sparcode_mini.studies.item_tokens import with_fields
from sparcode_mini.studies.sweep import FIT, MODEL
from sparcode_mini.studies.tuning import climb
from sparcode_mini.tools.files import remembered
from sparcode_mini.tools.progress import progress
from sparcode_mini.training.fit import fit
from sparcode_mini.training.recipe import Recipe

SEEDS, TUNING_SEED = (0, 1, 2), 100
RATES = (1.25e-3, 2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2)
START = 2  # where the walk over the rates begins
TOWER, HARD = "two-tower", "SparCode"
SIDES: dict[str, dict[str, Any]] = {
    TOWER: {"class": "TwoTower", "own": {}},
    HARD: {"class": "SparCode", "own": {"hidden": MODEL["hidden"], "M": 1, "N": 64}},
}
PROBES: dict[str, dict[str, int | None]] = {  # how each side is read
    TOWER: {"": None},
    HARD: {"1 probe": 1, "4 probes": 4},
}
NDCG, LATE, RARELY = "NDCG@50", f"NDCG@50, last {LAST} films", "R@50, rare films"
MORE = "NDCG@50, what the films before them add"  # NDCG minus LATE
BASE = "base"


class Point(NamedTuple):
    """One point of the map: what it changes on both sides."""

    axis: str
    query_tokens: int = 4
    negatives: int = 0
    fields: tuple[str, ...] = ("year", "genres")


POINTS: dict[str, Point] = {
    BASE: Point(BASE),
    "1 token": Point("query tokens", query_tokens=1),
    "64 negatives": Point("negatives", negatives=64),
    "id": Point("content", fields=()),
}
# One more training, so short that a test can repeat it.
CHEAP: dict[str, Any] = {"point": "1 token", "side": TOWER, "seed": 0, "lr": 1e-2, "epochs": 1}


def spec(name: str, side: str, lr: float, epochs: int | None = None) -> Spec:
    """Return what is trained at a point for one side.

    Raises:
        KeyError: no such point or side.
    """
    point, setting = POINTS[name], SIDES[side]
    shape = {"token_dim": MODEL["token_dim"], "query_tokens": point.query_tokens}
    train = {"lr": lr, "negatives": point.negatives, "epochs": epochs or FIT["epochs"]}
    return {"class": setting["class"], "model": {**shape, **setting["own"]}, "fit": train}


def described(point: Point) -> Split:
    """Return the data, with films described as a point asks."""
    return with_fields(data.movielens_100k(), point.fields).split(test=0.2, validation=0.1)


# --- one training ---------------------------------------------------------------------------------


def validation(folder: Path, point: str, side: str, lr: float) -> float:
    """Train one side at one point with the seed of tuning; return validation NDCG@50; resumable."""
    setting = spec(point, side, lr)
    path = folder / f"tune-{point}-{side}-{lr:g}.json".replace(" ", "")
    options = {"spec": setting, "point": POINTS[point]._asdict(), "seed": TUNING_SEED}
    options |= {"recipe": asdict(Recipe.of(setting["fit"]))}

    def make() -> dict[str, float]:
        split = described(POINTS[point])
        model = build_model(split, setting, TUNING_SEED)
        log = fit(model, split, seed=TUNING_SEED, **setting["fit"])
        if log.interrupted:
            raise KeyboardInterrupt
        return {"validation": log.best_score, "seconds": log.seconds}

    return float(remembered(path, options, make)["validation"])


def measure(
    folder: Path, point: str, side: str, seed: int, lr: float, epochs: int | None = None
) -> dict[str, Any]:
    """Train one side at one point and measure every person; resumable.

    Returns:
        "validation" NDCG@50, "bytes" served, and "people": {reading: {measure: one value each}},
        None for a person whom a measure leaves out.
    """
    short = "" if epochs is None else f"-{epochs}epochs"
    done = folder / f"{point}-{side}-{lr:g}-{seed}{short}.json".replace(" ", "")
    setting = spec(point, side, lr, epochs)
    options: dict[str, Any] = {"spec": setting, "point": POINTS[point]._asdict()}
    options |= {"readings": PROBES[side], "seed": seed, "rare": RARE}
    options |= {"recipe": asdict(Recipe.of(setting["fit"]))}
    head = {"point": point, "side": side, "seed": seed, "lr": lr}
    result: dict[str, Any] = remembered(
        done, options, lambda: head | _train(POINTS[point], side, seed, setting), None
    )
    return result


def _train(point: Point, side: str, seed: int, setting: Spec) -> dict[str, Any]:
    split = described(point)
    model = build_model(split, setting, seed)
    log = fit(model, split, seed=seed, **setting["fit"])
    if log.interrupted:
        raise KeyboardInterrupt
    people = {reading: of_history(model, split, probes) for reading, probes in PROBES[side].items()}
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


def tune(folder: Path, point: str, side: str) -> list[dict[str, Any]]:
    """Walk along the learning rates of one side.

    Returns:
        A dictionary for each rate that was tried: "point", "side", "lr", "validation", "chosen".
    """
    (best,), known = climb(
        (START,), (len(RATES),), lambda place: validation(folder, point, side, RATES[place[0]])
    )
    return [
        {"point": point, "side": side, "lr": RATES[i], "validation": score, "chosen": i == best}
        for (i,), score in sorted(known.items())
    ]


def run_point(folder: Path, point: str) -> dict[str, Any]:
    """Train both sides with all seeds at a point: "tries", "runs", and the compared "rows"."""
    tries, runs = [], {}
    for side in SIDES:
        walk = tune(folder, point, side)
        tries += walk
        (lr,) = (rate["lr"] for rate in walk if rate["chosen"])
        runs[side] = [measure(folder, point, side, seed, lr) for seed in SEEDS]
    flat = [
        {key: value for key, value in one.items() if key != "people"}
        for side in SIDES
        for one in runs[side]
    ]
    return {"tries": tries, "runs": flat, "rows": rows_of(point, runs)}


def rows_of(point: str, runs: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Compare every reading of SparCode with the two-tower: NDCG@50, at the base all measures."""
    rows = []
    for reading in PROBES[HARD]:
        for name in (NDCG, LATE, MORE, RARELY) if point == BASE else (NDCG,):
            tower, sparse = values(runs[TOWER], "", name), values(runs[HARD], reading, name)
            for label, group in groups(point, name).items():
                rows.append({
                    "point": point, "side": HARD, "reading": reading, "measure": label,
                    **_row(sparse, tower, group),
                })  # fmt: skip
    return rows


def values(runs: list[dict[str, Any]], reading: str, name: str) -> np.ndarray:
    """Return (seeds, n_people) float64, NaN for a person whom a measure leaves out."""
    if name == MORE:
        return values(runs, reading, NDCG) - values(runs, reading, LATE)
    return np.array([run["people"][reading][name] for run in runs], dtype=np.float64)


def groups(point: str, name: str) -> dict[str, np.ndarray | None]:
    """Return the groups to average over: everybody; at the base also quarters by history."""
    rows: dict[str, np.ndarray | None] = {name: None}
    if point == BASE and name == NDCG:
        split = data.movielens_100k().split(test=0.2, validation=0.1)
        users = audience(split, "test").users
        lengths = np.array([len(h) for h in split.histories("train")])[users]
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
    """Train and compare everything; resumable.

    Returns:
        "cheap"; "tries" of the learning rates; "runs"; "rows", with Holm over all of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cheap = measure(folder, **CHEAP)
    cheap_kept = {**CHEAP, "ndcg@50": float(np.mean(cheap["people"][""][NDCG]))}
    parts = [run_point(folder, point) for point in progress(POINTS, desc="map")]
    rows = [row for part in parts for row in part["rows"]]
    joined = {key: [one for part in parts for one in part[key]] for key in ("tries", "runs")}
    return {"cheap": cheap_kept, **joined, "rows": together(rows)}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "points": {name: point._asdict() for name, point in POINTS.items()},
        "sides": SIDES, "readings": PROBES, "seeds": list(SEEDS), "tuning seed": TUNING_SEED,
        "rates": list(RATES), "start": START, "width": MODEL["token_dim"],
        "epochs": FIT["epochs"], "last": LAST, "rare": RARE, "cheap": CHEAP,
        "data": "MovieLens-100K",
    }  # fmt: skip
