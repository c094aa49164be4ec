"""What a byte buys: the lists of SparCode against the matrix of a two-tower, stored in every way.

The models are those of the table, three seeds; none is trained for this study. What is stored for
the items is then made smaller on both sides, and may be trained again on both sides:

    matrix   cut to the directions that count for the queries; 16, 8 or 4 bits a number, or product
             codes; only the films that are watched most
    lists    the best n of each, or a lower bias; 16, 8 or 4 bits a value; positions as gaps, or in
             4 bytes; read with 1 to 32 probes

A setting is chosen by validation; its test figure is what the front shows. Within some numbers of
bytes the two choices are compared, over people and seeds. About 13 minutes a seed.
"""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, together
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.serving.ann import HNSWIndex
from sparcode_mini.serving.compress import directions, with_bias
from sparcode_mini.serving.two_tower import FETCH, LINKS, Tower
from sparcode_mini.studies.common.item_side import (
    PARTS,
    Readers,
    coded_ways,
    cut_to,
    encoder_bytes,
    rounded_ways,
    stored_lists,
    tuned_lists,
)
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

SEEDS = (0, 1, 2)
TOWER = "two-tower"
RANKS, PRECISIONS = (4, 6, 8, 10, 12, 16, 32, 64), ("float16", "int8", "int4")
KEPT = (300, 500, 800, 1200, None)  # films that are watched most
CODES = ((2, 256, 8), (4, 16, 8), (8, 16, 16), (4, 256, 16), (8, 256, 16), (16, 256, 32))  # M, N, r
# The best n of each list (None: all), or as many entries by a lower bias.
CUTS: dict[str, tuple[tuple[str, int | None], ...]] = {
    "sparcode": (
        ("best-n", None), ("best-n", 200), ("best-n", 50), ("best-n", 25),
        ("bias", 400), ("bias", 100), ("bias", 50),
    ),
    "sparcode-sparse": (
        ("best-n", None), ("best-n", 25), ("bias", 100), ("bias", 50), ("bias", 25),
    ),
}  # fmt: skip
PROBES = (1, 4, 8, 16, 32)
# Of training what is stored again. What is short needs a high rate, what is whole a low one; beyond
# either end (3e-5, 1e-2) validation was worse for seed 0, with 6 and 64 columns and with best 50.
EPOCHS, RATES = 3, (1e-4, 1e-3, 3e-3)
GRAPH, AGAIN = "HNSW, float32", ", trained again"
BUDGETS = (10_000, 16_000, 25_000, 60_000, 110_000)
SIZES = ("bytes", "plain bytes", "total bytes")

Point = dict[str, Any]


# --- the matrix ----------------------------------------------------------------------------------


def matrix_points(tower: Tower, seed: int) -> Iterator[Point]:
    """Yield what every way to store the item vectors takes and keeps."""
    queries = tower.prefixes.tokens.sum(dim=1).numpy()  # (n, D)
    vectors, bias = tower.items[:, :-1], tower.items[:, -1]
    for rank in progress(RANKS, desc="matrix"):
        if rank > vectors.shape[1]:
            continue
        cut, turn = directions(vectors, queries, rank)
        plain = with_bias(cut, bias)  # (I, r + 1)
        again, rate = tower.tuned(plain, turn, seed, EPOCHS, RATES)
        for matrix, note in ((plain, {}), (again, {"rate": rate})):
            ways = [
                *rounded_ways(matrix, tower.split, PRECISIONS, KEPT), *coded_ways(matrix, CODES)
            ]  # fmt: skip
            for name, size, stored in ways:
                people = {on: tower.per_user(stored, turn, on) for on in PARTS}
                yield point(name + AGAIN * bool(note), people, {"bytes": size, **note})
    yield graph_point(tower)


def graph_point(tower: Tower) -> Point:
    """Return what a graph over the whole vectors takes and keeps: how a two-tower is often served.

    Raises:
        ImportError: faiss is not installed.
    """
    graph = HNSWIndex(tower.items[:, :-1], tower.items[:, -1], m=LINKS, ef_search=FETCH)
    return point(GRAPH, {on: tower.per_user_by(graph, on) for on in PARTS}, {"bytes": graph.nbytes})


