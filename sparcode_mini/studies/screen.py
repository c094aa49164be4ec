"""How many numbers an item needs: quality over the rank of a score matrix, before any wide model.

A model whose scores have rank r is a two-tower of width r. So a trained score matrix, cut to rank
r, shows what a dot product of that width can say of this data. Where the curve is flat, no wider
scorer can win by width. Two matrices are cut: that of the two-tower of the table, by the directions
that count for its queries (`serving.compress.directions`), and that of EASE, which starts with as
many directions as there are items.

Beside them stand two-towers that are narrow as a whole: their embeddings and their attention have
the width of the dot product. What they lose and the cut does not, is lost in the tower or in its
training, which is why their learning rate is chosen anew. They are the only trainings here, about
40 minutes on one core; the rest takes two.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.baselines import ItemItem, ease
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.evaluation.paired import compare, per_user
from sparcode_mini.model.load import load_model
from sparcode_mini.results import CHECKPOINTS
from sparcode_mini.serving.compress import directions, with_bias
from sparcode_mini.serving.two_tower import Tower
from sparcode_mini.studies.common.train_and_measure import Spec, train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

CHECKPOINT = CHECKPOINTS / "two-tower.safetensors"
RANKS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
EASE_RANKS = (*RANKS, 128, 256)
L2, DECAYS = (250.0, 500.0, 1000.0, 2000.0), (0.8, 0.85, 0.9, 0.95, 1.0)
# Narrow towers can't spare any of their few numbers: with dropout 0.1, width 4 at lr 2e-3 fell from
# 0.229 to 0.201 on validation.
NARROW, DROPOUT = (4, 8, 16), 0.0
RATES = (2e-3, 8e-3, 3.2e-2, 6.4e-2, 0.128, 0.256)  # the table's first; narrow ones need more
SEED = 0
PARTS = ("validation", "test")


# --- one trained two-tower, cut ------------------------------------------------------------------


def tower_curve(tower: Tower) -> list[dict[str, Any]]:
    """Measure the two-tower at every rank: "rank", "validation" and "test" NDCG@50.

    Also "energy", the share of the squared scores of training queries (without the item bias) that
    the rank keeps; "other people": the directions come from the queries of every second person, and
    the test NDCG@50 is that of the others; and "against whole", the difference to the uncut model
    over people.
    """
    queries = tower.prefixes.tokens.sum(dim=1).numpy()  # (n, D)
    items, bias = tower.items[:, :-1], tower.items[:, -1]
    half = tower.prefixes.users % 2 == 0  # (n,)
    others = np.asarray(tower.people["test"]) % 2 == 1
    whole = tower.per_user(tower.items, np.eye(items.shape[1], dtype=items.dtype))  # (B,)
    squares = (directions(items, queries, items.shape[1]).items ** 2).sum(axis=0)  # (D,)
    rows = []
    for rank in progress(RANKS, desc="two-tower"):
        people = of_rank(tower, queries, rank)
        cut, turn = directions(items, queries[half], rank)
        rows.append(
            {
                "rank": rank,
                "energy": float(squares[:rank].sum() / squares.sum()),
                **{on: float(people[on].mean()) for on in PARTS},
                "other people": float(tower.per_user(with_bias(cut, bias), turn)[others].mean()),
                "whole, other people": float(whole[others].mean()),
                "against whole": compare(people["test"], whole),
            }
        )
    return rows


def of_rank(
    tower: Tower, queries: Float[np.ndarray, "n D"], rank: int
) -> dict[str, Float[np.ndarray, " B"]]:
    """Return NDCG@50 of each person, of both parts, by the best `rank` directions."""
    cut, turn = directions(tower.items[:, :-1], queries, rank)
    return {on: tower.per_user(with_bias(cut, tower.items[:, -1]), turn, on) for on in PARTS}


# --- EASE, cut -----------------------------------------------------------------------------------


def best_ease(split: Split) -> tuple[ItemItem, dict[str, float]]:
    """Return the EASE that validation likes best, and its two settings."""
    scores = {}
    for l2 in progress(L2, desc="EASE"):
        matrix = ease(split, l2).matrix
        for decay in DECAYS:
            model = ItemItem(split, matrix, decay)
            scores[l2, decay] = evaluate(model, split, "validation", k=50)["ndcg@50"], model
    l2, decay = max(scores, key=lambda setting: scores[setting][0])
    return scores[l2, decay][1], {"l2": l2, "decay": decay}


def ease_curve(model: ItemItem, split: Split) -> list[dict[str, Any]]:
    """Measure EASE at every rank, and whole (rank I)."""
    rows = []
    for rank in progress((*EASE_RANKS, split.n_items), desc="EASE by rank"):
        cut = model.cut(rank)
        rows.append(
            {"rank": rank} | {on: evaluate(cut, split, on, k=50)["ndcg@50"] for on in PARTS}
        )
    return rows


# --- towers that are narrow as a whole -----------------------------------------------------------


def narrow_spec(width: int, lr: float) -> Spec:
    """Return the setting of the table's two-tower with everything in it `width` wide."""
    whole = table_spec("two-tower")
    return {
        **whole,
        "model": {**whole["model"], "token_dim": width, "dropout": DROPOUT},
        "fit": {**whole["fit"], "lr": lr},
    }


