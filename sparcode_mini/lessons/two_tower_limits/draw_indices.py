"""A picture of the two kinds of index in the plane: a walk along links, and cells with codes."""

import heapq
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture

N_ITEMS, LINKS, KEPT, CELLS, NPROBE, LEVELS, BEST = 70, 3, 5, 7, 2, 3, 5
HIGH, EDGE = (1.5, 1.0), 0.05  # of the plane


class Walk(NamedTuple):
    """A search in a graph.

    Attributes:
        path: items whose links were followed, in order.
        steps: for each item of the path but the first, the item whose link led to it, and itself.
        visited: items that the query was compared with.
        nearest: the KEPT best of them, nearest first.
    """

    path: list[int]
    steps: list[tuple[int, int]]
    visited: list[int]
    nearest: list[int]


@picture
def indices(seed: int = 5) -> tuple[Figure, str]:
    """Draw how HNSW and IVF-PQ find the items nearest to a query, among points in the plane.

    Args:
        seed: of the points.
    """
    rng = np.random.default_rng(seed)
    points = rng.random((N_ITEMS, 2)) * HIGH  # (n, 2)
    query = np.array([1.02, 0.38])
    exact = set(_nearest(points, query)[:BEST].tolist())
    figure = Figure(figsize=(9.8, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)

    links = linked(points)
    walk = walked(points, links, query, start=int(_nearest(points, query)[-1]))
    _graph(left, points, links, walk)
    hits = exact & set(walk.nearest)
    _nearest_ones(left, points, hits, exact - hits)
    left.set_title(
        f"HNSW: {len(walk.visited)} of {N_ITEMS} items compared, finds {len(hits)} of {BEST}"
    )

    centres, cell = cells(points, seed)
    coded = rounded(points - centres[cell]) + centres[cell]  # (n, 2)
    visited = np.isin(cell, _nearest(centres, query)[:NPROBE])  # (n,)
    _cells(right, points, coded, centres, visited)
    order = [i for i in _nearest(coded, query).tolist() if visited[i]]
    by_codes = exact & set(order[:BEST])
    _nearest_ones(right, points, by_codes, exact - by_codes)
    right.set_title(
        f"IVF-PQ: {int(visited.sum())} of {N_ITEMS} items compared, finds {len(by_codes)} of {BEST}"
    )

    for axes in (left, right):
        axes.plot(*query, "P", color=ink.QUERY, ms=13, mec=ink.INK, ls="", label="query", zorder=5)
        axes.set(xticks=[], yticks=[], aspect="equal")
        axes.set(xlim=(-EDGE, HIGH[0] + EDGE), ylim=(-EDGE, HIGH[1] + EDGE))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2, fontsize=8.5)
    words = (
        f"The same {N_ITEMS} items and one query in the plane. Left, HNSW: each item has links to "
        f"{LINKS} near ones; a search starts far away and follows the links of {len(walk.path)} "
        f"items, compares the query with {len(walk.visited)} and finds {len(hits)} of the {BEST} "
        "nearest. Thick lines are the links by which it came to the items that it followed. Right, "
        f"IVF-PQ: {CELLS} cells, the {NPROBE} nearest are visited; their {int(visited.sum())} "
        "items stand where their codes put them, a little beside their true places; "
        f"{len(by_codes)} of the {BEST} nearest are found, the others are crossed out."
    )
    return figure, words


def _nearest(points: Float[np.ndarray, "n 2"], query: Float[np.ndarray, "2"]) -> np.ndarray:
    """Return positions, nearest first."""
    return np.argsort(((points - query) ** 2).sum(axis=1), kind="stable")


def linked(points: Float[np.ndarray, "n 2"]) -> Bool[np.ndarray, "n n"]:
    """Return which items are linked: each to its LINKS nearest, in both directions."""
    links = np.zeros((len(points), len(points)), dtype=bool)
    for item, point in enumerate(points):
        links[item, _nearest(points, point)[1 : LINKS + 1]] = True
    return links | links.T


