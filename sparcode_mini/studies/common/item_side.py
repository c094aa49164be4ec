"""What is stored for the items, trained again and measured: matrices of two-towers and lists."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparcode_mini.data.split import Split
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.serving.compress import directions, rounded
from sparcode_mini.serving.finetune import finetune
from sparcode_mini.serving.two_tower import Tower

PRECISIONS = ("float16", "int8")


def tower_points(
    model: TwoTower,
    split: Split,
    seed: int,
    ranks: Sequence[int],
    epochs: int,
    rates: Sequence[float],
) -> list[dict[str, Any]]:
    """Measure NDCG@50 and bytes, whole and at every rank, with and without trained vectors."""
    tower, points = Tower(model, split), []
    width = model.config.token_dim
    for rank in (*ranks, width):
        turn = np.eye(width, dtype=tower.items.dtype)
        items = tower.items
        if rank < width:
            cut, turn = directions(items[:, :-1], None, rank)
            items = np.column_stack([cut, items[:, -1]])
        again, _ = tower.tuned(items, turn, seed, epochs, rates)
        for kept, trained in ((items, False), (again, True)):
            for precision in PRECISIONS:
                stored, size = rounded(kept, precision)
                ndcg = tower.ndcg(stored, turn)
                points.append({
                    "rank": rank, "tuned": trained, "precision": precision,
                    "ndcg@50": ndcg, "item_bytes": size,
                })  # fmt: skip
    return points


def tuned_lists(
    index: SparseIndex,
    model: SparCode,
    split: Split,
    seed: int,
    *,
    epochs: int,
    rates: Sequence[float],
    probes: int = 4,
) -> tuple[SparseIndex, float | None]:
    """Train the entries of lists again, at the rate that validation likes best.

    Returns:
        The index and its rate; None if validation likes the old entries best.
    """
    options: dict[str, Any] = {"epochs": epochs, "probes": probes, "seed": seed}
    tries = [(lr, *finetune(index, model, split, lr=lr, **options)) for lr in rates]
    lr, best, _ = max(tries, key=lambda tried: max(tried[2]))
    return best, None if best is index else lr


def encoder_bytes(model: MatchingModel) -> int:
    """Count the bytes of what makes tokens of a history, in fp16: item embeddings, tokenizer."""
    layers = (model.items, model.tokenizer, model.user_fields)
    return 2 * sum(p.numel() for layer in layers for p in layer.parameters())
