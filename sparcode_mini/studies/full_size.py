"""The models of the table, served in other ways: what reaches the two-tower, and how sparsely?

The models are the rows "two-tower" and "sparcode" of `reproduce` (width 64, N = 128, 20 epochs); a
folder that already holds them is used as it is. The lists of each SparCode are measured whole, cut
to the bytes of the two-tower's HNSW index, and cut to a density of 5%. The entries of each are
trained again or not, and read with 1 to 32 probes. The mean validation NDCG@50 over the seeds
decides which setting counts.

What helps one side must be given to the other: the item vectors of the two-tower are trained again
too, by the same passes and the same loss, and cut to smaller ranks. Validation chooses among the
same rates on both sides. The rates matter: 3e-3 is right for lists, but makes the vectors of a
two-tower worse. About 8 minutes a seed beside the training.
"""

import statistics
from pathlib import Path
from typing import Any

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.evaluation.storage import ENTRY_BYTES
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.studies import front
from sparcode_mini.studies.beyond import cut_to_bytes
from sparcode_mini.studies.common.item_side import tower_points, tuned_lists
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

SEEDS = (0, 1, 2)  # the first of the table
HNSW_BYTES = 679_578  # faiss, of the shipped two-tower: a test counts again
DENSITY = 0.05
INDEXES = ("whole", "HNSW bytes", "5%")
PROBES = (1, 4, 8, 16, 32)
EPOCHS, RATES = 4, (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)  # of training again: validation picks, both sides
TUNED_PROBES = 8  # chosen by hand
RANKS = (4, 8, 16, 32)  # to which the item matrix is cut
PARTS = ("validation", "test")


def indexes(whole: SparseIndex) -> dict[str, SparseIndex]:
    """Return the lists whole, cut to the bytes of the HNSW index, and cut to a density of 5%."""
    pairs = len(whole) * whole.n_items
    budgets = (ENTRY_BYTES * pairs, HNSW_BYTES, int(ENTRY_BYTES * DENSITY * pairs))
    return {
        name: cut_to_bytes(whole, budget) for name, budget in zip(INDEXES, budgets, strict=True)
    }


def tuned(
    index: SparseIndex, model: SparCode, split: Split, seed: int
) -> tuple[SparseIndex, float | None]:
    """Train the entries again by `tuned_lists`, in the way of this study."""
    options: dict[str, Any] = {"epochs": EPOCHS, "rates": RATES, "probes": TUNED_PROBES}
    return tuned_lists(index, model, split, seed, **options)


def measure(model: SparCode, split: Split, seed: int) -> list[dict[str, Any]]:
    """Measure every index, trained or not, with every number of probes, on both parts."""
    rows = []
    for name, index in indexes(SparseIndex.build(model, codes="all")).items():
        again, _ = tuned(index, model, split, seed)
        for kept, trained in ((index, False), (again, True)):
            stored = kept.quantised("float16")
            size = {"bytes": stored.stats()["entry_bytes"], "density": stored.stats()["density"]}
            for probes in PROBES:
                metrics = {
                    on: evaluate(model, split, on=on, k=50, probes=probes, index=stored)["ndcg@50"]
                    for on in PARTS
                }
                rows.append(
                    {"index": name, "trained": trained, "probes": probes, **size, **metrics}
                )
    return rows


def towers(split: Split, folder: Path, seed: int) -> dict[str, Any]:
    """Measure the two-tower by exact search: as in the table; cut to ranks, trained again."""
    name = f"two-tower-{seed}"
    result = train_and_measure(split, table_spec("two-tower"), seed, folder, name)
    file = folder / f"{name}.safetensors"

    def make() -> list[dict[str, Any]]:
        model = load_model(file, split)
        assert isinstance(model, TwoTower)
        points = tower_points(model, split, seed, RANKS, EPOCHS, RATES)
        return [p for p in points if p["precision"] == "float16"]

    options = {"ranks": RANKS, "epochs": EPOCHS, "rates": RATES, "model": file_digest(file)}
    points = remembered(folder / f"{name}.points.json", options, make, form=list)
    return {"two-tower": result["ndcg@50"], "towers": points}


