"""Pictures of lesson 02: vectors and matrices; also those of `draw_measured`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from sparcode_mini.lessons.two_tower_limits.draw_indices import indices
from sparcode_mini.lessons.two_tower_limits.draw_measured import (
    index_still,
    screen_curves,
    spectra,
    storage_dots,
    two_errors,
)
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture, white_to

__all__ = [
    "circle",
    "geometry",
    "index_still",
    "indices",
    "low_rank",
    "screen_curves",
    "spectra",
    "storage_dots",
    "two_errors",
    "world_still",
]

MARKS = {"inner product": "s", "cosine": "D", "distance": "^"}


# --- section 2: which item is best -------------------------------------------------------------


@picture
def geometry(
    query: np.ndarray, items: np.ndarray, names: Sequence[str], best: dict[str, int]
) -> tuple[Figure, str]:
    """Draw items and a query in the plane, and mark the best item of each way of comparing.

    Args:
        query: (2,).
        items: (I, 2).
        names: one for each item.
        best: way of comparing ("inner product", "cosine", "distance") -> position of its winner.
    """
    figure = Figure(figsize=(7.4, 3.3), layout="constrained")
    axes = figure.subplots()
    axes.axhline(0, color=ink.FAINT, zorder=0)
    axes.axvline(0, color=ink.FAINT, zorder=0)
    for name, vector in zip(names, items, strict=True):
        _ray(axes, vector, ink.ITEM, name, 1.5)
    _ray(axes, query, ink.QUERY, "query", 3.0)
    for way, position in best.items():
        axes.plot(
            *items[position], MARKS.get(way, "o"), ms=19, mfc="none", mec=ink.INK, mew=1.6, ls="",
            label=f"largest {way}" if way != "distance" else "smallest distance",
        )  # fmt: skip
    axes.set_aspect("equal")
    every = np.vstack([items, query[None], np.zeros((1, 2))])
    low, high = every.min(axis=0), every.max(axis=0)
    axes.set_xlim(low[0] - 0.5, high[0] + 0.9)
    axes.set_ylim(low[1] - 0.5, high[1] + 0.6)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), markerscale=0.6, labelspacing=1.0)
    axes.set_title("One query, three answers")
    winners = ", ".join(f"{way}: {names[position]}" for way, position in best.items())
    ends = ", ".join(f"{n} ({x:g}, {y:g})" for n, (x, y) in zip(names, items, strict=True))
    words = (
        f"Arrows in the plane: a query ({query[0]:g}, {query[1]:g}) and the items {ends}. The best "
        f"by {winners}."
    )
    return figure, words


def _ray(axes: Axes, end: np.ndarray, colour: str, name: str, width: float) -> None:
    style = {"arrowstyle": "-|>", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (end[0], end[1]), (0, 0), arrowprops=style)
    at = (13, 11) if end[1] >= 0 else (13, -19)  # outside a mark
    axes.annotate(
        name,
        (end[0], end[1]),
        xytext=(-40, 8) if colour == ink.QUERY else at,
        textcoords="offset points",
        color=ink.INK,
        weight="bold",
    )


@picture
def circle(n: int) -> tuple[Figure, str]:
    """Draw n people who like one item each, and vectors of width 2 that put it first.

    Args:
        n: people, and items.
    """
    angles = 2 * np.pi * np.arange(n) / n
    items = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (n, 2)
    people = 0.8 * items
    first = int(((people @ items.T).argmax(axis=1) == np.arange(n)).sum())
    figure = Figure(figsize=(8.2, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.imshow(np.eye(n), cmap=white_to(ink.QUERY), vmin=0, vmax=1)
    left.set(xlabel="items", ylabel="people", xticks=[], yticks=[])
    left.set_title(f"likes: a matrix of rank {np.linalg.matrix_rank(np.eye(n))}")
    for person, item in zip(people, items, strict=True):
        right.plot(*np.stack([person, item]).T, color=ink.FAINT, zorder=0)
    right.plot(*people.T, "o", color=ink.QUERY, ms=6, label="people")
    right.plot(*items.T, "s", color=ink.ITEM, ms=6, label="items")
    right.set_aspect("equal")
    right.set(xticks=[], yticks=[])
    right.set_title(f"width 2: the liked item is first for {first} of {n}")
    right.legend(loc="center")
    words = (
        f"Left: a matrix of {n} people by {n} items with ones on its diagonal only, of rank {n}. "
        "Right: people and items on two circles, each person in the direction of the liked item. "
        f"By the dot product the liked item is first for {first} of {n}."
    )
    return figure, words


# --- section 3: matrices -----------------------------------------------------------------------


@picture
def low_rank(truth: np.ndarray, widths: Sequence[int]) -> tuple[Figure, str]:
    """Draw scores, their best approximations of some widths, and their singular values.

    Args:
        truth: (people, I) scores; a corner is shown.
        widths: of the approximations, at most three.
    """
    U, s, V = np.linalg.svd(truth, full_matrices=False)
    rank = int((s > 1e-9 * s[0]).sum())
    figure = Figure(figsize=(9.6, 4.9), layout="constrained")
    grid = figure.add_gridspec(2, len(widths) + 1, height_ratios=[1, 1.15])
    above: list[Axes] = []
    shown = [("truth", truth)]
    shown += [(f"width {D}", (U[:, :D] * s[:D]) @ V[:D]) for D in widths]
    for column, (name, matrix) in enumerate(shown):
        axes = figure.add_subplot(grid[0, column])
        shades = axes.imshow(
            matrix[:30, :50], cmap=white_to(ink.QUERY), vmin=0, vmax=2, aspect="auto"
        )
        above.append(axes)
        axes.set(xticks=[], yticks=[], xlabel="items")
        axes.set_title(name)
        if column == 0:
            axes.set_ylabel("people")
    bar = figure.colorbar(shades, ax=above, ticks=[0, 1, 2], pad=0.01, aspect=12)
    bar.ax.set_yticklabels(["0 or less", "1", "2 or more"])
    bar.ax.set_title("score", fontsize=9)
    below = figure.add_subplot(grid[1, :])
    ranks = np.arange(1, len(s) + 1)[: rank + 4]
    below.bar(ranks, s[: len(ranks)], color=ink.SCORE, width=0.75)
    for D in widths:
        below.axvline(D + 0.5, color=ink.INK, linestyle=":", linewidth=1.2)
        below.text(D + 0.7, s[0], f"{D}", va="top", color=ink.INK)
    below.set(xlabel="number of the singular value", ylabel="size", xlim=(0, rank + 5))
    below.set_title(f"singular values: {rank} are not zero; a width keeps those left of its line")
    words = (
        f"A corner of the true score matrix and of its best approximations of width "
        f"{', '.join(map(str, widths))}. Below, its singular values: {rank} are not zero. The "
        f"first is {s[0]:.0f}, the second {s[1]:.0f}, number {rank} still {s[rank - 1]:.0f}: they "
        "fall slowly, so a small width loses much."
    )
    return figure, words


@picture
def world_still(data: dict[str, Any], text: str) -> tuple[Figure, str]:
    """Draw the panel of the world of fields at one setting.

    Args:
        data: the result of `widget_world.world_data`.
        text: the same in words.
    """
    figure = Figure(figsize=(9.4, 4.1), layout="constrained")
    axes = figure.subplot_mosaic(
        [["truth", "curve"], ["truth", "curve"], ["model", "curve"], ["model", "bytes"]],
        width_ratios=[1.2, 1],
        height_ratios=[1, 1, 1, 0.9],
    )
    for name, title in (
        ("truth", "what people like (a corner)"),
        ("model", f"what width {data['width']} makes of it"),
    ):
        axes[name].imshow(data[name], cmap=white_to(ink.QUERY), vmin=0, vmax=2, aspect="auto")
        axes[name].set(xticks=[], yticks=[], ylabel="people")
        axes[name].set_title(title)
    axes["model"].set_xlabel("items")
    curve = axes["curve"]
    curve.plot(data["widths"], data["curve"], "o", color=ink.ITEM, mfc="none")
    curve.plot(data["width"], data["r_precision"], "*", ms=16, color=ink.ITEM, mec=ink.INK)
    curve.set_xscale("log", base=2)
    curve.set_xticks(data["widths"])
    curve.xaxis.set_major_formatter(ScalarFormatter())
    curve.minorticks_off()
    curve.set(ylim=(0, 1.05), xlabel="width D")
    curve.set_title("R-precision of the least-squares fit")
    sizes = [data["bytes"]["matrix"] / 1e3, data["bytes"]["lists"] / 1e3]
    bars = axes["bytes"].barh(["matrix", "lists"], sizes, color=[ink.ITEM, ink.CODE], height=0.7)
    bars[1].set_hatch("//")
    bars[1].set_edgecolor(ink.CARD)
    axes["bytes"].invert_yaxis()
    axes["bytes"].set_title("served bytes (kB)")
    words = (
        "A world of fields: true scores, their best approximation of the chosen width, R-precision "
        f"of every width, and the bytes of matrix and lists. {text}"
    )
    return figure, words
