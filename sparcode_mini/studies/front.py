"""What a byte buys: the lists of SparCode against the matrix of a two-tower, stored in every way.

The models are those of the table, all seeds; none is trained for this study. What is stored for the
items is then made smaller on both sides:

    matrix   cut to the directions that count for the queries, 16, 8 or 4 bits a number, product
             codes, only the films that are watched most; as trained
    lists    the best n of each, with or without training the entries again; 16 or 8 bits a value,
             positions in 4 bytes or as gaps; read with 1 or 4 probes

A setting is chosen by validation; its test figure is what the front shows.
"""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.index.gaps import packed
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.serving.compress import coded, directions, rounded, with_bias
from sparcode_mini.serving.two_tower import Tower
from sparcode_mini.studies.common.item_side import encoder_bytes, tuned_lists
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

SEEDS = (0, 1, 2, 3, 4)
TOWER, LISTS = "two-tower", ("sparcode", "sparcode-sparse")
RANKS, PRECISIONS = (2, 3, 4, 5, 6, 8, 12, 16, 32, 64), ("float16", "int8", "int4")
KEPT = (200, 300, 500, 800, None)  # films that are watched most
CODES = ((2, 256, 8), (4, 16, 8), (4, 256, 16), (8, 16, 16), (8, 256, 16), (16, 256, 32))  # M, N, r
CUTS: tuple[int | None, ...] = (None, 200, 100, 50, 25)
VALUES, PROBES = ("float16", "int8"), (1, 4)
# Of training the entries again. Short lists need a high rate, whole lists a low one.
EPOCHS, RATES = 3, (3e-4, 3e-3, 1e-2)
PARTS = ("validation", "test")
POSITION_BYTES, BIAS_BYTES = 2, 2  # of a film that is kept: below 65,536 films a uint16 names it


# --- the matrix ----------------------------------------------------------------------------------


def matrix_points(tower: Tower) -> Iterator[dict[str, Any]]:
    """Yield what every way to store the item vectors takes and keeps."""
    queries = tower.prefixes.tokens.sum(dim=1).numpy()  # (n, D)
    items, bias = tower.items[:, :-1], tower.items[:, -1]
    popular = np.argsort(-watched(tower.split), kind="stable")
    for rank in progress(RANKS, desc="matrix"):
        if rank > items.shape[1]:
            continue
        cut, turn = directions(items, queries, rank)
        for precision in PRECISIONS:
            for most in KEPT:
                kept = np.sort(popular[:most])
                stored, size = rounded(with_bias(cut, bias)[kept], precision)
                whole = np.zeros((len(items), rank + 1), stored.dtype)
                whole[kept] = stored
                size += 0 if most is None else POSITION_BYTES * len(kept)
                name = f"D = {rank}, {precision}" + ("" if most is None else f", {most} films")
                final = with_bias(whole[:, :-1], whole[:, -1], kept)
                yield {"name": name, "bytes": size, **judged(tower, final, turn)}
    for M, N, rank in CODES:
        if rank <= items.shape[1]:
            cut, turn = directions(items, queries, rank)
            back, size = coded(cut, M, N)
            size += BIAS_BYTES * len(items)
            final = with_bias(back, bias.astype(np.float16).astype(bias.dtype))
            yield {"name": f"codes M = {M}, N = {N}", "bytes": size, **judged(tower, final, turn)}


def watched(split: Split) -> np.ndarray:
    """Count how often each item is in the training part, (I,)."""
    return np.bincount(np.concatenate(split.histories("train")), minlength=split.n_items)


def judged(tower: Tower, items: np.ndarray, turn: np.ndarray) -> dict[str, float]:
    """Return NDCG@50 of both parts."""
    return {on: tower.ndcg(items, turn, on) for on in PARTS}


# --- lists ---------------------------------------------------------------------------------------


def list_points(model: SparCode, split: Split, seed: int) -> Iterator[dict[str, Any]]:
    """Yield what every way to store the lists takes and keeps."""
    whole = SparseIndex.build(model, codes="all")
    for best in progress(CUTS, desc="lists"):
        short = whole.cut(best=best)
        again, _ = tuned_lists(short, model, split, seed, epochs=EPOCHS, rates=RATES)
        for index, trained in ((short, ""), (again, ", trained again")):
            for precision in VALUES:
                kept = index.quantised(precision)
                size = list_bytes(kept)
                cut = "all" if best is None else f"best {best}"
                for probes in PROBES:
                    found = {
                        on: evaluate(model, split, on, 50, probes, kept)["ndcg@50"] for on in PARTS
                    }
                    name = f"{cut}, {precision}{trained}, R = {probes}"
                    yield {"name": name, "entries": len(kept.items), **size, **found}


