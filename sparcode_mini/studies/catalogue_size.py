"""From which catalogue size on do lists take fewer bytes than a matrix of the same quality?

The world of fields grows by one of two laws:

    share   each field value likes 5% of the catalogue, however large it is
    fixed   each field value likes about 20 items; nobody asks for the rest of the catalogue

The models are those of `studies.fields`; of the two-tower in closed form and that of the squared
hinge the better one counts (by the figure that is shown, in favour of the matrix). Matrices are
counted whole, and without the items that nobody asks for. What is left is also stored in 8 or 4
bits a number and in product codes, lists with gaps for positions and in 16, 8 or 4 bits; nothing is
trained again. One seed; about 15 minutes on one core.
"""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int

from sparcode_mini.evaluation.storage import NUMBER_BYTES
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.serving.compress import coded, directions, rounded
from sparcode_mini.studies.common.item_side import stored_lists
from sparcode_mini.tools.files import remembered
from sparcode_mini.tools.progress import progress
from sparcode_mini.worlds.fields import FieldsWorld, fields_world
from sparcode_mini.worlds.models import (
    FieldsTokens,
    FieldsTower,
    closed_form,
    fit_world,
    split_users,
)

WORLD: dict[str, Any] = {"fields": 3, "values": 16, "n_users": 1200, "seed": 0}
SHARE, COUNT = 0.05, 20
LAWS = ("share", "fixed")
SIZES: dict[str, tuple[int, ...]] = {"share": (400, 10_000), "fixed": (400, 10_000, 100_000)}
WIDTHS = (8, 16, 24, 32, 40, 48)  # of the two-towers
CODES = ((1, 64), (2, 64), (4, 64), (8, 64))  # M and N of product codes; 48 values can be liked
TOKEN_WIDTH, N, SPARSITY = 32, 48, 2.0  # of the SparCode
STEPS, SEED = 500, 0
# 0: softmax over all items. Where each value likes a share of them, a batch wants nearly all.
NEGATIVES = {("share", 400): 0, ("share", 10_000): 0, ("fixed", 400): 0,
             ("fixed", 10_000): 1000, ("fixed", 100_000): 1000}  # fmt: skip
# What a test repeats.
CHEAP: dict[str, Any] = {"law": "fixed", "n_items": 400, "width": 8}


def world_of(law: str, n_items: int) -> FieldsWorld:
    """Draw the world of one size.

    Raises:
        ValueError: an unknown law.
    """
    if law not in LAWS:
        raise ValueError(f"law = {law!r}; choose one of {LAWS}")
    likes = SHARE if law == "share" else COUNT / n_items
    return fields_world(**WORLD, n_items=n_items, likes=likes)


def penalty(law: str, n_items: int) -> float:
    """Return the weight of the L1 penalty, which is a mean over the items that a step scores.

    With a fixed number of wanted items, the weight grows with the number of scored items; else an
    entry would become cheaper. Where the wanted items are a share of all, the reward of each falls
    as much as its price, so the weight stays.
    """
    if law == "share":
        return SPARSITY
    scored = NEGATIVES[law, n_items] + COUNT * WORLD["fields"] * WORLD["values"]
    return SPARSITY * min(scored, n_items) / SIZES[law][0] if NEGATIVES[law, n_items] else SPARSITY


def measure(law: str, n_items: int, width: int | None) -> dict[str, Any]:
    """Train one model and count what it serves from.

    Args:
        law: one of LAWS.
        n_items: I.
        width: D of a two-tower; None for the SparCode.
    """
    world = world_of(law, n_items)
    liked = np.flatnonzero(world.likes.any(axis=(0, 1)))  # items that somebody likes
    row = {
        "law": law, "n_items": n_items, "width": width, "asked": len(liked),
        "true entries": int(world.likes.sum()),
    }  # fmt: skip
    training: dict[str, Any] = {"steps": STEPS, "seed": SEED, "negatives": NEGATIVES[law, n_items]}
    if width is not None:
        return row | of_matrix(world, width, liked, training)
    model = FieldsTokens(world, TOKEN_WIDTH, N=N, sparsity=penalty(law, n_items), seed=SEED)
    fitted = fit_world(model, world, **training)
    kept = (model.lists() > 0).numpy()  # (N, I)
    numbers = {"r_precision": fitted.r_precision, "entries": int(kept.sum())}
    return row | numbers | {"listed": int(kept.any(axis=0).sum()), "stored": ways(model, world)}


def of_matrix(
    world: FieldsWorld, width: int, liked: Int[np.ndarray, " n"], training: dict[str, Any]
) -> dict[str, Any]:
    """Fit a two-tower in both ways; describe the better one."""
    tower = FieldsTower(world, width, hidden=0, seed=SEED)
    towers = {
        "closed form": closed_form(world, width),
        "hinge": fit_world(tower, world, loss="hinge", **training),
    }
    trained = max(towers, key=lambda name: towers[name].r_precision)
    model, reached = towers[trained].model, towers[trained].r_precision
    per_item = NUMBER_BYTES * (model.width + 1)
    return {
        "trained": trained, "r_precision": reached, "bytes": per_item * world.n_items,
        "bytes asked": per_item * len(liked), "stored": stored(model, world, liked),
    }  # fmt: skip


