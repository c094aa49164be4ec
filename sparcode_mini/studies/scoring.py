"""How should a token meet an item, and what does a penalty do to the lists? MovieLens-100K.

All models are SparCodes in the small setting of `common.small`, with lists of about equal density:

    scorers     products and concatenation, each with and without a dot product beside the network,
                and self-attention with it; trained with L1
    penalties   products + dot with L1, with FLOPS, and without a penalty

Each scorer has a learning rate of its own, chosen on validation; the penalties share that of
products + dot. Then the weight of each penalty is searched until the lists keep about DENSITY of
the (code, item) pairs; quality is not looked at. About 30 minutes on one core.
"""

import math
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.studies.common import small
from sparcode_mini.studies.common.train_and_measure import Spec
from sparcode_mini.studies.tuning import validation
from sparcode_mini.tools.progress import progress

BASE = "products + dot"
SCORERS: dict[str, dict[str, Any]] = {
    BASE: {},
    "products": {"linear_path": False},
    "concatenation + dot": {"scorer": "concatenation", "linear_path": True},
    "concatenation": {"scorer": "concatenation"},
    "attention + dot": {"scorer": "attention"},
}
DENSE, FLOPS = f"{BASE}, no penalty", f"{BASE}, FLOPS"
ROWS = (*SCORERS, DENSE, FLOPS)
DENSITY, NEAR, TRIES = 0.15, 1.1, 5  # what the lists should keep, a factor that is near enough
FIRST_WEIGHT = {"l1": 2.0, "flops": 16.0}  # where the search of a weight begins
PAIRS = (  # what is compared with what
    *((row, BASE) for row in ROWS if row != BASE),
    ("concatenation", "products"),
)
CHEAP: dict[str, Any] = {"row": BASE, "lr": 1e-2, "weight": 2.0, "epochs": 2}


def penalty(row: str) -> str:
    """Return the penalty of a row.

    Raises:
        KeyError: no such row.
    """
    if row not in ROWS:
        raise KeyError(f"{row!r} is unknown; there are {ROWS}")
    return "flops" if row == FLOPS else "l1"


def spec(row: str, lr: float, weight: float, epochs: int | None = None) -> Spec:
    """Return what is trained for a row with a learning rate and the weight of its penalty."""
    kind = penalty(row)
    return small.spec(SCORERS.get(row, {}), epochs, lr=lr, sparsity=weight, penalty=kind)


def tune(split: Split, folder: Path, row: str, lr: float | None = None) -> list[dict[str, Any]]:
    """Choose the learning rate and the weight of the penalty of a row; resumable.

    Args:
        split: the data.
        folder: for the trainings.
        row: one of ROWS.
        lr: the learning rate, where it is not to be chosen here.

    Returns:
        A dictionary for each training: "row", "lr", "weight", "density", validation scores, and
        whether it was "chosen".
    """
    first = 0.0 if row == DENSE else FIRST_WEIGHT[penalty(row)]
    points: list[dict[str, Any]] = []
    if lr is None:
        tried = small.tune_rate(split, folder, f"tune-{row}", lambda rate: spec(row, rate, first))
        points = [{"row": row, "weight": first} | point for point in tried]
        lr = small.chosen(points)["lr"]

    def trained(weight: float) -> dict[str, Any]:
        name = f"tune-{row}-w{weight:g}"
        scores = small.of_validation(validation(split, folder, spec(row, lr, weight), name))
        return {"row": row, "weight": weight, "lr": lr, **scores}

    start = small.chosen(points) if points else trained(first)
    known = {first: start}
    if row != DENSE:
        known |= search(start, trained)
    best = min(known, key=lambda weight: distance(known[weight]["density"]))
    others = [point for point in points if point is not start]
    return [point | {"chosen": point is known[best]} for point in (*others, *known.values())]


