"""Pictures of the stored benchmarks: one request, building the lists, growth, training."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from sparcode_mini.lessons.real_data.speed import setting
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture, picture

# way -> colour and marker: lists are green, vectors orange, sparse products of others grey
WAYS = {
    "lists, compiled": (ink.SCORE, "o"),
    "lists, plain": (ink.SCORE, "s"),
    "scipy CSR": (ink.NEUTRAL, "s"),
    "seismic": (ink.NEUTRAL, "o"),
    "faiss flat": (ink.ITEM, "s"),
    "faiss HNSW": (ink.ITEM, "o"),
    "hnswlib": (ink.ITEM, "D"),
}
LIMIT = "accumulate only"  # adding up alone answers nothing: no way to serve, but a bound
LINES = (("o", "-"), ("s", "--"), ("D", ":"), ("^", "-."), ("v", "-"))
COLOURS = (ink.SCORE, ink.CODE, ink.ITEM, ink.QUERY, ink.NEUTRAL)


@picture
def lookup(
    result: dict[str, Any], items: int = 100_000, entries: int = 2_000
) -> tuple[Figure, str]:
    """Draw the median microseconds of one request by every way, over one synthetic catalogue.

    A dashed line marks what adding up the entries alone takes.
    """
    rows = setting(result, items, entries)
    ways = sorted((way for way in WAYS if way in rows), key=lambda way: -rows[way]["p50"])
    figure = Figure(figsize=(8.2, 0.36 * len(ways) + 1.5), layout="constrained")
    axes = figure.subplots()
    for place, way in enumerate(ways):
        colour, marker = WAYS[way]
        time = rows[way]["p50"]
        axes.plot(time, place, marker, color=colour, ms=8)
        axes.annotate(
            f"{time:,.0f} \N{MICRO SIGN}s", (time, place), (9, 0), textcoords="offset points",
            va="center",
        )  # fmt: skip
    bound = rows[LIMIT]["p50"]
    axes.axvline(bound, color=ink.NEUTRAL, ls="--", lw=1, label="adding up alone")
    axes.set_xscale("log")
    axes.set_xlim(right=max(rows[way]["p50"] for way in ways) * 3)
    axes.set_yticks(range(len(ways)), ways)
    axes.set_ylim(-0.6, len(ways) - 0.4)
    axes.grid(color=ink.FAINT)
    axes.set_axisbelow(True)
    axes.set_xlabel("microseconds a request (median, logarithmic)")
    axes.set_title(f"{items:,} items; lists of {entries:,}, 4 of them read; vectors of width 64")
    axes.legend(loc="upper right")
    words = ", ".join(f"{way} {rows[way]['p50']:,.0f}" for way in ways[::-1])
    return figure, (
        f"Dots: median microseconds of one request over {items:,} items, fastest first: {words}. "
        f"Adding up the entries alone takes {bound:,.0f}."
    )


@picture
def construction(result: dict[str, Any]) -> tuple[Figure, str]:
    """Draw million pairs a second by every way, a panel for each number of hidden units."""
    rows = result["construction"]["pairs"]
    widths = sorted({row["hidden"] for row in rows})
    figure = Figure(figsize=(9.2, 3.0), layout="constrained")
    notes = []
    for axes, h in zip(figure.subplots(1, len(widths), squeeze=False)[0], widths, strict=True):
        group = [row for row in rows if row["hidden"] == h]
        for place, row in enumerate(group):
            speeds = row["million pairs a second"]
            for shift, (way, speed) in enumerate(speeds.items()):
                colour, hatch = CONSTRUCTION[way]
                x = place + 0.2 * (shift - 1.5)
                label = way if place == len(group) - 1 else None
                axes.bar(x, speed, 0.19, color=colour, hatch=hatch, edgecolor="white", label=label)
            if "tables" not in speeds:
                axes.text(place + 0.03, 0, "no\ntables", va="bottom", fontsize="small")
            values = ", ".join(f"{way} {speed:.0f}" for way, speed in speeds.items())
            notes.append(f"{h} hidden units, M = {row['M']}: {values}")
        axes.set_xticks(range(len(group)), [f"M = {row['M']}, N = {row['N']}" for row in group])
        axes.set_title(f"{h} hidden units")
        axes.set_ylabel("million pairs a second")
        axes.legend()
    return figure, f"Bars: million (code, item) pairs scored a second. {'; '.join(notes)}."


CONSTRUCTION = {
    "as written": (ink.NEUTRAL, ""),
    "folded": (ink.ITEM, "//"),
    "tables": (ink.CODE, ".."),
    "compiled tables": (ink.SCORE, ""),
}


# panel -> beginning of the names of its curves, and what grows
PANELS = {
    "one request": (("search", "faiss"), "items"),
    "building, by items": (("build by items",), "items"),
    "building, by codes": (("build by codes",), "codes"),
}


@picture
def growth(result: dict[str, Any]) -> tuple[Figure, str]:
    """Draw measured times over sizes, both logarithmic, with the slope of the last step.

    The curves bend, so one exponent for a whole curve would say little.
    """
    figure = Figure(figsize=(9.2, 3.8), layout="constrained")
    notes = []
    for axes, (title, (names, unit)) in zip(figure.subplots(1, 3), PANELS.items(), strict=True):
        for number, curve in enumerate(result["growth"]):
            if curve["name"].startswith(names):
                marker, line = LINES[number]
                slope = last_slope(curve["sizes"], curve["seconds"])
                label = f"{curve['name']}: slope {slope:.2f}"
                axes.plot(
                    curve["sizes"], curve["seconds"], color=COLOURS[number], marker=marker,
                    ls=line, label=label,
                )  # fmt: skip
                notes.append(
                    f"{curve['name']}, from {curve['sizes'][0]:,} to {curve['sizes'][-1]:,}: "
                    f"{curve['seconds'][0]:.2g} to {curve['seconds'][-1]:.2g} seconds, "
                    f"slope at the end {slope:.2f}"
                )
        axes.set(xscale="log", yscale="log", xlabel=unit, title=title)
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.grid(True)
    figure.axes[0].set_ylabel("seconds")
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return figure, f"Times over sizes, both logarithmic. {'; '.join(notes)}."


def last_slope(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the slope of the last step of a curve in logarithms: time grows as size to it."""
    ratios = (math.log(values[-1] / values[-2]) for values in (seconds, sizes))
    return next(ratios) / next(ratios)


