"""The picture of the capstone: answers of several indexes beside each other."""

from collections.abc import Container, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.plots.shapes import WHITE, box, sheet, title, words

BOX_WIDTH, GAP, ROW, TOP = 250, 80, 32, 46


@picture
def answers(
    columns: Mapping[str, Sequence[str]], right: Container[str], whose: str
) -> tuple[Figure, str]:
    """Draw the first films of several answers, the same film joined by a line.

    Args:
        columns: name of an index -> titles, best first; all of one length.
        right: titles of the films that this person did watch later.
        whose: words for the person, such as "person 582".
    """
    places = max(map(len, columns.values()))
    step = BOX_WIDTH + GAP
    figure, axes = sheet(40 + step * len(columns) - GAP + 16, TOP + ROW * places + 34)
    names = list(columns)
    for number, name in enumerate(names):
        x = 40 + step * number
        title(axes, (x, 24), name, 60, BOX_WIDTH + GAP - 10, 10, weight="bold")
        for place, film in enumerate(columns[name]):
            _film(axes, (x, TOP + ROW * place), film, film in right)
        if number:
            _lines(axes, x, columns[names[number - 1]], columns[name])
    for place in range(places):
        words(axes, (28, TOP + ROW * place + 12), str(place + 1), 9, ha="right", color=ink.NEUTRAL)
    note = f"{ink.STAR} {whose} rated this film in the test part"
    words(axes, (40, TOP + ROW * places + 14), note, 9, color=ink.NEXT)
    return figure, " ".join([f"The first {places} films for {whose}.", *_told(columns, right)])


def _film(axes: Axes, corner: tuple[float, float], film: str, right: bool) -> None:
    x, y = corner
    fill, edge = ("#FBE3D6", ink.NEXT) if right else (WHITE, ink.EDGE)
    box(axes, corner, (BOX_WIDTH, ROW - 8), fill, edge, radius=4, linewidth=1.3)
    text = f"{ink.STAR} {film}" if right else film
    weight = "bold" if right else "normal"
    title(axes, (x + 8, y + 12), text, 60, BOX_WIDTH - 16, 9, weight=weight)


def _lines(axes: Axes, x: float, before: Sequence[str], after: Sequence[str]) -> None:
    """Join the films of two neighbouring columns; x is where the second one begins."""
    for place, film in enumerate(after):
        if film in before:
            ends = [TOP + ROW * p + 12 for p in (before.index(film), place)]
            moved = ends[0] != ends[1]
            colour, width = (ink.SCORE, 1.8) if moved else (ink.NEUTRAL, 1.0)
            axes.plot([x - GAP + 3, x - 3], ends, color=colour, lw=width, solid_capstyle="round")


def _told(columns: Mapping[str, Sequence[str]], right: Container[str]) -> list[str]:
    first, *others = columns
    films = [f"{ink.STAR} {film}" if film in right else film for film in columns[first]]
    sentences = [f"{first}: {'; '.join(films)}. A star marks a film rated in the test part."]
    for name in others:
        kept = sum(film in columns[first] for film in columns[name])
        hits = sum(film in right for film in columns[name])
        same = list(columns[name]) == list(columns[first])
        order = "the same films in the same order" if same else f"{kept} of the same films"
        sentences.append(f"{name}: {order}, {hits} with a star.")
    return sentences