def narrow_towers(split: Split, folder: Path, tower: Tower) -> list[dict[str, Any]]:
    """Train narrow two-towers; return all, each with whether validation chose it.

    A chosen one is compared with the wide tower cut to its width: "against cut", over people.
    """
    queries = tower.prefixes.tokens.sum(dim=1).numpy()  # (n, D)
    rows: list[dict[str, Any]] = []
    for width in NARROW:
        points = [narrow_point(split, folder, width, lr) for lr in RATES]
        best = max(points, key=lambda point: point["validation"])
        model = load_model(folder / f"{best['name']}.safetensors", split)
        people = of_rank(tower, queries, width)["test"]
        best["against cut"] = compare(per_user(model, split), people)
        rows += [{**point, "chosen": point is best} for point in points]
    return rows


def narrow_point(split: Split, folder: Path, width: int, lr: float) -> dict[str, Any]:
    """Train and measure one narrow two-tower."""
    name = f"narrow-{width}-{lr:g}"
    result = train_and_measure(split, narrow_spec(width, lr), SEED, folder, name)
    return {
        "name": name, "width": width, "lr": lr, "seconds": result["seconds"],
        "validation": result["validation ndcg@50"], "test": result["ndcg@50"],
    }  # fmt: skip


# --- everything ----------------------------------------------------------------------------------


def run(folder: Path) -> dict[str, Any]:
    """Measure all curves; resumable.

    Returns:
        {"two-tower": rows, "EASE": rows, "chosen": the settings of EASE, "narrow": rows}.
    """
    split = data.movielens_100k().split()
    tower = Tower(load_model(CHECKPOINT, split), split)
    question = {"config": config(), "model": file_digest(CHECKPOINT)}
    curve = remembered(
        folder / "screen-two-tower.json", question, lambda: tower_curve(tower), form=list
    )
    linear = remembered(folder / "screen-ease.json", config(), lambda: _of_ease(split))
    return {"two-tower": curve, **linear, "narrow": narrow_towers(split, folder, tower)}


def _of_ease(split: Split) -> dict[str, Any]:
    model, chosen = best_ease(split)
    return {"EASE": ease_curve(model, split), "chosen": chosen}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "checkpoint": CHECKPOINT.name,
        "ranks": list(RANKS),
        "EASE ranks": list(EASE_RANKS),
        "l2": list(L2),
        "decays": list(DECAYS),
        "narrow": {
            "widths": list(NARROW), "lr": list(RATES), "dropout": DROPOUT, "seed": SEED,
            "epochs": table_spec("two-tower")["fit"]["epochs"],
        },
        "data": "MovieLens-100K",
        "chosen by": "validation ndcg@50",
    }  # fmt: skip