PARTS = {  # of a step, in the order in which they are drawn
    "tokens": (ink.QUERY, ""),
    "scores": (ink.SCORE, ""),
    "softmax and the rest": (ink.NEUTRAL, ""),
    "gradients of all layers": (ink.ITEM, "//"),
    "gradient of the tokens through their codes": (ink.CODE, ".."),
    "optimiser, codebooks": (ink.NEUTRAL, "//"),
}


@picture
def training(result: dict[str, Any]) -> tuple[Figure, str]:
    """Draw the parts of the time of one training step, for the two-tower and for SparCode."""
    rows = result["training"]["parts"]
    figure = Figure(figsize=(8.2, 2.9), layout="constrained")
    axes, notes = figure.subplots(), []
    for place, (row, parts) in enumerate(rows.items()):
        start = 0.0
        for part, (colour, hatch) in PARTS.items():
            label = part if place == len(rows) - 1 else None
            width = parts.get(part, 0.0)
            axes.barh(
                place, width, left=start, color=colour, hatch=hatch, edgecolor="white", label=label
            )
            if width > 0.04 * max(sum(times.values()) for times in rows.values()):
                box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"}
                axes.text(
                    start + width / 2, place, f"{width:.0f}", ha="center", va="center", bbox=box
                )
            start += width
        values = ", ".join(f"{part} {parts[part]:.0f}" for part in PARTS if part in parts)
        notes.append(f"{row} {sum(parts.values()):.0f} ms: {values}")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_xlabel("milliseconds of one training step")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure, f"Stacked bars, milliseconds of one training step. {'; '.join(notes)}."


ALWAYS = {"construction": construction, "growth": growth, "training": training}


def pictures(result: dict[str, Any]) -> dict[str, Picture]:
    """Draw the pictures of the report, by file name."""
    drawn = {name: draw(result) for name, draw in ALWAYS.items()}
    if any(row["data"] == "synthetic" for row in result["lookup"]):
        drawn["lookup-100k"] = lookup(result)
        drawn["lookup-1m"] = lookup(result, 1_000_000, 500)
    return drawn