def run_one(split: Split, folder: Path, seed: int) -> dict[str, Any]:
    """Measure both models of one seed; what `folder` holds is not done again."""
    train_and_measure(split, table_spec("sparcode"), seed, folder, f"sparcode-{seed}")
    file = folder / f"sparcode-{seed}.safetensors"
    options = {key: value for key, value in config().items() if key not in ("seeds", "ranks")}
    options["model"] = file_digest(file)
    rows = remembered(
        folder / f"sparcode-{seed}.served.json",
        options,
        lambda: measure(load_model(file, split), split, seed),
        form=list,
    )
    return {"seed": seed, **towers(split, folder, seed), "rows": rows}


def run(folder: Path) -> dict[str, Any]:
    """Measure all seeds; resumable."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    return {"entries": [run_one(split, folder, s) for s in progress(SEEDS, desc="full size")]}


def chosen(entries: list[dict[str, Any]], index: str) -> dict[str, Any]:
    """Return the setting of one index that has the best mean on validation, as `at`.

    Args:
        entries: of the result.
        index: one of INDEXES.

    Raises:
        KeyError: another index.
    """
    settings = [(trained, probes) for trained in (False, True) for probes in PROBES]
    rows = {one: at(entries, index, *one) for one in settings}
    best = max(settings, key=lambda one: statistics.fmean(rows[one]["validation"]))
    return {"trained": best[0], "probes": best[1], **rows[best]}


def at(entries: list[dict[str, Any]], index: str, trained: bool, probes: int) -> dict[str, Any]:
    """Return one setting over the seeds: NDCG@50 of each, mean bytes, largest density.

    Raises:
        KeyError: a setting that was not measured.
    """
    wanted = {"index": index, "trained": trained, "probes": probes}
    rows = [r for e in entries for r in e["rows"] if all(r[k] == v for k, v in wanted.items())]
    if not rows:
        raise KeyError(f"{wanted} was not measured; see INDEXES and PROBES")
    return {
        "validation": [row["validation"] for row in rows],
        "test": [row["test"] for row in rows],
        "bytes": statistics.fmean(row["bytes"] for row in rows),
        "density": max(row["density"] for row in rows),
    }


def front_of(entries: list[dict[str, Any]]) -> list[front.Setting]:
    """Return the settings that no smaller or equal one beats: matrices and lists.

    Mean test NDCG@50 and bytes over the seeds, fp16; every setting counts, none was chosen.
    """
    candidates = []
    for number, point in enumerate(entries[0]["towers"]):
        same = [entry["towers"][number] for entry in entries]
        name = f"two-tower, D = {point['rank']}{', trained' if point['tuned'] else ''}"
        candidates.append(_setting(name, [p["ndcg@50"] for p in same], float(point["item_bytes"])))
    for index in INDEXES:
        for trained in (False, True):
            for probes in PROBES:
                one = at(entries, index, trained, probes)
                name = f"lists, {index}{', trained' if trained else ''}, R = {probes}"
                candidates.append(_setting(name, one["test"], one["bytes"]))
    return front.front_of(candidates)


def _setting(name: str, ndcg: list[float], size: float) -> front.Setting:
    half = (max(ndcg) - min(ndcg)) / 2
    return front.Setting(name, float(size), statistics.fmean(ndcg), half, 0, 0)


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "two-tower": table_spec("two-tower"), "epochs": EPOCHS, "rates": list(RATES),
        "sparcode": table_spec("sparcode"),
        "seeds": list(SEEDS), "indexes": list(INDEXES), "HNSW bytes": HNSW_BYTES,
        "ranks": list(RANKS), "density": DENSITY, "probes": list(PROBES),
        "probes of training again": TUNED_PROBES,
        "data": "MovieLens-100K",
    }  # fmt: skip
