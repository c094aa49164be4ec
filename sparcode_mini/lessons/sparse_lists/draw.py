"""Pictures of lesson 07: lists, the cost of shorter lists, and quality at equal bytes."""

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
from sparcode_mini.studies.front import GRAPH, ItemStorage, front_of, settings

# way of cutting -> colour, plotly symbol
MARKS = {
    "best-n": (ink.SCORE, "circle"),
    "threshold": (ink.CODE, "square-open"),
    "bias": (ink.NEUTRAL, "diamond-open"),
}
MARKERS = {"circle": ("o", 6), "square-open": ("s", 9), "diamond-open": ("D", 9)}


@picture
def index_by_hand(S: np.ndarray, index: SparseIndex, films: Sequence[str]) -> tuple[Figure, str]:
    """Draw the scores before the ReLU as a table, and the lists that the index stores of them.

    Args:
        S: (codes, I) scores with the bias already added.
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
    for name, (colour, symbol) in MARKS.items():
        dots, (marker, size) = data["curves"][name], MARKERS[symbol]
        face = "none" if symbol.endswith("open") else colour
        axes.plot(dots["entries"], dots["ndcg"], marker, ms=size, mfc=face, mec=colour, mew=1.6,
                  ls="", label=name)  # fmt: skip
    for name, label, marker, size in (
        ("chosen", "chosen", "*", 23), ("whole", "nothing cut", "o", 17)
    ):  # fmt: skip
        point = data[name]
        axes.plot(point["entries"], point["ndcg@50"], marker, ms=size, mfc="none", mec=ink.INK,
                  mew=1.4, ls="", label=label)  # fmt: skip
    axes.set(xlabel="entries kept", ylabel="NDCG@50")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_title("quality against entries, mean of the seeds")
    axes.grid(axis="y", color=ink.FAINT)
    axes.legend(loc="lower right", labelspacing=1.1, borderpad=0.8)
    values = "; ".join(
        ", ".join([name, *map("{:,.0f} entries {:.3f}".format, *data["curves"][name].values())])
        for name in MARKS
    )
    words = (
        "NDCG@50 against the entries kept, dots for each way of cutting: "
        f"{values}. A star marks the chosen setting, a ring nothing cut. {text}"
    )
    return figure, words


# --- quality at equal bytes -------------------------------------------------------------------

TICKS = (2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6)  # bytes
LEFT = 4  # the side that begins later begins at this many times the left edge
SHOWN = 0.08  # NDCG@50 from the best setting down to the lower edge


@picture
def front(stored: dict[str, Any]) -> tuple[Figure, str]:
    """Draw every setting of the two-tower and of the lists, and what validation chooses of each.

    Args:
        stored: the result of `studies.front`.
    """
    figure = Figure(figsize=(8.8, 4.6), layout="constrained")
    axes = figure.subplots()
    matrix, lists, total = (
        settings(stored, *way) for way in (("matrix",), ("lists",), ("lists", "total bytes"))
    )
    (graph,) = [s for s in matrix if s.name == GRAPH]
    for candidates, colour in ((matrix, ink.ITEM), (lists, ink.SCORE)):
        axes.plot([s.item_bytes for s in candidates], [s.ndcg for s in candidates], ".",
                  color=colour, ms=4, alpha=0.35)  # fmt: skip
    right = 1.4 * max(s.item_bytes for s in (*matrix, *total))
    _steps(axes, matrix, right, {"color": ink.ITEM, "marker": "s", "label": "two-tower: matrix"})
    _steps(axes, lists, right, {"color": ink.SCORE, "marker": "o", "label": "SparCode: lists"})
    dashed = {"color": ink.SCORE, "ls": "--", "lw": 1, "marker": "o", "mfc": ink.CARD}
    _steps(axes, total, right, {**dashed, "label": "the same with its codebook"})
    axes.plot(graph.item_bytes, graph.ndcg, "P", color=ink.ITEM, mec=ink.INK, ms=10, ls="",
              label="two-tower: HNSW graph")  # fmt: skip
    axes.plot([], [], ".", color=ink.NEUTRAL, label="any other setting, in its side's colour")
    axes.set_xscale("log")
    least = max(min(s.item_bytes for s in candidates) for candidates in (matrix, lists))
    axes.set_xticks(TICKS, [show_bytes(tick) for tick in TICKS])
    axes.minorticks_off()
    axes.set_xlim(least / LEFT, right)
    best = max(s.ndcg for s in (*matrix, *lists))
    axes.set_ylim(best - SHOWN, best + 0.004)
    axes.set(xlabel="bytes of the item side", ylabel="NDCG@50 (test)")
    axes.set_title("quality at equal bytes: what validation chooses on each side")
    axes.grid(color=ink.FAINT)
    axes.legend(loc="lower right")
    return figure, _front_words(stored, graph)


def _steps(
    axes: Axes, candidates: Sequence[ItemStorage], right: float, style: dict[str, Any]
) -> None:
    """Draw a front: until the next setting fits, there is nothing better than the last one."""
    best = front_of(candidates)
    sizes, ndcg = [s.item_bytes for s in best], [s.ndcg for s in best]
    line = {key: value for key, value in style.items() if key in ("color", "ls", "lw")}
    marks = {key: value for key, value in style.items() if key not in ("ls", "lw")}
    axes.step([*sizes, right], [*ndcg, ndcg[-1]], where="post", **line)
    axes.plot(sizes, ndcg, ms=5, ls="", **{key: v for key, v in marks.items() if key != "label"})
    axes.plot([], [], ms=5, **style)


def _front_words(stored: dict[str, Any], graph: ItemStorage) -> str:
    rows = "; ".join(
        f"{show_bytes(row['budget'])}: matrix {row['matrix ndcg@50']:.3f}, lists "
        f"{row['lists ndcg@50']:.3f}"
        for row in stored["compared"]
    )
    return (
        "NDCG@50 against bytes of the item side, a dot for every setting. A line with steps for "
        "what validation chooses of the two-tower's matrix, one for the lists, and a dashed one "
        f"for the lists with their codebook. Within {rows}. A cross marks the two-tower as an HNSW "
        f"graph: {graph.ndcg:.3f} at {show_bytes(graph.item_bytes)}."
    )
