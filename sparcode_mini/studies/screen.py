"""How many numbers an item needs: quality over the rank of a score matrix, before any wide model.

A model whose scores have rank r is a two-tower of width r. So a trained score matrix, cut to rank
r, shows what a dot product of that width can say of this data. Where the curve is flat, no wider
scorer can win by width. Two matrices are cut: that of the two-tower of the table, by the directions
that count for its queries (`serving.compress.directions`), and that of EASE, which starts with as
many directions as there are items. Seconds, but for the training of the two-tower.
"""

from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.baselines import ItemItem, ease
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.model.load import load_model
from sparcode_mini.results import CHECKPOINTS
from sparcode_mini.serving.compress import directions, with_bias
from sparcode_mini.serving.two_tower import Tower
from sparcode_mini.tools.progress import progress

CHECKPOINT = CHECKPOINTS / "two-tower.safetensors"
RANKS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
EASE_RANKS = (*RANKS, 128, 256)
L2, DECAYS = (250.0, 500.0, 1000.0, 2000.0), (0.8, 0.85, 0.9, 0.95, 1.0)
PARTS = ("validation", "test")


def tower_curve(tower: Tower) -> list[dict[str, Any]]:
    """Measure the two-tower at every rank: "rank", "validation" and "test" NDCG@50.

    Also "other people": the directions come from the queries of every second person, and the test
    NDCG@50 is that of the others.
    """
    queries = tower.prefixes.tokens.sum(dim=1).numpy()  # (n, D)
    items, bias = tower.items[:, :-1], tower.items[:, -1]
    half = tower.prefixes.users % 2 == 0  # (n,)
    others = np.asarray(tower.people["test"]) % 2 == 1
    rows = []
    for rank in progress(RANKS, desc="two-tower"):
        cut, turn = directions(items, queries, rank)
        row: dict[str, Any] = {"rank": rank}
        row |= {on: tower.ndcg(with_bias(cut, bias), turn, on) for on in PARTS}
        cut, turn = directions(items, queries[half], rank)
        row["other people"] = float(tower.per_user(with_bias(cut, bias), turn)[others].mean())
        rows.append(row)
    return rows


def best_ease(split: Split) -> tuple[ItemItem, dict[str, float]]:
    """Return the EASE that validation likes best, and its two settings."""
    found = {}
    for l2 in progress(L2, desc="EASE"):
        matrix = ease(split, l2).matrix
        for decay in DECAYS:
            model = ItemItem(split, matrix, decay)
            found[l2, decay] = evaluate(model, split, "validation", k=50)["ndcg@50"], model
    l2, decay = max(found, key=lambda setting: found[setting][0])
    return found[l2, decay][1], {"l2": l2, "decay": decay}


def ease_curve(model: ItemItem, split: Split) -> list[dict[str, Any]]:
    """Measure EASE at every rank, and whole (rank I)."""
    rows = []
    for rank in progress((*EASE_RANKS, split.n_items), desc="EASE by rank"):
        cut = model.cut(rank)
        rows.append(
            {"rank": rank} | {on: evaluate(cut, split, on, k=50)["ndcg@50"] for on in PARTS}
        )
    return rows


def run(folder: Path) -> dict[str, Any]:
    """Measure both curves; the folder is not needed.

    Returns:
        {"two-tower": rows, "EASE": rows, "chosen": the settings of EASE}.
    """
    split = data.movielens_100k().split()
    tower = Tower(load_model(CHECKPOINT, split), split)
    model, chosen = best_ease(split)
    return {"two-tower": tower_curve(tower), "EASE": ease_curve(model, split), "chosen": chosen}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "checkpoint": CHECKPOINT.name,
        "ranks": list(RANKS),
        "EASE ranks": list(EASE_RANKS),
        "l2": list(L2),
        "decays": list(DECAYS),
        "data": "MovieLens-100K",
        "chosen by": "validation ndcg@50",
    }
