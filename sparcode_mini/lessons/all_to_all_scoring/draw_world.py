"""The picture of the world of lists: quality against width."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture

# Colour, marker, whether it is filled, and how far beside its width it stands, for each model.
LOOKS: dict[str, tuple[str, str, bool, float]] = {
    "two-tower, closed form": (ink.ITEM, "s", True, 0.94),
    "two-tower, hinge": (ink.ITEM, "^", False, 0.98),
    "all-to-all, penalty": (ink.SCORE, "o", False, 1.02),
    "SparCode, penalty": (ink.CODE, "D", True, 1.06),
}
FREE = "free vectors, one for each known person"
WIDTHS = (4, 8, 16, 24, 32, 40, 48)  # on the axis


@picture
def world_points(stored: dict[str, Any]) -> tuple[Figure, str]:
    """Draw R-precision against width: a mark for each trained width.

    Args:
        stored: the result of the study `fields`.
    """
    figure = Figure(figsize=(9.4, 4.2), layout="constrained")
    axes = figure.subplots()
    notes = []
    for kind in LOOKS:
        means = _draw(axes, [p for p in stored["points"] if p["kind"] == kind], kind)
        notes.append(f"{kind}: {_spoken(means)}.")
    free = {point["width"]: point["r_precision"] for point in stored["free"]}
    axes.plot(list(free), list(free.values()), "x", color=ink.INK, ms=8, mew=1.8, label=FREE)
    notes.append(f"{FREE}: {_spoken(free)}.")
    for text, height in (("all in front", 1.0), ("chance", stored["chance"])):
        axes.axhline(height, color=ink.NEUTRAL, lw=1, ls="--" if text != "chance" else ":")
        axes.text(0.02, height, text, transform=axes.get_yaxis_transform(), va="bottom")
    axes.grid(axis="y")
    axes.set(ylim=(0, 1.1), ylabel="R-precision")
    axes.set(xscale="log", xticks=WIDTHS, xlabel="width D: of one vector, or of each of 3 tokens")
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_title("the world of lists: quality against width")
    axes.minorticks_off()
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure, (
        "R-precision against the width; a token model has three tokens of that width. Trained "
        "models rank for people whom training has not seen, free vectors for people they know. "
        "Marks of one width stand a little beside each other; short bars join the two seeds. "
        f"{' '.join(notes)}"
    )


def _spoken(means: dict[int, float]) -> str:
    return ", ".join(f"width {width} {value:.3f}" for width, value in means.items())


def _draw(axes: Axes, points: list[dict[str, Any]], kind: str) -> dict[int, float]:
    """Draw one kind of model; return its mean over seeds at each width."""
    colour, marker, filled, beside = LOOKS[kind]
    style: Any = {"color": colour, "marker": marker, "ls": "", "ms": 7.5}
    style |= {} if filled else {"mfc": "none", "mew": 1.6, "ms": 9}
    means = {}
    for width in sorted({point["width"] for point in points}):
        quality = [point["r_precision"] for point in points if point["width"] == width]
        means[width] = float(np.mean(quality))
        label = kind if len(means) == 1 else None
        axes.plot(beside * width, means[width], label=label, **style)
        ends = [min(quality), max(quality)]
        axes.plot([beside * width] * 2, ends, color=ink.INK, lw=1.6, zorder=1)
    return means
