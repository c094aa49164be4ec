"""The drawings of the lesson on product quantisation and the straight-through gradient."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.ticker import FuncFormatter
from torch import Tensor

from sparcode_mini.lessons.vector_quantization.draw import cells as voronoi
from sparcode_mini.model.kmeans import squared_distances
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.plots.picture import (
    CARD,
    CODE,
    FAINT,
    INK,
    ITEM,
    NEUTRAL,
    NEXT,
    QUERY,
    SCORE,
    SHADES,
    picture,
    white_to,
)
from sparcode_mini.plots.shapes import WHITE, arrow, bar, sheet, words

# name -> label, colour, line style in plotly, line style in matplotlib
ARROWS: dict[str, tuple[str, str, str, Any]] = {
    "nothing": ("nothing", NEUTRAL, "dot", ":"),
    "literal": ("sg[T~] + commitment", NEUTRAL, "dash", (0, (5, 2))),
    "straight-through": ("straight-through", QUERY, "solid", "-"),
    "rotation": ("rotation trick", SCORE, "dash", (0, (6, 2))),
    "gumbel": ("Gumbel-softmax, mean", ITEM, "dashdot", "-."),
    "soft": ("soft relaxation", INK, "longdash", (0, (9, 3))),
}
STYLES = {1: ("o", "-"), 2: ("s", "--"), 4: ("D", "-."), 8: ("P", ":")}  # by M


# --- one token on its way through the quantiser -----------------------------------------------


@picture
def look_up(T: Tensor, codebooks: Tensor, codes: Tensor, T_q: Tensor) -> tuple[Figure, str]:
    """The shapes on the way from tokens to codes and back, drawn from the tensors themselves.

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
                axes, (x + at, 44), f"C({m + 1})" if x == book_x else f"part {m + 1}", color=NEUTRAL
            )
        for row in range(N):
            y = 60 + row * (side + 8)
            _numbers(axes, (book_x + at, y), codebooks[m, row], CODE, side)
            if m == 0:
                words(axes, (book_x - 16, y + side / 2), str(row), 9, color=NEUTRAL)
        for row in range(len(T)):
            y, part = 60 + row * (side + 8), slice(m * d, (m + 1) * d)
            _numbers(axes, (40 + at, y), T[row, part], QUERY, side)
            _numbers(axes, (out_x + 10 + at, y), T_q[row, part], CODE, side)
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
    axes: Axes, corner: tuple[int | float, int | float], values: Tensor, colour: str, side: int
) -> None:
    x, y = corner
    for column, value in enumerate(values.tolist()):
        at = (x + column * side, y)
        bar(axes, at, (side, side), WHITE)
        bar(axes, at, (side, side), colour, alpha=0.18, edgecolor=colour, linewidth=1.0)
        words(axes, (at[0] + side / 2, y + side / 2), f"{value:g}", 9, ha="center")


