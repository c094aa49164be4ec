"""What a byte buys: short and long lists of SparCode against two-towers of several widths.

Every model trains with the same tokenizer, epochs and prefixes a step. Every model may choose among
the same number of learning rates: on validation, with the first seed; the other seeds take the
chosen rate. What is stored is then treated alike on both sides:

    cut             lists to their best n; the item matrix of the two-tower that is as wide as
                    SparCode's tokens to its best directions
    trained again   or not: validation chooses among the same rates and passes
    rounded         to equal precision

About half an hour on one core.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.studies.common.item_side import (
    PRECISIONS,
    encoder_bytes,
    tower_points,
    tuned_lists,
)
from sparcode_mini.studies.common.train_and_measure import Spec, train_and_measure
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

SEEDS = (0, 1, 2)
MODEL: dict[str, Any] = {"tokenizer": "self-attention", "dropout": 0.1}
FIT: dict[str, Any] = {"epochs": 10, "max_positions": 300}
WIDTHS, TOWER_RATES = (4, 8, 16, 32, 64), (3e-3, 1e-2)
SPARSE: dict[str, Any] = {"M": 1, "N": 64, "token_dim": 32, "hidden": 8}
PENALTIES, SPARSE_RATES = (0.0, 12.0), (2e-3, 5e-3)
CUTS: tuple[int | None, ...] = (None, 100, 50, 25)
RANKS = (1, 2, 4, 8, 16)  # to which the two-tower as wide as SparCode's tokens is cut
# Of training again. Short lists need a high rate, whole lists a low one.
EPOCHS, RATES = 3, (3e-4, 3e-3, 1e-2)
PROBES = (1, 4)
# One more training, so short that a test can repeat it.
CHEAP: dict[str, Any] = {"width": 8, "lr": 1e-2, "epochs": 1}


def tower_spec(width: int, lr: float, epochs: int | None = None) -> Spec:
    """Return the setting of a two-tower."""
    fit = {**FIT, "lr": lr, "epochs": epochs or FIT["epochs"]}
    return {"class": "TwoTower", "model": {**MODEL, "token_dim": width}, "fit": fit}


def sparse_spec(penalty: float, lr: float) -> Spec:
    """Return the setting of a SparCode."""
    fit = {**FIT, "lr": lr, "sparsity": penalty}
    return {"class": "SparCode", "model": {**MODEL, **SPARSE}, "fit": fit}


# --- two-towers -----------------------------------------------------------------------------------


def run_tower(
    split: Split, folder: Path, seed: int, width: int, lr: float, epochs: int | None = None
) -> dict[str, Any]:
    """Train one two-tower and measure what it stores (unless `folder` has both)."""
    name, validation = _tower(split, folder, seed, width, lr, epochs)
    file = folder / f"{name}.safetensors"
    model = load_model(file, split)
    assert isinstance(model, TwoTower)
    ranks = RANKS if width == SPARSE["token_dim"] else ()
    options = {"ranks": ranks, "epochs": EPOCHS, "rates": RATES, "model": file_digest(file)}
    make = functools.partial(tower_points, model, split, seed, ranks, EPOCHS, RATES)
    points = remembered(folder / f"{name}.points.json", options, make, form=list)
    return {
        "width": width, "lr": lr, "seed": seed, "validation": validation,
        "encoder_bytes": encoder_bytes(model), "points": points,
    }  # fmt: skip


def _tower(
    split: Split, folder: Path, seed: int, width: int, lr: float, epochs: int | None = None
) -> tuple[str, float]:
    """Train one two-tower; return its name in `folder`, and validation NDCG@50."""
    short = "" if epochs is None else f"-{epochs}epochs"
    name = f"tower-{width}-{lr:g}-seed{seed}{short}"
    result = train_and_measure(split, tower_spec(width, lr, epochs), seed, folder, name)
    return name, float(result["validation ndcg@50"])


# --- SparCode -------------------------------------------------------------------------------------


def list_points(model: SparCode, split: Split, seed: int) -> list[dict[str, Any]]:
    """Measure every cut, with and without trained entries, at every precision and probes."""
    whole, points = SparseIndex.build(model, codes="all"), []
    for best in CUTS:
        short = whole.cut(best=best)
        again, _ = tuned_lists(short, model, split, seed, epochs=EPOCHS, rates=RATES)
        for index, trained in ((short, False), (again, True)):
            for precision in PRECISIONS:
                kept = index.quantised(precision)
                scales = 0 if kept.scales is None else kept.scales.nbytes
                row = {
                    "best": best, "tuned": trained, "precision": precision,
                    "entries": len(kept.items), "item_bytes": kept.stats()["entry_bytes"] + scales,
                }  # fmt: skip
                for probes in PROBES:
                    metrics = evaluate(model, split, k=(50,), probes=probes, index=kept)
                    row[f"ndcg@50 probes={probes}"] = metrics["ndcg@50"]
                points.append(row)
    return points


def run_sparse(split: Split, folder: Path, seed: int, penalty: float, lr: float) -> dict[str, Any]:
    """Train one SparCode and measure its lists (unless `folder` has both)."""
    name, validation = _sparse(split, folder, seed, penalty, lr)
    file = folder / f"{name}.safetensors"
    model = load_model(file, split)
    assert isinstance(model, SparCode)
    options = {"cuts": CUTS, "epochs": EPOCHS, "rates": RATES, "probes": PROBES}
    options["model"] = file_digest(file)
    make = functools.partial(list_points, model, split, seed)
    points = remembered(folder / f"{name}.lists.json", options, make, form=list)
    return {
        "penalty": penalty, "lr": lr, "seed": seed, "validation": validation,
        "encoder_bytes": encoder_bytes(model),
        "codebook_bytes": 2 * model.quantizer.codebooks.numel(),
        "points": points,
    }  # fmt: skip


def _sparse(split: Split, folder: Path, seed: int, penalty: float, lr: float) -> tuple[str, float]:
    """Train one SparCode; return its name in `folder`, and validation NDCG@50."""
    name = f"sparse-{penalty:g}-{lr:g}-seed{seed}"
    result = train_and_measure(split, sparse_spec(penalty, lr), seed, folder, name)
    return name, float(result["validation ndcg@50"])


# --- everything -----------------------------------------------------------------------------------


def run_towers(split: Split, folder: Path) -> list[dict[str, Any]]:
    """Run all widths and seeds, each at the learning rate that the first seed chose."""
    kept = []
    for width in progress(WIDTHS, desc="two-towers"):
        scores = {lr: _tower(split, folder, SEEDS[0], width, lr)[1] for lr in TOWER_RATES}
        best = max(scores, key=lambda lr: scores[lr])
        kept += [run_tower(split, folder, seed, width, best) for seed in SEEDS]
    return kept


def run_lists(split: Split, folder: Path) -> list[dict[str, Any]]:
    """Run all penalties and seeds, each at the learning rate that the first seed chose."""
    kept = []
    for penalty in progress(PENALTIES, desc="SparCode"):
        scores = {lr: _sparse(split, folder, SEEDS[0], penalty, lr)[1] for lr in SPARSE_RATES}
        best = max(scores, key=lambda lr: scores[lr])
        kept += [run_sparse(split, folder, seed, penalty, best) for seed in SEEDS]
    return kept


def run(folder: Path) -> dict[str, Any]:
    """Train and measure everything; resumable.

    Returns:
        {"towers": ..., "lists": ..., one entry per setting and seed; "cheap": what a test repeats}.
    """
    split = data.movielens_100k().split()
    cheap = run_tower(split, folder, SEEDS[0], **CHEAP)
    return {
        "towers": run_towers(split, folder),
        "lists": run_lists(split, folder),
        "cheap": cheap,
    }


class Setting(NamedTuple):
    """One way to store an item side: mean over seeds and half the range of NDCG@50."""

    name: str
    item_bytes: float
    ndcg: float
    half: float
    beside: int  # codebooks
    encoder: int


def settings(stored: dict[str, Any], side: str, precision: str) -> list[Setting]:
    """Return every setting of one side at one precision.

    Args:
        stored: what `run` returned.
        side: "towers" or "lists".
        precision: one of PRECISIONS.

    Raises:
        ValueError: a side or precision that was not measured.
    """
    if side not in ("towers", "lists") or precision not in PRECISIONS:
        raise ValueError(f"{side!r} at {precision!r} was not measured; see PRECISIONS")
    key, kept = {"towers": "width", "lists": "penalty"}[side], []
    for value in sorted({run[key] for run in stored[side]}):
        runs = [run for run in stored[side] if run[key] == value]
        for number, point in enumerate(runs[0]["points"]):
            if point["precision"] != precision:
                continue
            same = [run["points"][number] for run in runs]
            size = float(np.mean([p["item_bytes"] for p in same]))
            for column in (c for c in point if c.startswith("ndcg")):
                ndcg = [p[column] for p in same]
                kept.append(
                    Setting(
                        _name(value, point, column), size, float(np.mean(ndcg)),
                        float(np.ptp(ndcg)) / 2, runs[0].get("codebook_bytes", 0),
                        runs[0]["encoder_bytes"],
                    )
                )  # fmt: skip
    return kept


def _name(value: float, point: dict[str, Any], column: str) -> str:
    tuned = ", trained" if point["tuned"] else ""
    if "rank" in point:
        cut = f" cut to {point['rank']}" if point["rank"] < value else ""
        return f"D = {value}{cut}{tuned}"
    cut = f"best {point['best']}" if point["best"] else "all"
    return f"L1 {value:g}, {cut}{tuned}, R = {column[-1]}"


def front_of(candidates: Sequence[Setting]) -> list[Setting]:
    """Return the settings that no smaller or equal one beats, by bytes."""
    kept: list[Setting] = []
    for setting in sorted(candidates, key=lambda s: (s.item_bytes, -s.ndcg)):
        if not kept or setting.ndcg > kept[-1].ndcg:
            kept.append(setting)
    return kept


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "data": "MovieLens-100K", "seeds": list(SEEDS), "model": MODEL, "fit": FIT,
        "widths": list(WIDTHS), "tower learning rates": list(TOWER_RATES),
        "sparse": SPARSE, "penalties": list(PENALTIES), "sparse learning rates": list(SPARSE_RATES),
        "cuts": list(CUTS), "ranks": list(RANKS), "epochs": EPOCHS, "rates": list(RATES),
        "precisions": list(PRECISIONS),
        "probes": list(PROBES), "cheap": CHEAP, "chosen by": "validation ndcg@50",
    }  # fmt: skip
