"""The numbers of the X-ray on a page without Python: a few people in four models.

The first model comes with the project. The others have other M and N, are settings of the sweep and
are trained here. Most people are composed; two are short excerpts of real histories. About 3
minutes on one core.
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
    """Return the people that the page offers."""
    return [*composed(split), *(excerpt(split, user, of="MovieLens") for user in EXCERPTS)]


def show(split: Split, folder: Path) -> dict[str, Any]:
    """Return the X-ray of the project's model and of those in `folder`, in 64-bit numbers."""
    paths = [results.CHECKPOINTS / "sparcode-sparse", *(folder / name for name in NAMES)]
    tower, *models = (
        load_model(path.with_suffix(".safetensors"), split, torch.float64)
        for path in (results.CHECKPOINTS / "two-tower", *paths)
    )
    return xray(models, tower, people(split))


def run(folder: Path) -> dict[str, Any]:
    """Train the models that `folder` lacks, and make the X-ray of all people and models.

    Returns:
        {"data": what `sparcode_mini.explain.xray.xray` returns}.
    """
    split = data.movielens_100k().split()
    for M, N in SETTINGS:
        sweep.run_setting(split, folder, M, N, SPARSITY)
    return {"data": show(split, folder)}


def config() -> dict[str, Any]:
    """Return everything that decides what is stored."""
    return {
        "excerpts": EXCERPTS,
        "composed": list(COMPOSED),
        "settings": SETTINGS,
        "sparsity": SPARSITY,
        "model": sweep.MODEL,
        "fit": sweep.FIT,
        "lr": sweep.RATE,
        "seed": sweep.SEED,
        "data": "MovieLens-100K",
    }