@picture
def cells(points: Tensor, N: int = 4) -> tuple[Figure, str]:
    """The plane cut by one codebook of N^2 codewords, and by two of N: equally many codes.

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
        axes.set_xlabel(f"mean squared error {float(error):.3f}")
    return figure, (
        f"{len(points)} points of the plane. Left, one codebook of {N * N} codewords: cells of any "
        f"shape lie where the points are. Right, two codebooks of {N}, one for each axis: the "
        f"{N * N} codewords are the crossings of a grid, some where no point is. Mean squared "
        f"error {errors[0]:.3f} and {errors[1]:.3f}."
    )


def _plane(axes: Axes, pq: ProductQuantizer, points: Tensor) -> None:
    low, high = points.min(dim=0).values.numpy() - 0.4, points.max(dim=0).values.numpy() + 0.4
    every = torch.cartesian_prod(*[torch.arange(pq.N)] * pq.M).reshape(-1, pq.M)
    codewords = pq.decode(every).numpy()  # (N^M, 2)
    reach = 2 * float(np.abs(np.stack([low, high])).max())
    for polygon in voronoi(codewords, -reach, reach):
        axes.add_patch(Polygon(polygon, fill=False, edgecolor=NEUTRAL, linewidth=0.8))
    axes.plot(*points.T.numpy(), ".", color=QUERY, ms=3, alpha=0.5)
    axes.plot(*codewords.T, "s", color=CODE, ms=6, mec=CARD)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[])


# --- the panel of M and N ----------------------------------------------------------------------


@picture
def sizes(data: dict[str, Any], text: str) -> tuple[Figure, str]:
    """Distortion against bits, and how often each codeword of one setting is used.

    Args:
        data: what `widgets.sizes.size_data` returns.
        text: what the setting says, in words.
    """
    figure = Figure(figsize=(9.4, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.1, 1])
    for M, (bits, errors) in data["curves"].items():
        marker, line = STYLES[M]
        left.plot(bits, errors, marker + line, color=NEUTRAL, mfc=CARD, ms=6, label=f"M={M}")
    left.plot(*data["chosen"], "*", color=CODE, ms=17, mec=CARD, label=data["title"])
    left.set(xlabel="bits of a code, M log2 N", ylabel="distortion", ylim=(0, 1.02))
    left.set_title("distortion against bits")
    left.legend()
    grid = np.array(data["grid"])
    colours = white_to(CODE)
    image = right.imshow(grid, aspect="auto", cmap=colours, vmin=0, vmax=3, interpolation="none")
    right.set_title(f"use of each codeword ({data['title']})")
    right.set(xlabel="codeword", ylabel="codebook m")
    right.set_yticks(range(len(grid)), [str(m + 1) for m in range(len(grid))])
    figure.colorbar(image, ax=right, label="share x N (1 = fair)")
    return figure, (
        "Distortion against the bits of a code for every setting, one line per M, the chosen one "
        f"marked by a star; beside it how often each codeword is used. {text}"
    )


@picture
def assignment_times(rows: Sequence[dict[str, Any]]) -> tuple[Figure, str]:
    """Time to assign one token against N, for each M; the description leaves out the times.

    Args:
        rows: with M, N and nanoseconds.
    """
    figure = Figure(figsize=(5.6, 3.0), layout="constrained")
    axes = figure.subplots()
    for M in sorted({row["M"] for row in rows}):
        marker, line = STYLES[M]
        mine = sorted((r["N"], r["nanoseconds"] / 1000) for r in rows if r["M"] == M)
        axes.plot(*zip(*mine, strict=True), marker + line, color=CODE, mfc=CARD, label=f"M={M}")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g} µs")
    axes.set(xlabel="N, codewords in a codebook")
    axes.set_title("time to assign one token (many at once)")
    axes.grid(axis="y")
    axes.legend()
    most = max(row["N"] for row in rows)
    return figure, (
        "Measured time to assign one token against N, a line for each M, both axes logarithmic, "
        f"up to N = {most:,}."
    )


# --- the gradient that is not there --------------------------------------------------------------


@picture
def staircase(
    ts: np.ndarray, hard: np.ndarray, soft: dict[int | float, np.ndarray], at: int | float
) -> tuple[Figure, str]:
    """The loss along a line through token space: steps, and the smooth curves near them.

    Args:
        ts: (n,) places of the token on the line.
        hard: (n,) loss through the argmin.
        soft: for each temperature the loss of the soft relaxation, (n,).
        at: a place whose tangent to the steps is drawn.
    """
    figure = Figure(figsize=(9.4, 3.3), layout="constrained")
    axes = figure.subplots()
    jumps = np.flatnonzero(np.abs(np.diff(hard)) > 1e-9) + 1
    for part, level in zip(np.split(ts, jumps), np.split(hard, jumps), strict=True):
        label = "loss through argmin" if part[0] == ts[0] else None
        axes.plot(part, level, color=CODE, linewidth=3, label=label, zorder=3)
    for (temperature, values), style in zip(soft.items(), ("--", "-.", ":"), strict=False):
        name = f"soft relaxation, temperature {temperature:g}"
        axes.plot(ts, values, style, color=INK, linewidth=1.5, label=name)
    here = int(np.abs(ts - at).argmin())
    axes.plot(at, hard[here], "o", color=QUERY, ms=9, zorder=4)
    axes.annotate(
        "token: slope 0",
        (at, hard[here]),
        xytext=(0, 12),
        textcoords="offset points",
        ha="center",
        color=QUERY,
        weight="bold",
    )
    axes.set_ylim(top=float(hard.max()) * 1.25)
    axes.set(xlabel="place of the token on a line through token space", ylabel="loss")
    axes.set_title("argmin makes a staircase: flat almost everywhere, and steps")
    axes.legend(loc="upper right")
    return figure, (
        f"The loss along a line is a staircase with {len(jumps)} steps; at the token it is "
        f"{hard[here]:.2f} and its slope 0. {len(soft)} smooth curves, the soft relaxations, "
        "follow it; the lower the temperature the closer they lie, and the flatter they are "
        "between the steps."
    )


@picture
def arrows(
    data: dict[str, Any],
    loss_map: tuple[np.ndarray, np.ndarray, np.ndarray],
    codewords: Sequence[tuple[int | float, int | float]],
    target: tuple[int | float, int | float],
    text: str,
) -> tuple[Figure, str]:
    """A token in the plane, and where each estimator tells it to go.

    Args:
        data: what `widgets.arrows.arrow_data` returns.
        loss_map: what `widgets.arrows.loss_map` returns.
        codewords: of the codebook.
        target: z.
        text: what the arrows say, in words.
    """
    figure = Figure(figsize=(9.4, 4.3), layout="constrained")
    axes = figure.subplots()
    xs, ys, z = loss_map
    extent = (float(xs[0]), float(xs[-1]), float(ys[0]), float(ys[-1]))
    image = axes.imshow(z, extent=extent, origin="lower", cmap=white_to("#B9B5A8"), aspect="equal")
    figure.colorbar(image, ax=axes, label="loss of a token here", location="left")
    axes.plot(*zip(*codewords, strict=True), "s", color=CODE, ms=9, mec=CARD, label="codewords")
    for number, (x, y) in enumerate(codewords):
        axes.text(x, y + 0.16, str(number), ha="center", color=CODE)
    axes.plot(*codewords[data["codeword"]], "s", mfc="none", mec=CODE, mew=2, ms=16)
    axes.plot(*target, "*", color=NEXT, ms=16, mec=CARD, label="target z")
    x, y = data["token"]
    axes.plot(x, y, "o", color=QUERY, ms=10, zorder=5, label="token T")
    for name, (dx, dy) in data["arrow"].items():
        label, colour, _, line = ARROWS[name]
        if data["norm"][name] > 1e-9:
            axes.plot([x, x + dx / 2], [y, y + dy / 2], color=colour, ls=line, lw=2, label=label)
            axes.annotate(
                "",
                (x + dx / 2, y + dy / 2),
                xytext=(x + 0.45 * dx, y + 0.45 * dy),
                arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2},
            )
    axes.set(xlim=extent[:2], ylim=extent[2:], xticks=[], yticks=[])
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return figure, (
        "The plane of tokens; the loss is one flat terrace around each of the "
        f"{len(codewords)} codewords. From the token goes an arrow for each estimator. {text}"
    )


@picture
def learning(curves: dict[str, Sequence[float]]) -> tuple[Figure, str]:
    """Loss (through the argmin) per step of a small training, for each estimator.

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


