"""Pictures of lesson 10: the effect of each switch, and its gain."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.lessons.beyond_the_paper.effects import Effect
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.studies.beyond import SparseTarget

LINES = ("-", "--", "-.", ":")
COLOURS = (ink.SCORE, ink.CODE, ink.QUERY, ink.ITEM)
MARKS = ("o", "s", "D", "^")


@picture
def along_a_line(
    places: np.ndarray, words: np.ndarray, scores: dict[str, np.ndarray]
) -> tuple[Figure, str]:
    """Draw the score of one item while a token moves past the codewords.

    Args:
        places: places of the token, on a line.
        words: places of the codewords.
        scores: label -> score at each place; at most four.
    """
    figure = Figure(figsize=(9.4, 3.0), layout="constrained")
    axes = figure.subplots()
    notes = []
    for (name, values), line, colour in zip(scores.items(), LINES, COLOURS, strict=False):
        axes.plot(places, values, line, color=colour, lw=2, label=name)
        notes.append(f"{name}: largest step {np.abs(np.diff(values)).max():.3f}")
    bottom = min(float(v.min()) for v in scores.values())
    axes.plot(words, [bottom - 0.1] * len(words), "^", color=ink.CODE, mec=ink.INK, ms=8)
    axes.set_title("what an item gets from a token between its codewords (triangles)")
    axes.set(xlabel="place of the token", ylabel="score")
    axes.legend(loc="upper right")
    return figure, (
        f"The score of one item against the place of the token, {len(words)} codewords marked by "
        f"triangles. {'; '.join(notes)}."
    )


@picture
def usage(shares: dict[str, np.ndarray]) -> tuple[Figure, str]:
    """Draw how often each codeword is chosen, most used first, a panel for each assignment.

    Args:
        shares: label -> share of the tokens on each codeword.
    """
    figure = Figure(figsize=(9.4, 2.6), layout="constrained")
    notes = []
    panels = figure.subplots(1, len(shares), sharey=True, squeeze=False)[0]
    for axes, (name, share) in zip(panels, shares.items(), strict=True):
        ordered = np.sort(share)[::-1]
        axes.bar(range(len(share)), ordered, color=ink.CODE)
        dead = np.flatnonzero(ordered == 0)
        if len(dead):  # without one, an empty line would spoil the layout
            axes.plot(dead, np.zeros(len(dead)), "x", color=ink.INK, ms=7, clip_on=False)
        axes.axhline(1 / len(share), color=ink.INK, ls="--", lw=1)
        axes.set_title(name)
        axes.set_xlabel("codeword, most used first")
        axes.yaxis.set_major_formatter("{x:.0%}")
        notes.append(f"{name}: {share.max():.1%} to {share.min():.1%}, {len(dead)} never chosen")
    panels[0].set_ylabel("share of the tokens")
    return figure, (
        f"Bars: share of the tokens on each of {len(share)} codewords, the mean as a dashed line, "
        "a cross for a codeword that is never chosen. "
        f"From most to least used, {'; '.join(notes)}."
    )


@picture
def gains(panels: dict[str, Sequence[Effect]], base: str) -> tuple[Figure, str]:
    """Draw the gain of each switch over the base, one panel for each way of serving.

    Args:
        panels: title -> result of `effects.effects`, the same switches in each.
        base: name of the base, which is left out.
    """
    first = [effect for effect in next(iter(panels.values())) if effect.name != base]
    figure = Figure(figsize=(9.4, 0.3 * len(first) + 1.3), layout="constrained")
    notes = []
    all_axes = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (title, effects) in zip(all_axes, panels.items(), strict=True):
        _gains(axes, [effect for effect in effects if effect.name != base])
        axes.set_title(title)
        sure = [f"{e.name} {100 * e.gain['difference']:+.2f}" for e in effects if e.sure]
        notes.append(f"{title}: {', '.join(sure) if sure else 'none'}")
    all_axes[0].set_yticks(range(len(first)), [effect.name for effect in first])
    all_axes[0].set_ylim(len(first) - 0.5, -0.5)
    for fill, label in ((ink.SCORE, "holds (Holm's p below 0.05)"), ("white", "may be chance")):
        all_axes[0].plot([], [], "o", mfc=fill, mec=ink.SCORE, ms=6, label=label)
    figure.legend(loc="outside lower center", ncols=2)
    return figure, (
        f"Points of NDCG@50 that each switch adds to the {base}, with the 95% interval over people "
        f"and seeds; filled dots hold after Holm's correction. These hold: {'. '.join(notes)}."
    )


FAR = -11.0  # points; an interval that goes on beyond ends in an arrow and its number


def _gains(axes: Axes, effects: Sequence[Effect]) -> None:
    axes.axvline(0, color=ink.NEUTRAL, ls="--", lw=1)
    for place, effect in enumerate(effects):
        low, gain, high = (100 * effect.gain[key] for key in ("low", "difference", "high"))
        axes.plot([max(low, FAR), high], [place, place], color=ink.SCORE, lw=1.4, zorder=2)
        if low < FAR:
            axes.plot(FAR, place, "<", color=ink.SCORE, ms=6)
            axes.annotate(f"to {low:.1f}", (FAR, place), xytext=(4, 5), textcoords="offset points")
        fill: Any = ink.SCORE if effect.sure else "white"
        axes.plot(gain, place, "o", mfc=fill, mec=ink.SCORE, ms=6, zorder=3)
    axes.set_xlabel("points of NDCG@50 over the base")
    axes.grid(axis="x")


NAMED = 0.3  # whole lists below this density are named
LINE = 0.05  # of the height: from one name to the next


@picture
def densities(
    ways: dict[str, Sequence[Effect]], target: SparseTarget, limit: float, loss: float
) -> tuple[Figure, str]:
    """Draw quality against density of every switch in every way of serving, and the target.

    Args:
        ways: label -> result of `effects.effects`; at most four.
        target: the result of `studies.beyond.sparse_target`.
        limit: highest density of the target.
        loss: share of the dense index's NDCG@50 that may be lost.
    """
    figure = Figure(figsize=(9.4, 3.8), layout="constrained")
    axes = figure.subplots()
    names: list[Effect] = []
    for (label, effects), mark, colour in zip(ways.items(), MARKS, COLOURS, strict=False):
        x, y = zip(*((e.density, float(np.mean(e.ndcg))) for e in effects), strict=True)
        axes.plot(x, y, mark, color=colour, label=label, ms=6, alpha=0.7)
        if np.ptp(x) > limit:  # lists that were not cut to one size
            names += [e for e in effects if e.density < NAMED]
    names.sort(key=lambda effect: float(np.mean(effect.ndcg)))
    gap, place = LINE * float(np.ptp(axes.get_ylim())), -np.inf
    for effect in names:  # from below; a name moves up where it would cover the one before
        at = effect.density, float(np.mean(effect.ndcg))
        place = max(at[1], place + gap)
        axes.annotate(effect.name, at, (at[0] * 1.04, place), va="center", fontsize=8)
    dense = float(np.mean(target.dense))
    low, sparse = (1 - loss) * dense, float(np.mean(target.sparse))
    axes.axhline(low, color=ink.NEUTRAL, ls="--", lw=1)
    axes.axvline(limit, color=ink.NEUTRAL, ls="--", lw=1)
    axes.plot(target.density, sparse, "*", color=ink.INK, mfc="none", ms=17, mew=1.5,
              label="chosen on validation")  # fmt: skip
    axes.set(xscale="log", xlabel="density (log)", ylabel="NDCG@50, 4 probes")
    axes.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5], ["2%", "5%", "10%", "20%", "50%"])
    axes.minorticks_off()
    axes.set_title("lists of every switch; the target is left of and above the dashed lines")
    axes.legend(loc="lower right")
    return figure, (
        f"NDCG@50 with 4 probes against density for {', '.join(ways)}. The target is a density of "
        f"at most {limit:.0%} with at least {low:.4f}, which is {loss:.0%} below the dense base. "
        f"The star is what validation chose: {target.name}, {target.way}, density "
        f"{target.density:.1%}, {sparse:.4f}."
    )


@picture
def growth(sizes: np.ndarray, lines: dict[str, np.ndarray], title: str) -> tuple[Figure, str]:
    """Draw the bytes of the item side against the size of the catalogue.

    Args:
        sizes: numbers of items.
        lines: label -> bytes for each size; at most four.
        title: title of the picture.
    """
    figure = Figure(figsize=(9.4, 3.2), layout="constrained")
    axes = figure.subplots()
    notes = []
    for (name, values), line, colour in zip(lines.items(), LINES, COLOURS, strict=False):
        axes.loglog(sizes, values, line, color=colour, lw=2, label=name)
        notes.append(f"{name} {show_bytes(values[0])} to {show_bytes(values[-1])}")
    axes.set(xlabel="items of the catalogue", ylabel="bytes")
    axes.set_title(title)
    axes.grid(True)
    axes.legend()
    return figure, (
        f"{title}. Bytes against items, both axes logarithmic, from {sizes[0]:,.0f} to "
        f"{sizes[-1]:,.0f} items: {'; '.join(notes)}."
    )
