"""Train and measure a model on Deezer's cold-start data: people without a history.

The same classes, loop and index as everywhere; only the query differs (`query="vector"`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from sparcode_mini.data.deezer import Deezer, People
from sparcode_mini.evaluation.evaluate import SCORES_AT_ONCE
from sparcode_mini.evaluation.metrics import all_metrics
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.items import catalogue_of
from sparcode_mini.model.load import MODELS
from sparcode_mini.tools.progress import progress
from sparcode_mini.tools.top_k import top_k
from sparcode_mini.training.pairs import Pairs, fit_pairs

CUT_OFF = 50  # as in the authors' table
ITEM_STD = 0.02  # of a fresh table of embeddings, see `tools.reproducible.initialise`
CLASSES = {"two-tower": "TwoTower", "all-to-all": "AllToAll", "sparcode": "SparCode"}


class Published(NamedTuple):
    """Percent at 50, of the authors' table 1."""

    precision: float
    recall: float
    ndcg: float


PUBLISHED = {
    ("svd", "popularity", ""): Published(8.92, 3.01, 9.72),
    ("mf", "popularity", ""): Published(8.92, 3.01, 9.72),
    ("svd", "two-tower", "dnn"): Published(10.40, 3.79, 10.54),
    ("mf", "two-tower", "dnn"): Published(17.42, 6.09, 18.60),
    ("svd", "sparcode", "dnn"): Published(17.80, 6.53, 19.37),
    ("mf", "sparcode", "dnn"): Published(23.45, 8.41, 25.20),
    ("svd", "two-tower", "self-attention"): Published(11.22, 4.11, 11.33),
    ("mf", "two-tower", "self-attention"): Published(19.39, 6.93, 21.15),
    ("svd", "sparcode", "self-attention"): Published(19.08, 6.85, 20.72),
    ("mf", "sparcode", "self-attention"): Published(24.13, 8.69, 25.99),
    ("svd", "all-to-all", "self-attention"): Published(19.17, 6.96, 20.75),
    ("mf", "all-to-all", "self-attention"): Published(26.35, 9.65, 28.23),
}


def make_model(data: Deezer, kind: str, **options: Any) -> MatchingModel:
    """Make an untrained model whose items start from the vectors of the songs.

    Args:
        data: what `deezer.load` returns.
        kind: "sparcode", "two-tower" or "all-to-all".
        **options: of that model.
    """
    songs = catalogue_of(pd.DataFrame({"item": data.song_ids}))
    shape = data.train.features.shape[1:]
    model = MODELS[CLASSES[kind]](songs, query="vector", query_shape=shape, **options)
    start_items(model, data.song_vectors)
    return model


@torch.no_grad()
def start_items(model: MatchingModel, vectors: np.ndarray) -> None:
    """Fill the table of item embeddings with the principal components of vectors (I, W).

    Components beyond W stay as they were drawn; the scale is that of a fresh table.
    """
    centred = vectors - vectors.mean(axis=0)
    table = model.items.id.weight
    _, _, axes = np.linalg.svd(centred, full_matrices=False)  # (W, W)
    x = centred @ axes[: table.shape[1]].T  # (I, min(W, D_T))
    x *= ITEM_STD / x.std()
    table[:, : x.shape[1]] = torch.from_numpy(x).to(table.dtype)


def train(model: MatchingModel, data: Deezer, **recipe: Any) -> Any:
    """Train on (features, a song heard later); keep the last epoch; return the log."""
    rows, features = heard(data.train), data.train.features
    if len(rows) < len(features):  # else no copy of what may be gigabytes
        features = features[rows]
    return fit_pairs(model, Pairs(features, [data.train.songs[row] for row in rows]), **recipe)


def heard(people: People) -> np.ndarray:
    """Return the rows of the people who heard a song, (m,) int64."""
    return np.flatnonzero([len(songs) > 0 for songs in people.songs])


def measure(
    scores: Callable[[np.ndarray], np.ndarray],
    data: Deezer,
    part: str = "test",
    k: int | None = None,
) -> dict[str, float]:
    """Rank all songs for everyone of a part who heard one.

    Args:
        scores: features (B, L, W) -> scores (B, I).
        data: what `deezer.load` returns.
        part: "validation" or "test".
        k: cut-off, CUT_OFF by default.

    Returns:
        Fractions, as `metrics.all_metrics`, and "capped precision@k": hits / min(k, songs heard),
        as in Deezer's own evaluation.
    """
    people: People = getattr(data, part)
    k = CUT_OFF if k is None else k
    rows, n_songs = heard(people), len(data.song_ids)
    at_once, ranked = max(1, SCORES_AT_ONCE // n_songs), []
    for start in progress(range(0, len(rows), at_once), desc=f"evaluate on {part}"):
        block = rows[start : start + at_once]
        ranked.append(top_k(scores(people.features[block]), k)[0])
    best, relevant = np.concatenate(ranked), [people.songs[row] for row in rows]
    hits = [np.isin(songs, top).sum() for songs, top in zip(relevant, best, strict=True)]
    capped = np.divide(hits, [min(k, len(songs)) for songs in relevant]).mean()
    result = all_metrics(best, relevant, n_songs, (k,))
    return {**result, f"capped precision@{k}": float(capped)}


def popularity(data: Deezer) -> Callable[[np.ndarray], np.ndarray]:
    """Return the baseline that scores a song by the number of training people who heard it."""
    counts = np.bincount(np.concatenate(data.train.songs), minlength=len(data.song_ids))  # (I,)
    return lambda features: np.broadcast_to(counts, (len(features), len(counts)))