# --- stored results ------------------------------------------------------------------------------


@picture
def estimators(entries: Sequence[dict[str, Any]], names: Sequence[str]) -> tuple[Figure, str]:
    """Quality and distortion of the trainings that differ in the way of the gradient.

    Args:
        entries: of the stored result "gradients".
        names: which to show, top to bottom.
    """
    figure = Figure(figsize=(9.4, 0.55 * len(names) + 1.3), layout="constrained")
    means = []
    titles = ("NDCG@50 on test (one probe)", "distortion of the tokens")
    for axes, key, title in zip(
        figure.subplots(1, 2, sharey=True), ("ndcg@50", "distortion"), titles, strict=True
    ):
        for place, name in enumerate(names):
            values = [entry[key] for entry in entries if entry["name"] == name]
            colour = ARROWS[name][1] if name in ARROWS else CODE
            mean = sum(values) / len(values)
            axes.plot(values, [place] * len(values), "o", color=colour, ms=7, alpha=0.7)
            axes.plot(mean, place, "|", color=INK, ms=20, mew=2)
            means.append((key, name, mean))
        axes.set_title(title)
        axes.grid(axis="x")
        axes.set_yticks(range(len(names)), [ARROWS.get(n, (n,))[0] for n in names])
        axes.set_ylim(len(names) - 0.5, -0.5)
    said = ", ".join(f"{name} {mean:.3f}" for key, name, mean in means if key == "ndcg@50")
    errors = ", ".join(f"{name} {mean:.3f}" for key, name, mean in means if key == "distortion")
    return figure, (
        f"One dot per seed, a bar at the mean. NDCG@50: {said}. Distortion of the tokens: {errors}."
    )


