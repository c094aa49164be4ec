"""Pictures of lesson 01: a history as questions, the places that count, and chance."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.plots.shapes import WHITE, arrow, bar, box, sheet, words

WIDTH, ROW = 940, 44
FILM_WIDTH = 84
WINDOW = 3  # `Recipe.target_window`


@picture
def questions(
    titles: Sequence[str], offered: Sequence[str], chances: Sequence[float], target: int
) -> tuple[Figure, str]:
    """Draw a history as a row of questions, and the last question with its answer in chances.

    A question has up to `WINDOW` possible targets; in the last one a single film is left.

    Args:
        titles: short names of the films of a history, oldest first.
        offered: names of the catalogue's films.
        chances: what the model gives each of them in the last question; 0 for films that were seen.
        target: position in `offered` of the film that comes next.
    """
    count = len(titles) - 1
    height = 92 + ROW * max(count, len(offered))
    figure, axes = sheet(WIDTH, height)
    words(axes, (16, 24), "The target is one of the next three films", 12, weight="bold")
    for row in range(count):
        _question(axes, 60 + ROW * row, titles[: row + 1], titles[row + 1 : row + 1 + WINDOW])
    note = f"{ink.STAR} may be the target; one is drawn, anew in each epoch"
    words(axes, (16, 60 + ROW * count + 12), note, 9, color=ink.NEUTRAL)
    left = 16 + (len(titles) + 1) * FILM_WIDTH
    middle = 60 + ROW * (count - 0.5)
    arrow(axes, (left - 60, middle), (left - 10, middle))
    words(axes, (left + 6, 24), "Softmax over the films on offer", 12, weight="bold")
    for row, (name, chance) in enumerate(zip(offered, chances, strict=True)):
        _chance(axes, (left + 6, 60 + ROW * row), name, chance, row == target)
    loss = -np.log(chances[target])
    end = 60 + ROW * len(offered) + 10
    text = f"loss = -ln {chances[target]:.4f} = {loss:.3f}"
    words(axes, (left + 6, end), text, 11, weight="bold", color=ink.NEXT)
    shown = ", ".join(f"{n} {c:.3f}" for n, c in zip(offered, chances, strict=True) if c)
    return figure, (
        f"A history of {len(titles)} films makes {count} questions. Each shows the films so far "
        f"and asks for one of the next {WINDOW}. In the last question the films "
        f"{', '.join(titles[:-1])} are known, and {titles[-1]} alone is left as the target. The "
        f"model gives chances: {shown}; films that were seen are not on offer. The loss is minus "
        f"the logarithm of {chances[target]:.4f}, {loss:.3f}."
    )


def _question(axes: Axes, y: float, known: Sequence[str], following: Sequence[str]) -> None:
    for column, name in enumerate([*known, *following]):
        corner, target = (16 + FILM_WIDTH * column, y), column >= len(known)
        fill, edge = (WHITE, ink.NEXT) if target else ("#DCEAF4", ink.QUERY)
        box(axes, corner, (FILM_WIDTH - 8, ROW - 14), fill, edge, radius=4, linewidth=1.4)
        text = f"{ink.STAR} {name}" if target else name
        words(axes, (corner[0] + (FILM_WIDTH - 8) / 2, y + (ROW - 14) / 2), text, 9, ha="center")


def _chance(axes: Axes, at: tuple[float, float], name: str, chance: float, right: bool) -> None:
    x, y = at
    sign = f"{ink.STAR} " if right else ""
    words(axes, (x, y + 15), f"{sign}{name}", 9.5, weight="bold" if right else "normal")
    if chance == 0:
        words(axes, (x + 92, y + 15), f"{ink.SEEN} seen: not on offer", 9, color=ink.NEUTRAL)
        return
    bar(axes, (x + 92, y + 5), (200 * chance, 20), ink.NEXT if right else ink.SCORE)
    words(axes, (x + 98 + 200 * chance, y + 15), f"{chance:.3f}", 9)


@picture
def places(ranks: Sequence[int], k: int) -> tuple[Figure, str]:
    """Draw what each place of a ranking is worth, and which places a person's films took.

    Args:
        ranks: places of the films that are right, from 1.
        k: the cut-off.
    """
    figure = Figure(figsize=(8.6, 2.9), layout="constrained")
    axes = figure.subplots()
    every = np.arange(1, k + 1)
    axes.plot(every, 1 / np.log2(every + 1), ".", color=ink.NEUTRAL, ms=4, label="other places")
    hits = np.array([r for r in ranks if r <= k])
    worth = 1 / np.log2(hits + 1)
    ideal = np.arange(1, min(k, len(ranks)) + 1)
    axes.plot(
        ideal, 1 / np.log2(ideal + 1), "s", ms=11, mfc="none", mec=ink.INK, mew=1.4,
        label="the ideal places",
    )  # fmt: skip
    axes.plot(hits, worth, "*", color=ink.NEXT, ms=13, label="places of the right films")
    for place, value in zip(hits, worth, strict=True):
        axes.annotate(
            f"{value:.3f}", (place, value), xytext=(9, 5), textcoords="offset points", fontsize=9
        )
    axes.set(xlabel="place in the ranking", ylabel="worth", ylim=(0, 1.12), xlim=(0, k + 1))
    axes.set_title("What a place is worth: 1 / log2(place + 1)")
    axes.legend(loc="upper right")
    values = ", ".join(f"place {p}: {v:.3f}" for p, v in zip(hits, worth, strict=True))
    return figure, (
        f"The worth of the places 1 to {k} falls from 1 to {1 / np.log2(k + 1):.3f}, fast at first "
        f"and then slowly. The right films stand at {values}. The ideal places are 1 to "
        f"{len(ideal)}."
    )


@picture
def chance(
    differences: np.ndarray, draws: np.ndarray, low: float, high: float
) -> tuple[Figure, str]:
    """Draw the differences of some people, and the means of drawing these people anew.

    Args:
        differences: (n,) in points, one for each person.
        draws: (draws,) means, in points.
        low: lower end of the middle 95% of the draws.
        high: upper end.
    """
    figure = Figure(figsize=(8.6, 4.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    mean = float(differences.mean())
    for axes in (upper, lower):
        axes.axvline(0, color=ink.NEUTRAL, lw=1)
        axes.axvline(mean, color=ink.SCORE, ls=":", lw=1.6)
    upper.plot(differences, np.arange(1, len(differences) + 1), "o", color=ink.SCORE)
    upper.set(ylabel="person")
    upper.set_title(f"{len(differences)} people: difference in points")
    upper.invert_yaxis()
    upper.annotate(
        f"mean {mean:+.1f}", (mean, 1), xycoords=("data", "axes fraction"), xytext=(4, -3),
        textcoords="offset points", va="top",
    )  # fmt: skip
    lower.hist(draws, bins=40, color=ink.SHADES[2], edgecolor=ink.CARD, lw=0.4)
    for end, side, shift in ((low, "right", -4), (high, "left", 4)):
        lower.axvline(end, color=ink.INK, ls="--", lw=1.3)
        lower.annotate(
            f"{end:+.1f}", (end, 1), xycoords=("data", "axes fraction"), xytext=(shift, -3),
            textcoords="offset points", ha=side, va="top",
        )  # fmt: skip
    lower.set(xlabel="points", yticks=[])
    lower.set_title(f"means of {len(draws):,} draws, and their middle 95%")
    return figure, (
        f"Above: the differences of {len(differences)} people, from {differences.min():+.1f} to "
        f"{differences.max():+.1f} points, mean {mean:+.1f}. Below, on the same axis: the means of "
        f"{len(draws):,} draws of these people; 95% of them lie between {low:+.1f} and {high:+.1f}."
    )
