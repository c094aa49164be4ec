"""What the X-ray shows where nothing runs: a few people in four models, as numbers.

The first model comes with the project; the others are settings of the sweep with other M and N,
trained here. People are composed, but for two short excerpts. About 3 minutes on one core.
"""

from pathlib import Path
from typing import Any

import torch

from sparcode_mini import data, results
from sparcode_mini.data.split import Split
from sparcode_mini.explain.people import COMPOSED, Person, composed, excerpt
from sparcode_mini.explain.xray import xray
from sparcode_mini.model.load import load_model
from sparcode_mini.studies import sweep

INDENT = None  # half a million numbers: one line instead of one line each
EXCERPTS = (582, 13)
SETTINGS = ((1, 16), (1, 64), (2, 32))  # M, N
SPARSITY = 12.0
NAMES = tuple(sweep.setting_name(M, N, SPARSITY) for M, N in SETTINGS)


def people(split: Split) -> list[Person]:
    """Whom the page offers."""
    return [*composed(split), *(excerpt(split, user) for user in EXCERPTS)]


def show(split: Split, folder: Path) -> dict[str, Any]:
    """The X-ray of the project's model and of those that `folder` holds, in 64-bit numbers."""
    paths = [results.CHECKPOINTS / "sparcode", *(folder / name for name in NAMES)]
    tower, *models = (
        load_model(path.with_suffix(".safetensors"), split, torch.float64)
        for path in (results.CHECKPOINTS / "two-tower", *paths)
    )
    return xray(models, tower, people(split))


def run(folder: Path) -> dict[str, Any]:
    """Train what `folder` lacks, and follow everybody through everything.

    Returns:
        {"data": what `sparcode_mini.explain.xray.xray` returns}.
    """
    split = data.movielens_100k().split()
    for M, N in SETTINGS:
        sweep.run_setting(split, folder, M, N, SPARSITY)
    return {"data": show(split, folder)}


def config() -> dict[str, Any]:
    """Everything that decides what is stored."""
    return {
        "excerpts": EXCERPTS,
        "composed": list(COMPOSED),
        "settings": SETTINGS,
        "sparsity": SPARSITY,
        "model": sweep.MODEL,
        "fit": sweep.FIT,
        "seed": sweep.SEED,
        "data": "MovieLens-100K",
    }
