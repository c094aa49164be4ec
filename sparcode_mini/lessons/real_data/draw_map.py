"""The picture of the study `pays`: where SparCode is better than its two-tower, where worse."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparcode_mini.evaluation.paired import holds, interval
from sparcode_mini.lessons.real_data.where_it_pays import Row, label, reading
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture

# One marker for each reading of a SparCode; shape and place differ as colours do.
MARKS: dict[str, tuple[str, str]] = {
    "SparCode, 1 probe": ("o", ink.CODE),
    "SparCode, 4 probes": ("D", ink.SCORE),
}
STEP = 0.3  # between the markers of one line


@picture
def pays_map(rows: Sequence[Row], title: str) -> tuple[Figure, str]:
    """Draw SparCode - two-tower with its 95% interval: a line a setting, a marker a reading.

    A filled marker is a difference that holds (Holm's p < 0.05), an empty one may be chance.

    Args:
        rows: rows of the study, in the order of the lines.
        title: title of the picture.

    Raises:
        ValueError: there is no row, or a reading has no marker.
    """
    lines = list(dict.fromkeys(label(row) for row in rows))
    if not lines:
        raise ValueError("there are no rows; give some of the study's")
    strange = {reading(row) for row in rows} - set(MARKS)
    if strange:
        raise ValueError(f"{sorted(strange)} have no marker; there are {list(MARKS)}")
    figure = Figure(figsize=(9.4, 1.3 + 0.31 * len(lines)), layout="constrained")
    axes = figure.subplots()
    for row in rows:
        _mark(axes, row, lines.index(label(row)))
    axes.axvline(0, color=ink.INK, linewidth=1, zorder=1)
    axes.set_yticks(range(len(lines)), lines)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.grid(axis="y", color=ink.FAINT)
    axes.set_axisbelow(True)
    axes.set_xlabel(
        "\N{LEFTWARDS ARROW} two-tower better    points of percent    SparCode better "
        "\N{RIGHTWARDS ARROW}"
    )
    axes.set_title(title)
    _legend(figure, rows)
    return figure, _words(rows, lines, title)


def _mark(axes: Axes, row: Row, line: int) -> None:
    name = reading(row)
    shape, colour = MARKS[name]
    y = line + STEP * (list(MARKS).index(name) - 0.5)
    low, middle, high = (100 * row[key] for key in ("low", "difference", "high"))
    axes.plot([low, high], [y, y], color=colour, linewidth=1.4, zorder=2)
    fill = colour if holds(row) else "white"
    axes.plot(middle, y, shape, ms=6, mec=colour, mfc=fill, zorder=3)


def _legend(figure: Figure, rows: Sequence[Row]) -> None:
    there = {reading(row) for row in rows}
    axes = figure.axes[0]
    for name, (shape, colour) in MARKS.items():
        if name in there:
            axes.plot([], [], shape, color=colour, label=name)
    axes.plot([], [], "o", mec=ink.NEUTRAL, mfc=ink.NEUTRAL, label="holds")
    axes.plot([], [], "o", mec=ink.NEUTRAL, mfc="white", label="may be chance")
    figure.legend(loc="outside lower center", ncols=5, fontsize=8.5)


def _words(rows: Sequence[Row], lines: list[str], title: str) -> str:
    notes: dict[str, list[Any]] = {line: [] for line in lines}
    for row in rows:
        certain = ", holds" if holds(row) else ""
        notes[label(row)].append(
            f"{reading(row)} {100 * row['difference']:+.2f} ({interval(row)}{certain})"
        )
    each = "; ".join(f"{line}: {', '.join(words)}" for line, words in notes.items())
    return (
        f"{title}. Difference SparCode - two-tower in points of percent, with 95% interval, one "
        f"line per setting. {each}."
    )
