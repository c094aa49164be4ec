"""What the capstone hands to the learner, and the library's part for each one still missing.

Symbols: B people, K_u tokens of a person, D_T their width, N codewords, I items, K_c tokens of an
item, h hidden units.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.evaluation.evaluate import HISTORY, audience
from sparcode_mini.evaluation.metrics import ndcg_of_each
from sparcode_mini.index import lists as posting
from sparcode_mini.index.lists import Lists
from sparcode_mini.index.search import PlainSearch
from sparcode_mini.lessons.core import Function, Verdict
from sparcode_mini.model.kmeans import lloyd_step, nearest_codewords, squared_distances
from sparcode_mini.model.scorer import ProductScorer
from sparcode_mini.model.sparcode import SparCode

Index = tuple[np.ndarray, np.ndarray, np.ndarray]  # offsets, items, values
ABOUT = {
    "C": "codebook: the codewords",
    "T_c": "tokens of the films: id, year, genres",
    "W": "scorer: weights of the hidden layer",
    "h_0": "scorer: offsets of the hidden layer",
    "w_h": "scorer: weights of the output",
    "item_bias": "one number for each film",
}


class People(NamedTuple):
    """Everybody with a film in one part of the data."""

    ids: Int[np.ndarray, " B"]
    T: Float[Tensor, "B K_u D_T"]  # tokens of their histories, not rounded
    seen: list[Int[np.ndarray, " _"]]  # films of their histories
    right: list[Int[np.ndarray, " _"]]  # films of the part


@dataclass(frozen=True)
class Given:
    """A trained SparCode in arrays; `scorer` is what a score needs besides the codewords."""

    C: Float[Tensor, "N D_T"]
    T_c: Float[Tensor, "I K_c D_T"]
    W: Float[Tensor, "h K_c_D_T"]
    h_0: Float[Tensor, " h"]
    w_h: Float[Tensor, " h"]
    item_bias: Float[Tensor, " I"]
    b: float
    people: dict[str, People]

    @property
    def scorer(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return T_c, W, h_0, w_h and item_bias."""
        return self.T_c, self.W, self.h_0, self.w_h, self.item_bias

    @property
    def n_items(self) -> int:
        """Return I."""
        return len(self.item_bias)

    def __str__(self) -> str:
        rows = [f"{n:<10}{tuple(getattr(self, n).shape)!s:<14}{ABOUT[n]}" for n in ABOUT]
        rows.append(f"{'b':<10}{self.b:<14}the bias before the ReLU")
        for on, people in self.people.items():
            shape = tuple(people.T.shape)
            rows.append(f"people[{on!r}]: {len(people.ids)} people; T {shape}, seen, right")
        return "\n".join(rows)


@torch.no_grad()
def take_apart(model: SparCode) -> Given:
    """Return the arrays of a SparCode with one codebook and a product scorer, and its people."""
    split, scorer = model.split, model.scorer
    assert split is not None and isinstance(scorer, ProductScorer) and model.config.M == 1
    people = {}
    for on in ("validation", "test"):
        users, seen, right = audience(split, on)
        ids = split.user_ids[users]
        people[on] = People(ids, model.tokens(ids, HISTORY[on]), seen, right)
    weights = (scorer.first.weight, scorer.first.bias, scorer.last.weight[0], model.item_bias)
    W, h_0, w_h, item_bias = (w.detach() for w in weights)
    C = model.quantizer.codebooks[0].detach()
    return Given(C, model.items(), W, h_0, w_h, item_bias, model.bias, people)


# --- the library's parts, called as the learner's ------------------------------------------------


def quantise(T: Float[Tensor, "B K_u D_T"], C: Float[Tensor, "N D_T"]) -> Int[Tensor, "B K_u"]:
    """Return the code of each token."""
    return nearest_codewords(T.flatten(0, 1)[None], C[None])[:, 0].reshape(T.shape[:2])


