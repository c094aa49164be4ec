"""Is one dot product too narrow for MovieLens-100K? Two-tower against all-to-all, width 4 to 64.

Both models get the same tokenizer, the same number of query tokens, the same recipe and the same
two learning rates to choose from on the validation part. About 12 minutes on one core.
"""

from pathlib import Path
from typing import Any

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.studies.common.train_and_measure import Spec, train_and_measure
from sparcode_mini.tools.progress import progress

WIDTHS = (4, 8, 16, 32, 64)
KINDS = {"two-tower": "TwoTower", "all-to-all": "AllToAll"}
LEARNING_RATES = (3e-3, 1e-2)
SEED = 0
# Small on purpose: few epochs, few prefixes a step, a small network in the scorer.
MODEL: dict[str, Any] = {"tokenizer": "self-attention", "query_tokens": 2, "dropout": 0.1}
HIDDEN = 8
FIT: dict[str, Any] = {"epochs": 10, "max_positions": 200}
KEPT = ("ndcg@10", "ndcg@50", "recall@50", "validation ndcg@50", "best_epoch", "seconds")
# One more training, so short that a test can repeat it.
CHEAP: dict[str, Any] = {"kind": "two-tower", "width": 8, "lr": 1e-2, "epochs": 1}


def spec(kind: str, width: int, lr: float, epochs: int | None = None) -> Spec:
    """Return the setting of one point of the curves.

    Args:
        kind: "two-tower" or "all-to-all".
        width: D = D_T of the model.
        lr: learning rate.
        epochs: another number of epochs than the study's.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is unknown; choose one of {list(KINDS)}")
    options = {"hidden": HIDDEN} if kind == "all-to-all" else {}
    train = {**FIT, "lr": lr, "epochs": epochs or FIT["epochs"]}
    return {"class": KINDS[kind], "model": {**MODEL, **options, "token_dim": width}, "fit": train}


def measure(
    split: Split, folder: Path, kind: str, width: int, lr: float, epochs: int | None = None
) -> dict[str, Any]:
    """Train and measure one setting; a setting that `folder` holds is not trained again."""
    short = "" if epochs is None else f"-{epochs}epochs"
    name = f"{kind}-{width}-{lr:g}{short}"
    result = train_and_measure(split, spec(kind, width, lr, epochs), SEED, folder, name)
    return {"kind": kind, "width": width, "lr": lr, **{key: result[key] for key in KEPT}}


def chosen(points: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return, of each kind and width, the point that is best on validation; widths ascending."""
    best: dict[str, list[dict[str, Any]]] = {}
    for kind in KINDS:
        curve = [point for point in points if point["kind"] == kind]
        widths = sorted({point["width"] for point in curve})
        best[kind] = [
            max((p for p in curve if p["width"] == width), key=lambda p: p["validation ndcg@50"])
            for width in widths
        ]
    return best


def run(folder: Path) -> dict[str, Any]:
    """Train and measure everything; resumable.

    Returns:
        {"points": every training, "chosen": by kind the best of each width, "cheap": ...,
        "popularity": NDCG@50 of the same ranking for everyone}.
    """
    split = data.movielens_100k().split()
    popular = train_and_measure(split, {"class": "Popularity"}, SEED, folder, "popularity")
    cheap = measure(split, folder, **CHEAP)
    grid = [(kind, width, lr) for kind in KINDS for width in WIDTHS for lr in LEARNING_RATES]
    points = [measure(split, folder, *point) for point in progress(grid, desc="width")]
    return {
        "points": points,
        "chosen": chosen(points),
        "cheap": cheap,
        "popularity": popular["ndcg@50"],
    }


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "widths": list(WIDTHS),
        "learning rates": list(LEARNING_RATES),
        "model": MODEL,
        "hidden": HIDDEN,
        "fit": FIT,
        "cheap": CHEAP,
        "seed": SEED,
        "data": "MovieLens-100K",
        "chosen by": "validation ndcg@50",
    }
