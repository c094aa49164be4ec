"""One person: from history to results, and the results of two models next to each other."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparcode_mini.data.split import Split
from sparcode_mini.explain.query import Explanation, Read
from sparcode_mini.plots import ink
from sparcode_mini.plots.glyphs import em
from sparcode_mini.plots.picture import PIXELS_PER_INCH, picture
from sparcode_mini.plots.shapes import WHITE, Point, arrow, bar, box, sheet, title, words
from sparcode_mini.tools.unicode import isolated

WIDTH, MARGIN = 980, 18
RECENT, ENTRIES, CARDS = 8, 5, 8  # films of the history, entries of a list, tokens shown at most
COLUMNS = 4
STEP = (WIDTH - 2 * MARGIN) / COLUMNS
CARD_HEIGHT = 50 + 25 * ENTRIES + 22
LINE = 25


@picture
def journey(
    explanation: Explanation, split: Split | None = None, relevant: Sequence[int] | np.ndarray = ()
) -> tuple[Figure, str]:
    """Follow one person: history, tokens and codes, the lists read, their sum, the results.

    Args:
        explanation: what `explain` returned.
        split: data whose titles are written; by default those of the explanation.
        relevant: item positions that the person rated next; they get a star.
    """
    if split is not None:
        explanation = replace(explanation, titles=split.titles, ids=split.item_ids)
    lists = [read.items[:ENTRIES] for read in explanation.reads]
    titles = explanation.names(explanation.history[-RECENT:], explanation.positions, *lists)
    later = {int(position) for position in relevant}
    tokens = 1 + max(read.token for read in explanation.reads)
    shown = min(tokens, CARDS)
    rows, results = -(-shown // COLUMNS), int((explanation.positions >= 0).sum())
    lists_at = 128
    sums_at = lists_at + 32 + rows * (CARD_HEIGHT + 10) + 14
    figure, axes = sheet(WIDTH, round(sums_at + 26 + LINE * max(results, 1)))
    _history(axes, explanation.history, titles)
    more = f" (the first {shown} of {tokens})" if tokens > shown else ""
    _heading(axes, lists_at, "2", f"Tokens, their codes, and the lists which the codes open{more}")
    for token in range(shown):
        corner = (MARGIN + STEP * (token % COLUMNS), lists_at + 24)
        corner = (corner[0], corner[1] + (CARD_HEIGHT + 10) * (token // COLUMNS))
        reads = [read for read in explanation.reads if read.token == token]
        _list(axes, corner, reads, titles, set(explanation.history.tolist()), later)
    words(axes, (WIDTH - MARGIN - 10, lists_at), f"{ink.SEEN} already rated", 9.5, ha="right")
    _sums(axes, sums_at, explanation, titles, later)
    return figure, _journey_words(explanation, titles, later)


def _heading(axes: Axes, y: float, number: str, text: str) -> None:
    axes.plot([MARGIN + 10], [y], "o", markersize=15, color=ink.INK)
    words(axes, (MARGIN + 10, y + 0.5), number, 9, color=WHITE, weight="bold", ha="center")
    words(axes, (MARGIN + 28, y), text, 11, weight="bold")


def _history(axes: Axes, history: np.ndarray, titles: dict[int, str]) -> None:
    recent = history[-RECENT:]
    extent = f"the last {len(recent)} of {len(history)}, " if len(history) > RECENT else ""
    _heading(axes, 22, "1", f"What the person rated ({extent}newest last)")
    for place, position in enumerate(recent.tolist()):
        x, y = MARGIN + STEP * (place % COLUMNS), 42 + 31 * (place // COLUMNS)
        box(axes, (x, y), (STEP - 10, 25), WHITE, ink.QUERY, radius=5, linewidth=1.2)
        title(axes, (x + 9, y + 12.5), titles[position], 32, STEP - 21, 9)


def _list(
    axes: Axes,
    corner: Point,
    reads: Sequence[Read],
    titles: dict[int, str],
    seen: set[int],
    later: set[int],
) -> None:
    """Draw one token, the code of its heaviest read, and the first entries of that list."""
    (x, y), width = corner, STEP - 10
    read = max(reads, key=lambda r: r.weight)
    box(axes, corner, (width, CARD_HEIGHT), WHITE, ink.EDGE, radius=7)
    _swatch(axes, (x + 10, y + 13), (14, 14), read.token)
    words(axes, (x + 31, y + 20), read.opener, 10, color=ink.QUERY, weight="bold")
    arrow(axes, (x + 92, y + 20), (x + 112, y + 20))
    name = read.key
    box(axes, (x + 117, y + 8), (width - 127, 24), ink.CODE, ink.CODE, radius=4)
    size = 10 if len(name) < 14 else 7.5
    middle = (x + 117 + (width - 127) / 2, y + 20)
    words(axes, middle, name, size, color=WHITE, weight="bold", ha="center")
    largest = (float(read.values[0]) if len(read.values) else 0.0) or 1.0  # 0: they are left out
    pairs = zip(read.items[:ENTRIES].tolist(), read.values[:ENTRIES].tolist(), strict=True)
    for place, (position, value) in enumerate(pairs):
        top = y + 42 + 25 * place
        name = titles[position]
        _entry(axes, (x + 10, top), name, value, position in seen, position in later)
        scale = (width - 20) / largest
        _swatch(axes, (x + 10, top + 15), (value * scale, 5), read.token, hatch=False)
    kind = "are left out" if read.word and not read.weight else "entries in this list"
    entries = f"{len(read.items):,} {kind}" if len(read.items) else "no list"
    others = f", {len(reads) - 1} more lists read" if len(reads) > 1 else ""
    words(axes, (x + 10, y + CARD_HEIGHT - 13), entries + others, 8.5, color=ink.NEUTRAL)


def _entry(axes: Axes, at: Point, name: str, value: float, seen: bool, later: bool) -> None:
    x, middle, size = at[0], at[1] + 6, 8.5
    mark, colour = (
        (ink.STAR, ink.NEXT) if later else (ink.SEEN, ink.NEUTRAL) if seen else ("", ink.INK)
    )
    words(axes, (x, middle), mark, 9, color=colour)
    indent, number = 14 if mark else 0, f"{value:.2f}"
    room = STEP - 33 - indent - em(number) * size * PIXELS_PER_INCH / 72
    colour = ink.NEUTRAL if seen else ink.INK
    title(axes, (x + indent, middle), name, 25 if mark else 27, room, size, color=colour)
    words(axes, (x + STEP - 30, middle), number, size, ha="right", color=ink.SHADES[0])


def _swatch(
    axes: Axes,
    corner: Point,
    size: Point,
    token: int,
    hatch: bool = True,
) -> None:
    """Draw a rectangle in the shade (and hatch) of a token."""
    shade = ink.SHADES[token % len(ink.SHADES)]
    marks = ink.HATCHES[(token + token // len(ink.SHADES)) % len(ink.HATCHES)] if hatch else ""
    bar(axes, corner, size, shade, hatch=marks, edgecolor=ink.SHADES[0] if marks else shade)


def by_token(explanation: Explanation) -> np.ndarray:
    """Return what each token adds to each result, over its probes: (k, K_u); rows sum to y."""
    owners = np.array([read.token for read in explanation.reads])  # (reads,)
    columns = [
        explanation.parts[:, owners == token].sum(axis=1) for token in range(owners.max() + 1)
    ]
    return np.stack(columns, axis=1)  # (k, K_u)


def _sums(
    axes: Axes, y: float, explanation: Explanation, titles: dict[int, str], later: set[int]
) -> None:
    k = len(explanation.positions)
    _heading(axes, y, "3", f"The entries of each title added up: the top {k}")
    if later:
        words(
            axes,
            (WIDTH - MARGIN - 10, y),
            f"{ink.STAR} rated next",
            9.5,
            color=ink.NEXT,
            ha="right",
        )
    parts = by_token(explanation)  # (k, K_u)
    real = explanation.positions >= 0  # places without a result hold -1
    if not real.any():
        words(axes, (MARGIN + 28, y + 34), "no title has a positive score", 10, color=ink.NEUTRAL)
        return
    scale = (WIDTH - 380 - MARGIN - 52) / explanation.values[real].max()
    for rank, position in enumerate(explanation.positions[real].tolist()):
        top = y + 20 + LINE * rank
        hit = position in later
        words(axes, (MARGIN + 24, top + 12), f"{rank + 1}.", 9.5, ha="right")
        words(axes, (MARGIN + 30, top + 12), ink.STAR if hit else "", 11, color=ink.NEXT)
        weight, start = "bold" if hit else "normal", 380.0
        name, room = titles[position], start - MARGIN - 60
        title(axes, (MARGIN + 48, top + 12), name, 40, room, weight=weight)
        for token, part in enumerate(parts[rank].tolist()):
            _swatch(axes, (start, top + 4), (part * scale, 16), token)
            start += part * scale
            axes.plot([start, start], [top + 4, top + 20], color=WHITE, linewidth=1)
        words(axes, (start + 8, top + 12), f"{explanation.values[rank]:.2f}", 9.5)


def _journey_words(explanation: Explanation, titles: dict[int, str], later: set[int]) -> str:
    titles = {position: isolated(title) for position, title in titles.items()}
    recent = ", ".join(titles[p] for p in explanation.history[-RECENT:].tolist())
    lines = [f"One person from history to results. Rated, newest last: {recent}."]
    for read in explanation.reads[:CARDS]:
        first = ", ".join(titles[p] for p in read.items[:3].tolist())
        lines.append(
            f"{read.opener.capitalize()} reads the list of {read.key}"
            + (f", which begins with {first}." if first else ", which is empty.")
        )
    ranked = [
        f"{rank}. {titles[p]}" + (" (rated next)" if p in later else "")
        for rank, p in enumerate(explanation.positions[explanation.positions >= 0].tolist(), 1)
    ]
    lines.append(f"The sums of these lists rank: {'; '.join(ranked) or 'nothing'}.")
    return " ".join(lines)


@picture
def beside(
    left_titles: Sequence[str],
    right_titles: Sequence[str],
    rated: Sequence[str],
    names: tuple[str, str] = ("SparCode", "Two-tower"),
) -> tuple[Figure, str]:
    """Draw the results of two models side by side, and what the person rated next.

    Args:
        left_titles: results of the first model, best first.
        right_titles: results of the second.
        rated: what the person rated next; results among them get a star.
        names: of the two models.
    """
    rows = max(len(left_titles), len(right_titles), 1)
    figure, axes = sheet(WIDTH, 62 + 27 * rows + 14)
    later, xs = set(rated), (MARGIN, 356)
    for name, titles, x in zip(names, (left_titles, right_titles), xs, strict=True):
        hits = sum(result in later for result in titles)
        title(axes, (x + 26, 24), name, 24, 190, 11.5, weight="bold")
        words(
            axes,
            (x + 284, 24),
            f"{hits} of {len(titles)} {ink.STAR}",
            10,
            ha="right",
            color=ink.NEXT,
        )
        for rank, result in enumerate(titles):
            _result(axes, (x, 44 + 27 * rank), rank, result, result in later)
    for rank, result in enumerate(left_titles):
        if result in right_titles:
            ends = (56.5 + 27 * rank, 56.5 + 27 * list(right_titles).index(result))
            colour = ink.NEXT if result in later else ink.NEUTRAL
            axes.plot([xs[0] + 286, xs[1] - 6], ends, color=colour, lw=1.2, alpha=0.8, zorder=0)
    _rated(axes, 694, rated, {*left_titles, *right_titles}, rows)
    return figure, _beside_words(left_titles, right_titles, rated, names)


def _result(axes: Axes, at: Point, rank: int, name: str, hit: bool) -> None:
    x, y = at
    words(axes, (x + 20, y + 12.5), f"{rank + 1}.", 9.5, ha="right")
    edge, width = (ink.NEXT, 1.8) if hit else (ink.ITEM, 1.0)
    box(axes, (x + 26, y), (258, 24), WHITE, edge, radius=4, linewidth=width)
    if hit:
        words(axes, (x + 33, y + 12), ink.STAR, 10.5, color=ink.NEXT)
    length, left, weight = (31, 50, "bold") if hit else (35, 34, "normal")
    title(axes, (x + left, y + 12.5), name, length, 282 - left, 9, weight=weight)


def _rated(axes: Axes, x: float, rated: Sequence[str], results: set[str], rows: int) -> None:
    """Draw what was rated next; results of a model come first."""
    order = sorted(dict.fromkeys(rated), key=lambda name: name not in results)
    words(axes, (x, 24), f"Rated next: {len(rated)} films", 11.5, weight="bold")
    room = rows if len(order) <= rows else rows - 1
    for place, name in enumerate(order[:room]):
        y = 56.5 + 27 * place
        mark, colour = (ink.STAR, ink.NEXT) if name in results else ("\N{MIDDLE DOT}", ink.NEUTRAL)
        words(axes, (x, y), mark, 10.5, color=colour)
        colour = ink.INK if name in results else ink.NEUTRAL
        title(axes, (x + 17, y), name, 34, WIDTH - x - 21, 9, color=colour)
    if len(order) > room:
        text = f"and {len(order) - room} more"
        words(axes, (x + 17, 56.5 + 27 * room), text, 9, color=ink.NEUTRAL, style="italic")


def _beside_words(
    left: Sequence[str], right: Sequence[str], rated: Sequence[str], names: tuple[str, str]
) -> str:
    later = set(rated)
    parts = []
    for name, titles in zip(names, (left, right), strict=True):
        ranked = "; ".join(
            f"{rank}. {isolated(result)}" + (" (rated next)" if result in later else "")
            for rank, result in enumerate(titles, 1)
        )
        hits = sum(result in later for result in titles)
        parts.append(f"{name}, {hits} of {len(titles)} rated next: {ranked}.")
    shared = len(set(left) & set(right))
    return f"{' '.join(parts)} Both lists share {shared}. Rated next: {len(rated)} films."