def list_bytes(index: SparseIndex) -> dict[str, int]:
    """Return the "bytes" of an index with gaps for positions, and "plain bytes" with 4 a position.

    Either way each list has a length of 2 bytes, and a scale where its values are whole numbers.
    """
    values = index.values.nbytes + (0 if index.scales is None else index.scales.nbytes)
    head = 2 * len(index)
    gaps = len(packed(index.lists))
    return {"bytes": values + head + gaps, "plain bytes": values + head + 4 * len(index.items)}


# --- everything ----------------------------------------------------------------------------------


def run_row(split: Split, folder: Path, row: str, seed: int) -> dict[str, Any]:
    """Measure every setting of a model of the table, which is trained if the folder lacks it."""
    train_and_measure(split, table_spec(row), seed, folder, f"{row}-{seed}")
    file = folder / f"{row}-{seed}.safetensors"
    model = load_model(file, split)
    question = {"config": config(), "model": file_digest(file)}
    make = functools.partial(_points, model, split, seed)
    points = remembered(folder / f"front-{row}-{seed}.json", question, make, form=list)
    beside = 2 * model.quantizer.codebooks.numel() if isinstance(model, SparCode) else 0
    return {
        "row": row, "seed": seed, "points": points, "codebook_bytes": beside,
        "encoder_bytes": encoder_bytes(model),
    }  # fmt: skip


def _points(model: Any, split: Split, seed: int) -> list[dict[str, Any]]:
    if isinstance(model, SparCode):
        return list(list_points(model, split, seed))
    return list(matrix_points(Tower(model, split)))


def run(folder: Path) -> dict[str, Any]:
    """Measure everything; resumable.

    Returns:
        {"runs": one entry for each row and seed}.
    """
    split = data.movielens_100k().split()
    jobs = [(row, seed) for row in (TOWER, *LISTS) for seed in SEEDS]
    return {"runs": [run_row(split, folder, *job) for job in progress(jobs, desc="front")]}


class Setting(NamedTuple):
    """One way to store an item side: means over seeds, and half the range of the test figure."""

    name: str
    item_bytes: float
    validation: float
    ndcg: float
    half: float
    beside: int  # codebooks
    encoder: int


def settings(stored: dict[str, Any], side: str, size: str = "bytes") -> list[Setting]:
    """Return every setting of one side.

    Args:
        stored: what `run` returned.
        side: "matrix" or "lists".
        size: "bytes", or "plain bytes" (lists alone).

    Raises:
        ValueError: another side.
    """
    rows = {"matrix": (TOWER,), "lists": LISTS}.get(side)
    if rows is None:
        raise ValueError(f"side = {side!r}; choose 'matrix' or 'lists'")
    kept = []
    for row in rows:
        runs = [run for run in stored["runs"] if run["row"] == row]
        for same in zip(*(run["points"] for run in runs), strict=True):
            tests = [point["test"] for point in same]
            label = f"{row}: {same[0]['name']}" if side == "lists" else same[0]["name"]
            kept.append(
                Setting(
                    label,
                    float(np.mean([point[size] for point in same])),
                    float(np.mean([point["validation"] for point in same])),
                    float(np.mean(tests)),
                    float(np.ptp(tests)) / 2,
                    runs[0]["codebook_bytes"],
                    runs[0]["encoder_bytes"],
                )
            )
    return kept


def front_of(candidates: Sequence[Setting]) -> list[Setting]:
    """Return the settings that validation prefers to all smaller and equal ones, by bytes."""
    kept: list[Setting] = []
    for setting in sorted(candidates, key=lambda s: (s.item_bytes, -s.validation)):
        if not kept or setting.validation > kept[-1].validation:
            kept.append(setting)
    return kept


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "data": "MovieLens-100K", "seeds": list(SEEDS), "rows": [TOWER, *LISTS],
        "ranks": list(RANKS), "precisions": list(PRECISIONS), "kept": list(KEPT),
        "codes": [list(code) for code in CODES], "cuts": list(CUTS), "values": list(VALUES),
        "probes": list(PROBES), "epochs": EPOCHS, "rates": list(RATES),
        "chosen by": "validation ndcg@50",
    }  # fmt: skip
