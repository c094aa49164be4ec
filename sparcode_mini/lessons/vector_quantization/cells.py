"""The cells into which one codebook cuts the plane, the codes of points, and their distortion."""

import numpy as np

Array = np.ndarray


def cells(codewords: Array, low: float, high: float, factor: float = 2.0) -> list[Array]:
    """Return the cell of each codeword inside a square: its polygon.

    A point x belongs to the codeword c with the smallest ||c||^2 - factor * x.c.

    Args:
        codewords: (N, 2).
        low: lower end of the square, on both axes.
        high: upper end of the square, on both axes.
        factor: 2 gives the Voronoi cells.

    Returns:
        One array (corners, 2) for each codeword; it has no corners if no point belongs to it.
    """
    square = np.array([[low, low], [high, low], [high, high], [low, high]], dtype=float)
    polygons = []
    for k, c in enumerate(codewords):
        polygon = square
        for j, other in enumerate(codewords):
            if j == k:
                continue
            normal = factor * (c - other)
            if not normal.any():  # the same place: the first of them wins
                polygon = polygon[:0] if j < k else polygon
                continue
            polygon = _clip(polygon, normal, float(c @ c - other @ other))
        polygons.append(polygon)
    return polygons


def _clip(polygon: Array, normal: Array, offset: float) -> Array:
    """Cut off the side of a polygon where x.normal is below the offset."""
    side = polygon @ normal - offset  # (corners,)
    kept: list[Array] = []
    for i, p in enumerate(polygon):
        j = (i + 1) % len(polygon)
        if side[i] >= 0:
            kept.append(p)
        if (side[i] >= 0) != (side[j] >= 0):
            kept.append(p + side[i] / (side[i] - side[j]) * (polygon[j] - p))
    return np.array(kept).reshape(-1, 2)


def nearest(points: Array, codewords: Array, factor: float = 2.0) -> Array:
    """Return the code of each point (n, 2): the index of its codeword, (n,)."""
    return np.argmin((codewords**2).sum(1) - factor * points @ codewords.T, axis=1)


def counts(points: Array, codewords: Array, factor: float = 2.0) -> Array:
    """Return how many points chose each codeword, (N,)."""
    return np.bincount(nearest(points, codewords, factor), minlength=len(codewords))


def distortion(points: Array, codewords: Array, factor: float = 2.0) -> float:
    """Return the mean squared distance of the points to their codewords."""
    gaps = points - codewords[nearest(points, codewords, factor)]
    return float((gaps**2).sum(1).mean())
