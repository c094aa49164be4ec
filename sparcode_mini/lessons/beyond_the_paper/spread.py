"""A token that is spread over several codewords: along a line, and in a trained model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.model.sparcode import SparCode

PLACES = np.linspace(-4, 4, 401)


class Walk(NamedTuple):
    """The score of one item while a token moves along a line."""

    places: Float[np.ndarray, " n"]
    words: Float[np.ndarray, " N"]
    scores: dict[str, Float[np.ndarray, " n"]]


def walk(
    words: Float[np.ndarray, " N"],
    values: Float[np.ndarray, " N"],
    readings: Sequence[tuple[int, float]],
) -> Walk:
    """Move a token along PLACES.

    Args:
        words: places of the codewords.
        values: what one item has in the list of each.
        readings: (R, tau): codewords that are read, and the temperature of their weights.
    """
    d2 = (PLACES[:, None] - words) ** 2  # (n, N)
    order = np.argsort(d2, axis=1, kind="stable")
    scores = {}
    for R, tau in readings:
        near = order[:, :R]  # (n, R)
        w = np.exp(-np.take_along_axis(d2, near, axis=1) / tau)
        w /= w.sum(axis=1, keepdims=True)
        name = "one codeword" if R == 1 else f"R = {R}, tau = {tau:g}"
        scores[name] = (w * values[near]).sum(axis=1)
    return Walk(PLACES, words, scores)


class Reading(NamedTuple):
    """How a model does with several probes, and where the weights of its tokens lie."""

    ndcg: float  # NDCG@50, test
    nearest: float  # mean weight of the nearest list
    far: float  # mean weight of all lists beyond the fourth

    def __str__(self) -> str:
        return (
            f"NDCG@50 {self.ndcg:.4f}   mean weight: nearest {self.nearest:.2f}, beyond the fourth "
            f"{self.far:.2f}"
        )


def read(model: SparCode, split: Split, probes: int, tau: float) -> Reading:
    """Read the lists of a model with another number of probes and another temperature.

    Args:
        model: it is left as it is.
        split: the data; everybody asks.
        probes: lists read for a token.
        tau: temperature of their weights.
    """
    before = model.config
    model.config = replace(before, probe_temperature=tau)
    try:
        ndcg = evaluate(model, split, k=50, probes=probes)["ndcg@50"]
        w = model.encode(split.user_ids, probes=probes).weights  # (B, K_u, R)
    finally:
        model.config = before
    return Reading(ndcg, float(w[..., 0].mean()), float(w[..., 4:].sum(dim=-1).mean()))