@torch.no_grad()
def score(
    C: Float[Tensor, "N D_T"],
    T_c: Float[Tensor, "I K_c D_T"],
    W: Float[Tensor, "h K_c_D_T"],
    h_0: Float[Tensor, " h"],
    w_h: Float[Tensor, " h"],
    item_bias: Float[Tensor, " I"],
) -> Float[Tensor, "N I"]:
    """Return S of each codeword against each item."""
    scorer = ProductScorer(T_c.shape[2], T_c.shape[1], hidden=len(h_0)).to(C.dtype)
    scorer.first.weight.copy_(W)
    scorer.first.bias.copy_(h_0)
    scorer.last.weight.copy_(w_h[None])
    return scorer(C, T_c, item_bias)


def make_lists(A: Float[np.ndarray, "N I"], n: int | None) -> Index:
    """Return offsets, items and values of the lists, each cut to its best n entries."""
    return tuple(posting.cut(posting.from_rows(A, A.shape[1]), best=n))  # type: ignore[return-value]


def search(
    index: Index,
    codes: Int[np.ndarray, " Q"],
    weights: Float[np.ndarray, " Q"],
    seen: Sequence[int] | np.ndarray,
    n_items: int,
    k: int,
) -> Int[np.ndarray, " k"]:
    """Return the k best items of one query, padded with -1."""
    keys = np.arange(len(index[0]) - 1)[:, None]  # (N, M = 1)
    items = np.asarray(seen, dtype=np.int64)
    forbidden = np.zeros(len(items), dtype=np.int64), items
    plain = PlainSearch(keys, Lists(*map(np.asarray, index)), n_items)
    reads = np.asarray(codes)[None, :, None], np.asarray(weights)[None]  # (1, Q, 1), (1, Q)
    return plain.search(*reads, k, forbidden)[0][0]


def measure(answer: Int[np.ndarray, " k"], right: Sequence[int] | np.ndarray, k: int) -> float:
    """Return NDCG@k of one answer."""
    return float(ndcg_of_each(np.asarray(answer)[None], [np.asarray(right)], k)[0])


@torch.no_grad()
def probes(
    T: Float[Tensor, "B K_u D_T"], C: Float[Tensor, "N D_T"], R: int, tau: float
) -> tuple[Int[Tensor, "B K_u R"], Float[Tensor, "B K_u R"]]:
    """Return the R nearest codes of each token, nearest first, and their weights."""
    distances = squared_distances(T.flatten(0, 1), C)  # (B * K_u, N)
    near, codes = distances.topk(R, largest=False)  # (B * K_u, R) each
    weights = (-near / tau).softmax(dim=1)  # (B * K_u, R)
    return codes.unflatten(0, T.shape[:2]), weights.unflatten(0, T.shape[:2])


PARTS = (quantise, score, make_lists, search, measure, lloyd_step, probes)
LIBRARY: dict[str, Callable[..., Any]] = {part.__name__: part for part in PARTS}
SERVING = ("quantise", "score", "make_lists", "search", "measure")  # an index and its number


class Workbench:
    """The parts of one learner: each that passes its check is used, the library's otherwise.

    Attributes:
        passed: name of a part -> did the learner's pass its check?
    """

    def __init__(self) -> None:
        self.passed: dict[str, bool] = {}

    def take(self, check: Callable[[Function], Verdict], function: Function) -> Function:
        """Check a function of the learner, print what came of it, and return the part to use."""
        name, verdict = check.__name__, check(function)
        self.passed[name] = verdict.passed
        used = "yours" if verdict.passed else "the library's, until yours passes its check"
        print(f"{verdict}\nPart in use for {name}: {used}.")
        return function if verdict.passed else LIBRARY[name]

    def yours(self, names: Sequence[str] = SERVING) -> list[str]:
        """Return which of these parts are the learner's."""
        return [name for name in names if self.passed.get(name)]

    @property
    def whose(self) -> str:
        """Return whose index it is, in a word or two."""
        yours = len(self.yours())
        if yours == len(SERVING):
            return "yours"
        return f"yours ({yours} of {len(SERVING)} parts)"
