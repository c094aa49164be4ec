"""One setting among all measured ones: the still picture of the panel."""

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture


@picture
def sweep(data: dict[str, Any], text: str) -> tuple[Figure, str]:
    """Draw quality against bytes of every measured setting, and the numbers of the chosen one.

    Args:
        data: what `widgets.settings.figure_data` returns.
        text: what the numbers of the chosen setting say, in words.
    """
    figure = Figure(figsize=(9.4, 3.9), layout="constrained")
    axes = figure.subplot_mosaic(
        [["points", "bytes"], ["points", "density"], ["points", "search"]], width_ratios=[1.9, 1]
    )
    _points(axes["points"], data)
    bars, tower = data["bars"], data["two-tower"]["bytes"]
    _bytes(axes["bytes"], bars, tower)
    density, search = bars["density"], bars["search"]
    known = "not measured" if density is None else f"{density:.1%} of the pairs kept"
    _strip(axes["density"], f"density: {known}", density, data["densities"], 1.0)
    axes["density"].xaxis.set_major_formatter(PercentFormatter(1.0))
    known = "not measured" if search is None else f"{search:.0f} µs"
    most = 1.1 * max(data["searches"], default=1.0)
    _strip(axes["search"], f"one search: {known}", search, data["searches"], most)
    axes["search"].xaxis.set_major_formatter("{x:.0f} µs")
    words = (
        "Quality (NDCG@50) against bytes of the index for every measured setting, the chosen one "
        f"marked by a star; beside it bytes, density and time of a search. {text}"
    )
    return figure, words


def _points(axes: Axes, data: dict[str, Any]) -> None:
    star: Any = {"marker": "*", "ms": 17, "color": ink.CODE, "mec": ink.CARD, "zorder": 5}
    ring: Any = {"marker": "D", "ms": 9, "mfc": "none", "mec": ink.CODE, "mew": 2.5, "zorder": 4}
    grey: Any = {"mfc": "none", "mec": ink.NEUTRAL, "ls": ""}
    for key, empty, chosen, name in (
        ("one", "o", star, "1 probe"),
        ("four", "d", ring, "4 probes"),
    ):
        points = data["all"]
        axes.plot(
            points["bytes"], _real(points[key]), empty, ms=5, label=f"measured, {name}", **grey
        )
        points = data["chosen"]
        axes.plot(points["bytes"], _real(points[key]), label=f"chosen, {name}", ls="", **chosen)
    tower, popular = data["two-tower"], data["popularity"]
    if tower["bytes"] and tower["ndcg"]:
        axes.plot(
            tower["bytes"], tower["ndcg"], "s", ms=9, color=ink.ITEM, ls="", label="two-tower"
        )
    for name, score in (("two-tower", tower["ndcg"]), ("popularity", popular)):
        if score is not None and score >= data["range"][0]:
            axes.axhline(score, color=ink.NEUTRAL, linestyle="--", linewidth=1, zorder=0)
            at = (0.01, score)
            axes.text(*at, f"{name} {score:.3f}", transform=axes.get_yaxis_transform(), va="bottom")
        elif score is not None:
            below = f"{name} {score:.3f} is below"
            axes.text(0.01, 0.01, below, transform=axes.transAxes, va="bottom")
    axes.set_xscale("log")
    axes.set_ylim(*data["range"])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    axes.set_xlabel("bytes of the index")
    axes.set_ylabel("NDCG@50")
    axes.set_title(data["title"])
    axes.legend(
        loc="lower right", fontsize=8.5, frameon=True, facecolor=ink.CARD, edgecolor=ink.CARD
    )


def _real(values: list[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


def _bytes(axes: Axes, bars: dict[str, Any], tower: float | None) -> None:
    if tower:
        axes.barh("two-tower", tower, color=ink.ITEM, height=0.7)
    total = "not measured"
    if bars["lists"] is not None:
        axes.barh("SparCode", bars["lists"], color=ink.SCORE, height=0.7)
        axes.barh(
            "SparCode", bars["rest"], left=bars["lists"], color=ink.CODE, hatch="///", height=0.7
        )
        total = show_bytes(bars["lists"] + bars["rest"])
    axes.set_title(f"bytes: {total}")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    axes.locator_params(axis="x", nbins=4)
    axes.invert_yaxis()


def _strip(axes: Axes, title: str, chosen: float | None, every: list[float], most: float) -> None:
    """Draw the chosen value as a bar, all measured ones as ticks."""
    if chosen is not None:
        axes.barh(0, chosen, color=ink.SCORE, height=0.5)
    axes.plot(every, [0] * len(every), "|", color=ink.INK, alpha=0.5, ms=11)
    axes.set(xlim=(0, most), ylim=(-0.6, 0.6), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_title(title)
