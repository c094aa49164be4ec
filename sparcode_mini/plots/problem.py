"""The problem in one picture: two towers on the left, SparCode on the right."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.plots.shapes import (
    WHITE,
    Point,
    arrow,
    bar,
    box,
    cells,
    film,
    sheet,
    words,
)

WIDTH, HEIGHT, CARD_WIDTH = 980, 590, 470
# A small world: what the lists of four codes hold. The sums of the picture are computed from it.
LISTS = {
    12: {"A": 0.9, "C": 0.6, "F": 0.3},
    3: {"C": 0.8, "B": 0.5},
    88: {"A": 0.5, "D": 0.4, "C": 0.3},
    41: {"E": 0.7, "B": 0.4},
}
TOKENS = ((0.9, 0.2, 0.5, 0.7), (0.1, 0.8, 0.3, 0.4), (0.5, 0.5, 0.9, 0.1), (0.3, 0.9, 0.1, 0.8))
PERSON = (0.7, 0.2, 0.9, 0.4, 0.1, 0.6, 0.3, 0.8)
FILMS = {
    "A": (0.6, 0.3, 0.8, 0.2, 0.2, 0.7, 0.1, 0.9),
    "B": (0.1, 0.9, 0.2, 0.7, 0.5, 0.1, 0.8, 0.3),
    "C": (0.9, 0.1, 0.7, 0.6, 0.3, 0.5, 0.4, 0.6),
    "D": (0.2, 0.6, 0.4, 0.1, 0.9, 0.3, 0.7, 0.2),
    "E": (0.5, 0.4, 0.5, 0.8, 0.1, 0.8, 0.2, 0.5),
    "F": (0.3, 0.7, 0.1, 0.4, 0.6, 0.2, 0.9, 0.1),
}
ALT = (
    "Two ways to find films for one person. Left, two-tower: the history becomes one vector, every "
    "film one row of a matrix cached in advance; one dot product per row gives the top films. All "
    "rows: exact. Skipping rows takes a second tool. "
    "Right, SparCode: the history becomes four tokens; each is replaced by its nearest codeword, "
    "which approximates. Its code opens a list of films with scores prepared offline by a network; "
    "the scores are added per film, and the largest sums are the top films. They are what the "
    "rounded model scores."
)


def sums() -> dict[str, list[float]]:
    """Return what each of the four lists adds to each film, the largest sum first."""
    films = sorted({name for entries in LISTS.values() for name in entries})
    parts = {name: [entries.get(name, 0.0) for entries in LISTS.values()] for name in films}
    return dict(sorted(parts.items(), key=lambda pair: -sum(pair[1])))


def products() -> dict[str, float]:
    """Return the dot product of the person with each film, largest first."""
    scores = {
        name: sum(a * b for a, b in zip(PERSON, vector, strict=True))
        for name, vector in FILMS.items()
    }
    return dict(sorted(scores.items(), key=lambda pair: -pair[1]))


@picture
def problem() -> tuple[Figure, str]:
    """Draw two-tower and SparCode side by side, from a history to the top films."""
    figure, axes = sheet(WIDTH, HEIGHT)
    title = "The task: from thousands of films to a few for one person, within milliseconds"
    words(axes, (WIDTH / 2, 26), title, 14, weight="bold", ha="center")
    _two_tower(axes, 14)
    _sparcode(axes, WIDTH - CARD_WIDTH - 14)
    return figure, ALT


def _card(axes: Axes, x: float, name: str, motto: str, remarks: tuple[str, str]) -> None:
    box(axes, (x, 50), (CARD_WIDTH, HEIGHT - 64), WHITE, ink.EDGE, radius=10, linewidth=1.2)
    words(axes, (x + 18, 76), name, 15, weight="bold")
    words(axes, (x + CARD_WIDTH - 18, 77), motto, 11, ha="right", color=ink.NEUTRAL, style="italic")
    for line, remark in enumerate(remarks):
        words(axes, (x + 18, HEIGHT - 53 + 20 * line), remark, 10)


def _history(axes: Axes, x: float, y: float) -> None:
    words(axes, (x, y - 13), "what the person rated", 10.5, color=ink.QUERY)
    for number in range(4):
        film(axes, (x + 36 * number, y), ink.QUERY)


def _two_tower(axes: Axes, x: float) -> None:
    remarks = (
        "Person and film meet in a single dot product.",
        "All rows: exact. Skipping rows takes a second tool.",
    )
    _card(axes, x, "Two-tower", "one vector each", remarks)
    left, right = x + 28, x + 262
    _history(axes, left, 128)
    arrow(axes, (left + 69, 156), (left + 69, 180))
    _machine(axes, left + 4, 182, "query tower", ink.QUERY)
    arrow(axes, (left + 69, 212), (left + 69, 254))
    cells(axes, (left + 5, 258), PERSON, ink.QUERY, side=16)
    words(axes, (left + 69, 287), "one vector", 10.5, color=ink.QUERY, ha="center")

    words(axes, (right, 115), "all films, in advance", 10.5, color="#8A5F00")
    for number, name in enumerate("ABCD"):
        film(axes, (right + 36 * number, 128), ink.ITEM, name)
    words(axes, (right + 148, 140), "...", 12, color="#8A5F00")
    arrow(axes, (right + 69, 156), (right + 69, 180))
    _machine(axes, right + 4, 182, "item tower", ink.ITEM)
    arrow(axes, (right + 69, 212), (right + 69, 230))
    for row, (name, vector) in enumerate(FILMS.items()):
        cells(axes, (right + 5, 234 + 18 * row), vector, ink.ITEM, side=16)
        words(axes, (right + 148, 242 + 18 * row), name, 9.5, weight="bold")
    words(axes, (right + 69, 357), "cached matrix", 10.5, color="#8A5F00", ha="center")

    arrow(axes, (left + 69, 300), (left + 69, 380))
    _elbow(axes, (right + 69, 368), (right + 69, 397), (left + 170, 397))
    words(axes, (right + 60, 386), "every row", 9.5, ha="right", color=ink.NEUTRAL)
    _machine(axes, left - 6, 382, "dot products", ink.SCORE, width=172)
    arrow(axes, (left + 69, 412), (left + 69, 430))
    _top(axes, left, 434, {name: [value] for name, value in products().items()})


def _sparcode(axes: Axes, x: float) -> None:
    remarks = (
        "Each token is rounded: this approximates.",
        "The sums are then what the rounded model scores.",
    )
    _card(axes, x, "SparCode", "tokens, codes, lists", remarks)
    left = x + 28
    _history(axes, left, 128)
    arrow(axes, (left + 150, 140), (left + 178, 140))
    _machine(axes, left + 182, 125, "tokenizer", ink.QUERY)
    for x, name, colour in (
        (34, "tokens", ink.QUERY),
        (156, "codes", ink.CODE),
        (330, "lists", "#00694D"),
    ):
        words(axes, (left + x, 210), name, 10.5, color=colour, ha="center", weight="bold")
    _elbow(axes, (left + 215, 156), (left + 34, 174), (left + 34, 193), over=True)
    offline = "filled offline by a network;\nonly scores above 0 stay"
    words(axes, (left + 330, 181), offline, 9.5, ha="center", color="#00694D", linespacing=1.25)
    for row, (code, token) in enumerate(zip(LISTS, TOKENS, strict=True)):
        _row(axes, left, 226 + 34 * row, token, code, row)
    nearest = "nearest\ncodeword"
    words(axes, (left + 97, 207), nearest, 9, ha="center", color=ink.NEUTRAL, linespacing=1.25)
    _elbow(axes, (left + 330, 362), (left + 330, 397), (left + 170, 397))
    words(axes, (left + 322, 386), "read", 9.5, ha="right", color=ink.NEUTRAL)
    _machine(axes, left - 6, 382, "add up per film", ink.SCORE, width=172)
    arrow(axes, (left + 69, 412), (left + 69, 430))
    _top(axes, left, 434, sums())


def _row(axes: Axes, left: float, y: float, token: tuple[float, ...], code: int, row: int) -> None:
    """Draw one token, its code, and the list of that code."""
    cells(axes, (left + 2, y + 4), token, ink.QUERY, side=16)
    arrow(axes, (left + 76, y + 12), (left + 130, y + 12))
    box(axes, (left + 136, y), (40, 24), ink.CODE, ink.CODE, radius=4)
    words(axes, (left + 156, y + 12), str(code), 10.5, color=WHITE, weight="bold", ha="center")
    arrow(axes, (left + 182, y + 12), (left + 204, y + 12))
    for place, (name, score) in enumerate(LISTS[code].items()):
        x = left + 212 + 74 * place
        film(axes, (x, y), ink.ITEM, name)
        words(axes, (x + 34, y + 12), f".{round(10 * score)}", 9.5, color="#00694D", weight="bold")
        bar(axes, (x + 52, y + 24 - 22 * score), (8, 22 * score), ink.SHADES[row])


def _elbow(
    axes: Axes,
    start: Point,
    corner: Point,
    end: Point,
    over: bool = False,
) -> None:
    """Draw an arrow with a corner; with `over` it first goes down to the corner's height."""
    first = [(start[0], corner[1])] if over else []
    xs, ys = zip(start, *first, corner, strict=True)
    axes.plot(xs, ys, color=ink.NEUTRAL, linewidth=1.4, solid_joinstyle="miter")
    arrow(axes, corner, end)


def _machine(axes: Axes, x: float, y: float, name: str, colour: str, width: float = 130) -> None:
    box(axes, (x, y), (width, 29), WHITE, colour, radius=8, linewidth=1.8)
    words(axes, (x + width / 2, y + 14.5), name, 11, ha="center", weight="bold")


def _top(axes: Axes, x: float, y: float, parts: dict[str, list[float]]) -> None:
    """Draw the three largest sums as bars, stacked by what each list adds."""
    best = list(parts.items())[:3]
    scale = 225 / sum(best[0][1])
    for rank, (name, values) in enumerate(best):
        top = y + 28 * rank
        words(axes, (x - 6, top + 11), f"{rank + 1}.", 10.5)
        film(axes, (x + 18, top), ink.ITEM, name)
        start = x + 58
        for shade, value in zip(ink.SHADES, values, strict=False):
            bar(axes, (start, top + 4), (value * scale, 15), shade, edgecolor=WHITE, linewidth=0.8)
            start += value * scale
        text = " + ".join(f".{round(10 * v)}" for v in values if v > 0)
        total = f"{sum(values):.2f}" if len(values) == 1 else f"{text} = {sum(values):.1f}"
        words(axes, (start + 8, top + 11), total, 10)
