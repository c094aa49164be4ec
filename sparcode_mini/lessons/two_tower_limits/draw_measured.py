"""Pictures of the measured results of lesson 02: curves and bars."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, ScalarFormatter

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture

# Colour, marker and line of a model of the world of lists.
LOOKS: dict[str, tuple[str, str, str]] = {
    "two-tower, closed form": (ink.ITEM, "s", "-"),
    "two-tower, hinge": (ink.ITEM, "^", ":"),
    "all-to-all, penalty": (ink.SCORE, "o", "--"),
    "SparCode, penalty": (ink.CODE, "D", "-."),
}
# The curves of the screen, in the order of the legend.
CURVES: dict[str, dict[str, Any]] = {
    "two-tower + EASE, cut to rank D": {"color": ink.INK, "marker": "D", "ls": "-.", "ms": 5},
    "two-tower, cut to rank D": {"color": ink.ITEM, "marker": "s", "ls": "-"},
    "EASE, cut to rank D": {"color": ink.NEUTRAL, "marker": "o", "ls": "--", "mfc": "none"},
    "two-tower of width D throughout": {
        "color": ink.ITEM, "marker": "v", "ls": ":", "mec": ink.INK, "ms": 8,
    },
}  # fmt: skip


def _log2(axes: Axes, values: list[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(values)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.minorticks_off()


@picture
def world_curves(stored: dict[str, Any]) -> tuple[Figure, str]:
    """Draw R-precision against width and against served bytes, in the world of lists.

    Args:
        stored: the result of the study `fields`.
    """
    figure = Figure(figsize=(9.4, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    curves = {kind: _of_kind(left, right, stored["points"], kind) for kind in LOOKS}
    free = {point["width"]: point["r_precision"] for point in stored["free"]}
    left.plot(list(free), list(free.values()), "x:", color=ink.NEUTRAL, label="free vectors")
    for axes in (left, right):
        _levels(axes, stored["chance"])
    _log2(left, [4, 8, 16, 24, 32, 48])
    left.set_xlabel("width D: of the one vector, or of each of 3 tokens")
    left.set_title("quality against width")
    right.set_xscale("log")
    right.set_xticks([3e3, 10e3, 30e3])
    right.minorticks_off()
    right.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    right.set_xlabel("bytes served (item side, fp16); beside each mark its width")
    right.set_title("quality against served bytes")
    words = (
        "R-precision for unseen users (free vectors: for the users that they are fitted to). Left, "
        "against the width; a token model has three tokens of that width. Right, against served "
        f"bytes. Short bars show the two seeds. {_values({**curves, 'free vectors': free})}"
    )
    return figure, words


def _of_kind(left: Axes, right: Axes, points: list[dict[str, Any]], kind: str) -> dict[int, float]:
    """Draw one kind of model into both panels; return its mean over seeds at each width."""
    points = [point for point in points if point["kind"] == kind]
    groups: dict[int, list[dict[str, Any]]] = {}
    for point in points:
        groups.setdefault(point["width"], []).append(point)
    means = {w: float(np.mean([p["r_precision"] for p in g])) for w, g in groups.items()}
    colour, marker, line = LOOKS[kind]
    size = 11 if marker == "o" else 6.5  # all-to-all is seen around what lies on it
    style: Any = {"color": colour, "marker": marker, "ls": line, "ms": size, "label": kind}
    left.plot(list(means), list(means.values()), **style)
    for width, group in groups.items():
        qualities = [point["r_precision"] for point in group]
        left.plot([width] * 2, [min(qualities), max(qualities)], color=ink.INK, lw=2.2, zorder=1)
    if points[0]["bytes"] is not None:
        sizes = [float(np.mean([p["bytes"] for p in group])) for group in groups.values()]
        right.plot(sizes, list(means.values()), **style)
        if kind != "two-tower, hinge":  # its widths are those of the closed form
            _widths_beside(right, list(means), sizes, list(means.values()))
    return means


def _widths_beside(axes: Axes, widths: list[int], x: list[float], y: list[float]) -> None:
    for width, right, up in zip(widths, x, y, strict=True):
        axes.annotate(
            str(width), (right, up), xytext=(5, -11), textcoords="offset points", fontsize=8
        )


def _levels(axes: Axes, chance: float) -> None:
    """Mark the oracle and chance, and set what both panels share."""
    axes.axhline(1, color=ink.NEUTRAL, lw=1, ls="--")
    axes.axhline(chance, color=ink.NEUTRAL, lw=1, ls=":")
    axes.text(0.02, 1.01, "oracle", transform=axes.get_yaxis_transform(), va="bottom")
    axes.text(0.02, chance, "chance", transform=axes.get_yaxis_transform(), va="top")
    axes.set(ylim=(-0.03, 1.1), ylabel="R-precision, unseen users")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.14))  # above the line of chance


def _values(curves: dict[str, dict[int, float]]) -> str:
    """Return the value at each width in words, one sentence for each kind of model."""
    return " ".join(
        f"{kind}: " + ", ".join(f"width {w} {value:.3f}" for w, value in curve.items()) + "."
        for kind, curve in curves.items()
    )


@picture
def screen_curves(stored: dict[str, Any]) -> tuple[Figure, str]:
    """Draw NDCG@50 on MovieLens-100K against the rank of the scores of three models.

    Beside them, as a fourth curve, two-towers that are narrow as a whole.

    Args:
        stored: the result of the study `screen`.
    """
    figure = Figure(figsize=(8.6, 4.2), layout="constrained")
    axes = figure.subplots()
    curves = dict(zip(CURVES, _screened(stored), strict=True))
    for name, curve in curves.items():
        axes.plot(list(curve), list(curve.values()), label=name, **CURVES[name])
    whole = stored["two-tower"][-1]["test"]
    axes.axhline(whole, color=ink.ITEM, lw=1, ls="--")
    at = (0.01, whole)
    axes.text(*at, "whole two-tower", transform=axes.get_yaxis_transform(), va="bottom")
    most = stored["EASE"][-1]["rank"]
    _log2(axes, [1, 2, 4, 8, 16, 32, 64, 256, most])
    axes.set(xlabel="rank of the scores, without the item bias: D", ylabel="NDCG@50 (test)")
    axes.set_title("MovieLens-100K: how wide must the dot product be?")
    axes.legend(loc="lower right")
    names = {name: _values({name: curve}) for name, curve in curves.items()}
    return figure, "NDCG@50 against the rank of the scores. " + " ".join(names.values())


def _screened(stored: dict[str, Any]) -> list[dict[int, float]]:
    """Return rank -> test NDCG@50 of each of CURVES."""
    cut = [{r["rank"]: r["test"] for r in stored[key]} for key in ("joined", "two-tower", "EASE")]
    return [*cut, {r["width"]: r["test"] for r in stored["narrow"] if r["chosen"]}]


@picture
def two_errors(errors: dict[str, dict[str, tuple[float, ...]]]) -> tuple[Figure, str]:
    """Draw index error and model error on one axis, in points of NDCG@50.

    Args:
        errors: group ("index error", "model error") -> name -> difference of NDCG@50 to exact
            search with the two-tower, as a fraction, negative where quality is lost; where it is
            known also the two ends of its interval.
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
    axes.set_title("against exact search with the two-tower")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.16), ncols=2)
    labels = [f"{name} {_points(value[0])}{_interval(value[1:])}" for _, name, value in rows]
    words = (
        "Bars on one axis: points of NDCG@50 against exact search with the two-tower, negative "
        f"where quality is lost. Groups: {', '.join(errors)}. Points: {'; '.join(labels)}."
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
