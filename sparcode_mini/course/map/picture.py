"""The lessons as boxes, with an arrow from each lesson to those that need it."""

from collections.abc import Mapping
from html import escape
from textwrap import wrap

from sparcode_mini.course.lessons import Lesson
from sparcode_mini.course.map.chart import Chart
from sparcode_mini.plots import ink
from sparcode_mini.plots.labels import label_svg

WIDTH, COLUMN = 760, 125  # of the picture; between the middles of two columns
BOX, GAP, MARGIN = 240, 34, 10  # width of a box; space below a row, and around the picture
TITLE = "The lessons, and which lesson needs which"
# A line of a box: its text, the size of its letters, their weight. Wide fonts have to fit, too.
Line = tuple[str, float, int]


def drawn(lessons: Mapping[str, Lesson], chart: Chart) -> bytes:
    """Return the picture as SVG, with title, description and licence."""
    news, ranks = first_needs(chart), ranked(chart)
    lines = {number: _lines(lessons[number], news[number]) for number in chart.entries}
    rows = range(1 + max(ranks.values()))
    heights = [max(_height(lines[n]) for n in lines if ranks[n] == row) for row in rows]
    tops = [MARGIN + sum(heights[:row]) + GAP * row for row in rows]
    places = {
        number: (WIDTH / 2 + COLUMN * (entry.column - 3), tops[ranks[number]])
        for number, entry in chart.entries.items()
    }
    arrows = [
        _arrow(places[first], heights[ranks[first]], places[last]) for first, last in direct(chart)
    ]
    boxes = [_box(lines[n], heights[ranks[n]], *place) for n, place in places.items()]
    svg = f"""<svg xmlns="http://www.w3.org/2000/svg"
  viewBox="0 0 {WIDTH} {tops[-1] + heights[-1] + MARGIN:.0f}"
  font-family="Segoe UI, Helvetica Neue, Liberation Sans, Arial, sans-serif" fill="{ink.INK}">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
  orient="auto"><path d="M0 0L8 4L0 8z" fill="{ink.NEUTRAL}"/></marker></defs>
{"".join(arrows)}{"".join(boxes)}
</svg>
"""
    return label_svg(svg.encode("utf-8"), TITLE, described(lessons, chart))


def described(lessons: Mapping[str, Lesson], chart: Chart) -> str:
    """Return what the picture shows, in words."""
    parts = ["Each lesson is a box; an arrow leads to the lessons that need it."]
    news = first_needs(chart)
    for number, entry in chart.entries.items():
        line = f"{number}, {lessons[number].topic}: needs {', '.join(entry.needs) or 'no lesson'}"
        if news[number]:
            line += f"; brings in from outside {', '.join(news[number])}"
        parts.append(f"{line}.")
    return " ".join(parts)


def ranked(chart: Chart) -> dict[str, int]:
    """Return the row of each lesson: one below the lowest that it needs.

    Raises:
        ValueError: a lesson needs one that comes later.
    """
    ranks: dict[str, int] = {}
    for number, entry in chart.entries.items():
        late = [need for need in entry.needs if need not in ranks]
        if late:
            raise ValueError(f"lesson {number} needs {late[0]}, which comes later")
        ranks[number] = 1 + max((ranks[need] for need in entry.needs), default=-1)
    return ranks


def direct(chart: Chart) -> list[tuple[str, str]]:
    """Return the arrows (first, last): needs that do not follow from other needs."""
    return [
        (need, number)
        for number, entry in chart.entries.items()
        for need in entry.needs
        if not any(need in _above(chart, other) for other in entry.needs)
    ]


def _above(chart: Chart, number: str) -> set[str]:
    """Return all lessons that a lesson needs, and those that they need."""
    needs = chart.entries[number].needs
    return set(needs).union(*(_above(chart, need) for need in needs))


def first_needs(chart: Chart) -> dict[str, list[str]]:
    """Return for each lesson the titles of the knowledge that it is the first to need."""
    met: set[str] = set()
    news = {}
    for number, entry in chart.entries.items():
        names = [name for name in entry.outside if name not in met]
        met |= set(names)
        news[number] = [chart.outside[name].title for name in names]
    return news


def _arrow(start: tuple[float, float], height: float, end: tuple[float, float]) -> str:
    (x, y), (x_end, y_end) = (start[0], start[1] + height), (end[0], end[1] - 2)
    straight = y_end - GAP + 2  # down past the rows between, then over to the end
    path = f"M{x} {y:.1f}L{x} {straight:.1f}C{x} {y_end - 6:.1f} {x_end} {straight:.1f} "
    return (f'\n<path d="{path}{x_end} {y_end:.1f}" fill="none" stroke="{ink.NEUTRAL}" '
            'stroke-width="1.6" marker-end="url(#tip)"/>')  # fmt: skip


def _lines(lesson: Lesson, news: list[str]) -> list[Line]:
    name = lesson.number if lesson.number.isdigit() else "Capstone"
    lines: list[Line] = [(text, 12.5, 700) for text in wrap(f"{name} · {lesson.topic}", 27)]
    lines.append((f"{lesson.minutes} minutes", 11, 400))
    notes = wrap(f"New from outside: {'; '.join(news)}", 35) if news else []
    return lines + [(text, 10.5, 400) for text in notes]


def _height(lines: list[Line]) -> float:
    return 14 + sum(size * 1.25 for _, size, _ in lines)


def _box(lines: list[Line], height: float, x: float, y: float) -> str:
    texts, place = [], y + 4
    for text, size, weight in lines:
        place += size * 1.25
        texts.append(f'<text x="{x}" y="{place:.1f}" font-size="{size}" font-weight="{weight}" '
                     f'text-anchor="middle">{escape(text)}</text>')  # fmt: skip
    rectangle = (f'<rect x="{x - BOX / 2}" y="{y:.1f}" width="{BOX}" height="{height:.1f}" rx="6" '
                 f'fill="{ink.CARD}" stroke="{ink.QUERY}" stroke-width="1.5"/>')  # fmt: skip
    return f"\n{rectangle}{''.join(texts)}"
