"""Pictures of lesson 07: the table of real data, and every row against its two-tower."""

from typing import Any

from matplotlib.figure import Figure

from sparcode_mini.lessons.real_data.table import Line, lines, paired_name
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture

# beginning of a row's name -> colour, hatch, marker
MARKS = {
    "popularity": (ink.NEUTRAL, "..", "o"),
    "two-tower": (ink.ITEM, "", "s"),
    "all-to-all": (ink.QUERY, "//", "^"),
    "sparcode": (ink.SCORE, "", "D"),
}


def _mark(row: str) -> tuple[str, str, str]:
    return next(mark for name, mark in MARKS.items() if row.startswith(name))


@picture
def quality(table: dict[str, Any], metric: str = "ndcg@50") -> tuple[Figure, str]:
    """Draw a bar for each line: mean of a metric over seeds; whiskers are standard deviations."""
    shown: list[Line] = list(lines(table))
    figure = Figure(figsize=(8.8, 0.36 * len(shown) + 1.0), layout="constrained")
    axes = figure.subplots()
    for place, line in enumerate(shown):
        mean, sd = (100 * value for value in line.values[metric])
        colour, hatch, _ = _mark(line.row)
        axes.barh(
            place,
            mean,
            xerr=sd,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            ecolor=ink.INK,
            capsize=3,
        )
        axes.text(mean + sd + 0.3, place, f"{mean:.2f}", va="center")
    axes.set_yticks(range(len(shown)), [line.name for line in shown])
    axes.invert_yaxis()
    axes.set_xlabel(f"{metric.upper()} on test, percent (mean of the seeds)")
    words = ", ".join(f"{line.name} {100 * line.values[metric][0]:.2f}" for line in shown)
    return figure, f"Bars: {metric.upper()} on MovieLens-100K, percent: {words}."


@picture
def against_twins(table: dict[str, Any]) -> tuple[Figure, str]:
    """Draw the difference in NDCG@50 to the two-tower with the same tokenizer, and its interval."""
    rows = table["paired"]
    figure = Figure(figsize=(8.8, 0.36 * len(rows) + 1.1), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        colour, _, marker = _mark(row["row"])
        low, middle, high = (100 * row[key] for key in ("low", "difference", "high"))
        span = [[middle - low], [high - middle]]
        axes.errorbar(middle, place, xerr=span, fmt=marker, color=colour, capsize=4)
    axes.axvline(0, color=ink.INK, linewidth=1)
    axes.set_yticks(range(len(rows)), [paired_name(row) for row in rows])
    axes.invert_yaxis()
    axes.grid(axis="y", color=ink.FAINT)
    axes.set_xlabel(
        "\N{LEFTWARDS ARROW} two-tower better    NDCG@50, points of percent    better than the "
        "two-tower \N{RIGHTWARDS ARROW}"
    )
    notes = (
        f"{paired_name(row)} {100 * row['difference']:+.2f} ({100 * row['low']:+.2f} to "
        f"{100 * row['high']:+.2f})"
        for row in rows
    )
    return figure, (
        "Points with 95% intervals: NDCG@50 minus that of the two-tower with the same tokenizer, "
        f"points of percent: {'; '.join(notes)}."
    )