@picture
def trade_off(settings: Sequence[dict[str, Any]], tower: dict[str, Any]) -> tuple[Figure, str]:
    """NDCG@50 against bytes of the index, one line per M, without an L1 penalty and with.

    Args:
        settings: of the stored sweep.
        tower: its two-tower baseline ("ndcg@50", "bytes_fp16").
    """
    figure = Figure(figsize=(9.4, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    colours = {1: SHADES[0], 2: CODE, 4: NEUTRAL}
    for row in settings:
        size = row["entry_bytes_fp16"] + row["other_bytes"]
        marker = STYLES[row["M"]][0]
        style: Any = {"color": colours[row["M"]], "ls": "", "ms": 7, "mec": CARD}
        right.plot(size, row["ndcg@50"], marker, **style)
    for M in sorted({row["M"] for row in settings}):
        marker, line = STYLES[M]
        rows = sorted(
            (r["N"], r["ndcg@50"]) for r in settings if r["M"] == M and r["sparsity"] == 0
        )
        left.plot(
            *zip(*rows, strict=True),
            marker + line,
            color=colours[M],
            ms=7,
            mec=CARD,
            label=f"M={M}",
        )
    for axes in (left, right):
        axes.axhline(tower["ndcg@50"], color=ITEM, ls="--")
        axes.grid(color=FAINT)
    left.text(0.02, tower["ndcg@50"], "two-tower", va="bottom", transform=_row(left))
    right.plot(tower["bytes_fp16"], tower["ndcg@50"], "*", color=ITEM, ms=15, mec=INK)
    right.annotate(
        f"two-tower, {tower['bytes_fp16'] / 1e3:,.0f} kB", (tower["bytes_fp16"], tower["ndcg@50"]),
        xytext=(10, -14), textcoords="offset points",
    )  # fmt: skip
    left.set_xscale("log", base=2)
    left.xaxis.set_major_formatter("{x:g}")
    left.set(xlabel="N, codewords in a codebook", ylabel="NDCG@50 on test")
    left.set_title("no L1 penalty: what N buys")
    right.set_xscale("log")
    right.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v / 1e3:,.0f} kB"))
    right.set_xlabel("bytes of the index, codebooks included")
    right.set_title("every measured setting")
    left.legend(title="codebooks", loc="lower right")
    best = max(settings, key=lambda r: r["ndcg@50"])
    return figure, (
        "Left: NDCG@50 against N for each M without a penalty. Right: NDCG@50 against the bytes "
        f"of the index for all {len(settings)} settings; the marker tells M. The best is "
        f"M={best['M']}, N={best['N']}, sparsity={best['sparsity']:g} with {best['ndcg@50']:.3f}; "
        f"a dashed line marks the two-tower's {tower['ndcg@50']:.3f}, a star its "
        f"{tower['bytes_fp16'] / 1e3:,.0f} kB."
    )


def _row(axes: Axes) -> Any:
    return axes.get_yaxis_transform()


@picture
def relatives(table: dict[str, dict[int, float]], title: str) -> tuple[Figure, str]:
    """Distortion at equal bits of product quantisation and its relatives.

    Args:
        table: for each name the distortion by number of bits.
        title: which tokens these are.
    """
    figure = Figure(figsize=(5.8, 3.3), layout="constrained")
    axes = figure.subplots()
    styles = (("o", "-"), ("s", "--"), ("D", "-."), ("^", ":"), ("P", (0, (1, 1))))
    colours = (CODE, SCORE, QUERY, ITEM, NEUTRAL)
    for (name, values), (marker, line), colour in zip(table.items(), styles, colours, strict=False):
        axes.plot(list(values), list(values.values()), marker=marker, ls=line, color=colour,
                  label=name)  # fmt: skip
    axes.set(xlabel="bits of a code", ylabel="distortion of new tokens")
    axes.set_xticks(sorted({bits for values in table.values() for bits in values}))
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.legend()
    last = max(bits for values in table.values() for bits in values)
    # OPQ takes SVD and argmin in turn: processors end a little apart, so its digits are not told.
    told = {n: v[last] for n, v in table.items() if last in v and "OPQ" not in n}
    ends = ", ".join(f"{n} {value:.3f}" for n, value in told.items())
    return figure, f"{title}: distortion against bits. At {last} bits: {ends}."


def line_losses(
    ts: np.ndarray,
    codewords: Tensor,
    target: Tensor,
    temperatures: Sequence[int | float],
    height: int | float,
) -> tuple[np.ndarray, dict[int | float, np.ndarray]]:
    """Losses |T~ - z|^2 / 2 of tokens (t, height): through argmin, and softly; for `staircase`."""
    up = torch.full((len(ts),), float(height), dtype=torch.float64)
    T = torch.stack([torch.from_numpy(ts), up], 1)  # (n, 2)
    distances = squared_distances(T, codewords)  # (n, N)

    def loss(T_q: Tensor) -> np.ndarray:
        return ((T_q - target).square().sum(1) / 2).numpy()

    soft = {t: loss((-distances / t).softmax(1) @ codewords) for t in temperatures}
    return loss(codewords[distances.argmin(1)]), soft
