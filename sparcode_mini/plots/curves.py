"""Curves: how a training went, how long the lists of an index are."""

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.training.recipe import Log

STAGES = {"linear": "linear path only", "soft": "quantiser on, leaky ReLU", "hard": "as served"}
STAGE_FILL = {"linear": "#F1EFE8", "soft": "#E4E2DA", "hard": "#FCFBF8"}


@picture
def training(log: Log) -> tuple[Figure, str]:
    """Draw loss and validation NDCG@50 per epoch, with the stages and the epoch that was kept.

    Args:
        log: what `fit` returned; without a validation part only the loss is drawn.

    Raises:
        ValueError: a log without epochs.
    """
    if not log.rows:
        raise ValueError("the log holds no epoch; train first: log = sm.fit(model, split)")
    validated = all("ndcg@50" in row for row in log.rows)
    figure = Figure(figsize=(9.4, 3.3), layout="constrained")
    axes = figure.subplots(1, 2 if validated else 1, squeeze=False)[0]
    _curve(axes[0], log, "loss", "loss (training)", ink.QUERY, "o")
    if validated:
        _curve(axes[1], log, "ndcg@50", "NDCG@50 (validation)", ink.SCORE, "s")
        axes[1].set_ylim(bottom=0)
    return figure, _training_words(log, validated)


def _curve(axes: Axes, log: Log, name: str, title: str, colour: str, marker: str) -> None:
    epochs, values = np.arange(1, len(log.rows) + 1), np.array(log.column(name), dtype=float)
    axes.plot(epochs, values, color=colour, marker=marker, markersize=4, linewidth=1.8, zorder=3)
    if log.best_epoch is not None:
        best = log.best_epoch
        axes.plot(best + 1, values[best], "o", ms=11, mfc="none", mec=ink.INK, mew=1.6, zorder=4)
        above = values[best] < (values.max() + values.min()) / 2
        axes.annotate(
            f"kept: epoch {best + 1}",
            (best + 1, values[best]),
            xytext=(0, 15 if above else -22),
            textcoords="offset points",
            ha="right" if best > len(log.rows) / 2 else "left",
        )
    axes.set_xlim(0.5, len(log.rows) + 0.5)
    low, high = values.min(), values.max()
    pad = max(high - low, 1e-9)
    axes.set_ylim(low - 0.2 * pad, high + 0.35 * pad)  # room for the names of the stages
    _stages(axes, log)
    axes.set_title(title)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _stages(axes: Axes, log: Log) -> None:
    """Paint the epochs of each stage in its shade, and write its name."""
    stages = log.column("stage")
    starts = [0, *[i for i in range(1, len(stages)) if stages[i] != stages[i - 1]], len(stages)]
    for first, last in pairwise(starts):
        stage = stages[first]
        axes.axvspan(first + 0.5, last + 0.5, color=STAGE_FILL.get(stage, "#FCFBF8"), zorder=0)
        if first:
            axes.axvline(first + 0.5, color=ink.NEUTRAL, linewidth=1, linestyle=":")
        axes.text(
            (first + last + 1) / 2,
            0.985,
            stage,
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="top",
            rotation=90 if (last - first) / len(stages) < 0.12 else 0,
            color=ink.INK,
            fontsize=9,
            fontstyle="italic",
        )


def _training_words(log: Log, validated: bool) -> str:
    counts = {stage: log.column("stage").count(stage) for stage in STAGES}
    spans = ", ".join(
        f"{stage} ({words}) {counts[stage]}" for stage, words in STAGES.items() if counts[stage]
    )
    loss = log.column("loss")
    way = "lower" if loss[-1] < loss[0] else "no lower"
    second = "; validation NDCG@50 beside it" if validated else ""
    kept = "; a ring marks the epoch that was kept" if log.best_epoch is not None else ""
    ends = f"it ends {way} than it began{second}"
    return f"Training loss over {len(loss)} epochs: {ends}. Epochs by stage: {spans}{kept}."


@picture
def density(index: SparseIndex, counts: bool = False) -> tuple[Figure, str]:
    """Draw the lengths of the lists of an index, longest first, beside the whole catalogue.

    Args:
        index: any index.
        counts: whether the description gives the numbers of lists and entries. Leave it off for an
            index from a float32 training, which may differ a little on another machine.
    """
    lengths = np.sort(np.diff(index.offsets))[::-1]  # (C,)
    stats: dict[str, Any] = index.stats()
    figure = Figure(figsize=(5.6, 2.9), layout="constrained")
    axes = figure.subplots()
    ranks = np.arange(1, len(lengths) + 1)
    axes.fill_between(ranks, lengths, step="mid", color=ink.CODE, alpha=0.25, linewidth=0)
    axes.step(ranks, lengths, where="mid", color=ink.CODE, linewidth=1.6)
    axes.axhline(index.n_items, color=ink.NEUTRAL, linestyle="--", linewidth=1.2)
    whole = f"a list with all {index.n_items:,} items"
    axes.text(len(lengths) + 0.5, index.n_items * 0.97, whole, ha="right", va="top", color=ink.INK)
    axes.set_xlim(0.5, len(lengths) + 0.5)
    axes.set_ylim(0, index.n_items * 1.04)
    axes.set_title(
        f"{stats['entries']:,} entries in {stats['lists']:,} lists: "
        f"{stats['density']:.0%} of all pairs"
    )
    axes.set_xlabel("lists, longest first")
    axes.set_ylabel("entries in the list")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    size = f" {stats['entries']:,} entries in {stats['lists']:,} lists." if counts else ""
    words = "Lengths of the index's lists, longest first; a dashed line marks the length of"
    return figure, f"{words} a list with all {index.n_items:,} items.{size}"
