"""A chart as data: plotly draws it in JupyterLab (`chart_plotly`), `chart.js` on a page.

A view has columns; a column has charts, one below the other; a chart has two axes and marks. Axes
name their ticks themselves, so both sides draw the same ones, and nothing moves with the data.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from matplotlib.ticker import MaxNLocator

from sparcode_mini.plots import ink

Numbers = Sequence[float | None]
Sign = Literal["circle", "diamond", "square", "star", "cross", "plus", "tick"]


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        label: what it measures, with the unit.
        low: its left or lower end; larger than `high` if it is turned round.
        high: its other end.
        ticks: (value, text) of each tick.
        log: is its scale logarithmic?
        lines: does each tick have a line across the chart?
        slant: are long names of ticks drawn aslant?
    """

    label: str = ""
    low: float = 0.0
    high: float = 1.0
    ticks: Sequence[tuple[float, str]] = ()
    log: bool = False
    lines: bool = True
    slant: bool = False


@dataclass(frozen=True)
class Points:
    """Marks at (x, y).

    Attributes:
        names: of each point, shown to who points at it.
        texts: written to the right of each point.
        legend: does the legend name them?
    """

    name: str
    x: Numbers
    y: Numbers
    sign: Sign = "circle"
    color: str = ink.NEUTRAL
    size: float = 9
    filled: bool = True
    names: Sequence[str] = ()
    texts: Sequence[str] = ()
    legend: bool = True
    kind: str = "points"


@dataclass(frozen=True)
class Arrow:
    """One arrow from (x[0], y[0]) to (x[1], y[1]); none if x and y are empty."""

    name: str
    x: Numbers
    y: Numbers
    color: str
    dash: str = "solid"
    kind: str = "arrow"


@dataclass(frozen=True)
class Level:
    """A dashed line across the chart at a height, with its name; none if `y` is None."""

    name: str
    y: float | None
    color: str = ink.NEUTRAL
    kind: str = "level"


@dataclass(frozen=True)
class Bars:
    """Horizontal bars at the heights 0, 1, ...; `starts` puts them behind others."""

    name: str
    lengths: Numbers
    colors: Sequence[str]
    hatched: Sequence[bool] = ()
    starts: Numbers = ()
    texts: Sequence[str] = ()
    legend: bool = False
    kind: str = "bars"


@dataclass(frozen=True)
class Cells:
    """A table of numbers as coloured cells; the cell of row r, column c is around (c, r).

    Attributes:
        low: the number that has the first of `colors`; `high` has the last one.
        texts: of each cell, [] for none.
        scale: what the numbers are, for the legend; "" for no legend.
        gap: pixels between cells.
    """

    values: Sequence[Sequence[float]]
    low: float
    high: float
    colors: Sequence[str]
    texts: Sequence[Sequence[str]] = ()
    scale: str = ""
    gap: float = 0
    kind: str = "cells"


@dataclass(frozen=True)
class Area:
    """A polygon, shaded between white (0) and `color` (1)."""

    name: str
    x: Numbers
    y: Numbers
    color: str
    shade: float
    kind: str = "area"


Mark = Points | Arrow | Level | Bars | Cells | Area


@dataclass(frozen=True)
class Chart:
    """One chart; `height` in pixels with title and axis, `square` gives both axes one scale."""

    title: str
    x: Axis
    y: Axis
    marks: Sequence[Mark]
    height: int = 380
    square: bool = False


@dataclass(frozen=True)
class Column:
    """Charts one below the other; columns share the width by `weight`."""

    charts: Sequence[Chart]
    weight: float = 1.0


@dataclass(frozen=True)
class View:
    """What a panel shows at one setting.

    Attributes:
        text: the same in words.
        code: Python that makes this setting; "" for the call of the widget itself.
    """

    columns: Sequence[Column]
    text: str
    code: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the view as nested dictionaries and lists."""
        return asdict(self)


def linear(
    label: str,
    low: float,
    high: float,
    text: Callable[[float], str] = "{:g}".format,
    count: int = 6,
    **more: Any,
) -> Axis:
    """Return an axis with about `count` round ticks inside its range."""
    inside = MaxNLocator(count, steps=[1, 2, 5, 10]).tick_values(min(low, high), max(low, high))
    slack = 1e-9 * abs(high - low)
    ticks = [
        (float(round(v, 12)), text(v))
        for v in inside
        if min(low, high) - slack <= v <= max(low, high) + slack
    ]
    return Axis(label, low, high, ticks, **more)


def logarithmic(
    label: str, low: float, high: float, ticks: Sequence[float], text: Callable[[float], str]
) -> Axis:
    """Return a logarithmic axis with these ticks."""
    return Axis(label, low, high, [(float(v), text(v)) for v in ticks], log=True)


def rows(*names: str) -> Axis:
    """Return an axis that names rows 0, 1, ... from the top down."""
    return Axis("", len(names) - 0.5, -0.5, list(enumerate(names)), lines=False)


def percent(share: float) -> str:
    """Write a share without decimals."""
    return f"{share:.0%}"


def shares(label: str = "", high: float = 1.0) -> Axis:
    """Return an axis of shares; `high` above 1 leaves room behind bars."""
    return Axis(label, 0, high, [(s / 4, percent(s / 4)) for s in range(5)])
