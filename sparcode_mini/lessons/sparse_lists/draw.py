"""Pictures of lesson 06: lists, the cost of shorter lists, and ways to serve side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.plots.titles import shorten
from sparcode_mini.serving.side_by_side import Way
from sparcode_mini.studies.front import Setting, front_of

# way of cutting -> colour, plotly symbol, plotly dash
MARKS = {
    "best-n": (ink.SCORE, "circle", "solid"),
    "threshold": (ink.CODE, "square", "dash"),
    "bias": (ink.NEUTRAL, "diamond", "dot"),
}
MARKERS = {"circle": "o", "square": "s", "diamond": "D"}
LINES = {"solid": "-", "dash": "--", "dot": ":"}


@picture
def index_by_hand(S: np.ndarray, index: SparseIndex, films: Sequence[str]) -> tuple[Figure, str]:
    """Draw the scores before the ReLU as a table, and the lists that the index stores of them.

    Args:
        S: (C, I) scores with the bias already added.
        index: the index with their lists.
        films: I short names of films.
    """
    figure = Figure(figsize=(9.2, 0.62 * len(S) + 1.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.25])
    _table(left, S, films)
    for row, code in enumerate(index.codes.tolist()):
        items, values = index.posting_list(code)
        right.text(0, row, f"code {code[0]}", color=ink.CODE, weight="bold", va="center")
        for place, (item, value) in enumerate(zip(items.tolist(), values.tolist(), strict=True)):
            x = 0.95 + 1.25 * place
            box = {"boxstyle": "round,pad=0.35", "fc": ink.CARD, "ec": ink.SCORE, "lw": 1.6}
            right.text(x, row, f"{films[item]}  {value:g}", bbox=box, va="center")
        if not len(items):
            right.text(0.95, row, "(empty list)", style="italic", va="center")
    right.set_xlim(-0.1, 0.95 + 1.25 * max(np.diff(index.offsets).max(), 2))
    right.set_ylim(len(S) - 0.5, -0.5)
    right.axis("off")
    right.set_title("stored: one list per code, largest score first")
    notes = [
        f"code {code[0]}: "
        + (", ".join(f"{films[i]} {v:g}" for i, v in zip(*index.posting_list(code), strict=True))
           or "empty")
        for code in index.codes.tolist()
    ]  # fmt: skip
    words = (
        f"Left, the scores of {len(S)} codes against {S.shape[1]} films, the positive ones in bold "
        f"on green. Right, what the index stores of them. {'; '.join(notes)}."
    )
    return figure, words


def _table(axes: Axes, S: np.ndarray, films: Sequence[str]) -> None:
    axes.imshow(S > 0, cmap=ListedColormap([ink.CARD, "#BCE5D2"]), vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(S):
        weight = "bold" if value > 0 else "normal"
        axes.text(column, row, f"{value:g}", ha="center", va="center", weight=weight)
    axes.set_xticks(range(S.shape[1]), films)
    axes.set_yticks(range(len(S)), [f"code {row}" for row in range(len(S))])
    axes.tick_params(length=0)
    axes.set_title("S + b, before the ReLU")


@picture
def list_still(data: dict[str, Any], text: str) -> tuple[Figure, str]:
    """Draw quality against entries for the three ways of cutting, and the chosen setting.

    Args:
        data: the result of `widget_list_sizes.list_data`.
        text: the same in words.
    """
    figure = Figure(figsize=(7.6, 3.7), layout="constrained")
    axes = figure.subplots()
    for name, (colour, symbol, dash) in MARKS.items():
        curve = data["curves"][name]
        style: Any = {"color": colour, "marker": MARKERS[symbol], "ls": LINES[dash], "ms": 6}
        axes.plot(curve["entries"], curve["ndcg"], label=name, **style)
    for name, marker, size in (("chosen", "*", 19), ("whole", "o", 15)):
        point = data[name]
        face = ink.INK if name == "chosen" else "none"
        axes.plot(point["entries"], point["ndcg@50"], marker, ms=size, mfc=face, mec=ink.INK, ls="",
                  label="chosen" if name == "chosen" else "nothing cut")  # fmt: skip
    axes.set(xlabel="entries kept", ylabel="NDCG@50")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_title("quality against entries, one trained model")
    axes.grid(axis="y", color=ink.FAINT)
    axes.legend(loc="lower right")
    words = (
        "NDCG@50 against the entries kept, a curve for each way of cutting: "
        f"{', '.join(MARKS)}; a star marks the chosen setting, a ring nothing cut. {text}"
    )
    return figure, words


# --- what a byte buys -------------------------------------------------------------------------


@picture
def front(
    towers: Sequence[Setting], lists: Sequence[Setting], precision: str
) -> tuple[Figure, str]:
    """Draw two-towers and lists on the same axes: every setting, and the front of each side.

    Args:
        towers: `studies.front.settings` of the two-towers.
        lists: the same of SparCode's lists.
        precision: precision of every stored number.
    """
    figure = Figure(figsize=(8.8, 4.3), layout="constrained")
    axes = figure.subplots()
    sides = {"two-tower": (towers, ink.ITEM, "s", "-"), "lists": (lists, ink.SCORE, "o", "--")}
    for name, (settings, colour, marker, line) in sides.items():
        axes.plot([s.item_bytes for s in settings], [s.ndcg for s in settings], marker,
                  color=colour, ms=5, mfc="none", alpha=0.7)  # fmt: skip
        best = front_of(settings)
        style: Any = {"color": colour, "marker": marker, "ms": 7, "ls": line, "capsize": 3}
        size, ndcg, half = zip(*[(s.item_bytes, s.ndcg, s.half) for s in best], strict=True)
        axes.errorbar(size, ndcg, half, label=name, **style)
    axes.plot([], [], "o", color=ink.NEUTRAL, mfc="none", label="a setting off the front")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.set(xlabel=f"bytes of the item side, {precision}", ylabel="NDCG@50 (test)")
    axes.set_title("what a byte buys")
    axes.grid(color=ink.FAINT)
    axes.legend(loc="lower right")
    fronts = "; ".join(
        f"{name} "
        + ", ".join(f"{s.ndcg:.3f} at {show_bytes(s.item_bytes)}" for s in front_of(settings))
        for name, (settings, *_) in sides.items()
    )
    words = (
        f"NDCG@50 against bytes of the item side at {precision}: {len(towers)} settings of "
        f"two-towers and {len(lists)} of SparCode's lists, with the front of the best of each side "
        f"as a line. Bars span the three seeds. The fronts: {fronts}."
    )
    return figure, words


# --- ways to serve ----------------------------------------------------------------------------


@picture
def serving(ways: Sequence[Way]) -> tuple[Figure, str]:
    """Draw quality, bytes and the two parts of the time of one query, a row for each way.

    Args:
        ways: results of `side_by_side.tower_ways` and `side_by_side.list_ways`.
    """
    figure = Figure(figsize=(9.6, 0.36 * len(ways) + 1.5), layout="constrained")
    quality, size, latency = figure.subplots(1, 3, sharey=True)
    places, names = np.arange(len(ways)), [shorten(way.name, 34) for way in ways]
    colours = [ink.ITEM if way.name.startswith("two-tower") else ink.SCORE for way in ways]
    quality.barh(places, [way.ndcg for way in ways], color=colours, height=0.7)
    size.barh(places, [way.item_bytes for way in ways], color=colours, height=0.7)
    encode = np.array([way.encode_us for way in ways])
    search = np.array([way.search_us for way in ways])
    latency.barh(places, encode, color=ink.QUERY, height=0.7, label="encode the query")
    latency.barh(
        places,
        search,
        left=encode,
        color=ink.CODE,
        hatch="//",
        edgecolor=ink.CARD,
        height=0.7,
        label="search",
    )
    for place, way in enumerate(ways):
        quality.text(0.004, place, f"{way.ndcg:.3f}", va="center", color=ink.CARD, weight="bold")
        size.text(0, place, f" {show_bytes(way.item_bytes)}", va="center", color=ink.INK)
    quality.set_yticks(places, names)
    quality.invert_yaxis()
    quality.set_title("NDCG@50")
    size.set_title("bytes, item side")
    size.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    size.tick_params(axis="x", rotation=30)
    latency.set_title("µs for one query")
    latency.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    words = (
        "Three columns of bars: NDCG@50, bytes of the item side in float32, and microseconds of "
        "one query in two parts, encoding and search. Rows: "
        f"{', '.join(way.name for way in ways)}."
    )
    return figure, words
