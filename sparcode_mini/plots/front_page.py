"""Draw the README's picture: one query from history to results, for light and for dark pages.

    python -m sparcode_mini.plots.front_page

All numbers come from the stored X-ray of a composed person, read with one probe. The command writes
assets/front/light.png and dark.png and prints their alt text, which the README repeats.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparcode_mini import results
from sparcode_mini.explain.query import Explanation, Read
from sparcode_mini.explain.xray import explanation
from sparcode_mini.plots import ink as light
from sparcode_mini.plots.ink import SEEN
from sparcode_mini.plots.labels import label_png
from sparcode_mini.plots.picture import Picture, house_style, to_png
from sparcode_mini.plots.shapes import WHITE, Point, arrow, bar, box, sheet, words
from sparcode_mini.plots.titles import shorten
from sparcode_mini.tools.files import atomic_write

FOLDER = results.ASSETS / "front"
MOST_BYTES = 150_000
TITLE = "One query through SparCode"
# Somebody of the X-ray whose four codes differ; results, entries of a list, numbers shown.
PERSON, TOP, ENTRIES, CELLS = 1, 5, 4, 6
WIDTH, HEIGHT, TOKENS_AT = 920, 478, 88
ROW = 92  # from one token to the next
HISTORY, TOKENS, CODES, LISTS, SUMS = 16, 214, 326, 406, 706  # left edges of the columns
HISTORY_WIDTH, LIST_WIDTH, SUMS_WIDTH = 170, 256, 200


class Theme(NamedTuple):
    """Colours of the page and of what stands on it; each keeps its meaning on dark pages."""

    page: str
    card: str
    ink: str
    edge: str
    remark: str
    query: str
    code: str
    score: str
    shades: tuple[str, ...]  # one for each token


THEMES = {
    "light": Theme(
        light.CARD,
        WHITE,
        light.INK,
        light.EDGE,
        light.NEUTRAL,
        light.QUERY,
        light.CODE,
        light.SHADES[0],
        light.SHADES,
    ),
    "dark": Theme(
        "#0D1117",
        "#161B22",
        "#E6EDF3",
        "#3D444D",
        "#9198A1",
        "#4FA8DC",
        "#B55BA6",
        "#5FD3A8",
        ("#0B8F6B", "#25BC8F", "#86D1B5", "#D5F1E6"),
    ),
}


class Query(NamedTuple):
    """One query through the model.

    Attributes:
        tokens: first numbers of each token, (K_u, CELLS), moved to 0..1 for drawing.
        answer: lists read, sums and results; item positions are places in `answer.titles`.
    """

    tokens: np.ndarray
    answer: Explanation


def query() -> Query:
    """Read the query of the picture from the stored X-ray."""
    data = results.load("xray")["data"]
    values = np.array(data["models"][0]["queries"][PERSON]["values"])[:, :CELLS]  # (K_u, CELLS)
    tokens = (values - values.min()) / np.ptp(values)
    return Query(tokens, explanation(data, PERSON, probes=1, k=TOP))


def title(text: str) -> str:
    """Return the title of a film without its year, and with its article in front.

    >>> title("Rock, The (1996)")
    'The Rock'
    """
    bare = re.sub(r" \(\d{4}\)$", "", text)
    return re.sub(r"^(.*), (The|A|An)$", r"\2 \1", bare)


def alt(answer: Explanation) -> str:
    """Return the picture in words."""
    films = [title(str(name)) for name in answer.titles]
    rated = ", ".join(films[position] for position in answer.history)
    codes = ", ".join(str(read.code[0]) for read in answer.reads)
    entries = ", ".join(f"{part:.2f}" if part else "nothing" for part in answer.parts[0])
    best, *others = (films[position] for position in answer.positions)
    return (
        f"{TITLE}. Rated: {rated}. Four tokens get the codes {codes}. "
        f"The lists of these codes hold {best} with {entries} (rounded); the "
        f"sum, {answer.values[0]:.2f}, is the largest. Next: {', '.join(others)}."
    )


def front_page(theme: Theme) -> Picture:
    """Return the picture: history, tokens, codes, lists and sums from left to right."""
    with house_style():
        figure, answer = _drawn(theme)
        return Picture(to_png(figure, MOST_BYTES), alt(answer), WIDTH, figure)


def _drawn(theme: Theme) -> tuple[Figure, Explanation]:
    tokens, answer = query()
    figure, axes = sheet(WIDTH, HEIGHT)
    figure.set_facecolor(theme.page)
    _headings(axes, theme)
    _history(axes, theme, answer)
    for number, read in enumerate(answer.reads):
        y = TOKENS_AT + ROW * number
        _token(axes, theme, y, tokens[number], read)
        _list(axes, theme, y, answer, read)
    _sums(axes, theme, answer)
    note = f"{SEEN} already rated, so not in the results. Scores are rounded."
    words(axes, (LISTS + 2, HEIGHT - 17), note, 9, color=theme.remark)
    return figure, answer


def _headings(axes: Axes, theme: Theme) -> None:
    columns = (
        (HISTORY, "History", "films that a person\nrated, newest last", theme.query),
        (TOKENS, "Tokens", "vectors of the\nhistory", theme.query),
        (CODES, "Codes", "nearest\ncodeword", theme.code),
        (
            LISTS,
            "Lists",
            "one per code: films with scores,\nfilled in advance by the model",
            theme.score,
        ),
        (SUMS, "Sums", "scores of a film\nadded up: the top five", theme.score),
    )
    for x, name, remark, colour in columns:
        words(axes, (x, 28), name, 14, color=colour, weight="bold")
        words(axes, (x, 46), remark, 9, color=theme.remark, va="top")


def _history(axes: Axes, theme: Theme, answer: Explanation) -> None:
    height, middle = 36, TOKENS_AT + 2 * ROW - 6
    top = middle - len(answer.history) * (height + 8) / 2 + 4
    for place, position in enumerate(answer.history):
        y = top + (height + 8) * place
        style: dict[str, Any] = {"radius": 6, "linewidth": 1.3}
        box(axes, (HISTORY, y), (HISTORY_WIDTH, height), theme.card, theme.query, **style)
        name = shorten(title(str(answer.titles[position])), 24)
        words(axes, (HISTORY + 9, y + height / 2), name, 9, color=theme.ink)
    ends = [_middle(TOKENS_AT + ROW * number) for number in range(len(answer.reads))]
    bus = HISTORY + HISTORY_WIDTH + 11
    axes.plot([bus - 11, bus], [middle, middle], color=theme.remark, linewidth=1.4)
    axes.plot([bus, bus], [ends[0], ends[-1]], color=theme.remark, linewidth=1.4)
    for end in ends:
        arrow(axes, (bus, end), (TOKENS - 3, end), theme.remark)


def _middle(y: float) -> float:
    return y + (ROW - 12) / 2


def _token(axes: Axes, theme: Theme, y: float, values: np.ndarray, read: Read) -> None:
    """Draw a token, its code, and the arrows between them."""
    side, middle = 13, _middle(y)
    for number, value in enumerate(values.tolist()):
        corner = (TOKENS + 2 + side * number, middle - side / 2)
        strength = 0.2 + 0.2 * round(4 * value)  # few colours: a small file
        bar(axes, corner, (side - 1.5, side - 1.5), theme.query, alpha=strength)
    words(axes, (TOKENS + 2 + side * CELLS, middle - 0.5), "\u2026", 9, color=theme.remark)
    words(axes, (TOKENS + 2, middle - 17), f"token {read.token + 1}", 9, color=theme.query)
    arrow(axes, (TOKENS + 94, middle), (CODES - 3, middle), theme.remark)
    box(axes, (CODES, middle - 14), (50, 28), theme.code, theme.code, radius=5)
    style: dict[str, Any] = {"color": WHITE, "weight": "bold", "ha": "center"}
    words(axes, (CODES + 25, middle), str(read.code[0]), 11.5, **style)
    arrow(axes, (CODES + 53, middle), (LISTS - 3, middle), theme.remark)


def _list(axes: Axes, theme: Theme, y: float, answer: Explanation, read: Read) -> None:
    """Draw the first entries of a list, and that of the best film if it has one, in a frame."""
    box(axes, (LISTS, y), (LIST_WIDTH, ROW - 12), theme.card, theme.edge, radius=6)
    best = int(answer.positions[0])
    ranks = list(range(ENTRIES))
    for rank in np.flatnonzero(read.items == best).tolist():  # one, or none
        ranks[-1] = max(rank, ranks[-1])
    for line, place in enumerate(ranks):
        top = y + 4 + 18 * line
        item, value = int(read.items[place]), float(read.values[place])
        if item == best:
            style: dict[str, Any] = {"radius": 4, "linewidth": 1.3}
            box(axes, (LISTS + 3, top), (LIST_WIDTH - 6, 18), theme.card, theme.score, **style)
        seen = item in answer.history
        _entry(axes, theme, (LISTS, top + 9), f"{place + 1}.", _name(answer, item, seen), seen)
        width = 32 * value / float(read.values[0])
        bar(axes, (LISTS + 186, top + 5), (width, 8), theme.shades[read.token])
        at = (LISTS + LIST_WIDTH - 8, top + 9)
        words(axes, at, f"{value:.2f}", 9, color=theme.score, ha="right")


def _name(answer: Explanation, item: int, seen: bool) -> str:
    name = shorten(title(str(answer.titles[item])), 18 if seen else 22)
    return f"{name} {SEEN}" if seen else name


def _entry(axes: Axes, theme: Theme, at: Point, rank: str, name: str, seen: bool) -> None:
    words(axes, (at[0] + 30, at[1]), rank, 8.5, color=theme.remark, ha="right")
    words(axes, (at[0] + 35, at[1]), name, 9, color=theme.remark if seen else theme.ink)


def _sums(axes: Axes, theme: Theme, answer: Explanation) -> None:
    """Draw the best films with the parts that the lists add; those of the first in numbers."""
    top, bottom = TOKENS_AT, TOKENS_AT + ROW * len(answer.reads) - 12
    bus = SUMS - 22
    for number in range(len(answer.reads)):
        y = _middle(TOKENS_AT + ROW * number)
        axes.plot([LISTS + LIST_WIDTH + 3, bus], [y, y], color=theme.remark, linewidth=1.4)
    ends = [_middle(TOKENS_AT + ROW * number) for number in (0, len(answer.reads) - 1)]
    axes.plot([bus, bus], ends, color=theme.remark, linewidth=1.4)
    arrow(axes, (bus, (top + bottom) / 2), (SUMS - 3, (top + bottom) / 2), theme.remark)
    box(axes, (SUMS, top), (SUMS_WIDTH, bottom - top), theme.card, theme.edge, radius=6)
    scale = (SUMS_WIDTH - 70) / float(answer.values[0])
    y = top + 20.0
    for rank, position in enumerate(answer.positions.tolist()):
        name = f"{rank + 1}. {shorten(title(str(answer.titles[position])), 24)}"
        weight = "normal" if rank else "bold"
        words(axes, (SUMS + 10, y), name, 10, color=theme.ink, weight=weight)
        _stack(axes, theme, (SUMS + 12, y + 14), answer.parts[rank] * scale)
        at = (SUMS + SUMS_WIDTH - 10, y + 21)
        style: dict[str, Any] = {"color": theme.score, "weight": weight, "ha": "right"}
        words(axes, at, f"{answer.values[rank]:.2f}", 10.5, **style)
        if rank == 0:
            parts = " + ".join(f"{part:.2f}" for part in answer.parts[0] if part)
            words(axes, (SUMS + 12, y + 42), parts, 9, color=theme.score)
            y += 24
        y += 66


def _stack(axes: Axes, theme: Theme, corner: Point, widths: Sequence[float] | np.ndarray) -> None:
    x, y = corner
    for shade, width in zip(theme.shades, widths, strict=True):
        bar(axes, (x, y), (width, 14), shade, edgecolor=theme.card, linewidth=0.8)
        x += width


def write(folder: Path = FOLDER) -> str:
    """Write the picture of each theme, its words inside the file, and return these words."""
    folder.mkdir(parents=True, exist_ok=True)
    description = ""
    for name, theme in THEMES.items():
        drawn = front_page(theme)
        description = drawn.alt
        atomic_write(folder / f"{name}.png", label_png(drawn.png, TITLE, description))
    return description


if __name__ == "__main__":
    print(write())
