"""The lists of the shipped SparCode, cut in three ways to equal numbers of entries, then read.

    best-n      keeps the n largest entries of each list
    threshold   keeps the largest entries of all lists together
    bias        lowers all values by the same amount, and drops what falls to 0

The values are trained again or not, at three precisions, with 1, 2 and 4 probes. 3 minutes.
"""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import data
from sparcode_mini.evaluation.metrics import ndcg_at
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.codes import Codes
from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.results import CHECKPOINTS
from sparcode_mini.serving.finetune import finetune
from sparcode_mini.serving.side_by_side import median_us
from sparcode_mini.tools.files import remembered
from sparcode_mini.tools.progress import progress

CHECKPOINT = CHECKPOINTS / "sparcode.safetensors"
WAYS = ("best-n", "threshold", "bias")
SHARES = (1.0, 0.5, 0.35, 0.2, 0.1)
PROBES = (1, 2, 4)
PRECISIONS = ("float32", "float16", "int8")
TUNE: dict[str, Any] = {"epochs": 2, "lr": 3e-3, "seed": 0}
TIMED = 60
# What a test measures again.
CHEAP: dict[str, Any] = {
    "way": "best-n", "share": 0.2, "tuned": False, "precision": "int8", "probes": 4,
}  # fmt: skip


def cut_to(index: SparseIndex, way: str, share: float) -> tuple[SparseIndex, float]:
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


class People:
    """Everyone with a test film: their codes for each number of probes, and their test films."""

    def __init__(self, model: SparCode) -> None:
        self.model, split = model, model.data
        tests = split.histories("test")
        users = np.array([u for u, items in enumerate(tests) if len(items)])
        self.relevant = [tests[u] for u in users]
        self.seen = [split.histories("train+validation")[u] for u in users]
        T = model.tokens(split.user_ids[users])  # (B, K_u, D_T)
        self.codes = {probes: model.token_codes(T, probes) for probes in PROBES}

    def measure(self, index: SparseIndex, probes: int) -> dict[str, Any]:
        """Measure NDCG@50, bytes, and the median time of a search for one person."""
        stats, codes = index.stats(), self.codes[probes]
        ranked, _ = index.search(codes, k=min(50, index.n_items), exclude=self.seen)
        single = [Codes(c[None], w[None]) for c, w in zip(*codes, strict=True)][:TIMED]
        scales = 0 if index.scales is None else index.scales.nbytes
        return {
            "ndcg@50": ndcg_at(ranked, self.relevant, ranked.shape[1]),
            "entries": stats["entries"],
            "item_bytes": int(stats["entry_bytes"]) + scales,
            "search_us": median_us(
                lambda c: index.search(c, k=ranked.shape[1], engine="plain"), single
            ),
        }


def _model() -> SparCode:
    model = load_model(CHECKPOINT, data.movielens_100k().split())
    assert isinstance(model, SparCode)
    return model


def measure_again(setting: dict[str, Any]) -> dict[str, Any]:
    """Measure one row without fine-tuning, from the start."""
    model = _model()
    index, _ = cut_to(SparseIndex.build(model, codes="all"), setting["way"], setting["share"])
    return People(model).measure(index.quantised(setting["precision"]), setting["probes"])


def cut_and_measure(
    people: People, whole: SparseIndex, way: str, share: float
) -> list[dict[str, Any]]:
    """Measure all rows of one cut."""
    short, setting = cut_to(whole, way, share)
    tuned, _ = finetune(short, people.model, people.model.data, **TUNE)
    rows = []
    for index, trained in ((short, False), (tuned, True)):
        for precision in PRECISIONS:
            for probes in PROBES:
                numbers = people.measure(index.quantised(precision), probes)
                rows.append({
                    "way": way, "share": share, "setting": setting, "tuned": trained,
                    "precision": precision, "probes": probes, **numbers,
                })  # fmt: skip
    return rows


def run(folder: Path) -> dict[str, Any]:
    """Measure every setting; resumable.

    Returns:
        {"rows": one per way, share, tuned, precision and probes}.
    """
    model, rows = _model(), []
    people, whole = People(model), SparseIndex.build(model, codes="all")
    for way, share in progress([(w, s) for w in WAYS for s in SHARES], desc="shorter lists"):
        done = folder / f"{WAYS[0] if share == 1 else way}-{share:g}.json"  # nothing cut: one way
        make = functools.partial(cut_and_measure, people, whole, way, share)
        rows += [{**row, "way": way} for row in remembered(done, config(), make, form=list)]
    return {"rows": rows}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "data": "MovieLens-100K, test part", "checkpoint": CHECKPOINT.name, "ways": list(WAYS),
        "shares": list(SHARES), "probes": list(PROBES), "precisions": list(PRECISIONS),
        "fine-tuning": TUNE, "cheap": CHEAP,
    }  # fmt: skip
