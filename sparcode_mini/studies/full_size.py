"""The best of the switches in the table's own setting: does anything reach the two-tower?

Token width 64, N = 128, 20 epochs: the rows of `reproduce`, with switches on. Candidates are
trained with the seed that the table's grid was tuned with and compared on validation; the best
dense one, and the best sparse one (density at most 5%), are then trained with the table's seeds.
Two-tower and dense SparCode are the table's own rows. About 2 to 3 minutes a training.
"""

import statistics
from pathlib import Path
from typing import Any

from sparcode_mini import data
from sparcode_mini.data import Split
from sparcode_mini.evaluate import evaluate
from sparcode_mini.files import load_json, save_json
from sparcode_mini.finetune import finetune
from sparcode_mini.index import SparseIndex
from sparcode_mini.measure import Spec, train_and_measure
from sparcode_mini.models import SparCode, load_model
from sparcode_mini.progress import progress
from sparcode_mini.reproduce import CHOSEN, TUNING_SEED, spec

SEEDS = (0, 1, 2)
# name -> (arguments of the model, arguments of the training) beside those of the row "sparcode"
DENSE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "soft": ({"soft": 4}, {}),
    "soft, 8 codewords": ({"soft": 8}, {}),
    "soft, N = 256": ({"soft": 4, "N": 256}, {}),
    "soft + gates": ({"soft": 4, "gates": True}, {}),
}
SPARSE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "L1 24": ({}, {"sparsity": 24.0}),
    "soft + L1 16": ({"soft": 4}, {"sparsity": 16.0}),
    "soft + L1 24": ({"soft": 4}, {"sparsity": 24.0}),
}
PROBES = (4, 8, 16)
DENSITY = 0.05
TUNE: dict[str, Any] = {"epochs": 3, "lr": 3e-3, "probes": 4}


def full_spec(name: str) -> Spec:
    """The row "sparcode" of the table with the switches of a candidate."""
    model, train = {**DENSE, **SPARSE}[name]
    row = spec("sparcode", **CHOSEN["sparcode"])
    return {**row, "model": {**row["model"], **model}, "fit": {**row["fit"], **train}}


def cut_to_density(index: SparseIndex, density: float) -> SparseIndex:
    """Cut every list to its best n, n as large as the density of all lists together allows."""
    allowed = density * len(index) * index.n_items
    n = index.n_items
    while len(index.items) > allowed:
        n = int(n * min(0.98, allowed / len(index.items) + 0.5))
        index = index.cut(best=n)
    return index


def measure(model: SparCode, split: Split, seed: int) -> list[dict[str, Any]]:
    """Lists as they are, with trained entries, and both at a density of at most DENSITY."""
    whole, rows = SparseIndex.build(model, codes="all"), []
    for sparse in (False, True):
        index = cut_to_density(whole, DENSITY) if sparse else whole
        tuned, _ = finetune(index, model, split, seed=seed, **TUNE)
        for kept, trained in ((index, False), (tuned, True)):
            kept = kept.quantised("float16")
            for probes in PROBES:
                row = {
                    "sparse": sparse, "trained": trained, "probes": probes,
                    "bytes": kept.stats()["entry_bytes"], "density": kept.stats()["density"],
                }  # fmt: skip
                for on in ("validation", "test"):
                    found = evaluate(model, split, on=on, k=(50,), probes=probes, index=kept)
                    row[on] = found["ndcg@50"]
                rows.append(row)
    return rows


def run_one(split: Split, folder: Path, name: str, seed: int) -> dict[str, Any]:
    """Train and measure one candidate; what `folder` holds is not done again."""
    file = "".join(c if c.isalnum() else "-" for c in name) + f"-{seed}"
    found = train_and_measure(split, full_spec(name), seed, folder, file)
    done = folder / f"{file}.lists.json"
    if not done.exists():
        model = load_model(folder / f"{file}.safetensors", split)
        save_json(done, {"rows": measure(model, split, seed)})
    return {
        "name": name, "seed": seed, "seconds": found["seconds"], "rows": load_json(done)["rows"]
    }  # fmt: skip


def setting(row: dict[str, Any]) -> tuple[bool, bool, int]:
    """What tells the rows of one candidate apart."""
    return row["sparse"], row["trained"], row["probes"]


def best(entries: list[dict[str, Any]], limit: float) -> tuple[str, tuple[bool, bool, int]]:
    """Name and row that validation likes best among those whose density is within the limit."""
    said = [
        (row["validation"], entry["name"], setting(row))
        for entry in entries
        for row in entry["rows"]
        if row["density"] <= limit
    ]
    _, name, row = max(said)
    return name, row


def run(folder: Path) -> dict[str, Any]:
    """Try all candidates, train the best two with all seeds; resumable."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    names = [*DENSE, *SPARSE]
    tried = [run_one(split, folder, n, TUNING_SEED) for n in progress(names, desc="candidates")]
    chosen = {"dense": best(tried, 1.0), "sparse": best(tried, DENSITY)}
    todo = [(name, seed) for name in dict.fromkeys(n for n, _ in chosen.values()) for seed in SEEDS]
    found = [run_one(split, folder, *one) for one in progress(todo, desc="chosen")]
    return {
        "tried": tried,
        "chosen": {k: {"name": n, "row": list(r)} for k, (n, r) in chosen.items()},
        "entries": found,
    }


def reached(stored: dict[str, Any], kind: str) -> dict[str, Any]:
    """Test NDCG@50 per seed of the chosen candidate, with the means of its sizes.

    Args:
        stored: what `run` returned.
        kind: "dense" or "sparse".
    """
    chosen = stored["chosen"][kind]
    rows = [
        row
        for entry in stored["entries"]
        if entry["name"] == chosen["name"]
        for row in entry["rows"]
        if list(setting(row)) == chosen["row"]
    ]
    return {
        "name": chosen["name"],
        "trained": chosen["row"][1],
        "probes": chosen["row"][2],
        "test": [row["test"] for row in rows],
        "bytes": statistics.fmean(row["bytes"] for row in rows),
        "density": max(row["density"] for row in rows),
    }


def config() -> dict[str, Any]:
    """Everything that decides these numbers."""
    return {
        "dense": {name: full_spec(name) for name in DENSE},
        "sparse": {name: full_spec(name) for name in SPARSE},
        "seeds": list(SEEDS), "tuning seed": TUNING_SEED, "probes": list(PROBES),
        "density": DENSITY, "fine-tuning": TUNE, "data": "MovieLens-100K",
    }  # fmt: skip
