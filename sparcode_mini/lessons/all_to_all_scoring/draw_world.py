"""The picture of the world of lists: quality against width, and against bytes."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, ScalarFormatter

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture

# Colour, marker and whether it is filled, for each kind of model.
LOOKS: dict[str, tuple[str, str, bool]] = {
    "two-tower, closed form": (ink.ITEM, "s", True),
    "two-tower, hinge": (ink.ITEM, "^", False),
    "all-to-all, penalty": (ink.SCORE, "o", False),
    "SparCode, penalty": (ink.CODE, "D", True),
}
WIDTHS = (4, 8, 16, 24, 32, 48)  # on the axis
BESIDE = {  # kind -> where the width stands, in points from the mark
    "two-tower, closed form": (6, -11),
    "SparCode, penalty": (-8, 6),
}


@picture
def world_points(stored: dict[str, Any]) -> tuple[Figure, str]:
    """Draw R-precision against width and against served bytes: a mark for each trained width.

    Args:
        stored: the result of the study `fields`.
    """
    figure = Figure(figsize=(9.4, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    notes = []
    for kind in LOOKS:
        means = _draw(left, right, [p for p in stored["points"] if p["kind"] == kind], kind)
        values = ", ".join(f"width {width} {value:.3f}" for width, value in means.items())
        notes.append(f"{kind}: {values}.")
    for axes in (left, right):
        axes.axhline(1, color=ink.NEUTRAL, lw=1, ls="--")
        axes.axhline(stored["chance"], color=ink.NEUTRAL, lw=1, ls=":")
        axes.grid(axis="y")
    for text, height in (("all in front", 1.0), ("chance", stored["chance"])):
        left.text(0.02, height, text, transform=left.get_yaxis_transform(), va="bottom")
    left.set(ylim=(0, 1.1), ylabel="R-precision, people not trained on")
    left.set(xscale="log", xticks=WIDTHS, xlabel="width D: of one vector, or of each of 3 tokens")
    left.xaxis.set_major_formatter(ScalarFormatter())
    left.set_title("quality against width")
    right.set(xscale="log", xticks=[3e3, 10e3, 30e3])
    right.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    right.set_xlabel("bytes served (item side, fp16); beside a mark its width")
    right.set_title("quality against served bytes")
    for axes in (left, right):
        axes.minorticks_off()
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure, (
        "R-precision for people whom training has not seen. Left, against the width; a token model "
        "has three tokens of that width. Right, against served bytes; all-to-all serves no lists. "
        f"Short bars join the two seeds. {' '.join(notes)}"
    )


def _draw(left: Axes, right: Axes, points: list[dict[str, Any]], kind: str) -> dict[int, float]:
    """Draw one kind of model into both panels; return its mean over seeds at each width."""
    colour, marker, filled = LOOKS[kind]
    style: Any = {"color": colour, "marker": marker, "ls": "", "ms": 7.5}
    style |= {} if filled else {"mfc": "none", "mew": 1.6, "ms": 10}
    means = {}
    for width in sorted({point["width"] for point in points}):
        group = [point for point in points if point["width"] == width]
        quality = [point["r_precision"] for point in group]
        means[width] = float(np.mean(quality))
        label = kind if len(means) == 1 else None
        left.plot(width, means[width], label=label, **style)
        left.plot([width] * 2, [min(quality), max(quality)], color=ink.INK, lw=1.6, zorder=1)
        if group[0]["bytes"] is not None:
            size = float(np.mean([point["bytes"] for point in group]))
            right.plot(size, means[width], **style)
            if kind in BESIDE:
                right.annotate(
                    str(width), (size, means[width]), xytext=BESIDE[kind],
                    textcoords="offset points", fontsize=8,
                )  # fmt: skip
    return means
