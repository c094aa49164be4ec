"""The lists of the sparse SparCode of the table, cut in three ways to equal numbers of entries.

    best-n      keeps the n largest entries of each list
    threshold   keeps the largest entries of all lists together
    bias        lowers all values by the same amount, and drops what falls to 0

The entries are trained again or not, kept in three precisions, and read with 1 or 4 probes. Best-n
and bias are compared over people and seeds. About 2 minutes a seed.
"""

import functools
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, together
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.studies.common.item_side import (
    PARTS,
    WAYS,
    Readers,
    cut_to,
    stored_lists,
    tuned_lists,
)
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

ROW, SEEDS = "sparcode-sparse", (0, 1, 2, 3, 4)
SHARES = (1.0, 0.5, 0.2, 0.1)
PROBES = (1, 4)
PRECISIONS = ("float16", "int8", "int4")
TUNE: dict[str, Any] = {"epochs": 2, "rates": (3e-4, 1e-3, 3e-3)}
MEANS = ("setting", "entries", "bytes", "validation", "ndcg@50")
# What a test measures again.
CHEAP: dict[str, Any] = {
    "way": "best-n", "share": 0.2, "tuned": False, "precision": "int8", "probes": 4,
}  # fmt: skip
Row = dict[str, Any]


def rows_of(model: SparCode, split: Split, seed: int) -> list[Row]:
    """Measure every cut of a model's lists in every precision, with the figures of everybody."""
    whole, readers = SparseIndex.build(model, codes="all"), Readers(model, split, PROBES)
    rows: list[Row] = []
    for way, share in progress([(w, s) for w in WAYS for s in SHARES], desc="shorter lists"):
        if share == 1 and way != WAYS[0]:
            rows += [{**row, "way": way} for row in rows[: 2 * len(PRECISIONS) * len(PROBES)]]
            continue  # nothing is cut in any way
        short, setting = cut_to(whole, way, share)
        again, _ = tuned_lists(short, model, split, seed, **TUNE)
        for index, tuned in ((short, False), (again, True)):
            head = {"way": way, "share": share, "tuned": tuned, "setting": setting}
            rows += [{**head, **row} for row in measured(readers, index)]
    return rows


def measured(readers: Readers, index: SparseIndex) -> list[Row]:
    """Measure an index in every precision, with every number of probes."""
    rows = []
    for precision in PRECISIONS:
        kept, sizes = stored_lists(index, precision)
        for probes in PROBES:
            people = {on: readers.per_user(kept, probes, on) for on in PARTS}
            rows.append({
                "precision": precision, "probes": probes, "entries": len(kept.items),
                "bytes": sizes["bytes"], "validation": float(people["validation"].mean()),
                "ndcg@50": float(people["test"].mean()), "people": people["test"].round(5).tolist(),
            })  # fmt: skip
    return rows


def run_one(split: Split, folder: Path, seed: int) -> list[Row]:
    """Measure one seed of the table; resumable."""
    train_and_measure(split, table_spec(ROW), seed, folder, f"{ROW}-{seed}")
    file = folder / f"{ROW}-{seed}.safetensors"
    settings = {key: value for key, value in config().items() if key != "seeds"}
    question = {"config": settings, "model": file_digest(file)}
    make = functools.partial(rows_of, load_model(file, split), split, seed)
    rows: list[Row] = remembered(folder / f"shorter-{seed}.json", question, make, None, form=list)
    return rows


def run(folder: Path) -> dict[str, Any]:
    """Measure every setting; resumable.

    Returns:
        {"rows": means over seeds, one for each way, share, tuned, precision and probes, with the
        test figure of "each" seed, "compared": what `best_n_or_bias` returns}.
    """
    split = data.movielens_100k().split()
    seeds = [run_one(split, folder, seed) for seed in progress(SEEDS, desc="shorter lists")]
    rows = []
    for same in zip(*seeds, strict=True):
        means = {key: statistics.fmean(row[key] for row in same) for key in MEANS}
        each = [row["ndcg@50"] for row in same]
        rows.append({**same[0], **means, "each": each, "people": [row["people"] for row in same]})
    compared = best_n_or_bias(rows)
    for row in rows:
        del row["people"]
    return {"rows": rows, "compared": compared}


def best_n_or_bias(rows: Sequence[Row]) -> list[Row]:
    """Compare the two ways to cut, at equal entries, over people and seeds.

    Args:
        rows: with "people", (seeds, n_users) each.

    Returns:
        For each share below 1, tuned or not, and number of probes, in 16 bits: what
        `paired.compare` says of best-n - bias, with "p, Holm" for all of them together.
    """
    comparisons: list[Row] = []
    same = ("share", "tuned", "probes")
    for row in rows:
        if row["way"] == "best-n" and row["share"] < 1 and row["precision"] == PRECISIONS[0]:
            keys = {key: row[key] for key in same}
            twin = {**keys, "way": "bias", "precision": row["precision"]}
            (other,) = [one for one in rows if twin.items() <= one.items()]
            tables = np.array(row["people"]), np.array(other["people"])
            comparisons.append({**keys, **compare(*tables, same_seeds=True)})
    return together(comparisons)


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "data": "MovieLens-100K", "model": table_spec(ROW), "seeds": list(SEEDS),
        "ways": list(WAYS), "shares": list(SHARES), "probes": list(PROBES),
        "precisions": list(PRECISIONS), "training again": {**TUNE, "rates": list(TUNE["rates"])},
    }  # fmt: skip