@torch.no_grad()
def ways(model: FieldsTokens, world: FieldsWorld) -> list[dict[str, Any]]:
    """Store the lists in every way, and measure each: "name", "bytes", "r_precision"."""
    _, unseen = split_users(world)
    codes = model.codes(torch.from_numpy(world.user_fields[unseen])).numpy()  # (B, F)
    index = SparseIndex.from_scores(np.arange(N)[:, None], model.lists().numpy(), world.n_items)
    rows = []
    for precision in ("float16", "int8", "int4"):
        kept, sizes = stored_lists(index, precision)
        A = np.zeros((N, world.n_items))  # (N, I)
        A[kept.lists.rows(), kept.items] = kept.values
        quality = float(world.r_precision(A[codes].sum(axis=1), unseen))
        for name, size in (("", "plain bytes"), (", gaps", "bytes")):
            way = {"name": precision + name, "bytes": sizes[size], "r_precision": quality}
            rows.append(way)
    return rows


@torch.no_grad()
def stored(
    model: FieldsTower, world: FieldsWorld, liked: Int[np.ndarray, " n"]
) -> list[dict[str, Any]]:
    """Store the vectors of the items that somebody likes in fewer bytes, and measure each way.

    Returns:
        "name", "bytes" (with a bias of 2 bytes an item, and codebooks) and "r_precision" of each.
    """
    known, unseen = split_users(world)
    fields = torch.from_numpy(world.user_fields)  # (U, F)
    cut, turn = directions(
        model.items.weight[liked].numpy(), model.queries(fields[known]).numpy(), model.width
    )
    queries = model.queries(fields[unseen]).numpy() @ turn  # (B, D)
    ways = {precision: rounded(cut, precision) for precision in ("int8", "int4")}
    ways |= {f"codes M = {M}, N = {N}": coded(cut, M, N) for M, N in CODES}
    rows = []
    for name, (vectors, size) in ways.items():
        y = np.full((len(unseen), world.n_items), -np.inf)
        y[:, liked] = queries @ vectors.T + model.bias[liked].numpy()
        rows.append({
            "name": name, "bytes": size + NUMBER_BYTES * len(liked),
            "r_precision": float(world.r_precision(y, unseen)),
        })  # fmt: skip
    return rows


def run(folder: Path) -> dict[str, Any]:
    """Train and count everything; resumable."""
    todo = [(law, size, width) for law in LAWS for size in SIZES[law] for width in (None, *WIDTHS)]
    rows = []
    for law, n_items, width in progress(todo, desc="catalogue size"):
        path = folder / f"{law}-{n_items}-{width or 'lists'}.json"
        make = functools.partial(measure, law, n_items, width)
        rows.append(remembered(path, config(), make))
    return {"rows": rows}


def needed_width(
    rows: list[dict[str, Any]], law: str, n_items: int, share: float = 1.0
) -> float | None:
    """Return the width from which a two-tower reaches a share of what the lists reach.

    Returns:
        By interpolation; None if no measured width is enough.
    """
    measured = [r for r in rows if (r["law"], r["n_items"]) == (law, n_items)]
    (reached,) = (r["r_precision"] for r in measured if r["width"] is None)
    towers = sorted((r["width"], r["r_precision"]) for r in measured if r["width"] is not None)
    widths, quality = np.array(towers).T
    if quality.max() < share * reached:
        return None
    best = np.maximum.accumulate(quality)
    return float(np.interp(share * reached, best, widths))


def smallest(
    rows: list[dict[str, Any]], law: str, n_items: int, share: float, lists: bool = False
) -> dict[str, Any] | None:
    """Return the smallest way to store a matrix that reaches a share of what the lists reach.

    Items that nobody asks for are left out. The choice sees the figures that it is reported with,
    in favour of the matrix. With `lists` the smallest way to store these.

    Returns:
        "width" (None of lists), "name", "bytes", "r_precision"; None if no way is good enough.
    """
    measured = [r for r in rows if (r["law"], r["n_items"]) == (law, n_items)]
    (reached,) = (r["r_precision"] for r in measured if r["width"] is None)
    options = []
    for row in (r for r in measured if (r["width"] is None) == lists):
        whole = {"name": "float16", "bytes": row.get("bytes asked"),
                 "r_precision": row["r_precision"]}  # fmt: skip
        options += [
            {"width": row["width"], **w} for w in ([] if lists else [whole]) + row["stored"]
        ]
    good = [way for way in options if way["r_precision"] >= share * reached]
    return min(good, key=lambda way: way["bytes"], default=None)


def mean_lists_per_item(row: dict[str, Any]) -> float:
    """Return in how many lists an item stands on average, among items that are in any list."""
    return float(row["entries"] / row["listed"])


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "world": WORLD, "share": SHARE, "count": COUNT,
        "sizes": {law: list(sizes) for law, sizes in SIZES.items()},
        "widths": list(WIDTHS), "codes": [list(code) for code in CODES],
        "token width": TOKEN_WIDTH, "N": N, "sparsity": SPARSITY,
        "steps": STEPS, "seed": SEED, "cheap": CHEAP,
        "negatives": [[*key, count] for key, count in NEGATIVES.items()],
    }  # fmt: skip
