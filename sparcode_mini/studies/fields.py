"""A world of lists: how wide a dot product must be, and what in a scorer replaces the width.

Every model learns the same `FieldsWorld` and ranks for users that it has not seen:

    two-tower   in closed form (regression of a low rank), and trained by a squared hinge or by the
                softmax; the stored quality of both sides is so that of a strong model
    all-to-all  with and without an L1 penalty on its scores; and without its hidden units, without
                its outer ReLU, without both
    SparCode    the same scorer behind a quantiser, with and without the penalty

Free vectors stand beside them: one for each user and item, fitted to the likes themselves, so that
no tower limits them (the test of Weller et al. 2025, arXiv 2508.21038). A width that fails there
can't rank this world, whatever makes its vectors. About 15 minutes on one core.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool

from sparcode_mini.evaluation.storage import ENTRY_BYTES, NUMBER_BYTES
from sparcode_mini.tools.files import remembered
from sparcode_mini.tools.progress import progress
from sparcode_mini.tools.reproducible import normal
from sparcode_mini.worlds.fields import FieldsWorld, fields_world
from sparcode_mini.worlds.models import (
    DTYPE,
    FieldsTokens,
    FieldsTower,
    Fitted,
    closed_form,
    fit_world,
    hinge_loss,
    split_users,
)

WORLD: dict[str, Any] = {
    "fields": 3,
    "values": 16,
    "n_items": 400,
    "likes": 0.05,
    "n_users": 1200,
    "seed": 0,
}
STEPS, SEEDS = 800, (0, 1)
N, SPARSITY = 48, 2.0  # one codeword for each value of each field
TOWER, SCORER, PARTS = (4, 8, 16, 24, 32, 40, 48), (4, 8, 16, 32), (8, 16)
KINDS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {  # widths, options
    "two-tower, closed form": (TOWER, {}),
    "two-tower, hinge": (TOWER, {"loss": "hinge"}),
    "two-tower, softmax": ((16, 32), {"loss": "softmax"}),
    "all-to-all": (SCORER, {}),
    "all-to-all, penalty": (SCORER, {"sparsity": SPARSITY}),
    "SparCode": (SCORER, {"N": N}),
    "SparCode, penalty": (SCORER, {"N": N, "sparsity": SPARSITY}),
    "outer ReLU only": (PARTS, {"network": False}),
    "hidden units only": (PARTS, {"outer": False}),
    "neither": (PARTS, {"network": False, "outer": False}),
}
FREE, FREE_STEPS, FREE_RATE = (12, 16, 20, 22, 24, 28), 1500, 0.1
CHEAP: dict[str, Any] = {"kind": "two-tower, hinge", "width": 8, "seed": 0}  # a test repeats it


def fitted(world: FieldsWorld, kind: str, width: int, seed: int) -> Fitted:
    """Train the model of one point; the closed form needs no training.

    Raises:
        ValueError: an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is unknown; choose one of {list(KINDS)}")
    options = KINDS[kind][1]
    if kind == "two-tower, closed form":
        return closed_form(world, width)
    if kind.startswith("two-tower"):
        tower = FieldsTower(world, width, hidden=0, seed=seed)
        return fit_world(tower, world, steps=STEPS, seed=seed, **options)
    tokens = FieldsTokens(world, width, seed=seed, **options)
    return fit_world(tokens, world, steps=STEPS, seed=seed)


def measure(world: FieldsWorld, kind: str, width: int, seed: int) -> dict[str, Any]:
    """Train and measure one point: R-precision for unseen users, and what is served."""
    done = fitted(world, kind, width, seed)
    point = {"kind": kind, "width": width, "seed": seed, "r_precision": done.r_precision}
    return {**point, **served(done.model, world)}


