"""The lists of the shipped SparCode, cut in three ways to equal numbers of entries, then read.

    best-n      the n largest of each list
    threshold   the largest of all lists together
    bias        all values lowered by the same amount, what falls to 0 dropped

Each with its values trained again or not, at three precisions, with 1, 2 and 4 probes. 3 minutes.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from sparcode_mini import data
from sparcode_mini.evaluate import evaluate
from sparcode_mini.files import load_json, save_json
from sparcode_mini.finetune import finetune
from sparcode_mini.index import SparseIndex
from sparcode_mini.models import SparCode, load_model
from sparcode_mini.progress import progress
from sparcode_mini.results import CHECKPOINTS
from sparcode_mini.serving import median_us

CHECKPOINT = CHECKPOINTS / "sparcode.safetensors"
WAYS = ("best-n", "threshold", "bias")
SHARES = (1.0, 0.7, 0.5, 0.35, 0.2, 0.1)
PROBES = (1, 2, 4)
PRECISIONS = ("float32", "float16", "int8")
TUNE: dict[str, Any] = {"epochs": 3, "lr": 3e-3, "seed": 0}
TIMED = 60
# What a test measures again.
CHEAP: dict[str, Any] = {
    "way": "best-n", "share": 0.2, "tuned": False, "precision": "int8", "probes": 4,
}  # fmt: skip


def cut_to(index: SparseIndex, way: str, share: int | float) -> tuple[SparseIndex, float]:
    """Cut an index to about a share of its entries.

    Returns:
        The shorter index, and the n, threshold or bias that was used.

    Raises:
        ValueError: an unknown way, or a share outside 0..1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share = {share}; give a number over 0, at most 1 (keep all)")
    if way not in WAYS:
        raise ValueError(f"way = {way!r}; choose one of {WAYS}")
    wanted = round(share * len(index.items))
    if way == "best-n":
        lengths = np.diff(index.offsets)
        sizes = np.arange(1, lengths.max() + 1)
        kept = np.minimum(lengths[:, None], sizes).sum(axis=0)  # entries for each n
        n = int(sizes[np.abs(kept - wanted).argmin()])
        return index.cut(best=n), float(n)
    border = float(np.sort(index.values)[len(index.items) - wanted])
    if way == "threshold":
        return index.cut(threshold=border), border
    shift = 0.0 if share == 1 else border
    return index.cut(bias=-shift), -shift


def measure(model: SparCode, index: SparseIndex, probes: int) -> dict[str, Any]:
    """NDCG@50 on test, bytes, and the median time of a search for one person."""
    split = model._data()
    stats = index.stats()
    codes = [model.encode([user], probes=probes) for user in split.user_ids[:TIMED]]
    scales = 0 if index.scales is None else index.scales.nbytes
    return {
        "ndcg@50": evaluate(model, split, k=(50,), probes=probes, index=index)["ndcg@50"],
        "entries": stats["entries"],
        "item_bytes": int(stats["entry_bytes"]) + scales,
        "search_us": median_us(lambda c: index.search(c, k=50), codes),
    }


def _model() -> SparCode:
    model = load_model(CHECKPOINT, data.movielens_100k().split(), dtype=torch.float64)
    assert isinstance(model, SparCode)
    return model


def measure_again(setting: dict[str, Any]) -> dict[str, Any]:
    """One row without fine-tuning, from scratch."""
    model = _model()
    whole = SparseIndex.build(model, codes="all").quantised("float32")
    index, _ = cut_to(whole, setting["way"], setting["share"])
    return measure(model, index.quantised(setting["precision"]), setting["probes"])


def cut_and_measure(
    model: SparCode, whole: SparseIndex, way: str, share: float
) -> list[dict[str, Any]]:
    """All rows of one cut."""
    short, setting = cut_to(whole, way, share)
    tuned, _ = finetune(short, model, model._data(), **TUNE)
    rows = []
    for index, trained in ((short, False), (tuned, True)):
        for precision in PRECISIONS:
            for probes in PROBES:
                found = measure(model, index.quantised(precision), probes)
                rows.append({
                    "way": way, "share": share, "setting": setting, "tuned": trained,
                    "precision": precision, "probes": probes, **found,
                })  # fmt: skip
    return rows


def run(folder: Path) -> dict[str, Any]:
    """Measure every setting; resumable.

    Returns:
        {"rows": one per way, share, tuned, precision and probes}.
    """
    model, rows = _model(), []
    whole = SparseIndex.build(model, codes="all").quantised("float32")
    for way, share in progress([(w, s) for w in WAYS for s in SHARES], desc="shorter lists"):
        done = folder / f"{way}-{share:g}.json"
        if not done.exists():
            save_json(done, {"rows": cut_and_measure(model, whole, way, share)})
        rows += load_json(done)["rows"]
    return {"rows": rows}


def config() -> dict[str, Any]:
    """Everything that decides the numbers."""
    return {
        "data": "MovieLens-100K, test part", "checkpoint": CHECKPOINT.name, "ways": list(WAYS),
        "shares": list(SHARES), "probes": list(PROBES), "precisions": list(PRECISIONS),
        "fine-tuning": TUNE, "cheap": CHEAP,
    }  # fmt: skip
