"""A sheet of paper measured in CSS pixels (y goes down), and the few shapes put on it."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import PIXELS_PER_INCH
from sparcode_mini.plots.titles import shorten

WHITE = "#FFFFFF"
Point = tuple[float, float]


def sheet(width: int, height: int) -> tuple[Figure, Axes]:
    """Make an empty figure of a size in CSS pixels, with one axes over all of it."""
    figure = Figure(figsize=(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    return figure, axes


def box(
    axes: Axes,
    corner: Point,
    size: Point,
    fill: str = ink.CARD,
    edge: str = ink.EDGE,
    radius: float = 6,
    **style: Any,
) -> None:
    """Draw a rounded box from its upper left corner."""
    shape = f"round,pad=0,rounding_size={radius}"
    axes.add_patch(
        FancyBboxPatch(corner, *size, boxstyle=shape, facecolor=fill, edgecolor=edge, **style)
    )


def bar(axes: Axes, corner: Point, size: Point, fill: str, **style: Any) -> None:
    """Draw a plain rectangle from its upper left corner."""
    axes.add_patch(Rectangle(corner, *size, facecolor=fill, **{"linewidth": 0, **style}))


def words(axes: Axes, at: Point, text: str, size: float = 9.5, **style: Any) -> None:
    """Write text, by default left-aligned and centred on its line."""
    axes.text(*at, text, **{"fontsize": size, "va": "center", "color": ink.INK, **style})


def title(
    axes: Axes, at: Point, text: str, length: int, room: float, size: float = 9.5, **style: Any
) -> None:
    """Write a title as `words` does, in at most `length` letters and `room` pixels."""
    letter = size * PIXELS_PER_INCH / 72  # pixels of the font size
    bold = style.get("weight") == "bold"
    words(axes, at, shorten(text, length, room / letter, bold), size, **style)


def arrow(axes: Axes, start: Point, end: Point, colour: str = ink.NEUTRAL) -> None:
    """Draw a straight arrow."""
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=11,
            color=colour,
            linewidth=1.4,
            shrinkA=0,
            shrinkB=0,
        )
    )


def cells(
    axes: Axes, corner: Point, values: Sequence[float], colour: str, side: float = 13
) -> None:
    """Draw a vector as a row of squares; a larger value is a stronger colour."""
    x, y = corner
    for number, value in enumerate(values):
        bar(axes, (x + number * side, y), (side, side), WHITE)
        bar(
            axes,
            (x + number * side, y),
            (side, side),
            colour,
            alpha=0.15 + 0.8 * value,
            edgecolor=ink.CARD,
            linewidth=1.2,
        )


def film(axes: Axes, corner: Point, colour: str, name: str = "") -> None:
    """Draw a frame of film, 30 wide and 24 high."""
    x, y = corner
    box(axes, corner, (30, 24), WHITE, colour, radius=3, linewidth=1.3)
    for hole in range(4):
        for top in (y + 2.2, y + 18.6):
            bar(axes, (x + 3 + 6.6 * hole, top), (3.6, 3.2), colour)
    words(axes, (x + 15, y + 12), name, 8, ha="center", weight="bold")
