"""A world that a narrow dot product cannot express: quality against width and served bytes.

Two-tower, all-to-all and SparCode on the same `FieldsWorld`, two seeds each. About 5 minutes on
one core.
"""

from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini.evaluation.storage import ENTRY_BYTES, NUMBER_BYTES
from sparcode_mini.tools.files import remembered
from sparcode_mini.tools.progress import progress
from sparcode_mini.worlds.fields import FieldsWorld, fields_world
from sparcode_mini.worlds.models import FieldsTokens, FieldsTower, fit_world, split_users

WORLD: dict[str, Any] = {
    "fields": 3,
    "values": 16,
    "n_items": 400,
    "likes": 0.05,
    "n_users": 1200,
    "seed": 0,
}
WIDTHS: dict[str, tuple[int, ...]] = {
    "two-tower": (4, 8, 16, 32, 48, 64),
    "all-to-all": (4, 8, 16, 32, 64),
    "SparCode": (4, 8, 16, 32, 64),
}
SEEDS = (0, 1)
STEPS = 800
N, SPARSITY = 48, 2.0  # one codeword for each value of each field
CHEAP: dict[str, Any] = {"kind": "two-tower", "width": 8, "seed": 0}  # a test repeats this one


def make(world: FieldsWorld, kind: str, width: int, seed: int) -> FieldsTower | FieldsTokens:
    """Make the untrained model of one point."""
    if kind == "two-tower":
        return FieldsTower(world, width, seed=seed)
    if kind == "all-to-all":
        return FieldsTokens(world, width, seed=seed)
    if kind == "SparCode":
        return FieldsTokens(world, width, N=N, sparsity=SPARSITY, seed=seed)
    raise ValueError(f"kind {kind!r} is unknown; choose one of {list(WIDTHS)}")


def served_bytes(model: FieldsTower | FieldsTokens) -> int | None:
    """Count the bytes of matrix and bias, or of lists, as served; None if nothing is cached."""
    if isinstance(model, FieldsTower):
        return NUMBER_BYTES * (model.width + 1) * len(model.bias)
    if model.quantizer is None:
        return None
    return ENTRY_BYTES * int((model.lists() > 0).sum())


def measure(world: FieldsWorld, kind: str, width: int, seed: int) -> dict[str, Any]:
    """Train and measure one point."""
    fitted = fit_world(make(world, kind, width, seed), world, steps=STEPS, seed=seed)
    point = {"kind": kind, "width": width, "seed": seed, "r_precision": fitted.r_precision}
    return {**point, "bytes": served_bytes(fitted.model)}


def _kept(folder: Path, world: FieldsWorld, kind: str, width: int, seed: int) -> Any:
    path = folder / f"fields-{kind}-{width}-{seed}.json"
    return remembered(path, config(), lambda: measure(world, kind, width, seed))


def run(folder: Path) -> dict[str, Any]:
    """Train and measure all points; resumable.

    Returns:
        {"points": [...], "chance": R-precision of scores drawn at random, "true entries": of the
        lists that the world itself consists of}.
    """
    world = fields_world(**WORLD)
    grid = [(k, w, s) for k, widths in WIDTHS.items() for w in widths for s in SEEDS]
    points = [_kept(folder, world, *point) for point in progress(grid, desc="fields")]
    _, unseen = split_users(world)
    chance = np.random.default_rng(0).random((len(unseen), world.n_items))
    return {
        "points": points,
        "chance": world.r_precision(chance, unseen),
        "true entries": int(world.likes.sum()),
    }


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "world": WORLD,
        "widths": {kind: list(widths) for kind, widths in WIDTHS.items()},
        "seeds": list(SEEDS),
        "steps": STEPS,
        "N": N,
        "sparsity": SPARSITY,
        "cheap": CHEAP,
        "bytes": {"entry": ENTRY_BYTES, "number": NUMBER_BYTES},
    }
