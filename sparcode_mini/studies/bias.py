"""The bias b of the shipped model: density, entries and quality at each b, with and without ReLU.

Nothing is trained here. The scores S of all codes are computed once. A setting adds b to them,
takes the ReLU, adds up the lists of each person, and ranks all films. A few seconds.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sparcode_mini import data, results
from sparcode_mini.data.split import Split
from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.tools.progress import progress

INDENT = None  # thousands of numbers
MODEL = "sparcode-sparse"
BIASES = tuple(np.round(np.arange(-1.6, 2.01, 0.1), 2).tolist())
PLACES = 50
SHOWN = (64, 96)  # codes and films of the small picture of the score matrix


class Lists:
    """A SparCode before its final ReLU, and the films that the people of a split should find.

    Args:
        model: all its codes get a list, so N^M must be small.
        split: its test part holds the films that should be found.

    Attributes:
        S: (codes, I) scores of all codes before the bias.
        rows: (B, K_u) the list that each token of each person reads.
    """

    def __init__(self, model: SparCode, split: Split) -> None:
        users = np.flatnonzero([len(h) > 0 for h in split.histories("test")])
        ids, pq = split.user_ids[users], model.quantizer
        every = torch.cartesian_prod(*[torch.arange(pq.N)] * pq.M).reshape(-1, pq.M)  # (C, M)
        with torch.no_grad():
            self.S = model.scorer(pq.decode(every), model.items(), model.item_bias)  # (codes, I)
        codes = model.encode(ids).codes[:, :, 0]  # (B, K_u, M)
        place = pq.N ** torch.arange(pq.M - 1, -1, -1)  # (M,)
        self.rows = (codes * place).sum(-1)  # (B, K_u)
        self.wanted = _table(split.history(ids, "test"), split.n_items)  # (B, I) bool
        self.seen = _table(split.history(ids, "train+validation"), split.n_items)  # (B, I) bool
        self.rated = np.bincount(np.concatenate(split.histories("train")), minlength=split.n_items)
        sizes = self.wanted.sum(dim=1).clamp(max=PLACES)  # (B,)
        self.discounts = 1 / torch.arange(2, PLACES + 2, dtype=self.S.dtype).log2()  # (50,)
        self.ideal = self.discounts.cumsum(0)[sizes - 1]  # (B,)

    def measure(self, bias: float, relu: bool) -> dict[str, Any]:
        """Measure density, entries and NDCG@50 at one setting, with a ranking of all films.

        Returns:
            "entries", "density" (share of the pairs code, film with an entry), "empty" (lists),
            "read" (entries that a person reads, on average), "ndcg@50".
        """
        A = self.S + bias  # (codes, I)
        kept = A > 0 if relu else torch.ones_like(A, dtype=torch.bool)
        A = A * kept
        lengths = kept.sum(dim=1)  # (codes,)
        y = A[self.rows[:, 0]]  # (B, I); a copy
        for row in self.rows.T[1:]:
            y += A[row]
        y[self.seen] = -torch.inf
        values, best = y.topk(PLACES, dim=1)  # (B, 50)
        hits = self.wanted.gather(1, best) & ((values > 0) if relu else values.isfinite())
        return {
            "entries": int(lengths.sum()),
            "density": float(lengths.sum() / A.numel()),
            "empty": int((lengths == 0).sum()),
            "read": float(lengths[self.rows].sum(dim=1).double().mean()),
            "ndcg@50": float((hits.to(A.dtype) @ self.discounts / self.ideal).mean()),
        }

    def most_rated(self, films: int) -> Tensor:
        """Return the positions of the most rated films, (films,)."""
        return torch.from_numpy(np.argsort(-self.rated, kind="stable")[:films].copy())


def _table(lists: list[np.ndarray], width: int) -> Tensor:
    table = torch.zeros(len(lists), width, dtype=torch.bool)
    for row, items in zip(table, lists, strict=True):
        row[torch.from_numpy(items)] = True
    return table


def panel_data(lists: Lists) -> dict[str, Any]:
    """Measure every b of BIASES.

    Returns:
        "on" and "off" (what `Lists.measure` returns for each b, with and without ReLU), "corner"
        (S of SHOWN codes and films), "codes" (their number).
    """
    settings = progress([(relu, b) for relu in (True, False) for b in BIASES], desc="bias")
    points = [lists.measure(bias, relu) for relu, bias in settings]
    codes, films = SHOWN
    corner = lists.S[:codes, lists.most_rated(films)].double().numpy().round(3)  # (codes, films)
    return {
        "on": points[: len(BIASES)],
        "off": points[len(BIASES) :],
        "corner": corner.tolist(),
        "codes": len(lists.S),
    }


def run(folder: Path) -> dict[str, Any]:
    """Measure the shipped model in float64 over MovieLens-100K; `folder` is not used."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    path = results.CHECKPOINTS / f"{MODEL}.safetensors"
    return panel_data(Lists(load_model(path, split, torch.float64), split))


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "data": "MovieLens-100K",
        "model": MODEL,
        "biases": BIASES,
        "places": PLACES,
        "shown": SHOWN,
    }
