"""How many numbers an item needs: quality over the rank of a score matrix, before any wide model.

A model whose scores have rank r is a two-tower of width r. So a trained score matrix, cut to rank
r, shows how much of its quality a dot product of that width holds. Where the curve is flat, this
*model* has nothing in its further directions; another model may find more in the data. Three
matrices are cut: that of the two-tower of the table, by the directions that count for its queries
(`serving.compress.directions`); that of EASE, which starts with as many directions as there are
items; and the sum of both, cut as one matrix. The sum is compared with the whole two-tower at each
rank: is there more to hold than the two-tower found?

Beside them stand two-towers that are narrow as a whole: their embeddings and their attention have
the width of the dot product. What they lose and the cut does not, is lost in the tower or in its
training, which is why their learning rate is chosen anew. They are the only trainings here, about
40 minutes on one core; the rest takes three.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.baselines import ItemItem, ease
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.evaluation.paired import compare, per_user, together
from sparcode_mini.model.load import load_model
from sparcode_mini.model.two_tower import TwoTower
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
JOINED_RANKS = (*RANKS, 96, 128, 256)
WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)  # of EASE against the two-tower
EVERY = 8  # one of so many prefixes of the training part weighs the joined directions
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
    others = tower.people["test"].users % 2 == 1
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


# --- both together, cut --------------------------------------------------------------------------


class Joined(Tower):
    """A two-tower and a linear model as one dot product y = <q, w_c> + bias_c of width D + I.

    A query is its vector of the two-tower beside its weights of `ItemItem`. Each model's scores are
    divided by one number for all queries, so the sum is a dot product and can be cut as one.
    (`Mixture` divides each row by a number of its own.)

    Args:
        model: a trained two-tower.
        split: its data.
        linear: a model of item pairs, of the same data.
    """

    def __init__(self, model: TwoTower, split: Split, linear: ItemItem) -> None:
        super().__init__(model, split)
        self.linear, self.matrix = linear, linear.matrix.astype(self.items.dtype)
        for on in PARTS:
            weights = linear.weights(self.people[on].seen)  # (B, I)
            self.queries[on] = np.column_stack([self.queries[on], weights]).astype(self.items.dtype)
        tower, weights = np.split(self.queries["validation"], [self.items.shape[1] - 1], axis=1)
        y = tower @ self.items[:, :-1].T + self.items[:, -1]  # (B, I)
        self.spreads = [float(z.std(axis=1).mean()) for z in (y, weights @ self.matrix)]

    def mixed(self, weight: float) -> Float[np.ndarray, "I W"]:
        """Return the items of the sum with a weight of the linear model; the bias is last."""
        first, second = self.spreads
        V, bias = self.items[:, :-1] / first, self.items[:, -1] / first  # (I, D), (I,)
        return np.column_stack([V, weight / second * self.matrix.T, bias])

    def training_queries(self) -> Float[np.ndarray, "n W"]:
        """Return the queries of one in EVERY prefixes of the training part."""
        tower = self.prefixes.tokens[::EVERY].sum(dim=1).numpy()  # (n, D)
        weights = self.linear.weights(self.prefixes.seen[::EVERY]).astype(tower.dtype)  # (n, I)
        return np.column_stack([tower, weights])


def joined_curve(joined: Joined, whole: Float[np.ndarray, " B"]) -> dict[str, Any]:
    """Choose the weight of the sum on validation, and measure it at every rank, and whole.

    Args:
        joined: the two models.
        whole: test NDCG@50 of each person by the two-tower alone.

    Returns:
        "joined": rows of "rank", "validation", "test" and, over people, "against tower" and, if
        cut, "against sum", the uncut one (both with "p, Holm", for all ranks together);
        "weights": validation NDCG@50 of each weight; "weight": the chosen one.
    """
    same = np.eye(joined.queries["test"].shape[1], dtype=joined.items.dtype)
    steps = progress(WEIGHTS, desc="weights")
    tried = {w: joined.ndcg(joined.mixed(w), same, "validation") for w in steps}
    weight = max(tried, key=lambda w: tried[w])
    items = joined.mixed(weight)
    cut, turn = directions(items[:, :-1], joined.training_queries(), len(same))
    uncut = joined.per_user(items, same)  # (B,)
    rows: list[dict[str, Any]] = []
    for rank in progress([r for r in JOINED_RANKS if r < len(cut)] + [len(cut)], desc="joined"):
        few = with_bias(cut[:, :rank], items[:, -1])
        people = {on: joined.per_user(few, turn[:, :rank], on) for on in PARTS}
        rows.append({"rank": rank, **{on: float(people[on].mean()) for on in PARTS}})
        rows[-1]["against tower"] = compare(people["test"], whole)
        if rank < len(cut):
            rows[-1]["against sum"] = compare(people["test"], uncut)
    for name in ("against tower", "against sum"):
        compared = [row for row in rows if name in row]
        for row, pair in zip(compared, together([row[name] for row in compared]), strict=True):
            row[name] = pair
    return {"joined": rows, "weights": {f"{w:g}": v for w, v in tried.items()}, "weight": weight}


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
        {"two-tower": rows, "EASE": rows, "chosen": the settings of EASE, the result of
        `joined_curve`, "narrow": rows}.
    """
    split = data.movielens_100k().split()
    model = load_model(CHECKPOINT, split)
    tower = Tower(model, split)
    question = {"config": config(), "model": file_digest(CHECKPOINT)}
    curve = remembered(
        folder / "screen-two-tower.json", question, lambda: tower_curve(tower), form=list
    )
    linear = remembered(folder / "screen-ease.json", config(), lambda: _of_ease(split))
    both = remembered(
        folder / "screen-joined.json", question, lambda: _of_both(model, split, linear["chosen"])
    )
    return {"two-tower": curve, **linear, **both, "narrow": narrow_towers(split, folder, tower)}


def _of_ease(split: Split) -> dict[str, Any]:
    model, chosen = best_ease(split)
    return {"EASE": ease_curve(model, split), "chosen": chosen}


def _of_both(model: TwoTower, split: Split, chosen: dict[str, float]) -> dict[str, Any]:
    return joined_curve(Joined(model, split, ease(split, **chosen)), per_user(model, split))


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "checkpoint": CHECKPOINT.name,
        "ranks": list(RANKS),
        "EASE ranks": list(EASE_RANKS),
        "joined": {"ranks": list(JOINED_RANKS), "weights": list(WEIGHTS), "every": EVERY},
        "l2": list(L2),
        "decays": list(DECAYS),
        "narrow": {
            "widths": list(NARROW), "lr": list(RATES), "dropout": DROPOUT, "seed": SEED,
            "epochs": table_spec("two-tower")["fit"]["epochs"],
        },
        "data": "MovieLens-100K",
        "chosen by": "validation ndcg@50",
    }  # fmt: skip
