"""Pictures of lesson 06: one token meets one item, the bias, toy trainings, the ladder."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator
from torch import Tensor

from sparcode_mini.lessons.all_to_all_scoring.draw_gradient_flow import flow
from sparcode_mini.lessons.all_to_all_scoring.draw_world import world_points
from sparcode_mini.lessons.all_to_all_scoring.one_pair import Meeting
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture, white_to
from sparcode_mini.plots.shapes import WHITE, arrow, bar, sheet, words
from sparcode_mini.plots.titles import shorten
from sparcode_mini.worlds.likes import Watched

__all__ = [
    "bias_still",
    "dots",
    "flow",
    "histogram",
    "meeting",
    "toy_runs",
    "world_points",
]

FEW = 4  # longest vector whose numbers are written out; a longer one is drawn as bars
LEFT, WIDE = 150, 560  # where vectors begin, how wide they may get
SECOND = 424  # where the labels of products begin, beside vectors of few numbers


# --- one token, one film ------------------------------------------------------------------------


@picture
def meeting(m: Meeting, names: Sequence[str], title: str) -> tuple[Figure, str]:
    """Draw the numbers from T~ and the tokens of an item to the entry of a list.

    Of long vectors only the first item token and its products are drawn.

    Args:
        m: the result of `one_pair.meet`.
        names: the fields of the item tokens ("id", "year", ...).
        title: the names of token and film.
    """
    K_c, row, short = len(m.item), 40, len(m.token) <= FEW
    lines = _few_numbers(m, names) if short else _bars(m, names)
    figure, axes = sheet(LEFT + WIDE + 84, 106 + (lines[-1][2] + 1) * row)
    words(axes, (16, 22), title, 11, weight="bold")
    for label, x, place, values, colour in lines:
        y = 48 + place * row
        words(axes, (x, y + 14), label)
        _vector(axes, (LEFT if x < SECOND else SECOND + 96, y), values, colour)
    bottom = 48 + (lines[-1][2] + 1) * row + 22
    for place, (x, text) in enumerate(zip((16, 180, 338, 500, 612), _sums(m), strict=True)):
        words(axes, (x, bottom), text, 10.5, weight="bold" if place > 2 else None)
        if place:
            arrow(axes, (x - 30, bottom), (x - 8, bottom))
    every = f" {_spoken(lines)}" if short else f" Of the {K_c} only {names[0]} is drawn."
    return figure, (
        f"{title}: a token of width {len(m.token)} is multiplied with each of the {K_c} tokens of "
        f"the item ({', '.join(names)}); {int((m.hidden > 0).sum())} of {len(m.hidden)} hidden "
        f"units are on.{every} Dot product {m.linear:.4f}, network {m.network:.4f}, item bias "
        f"{m.item_bias:.4f}: S = {m.S:.4f}; the entry of the list is {m.entry:.4f}."
    )


Line = tuple[str, int, int, Tensor, str]  # label, x, row, values, colour


def _spoken(lines: Sequence[Line]) -> str:
    """Return all numbers in words."""
    return (
        "; ".join(
            f"{label}: {', '.join(f'{value + 0.0:.3g}' for value in values.tolist())}"
            for label, _, _, values, _ in lines
        )
        + "."
    )


def _few_numbers(m: Meeting, names: Sequence[str]) -> list[Line]:
    """Place all vectors: each item token, and its products beside it."""
    lines = [("T~ (token)", 16, 0, m.token, ink.CODE)]
    for row, (name, item, products) in enumerate(zip(names, m.item, m.products, strict=True), 1):
        lines.append((f"T {name}", 16, row, item, ink.ITEM))
        times = f"T~ \N{MULTIPLICATION SIGN} T {name}"
        lines.append((times, SECOND, row, products, ink.SCORE))
    return [*lines, (f"{len(m.hidden)} hidden units", 16, len(m.item) + 1, m.hidden, ink.QUERY)]


def _bars(m: Meeting, names: Sequence[str]) -> list[Line]:
    """Place the token, one item token, their products, and the hidden units."""
    times = f"T~ \N{MULTIPLICATION SIGN} T {names[0]}"
    return [
        ("T~ (token)", 16, 0, m.token, ink.CODE),
        (f"T {names[0]}", 16, 1, m.item[0], ink.ITEM),
        (times, 16, 2, m.products[0], ink.SCORE),
        (f"{len(m.hidden)} hidden units", 16, 3, m.hidden, ink.QUERY),
    ]


def _sums(m: Meeting) -> list[str]:
    return [
        f"dot product {m.linear:.3f}",
        f"+ network {m.network:.3f}",
        f"+ item bias {m.item_bias:.3f}",
        f"S = {m.S:.3f}",
        f"ReLU(S + b) = {m.entry:.3f}",
    ]


def _vector(axes: Axes, corner: tuple[int, int], values: Tensor, colour: str) -> None:
    """Draw a vector: a few numbers in boxes, many as bars above and below a line."""
    x, y = corner
    numbers = values.tolist()
    if len(numbers) <= FEW:
        for place, value in enumerate(numbers):
            at = (x + place * 66, y)
            bar(axes, at, (62, 28), WHITE)
            bar(axes, at, (62, 28), colour, alpha=0.16, edgecolor=colour, linewidth=1.0)
            words(axes, (at[0] + 31, y + 14), f"{value + 0.0:.3g}", 9.5, ha="center")
        return
    step, most = WIDE / len(numbers), max(map(abs, numbers)) or 1.0
    axes.plot([x, x + WIDE], [y + 14, y + 14], color=ink.NEUTRAL, linewidth=0.7)
    for place, value in enumerate(numbers):
        tall = 15 * abs(value) / most
        top = y + 14 - (tall if value > 0 else 0)
        bar(axes, (x + place * step, top), (0.8 * step, tall), colour)
    words(axes, (x + WIDE + 8, y + 14), f"\N{PLUS-MINUS SIGN}{most:.2f}", 8, color=ink.NEUTRAL)


MOST = 2.0  # entry with the full colour

# --- the bias -----------------------------------------------------------------------------------


@picture
def bias_still(data: dict[str, Any], biases: Sequence[float], text: str) -> tuple[Figure, str]:
    """Draw NDCG@50 and density against b, and a corner of the score matrix.

    Args:
        data: the result of `widget_bias.BiasPanel.data`.
        biases: the values of b on the curve.
        text: the chosen setting in words.
    """
    figure = Figure(figsize=(9.4, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
    other = left.twinx()
    other.spines["right"].set_visible(True)
    for axes, key, colour, marker in (
        (left, "ndcg@50", ink.SCORE, "o"),
        (other, "density", ink.CODE, "D"),
    ):
        axes.plot(biases, [p[key] for p in data["curve"]], marker, color=colour, ms=3.5)
        axes.plot(data["bias"], data["chosen"][key], marker, color=colour, ms=11, mec=ink.INK)
    left.set(xlabel="bias b", ylabel="NDCG@50 (circles)", ylim=(0, None))
    other.set(ylabel="density (diamonds)", ylim=(0, 1.04))
    other.yaxis.set_major_formatter("{x:.0%}")
    left.set_title("quality and density against b, ReLU on")
    signed = LinearSegmentedColormap.from_list("signed", [ink.NEUTRAL, WHITE, ink.SCORE])
    colours, low = (white_to(ink.SCORE), 0) if data["relu"] else (signed, -MOST)
    image = right.imshow(
        data["corner"].numpy(), cmap=colours, vmin=low, vmax=MOST, aspect="auto",
        interpolation="none",
    )  # fmt: skip
    name = "entry (white: none)" if data["relu"] else "S + b (white: 0)"
    figure.colorbar(image, ax=right, label=name)
    right.set(xlabel="films, most rated first", ylabel="codes")
    right.set_title(f"a corner of the score matrix, b = {data['bias']:g}")
    share = float((data["corner"] != 0).double().mean())
    return figure, (
        "Left, NDCG@50 and density of the score matrix against the bias, the chosen setting "
        f"marked. Right, {len(data['corner'])} codes by {data['corner'].shape[1]} films: "
        f"{share:.1%} of the cells hold an entry. {text}"
    )


# --- toy trainings ------------------------------------------------------------------------------

LINES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)))
COLOURS = (ink.SCORE, ink.CODE, ink.QUERY, ink.ITEM, ink.NEUTRAL, ink.INK)


@picture
def toy_runs(runs: dict[str, Watched]) -> tuple[Figure, str]:
    """Draw matching loss and density at each step of a few trainings.

    Args:
        runs: label -> result of `worlds.likes.train`; at most six.
    """
    figure = Figure(figsize=(9.4, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2)
    notes = []
    for (name, run), line, colour in zip(runs.items(), LINES, COLOURS, strict=False):
        style: Any = {"color": colour, "ls": line, "lw": 2}
        left.plot(run.loss, label=name, **style)
        right.plot(run.density, label=name, **style)
        end = "dead" if run.dead else f"{run.density[-1]:.1%} positive"
        notes.append(f"{name}: loss {run.loss[-1]:.2f}, {end}")
    left.set(xlabel="step", ylabel="matching loss", ylim=(0, None))
    left.set_title("does it learn?")
    right.set(xlabel="step", ylim=(-0.02, None))
    right.set_title("share of scores above 0")
    right.yaxis.set_major_formatter("{x:.0%}")
    handles = right.get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=min(len(runs), 3))
    return figure, (
        "Matching loss and share of positive scores over the steps of a training. "
        f"At the end, {'; '.join(notes)}."
    )


@picture
def histogram(S: dict[str, np.ndarray]) -> tuple[Figure, str]:
    """Draw histograms of the scores before the ReLU, one panel for each model.

    Args:
        S: label -> all scores, of any shape; each panel is in units of its own standard deviation,
            so shapes can be compared and sizes can't.
    """
    figure = Figure(figsize=(9.4, 2.9), layout="constrained")
    scaled = {name: scores / scores.std() for name, scores in S.items()}
    ends = [np.quantile(scores, [0.001, 0.999]) for scores in scaled.values()]
    edges = _edges(min(low for low, _ in ends), max(high for _, high in ends))
    notes = []
    panels = figure.subplots(1, len(S), sharex=True, sharey=True)
    for axes, (name, scores) in zip(panels, scaled.items(), strict=True):
        for part, colour, hatch in (
            (scores[scores <= 0], ink.NEUTRAL, ""),
            (scores[scores > 0], ink.SCORE, "//"),
        ):
            weights = np.full(part.shape, 1 / scores.size)
            axes.hist(
                part.clip(edges[0], edges[-1]), edges, weights=weights, color=colour, hatch=hatch,
                ec=WHITE,
            )  # fmt: skip
        axes.set_axisbelow(True)
        axes.axvline(0, color=ink.INK, lw=1.2)
        share = float((scores > 0).mean())
        axes.set_title(f"{name}\n{share:.0%} above 0")
        axes.set_xlabel("S / its standard deviation")
        axes.yaxis.set_major_locator(MultipleLocator(0.05))
        axes.yaxis.set_major_formatter("{x:.0%}")
        axes.grid(axis="x", color=ink.FAINT)
        notes.append(f"{name}: {share:.0%} above 0")
    panels[0].set_ylabel("share of all scores")
    return figure, (
        "Histograms of the scores before the ReLU, each in units of its own standard deviation, "
        f"hatched above 0. {'; '.join(notes)}."
    )


def _edges(low: float, high: float, step: float = 0.15) -> np.ndarray:
    """Return the edges of bars of equal width; 0 is one of them."""
    return step * np.arange(np.floor(low / step), np.ceil(high / step) + 1)


# --- stored results -----------------------------------------------------------------------------


@picture
def dots(values: dict[str, Sequence[float]], title: str, base: str) -> tuple[Figure, str]:
    """Draw one dot for each seed and a bar at the mean, the rows in the given order.

    Args:
        values: label -> NDCG@50 of each seed.
        title: of the picture.
        base: the label whose mean is drawn through all rows.
    """
    figure = Figure(figsize=(9.4, 0.42 * len(values) + 1.2), layout="constrained")
    axes = figure.subplots()
    means = {name: float(np.mean(numbers)) for name, numbers in values.items()}
    axes.axvline(means[base], color=ink.NEUTRAL, ls="--", lw=1)
    for place, (name, numbers) in enumerate(values.items()):
        axes.plot(numbers, [place] * len(numbers), "o", color=ink.SCORE, ms=7, alpha=0.75)
        axes.plot(means[name], place, "|", color=ink.INK, ms=20, mew=2)
    axes.set_yticks(range(len(values)), [shorten(name, 44) for name in values])
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.grid(axis="x")
    axes.set_title(title)
    axes.set_xlabel(f"NDCG@50 on test; a dot per seed, a bar at the mean; dashed: {base}")
    notes = ", ".join(f"{name} {mean:.3f}" for name, mean in means.items())
    return figure, f"{title}: one dot per seed, a bar at the mean. NDCG@50: {notes}."
