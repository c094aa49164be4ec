"""Vectors as an index takes them: float32, checked, the bias a coordinate; answers in order."""

import numpy as np
import numpy.typing as npt

from sparcode_mini.tools.checks import floats
from sparcode_mini.tools.top_k import Positions

Floats = npt.NDArray[np.float32]
Values = npt.NDArray[np.floating]
LARGEST = 1e17  # of a coordinate: then a sum of 30,000 products is a finite float32


def float_matrix(values: npt.ArrayLike, name: str) -> Floats:
    """Return a copy of the values as a float32 matrix.

    Raises:
        ValueError: another shape, or values that are not finite or too large for products.
    """
    with np.errstate(over="ignore"):  # what is too large for float32 is refused below
        # A copy: the caller may change the original.
        matrix = np.array(floats(values, name), dtype=np.float32, order="C")
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(
            f"{name} have shape {matrix.shape}; expected (rows, width), none of them 0"
        )
    if not np.isfinite(matrix).all():
        row = int(np.argwhere(~np.isfinite(matrix))[0, 0])
        raise ValueError(f"row {row} of {name} holds a NaN or an infinity; it has no inner product")
    if np.abs(matrix).max() > LARGEST:
        raise ValueError(
            f"{name} hold values up to {np.abs(matrix).max():.4g}, whose products leave float32; "
            f"scale them below {LARGEST:.4g}"
        )
    return matrix


def item_vectors(items: npt.ArrayLike, bias: npt.ArrayLike | None) -> Floats:
    """Append the bias as the last coordinate of each item."""
    vectors = float_matrix(items, "items")
    if bias is None:
        return vectors
    with np.errstate(over="ignore"):
        column = floats(bias, "bias").astype(np.float32)
    if column.shape != (len(vectors),):
        raise ValueError(
            f"bias has shape {column.shape}; expected one for each item, ({len(vectors)},)"
        )
    return float_matrix(np.column_stack([vectors, column]), "items with their bias")  # (I, D + 1)


def query_vectors(queries: npt.ArrayLike, one: float | None, width: int) -> Floats:
    """Append the 1 (or its scaled form) that meets the item's bias, and check the width."""
    vectors = float_matrix(queries, "queries")
    expected = width - (one is not None)
    if vectors.shape[1] != expected:
        raise ValueError(f"queries have width {vectors.shape[1]}, the items have {expected}")
    if one is None:
        return vectors
    return np.column_stack([vectors, np.full(len(vectors), one, dtype=np.float32)])  # (B, D + 1)


def padded(vectors: Floats, multiple: int) -> Floats:
    """Append columns of zeros up to a multiple: inner products stay as they are."""
    missing = -vectors.shape[1] % multiple
    return np.ascontiguousarray(np.pad(vectors, ((0, 0), (0, missing))))


def balanced_bias(vectors: Floats) -> float:
    """Scale the bias coordinate in place to the size of the others; return what queries put there.

    Items become neighbours in the graph by their own inner products, where a large bias would
    drown everything else: with a bias five times as large as the other coordinates the recall of
    5,000 normal vectors falls to about a half. With b * s in the item and 1 / s in the query the
    scores are the same, and the graph stays good.
    """
    others, bias = (np.sqrt(np.mean(part**2)) for part in (vectors[:, :-1], vectors[:, -1]))
    if min(others, bias) <= 0:
        return 1.0
    vectors[:, -1] *= others / bias
    return float(bias / others)


def in_order(positions: Positions, values: Values) -> tuple[Positions, Values]:
    """Sort each row by value, then by position; places that hold -1 come last, with value 0."""
    values = np.where(positions >= 0, values, -np.inf)
    order = np.lexsort((positions, -values))  # (B, k)
    positions = np.take_along_axis(positions, order, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    return positions, np.where(positions >= 0, values, np.float32(0))