def search(
    start: dict[str, Any], trained: Callable[[float], dict[str, Any]]
) -> dict[float, dict[str, Any]]:
    """Look for the weight that gives DENSITY: along a line through the last two trainings.

    Args:
        start: the first training, with "weight" and "density".
        trained: makes a further one.

    Returns:
        weight -> training, at most TRIES of them.
    """
    points = [start]
    while len(points) < TRIES and min(distance(p["density"]) for p in points) > math.log(NEAR):
        weight = next_weight(points)
        if weight in (point["weight"] for point in points):
            break  # two digits can say no more
        points.append(trained(weight))
    return {point["weight"]: point for point in points}


def next_weight(points: list[dict[str, Any]]) -> float:
    """Return the weight to try next, to two digits: density is about a power of the weight."""
    points = [{**point, "density": max(point["density"], 1e-6)} for point in points]
    last = points[-1]
    steepness = -1.0  # before two trainings are known
    if len(points) > 1:
        rise = math.log(last["density"] / points[-2]["density"])
        steepness = min(rise / math.log(last["weight"] / points[-2]["weight"]), -0.25)
    weight = last["weight"] * (DENSITY / last["density"]) ** (1 / steepness)
    return float(f"{weight:.2g}")


def distance(density: float) -> float:
    """Return how far a density is from DENSITY, as the logarithm of their ratio."""
    return abs(math.log(max(density, 1e-9) / DENSITY))


def measure(
    split: Split,
    folder: Path,
    row: str,
    lr: float,
    weight: float,
    seed: int = small.SEEDS[0],
    epochs: int | None = None,
) -> dict[str, Any]:
    """Train and measure one row (`small.measure`); what `folder` holds is not trained again."""
    name = row + ("" if epochs is None else f"-{epochs}epochs")
    metrics = small.measure(split, folder, name, spec(row, lr, weight, epochs), seed)
    return {"name": row, "seed": seed, "lr": lr, "weight": weight, **metrics}


def run(folder: Path) -> dict[str, Any]:
    """Train and tune everything; resumable.

    Returns:
        "tuning" (one dictionary for each training), "entries" (for each row and seed), "compared"
        (PAIRS, person by person), "cheap".
    """
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    folder.mkdir(parents=True, exist_ok=True)
    cheap = measure(split, folder, **CHEAP)
    points: list[dict[str, Any]] = []
    runs: dict[str, list[dict[str, Any]]] = {}
    shared: float | None = None
    for row in progress(ROWS, desc="scoring"):
        tried = tune(split, folder, row, None if row in SCORERS else shared)
        best = small.chosen(tried)
        shared = best["lr"] if row == BASE else shared
        points += tried
        runs[row] = [
            measure(split, folder, row, best["lr"], best["weight"], seed) for seed in small.SEEDS
        ]
    return {
        "tuning": points,
        "entries": [small.without_values(entry) for seeds in runs.values() for entry in seeds],
        "compared": compared(runs),
        "cheap": small.without_values(cheap),
    }


def compared(runs: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Compare PAIRS person by person; each has "name" and "with"."""
    return small.comparisons(
        [({"name": one, "with": other}, runs[one], runs[other]) for one, other in PAIRS]
    )


def values(entries: list[dict[str, Any]], name: str, key: str) -> list[float]:
    """Return one number per seed, in the order of the seeds.

    Raises:
        KeyError: nothing of this name.
    """
    rows = sorted((e for e in entries if e["name"] == name), key=lambda e: e["seed"])
    if not rows:
        known = sorted({entry["name"] for entry in entries})
        raise KeyError(f"{name!r} was not trained; there are {known}")
    return [row[key] for row in rows]


def mean_sd(numbers: list[float]) -> tuple[float, float]:
    """Return mean and standard deviation (n - 1) over seeds."""
    return statistics.fmean(numbers), statistics.stdev(numbers)


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return small.config() | {
        "scorers": SCORERS, "rows": list(ROWS), "density": DENSITY, "near": NEAR, "tries": TRIES,
        "first weight": FIRST_WEIGHT, "compared": [list(pair) for pair in PAIRS], "cheap": CHEAP,
    }  # fmt: skip
