"""The models that come with the project: seed 0 of three rows of the table, and a card for each.

All lessons use them. A study that needs other models says in its configuration how they differ.
"""

from pathlib import Path
from typing import Any

from sparcode_mini import data, results
from sparcode_mini.data.split import Split
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.tools.files import atomic_write, file_digest
from sparcode_mini.tools.progress import progress

SEED = 0
# row of the table, which is also the name of the file -> what it is for
SHIPPED = {
    "two-tower": "the two-tower of all lessons",
    "sparcode": "the SparCode of all lessons, its lists as training left them (dense)",
    "sparcode-sparse": "the SparCode of all lessons, trained for short lists (sparse)",
}
MEASURED = ("validation ndcg@50", "ndcg@50", "ndcg@50 probes=4", "recall@50", "density", "entries",
            "seconds", "best_epoch")  # fmt: skip


def run(folder: Path) -> dict[str, Any]:
    """Train what `folder` lacks, copy the models to assets/checkpoints, and describe each.

    Returns:
        {"cards": {row: card}}.
    """
    split = data.movielens_100k().split()
    return {"cards": {row: ship(split, folder, row) for row in progress(SHIPPED, desc="models")}}


def ship(split: Split, folder: Path, row: str) -> dict[str, Any]:
    """Copy the model of a row and return its card."""
    spec, name = table_spec(row), f"{row}-{SEED}"
    measured = train_and_measure(split, spec, SEED, folder, name)
    file = results.CHECKPOINTS / f"{row}.safetensors"
    atomic_write(file, (folder / f"{name}.safetensors").read_bytes())
    return {
        "row": row, "about": SHIPPED[row], "seed": SEED, "spec": spec, "sha256": file_digest(file),
        **{key: measured[key] for key in MEASURED if key in measured},
    }  # fmt: skip


def config() -> dict[str, Any]:
    """Return everything that decides the models."""
    return {
        "data": "MovieLens-100K",
        "seed": SEED,
        "rows": {row: table_spec(row) for row in SHIPPED},
    }
