"""Pictures of lesson 08: the table of real data, and every row against its two-tower."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparcode_mini.evaluation.paired import holds, interval
from sparcode_mini.lessons.real_data.table import Line, lines, paired_name
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture

# beginning of a row's name -> colour and marker; lines of 4 probes are filled, of 1 probe empty
MARKS = {
    "popularity": (ink.NEUTRAL, "o"),
    "item-knn": (ink.NEUTRAL, "o"),
    "ease": (ink.NEUTRAL, "o"),
    "two-tower": (ink.ITEM, "s"),
    "all-to-all": (ink.QUERY, "^"),
    "sparcode": (ink.SCORE, "D"),
}
GAP = 0.6  # between groups of lines


def _mark(row: str) -> tuple[str, str]:
    return next(mark for name, mark in MARKS.items() if row.startswith(name))


def _places(rows: Sequence[str]) -> list[float]:
    """Return a place for each line, with a gap where another kind of model begins."""
    places, place = [], 0.0
    for number, row in enumerate(rows):
        if number and _mark(row)[1] != _mark(rows[number - 1])[1]:
            place += GAP
        places.append(place)
        place += 1.0
    return places


def _name_lines(axes: Axes, places: Sequence[float], names: Sequence[str]) -> None:
    axes.set_yticks(places, names)
    axes.set_ylim(places[-1] + 0.6, -0.6)
    axes.grid(color=ink.FAINT)
    axes.set_axisbelow(True)


@picture
def quality(table: dict[str, Any], metric: str = "ndcg@50") -> tuple[Figure, str]:
    """Draw a dot for each line: mean of a metric over seeds; whiskers are standard deviations.

    Popularity is so far behind that its number stands in the title.
    """
    shown: list[Line] = list(lines(table))
    far = [line for line in shown if line.row == "popularity"]
    shown = [line for line in shown if line.row != "popularity"]
    places = _places([line.row for line in shown])
    figure = Figure(figsize=(8.8, 0.33 * len(shown) + 1.4), layout="constrained")
    axes = figure.subplots()
    for place, line in zip(places, shown, strict=True):
        mean, sd = (100 * value for value in line.values[metric])
        colour, marker = _mark(line.row)
        fill = "white" if line.probes == 1 else colour
        axes.errorbar(mean, place, xerr=sd, fmt=marker, color=colour, mfc=fill, capsize=3)
        axes.annotate(
            f"{mean:.2f}", (mean, place), (0, 5), textcoords="offset points", ha="center",
            fontsize=7.5,
        )  # fmt: skip
    _name_lines(axes, places, [line.name for line in shown])
    axes.set_xlabel(f"{metric.upper()} on test, percent (mean and standard deviation of the seeds)")
    behind = "; ".join(f"{line.name}: {100 * line.values[metric][0]:.2f}" for line in far)
    axes.set_title(f"MovieLens-100K. Empty markers: one probe. {behind}")
    words = ", ".join(f"{line.name} {100 * line.values[metric][0]:.2f}" for line in far + shown)
    return figure, f"Dots: {metric.upper()} on MovieLens-100K, percent: {words}."


@picture
def against_twins(table: dict[str, Any]) -> tuple[Figure, str]:
    """Draw the difference in NDCG@50 to the twin, and its interval.

    The twin is the two-tower with the same tokenizer, unless the line names another.
    A filled marker is a difference that holds (Holm's p < 0.05), an empty one may be chance.
    """
    rows: list[dict[str, Any]] = table["paired"]
    places = _places([row["row"] for row in rows])
    figure = Figure(figsize=(8.8, 0.33 * len(rows) + 1.4), layout="constrained")
    axes = figure.subplots()
    for place, row in zip(places, rows, strict=True):
        colour, marker = _mark(row["row"])
        low, middle, high = (100 * row[key] for key in ("low", "difference", "high"))
        span = [[middle - low], [high - middle]]
        fill = colour if holds(row) else "white"
        axes.errorbar(middle, place, xerr=span, fmt=marker, color=colour, mfc=fill, capsize=4)
    axes.axvline(0, color=ink.INK, linewidth=1)
    _name_lines(axes, places, [paired_name(row) for row in rows])
    axes.set_title("each line less its twin; empty markers may be chance")
    axes.set_xlabel(
        "\N{LEFTWARDS ARROW} twin better    NDCG@50, points of percent    line better "
        "\N{RIGHTWARDS ARROW}"
    )
    notes = (
        f"{paired_name(row)} {100 * row['difference']:+.2f} ({interval(row)}"
        f"{', holds' if holds(row) else ''})"
        for row in rows
    )
    return figure, (
        "Points with 95% intervals: NDCG@50 less that of the twin (the two-tower with the same "
        f"tokenizer, unless another is named), points of percent: {'; '.join(notes)}."
    )
