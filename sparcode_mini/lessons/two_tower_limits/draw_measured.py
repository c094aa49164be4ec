"""Pictures of the measured results of lesson 01: curves and bars."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, ScalarFormatter

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture

# Colour and marker of a model; the same in every picture of the lesson.
LOOKS: dict[str, tuple[str, str, str]] = {
    "two-tower": (ink.ITEM, "s", "-"),
    "all-to-all": (ink.SCORE, "o", "--"),
    "SparCode": (ink.CODE, "D", "-."),
}


def _log2(axes: Axes, values: list[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(values)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.minorticks_off()
    axes.set_xlabel("width D")


@picture
def world_curves(stored: dict[str, Any]) -> tuple[Figure, str]:
    """Draw R-precision against width and against served bytes, in the world of fields.

    Args:
        stored: the result of the study `fields`.
    """
    figure, means = Figure(figsize=(9.4, 3.7), layout="constrained"), {}
    left, right = figure.subplots(1, 2)
    points, widths = stored["points"], sorted({p["width"] for p in stored["points"]})
    for kind, (colour, marker, line) in LOOKS.items():
        groups = {w: [p for p in points if p["kind"] == kind and p["width"] == w] for w in widths}
        groups = {w: group for w, group in groups.items() if group}
        quality = {w: [p["r_precision"] for p in group] for w, group in groups.items()}
        style: Any = {"color": colour, "marker": marker, "ls": line, "ms": 7, "label": kind}
        means[kind] = {width: float(np.mean(values)) for width, values in quality.items()}
        left.plot(list(groups), list(means[kind].values()), **style)
        for width, values in quality.items():
            left.plot([width] * 2, [min(values), max(values)], color=ink.INK, lw=2.2, zorder=1)
        sizes = [np.mean([p["bytes"] for p in g]) for g in groups.values() if g[0]["bytes"]]
        if sizes:
            right.plot(sizes, list(means[kind].values()), **style)
    for axes in (left, right):
        axes.axhline(1, color=ink.NEUTRAL, lw=1, ls="--")
        axes.axhline(stored["chance"], color=ink.NEUTRAL, lw=1, ls=":")
        axes.text(0.02, 1.01, "oracle", transform=axes.get_yaxis_transform(), va="bottom")
        axes.text(0.02, stored["chance"], "chance", transform=axes.get_yaxis_transform(), va="top")
        axes.set(ylim=(-0.03, 1.1), ylabel="R-precision, unseen users")
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.14))  # above the line of chance
    _log2(left, widths)
    left.set_title("quality against width")
    right.set_xscale("log")
    right.set_xticks([3e3, 10e3, 30e3])
    right.minorticks_off()
    right.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    right.set_xlabel("bytes served (item side, fp16)")
    right.set_title("quality against served bytes")
    words = (
        "R-precision for unseen users. Left, against the width: the two-tower needs a large width, "
        "all-to-all and SparCode rise faster. Right, against served bytes: SparCode stands far "
        f"left of a two-tower of the same quality. Short bars show the two seeds. {_values(means)}"
    )
    return figure, words


def _values(curves: dict[str, dict[int, float]]) -> str:
    """Return the value at each width in words, one sentence for each kind of model."""
    return " ".join(
        f"{kind}: " + ", ".join(f"width {w} {value:.3f}" for w, value in curve.items()) + "."
        for kind, curve in curves.items()
    )


@picture
def width_curves(stored: dict[str, Any]) -> tuple[Figure, str]:
    """Draw NDCG@50 of two-tower and all-to-all on MovieLens-100K against the width.

    Args:
        stored: the result of the study `width`.
    """
    figure = Figure(figsize=(6.6, 3.7), layout="constrained")
    axes = figure.subplots()
    for kind, points in stored["chosen"].items():
        colour, marker, line = LOOKS[kind]
        xs = [p["width"] for p in points]
        axes.plot(xs, [p["ndcg@50"] for p in points], color=colour, marker=marker, ls=line, ms=7,
                  label=kind)  # fmt: skip
        others = [p for p in stored["points"] if p["kind"] == kind and p not in points]
        axes.plot([p["width"] for p in others], [p["ndcg@50"] for p in others], marker=marker,
                  ls="", mfc="none", mec=colour, ms=5)  # fmt: skip
    axes.axhline(stored["popularity"], color=ink.NEUTRAL, ls="--", lw=1)
    at = (0.02, stored["popularity"])
    axes.text(*at, "popularity", transform=axes.get_yaxis_transform(), va="bottom")
    _log2(axes, sorted({p["width"] for p in stored["points"]}))
    axes.set_ylim(0, None)
    axes.set_ylabel("NDCG@50 (test)")
    axes.set_title("MovieLens-100K, equal tokenizer and tuning")
    axes.legend(loc="lower right")
    words = (
        "NDCG@50 on MovieLens-100K against the width for two-tower and all-to-all; filled marks: "
        "the learning rate that validation chose, small open marks: the other one; a dashed line "
        f"marks the list of the most popular films, {stored['popularity']:.3f}. "
        + _values({k: {p["width"]: p["ndcg@50"] for p in v} for k, v in stored["chosen"].items()})
    )
    return figure, words


@picture
def two_errors(errors: dict[str, dict[str, float]]) -> tuple[Figure, str]:
    """Draw index error and model error on one axis, in points of NDCG@50.

    Args:
        errors: group ("index error", "model error", "authors") -> name -> difference of NDCG@50
            as a fraction, negative where quality is lost.
    """
    rows = [(group, name, value) for group, bars in errors.items() for name, value in bars.items()]
    figure = Figure(figsize=(8.6, 0.36 * len(rows) + 1.5), layout="constrained")
    axes = figure.subplots()
    looks = {
        "index error": (ink.QUERY, ""),
        "model error": (ink.SCORE, "//"),
        "authors": ("#C9C4B5", ".."),
    }
    for place, (group, _, value) in enumerate(rows):
        colour, hatch = looks.get(group, (ink.NEUTRAL, ""))
        first = group not in [row[0] for row in rows[:place]]
        axes.barh(place, 100 * value, color=colour, hatch=hatch, edgecolor=ink.CARD, height=0.72,
                  label=group if first else None)  # fmt: skip
        beside = round(100 * value, 1) >= 0  # right of zero, also where nothing is lost
        axes.annotate(_points(value), (100 * value, place), va="center",
                      ha="left" if beside else "right", xytext=(4 if beside else -4, 0),
                      textcoords="offset points")  # fmt: skip
    axes.axvline(0, color=ink.INK, lw=1)
    axes.set_yticks(range(len(rows)), [name for _, name, _ in rows])
    axes.invert_yaxis()
    values = [0.0, *[100 * value for _, _, value in rows]]
    axes.set_xlim(min(values) - 1.6, max(values) + 1.6)
    axes.grid(axis="x", color=ink.FAINT)
    axes.set_axisbelow(True)
    axes.set_xlabel("difference in NDCG@50, points (100 points = 1)")
    axes.set_title("what the index loses, what a stronger interaction gains")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=3)
    words = (
        "Bars on one axis, points of NDCG@50 against exact search with the same model, or against "
        f"the two-tower of the same width. Groups: {', '.join(errors)}. Points: "
        f"{'; '.join(f'{name} {_points(value)}' for _, name, value in rows)}."
    )
    return figure, words


def _points(value: float) -> str:
    """Return a difference of NDCG@50 in points, with its sign; zero has no sign."""
    points = round(100 * value, 1)
    return f"{points:+.1f}" if points else "0.0"


@picture
def index_still(data: dict[str, Any], text: str) -> tuple[Figure, str]:
    """Draw every measured setting of HNSW and IVF-PQ, and mark the chosen ones.

    Args:
        data: the result of `widget_index_error.index_data`.
        text: the same in words.
    """
    figure = Figure(figsize=(9.4, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    for name, colour, marker in (("HNSW", ink.QUERY, "o"), ("IVF-PQ", ink.CODE, "D")):
        points, chosen = data["all"][name], data["chosen"][name]
        left.plot(points["bytes"], points["ndcg"], marker, color=colour, mfc="none", ls="",
                  label=f"{name}, measured")  # fmt: skip
        left.plot(chosen["bytes"], chosen["ndcg@50"], marker, ms=13, color=colour, mec=ink.INK,
                  label=f"{name}, chosen")  # fmt: skip
    left.axhline(data["exact"]["ndcg@50"], color=ink.ITEM, ls="--")
    left.plot(data["exact"]["bytes"], data["exact"]["ndcg@50"], "s", color=ink.ITEM, ms=9,
              label="exact search")  # fmt: skip
    left.set(xlabel="bytes of the index", ylabel="NDCG@50")
    left.set_xlim(left=0)
    left.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    left.set_title("quality against bytes, one model")
    left.legend(loc="lower center", bbox_to_anchor=(0.58, 0.0), fontsize=8.5)
    names = ["HNSW", "IVF-PQ"]
    recalls = [data["chosen"][name]["recall"] for name in names]
    bars = right.barh(names, recalls, color=[ink.QUERY, ink.CODE], height=0.55)
    bars[1].set_hatch("//")
    bars[1].set_edgecolor(ink.CARD)
    right.axvline(1, color=ink.ITEM, ls="--")
    right.set_xlim(0, 1.05)
    right.invert_yaxis()
    right.set_title("share of the exact answer found")
    words = (
        "NDCG@50 against bytes for each measured setting of HNSW and IVF-PQ on one two-tower, with "
        f"exact search as a dashed line; beside it the recall of the chosen ones. {text}"
    )
    return figure, words


@picture
def storage_bars(sizes: dict[str, int], names: dict[str, str], text: str) -> tuple[Figure, str]:
    """Draw the bytes of matrix, table and lists on a logarithmic axis.

    Args:
        sizes: key -> bytes.
        names: key -> name of the bar.
        text: the same in words.
    """
    figure = Figure(figsize=(8.6, 2.3), layout="constrained")
    axes = figure.subplots()
    looks = {"matrix": (ink.ITEM, ""), "table": (ink.NEUTRAL, "xx"), "lists": (ink.CODE, "//")}
    for place, (key, size) in enumerate(sizes.items()):
        colour, hatch = looks.get(key, (ink.NEUTRAL, ""))
        axes.barh(place, size, left=1, color=colour, hatch=hatch, edgecolor=ink.CARD, height=0.7)
        axes.annotate(show_bytes(size), (max(size, 1), place), va="center",
                      xytext=(5, 0), textcoords="offset points")  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(100, 1e21)
    axes.set_yticks(range(len(sizes)), [names[key] for key in sizes])
    axes.invert_yaxis()
    axes.set_xticks([1e3, 1e6, 1e9, 1e12, 1e15, 1e18])
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    axes.set_title("bytes kept for serving (each grid step is a factor of 1000)")
    axes.grid(axis="x", color=ink.FAINT)
    axes.set_axisbelow(True)
    return figure, f"Three bars of bytes on a logarithmic axis. {text}"
