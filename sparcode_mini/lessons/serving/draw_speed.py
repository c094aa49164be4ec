"""Pictures of the stored benchmarks: one request, building the lists, growth, training."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from sparcode_mini.lessons.serving import speed
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture, picture

LINES = (("o", "-"), ("s", "--"), ("D", ":"), ("^", "-."), ("v", "-"))
COLOURS = (ink.SCORE, ink.CODE, ink.ITEM, ink.QUERY, ink.NEUTRAL)


@picture
def lookup(result: dict[str, Any], items: int = 1_000_000, freedom: int = 12) -> tuple[Figure, str]:
    """Draw the median times of one request over a synthetic catalogue, by lists and by vectors.

    Lists are green, vectors orange; what is exact is filled. A circle is the search alone, a
    diamond the request with its encoder.
    """
    rows = speed.rows_of(result, data="synthetic", items=items, freedom=freedom)
    rows.sort(key=speed.median, reverse=True)
    name = speed.catalogue_name("synthetic", items, freedom)
    figure = Figure(figsize=(8.2, 0.32 * len(rows) + 1.5), layout="constrained")
    axes, notes = figure.subplots(), []
    for place, row in enumerate(rows):
        colour = ink.SCORE if "lists" in row else ink.ITEM
        face = colour if speed.exact(row) else "white"
        search, request = speed.median(row), speed.median(row, "request")
        axes.plot([search, request], [place, place], color=colour, lw=1)
        for marker, time in (("o", search), ("D", request)):
            axes.plot(time, place, marker, mec=colour, mfc=face, mew=1.5)
        axes.text(request * 1.15, place, _found(row), va="center", fontsize="small")
        words = f"{search:,.0f} and {request:,.0f}, {_found(row)}"
        notes.append(f"{speed.way_of(row)} {words}")
    axes.set_xscale("log")
    times = [speed.median(row, time) for row in rows for time in ("search", "request")]
    axes.xaxis.set_major_locator(
        LogLocator(subs=(1, 2, 5) if max(times) < 300 * min(times) else (1,))
    )
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(right=8 * max(times))
    axes.set_yticks(range(len(rows)), [speed.way_of(row) for row in rows])
    axes.set_xlabel("microseconds (median): circle the search, diamond with the encoder")
    axes.set_title(f"{name} (filled: exact)")
    axes.grid(True, axis="x")
    return figure, (
        f"Median microseconds of one request over {name}, of the search and with the encoder, "
        f"fastest search first: {'; '.join(notes[::-1])}."
    )


def _found(row: dict[str, Any]) -> str:
    """Return how much of its exact answer a way finds, and what the lists hold."""
    share = "exact" if speed.exact(row) else f"recall {row['recall']:.2f}"
    return share + (f", {row['coverage']:.0%} of the items" if "coverage" in row else "")


@picture
def quality(result: dict[str, Any]) -> tuple[Figure, str]:
    """Draw NDCG@50 on MovieLens-100K over the time of a whole request, by lists and by vectors."""
    rows = [row for row in result["lookup"] if "ndcg@50" in row]
    figure = Figure(figsize=(8.2, 3.6), layout="constrained")
    axes, notes = figure.subplots(), []
    for row in sorted(rows, key=lambda row: speed.median(row, "request")):
        colour, marker = (ink.SCORE, "o") if "lists" in row else (ink.ITEM, "s")
        time, ndcg = speed.median(row, "request"), 100 * row["ndcg@50"]
        face = colour if speed.exact(row) else "white"
        axes.plot(time, ndcg, marker, mec=colour, mfc=face, mew=1.5)
        left = row.get("lists") == 16  # beside those of 32 lists, which take about as long
        axes.annotate(
            speed.way_of(row), (time, ndcg), (-6 if left else 6, -3), fontsize="small",
            textcoords="offset points", ha="right" if left else "left",
        )  # fmt: skip
        notes.append(f"{speed.way_of(row)} {time:,.0f} microseconds, {ndcg:.1f}")
    axes.margins(x=0.25, y=0.15)
    axes.set_xlabel("microseconds of a request, encoder and search (median)")
    axes.set_ylabel("NDCG@50, percent")
    axes.set_title("MovieLens-100K: circles lists, squares vectors; filled: exact")
    axes.grid(True)
    return figure, f"NDCG@50 in percent over the time of a request. {'; '.join(notes)}."


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
            for shift, (way, rate) in enumerate(speeds.items()):
                colour, hatch = CONSTRUCTION[way]
                x = place + 0.2 * (shift - 1.5)
                label = way if place == len(group) - 1 else None
                axes.bar(x, rate, 0.19, color=colour, hatch=hatch, edgecolor="white", label=label)
            if "tables" not in speeds:
                axes.text(place + 0.03, 0, "no\ntables", va="bottom", fontsize="small")
            values = ", ".join(f"{way} {rate:.0f}" for way, rate in speeds.items())
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


@picture
def growth(result: dict[str, Any]) -> tuple[Figure, str]:
    """Draw measured times over sizes, all logarithmic, with the fitted exponents.

    A panel each for one request, for building by items and for building by codes.
    """
    figure = Figure(figsize=(9.6, 3.6), layout="constrained")
    panels = dict(zip(PANELS, figure.subplots(1, len(PANELS)), strict=True))
    for number, curve in enumerate(result["growth"]):
        begin = next((name for name in PANELS if curve["name"].startswith(name)), "search")
        axes = panels[begin]
        marker, line = LINES[number]
        name = curve["name"].split(", ")[-1].removeprefix("faiss ")
        axes.plot(
            curve["sizes"], curve["seconds"], color=COLOURS[number], marker=marker, ls=line,
            label=f"{name}: exponent {curve['exponent']:.2f}",
        )  # fmt: skip
    for axes, (title, unit) in zip(panels.values(), PANELS.values(), strict=True):
        axes.set(xscale="log", yscale="log", xlabel=unit, ylabel="seconds")
        seconds = np.concatenate([line.get_ydata() for line in axes.lines])
        near = seconds.max() < 30 * seconds.min()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if near else (1,)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_title(title)
        axes.grid(True)
        axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.22))
    words = "; ".join(
        f"{curve['name']}, from {curve['sizes'][0]:,} to {curve['sizes'][-1]:,}: "
        f"{curve['seconds'][0]:.2g} to {curve['seconds'][-1]:.2g} seconds, "
        f"exponent {curve['exponent']:.2f}"
        for curve in result["growth"]
    )
    return figure, f"Times over sizes, both logarithmic. {words}."


PANELS = {  # beginning of a curve's name -> title, unit
    "search": ("one search", "items"),
    "build by items": ("building the lists", "items"),
    "build by codes": ("building the lists", "codes"),
}


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


ALWAYS = {
    "quality": quality,
    "construction": construction,
    "growth": growth,
    "training": training,
}


def pictures(result: dict[str, Any]) -> dict[str, Picture]:
    """Draw the pictures of the report, by file name."""
    drawn = {name: draw(result) for name, draw in ALWAYS.items()}
    for catalogue in speed.catalogues(result):
        items, freedom = catalogue["items"], catalogue["freedom"]
        if freedom is not None:
            drawn[f"lookup-{items}-{freedom}"] = lookup(result, items, freedom)
    return drawn
