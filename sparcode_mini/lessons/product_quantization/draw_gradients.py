"""Pictures of the gradient through the argmin: the staircase, and the ways back through it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from torch import Tensor

from sparcode_mini.lessons.vector_quantization.cells import cells
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture, white_to

# name -> label, colour, line style in plotly, line style in matplotlib
ARROWS: dict[str, tuple[str, str, str, Any]] = {
    "nothing": ("nothing", ink.NEUTRAL, "dot", ":"),
    "literal": ("literal (sg[T~] + commitment)", ink.CODE, "dash", (0, (3, 1))),
    "straight-through": ("straight-through", ink.QUERY, "solid", "-"),
    "rotation": ("rotation trick", ink.SCORE, "dash", (0, (6, 2))),
    "gumbel": ("Gumbel-softmax", ink.ITEM, "dashdot", "-."),
    "soft": ("soft assignment", ink.INK, "longdash", (0, (5, 2))),
}


TERRACE = "#8C8878"  # where the loss is largest


@picture
def staircase(
    ts: np.ndarray, hard: np.ndarray, soft: dict[float, np.ndarray], at: float
) -> tuple[Figure, str]:
    """Draw the loss along a line through token space: steps, and the smooth curves near them.

    Args:
        ts: (n,) places of the token on the line.
        hard: (n,) loss through the argmin.
        soft: for each temperature the loss of the soft assignment, (n,).
        at: a place whose tangent to the steps is drawn.
    """
    figure = Figure(figsize=(9.4, 3.3), layout="constrained")
    axes = figure.subplots()
    jumps = np.flatnonzero(np.abs(np.diff(hard)) > 1e-9) + 1
    for part, level in zip(np.split(ts, jumps), np.split(hard, jumps), strict=True):
        label = "loss through argmin" if part[0] == ts[0] else None
        axes.plot(part, level, color=ink.CODE, linewidth=3, label=label, zorder=3)
    for (temperature, values), style in zip(soft.items(), ("--", "-.", ":"), strict=False):
        name = f"soft assignment, temperature {temperature:g}"
        axes.plot(ts, values, style, color=ink.INK, linewidth=1.5, label=name)
    here = int(np.abs(ts - at).argmin())
    axes.plot(at, hard[here], "o", color=ink.QUERY, ms=9, zorder=4)
    axes.annotate(
        "token: slope 0",
        (at, hard[here]),
        xytext=(0, 12),
        textcoords="offset points",
        ha="center",
        color=ink.QUERY,
        weight="bold",
    )
    axes.set_ylim(top=float(hard.max()) * 1.25)
    axes.set(xlabel="place of the token on a line through token space", ylabel="loss")
    axes.set_title("argmin makes a staircase: flat almost everywhere, and steps")
    axes.legend(loc="upper right")
    return figure, (
        f"The loss along a line is a staircase with {len(jumps)} steps; at the token it is "
        f"{hard[here]:.2f} and its slope 0. {len(soft)} smooth curves, the soft assignments, "
        "follow it; the lower the temperature the closer they lie, and the flatter they are "
        "between the steps."
    )


@picture
def arrows(
    data: dict[str, Any],
    loss_map: tuple[np.ndarray, np.ndarray, np.ndarray],
    codewords: Sequence[tuple[float, float]],
    target: tuple[float, float],
    text: str,
) -> tuple[Figure, str]:
    """Draw a token in the plane, and an arrow against the gradient of each estimator.

    Args:
        data: the result of `widget_arrows.arrow_data`.
        loss_map: the result of `widget_arrows.loss_map`.
        codewords: of the codebook.
        target: z.
        text: the arrows in words.
    """
    figure = Figure(figsize=(9.4, 4.3), layout="constrained")
    axes = figure.subplots()
    xs, ys, z = loss_map
    extent = (float(xs[0]), float(xs[-1]), float(ys[0]), float(ys[-1]))
    image = axes.imshow(z, extent=extent, origin="lower", cmap=white_to(TERRACE), aspect="equal")
    figure.colorbar(image, ax=axes, label="loss of a token here", location="left")
    for polygon in terraces(codewords, loss_map):
        axes.add_patch(Polygon(polygon, fill=False, edgecolor=ink.NEUTRAL, linewidth=0.9))
    axes.plot(
        *zip(*codewords, strict=True), "s", color=ink.CODE, ms=9, mec=ink.CARD,
        label="codewords (loss there)",
    )  # fmt: skip
    for number, ((x, y), level) in enumerate(
        zip(codewords, levels(codewords, target), strict=True)
    ):
        axes.text(x, y + 0.17, f"{number} ({level:.2f})", ha="center")
    axes.plot(*codewords[data["codeword"]], "s", mfc="none", mec=ink.CODE, mew=2, ms=16)
    axes.plot(*target, "*", color=ink.NEXT, ms=16, mec=ink.CARD, label="target z")
    x, y = data["token"]
    axes.plot(x, y, "o", color=ink.QUERY, mfc=ink.CARD, mew=2, ms=8, label="token T")
    for name, (dx, dy) in data["arrow"].items():
        label, colour, _, line = ARROWS[name]
        if data["norm"][name] > 1e-9:
            wide = 4 if name == "gumbel" else 2  # the soft arrow often lies upon it
            style: dict[str, Any] = {"color": colour, "lw": wide, "zorder": 6}
            axes.plot([x, x + 0.93 * dx], [y, y + 0.93 * dy], ls=line, label=label, **style)
            axes.annotate(
                "", (x + dx, y + dy), xytext=(x + 0.9 * dx, y + 0.9 * dy), zorder=6,
                arrowprops={"arrowstyle": "-|>", "color": colour, "lw": wide},
            )  # fmt: skip
    axes.set(xlim=extent[:2], ylim=extent[2:], xticks=[], yticks=[])
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), handlelength=4)
    steps = levels(codewords, target)
    return figure, (
        "The plane of tokens; the loss is one flat terrace around each of the "
        f"{len(codewords)} codewords, from {min(steps):.2f} to {max(steps):.2f}. From the token "
        f"goes an arrow, as long as the gradient, for each estimator. {text}"
    )


def levels(codewords: Sequence[tuple[float, float]], target: tuple[float, float]) -> list[float]:
    """Return the loss |c - z|^2 / 2 of a token in the cell of each codeword c."""
    return [((x - target[0]) ** 2 + (y - target[1]) ** 2) / 2 for x, y in codewords]


def terraces(
    codewords: Sequence[tuple[float, float]], loss_map: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> list[np.ndarray]:
    """Return the border of each terrace as a polygon (corners, 2); some reach out of the map."""
    reach = float(max(np.abs(loss_map[0]).max(), np.abs(loss_map[1]).max()))
    return cells(np.array(codewords), -reach, reach)


@picture
def learning(curves: dict[str, Sequence[float]]) -> tuple[Figure, str]:
    """Draw the loss (through the argmin) at each step of a small training, for each estimator.

    Args:
        curves: for each name of ARROWS the losses.
    """
    figure = Figure(figsize=(9.4, 3.1), layout="constrained")
    axes = figure.subplots()
    for name, losses in curves.items():
        label, colour, _, line = ARROWS[name]
        axes.plot(losses, color=colour, ls=line, lw=2, label=label)
    axes.set(xlabel="step", ylabel="loss through argmin")
    axes.set_ylim(bottom=0)
    axes.set_title("the same tokenizer, with different ways back through the argmin")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    starts, ends = ([c[i] for c in curves.values()] for i in (0, -1))
    done = [name for name, s, e in zip(curves, starts, ends, strict=True) if e < 0.1 * s]
    return figure, (
        f"Loss over {max(map(len, curves.values()))} steps. It falls to less than a tenth for: "
        f"{', '.join(done) or 'none'}; it does not for: "
        f"{', '.join(n for n in curves if n not in done) or 'none'}."
    )


@picture
def estimators(entries: Sequence[dict[str, Any]], names: Sequence[str]) -> tuple[Figure, str]:
    """Draw quality and distortion of trainings that differ only in their estimator.

    Args:
        entries: entries of the stored result "gradients".
        names: the estimators to show, from top to bottom.
    """
    figure = Figure(figsize=(9.4, 0.42 * len(names) + 1.0), layout="constrained")
    means = []
    titles = ("NDCG@50 on test (one probe)", "relative distortion of the tokens")
    for axes, key, title in zip(
        figure.subplots(1, 2, sharey=True), ("ndcg@50", "distortion"), titles, strict=True
    ):
        for place, name in enumerate(names):
            values = [entry[key] for entry in entries if entry["name"] == name]
            colour = ARROWS[name][1] if name in ARROWS else ink.CODE
            mean = sum(values) / len(values)
            axes.plot(values, [place] * len(values), "o", color=colour, ms=7, alpha=0.7)
            axes.plot(mean, place, "|", color=ink.INK, ms=20, mew=2)
            means.append((key, name, mean))
        axes.set_title(title)
        axes.grid(axis="x")
        axes.set_yticks(range(len(names)), [ARROWS[n][0] if n in ARROWS else n for n in names])
        axes.set_ylim(len(names) - 0.5, -0.5)
    scores = ", ".join(f"{name} {mean:.3f}" for key, name, mean in means if key == "ndcg@50")
    errors = ", ".join(f"{name} {mean:.3f}" for key, name, mean in means if key == "distortion")
    return figure, (
        f"One dot per seed, a bar at the mean. NDCG@50: {scores}. "
        f"Relative distortion of the tokens: {errors}."
    )


@picture
def circle(
    codewords: Tensor, wanted: Tensor, trained: dict[str, tuple[float, Tensor]]
) -> tuple[Figure, str]:
    """Draw where the tokens of the circle stand after trainings, each with a line to its goal.

    Args:
        codewords: (N, 2).
        wanted: (n, 2) the codeword that each token should be rounded to.
        trained: for the title of each panel the loss and the tokens (n, 2).
    """
    figure = Figure(figsize=(9.4, 2.6), layout="constrained")
    round_the_circle = torch.atan2(wanted[:, 1], wanted[:, 0]).argsort(stable=True)  # (n,)
    some = round_the_circle[:: max(1, len(wanted) // 8)]  # all would hide one another
    for axes, (title, (loss, tokens)) in zip(
        figure.subplots(1, len(trained), sharex=True, sharey=True), trained.items(), strict=True
    ):
        lines = torch.stack([tokens[some], wanted[some]])  # (2, shown, 2)
        axes.plot(lines[..., 0], lines[..., 1], ":", color=ink.NEUTRAL, lw=1.2, zorder=1)
        axes.plot(*codewords.T, "s", color=ink.CODE, ms=7, mec=ink.CARD, label="codewords")
        axes.plot(*tokens[some].T, "o", color=ink.QUERY, ms=5, label="some tokens")
        axes.set(aspect="equal", xticks=[], yticks=[], xlabel=f"loss {loss:.2f}")
        axes.set_title(title)
        axes.spines[["left", "bottom"]].set_visible(False)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center")
    losses = "; ".join(f"{title}: loss {loss:.2f}" for title, (loss, _) in trained.items())
    return figure, (
        f"{len(codewords)} codewords on a circle, and some tokens, each with a dotted line to the "
        f"codeword that it should be rounded to. {losses}. Where the loss is 0 each token stands "
        "in the cell of its own goal; elsewhere the lines cross the circle."
    )
