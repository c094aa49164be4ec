"""How should a token meet an item, and what does a penalty do to the lists? MovieLens-100K.

All models are SparCodes in the small setting of `common.small`:

    scorers     products with and without a dot product beside the network, concatenation without
                it, self-attention with it; trained with L1
    penalties   products + dot with L1, with `losses.read_penalty`, and without a penalty

Each has a learning rate of its own, chosen on validation. Then the weight of its penalty is
searched until a person reads about READ entries with one probe; quality is not looked at. So all
but the one without a penalty cost a search the same work. About 25 minutes on one core.
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
from sparcode_mini.tools.progress import progress

BASE = "products + dot"
SCORERS: dict[str, dict[str, Any]] = {
    BASE: {},
    "products": {"linear_path": False},
    "concatenation": {"scorer": "concatenation"},
    "attention + dot": {"scorer": "attention"},
}
DENSE, FLOPS = f"{BASE}, no penalty", f"{BASE}, FLOPS by use"
ROWS = (*SCORERS, DENSE, FLOPS)
READ, NEAR, TRIES = 1200, 1.15, 4  # entries a person should read, a factor that is near enough
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


def tune(split: Split, folder: Path, row: str) -> list[dict[str, Any]]:
    """Choose the learning rate and the weight of the penalty of a row; resumable.

    Args:
        split: the data.
        folder: for the trainings.
        row: one of ROWS.

    Returns:
        A dictionary for each training: "row", "lr", "weight", what `small.tried` returns, and
        whether it was "chosen".
    """
    first = 0.0 if row == DENSE else FIRST_WEIGHT[penalty(row)]
    rates = small.tune_rate(split, folder, f"tune-{row}", lambda lr: spec(row, lr, first))
    points = [{"row": row, "weight": first} | point for point in rates]
    start = small.chosen(points)
    lr = start["lr"]

    def trained(weight: float) -> dict[str, Any]:
        point = small.tried(split, folder, f"tune-{row}-w{weight:g}", spec(row, lr, weight))
        return {"row": row, "weight": weight, "lr": lr, **point}

    known = {first: start}
    if row != DENSE:
        known |= search(start, trained)
    best = min(known, key=lambda weight: distance(known[weight]["read"]))
    others = [point for point in points if point is not start]
    return [point | {"chosen": point is known[best]} for point in (*others, *known.values())]


def search(
    start: dict[str, Any], trained: Callable[[float], dict[str, Any]]
) -> dict[float, dict[str, Any]]:
    """Look for the weight that makes people read READ entries, along a line through two trainings.

    Args:
        start: the first training, with "weight" and "read".
        trained: makes a further one.

    Returns:
        weight -> training, at most TRIES of them.
    """
    points = [start]
    while len(points) < TRIES and min(distance(p["read"]) for p in points) > math.log(NEAR):
        weight = next_weight(points)
        if weight in (point["weight"] for point in points):
            break  # two digits can say no more
        points.append(trained(weight))
    return {point["weight"]: point for point in points}


def next_weight(points: list[dict[str, Any]]) -> float:
    """Return the weight to try next, to two digits: what is read is about a power of the weight."""
    points = [{**point, "read": max(point["read"], 1e-2)} for point in points]
    last = points[-1]
    steepness = -1.0  # before two trainings are known
    if len(points) > 1:
        rise = math.log(last["read"] / points[-2]["read"])
        steepness = min(rise / math.log(last["weight"] / points[-2]["weight"]), -0.25)
    weight = last["weight"] * (READ / last["read"]) ** (1 / steepness)
    return float(f"{weight:.2g}")


def distance(read: float) -> float:
    """Return how far what is read is from READ, as the logarithm of their ratio."""
    return abs(math.log(max(read, 1e-6) / READ))


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
    for row in progress(ROWS, desc="scoring"):
        tried = tune(split, folder, row)
        best = small.chosen(tried)
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
        "scorers": SCORERS, "rows": list(ROWS), "read": READ, "near": NEAR, "tries": TRIES,
        "first weight": FIRST_WEIGHT, "compared": [list(pair) for pair in PAIRS], "cheap": CHEAP,
    }  # fmt: skip
