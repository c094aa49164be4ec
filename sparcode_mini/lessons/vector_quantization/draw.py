"""Pictures of lesson 03: cells, usage, ways to learn a codebook, and their faults."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sparcode_mini.lessons.vector_quantization.cells import Array, cells, counts, distortion
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.plots.shapes import box, sheet, words

WAYS = {"lloyd": ("Lloyd", "-", "s"), "gradient": ("gradient", "--", "o"), "ema": ("EMA", ":", "^")}


def _plane(axes: Axes, points: Array, path: Array, factor: float = 2.0) -> None:
    """Draw points, cells, codewords (hollow: no point chose it) and the path of each codeword."""
    high = 1.1 * float(np.abs(points).max())
    codewords = path[-1]
    for polygon in cells(codewords, -high, high, factor):
        if len(polygon):
            axes.add_patch(
                Polygon(polygon, fill=False, edgecolor=ink.CODE, linewidth=0.9, alpha=0.8)
            )
    axes.plot(points[:, 0], points[:, 1], ".", color=ink.QUERY, markersize=3.5, alpha=0.7, zorder=2)
    for k in range(len(codewords)):
        axes.plot(path[:, k, 0], path[:, k, 1], color=ink.INK, linewidth=0.9, alpha=0.6, zorder=3)
    for k, (c, count) in enumerate(zip(codewords, counts(points, codewords, factor), strict=True)):
        fill = ink.CODE if count else ink.CARD
        axes.plot(*c, "o", ms=12, mfc=fill, mec=ink.CODE, mew=1.4, zorder=4)
        style: Any = {"ha": "center", "va": "center", "fontsize": 8, "zorder": 5}
        axes.text(c[0], c[1], str(k), color=ink.CARD if count else ink.INK, weight="bold", **style)
    axes.set(xlim=(-high, high), ylim=(-high, high), xticks=[], yticks=[], aspect="equal")


@picture
def three_ways(points: Array, paths: dict[str, Array], factor: float = 2.0) -> tuple[Figure, str]:
    """Draw the plane after learning in three ways, and the distortion at each step.

    Args:
        points: (n, 2).
        paths: for "lloyd", "gradient" and "ema" the codewords (steps + 1, N, 2).
        factor: of the product in the distance.
    """
    figure = Figure(figsize=(9.8, 5.2), layout="constrained")
    mosaic: Any = [list(paths), ["curve"] * len(paths)]
    axes = figure.subplot_mosaic(mosaic, height_ratios=[2.1, 1])
    notes = []
    for method, path in paths.items():
        name, line, mark = WAYS[method]
        _plane(axes[method], points, path, factor)
        values = [distortion(points, codewords, factor) for codewords in path]
        dead = int((counts(points, path[-1], factor) == 0).sum())
        axes[method].set_title(f"{name}: distortion {values[-1]:.3f}, {dead} dead")
        axes["curve"].plot(
            values, line, color=ink.CODE, marker=mark, markersize=4, label=name, linewidth=1.6
        )
        notes.append(f"{name} {values[0]:.3f} to {values[-1]:.3f}, {dead} dead")
    axes["curve"].set_title("distortion: mean squared distance to the codeword")
    axes["curve"].set_xlabel("step")
    axes["curve"].set_ylim(bottom=0)
    axes["curve"].xaxis.set_major_locator(MaxNLocator(integer=True))
    axes["curve"].legend(ncols=3)
    steps = len(next(iter(paths.values()))) - 1
    return figure, (
        f"{len(points)} points in the plane with the cells of {len(path[0])} codewords after "
        f"{steps} steps from the same start, and the way each codeword went. Distortion, first to "
        f"last: {'; '.join(notes)}." + (f" The factor is {factor:g}." if factor != 2 else "")
    )


@picture
def lookup(T: Array, C: Array, squared: Array, codes: Array) -> tuple[Figure, str]:
    """Draw tokens, codebook, table of squared distances, codes and quantised tokens, with shapes.

    Args:
        T: (B, D) tokens.
        C: (N, D) codebook.
        squared: (B, N) squared distances.
        codes: (B,) the argmin of each row.
    """
    figure, axes = sheet(900, 60 + 34 * (len(C) + 1) + 30)
    top, side = 70, 34
    x = 20
    parts = [
        ("T", "tokens", T, ink.QUERY), ("C", "codebook", C, ink.CODE),
        ("||T - C||²", "", squared, ink.NEUTRAL),
        ("codes", "argmin", codes[:, None], ink.CODE), ("T~ = C[codes]", "", C[codes], ink.CODE),
    ]  # fmt: skip
    for name, note, values, colour in parts:
        shape = "×".join(map(str, values.shape if name != "codes" else codes.shape))
        words(axes, (x, 20), name, 11, weight="bold")
        words(axes, (x, 42), f"({shape}) {note}", 9, color=ink.NEUTRAL)
        for r, row in enumerate(values):
            for c, value in enumerate(row):
                corner = (x + c * (side + 6), top + r * side)
                wins = name.startswith("||") and c == codes[r]
                box(axes, corner, (side + 4, side - 4), ink.CARD, ink.INK if wins else colour, 3,
                    linewidth=2.6 if wins else 1.0)  # fmt: skip
                text = f"{value:g}"
                at = (corner[0] + (side + 4) / 2, corner[1] + side / 2 - 2)
                words(axes, at, text, 9.5, ha="center", weight="bold" if wins else "normal")
        x += (side + 6) * values.shape[1] + 34
    words(axes, (20, top + side * len(C) + 16), "thick frame: the smallest of its row", 9)
    rows = "; ".join(
        f"token {b}: squared distances {', '.join(f'{v:g}' for v in row)}, code {codes[b]}"
        for b, row in enumerate(squared)
    )
    return figure, f"Table lookup by nearest codeword. {rows}."


# --- starts, drift, factor -----------------------------------------------------------------------


@picture
def starts(runs: dict[str, Sequence[float]], best: float) -> tuple[Figure, str]:
    """Draw the distortion after Lloyd from many starts of each kind, one mark for each start."""
    figure = Figure(figsize=(7.6, 2.5), layout="constrained")
    axes = figure.subplots()
    notes = []
    for row, (name, values) in enumerate(runs.items()):
        spread = np.linspace(-0.22, 0.22, len(values))
        axes.plot(values, row + spread, "os"[row % 2], color=ink.CODE, alpha=0.6, ms=5, mew=0)
        axes.plot([np.median(values)] * 2, [row - 0.35, row + 0.35], color=ink.INK, linewidth=2.2)
        good = sum(value < 1.05 * best for value in values)
        notes.append(
            f"{name}: {good} of {len(values)} within 5% of the best, median {np.median(values):.3f}"
        )
    axes.axvline(best, color=ink.NEUTRAL, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(runs)), list(runs))
    axes.set_ylim(len(runs) - 0.5, -0.5)
    axes.set_xlabel("distortion after Lloyd (line: median; dashed: best of all)")
    words = f"Distortion that Lloyd ends with, by kind of start; the best is {best:.3f}. "
    return figure, words + "; ".join(notes) + "."


@picture
def drift(curves: dict[str, dict[str, Sequence[float]]]) -> tuple[Figure, str]:
    """Draw the size of the tokens and their distance to the codewords over the steps.

    Args:
        curves: for each setting {"size": one number a step, "error": one number a step, as a share
            of the tokens' mean square}.
    """
    figure = Figure(figsize=(9.4, 2.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    notes = []
    for (name, curve), line in zip(curves.items(), ("--", "-", ":"), strict=False):
        left.plot(curve["size"], line, color=ink.QUERY, linewidth=1.9, label=name)
        right.plot(curve["error"], line, color=ink.CODE, linewidth=1.9, label=name)
        ratio = curve["size"][-1] / curve["size"][0]
        notes.append(
            f"{name}: tokens grow to {ratio:.1f} times their first size, the error is "
            f"{max(curve['error']):.2f} at most and {curve['error'][-1]:.2f} in the end"
        )
    left.set_title("size of the tokens (root mean square)")
    right.set_title("error: distortion / mean square of the tokens")
    for axes in (left, right):
        axes.set_xlabel("step")
        axes.set_ylim(bottom=0)
        axes.legend()
    return figure, "Tokens with and without commitment. " + "; ".join(notes) + "."


@picture
def wrong_factor(
    points: Array, codewords: Array, factors: Sequence[float], changed: Sequence[float]
) -> tuple[Figure, str]:
    """Draw the cells with the right and a wrong factor, and the share of codes that change.

    Args:
        points: (n, 2).
        codewords: (N, 2).
        factors: of the product in the distance; the last one is drawn beside the right one.
        changed: for each factor the share of points whose code is not the nearest.
    """
    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    right, wrong, curve = figure.subplots(1, 3)
    _plane(right, points, codewords[None])
    right.set_title("factor 2: nearest")
    _plane(wrong, points, codewords[None], factors[-1])
    wrong.set_title(f"factor {factors[-1]:g}: {changed[-1]:.0%} elsewhere")
    curve.vlines(factors, 0, changed, color=ink.CODE, linewidth=1.2, alpha=0.5)
    curve.plot(factors, changed, "o", color=ink.CODE, clip_on=False)
    curve.set_xscale("log")
    curve.set_xticks([1, 2, 10, 100], ["1", "2", "10", "100"])
    curve.minorticks_off()
    curve.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    curve.set_ylim(bottom=0)
    curve.set_xlabel("factor f of the product")
    curve.set_title("codes that change")
    notes = ", ".join(f"{f:g}: {c:.0%}" for f, c in zip(factors, changed, strict=True))
    return figure, (
        "Cells of the codewords with factor 2 and with a wrong factor, hollow where no point is "
        f"left, and the share of codes that change by factor. {notes}."
    )


MARKS = (  # label, colour, mark, filled
    ("after: plain", ink.NEUTRAL, "s", "none"),
    ("after: best on validation", ink.NEUTRAL, "s", "full"),
    ("with: VQ", ink.CODE, "o", "none"),
    ("with: best on validation", ink.CODE, "o", "full"),
)


@picture
def after_or_with(result: dict[str, Any]) -> tuple[Figure, str]:
    """Draw the quality of codes made after training and learnt with it, at equal bytes.

    A large mark is the mean of the seeds, a small one a seed. The dashed line is the model without
    codes, trained as long.

    Args:
        result: the result of the study `codes_after_or_with`.
    """
    figure = Figure(figsize=(9.6, 3.6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True, width_ratios=[1.8, 1])
    trunk = float(np.mean([row["test"] for row in result["plain"] if row["rate"]]))
    notes = []
    for axes, side in zip(panels, ("items", "queries"), strict=True):
        rows = [row for row in result["settings"] if row["side"] == side]
        for number, (label, colour, mark, fill) in enumerate(MARKS):
            places = np.arange(len(rows)) + 0.16 * (number - 1.5)  # (rows,)
            each = [[one["test"] for one in row["ways"][_way(row, label)]] for row in rows]
            for place, values in zip(places, each, strict=True):
                axes.plot([place + 0.06] * len(values), values, mark, color=colour, ms=3, alpha=0.5)
            means = [float(np.mean(values)) for values in each]
            style: Any = {"color": colour, "fillstyle": fill, "ms": 8, "mew": 1.5}
            axes.plot(places, means, mark, label=label, **style)
            notes.append(f"{side} {label} " + ", ".join(f"{100 * m:.1f}" for m in means))
        axes.axhline(trunk, color=ink.INK, linewidth=1, linestyle="--")
        axes.text(-0.45, trunk, f"no codes {trunk:.3f}", va="bottom", fontsize=8.5)
        axes.margins(y=0.12)
        axes.set_xticks(range(len(rows)), [_label(row) for row in rows])
        axes.set_xlim(-0.5, len(rows) - 0.5)
        axes.set_title(f"codes of {side}")
    panels[0].set_ylabel("NDCG@50, test")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    alt = f"NDCG@50 in percent, by M and N; without codes, after the tail, {100 * trunk:.1f}. "
    return figure, alt + "; ".join(notes) + "."


def _way(row: dict[str, Any], label: str) -> str:
    """Return the way of a setting that a mark of MARKS shows."""
    kind, _, name = label.partition(": ")
    return {"plain": "plain", "VQ": "VQ"}.get(name, row[kind])


def _label(row: dict[str, Any]) -> str:
    return f"M={row['M']}\nN={row['N']}\n{row['bytes'] / 1000:.1f} kB"