def point(name: str, people: dict[str, np.ndarray], numbers: Point) -> Point:
    """Describe a way to store: its means on both parts, and the test figure of everybody."""
    means = {on: round(float(people[on].mean()), 5) for on in PARTS}
    return {"name": name, **numbers, **means, "people": people["test"].round(5).tolist()}


# --- lists ---------------------------------------------------------------------------------------


def list_points(
    model: SparCode, split: Split, seed: int, cuts: Sequence[tuple[str, int | None]]
) -> Iterator[Point]:
    """Yield what every way to store the lists takes and keeps."""
    whole, readers = SparseIndex.build(model, codes="all"), Readers(model, split, PROBES)
    for way, best in progress(cuts, desc="lists"):
        short, words = whole.cut(best=best), "all" if best is None else f"best {best}"
        if way == "bias":
            short, _ = cut_to(whole, way, len(short.items) / len(whole.items))
            words = f"bias {best}"  # as many entries as the best n
        again, rate = tuned_lists(short, model, split, seed, epochs=EPOCHS, rates=RATES)
        for index, note in ((short, {}), (again, {"rate": rate})):
            for precision in PRECISIONS:
                kept, sizes = stored_lists(index, precision)
                name = f"{words}, {precision}"
                for R in PROBES:
                    people = {on: readers.per_user(kept, R, on) for on in PARTS}
                    numbers = {**sizes, "entries": len(kept.items), **note}
                    yield point(f"{name}{AGAIN * bool(note)}, R = {R}", people, numbers)


# --- everything ----------------------------------------------------------------------------------


def run_row(split: Split, folder: Path, row: str, seed: int) -> dict[str, Any]:
    """Measure every setting of a model of the table, which is trained if the folder lacks it."""
    train_and_measure(split, table_spec(row), seed, folder, f"{row}-{seed}")
    file = folder / f"{row}-{seed}.safetensors"
    model = load_model(file, split)
    settings = {key: value for key, value in config().items() if key not in ("seeds", "budgets")}
    question = {"config": settings, "model": file_digest(file)}
    make = functools.partial(_points, model, split, seed, row)
    points = remembered(folder / f"front-{row}-{seed}.json", question, make, None, form=list)
    beside = 2 * model.quantizer.codebooks.numel() if isinstance(model, SparCode) else 0
    return {
        "row": row, "seed": seed, "points": points, "codebook_bytes": beside,
        "encoder_bytes": encoder_bytes(model),
    }  # fmt: skip


def _points(model: Any, split: Split, seed: int, row: str) -> list[Point]:
    if isinstance(model, SparCode):
        return list(list_points(model, split, seed, CUTS[row]))
    return list(matrix_points(Tower(model, split), seed))


def run(folder: Path) -> dict[str, Any]:
    """Measure everything; resumable.

    Returns:
        {"runs": one entry for each row and seed, "compared": what `compared` returns}.
    """
    split = data.movielens_100k().split()
    jobs = [(row, seed) for row in (TOWER, *CUTS) for seed in SEEDS]
    runs = [run_row(split, folder, *job) for job in progress(jobs, desc="front")]
    comparisons = compared(runs)
    for one in runs:
        one["points"] = [
            {key: value for key, value in measured.items() if key != "people"}
            for measured in one["points"]
        ]
    return {"runs": runs, "compared": comparisons}


