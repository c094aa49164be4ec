"""Synthetic catalogues of any size: item vectors, queries, and lists of the same items.

A catalogue has one set of item vectors for all: of width 64 and length 1, with `freedom` degrees of
freedom. A vector search looks for the largest <query, item>. A list holds what a codeword scores
above a floor,

    A[code, item] = ReLU(<codeword, item> + popularity(item) - floor),

and the four tokens of a query, near the query, read the lists of their nearest codewords. The
constants below are set so that these lists resemble those of the shipped sparse SparCode: as dense,
and, cut to the same number of entries an item, as many items in any list. Each row of the results
says both for itself.
"""

from typing import NamedTuple

import faiss
import numpy as np
import torch

from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.codes import Codes

D, K_U, SEED = 64, 4, 0
POPULARITY = 0.08  # standard deviation; inner products of 12 degrees of freedom have 0.29
SPREAD = 0.4  # of the tokens around their query, in standard deviations of the queries
TAU = 0.12  # of the weights of the probes, softmax(-d^2 / tau)
ROWS, SAMPLE = 16, 128  # codewords scored together; every so manieth item is looked at first
MARGIN = 8


class Catalogue(NamedTuple):
    """Item vectors, queries of a two-tower, and what lists are made from.

    Attributes:
        items: (I, D).
        queries: (B, D).
        tokens: (B, K_u, D).
        codewords: (C, D).
        popularity: (I,).
    """

    items: np.ndarray
    queries: np.ndarray
    tokens: np.ndarray
    codewords: np.ndarray
    popularity: np.ndarray


def synthetic(n_items: int, n_queries: int, n_codes: int, freedom: int) -> Catalogue:
    """Draw a catalogue; all vectors have length 1."""
    rng = np.random.default_rng(SEED)
    turn = rng.normal(size=(freedom, D)).astype(np.float32)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(size=(*shape, freedom), dtype=np.float32)

    def unit(x: np.ndarray) -> np.ndarray:
        wide = x @ turn
        return wide / np.linalg.norm(wide, axis=-1, keepdims=True)

    near = normal(n_queries)  # (B, freedom)
    return Catalogue(
        items=unit(normal(n_items)),
        queries=unit(near),
        tokens=unit(near[:, None] + SPREAD * normal(n_queries, K_U)),
        codewords=unit(normal(n_codes)),
        popularity=POPULARITY * rng.standard_normal(size=n_items, dtype=np.float32),
    )


def probed(catalogue: Catalogue, probes: int) -> Codes:
    """Return the nearest codes of each token (B, K_u, R, 1) and their weights (B, K_u, R)."""
    d = 2 - 2 * catalogue.tokens @ catalogue.codewords.T  # (B, K_u, C): squared distances
    codes = d.argsort(axis=2, kind="stable")[:, :, :probes]  # (B, K_u, R)
    d = np.take_along_axis(d, codes, axis=2)  # (B, K_u, R)
    weights = np.exp((d[:, :, :1] - d) / TAU)
    weights /= weights.sum(axis=2, keepdims=True)
    return Codes(torch.from_numpy(codes[..., None]), torch.from_numpy(weights))


def lists_of(
    catalogue: Catalogue, density: float, best: int | None, rows: np.ndarray | None = None
) -> SparseIndex:
    """Return the lists of all codewords, or of some, whole or cut to their best entries.

    Args:
        catalogue: items, codewords, popularity.
        density: share of the items that a whole list holds, on average.
        best: entries that are kept of each list; None keeps all.
        rows: codes that get a list; None for all.
    """
    rows = np.arange(len(catalogue.codewords)) if rows is None else rows
    with_one = np.pad(catalogue.codewords, ((0, 0), (0, 1)), constant_values=1)  # (C, D + 1)
    columns = np.column_stack([catalogue.items, catalogue.popularity]).T.copy()  # (D + 1, I)
    floor = np.quantile(with_one[:256] @ columns[:, ::SAMPLE], 1 - density).astype(np.float32)
    S = np.empty((ROWS, columns.shape[1]), np.float32)
    lengths, items, values = [], [], []
    for start in range(0, len(rows), ROWS):
        block = with_one[rows[start : start + ROWS]]
        for row in np.matmul(block, columns, out=S[: len(block)]):
            kept = _largest_first(row, floor, best)
            lengths.append(len(kept))
            items.append(kept.astype(np.int32))
            values.append(row[kept] - floor)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    codes = rows[:, None]
    return SparseIndex(
        codes, offsets, np.concatenate(items), np.concatenate(values), columns.shape[1]
    )


def _largest_first(row: np.ndarray, floor: float, best: int | None) -> np.ndarray:
    """Return the positions of what is above the floor, at most the best ones.

    A sample tells from where on about three times as many are left, so that few need sorting.
    """
    higher = floor
    if best is not None:
        sample = row[::SAMPLE]
        place = 3 * best // SAMPLE + MARGIN
        if place < len(sample):
            higher = max(floor, np.partition(sample, -place)[-place])
    kept = np.flatnonzero(row > higher)
    if best is not None and len(kept) < best:  # the sample was not like the rest
        kept = np.flatnonzero(row > floor)
    return kept[np.argsort(-row[kept], kind="stable")][:best]


def dimension(vectors: np.ndarray, some: int = 2_000) -> float:
    """Estimate the intrinsic dimension of vectors (I, D) from their two nearest neighbours.

    TwoNN (Facco et al. 2017): 1 / mean of log(r_2 / r_1). For more than about 20 dimensions it
    comes out too small.
    """
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    squares = index.search(vectors[:some], 3)[0].astype(float)  # (some, 3); itself comes first
    apart = squares[squares[:, 1] > 1e-9]
    return float(2 / np.log(apart[:, 2] / apart[:, 1]).mean())
