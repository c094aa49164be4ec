"""Store the item vectors of a trained two-tower in fewer bytes, without training it again.

What counts is the error of the scores, not of the vectors. So directions are chosen by what they do
to queries: with M = E[q q^T] over queries of the training part,

    E[(q.w - q.w^)^2] = |M^(1/2) (w - w^)|^2

and a cut, a rounding or a code is made for the vectors M^(1/2) w, turned so that the first
coordinate carries most. That weighting is QUIP's (Guo et al. 2016, arXiv 1509.01469); the turn is
OPQ's (Ge et al. 2013).
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int

from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.tools.checks import count, finite

BITS = {"float16": 16, "int8": 8, "int4": 4}
SCALE_BYTES = 4  # a scale for each column of whole numbers
SMALLEST = 1e-9  # of the largest eigenvalue: directions that no query has


class Directions(NamedTuple):
    """Item vectors in coordinates of falling importance.

    Attributes:
        items: (I, r).
        turn: (D, r), what queries are multiplied by.
    """

    items: Float[np.ndarray, "I r"]
    turn: Float[np.ndarray, "D r"]


def directions(
    items: Float[np.ndarray, "I D"], queries: Float[np.ndarray, "n D"] | None, rank: int
) -> Directions:
    """Return item vectors in the `rank` directions that matter most for the scores.

    Args:
        items: vectors of the two-tower.
        queries: of the training part; None weighs all directions alike (a plain SVD).
        rank: r.

    Raises:
        ValueError: a rank outside 1..D.
    """
    width, dtype = items.shape[1], items.dtype
    items = items.astype(np.float64)  # small eigenvalues are inverted below
    rank = count(rank, "rank", 1, width)
    root, inverse = np.eye(width), np.eye(width)
    if queries is not None:
        queries = queries.astype(np.float64)
        values, vectors = np.linalg.eigh(queries.T @ queries / len(queries))  # (D,), (D, D)
        spread = np.sqrt(np.maximum(values, SMALLEST * values[-1]))  # (D,)
        root, inverse = (vectors * spread) @ vectors.T, (vectors / spread) @ vectors.T
    weighted = items @ root  # (I, D)
    _, _, Vt = np.linalg.svd(weighted, full_matrices=False)
    best = Vt[:rank].T  # (D, r)
    return Directions((weighted @ best).astype(dtype), (inverse @ best).astype(dtype))


def rounded(
    matrix: Float[np.ndarray, "I D"], precision: str
) -> tuple[Float[np.ndarray, "I D"], int]:
    """Return a matrix as it is read back from storage, and the bytes that it takes there.

    Whole numbers have one scale per column: a column is one coordinate of all items.

    Raises:
        ValueError: an unknown precision, or a value too large for it.
    """
    if precision not in BITS:
        raise ValueError(f"precision = {precision!r}; choose one of {tuple(BITS)}")
    matrix, bits = finite(matrix, "matrix"), BITS[precision]
    nbytes = math.ceil(matrix.size * bits / 8)
    if precision == "float16":
        with np.errstate(over="ignore"):
            stored = finite(matrix.astype(np.float16), "matrix in float16")
        return stored.astype(matrix.dtype), nbytes
    most = 2 ** (bits - 1) - 1  # 127 or 7
    scales = np.abs(matrix).max(axis=0) / most  # (D,), in the precision of the matrix
    levels = np.rint(matrix / np.where(scales > 0, scales, 1))  # (I, D)
    return levels * scales, nbytes + SCALE_BYTES * len(scales)


def coded(matrix: Float[np.ndarray, "I r"], M: int, N: int) -> tuple[Float[np.ndarray, "I r"], int]:
    """Return a matrix of `directions` as product quantisation gives it back, and its bytes.

    Each of the M parts gets coordinates of about the same product of spreads (Ge et al. 2013).

    Args:
        matrix: vectors whose coordinates have falling spread.
        M: parts; must divide r.
        N: codewords of each part.

    Raises:
        ValueError: an M that does not divide r.
    """
    order = np.concatenate(balanced(matrix.std(axis=0), M))  # (r,)
    x = torch.from_numpy(matrix[:, order])  # (I, r)
    quantizer = ProductQuantizer(M, N, x.shape[1], dtype=x.dtype)
    quantizer.fit(x)
    back = np.empty_like(matrix)
    back[:, order] = quantizer.decode(quantizer.encode(x)).numpy()
    codes = math.ceil(len(x) * M * math.log2(N) / 8)
    return back, codes + 2 * quantizer.codebooks.numel()


def balanced(spreads: Float[np.ndarray, " r"], M: int) -> list[list[int]]:
    """Split coordinates into M parts of equal size, the next largest to the smallest product."""
    size = len(spreads) // M
    if size * M != len(spreads):
        raise ValueError(f"M = {M} does not divide {len(spreads)} coordinates")
    parts: list[list[int]] = [[] for _ in range(M)]
    logs = np.log(np.maximum(spreads, 1e-12))  # (r,)
    logs -= logs.min()  # an empty part has the smallest product, whatever the scale
    for coordinate in np.argsort(-logs, kind="stable").tolist():
        open_parts = [part for part in parts if len(part) < size]
        min(open_parts, key=lambda part: float(logs[part].sum())).append(coordinate)
    return parts


def with_bias(
    matrix: Float[np.ndarray, "I r"],
    bias: Float[np.ndarray, " I"],
    kept: Int[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, "I r+1"]:
    """Return vectors with their bias as the last column, -inf for items that are not kept.

    Such an item is no candidate any more, whatever the query.
    """
    bias = bias.copy()
    if kept is not None:
        bias[np.setdiff1d(np.arange(len(bias)), kept)] = -np.inf
    return np.column_stack([matrix, bias])
