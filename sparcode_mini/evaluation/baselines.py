"""Recommenders without gradient steps: what every learnt model should be compared with.

Popularity, and two models of item pairs: an item's score is a sum over the history,

    y[u, c] = sum over j in the history of w_j B[j, c],    w_j = decay^age

where age counts items back from the newest (0). That is a sum of lists, as SparCode's: the list of
item j is row j of B. Recency weights matter here because the data is in time order.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.data.split import Split
from sparcode_mini.tools.checks import count, number

PEOPLE_AT_ONCE = 4096  # so a table of all people is never held


@runtime_checkable  # the type checker of the tests asks for it
class Scorer(Protocol):
    """Whatever `evaluate` can rank by."""

    nonnegative: bool

    def scores(self, users: Any, history: str = "train+validation") -> Float[Tensor, "B I"]:
        """Return the score of each item for each user."""


class Popularity:
    """Every query gets the items with the most interactions so far."""

    nonnegative = False

    def __init__(self, split: Split) -> None:
        self.split = split

    def scores(self, users: Any, history: str = "train+validation") -> Float[Tensor, "B I"]:
        """Count interactions in `history`, the same row for every user, float64."""
        items = np.concatenate(self.split.histories(history))
        counts = np.bincount(items, minlength=self.split.n_items).astype(np.float64)
        return torch.from_numpy(counts).expand(len(self.split.user_positions(users)), -1)


class ItemItem:
    """Scores are sums over the history of a matrix between items.

    Args:
        split: the data.
        matrix: B, (I, I): row j holds what item j in a history says of the others.
        decay: weight of an item against the one after it, 0 to 1; 1 weighs all alike.

    Raises:
        ValueError: a matrix of another shape, or a decay outside 0..1.
    """

    nonnegative = False

    def __init__(self, split: Split, matrix: Float[np.ndarray, "I I"], decay: float = 1.0) -> None:
        if matrix.shape != (split.n_items, split.n_items):
            raise ValueError(
                f"matrix has shape {matrix.shape}; the split has {split.n_items} items"
            )
        if not 0 < number(decay, "decay") <= 1:
            raise ValueError(f"decay = {decay}; give a number above 0, at most 1")
        self.split, self.matrix, self.decay = split, matrix, decay

    def scores(self, users: Any, history: str = "train+validation") -> Float[Tensor, "B I"]:
        """Add up the rows of the items of each history, float64."""
        return torch.from_numpy(self.weights(self.split.history(users, history)) @ self.matrix)

    def weights(self, histories: Sequence[Int[np.ndarray, " _"]]) -> Float[np.ndarray, "B I"]:
        """Return decay^age of the items of each history; the newest item has 1."""
        w = np.zeros((len(histories), self.split.n_items))  # (B, I)
        for row, items in zip(w, histories, strict=True):
            # of an item that comes twice, the later place counts
            row[items] = self.decay ** np.arange(len(items))[::-1]
        return w

    @cached_property
    def directions(self) -> Float[np.ndarray, "I I"]:
        """Return V^T of W B, where W weighs the training histories of all people.

        Its first rows are the directions of items that matter most for these people's scores. It
        takes seconds for thousands of items, so it is made once.
        """
        W = self.weights(self.split.histories("train"))  # (n_users, I)
        return np.linalg.svd(W @ self.matrix)[2]

    def cut(self, rank: int) -> "ItemItem":
        """Return the model with the matrix in its best `rank` directions: a two-tower.

        Of all matrices of that rank, B V V^T gives these people scores closest to those of B.

        Raises:
            ValueError: a rank outside 1..I.
        """
        best = self.directions[: count(rank, "rank", 1, len(self.matrix))]  # (rank, I)
        return ItemItem(self.split, (self.matrix @ best.T) @ best, self.decay)


def pair_counts(split: Split) -> Float[np.ndarray, "I I"]:
    """Return X^T X: how many people have both items in the training part."""
    histories = split.histories("train")
    counts = np.zeros((split.n_items, split.n_items))  # (I, I)
    for start in range(0, len(histories), PEOPLE_AT_ONCE):
        part = histories[start : start + PEOPLE_AT_ONCE]
        X = np.zeros((len(part), split.n_items))  # (b, I)
        for row, items in zip(X, part, strict=True):
            row[items] = 1.0  # an item that comes twice counts once
        counts += X.T @ X
    return counts


def item_knn(
    split: Split, neighbours: int = 100, shrink: float = 10.0, decay: float = 1.0
) -> ItemItem:
    """Return ItemKNN: an item is scored by the items most similar to it (Sarwar et al. 2001).

    Similar is the cosine of columns of X, shrunk:

        B[j, c] = n_jc / (sqrt(n_j n_c) + shrink),    n_jc = people with both

    Args:
        split: the training part is read.
        neighbours: items j that are kept for each item c, the most similar.
        shrink: pulls pairs with few people towards 0.
        decay: see ItemItem.

    Raises:
        ValueError: no neighbour, or a negative shrink.
    """
    if number(shrink, "shrink") < 0:
        raise ValueError(f"shrink = {shrink}; give a number, at least 0")
    both = pair_counts(split)  # (I, I)
    people = both.diagonal().copy()  # (I,)
    np.fill_diagonal(both, 0.0)
    bottom = np.sqrt(np.outer(people, people)) + shrink  # (I, I)
    B = np.divide(both, bottom, out=np.zeros_like(both), where=bottom > 0)
    neighbours = count(neighbours, "neighbours")
    if neighbours < len(B):
        least = np.partition(B, -neighbours, axis=0)[-neighbours]  # (I,), of each item c
        B[least > B] = 0.0
    return ItemItem(split, B, decay)


def ease(split: Split, l2: float = 500.0, decay: float = 1.0) -> ItemItem:
    """Return EASE: the linear model of all item pairs, in closed form (Steck 2019).

    It minimises |X - X B|^2 + l2 |B|^2 with a diagonal of zeros (arXiv 1905.03375):

        P = (X^T X + l2)^-1,    B[j, c] = -P[j, c] / P[c, c],    B[c, c] = 0

    Args:
        split: the training part is read.
        l2: weight of the squares; the only thing to choose.
        decay: see ItemItem.

    Raises:
        ValueError: an l2 that is not positive.
    """
    if number(l2, "l2") <= 0:
        raise ValueError(f"l2 = {l2}; give a number above 0")
    P = np.linalg.inv(pair_counts(split) + l2 * np.eye(split.n_items))  # (I, I)
    B = -P / P.diagonal()
    np.fill_diagonal(B, 0.0)
    return ItemItem(split, B, decay)


class Mixture:
    """The scores of a model plus those of another, each row standardised first.

    Args:
        first: a model.
        second: another of the same split.
        weight: of the second.
        probes: lists that the first one reads for each token, if it is a SparCode.
    """

    nonnegative = False

    def __init__(
        self, first: Any, second: Scorer, weight: float, probes: int | None = None
    ) -> None:
        self.first, self.second, self.weight = first, second, weight
        self.options = {} if probes is None else {"probes": probes}

    def scores(self, users: Any, history: str = "train+validation") -> Float[Tensor, "B I"]:
        """Return z(first) + weight * z(second), where z has mean 0 and spread 1 in each row."""
        first = standardised(self.first.scores(users, history, **self.options))
        return first + self.weight * standardised(self.second.scores(users, history))


def standardised(y: Float[Tensor, "B I"]) -> Float[Tensor, "B I"]:
    """Return rows with mean 0 and standard deviation 1; a constant row becomes zeros.

    Raises:
        ValueError: a score that is not finite, such as that of an item that was not re-ranked.
    """
    if not bool(torch.isfinite(y).all()):
        raise ValueError("a model gives scores that are not finite; they can't be standardised")
    centred = y - y.mean(dim=1, keepdim=True)
    spread = centred.std(dim=1, correction=0, keepdim=True)
    return centred / torch.where(spread > 0, spread, 1.0)
