"""Pictures of lesson 05: shapes, routing, the films that tokens depend on, and faults."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture, white_to
from sparcode_mini.plots.shapes import WHITE, arrow, bar, box, sheet, words
from sparcode_mini.plots.titles import shorten

MOST_CELLS = 20  # embeddings drawn in a row


# --- one interface --------------------------------------------------------------------------------


@picture
def interface(rows: Sequence[tuple[str, tuple[int, int], tuple[int, int]]]) -> tuple[Figure, str]:
    """Draw the interface of all tokenizers: L embeddings go in, K_u tokens come out.

    Args:
        rows: for each kind of query (its name, (L, D) of H^u, (K_u, D_T) of T^u).
    """
    figure, axes = sheet(900, 46 + 62 * len(rows))
    words(axes, (20, 20), "query", 11, weight="bold")
    words(axes, (236, 20), "H^u (L, D): embeddings", 11, weight="bold", color=ink.QUERY)
    words(axes, (690, 20), "T^u (K_u, D_T): tokens", 11, weight="bold", color=ink.CODE)
    notes = []
    for number, (name, (L, D), (K_u, D_T)) in enumerate(rows):
        y = 42 + 62 * number
        words(axes, (20, y + 18), name, 10)
        shown = min(L, MOST_CELLS)
        for place in range(shown):
            bar(axes, (236 + 15 * place, y), (11, 36), ink.QUERY, alpha=0.75)
        more = "..." if shown < L else ""
        words(axes, (240 + 15 * shown, y + 18), f"{more} ({L}, {D})", 9, color=ink.NEUTRAL)
        arrow(axes, (616, y + 18), (676, y + 18))
        for place in range(min(K_u, MOST_CELLS)):
            bar(axes, (690 + 15 * place, y), (11, 36), ink.CODE, alpha=0.85)
        words(axes, (698 + 15 * K_u, y + 18), f"({K_u}, {D_T})", 9, color=ink.NEUTRAL)
        notes.append(f"{name}: H^u ({L}, {D}) becomes T^u ({K_u}, {D_T})")
    return figure, f"One interface for {len(rows)} kinds of query. {'; '.join(notes)}."


# --- routing --------------------------------------------------------------------------------------


@picture
def routing(rounds: Sequence[Any], films: Sequence[str]) -> tuple[Figure, str]:
    """Draw the shares of the films in the capsules in each round of routing.

    Args:
        rounds: couplings (K_u, L) in each round.
        films: L names of films.
    """
    tables = [np.asarray(table, dtype=np.float64) for table in rounds]
    K_u, L = tables[0].shape
    figure = Figure(figsize=(9.4, 0.9 + 0.5 * K_u), layout="constrained")
    for number, (axes, table) in enumerate(
        zip(figure.subplots(1, len(tables), squeeze=False)[0], tables, strict=True), 1
    ):
        _table(axes, table, white_to(ink.CODE))
        axes.set_xticks(range(L), films)
        axes.set_yticks(range(K_u), [f"capsule {k + 1}" for k in range(K_u)])
        axes.set_title(f"round {number}")
    last = "; ".join(
        f"{film}: " + ", ".join(f"{share:.2f}" for share in tables[-1][:, i])
        for i, film in enumerate(films)
    )
    return figure, (
        f"Shares of {L} films in {K_u} capsules in each of {len(tables)} rounds. At first all "
        f"are {1 / K_u:.2f}; in the last, capsule by capsule: {last}."
    )


def _table(
    axes: Axes, table: np.ndarray, scale: Colormap, limits: tuple[float, float] = (0.0, 1.0)
) -> None:
    """Draw a table: numbers on a field of colour, dark ends of the scale with light numbers."""
    low, high = limits
    axes.imshow(table, cmap=scale, vmin=low, vmax=high, aspect="auto")
    for row, column in np.ndindex(*table.shape):
        value = table[row, column]
        colour_of_text = WHITE if abs(value) > 0.6 * high else ink.INK
        axes.text(
            column,
            row,
            f"{value:.2f}",
            ha="center",
            va="center",
            fontsize=8.5,
            color=colour_of_text,
        )
    axes.tick_params(length=0)


# --- what tokens look at --------------------------------------------------------------------------


@picture
def looks(data: dict[str, Any], text: str) -> tuple[Figure, str]:
    """Draw the share of each film in each token, and the films nearest to one token.

    Args:
        data: the result of `widget_tokens.token_data`.
        text: the setting in words.
    """
    shares = np.array(data["influence"])  # (K_u, L)
    K_u, L = shares.shape
    figure = Figure(figsize=(10.2, max(3.1, 1.7 + 0.33 * K_u)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    high = max(0.5, float(shares.max()))
    left.imshow(shares, cmap=white_to(ink.QUERY), vmin=0, vmax=high, aspect="auto")
    for row, column in np.ndindex(K_u, L):
        colour = WHITE if shares[row, column] > 0.85 * high else ink.INK
        left.text(column, row, f"{100 * shares[row, column]:.0f}", ha="center", va="center",
                  fontsize=8, color=colour)  # fmt: skip
    names = [shorten(title, 20) for title in data["films"]]
    left.set_xticks(range(L), names, rotation=38, ha="right", fontsize=8.5)
    chosen = data["token"] - 1
    left.set_yticks(range(K_u), [("> " if k == chosen else "") + f"token {k + 1}"
                                 for k in range(K_u)])  # fmt: skip
    left.set_title("share of each film in each token, % (>: token on the right)")
    left.tick_params(length=0)
    right.set_axis_off()
    right.set_title(f"token {data['token']} asks for")
    rows = "; ".join(
        f"token {k + 1}: " + ", ".join(f"{100 * share:.0f}" for share in row)
        for k, row in enumerate(shares)
    )
    for place, title in enumerate(data["nearest"]):
        y = 0.96 - 0.98 * place / max(len(data["nearest"]), 1)
        right.text(0.0, y, f"{place + 1}. {shorten(title, 34)}", va="top", fontsize=9,
                   color=ink.INK, transform=right.transAxes)  # fmt: skip
    return figure, (
        "Left a table: the share in percent of each film of the history, oldest first, in each "
        f"token. Films: {'; '.join(names)}. {rows}. Right the films that token {data['token']} "
        f"asks for: {'; '.join(data['nearest'])}. {text}"
    ).strip()


# --- the modules ----------------------------------------------------------------------------------


@picture
def modules(model: SparCode, H_u: Tensor, mask: Tensor, index: SparseIndex) -> tuple[Figure, str]:
    """Draw the four modules with the tensors of one query between them.

    Args:
        model: any SparCode.
        H_u: (1, L, D) embeddings of a query.
        mask: (1, L).
        index: the index of the model.
    """
    T = model.tokenizer(H_u, mask)  # (1, K_u, D_T)
    codes = model.token_codes(T).codes[:, :, 0]  # (1, K_u, M)
    T_q, T_c = model.quantizer.decode(codes), model.items()
    count = {name: sum(p.numel() for p in getattr(model, name).parameters())
             for name in ("tokenizer", "scorer", "items")}  # fmt: skip
    inner = ", ".join(name for name, _ in model.tokenizer.named_children() if name != "drop")
    books = tuple(model.quantizer.codebooks.shape)
    read = f"codes {tuple(codes.shape[1:])}"
    steps = [
        ("Tokenizer", f"{model.config.tokenizer}: {inner}", f"{count['tokenizer']:,} weights",
         f"H^u {tuple(H_u.shape[1:])}", f"T^u {tuple(T.shape[1:])}"),
        ("Quantiser", f"codebooks {books}", f"{model.quantizer.codebooks.numel():,} numbers",
         f"T^u {tuple(T.shape[1:])}", f"{read}, T~ {tuple(T_q.shape[1:])}"),
        ("All-to-all scorer", model.config.scorer, f"{count['scorer']:,} weights",
         f"all {len(index)} codes, T^c {tuple(T_c.shape)}",
         f"ReLU(S + b) ({len(index)}, {model.n_items})"),
        ("Index and retrieval", f"{len(index)} lists", f"{index.stats()['entries']:,} entries",
         f"{read} of the query", f"y ({model.n_items},), top k"),
    ]  # fmt: skip
    figure, axes = sheet(1000, 226)
    notes = []
    for number, (name, inside, size, enters, leaves) in enumerate(steps):
        x, colour = 14 + 248 * number, (ink.QUERY, ink.CODE, ink.ITEM, ink.SCORE)[number]
        box(axes, (x, 46), (214, 86), WHITE, colour, linewidth=1.8)
        words(axes, (x + 12, 64), f"{number + 1}. {name}", 11.5, weight="bold")
        for line, part in enumerate(textwrap.wrap(inside, 34)[:2]):
            words(axes, (x + 12, 84 + 15 * line), part, 8.5)
        words(axes, (x + 12, 119), size, 8.5, color=ink.NEUTRAL)
        words(axes, (x + 4, 24), f"in: {enters}", 9, color=ink.INK)
        words(axes, (x + 4, 156), f"out: {leaves}", 9, color=ink.INK)
        if number:
            arrow(axes, (x - 32, 89), (x - 3, 89))
            if number > 1:
                axes.patches[-1].set_linestyle((0, (2, 1.5)))  # offline
        notes.append(f"{name} ({inside}; {size}) takes {enters} and gives {leaves}")
    start, end = 262 + 200, 758 + 200  # the codes go from module 2 to module 4
    axes.plot([start, start, end, end], [134, 182, 182, 150], color=ink.CODE, linewidth=1.6)
    arrow(axes, (end, 152), (end, 135), ink.CODE)
    words(axes, (start + 12, 172), "codes of the query", 9, color=ink.INK)
    words(axes, (18, 210), "solid: for each query      dashed: offline, once for all codewords", 9,
          color=ink.NEUTRAL)  # fmt: skip
    return figure, (
        f"The four modules, drawn from a running model. {'. '.join(notes)}. For each query the "
        "codes go from the quantiser straight to the index. The way from the quantiser over the "
        "scorer to the index is gone once, offline, for all codewords."
    )


# --- faults ---------------------------------------------------------------------------------------


@picture
def alike(tables: Mapping[str, Any]) -> tuple[Figure, str]:
    """Draw the cosines between the tokens of a query, one table for each way.

    The scale goes from -1 (blue) over 0 (white) to 1 (vermilion).

    Args:
        tables: name -> (K_u, K_u).
    """
    figure = Figure(figsize=(4.2 * len(tables), 2.9), layout="constrained")
    scale = LinearSegmentedColormap.from_list("cosine", [ink.QUERY, "#FFFFFF", ink.NEXT])
    notes = []
    for axes, (name, table) in zip(
        figure.subplots(1, len(tables), squeeze=False)[0], tables.items(), strict=True
    ):
        values = np.asarray(table, dtype=np.float64)
        _table(axes, values, scale, (-1.0, 1.0))
        ticks = [f"T{k + 1}" for k in range(len(values))]
        axes.set_xticks(range(len(values)), ticks)
        axes.set_yticks(range(len(values)), ticks)
        axes.set_title(name)
        off = values[~np.eye(len(values), dtype=bool)]
        notes.append(f"{name}: two different tokens have cosine {off.mean():.2f} in the mean")
    return figure, f"Tables of cosines between tokens. {'; '.join(notes)}."
