"""Pictures of the measured results of lesson 05."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.plots.shapes import bar, box, sheet, words

# tokenizer -> colour, marker; blue is the query side, so shapes tell them apart
STYLES: dict[str, tuple[str, str]] = {
    "dnn": (ink.NEUTRAL, "o"),
    "gru": (ink.SCORE, "s"),
    "self-attention": (ink.QUERY, "D"),
    "capsules": (ink.CODE, "^"),
}

# --- how many tokens ------------------------------------------------------------------------------


@picture
def one_or_four(entries: Sequence[dict[str, Any]]) -> tuple[Figure, str]:
    """Draw quality (4 probes) and entries read (1 probe) of one token and of several.

    Args:
        entries: entries of the study "tokens"; an open mark for each seed of the smallest K_u, a
            filled one for each seed of the largest.
    """
    figure = Figure(figsize=(9.4, 3.0), layout="constrained")
    few, many = (pick(e["query_tokens"] for e in entries) for pick in (min, max))
    notes: dict[str, list[str]] = {"quality": [], "entries": []}
    places = figure.subplots(1, 2, sharey=True)
    for axes, key, name in zip(places, ("ndcg@50 probes=4", "read"), notes, strict=True):
        for row, (tokenizer, (colour, marker)) in enumerate(STYLES.items()):
            for K_u, side, fill in ((few, -0.17, "none"), (many, 0.17, colour)):
                values = [
                    e[key]
                    for e in entries
                    if (e["tokenizer"], e["query_tokens"]) == (tokenizer, K_u)
                ]
                rows = [row + side] * len(values)
                axes.plot(values, rows, marker, color=colour, mfc=fill, ms=7, mew=1.3)
                digits = ".3f" if name == "quality" else ",.0f"
                notes[name].append(f"{tokenizer} {K_u}: {np.mean(values):{digits}}")
        axes.grid(axis="x")
        axes.set_yticks(range(len(STYLES)), list(STYLES))
        axes.set_ylim(len(STYLES) - 0.5, -0.5)
    places[0].set_title("quality: NDCG@50 (test), 4 probes")
    places[1].set_title("cost: entries that a person reads, 1 probe")
    marks = [
        Line2D([], [], marker="o", linestyle="", color=ink.NEUTRAL, mfc=fill, label=label)
        for fill, label in (("none", f"K_u = {few}"), (ink.NEUTRAL, f"K_u = {many}"))
    ]
    figure.legend(handles=marks, loc="outside right upper")
    places[0].xaxis.set_major_locator(MaxNLocator(5))
    places[1].set_xlim(0, None)
    places[1].xaxis.set_major_formatter("{x:,.0f}")
    return figure, (
        "For each tokenizer a mark for each seed: open with "
        f"{few} token, filled with {many}. Left NDCG@50 with 4 probes, means: "
        f"{'; '.join(notes['quality'])}. Right the entries that a person reads with 1 probe, "
        f"means: {'; '.join(notes['entries'])}."
    )


@picture
def readings(panels: Mapping[str, Mapping[str, np.ndarray]], fair: float) -> tuple[Figure, str]:
    """Draw how a number spreads over people: range, middle half, median and mean.

    Args:
        panels: title -> tokenizer -> one number for each person.
        fair: drawn in the first panel, dashed.
    """
    figure = Figure(figsize=(9.4, 2.6), layout="constrained")
    notes = []
    places = figure.subplots(1, len(panels), sharey=True)
    for axes, (title, rows) in zip(places, panels.items(), strict=True):
        for row, (tokenizer, values) in enumerate(rows.items()):
            colour, marker = STYLES[tokenizer]
            low, first, median, third, high = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
            axes.plot([low, high], [row, row], color=colour, linewidth=1)
            axes.plot([first, third], [row, row], color=colour, linewidth=7, alpha=0.45)
            axes.plot(median, row, "|", color=ink.INK, ms=15, mew=2)
            axes.plot(values.mean(), row, marker, color=colour, ms=7, mec=ink.INK, mew=0.6)
            notes.append(f"{title}, {tokenizer}: {median:.2f} ({low:.2f} to {high:.2f})")
        axes.set_title(title)
        axes.xaxis.set_major_formatter("{x:.0%}")
        axes.grid(axis="x")
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.5, -0.5)
    places[0].axvline(fair, color=ink.NEUTRAL, linestyle="--", linewidth=1)
    return figure, (
        "For each tokenizer a thin line from the lowest to the highest person, a thick one for the "
        f"middle half, a bar at the median, a mark at the mean. Medians and ranges: "
        f"{'; '.join(notes)}."
    )


# --- item tokens ----------------------------------------------------------------------------------


@picture
def item_fields(
    entries: Sequence[dict[str, Any]],
    names: Sequence[str],
    columns: Mapping[str, str],
    chance: Mapping[str, float],
) -> tuple[Figure, str]:
    """Draw one row for each set of item tokens: one mark for each seed, a bar at the mean.

    Args:
        entries: entries of the study "item_tokens".
        names: names of the sets, the first one on top.
        columns: key of an entry -> its label.
        chance: key of an entry -> what films drawn at random reach, drawn dashed.
    """
    figure = Figure(figsize=(9.4, 0.9 + 0.36 * len(names)), layout="constrained")
    notes = []
    for axes, (key, label) in zip(figure.subplots(1, 2, sharey=True), columns.items(), strict=True):
        for row, name in enumerate(names):
            values = [e[key] for e in entries if e["name"] == name]
            axes.plot(values, [row] * len(values), "o", color=ink.ITEM, ms=6, mec=ink.INK, mew=0.5)
            axes.plot([np.mean(values)] * 2, [row - 0.3, row + 0.3], color=ink.INK, linewidth=2)
            notes.append(f"{label}, {name}: {np.mean(values):.4f}")
        axes.set_title(label)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(axis="x")
        if key in chance:
            dashed = axes.axvline(chance[key], color=ink.NEUTRAL, linestyle="--")
            figure.legend([dashed], ["films at random"], loc="outside right upper")
            notes.append(f"{label}, films at random (dashed): {chance[key]:.4f}")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    return figure, f"A dot for each seed and a bar at the mean. {'; '.join(notes)}."


# --- digits ---------------------------------------------------------------------------------------


@picture
def found_words(
    images: Any, labels: Sequence[int], answers: Sequence[Sequence[tuple[str, bool, bool]]]
) -> tuple[Figure, str]:
    """Draw handwritten digits, and the words that the index returns for them.

    Args:
        images: (n, 8, 8).
        labels: their digits.
        answers: for each image rows (word, whether it is right, whether training left it out).
    """
    count, rows = len(images), max(len(results) for results in answers)
    figure, axes = sheet(160 * count + 20, 132 + 26 * rows)
    notes = []
    for number, (image, label, results) in enumerate(zip(images, labels, answers, strict=True)):
        x = 16 + 160 * number
        pixels = np.asarray(image) / 16
        for row, column in np.ndindex(8, 8):
            bar(
                axes, (x + 11 * column, 12 + 11 * row), (11, 11), ink.INK, alpha=pixels[row, column]
            )
        box(axes, (x, 12), (88, 88), "none", ink.QUERY, radius=0, linewidth=1.5)
        for place, (word, right, unseen) in enumerate(results):
            mark, colour = (ink.SEEN, ink.INK) if right else ("\N{MULTIPLICATION SIGN}", ink.NEXT)
            new = "new: " if unseen else ""
            words(axes, (x, 122 + 26 * place), f"{mark} {new}{word}", 8.5, color=colour)
        good = sum(right for _, right, _ in results)
        notes.append(
            f"a {label}: {good} of {len(results)} right ("
            + ", ".join(w for w, _, _ in results)
            + ")"
        )
    return figure, f"Images and the words found for each. {'; '.join(notes)}."


# --- faults ---------------------------------------------------------------------------------------


@picture
def padding(
    curves: Mapping[str, Sequence[float]], amounts: Sequence[int], other: float
) -> tuple[Figure, str]:
    """Draw how far the tokens of one history move when padding is added.

    Args:
        curves: name -> one distance for each amount of padding.
        amounts: amounts of padding.
        other: distance of the tokens of another person, drawn dashed.
    """
    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    axes = figure.subplots()
    plain = [(ink.NEXT, "s"), (ink.QUERY, "D"), (ink.SCORE, "o")]
    for (name, values), (colour, marker) in zip(curves.items(), plain, strict=False):
        axes.plot(amounts, values, marker, color=colour, label=name, ms=4.5)
    axes.axhline(other, color=ink.NEUTRAL, linestyle="--", label="another person (median)")
    axes.set(xlabel="empty places behind the history", ylabel="distance moved")
    axes.set_title("the same person, padded more and more")
    axes.grid(axis="y")
    figure.legend(loc="outside right upper")
    ends = "; ".join(
        f"{name}: {max(values):.2f} at most, {values[-1]:.2f} with {amounts[-1]}"
        for name, values in curves.items()
    )
    return figure, (
        f"Distance that the tokens of one person move when empty places are added. {ends}. The "
        f"tokens of another person are {other:.2f} away (median, dashed)."
    )


@picture
def foresight(losses: Mapping[str, Sequence[float]], chance: float) -> tuple[Figure, str]:
    """Draw the training loss of an honest and of a peeking model; items are drawn by chance.

    Args:
        losses: name -> loss of each epoch.
        chance: loss of a guess.
    """
    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    axes = figure.subplots()
    for (name, values), (colour, marker) in zip(
        losses.items(), ((ink.QUERY, "D"), (ink.NEXT, "s")), strict=False
    ):
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, marker, color=colour, ms=5, label=name)
    axes.axhline(chance, color=ink.NEUTRAL, linestyle=":", label="guessing")
    axes.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
    axes.set_title("items drawn by dice: nobody can foresee them")
    figure.legend(loc="outside right upper")
    ends = "; ".join(f"{name} ends at {values[-1]:.2f}" for name, values in losses.items())
    return figure, f"Training loss against epochs; guessing costs {chance:.2f}. {ends}."
