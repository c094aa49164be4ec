"""What each switch beyond the paper is worth at equal served bytes. MovieLens-100K, three seeds.

All models have the sweep's small setting: token width 32, 8 hidden units, 10 epochs. They have 4
query tokens and 64 lists, unless a switch changes these numbers. Every switch has one value, chosen
beforehand and not tuned. Each index is measured in three forms: whole; cut to the same bytes (every
list to its best n, n as large as the bytes allow); cut, with its entries trained again. Each form
is read with 1 and with 4 probes. About 45 minutes on an idle core.
"""

import statistics
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
from sparcode_mini.serving.finetune import finetune
from sparcode_mini.studies.common.train_and_measure import Spec, index_to_serve, train_and_measure
from sparcode_mini.studies.sweep import FIT, MODEL
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

SEEDS = (0, 1, 2)
BASE = "base"
# name -> (arguments of the model, arguments of the training) that differ from the base
SWITCHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    BASE: ({}, {}),
    "soft assignment": ({"soft": 4}, {}),
    "soft, codebook too": ({"soft": 4, "update": "gradient"}, {}),
    "residual codes": ({"M": 2, "N": 8, "quantizer": "residual"}, {}),  # 64 codes too
    "rotation trick": ({"gradient": "rotation"}, {}),
    "balanced codes": ({"balance": 1.0}, {}),
    "more tokens": ({"query_tokens": 8, "N": 32}, {}),
    "more codes": ({"query_tokens": 2, "N": 128}, {}),
    "distillation": ({}, {"distill": 1.0}),
    "gates": ({"gates": True}, {}),
    "bias per code": ({"code_bias": True}, {}),
    "L1 penalty": ({}, {"sparsity": 12.0}),
    "FLOPS penalty": ({}, {"sparsity": 64.0, "penalty": "flops"}),
}
BUDGET = 25_000  # bytes of all entries together
PRECISION = "float16"  # int32 position + fp16 value: 6 bytes an entry
TUNE: dict[str, Any] = {"epochs": 2, "lr": 3e-3, "probes": 4}
PROBES, PARTS = (1, 4), ("validation", "test")
SIZES = ("bytes", "density")
WHOLE, CUT, TRAINED = "whole", "cut", "cut, entries trained"
# What a test repeats: one short training.
CHEAP: dict[str, Any] = {"name": "soft assignment", "seed": 0, "epochs": 2}
SPARSE_DENSITY, SPARSE_LOSS = 0.05, 0.02  # the target: so few entries for so little NDCG@50


def spec(name: str, epochs: int | None = None) -> Spec:
    """Return what is trained under a name.

    Raises:
        KeyError: no such switch.
    """
    if name not in SWITCHES:
        raise KeyError(f"{name!r} is unknown; there are {list(SWITCHES)}")
    model, train = SWITCHES[name]
    sizes = {"query_tokens": 4, "M": 1, "N": 64}
    return {
        "class": "SparCode",
        "model": {**MODEL, **sizes, **model},
        "fit": {**FIT, "epochs": epochs or FIT["epochs"], **train},
    }


def cut_to_bytes(index: SparseIndex, budget: int) -> SparseIndex:
    """Cut every list to its best n, with the largest n whose entries fit into the bytes.

    Raises:
        ValueError: not even one entry per list fits.
    """
    lengths = np.diff(index.offsets)  # (C,)
    sizes = np.arange(1, max(int(lengths.max(initial=0)), 1) + 1)
    kept = np.minimum(lengths[:, None], sizes).sum(axis=0)  # entries for each n
    fitting = sizes[6 * kept <= budget]
    if len(fitting) == 0:
        raise ValueError(f"{budget} bytes hold no entry for each of {len(index)} lists; give more")
    return index.cut(best=int(fitting[-1]))


def served(model: SparCode, split: Split, index: SparseIndex) -> dict[str, Any]:
    """Measure an index at the stored precision: sizes, and NDCG@50 per part and probes."""
    kept = index.quantised(PRECISION)
    stats = kept.stats()
    row: dict[str, Any] = {
        "entries": stats["entries"], "bytes": stats["entry_bytes"], "density": stats["density"],
        "beside": stats["other_bytes"], "items": len(np.unique(kept.items)),
    }  # fmt: skip
    for on in PARTS:
        for probes in PROBES:
            metrics = evaluate(model, split, on=on, k=(50,), probes=probes, index=kept)
            row[f"{on} probes={probes}"] = metrics["ndcg@50"]
    return row


def measure(model: SparCode, split: Split, seed: int, train_entries: bool) -> dict[str, Any]:
    """Measure the index whole, cut, and cut with trained entries."""
    whole = index_to_serve(model)
    short = cut_to_bytes(whole, BUDGET)
    rows = {WHOLE: served(model, split, whole), CUT: served(model, split, short)}
    if train_entries:
        tuned, _ = finetune(short, model, split, seed=seed, **TUNE)
        rows[TRAINED] = served(model, split, tuned)
    return rows