def compared(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compare lists with the matrix within each number of bytes, both chosen on validation.

    Codebooks are not counted, in favour of the lists.

    Returns:
        For each of BUDGETS in which both sides have a setting: "budget"; of "matrix" and "lists"
        the name, "... bytes" and "... ndcg@50"; "codebook bytes"; and what `paired.compare` says of
        lists - matrix over people and seeds, with "p, Holm" for all of them together.
    """
    sides = {side: settings({"runs": runs}, side) for side in ("matrix", "lists")}
    rows: list[dict[str, Any]] = []
    for budget in BUDGETS:
        matrix, lists = (best_at(candidates, budget) for candidates in sides.values())
        if matrix is None or lists is None:
            continue
        difference = compare(people_of(runs, lists.name), people_of(runs, matrix.name))
        rows.append({
            "budget": budget, "matrix": matrix.name, "matrix bytes": matrix.item_bytes,
            "matrix ndcg@50": matrix.ndcg, "lists": lists.name, "lists bytes": lists.item_bytes,
            "lists ndcg@50": lists.ndcg, "codebook bytes": lists.beside, **difference,
        })  # fmt: skip
    return together(rows)


def people_of(runs: Sequence[dict[str, Any]], name: str) -> np.ndarray:
    """Return the test figure of everybody in a setting, (seeds, n_users)."""
    return np.array(
        [one["people"] for run in runs for one in run["points"] if label(run, one["name"]) == name]
    )


def label(run: dict[str, Any], name: str) -> str:
    """Return the name of a setting; lists say of which model they are."""
    return name if run["row"] == TOWER else f"{run['row']}: {name}"


class ItemStorage(NamedTuple):
    """One way to store an item side: means over seeds, and half the range of the test figure."""

    name: str
    item_bytes: float
    validation: float
    ndcg: float
    half: float
    beside: int  # codebooks
    encoder: int


def settings(stored: dict[str, Any], side: str, size: str = "bytes") -> list[ItemStorage]:
    """Return every setting of one side.

    Args:
        stored: what `run` returned.
        side: "matrix" or "lists".
        size: "bytes"; "plain bytes" (positions of lists in 4 bytes); "total bytes" (with codebook).

    Raises:
        ValueError: another side or size.
    """
    rows = {"matrix": (TOWER,), "lists": tuple(CUTS)}.get(side)
    if rows is None or size not in SIZES:
        raise ValueError(f"{side!r}, {size!r}: choose 'matrix' or 'lists', and one of {SIZES}")
    groups: dict[str, list[tuple[dict[str, Any], Point]]] = {}
    for run in stored["runs"]:
        for one in run["points"] if run["row"] in rows else ():
            groups.setdefault(label(run, one["name"]), []).append((run, one))
    return [_setting(name, same, size) for name, same in groups.items()]


def _setting(name: str, same: Sequence[tuple[dict[str, Any], Point]], size: str) -> ItemStorage:
    """Return the mean of one setting over seeds."""
    beside, encoder = same[0][0]["codebook_bytes"], same[0][0]["encoder_bytes"]
    points = [one for _, one in same]
    key = "bytes" if size == "total bytes" else size
    item_bytes = np.mean([one.get(key, one["bytes"]) for one in points])
    item_bytes += beside if size == "total bytes" else 0
    tests = [one["test"] for one in points]
    validation = np.mean([one["validation"] for one in points])
    quality = float(validation), float(np.mean(tests)), float(np.ptp(tests)) / 2
    return ItemStorage(name, float(item_bytes), *quality, beside, encoder)


def front_of(candidates: Sequence[ItemStorage]) -> list[ItemStorage]:
    """Return the settings that validation prefers to all smaller and equal ones, by bytes."""
    kept: list[ItemStorage] = []
    for setting in sorted(candidates, key=lambda s: (s.item_bytes, -s.validation)):
        if not kept or setting.validation > kept[-1].validation:
            kept.append(setting)
    return kept


def best_at(candidates: Sequence[ItemStorage], budget: float) -> ItemStorage | None:
    """Return the setting that validation prefers within a number of bytes; None if none fits."""
    fitting = [setting for setting in candidates if setting.item_bytes <= budget]
    return max(fitting, key=lambda setting: setting.validation, default=None)


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "data": "MovieLens-100K", "seeds": list(SEEDS),
        "rows": {row: table_spec(row) for row in (TOWER, *CUTS)},
        "ranks": list(RANKS), "precisions": list(PRECISIONS), "kept": list(KEPT),
        "codes": [list(code) for code in CODES], "cuts": {r: list(c) for r, c in CUTS.items()},
        "graph": {"links": LINKS, "fetch": FETCH}, "probes": list(PROBES),
        "epochs": EPOCHS, "rates": list(RATES),
        "budgets": list(BUDGETS), "chosen by": "validation ndcg@50",
    }  # fmt: skip