def served(model: FieldsTower | FieldsTokens, world: FieldsWorld) -> dict[str, int | None]:
    """Count the "bytes" of matrix and bias, or of lists; None if nothing is cached.

    Of lists also "entries", and how many of them are "liked" by a field value with that code.
    """
    if isinstance(model, FieldsTower):
        return {"bytes": NUMBER_BYTES * (model.width + 1) * len(model.bias)}
    if model.quantizer is None:
        return {"bytes": None}
    kept = model.lists() > 0  # (N, I)
    entries = int(kept.sum())
    liked = int((kept & liked_by_code(model, world)).sum())
    return {"bytes": ENTRY_BYTES * entries, "entries": entries, "liked": liked}


@torch.no_grad()
def liked_by_code(model: FieldsTokens, world: FieldsWorld) -> Bool[torch.Tensor, "N I"]:
    """Return which items a field value with that code likes."""
    fields, values, n_items = world.likes.shape
    every = torch.arange(values)[:, None].expand(-1, fields)  # (V, F), each value of each field
    codes = model.codes(every)  # (V, F)
    liked = torch.zeros(len(model.lists()), n_items, dtype=torch.bool)
    for field in range(fields):
        for value in range(values):
            liked[codes[value, field]] |= torch.from_numpy(world.likes[field, value])
    return liked


def free_vectors(world: FieldsWorld, width: int) -> dict[str, Any]:
    """Fit a vector for each user and each item, and a bias for each item, to the likes themselves.

    Returns:
        "width", "r_precision" (of all users, who are all known here), and "wrong", the pairs whose
        score has the wrong sign: 0 shows that this width can express the world.
    """
    rng = np.random.default_rng(0)
    U, V = (normal(rng, n, width, std=0.3, dtype=DTYPE) for n in (world.n_users, world.n_items))
    bias = torch.zeros(world.n_items, dtype=DTYPE)
    parameters = [part.requires_grad_() for part in (U, V, bias)]
    optimiser = torch.optim.Adam(parameters, lr=FREE_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, FREE_STEPS)
    liked = torch.from_numpy(world.relevant())  # (U, I)
    for _ in range(FREE_STEPS):
        optimiser.zero_grad()
        hinge_loss(U @ V.T + bias, liked).backward()
        optimiser.step()
        schedule.step()
    y = (U @ V.T + bias).detach()  # (U, I)
    wrong = int(((y > 0) != liked).sum())
    return {"width": width, "r_precision": world.r_precision(y.numpy()), "wrong": wrong}


def run(folder: Path) -> dict[str, Any]:
    """Train and measure all points; resumable.

    Returns:
        {"points": [...], "free": [...], "chance": R-precision of scores drawn at random, "true
        entries": of the lists that the world itself consists of}.
    """
    world = fields_world(**WORLD)

    def kept(name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = remembered(folder / f"fields-{name}.json", config(), make)
        return result

    grid = [(k, w, s) for k, (widths, _) in KINDS.items() for w in widths for s in seeds_of(k)]
    points = [
        kept("-".join(map(str, point)), functools.partial(measure, world, *point))
        for point in progress(grid, desc="fields")
    ]
    free = [
        kept(f"free-{width}", functools.partial(free_vectors, world, width))
        for width in progress(FREE, desc="free vectors")
    ]
    _, unseen = split_users(world)
    chance = np.random.default_rng(0).random((len(unseen), world.n_items))
    return {
        "points": points,
        "free": free,
        "chance": world.r_precision(chance, unseen),
        "true entries": int(world.likes.sum()),
    }


def seeds_of(kind: str) -> tuple[int, ...]:
    """Return the seeds of a kind: nothing is drawn in the closed form."""
    return SEEDS[:1] if kind == "two-tower, closed form" else SEEDS


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "world": WORLD,
        "kinds": {
            kind: {"widths": list(widths), **options} for kind, (widths, options) in KINDS.items()
        },
        "seeds": list(SEEDS),
        "steps": STEPS,
        "free": {"widths": list(FREE), "steps": FREE_STEPS, "lr": FREE_RATE},
        "cheap": CHEAP,
        "bytes": {"entry": ENTRY_BYTES, "number": NUMBER_BYTES},
    }
