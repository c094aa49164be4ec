"""A grid over M, N and sparsity on real data: what the sliders of the first panel show."""

import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sparcode_mini.data.split import Split
from sparcode_mini.model.load import load_model
from sparcode_mini.studies.common.small import tune_rate
from sparcode_mini.studies.common.train_and_measure import (
    Spec,
    index_to_serve,
    search_microseconds,
    side_by_side,
    train_and_measure,
)
from sparcode_mini.tools.progress import progress

GRID: dict[str, list[Any]] = {
    "M": [1, 2],
    "N": [16, 32, 64, 128],
    "sparsity": [0.0, 4.0, 12.0],
}
# With M = 4 hardly two tokens share a code, so training is several times slower: N = 16 only.
ALSO = [{"M": 4, "N": 16, "sparsity": sparsity} for sparsity in (0.0, 4.0, 12.0)]
# A small model, so that one setting trains in about a minute; it is worse than the table's.
MODEL = {"token_dim": 32, "hidden": 8}
FIT = {"epochs": 10, "max_positions": 400}
RATE, TOWER_RATE = 5e-3, 1e-2  # as `rates` finds them on validation, the first for M = 1, N = 64
SEED = 0
KEPT = (
    "validation ndcg@50",
    "ndcg@50",
    "ndcg@50 probes=4",
    "recall@50",
    "recall@50 probes=4",
    "used",
    "perplexity",
    "codes_possible",
    "lists",
    "entries",
    "density",
    "entry_bytes_fp16",
    "other_bytes",
    "seconds",
)


def setting_spec(M: int, N: int, sparsity: float, lr: float = RATE) -> Spec:
    """Return what is trained for one setting of the panel."""
    return {
        "class": "SparCode",
        "model": {**MODEL, "M": M, "N": N},
        "fit": {**FIT, "sparsity": sparsity, "lr": lr},
    }


def tower_spec(lr: float = TOWER_RATE) -> Spec:
    """Return the two-tower of the same width."""
    width = {"token_dim": MODEL["token_dim"]}
    return {"class": "TwoTower", "model": width, "fit": {**FIT, "lr": lr}}


def rates(split: Split, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Walk along the learning rates of both sides; all settings of the panel take SparCode's."""
    sides: dict[str, Callable[[float], Spec]] = {
        "sparcode": functools.partial(setting_spec, 1, 64, 0.0),
        "two-tower": tower_spec,
    }
    return {
        side: tune_rate(split, folder, f"sweep-{side}", setting, decides="ndcg@50")
        for side, setting in sides.items()
    }


def run_setting(
    split: Split, folder: Path, M: int, N: int, sparsity: float, wait: bool = True
) -> dict[str, Any]:
    """Train and measure one setting (about a minute on one core)."""
    spec, name = setting_spec(M, N, sparsity), setting_name(M, N, sparsity)
    result = train_and_measure(split, spec, SEED, folder, name, wait=wait)
    return {"M": M, "N": N, "sparsity": sparsity, **{key: result[key] for key in KEPT}}


def setting_name(M: int, N: int, sparsity: float) -> str:
    """Return the name of the files of one setting."""
    return f"sweep-M{M}-N{N}-s{sparsity:g}"


def _latency(split: Split, folder: Path, M: int, N: int, sparsity: float) -> float:
    model = load_model(folder / f"{setting_name(M, N, sparsity)}.safetensors", split)
    return search_microseconds(model, index_to_serve(model), split)


def sweep(split: Split, folder: Path) -> dict[str, Any]:
    """Train and measure every setting of GRID and the baselines; resumable.

    Returns:
        {"rates": what was tried, "settings": [...], "baselines": {...}}, as the panel reads it.
    """
    points = [dict(zip(GRID, p, strict=True)) for p in itertools.product(*GRID.values())] + ALSO

    def work(point: dict[str, Any], wait: bool) -> dict[str, Any]:
        return run_setting(split, folder, **point, wait=wait)

    settings = side_by_side(points, work, "sweep")
    for entry, point in zip(progress(settings, desc="latency"), points, strict=True):
        entry["search_us"] = _latency(split, folder, **point)  # one after another, on equal terms
    popular = train_and_measure(split, {"class": "Popularity"}, SEED, folder, "sweep-popularity")
    tower = train_and_measure(split, tower_spec(), SEED, folder, "sweep-two-tower")
    return {
        "rates": rates(split, folder),
        "settings": settings,
        "baselines": {
            "popularity": {"ndcg@50": popular["ndcg@50"]},
            "two-tower": {"ndcg@50": tower["ndcg@50"], "bytes_fp16": tower["item_bytes_fp16"]},
        },
    }


def config() -> dict[str, Any]:
    """Return everything that decides the sweep's numbers."""
    return {
        "grid": GRID,
        "also": ALSO,
        "model": MODEL,
        "fit": {**FIT, "lr": RATE},
        "two-tower lr": TOWER_RATE,
        "seed": SEED,
        "data": "MovieLens-100K",
    }
