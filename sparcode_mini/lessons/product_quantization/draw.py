"""Pictures of lesson 04: product quantisation, its sizes and results.

The notebook also calls those of `draw_gradients` from here.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.ticker import FuncFormatter
from torch import Tensor

from sparcode_mini.lessons.product_quantization.draw_gradients import (
    arrows,
    circle,
    estimators,
    learning,
    staircase,
)
from sparcode_mini.lessons.product_quantization.experiments import line_losses
from sparcode_mini.lessons.vector_quantization.cells import cells as voronoi
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture, white_to
from sparcode_mini.plots.shapes import WHITE, arrow, bar, sheet, words

__all__ = [
    "arrows", "cells", "circle", "estimators", "learning", "line_losses", "look_up",
    "relatives", "sizes", "staircase", "trade_off",
]  # fmt: skip
QUALITY = "validation ndcg@50"
MARKS = {1: "o", 2: "s", 4: "D", 8: "P"}  # by M; between two sizes nothing was measured


# --- one token on its way through the quantiser -----------------------------------------------


@picture
def look_up(T: Tensor, codebooks: Tensor, codes: Tensor, T_q: Tensor) -> tuple[Figure, str]:
    """Draw the tensors from tokens to codes and back, with their shapes and numbers.

    Args:
        T: (B, D_T) tokens.
        codebooks: (M, N, d).
        codes: (B, M).
        T_q: (B, D_T).
    """
    M, N, d = codebooks.shape
    side, gap = 30, 14
    wide = M * d * side + (M - 1) * gap
    figure, axes = sheet(max(760, 3 * wide + 260), 92 + max(N, len(T)) * (side + 8))
    book_x, out_x = 40 + wide + 90, 40 + 2 * wide + 230
    for x, text in ((40, f"T  {tuple(T.shape)}"), (book_x, f"C  {tuple(codebooks.shape)}")):
        words(axes, (x, 20), text, 11, weight="bold")
    words(axes, (book_x + wide + 34, 20), f"codes {tuple(codes.shape)}", 11, weight="bold")
    words(axes, (out_x + 10, 20), f"T~  {tuple(T_q.shape)}", 11, weight="bold")
    for m in range(M):
        at = m * (d * side + gap)
        for x in (40, book_x, out_x + 10):
            words(
                axes,
                (x + at, 44),
                f"C({m + 1})" if x == book_x else f"part {m + 1}",
                color=ink.NEUTRAL,
            )
        for row in range(N):
            y = 60 + row * (side + 8)
            _numbers(axes, (book_x + at, y), codebooks[m, row], ink.CODE, side)
            if m == 0:
                words(axes, (book_x - 16, y + side / 2), str(row), 9, color=ink.NEUTRAL)
        for row in range(len(T)):
            y, part = 60 + row * (side + 8), slice(m * d, (m + 1) * d)
            _numbers(axes, (40 + at, y), T[row, part], ink.QUERY, side)
            _numbers(axes, (out_x + 10 + at, y), T_q[row, part], ink.CODE, side)
    for row in range(len(T)):
        text = "(" + ", ".join(map(str, codes[row].tolist())) + ")"
        words(axes, (book_x + wide + 48, 60 + row * (side + 8) + side / 2), text, 11)
    middle = 60 + side / 2
    arrow(axes, (40 + wide + 14, middle), (book_x - 30, middle))
    arrow(axes, (out_x - 26, middle), (out_x + 2, middle))
    chosen = "; ".join(f"token {b} has code {tuple(c)}" for b, c in enumerate(codes.tolist()))
    return figure, (
        f"Tokens {tuple(T.shape)} are cut into {M} parts; each part is compared with the {N} "
        f"codewords of its codebook, {tuple(codebooks.shape)}; the indices of the nearest are the "
        f"codes {tuple(codes.shape)}; the codewords side by side are T~ {tuple(T_q.shape)}: "
        f"{chosen}."
    )


def _numbers(
    axes: Axes, corner: tuple[float, float], values: Tensor, colour: str, side: int
) -> None:
    x, y = corner
    for column, value in enumerate(values.tolist()):
        at = (x + column * side, y)
        bar(axes, at, (side, side), WHITE)
        bar(axes, at, (side, side), colour, alpha=0.18, edgecolor=colour, linewidth=1.0)
        words(axes, (at[0] + side / 2, y + side / 2), f"{value:g}", 9, ha="center")


@picture
def cells(points: Tensor, N: int = 4) -> tuple[Figure, str]:
    """Draw the plane cut by one codebook of N^2 codewords and by two of N: equally many codes.

    Args:
        points: (n, 2).
        N: codewords in each of the two codebooks.
    """
    figure = Figure(figsize=(9.4, 4.1), layout="constrained")
    errors = []
    for axes, (M, size) in zip(figure.subplots(1, 2), ((1, N * N), (2, N)), strict=True):
        pq = ProductQuantizer(M, size, 2, dtype=points.dtype).fit(points)
        error = (points - pq.decode(pq.encode(points))).square().sum(1).mean()
        errors.append(float(error))
        _plane(axes, pq, points)
        numbers = pq.codebooks.numel()
        axes.set_title(f"M={M}, N={size}: {size**M} codes from {numbers} numbers")
        axes.set_xlabel(f"distortion {float(error):.3f}")
    return figure, (
        f"{len(points)} points of the plane. Left, one codebook of {N * N} codewords: cells of any "
        f"shape lie where the points are. Right, two codebooks of {N}, one for each axis: the "
        f"{N * N} codewords are the crossings of a grid, some where no point is. Distortion "
        f"{errors[0]:.3f} and {errors[1]:.3f}."
    )


def _plane(axes: Axes, pq: ProductQuantizer, points: Tensor) -> None:
    low, high = points.min(dim=0).values.numpy() - 0.4, points.max(dim=0).values.numpy() + 0.4
    every = torch.cartesian_prod(*[torch.arange(pq.N)] * pq.M).reshape(-1, pq.M)
    codewords = pq.decode(every).numpy()  # (N^M, 2)
    reach = 2 * float(np.abs(np.stack([low, high])).max())
    for polygon in voronoi(codewords, -reach, reach):
        axes.add_patch(Polygon(polygon, fill=False, edgecolor=ink.NEUTRAL, linewidth=0.8))
    axes.plot(*points.T.numpy(), ".", color=ink.QUERY, ms=3, alpha=0.5)
    axes.plot(*codewords.T, "s", color=ink.CODE, ms=6, mec=ink.CARD)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[])


# --- the panel of M and N ----------------------------------------------------------------------


@picture
def sizes(data: dict[str, Any], text: str) -> tuple[Figure, str]:
    """Draw relative distortion against bits, and the use of each codeword of one setting.

    Args:
        data: the result of `widget_sizes.size_data`.
        text: the setting in words.
    """
    figure = Figure(figsize=(9.4, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.1, 1])
    for M, (bits, errors) in data["curves"].items():
        left.plot(bits, errors, MARKS[M], color=ink.NEUTRAL, mfc=ink.CARD, ms=6, label=f"M={M}")
    chosen: Any = data["chosen"] or ([], [])
    left.plot(*chosen, "*", color=ink.CODE, ms=17, mec=ink.CARD, label=data["title"])
    left.set_xscale("log", base=2)
    left.xaxis.set_major_formatter("{x:g}")
    left.set(xlabel="bits of a code, M log2 N", ylabel="relative distortion", ylim=(-0.03, 1.02))
    left.set_title("relative distortion against bits")
    left.legend()
    grid = np.array(data["grid"] or [[np.nan]])
    colours = white_to(ink.CODE)
    image = right.imshow(grid, aspect="auto", cmap=colours, vmin=0, vmax=3, interpolation="none")
    right.set_title(f"use of each codeword ({data['title']})")
    right.set(xlabel="codeword", ylabel="codebook m")
    right.set_yticks(range(len(grid)), [str(m + 1) for m in range(len(grid))])
    figure.colorbar(image, ax=right, label="share x N (1 = fair)")
    return figure, (
        "Relative distortion against the bits of a code for every setting, one kind of mark for "
        "each M, the chosen one a star; beside it how often each codeword is used. " + text
    )


# --- stored results ------------------------------------------------------------------------------


@picture
def trade_off(settings: Sequence[dict[str, Any]], tower: dict[str, Any]) -> tuple[Figure, str]:
    """Draw NDCG@50 on validation against N, and against the bytes of the index.

    The bytes are shown where the index holds the lists of all codes.

    Args:
        settings: those of the stored result `codebooks`.
        tower: its two-tower.
    """
    figure = Figure(figsize=(9.4, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    colours = {1: ink.SHADES[0], 2: ink.CODE, 4: ink.NEUTRAL}
    for M in sorted({row["M"] for row in settings}):
        rows = sorted((r for r in settings if r["M"] == M), key=lambda r: int(r["N"]))
        alike = [r for r in rows if r.get("lists") == r.get("possible")]  # lists of all codes
        style: Any = {"color": colours[M], "ms": 7, "mec": ink.CARD, "label": f"M={M}"}
        left.plot([r["N"] for r in rows], [r[QUALITY] for r in rows], MARKS[M], **style)
        bytes_ = [r["entry_bytes_fp16"] + r["other_bytes"] for r in alike]
        right.plot(bytes_, [r[QUALITY] for r in alike], MARKS[M], **style)
    for axes in (left, right):
        axes.axhline(tower[QUALITY], color=ink.ITEM, ls="--")
        axes.grid(color=ink.FAINT)
    left.text(0.02, tower[QUALITY], "two-tower", va="bottom", transform=_row(left))
    left.set_xscale("log", base=2)
    left.xaxis.set_major_formatter("{x:g}")
    left.set(xlabel="N, codewords in a codebook", ylabel="NDCG@50 on validation")
    left.set_title("what N buys")
    right.set_xscale("log")
    right.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v / 1e3:,.0f} kB"))
    right.set_xlabel("bytes of the index, codebooks included")
    right.set_title("what it costs, lists of all codes stored")
    left.legend(title="codebooks", loc="lower right")
    best = max(settings, key=lambda r: float(r[QUALITY]))
    return figure, (
        "NDCG@50 on validation, left against N for each M, right against the bytes of the index, "
        "for settings that store the lists of all codes. "
        f"The best is M={best['M']}, N={best['N']} with {best[QUALITY]:.3f}; a dashed "
        f"line marks the two-tower's {tower['validation ndcg@50']:.3f}."
    )


def _row(axes: Axes) -> Any:
    return axes.get_yaxis_transform()


@picture
def relatives(table: dict[str, dict[int, float]], title: str) -> tuple[Figure, str]:
    """Draw the relative distortion at equal bits of product quantisation and its relatives.

    Args:
        table: name -> number of bits -> relative distortion.
        title: the name of the tokens.
    """
    figure = Figure(figsize=(5.8, 3.3), layout="constrained")
    axes = figure.subplots()
    colours = (ink.CODE, ink.SCORE, ink.QUERY, ink.ITEM, ink.NEUTRAL)
    for place, ((name, values), marker, colour) in enumerate(
        zip(table.items(), "osD^P", colours, strict=False)
    ):
        beside = [bits + 0.25 * (place - 2) for bits in values]  # so that none hides another
        axes.plot(beside, list(values.values()), marker, color=colour, label=name)
    axes.set(
        xlabel="bits of a code (marks are moved sideways a little)",
        ylabel="relative distortion of new tokens",
    )
    axes.set_xticks(sorted({bits for values in table.values() for bits in values}))
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.legend()
    last = max(bits for values in table.values() for bits in values)
    # OPQ takes SVD and argmin in turn: processors end a little apart, so its digits are left out.
    shares = {n: v[last] for n, v in table.items() if last in v and "OPQ" not in n}
    ends = ", ".join(f"{n} {value:.3f}" for n, value in shares.items())
    return figure, f"{title}: relative distortion against bits. At {last} bits: {ends}."
