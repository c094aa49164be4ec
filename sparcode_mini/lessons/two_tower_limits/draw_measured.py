"""Pictures of the measured results of lesson 02: dots, curves and bars."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, ScalarFormatter

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture

# The curves of the screen, in the order of the legend.
CURVES: dict[str, dict[str, Any]] = {
    "two-tower + EASE, cut to a width": {"color": ink.INK, "marker": "D", "mfc": "none", "ms": 9},
    "two-tower, cut to a width": {"color": ink.ITEM, "marker": "s", "ms": 5},
    "EASE, cut to a width": {"color": ink.NEUTRAL, "marker": "o", "mfc": "none"},
    "two-tower, narrow throughout": {
        "color": ink.ITEM, "marker": "v", "mec": ink.INK, "ms": 8,
    },
}  # fmt: skip


def _log2(axes: Axes, values: list[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(values)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.minorticks_off()


def _values(curves: dict[str, dict[int, float]]) -> str:
    """Return the value at each width in words, one sentence for each kind of model."""
    return " ".join(
        f"{kind}: " + ", ".join(f"width {w} {value:.3f}" for w, value in curve.items()) + "."
        for kind, curve in curves.items()
    )


@picture
def spectra(values: dict[str, np.ndarray]) -> tuple[Figure, str]:
    """Draw the singular values of some score matrices, each divided by its largest one.

    Args:
        values: name -> (n,) singular values, largest first.
    """
    figure = Figure(figsize=(8.2, 3.0), layout="constrained")
    axes = figure.subplots()
    looks = ((ink.NEUTRAL, "o", "none", 8), (ink.ITEM, "s", ink.ITEM, 4))
    sentences = []
    for (name, s), (colour, marker, fill, ms) in zip(values.items(), looks, strict=True):
        size = s / s[0]  # (n,)
        axes.plot(np.arange(1, len(s) + 1), size, marker, color=colour, mfc=fill, ms=ms, label=name)
        some = ", ".join(f"number {n} {size[n - 1]:.2f}" for n in (2, 4, 8, 12, 16, 32, 46))
        sentences.append(f"{name}: {some}.")
    axes.set_xlim(0, 65)
    axes.set(xlabel="number of the singular value", ylabel="size, the largest = 1")
    axes.set_title("how fast the singular values fall")
    axes.legend(loc="upper right")
    return figure, f"Singular values, the largest of each matrix is 1. {' '.join(sentences)}"


@picture
def screen_curves(stored: dict[str, Any]) -> tuple[Figure, str]:
    """Draw NDCG@50 on MovieLens-100K against the rank of the score matrices of three models.

    Only what was measured is drawn, so these are dots. Beside them two-towers that are narrow as a
    whole.

    Args:
        stored: the result of the study `screen`.
    """
    figure = Figure(figsize=(8.6, 4.2), layout="constrained")
    axes = figure.subplots()
    curves = dict(zip(CURVES, _screened(stored), strict=True))
    for name, curve in curves.items():
        axes.plot(list(curve), list(curve.values()), ls="", label=name, **CURVES[name])
    whole = stored["two-tower"][-1]["test"]
    axes.axhline(whole, color=ink.ITEM, lw=1, ls="--")
    at = (0.01, whole)
    axes.text(*at, "whole two-tower", transform=axes.get_yaxis_transform(), va="bottom")
    axes.grid(axis="y", color=ink.FAINT)
    axes.set_axisbelow(True)
    most = stored["EASE"][-1]["rank"]
    _log2(axes, [1, 2, 4, 8, 16, 32, 64, 256, most])
    axes.set(xlabel="rank of the scores (without the bias) = width", ylabel="NDCG@50 (test)")
    axes.set_title("MovieLens-100K: how wide must the dot product be?")
    axes.legend(loc="lower right")
    names = {name: _values({name: curve}) for name, curve in curves.items()}
    return figure, "NDCG@50 against the rank of the score matrix. " + " ".join(names.values())


def _screened(stored: dict[str, Any]) -> list[dict[int, float]]:
    """Return rank -> test NDCG@50 of each of CURVES."""
    cut = [{r["rank"]: r["test"] for r in stored[key]} for key in ("joined", "two-tower", "EASE")]
    return [*cut, {r["width"]: r["test"] for r in stored["narrow"] if r["chosen"]}]


@picture
def two_errors(errors: dict[str, dict[str, tuple[float, ...]]]) -> tuple[Figure, str]:
    """Draw index error and model error on one axis, in points of NDCG@50.

    Args:
        errors: group ("index error", "model error") -> name -> difference of NDCG@50 to exact
            search with the same two-tower, or of a model to the two-tower, as a fraction, negative
            where quality is lost; where it is known also the two ends of its interval.
    """
    rows = [(group, name, value) for group, bars in errors.items() for name, value in bars.items()]
    figure = Figure(figsize=(8.6, 0.36 * len(rows) + 1.7), layout="constrained")
    axes = figure.subplots()
    for place, (group, _, value) in enumerate(rows):
        _bar(axes, place, value, group, first=group not in [row[0] for row in rows[:place]])
    axes.axvline(0, color=ink.INK, lw=1)
    axes.set_yticks(range(len(rows)), [name for _, name, _ in rows])
    axes.invert_yaxis()
    values = [0.0, *[100 * number for _, _, value in rows for number in value]]
    axes.set_xlim(min(values) - 1.2, max(values) + 1.2)
    axes.grid(axis="x", color=ink.FAINT)
    axes.set_axisbelow(True)
    axes.set_xlabel("points of NDCG@50 (100 points = 1): worse to the left, better to the right")
    axes.set_title("index error: against exact search, model error: against the two-tower")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.16), ncols=2)
    labels = [f"{name} {_points(value[0])}{_interval(value[1:])}" for _, name, value in rows]
    words = (
        "Bars on one axis: points of NDCG@50, negative where quality is lost: an index against "
        "exact search with the same two-tower, a model against the two-tower. Groups: "
        f"{', '.join(errors)}. Points: {'; '.join(labels)}."
    )
    return figure, words


def _bar(axes: Axes, place: int, value: tuple[float, ...], group: str, first: bool) -> None:
    """Draw one bar with its number, and its interval if that is known."""
    middle, *ends = value
    looks = {"index error": (ink.QUERY, ""), "model error": (ink.SCORE, "//")}
    colour, hatch = looks.get(group, (ink.NEUTRAL, ""))
    axes.barh(place, 100 * middle, color=colour, hatch=hatch, edgecolor=ink.CARD, height=0.72,
              label=group if first else None)  # fmt: skip
    if ends:
        axes.plot([100 * end for end in ends], [place] * 2, color=ink.INK, lw=2)
    beside = round(100 * middle, 1) >= 0  # right of zero, also where nothing is lost
    edge = max(*value, 0.0) if beside else min(*value, 0.0)
    axes.annotate(_points(middle), (100 * edge, place), va="center",
                  ha="left" if beside else "right", xytext=(4 if beside else -4, 0),
                  textcoords="offset points")  # fmt: skip


def _points(value: float) -> str:
    """Return a difference of NDCG@50 in points, with its sign; zero has no sign."""
    points = round(100 * value, 1)
    return f"{points:+.1f}" if points else "0.0"


def _interval(ends: tuple[float, ...]) -> str:
    return f" ({_points(ends[0])} to {_points(ends[1])})" if ends else ""


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
    left.legend(loc="lower center", bbox_to_anchor=(0.5, 0.0), fontsize=8.5)
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
def storage_dots(sizes: dict[str, int], names: dict[str, str], text: str) -> tuple[Figure, str]:
    """Draw the bytes of matrix, table and lists on a logarithmic axis.

    Args:
        sizes: key -> bytes.
        names: key -> name of the row.
        text: the same in words.
    """
    figure = Figure(figsize=(8.6, 2.3), layout="constrained")
    axes = figure.subplots()
    looks = {"matrix": (ink.ITEM, "s"), "table": (ink.NEUTRAL, "X"), "lists": (ink.CODE, "D")}
    for place, (key, size) in enumerate(sizes.items()):
        colour, marker = looks.get(key, (ink.NEUTRAL, "o"))
        axes.plot(max(size, 1), place, marker, color=colour, ms=10, mec=ink.INK)
        axes.annotate(show_bytes(size), (max(size, 1), place), va="center",
                      xytext=(10, 0), textcoords="offset points")  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(100, 1e21)
    axes.set_ylim(-0.6, len(sizes) - 0.4)
    axes.set_yticks(range(len(sizes)), [names[key] for key in sizes])
    axes.invert_yaxis()
    axes.set_xticks([1e3, 1e6, 1e9, 1e12, 1e15, 1e18])
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    axes.set_title("bytes kept on the item side (each grid step is a factor of 1000)")
    axes.grid(axis="both", color=ink.FAINT)
    axes.set_axisbelow(True)
    return figure, f"Three numbers of bytes on a logarithmic axis. {text}"