def walked(
    points: Float[np.ndarray, "n 2"],
    links: Bool[np.ndarray, "n n"],
    query: Float[np.ndarray, "2"],
    start: int,
) -> Walk:
    """Walk along links to ever nearer items; keep the KEPT best, and stop when none gets better."""
    squares = ((points - query) ** 2).sum(axis=1)  # (n,)
    waiting, visited = [(float(squares[start]), start, start)], [start]
    path: list[int] = []
    steps: list[tuple[int, int]] = []
    while waiting:
        distance, item, before = heapq.heappop(waiting)
        best = sorted(visited, key=lambda i: float(squares[i]))[:KEPT]
        if len(best) == KEPT and distance > squares[best[-1]]:
            break
        if path:
            steps.append((before, item))
        path.append(item)
        for other in np.flatnonzero(links[item]).tolist():
            if other not in visited:
                visited.append(other)
                heapq.heappush(waiting, (float(squares[other]), other, item))
    nearest = sorted(visited, key=lambda i: float(squares[i]))[:KEPT]
    return Walk(path, steps, visited, nearest)


def cells(
    points: Float[np.ndarray, "n 2"], seed: int
) -> tuple[Float[np.ndarray, "cells 2"], Int[np.ndarray, " n"]]:
    """Return the centres of CELLS cells (k-means), and the cell of each item."""
    rng = np.random.default_rng(seed)
    centres = points[rng.choice(len(points), CELLS, replace=False)]  # (cells, 2)
    for _ in range(20):
        cell = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)  # (n,)
        centres = np.stack([points[cell == k].mean(axis=0) for k in range(CELLS)])
    return centres, cell


def rounded(offsets: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    """Round each coordinate to the nearest of LEVELS values, the means of equal shares of it."""
    back = np.empty_like(offsets)
    for axis in range(offsets.shape[1]):
        parts = np.array_split(np.sort(offsets[:, axis]), LEVELS)
        values = np.array([part.mean() for part in parts])  # (LEVELS,)
        back[:, axis] = values[np.abs(offsets[:, axis, None] - values).argmin(axis=1)]
    return back


def _graph(axes: Axes, points: np.ndarray, links: Bool[np.ndarray, "n n"], walk: Walk) -> None:
    for a, b in zip(*np.nonzero(np.triu(links)), strict=True):
        axes.plot(*points[[a, b]].T, color=ink.EDGE, lw=1, zorder=0)
    axes.plot(*points.T, "o", color=ink.CARD, mec=ink.NEUTRAL, ms=5, zorder=1)
    axes.plot(*points[walk.visited].T, "o", color=ink.ITEM, ms=5.5, ls="", zorder=3,
              label="compared")  # fmt: skip
    axes.annotate("start", points[walk.path[0]], xytext=(9, -3), textcoords="offset points")
    for a, b in walk.steps:
        axes.plot(*points[[a, b]].T, color=ink.QUERY, lw=2.2, zorder=2)


def _nearest_ones(axes: Axes, points: np.ndarray, hits: set[int], missed: set[int]) -> None:
    """Mark the items that are nearest to the query: found ones by a ring, missed ones crossed."""
    ring: dict[str, Any] = {"ms": 12, "mfc": "none", "mec": ink.INK, "ls": "", "zorder": 4}
    axes.plot(*points[sorted(hits)].T, "o", label=f"nearest {BEST}: found", **ring)
    if missed:
        cross = {**ring, "ms": 13, "mew": 2.2}
        axes.plot(*points[sorted(missed)].T, "x", label=f"nearest {BEST}: missed", **cross)


def _cells(
    axes: Axes, points: np.ndarray, coded: np.ndarray, centres: np.ndarray, visited: np.ndarray
) -> None:
    x, y = np.meshgrid(
        np.linspace(-EDGE, HIGH[0] + EDGE, 240), np.linspace(-EDGE, HIGH[1] + EDGE, 160)
    )
    grid = np.stack([x.ravel(), y.ravel()], axis=1)  # (n, 2)
    squares = ((grid[:, None] - centres) ** 2).sum(axis=2)  # (n, cells)
    for k in range(len(centres)):
        margin = squares[:, k] - np.delete(squares, k, axis=1).min(axis=1)  # 0 at the border
        axes.contour(
            x, y, margin.reshape(x.shape), levels=[0], colors=[ink.NEUTRAL], linewidths=0.8
        )
    axes.plot(*points.T, "o", color=ink.CARD, mec=ink.NEUTRAL, ms=5, zorder=1)
    for true, code in zip(points[visited], coded[visited], strict=True):
        axes.plot(*np.stack([true, code]).T, color=ink.CODE, lw=1, zorder=2)
    axes.plot(*coded[visited].T, "D", color=ink.CODE, ms=4.5, ls="", zorder=3,
              label="compared, as coded")  # fmt: skip