def run_one(
    split: Split, folder: Path, name: str, seed: int, epochs: int | None = None
) -> dict[str, Any]:
    """Train and measure one switch; what `folder` holds is not done again."""
    short = "" if epochs is None else f"-{epochs}epochs"
    file = "".join(c if c.isalnum() else "-" for c in name) + f"-{seed}{short}"
    result = train_and_measure(split, spec(name, epochs), seed, folder, file)
    path = folder / f"{file}.safetensors"
    options = {
        "budget": BUDGET, "precision": PRECISION, "fine-tuning": TUNE if epochs is None else None,
        "probes": PROBES, "model": file_digest(path),
    }  # fmt: skip
    rows = remembered(
        folder / f"{file}.lists.json",
        options,
        lambda: measure(load_model(path, split), split, seed, train_entries=epochs is None),
    )
    return {
        "name": name, "seed": seed, "seconds": result["seconds"], "used": result["used"],
        "perplexity": result["perplexity"], "rows": rows,
    }  # fmt: skip


def run(folder: Path) -> dict[str, Any]:
    """Train everything, seed by seed; resumable."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    todo = [(name, seed) for seed in SEEDS for name in SWITCHES]
    return {
        "cheap": run_one(split, folder, **CHEAP),
        "entries": [run_one(split, folder, *one) for one in progress(todo, desc="beyond")],
    }


# --- reading the results --------------------------------------------------------------------------


class Effect(NamedTuple):
    """A switch in one way of serving: means over seeds, and the differences to the base."""

    name: str
    ndcg: list[float]  # test NDCG@50, one per seed
    gains: list[float]  # over the base served the same way, seed by seed
    bytes: float
    density: float
    seconds: float

    @property
    def gain(self) -> float:
        """Return the mean difference to the base."""
        return statistics.fmean(self.gains)

    @property
    def sure(self) -> bool:
        """Return whether every seed moved the same way."""
        return all(g > 0 for g in self.gains) or all(g < 0 for g in self.gains)


def column(entries: Sequence[dict[str, Any]], name: str, way: str, key: str) -> list[float]:
    """Return one number per seed, in the order of the seeds.

    Raises:
        KeyError: nothing of this name.
    """
    rows = sorted((e for e in entries if e["name"] == name), key=lambda e: e["seed"])
    if not rows:
        raise KeyError(f"{name!r} was not trained; there are {list(SWITCHES)}")
    return [float(entry["rows"][way][key]) for entry in rows]


def effects(entries: Sequence[dict[str, Any]], way: str, probes: int) -> list[Effect]:
    """Return the effect of every switch served in one way, in the order of SWITCHES."""
    key, result = f"test probes={probes}", []
    base = column(entries, BASE, way, key)
    for name in SWITCHES:
        ndcg = column(entries, name, way, key)
        gains = [a - b for a, b in zip(ndcg, base, strict=True)]
        size, density = (statistics.fmean(column(entries, name, way, k)) for k in SIZES)
        seconds = statistics.fmean(e["seconds"] for e in entries if e["name"] == name)
        result.append(Effect(name, ndcg, gains, size, density, seconds))
    return result


class SparseTarget(NamedTuple):
    """The sparse index that validation likes best, against the dense one; test NDCG@50."""

    name: str
    way: str
    density: float
    sparse: list[float]  # one per seed
    dense: list[float]

    @property
    def lost(self) -> float:
        """Share of the dense index's mean NDCG@50 that is lost (negative: gained)."""
        return 1.0 - statistics.fmean(self.sparse) / statistics.fmean(self.dense)

    @property
    def met(self) -> bool:
        """Return whether the index is sparse enough and loses little enough of the quality."""
        return self.density <= SPARSE_DENSITY and self.lost <= SPARSE_LOSS


def sparse_target(entries: Sequence[dict[str, Any]]) -> SparseTarget:
    """Choose, on validation with 4 probes, the best index of at most SPARSE_DENSITY.

    The choice is among all switches and ways; the density of every seed must be low enough, not
    only their mean. The dense index is the base's, whole, with 4 probes.
    """
    candidates: list[tuple[float, str, str]] = []
    for name in SWITCHES:
        for way in (WHOLE, CUT, TRAINED):
            if max(column(entries, name, way, "density")) <= SPARSE_DENSITY:
                score = statistics.fmean(column(entries, name, way, "validation probes=4"))
                candidates.append((score, name, way))
    _, name, way = max(candidates)
    return SparseTarget(
        name, way, max(column(entries, name, way, "density")),
        column(entries, name, way, "test probes=4"),
        column(entries, BASE, WHOLE, "test probes=4"),
    )  # fmt: skip


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "runs": {name: spec(name) for name in SWITCHES}, "seeds": list(SEEDS),
        "budget": BUDGET, "precision": PRECISION, "fine-tuning": TUNE, "probes": list(PROBES),
        "cheap": CHEAP, "data": "MovieLens-100K",
    }  # fmt: skip
