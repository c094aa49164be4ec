"""How should a token meet an item, and what does each part of SparCode cost? MovieLens-100K.

All models have the sweep's small setting: token width 32, 8 hidden units, 10 epochs, three seeds.

    scorers    products, concatenation, self-attention in the same SparCode (M = 1, N = 64); of
               each kind (with and without a dot product) there are two, with different networks
    ablation   dot product, all-to-all, + quantiser, + sparse lists (L1 or FLOPS)

"products + dot" is also the quantised step of the ablation.
"""

import statistics
from pathlib import Path
from typing import Any

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.studies.common.train_and_measure import Spec, train_and_measure
from sparcode_mini.studies.sweep import FIT, MODEL
from sparcode_mini.tools.progress import progress

SEEDS = (0, 1, 2)
SIZE = {"M": 1, "N": 64}
SPARSITY = {"l1": 4.0, "flops": 16.0}  # chosen for about equal density, 0.19
BASE = "products + dot"
SCORERS: dict[str, dict[str, Any]] = {
    BASE: {},
    "products": {"linear_path": False},
    "concatenation": {"scorer": "concatenation"},
    "attention + dot": {"scorer": "attention"},
}
PENALISED = {f"{BASE}, {kind}": kind for kind in SPARSITY}
KEPT = ("validation ndcg@50", "ndcg@50", "recall@50", "best_epoch", "seconds")
SERVED = ("ndcg@50 probes=4", "entries", "density", "entry_bytes_fp16", "longest")
# One more training, so short that a test can repeat it.
CHEAP: dict[str, Any] = {"name": "two-tower", "seed": 0, "epochs": 1}


def spec(name: str, epochs: int | None = None) -> Spec:
    """Return what is trained under a name.

    Raises:
        KeyError: no such name.
    """
    train = {**FIT, "epochs": epochs or FIT["epochs"]}
    if name == "two-tower":  # as many query tokens as the others, so that only the meeting differs
        return {"class": "TwoTower", "model": {"token_dim": 32, "query_tokens": 4}, "fit": train}
    if name == "all-to-all":
        return {"class": "AllToAll", "model": dict(MODEL), "fit": train}
    if name in PENALISED:
        kind = PENALISED[name]
        return {
            "class": "SparCode",
            "model": {**MODEL, **SIZE},
            "fit": {**train, "sparsity": SPARSITY[kind], "penalty": kind},
        }
    if name not in SCORERS:
        raise KeyError(f"{name!r} is unknown; there are {names()}")
    return {"class": "SparCode", "model": {**MODEL, **SIZE, **SCORERS[name]}, "fit": train}


def names() -> list[str]:
    """Return the names of everything that is compared."""
    return ["two-tower", "all-to-all", *SCORERS, *PENALISED]


def run_one(
    split: Split, folder: Path, name: str, seed: int, epochs: int | None = None
) -> dict[str, Any]:
    """Train and measure one entry; what `folder` holds is not trained again."""
    short = "" if epochs is None else f"-{epochs}epochs"
    file = name.replace(" + ", "-").replace(", ", "-") + f"-{seed}{short}"
    result = train_and_measure(split, spec(name, epochs), seed, folder, file)
    return {
        "name": name,
        "seed": seed,
        **{key: result[key] for key in (*KEPT, *SERVED) if key in result},
    }


def run(folder: Path) -> dict[str, Any]:
    """Train everything; resumable."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    todo = [(name, seed) for name in names() for seed in SEEDS]
    return {
        "cheap": run_one(split, folder, **CHEAP),
        "entries": [run_one(split, folder, *one) for one in progress(todo, desc="scoring")],
    }


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
    return {
        "runs": {name: spec(name) for name in names()},
        "seeds": list(SEEDS),
        "cheap": CHEAP,
        "data": "MovieLens-100K",
    }
