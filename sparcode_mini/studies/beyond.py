"""What each switch beyond the paper is worth at equal served bytes. MovieLens-100K, three seeds.

All models have the sweep's small setting (token width 32, 8 hidden units, 10 epochs), but learn
from every prefix of a step, at the learning rate that validation chose for the base. They have 4
query tokens and 64 lists. A switch changes one thing, to one value, chosen beforehand and not
tuned; the penalties have weights that leave about a tenth of all (code, item) pairs. Each index is
measured in three forms: whole; cut to the same bytes (every list to its best n, n as large as the
bytes allow); cut, with its entries trained again. Every switch is compared with the base that is
served the same way, person by person and over the seeds, with Holm's correction over all of these
comparisons. About an hour on one core.
"""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.evaluation.paired import compare, per_user, together
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.serving.finetune import finetune
from sparcode_mini.studies.common.train_and_measure import Spec, index_to_serve, train_and_measure
from sparcode_mini.studies.sweep import FIT, MODEL
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

SEEDS = (0, 1, 2)
RATE = 2e-2  # what validation chose for the base in `studies.pays`; all switches take it
BASE = "base"
# name -> (arguments of the model, arguments of the training) that differ from the base
SWITCHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    BASE: ({}, {}),
    "tau 3": ({"probe_temperature": 3.0}, {}),  # hard in training; the base has 10
    "soft, tau 10": ({"soft": 4}, {}),
    "soft, tau 3": ({"soft": 4, "probe_temperature": 3.0}, {}),
    "soft, tau 10, codebook too": ({"soft": 4, "update": "gradient"}, {}),
    "residual codes": ({"M": 2, "N": 8, "quantizer": "residual"}, {}),  # 64 codes too
    "rotation trick": ({"gradient": "rotation"}, {}),
    "balanced codes": ({"balance": 1.0}, {}),
    "8 tokens": ({"query_tokens": 8}, {}),
    "128 codes": ({"N": 128}, {}),
    "distillation": ({}, {"distill": 1.0}),
    "gates": ({"gates": True}, {}),
    "bias per code": ({"code_bias": True}, {}),
    "L1 penalty": ({}, {"sparsity": 12.0}),
    "penalty on items": ({}, {"sparsity": 32.0, "penalty": "items"}),
    "FLOPS penalty": ({}, {"sparsity": 96.0, "penalty": "flops"}),
}
# Compared with each other, too: training at the same tau, and the codebook alone.
ALSO = (("soft, tau 3", "tau 3"), ("soft, tau 10, codebook too", "soft, tau 10"))
READ_OTHERWISE = ("tau 3",)  # trained as the base; only the weights of the probes differ
BUDGET = 25_000  # bytes of all entries together
PRECISION = "float16"  # int32 position + fp16 value: 6 bytes an entry
TUNE: dict[str, Any] = {"epochs": 2, "lr": 3e-3, "probes": 4}
PROBES, PARTS = (1, 4), ("validation", "test")
WHOLE, CUT, TRAINED = "whole", "cut", "cut, entries trained"
WAYS = ((WHOLE, 1), (WHOLE, 4), (CUT, 4), (TRAINED, 4))  # form and probes that are compared
# What a test repeats: one short training.
CHEAP: dict[str, Any] = {"name": "soft, tau 10", "seed": 0, "epochs": 2}
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
        "fit": {"epochs": epochs or FIT["epochs"], "lr": RATE, **train},
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
    """Measure an index at the stored precision.

    Returns:
        Sizes; NDCG@50 of both parts for each number of probes, and that of each person on test.
    """
    kept = index.quantised(PRECISION)
    stats = kept.stats()
    row: dict[str, Any] = {
        "entries": stats["entries"], "bytes": stats["entry_bytes"], "density": stats["density"],
        "beside": stats["other_bytes"], "items": len(np.unique(kept.items)),
    }  # fmt: skip
    for probes in PROBES:
        metrics = evaluate(model, split, "validation", 50, probes, kept)
        people = per_user(model, split, probes=probes, index=kept)
        row[f"validation probes={probes}"] = metrics["ndcg@50"]
        row[f"test probes={probes}"] = float(people.mean())
        row[f"people probes={probes}"] = people.tolist()
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
        None,
    )
    return {
        "name": name, "seed": seed, "seconds": result["seconds"], "used": result["used"],
        "perplexity": result["perplexity"], "rows": rows,
    }  # fmt: skip


def run(folder: Path) -> dict[str, Any]:
    """Train everything, seed by seed, and compare; resumable.

    Returns:
        "cheap"; "entries", one for each switch and seed; "gains" of the switches over the base;
        "target", the index of `sparse_target` against the dense one.
    """
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    todo = [(name, seed) for seed in SEEDS for name in SWITCHES]
    cheap = run_one(split, folder, **CHEAP)
    entries = [run_one(split, folder, *one) for one in progress(todo, desc="beyond")]
    return {
        "cheap": without_people(cheap),
        "gains": gains_of(entries),
        "target": against_dense(entries),
        "entries": [without_people(entry) for entry in entries],
    }


def without_people(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry without the values of single people."""
    rows = {
        way: {key: value for key, value in row.items() if not key.startswith("people")}
        for way, row in entry["rows"].items()
    }
    return entry | {"rows": rows}


def people_of(entries: Sequence[dict[str, Any]], name: str, way: str, probes: int) -> np.ndarray:
    """Return NDCG@50 of each person, (seeds, n_people)."""
    return np.array(column(entries, name, way, f"people probes={probes}"))


def gains_of(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compare every switch with the base, and the pairs of ALSO; Holm over all rows.

    Both sides of a comparison ("name", "against") are served the same way.
    """
    rows: list[dict[str, Any]] = []
    pairs = [(name, BASE) for name in SWITCHES if name != BASE]
    pairs += [pair for pair in ALSO if set(pair) <= set(SWITCHES)]
    for way, probes in WAYS:
        for name, other in pairs:
            same = name in READ_OTHERWISE  # the very models of the base
            first, second = (people_of(entries, one, way, probes) for one in (name, other))
            head = {"name": name, "against": other, "way": way, "probes": probes}
            rows.append({**head, **compare(first, second, same_seeds=same)})
    return together(rows)


def against_dense(entries: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Compare the index of `sparse_target` with the whole lists of the base, 4 probes."""
    target = sparse_target(entries)
    sparse = people_of(entries, target.name, target.way, 4)
    return compare(sparse, people_of(entries, BASE, WHOLE, 4))


# --- reading the results --------------------------------------------------------------------------


def column(entries: Sequence[dict[str, Any]], name: str, way: str, key: str) -> list[Any]:
    """Return one value per seed, in the order of the seeds.

    Raises:
        KeyError: nothing of this name.
    """
    rows = sorted((e for e in entries if e["name"] == name), key=lambda e: e["seed"])
    if not rows:
        raise KeyError(f"{name!r} was not trained; there are {list(SWITCHES)}")
    return [entry["rows"][way][key] for entry in rows]


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
        "also": [list(pair) for pair in ALSO], "ways": [list(way) for way in WAYS],
        "cheap": CHEAP, "data": "MovieLens-100K",
    }  # fmt: skip
