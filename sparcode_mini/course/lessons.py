"""The stored lessons as the kit reads them: cells with their section, number and texts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from sparcode_mini.lessons.text import labels
from sparcode_mini.lessons.text.languages import lesson_folder

LESSONS = (*(f"{number:02}" for number in range(11)), "capstone")
_HEADING = re.compile(r"^#{2,4} (.+)$", re.M)
_PREDICTION = re.compile(r'Prediction\(\s*"([^"]+)"')


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        section: the heading above it or in it, without the signs of Markdown.
        parents: that heading and those above it, the lesson's title left out.
        count: n of `In [n]`; None for text.
        text: what a reader sees: a text cell's source, or the printed output of code.
    """

    id: str
    kind: str
    source: str
    section: str
    parents: tuple[str, ...]
    count: int | None
    text: str
    tags: tuple[str, ...]

    @property
    def address(self) -> str:
        """Return what a reader sees beside it: `In [n]`, or "text"."""
        return "text" if self.count is None else f"In\N{NO-BREAK SPACE}[{self.count}]"


@dataclass(frozen=True)
class Exercise:
    """One exercise, as its heading has it.

    Attributes:
        name: "03.5" is number 5 of lesson 03.
        level: "easy", "middle" or "hard", in the language of the lesson.
        further: it stands in a part that is marked Further.
    """

    name: str
    title: str
    level: str
    minutes: int
    cell: str
    further: bool


@dataclass(frozen=True)
class Lesson:
    """One notebook: its file's stem, its title and its cells, in order."""

    name: str
    title: str
    cells: tuple[Cell, ...]

    @property
    def number(self) -> str:
        """Return what people call it: 00 to 10, or its name."""
        return self.name.partition("_")[0]

    @property
    def objectives(self) -> list[str]:
        """Return what one can do after it: the list that its first cell begins with."""
        first = self.cells[0].source
        _, *rest = labels.GOALS.split(first, maxsplit=1)
        part = min(("".join(rest).partition(label)[0] for label in labels.NEEDS), key=len)
        listed = re.findall(r"^(?:-|\d+\.) (.+(?:\n  .+)*)", part, re.M)
        return [text.rstrip(";.；。") for text in listed]

    @property
    def topic(self) -> str:
        """Return its title without the number."""
        return self.title.rpartition(" · ")[2]

    @property
    def needs(self) -> str | None:
        """Return the line of its first cell on what it needs, without its name."""
        lines = (labels.after(line, labels.NEEDS) for line in self.cells[0].source.splitlines())
        return next(filter(None, lines), None)

    @property
    def minutes(self) -> int | None:
        """Return the minutes of its core, exercises included, as its first cell has them."""
        stated = labels.minutes(self.cells[0].source)
        return stated and stated[0]

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """Return its headings of all levels but the title."""
        return tuple(text for cell in self.cells for text in _headings(cell))

    @cached_property
    def exercises(self) -> Mapping[str, Exercise]:
        """Return its exercises by name."""
        return {one.name: one for one in self._exercises()}

    @cached_property
    def predictions(self) -> tuple[str, ...]:
        """Return the names of its predictions."""
        code = (cell.source for cell in self.cells if cell.kind == "code")
        return tuple(name for source in code for name in _PREDICTION.findall(source))

    def _exercises(self) -> Iterator[Exercise]:
        for cell in self.cells:
            further = any(map(labels.is_further, cell.parents))
            for match in filter(None, map(labels.EXERCISE.fullmatch, _headings(cell))):
                number, level, minutes, title = match.groups()
                name = f"{self.number}.{number}"
                yield Exercise(name, title, level, int(minutes), cell.id, further)

    def at(self, cell_id: str) -> int:
        """Return the position of a cell.

        Raises:
            ValueError: the lesson has no such cell.
        """
        for position, cell in enumerate(self.cells):
            if cell.id == cell_id:
                return position
        raise ValueError(f"{self.name} has no cell {cell_id!r}; its ids stand in the notebook file")

    def cell(self, cell_id: str) -> Cell:
        """Return a cell; errors as `at`."""
        return self.cells[self.at(cell_id)]


def read_lesson(root: Path, name: str, language: str = "en") -> Lesson:
    """Read the lesson that a number ("07") or a stem ("capstone") names.

    Raises:
        ValueError: no notebook, or several, have this name.
    """
    folder = lesson_folder(root / "notebooks", language)
    paths = [path for path in folder.glob("*.ipynb") if name in (path.stem, path.stem[:2])]
    if len(paths) != 1:
        raise ValueError(
            f"{len(paths)} notebooks of {folder} are named {name!r}, one is needed: --root"
        )
    return read_file(paths[0])


def read_file(path: Path) -> Lesson:
    """Read the lesson of a notebook file."""
    return _read(path, path.stat().st_mtime_ns)


def read_lessons(root: Path) -> dict[str, Lesson]:
    """Return all lessons by their number, in their order.

    Raises:
        ValueError: a lesson is missing, or its first cell lacks a part.
    """
    lessons = {number: read_lesson(root, number) for number in LESSONS}
    for lesson in lessons.values():
        if not (lesson.objectives and lesson.needs and lesson.minutes):
            raise ValueError(f"{lesson.name}: its first cell lacks objectives, needs or time")
    return lessons


def outputs_of(cell: NotebookNode) -> list[str]:
    """Return the text of each output of a cell of code; "" for one without text."""
    return [
        str(output.get("text") or output.get("data", {}).get("text/plain", ""))
        for output in cell.outputs
    ]


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int) -> Lesson:
    notebook = nbformat.read(path, as_version=4)
    headings: dict[int, str] = {}
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            _enter(headings, cell.source)
        parents = tuple(headings[level] for level in sorted(headings) if level > 1)
        cells.append(
            Cell(
                id=cell.id,
                kind=cell.cell_type,
                source=cell.source,
                section=parents[-1] if parents else headings.get(1, ""),
                parents=parents,
                count=cell.get("execution_count"),
                text=_text(cell),
                tags=tuple(cell.metadata.get("tags", ())),
            )
        )
    return Lesson(path.stem, headings.get(1, path.stem), tuple(cells))


def _enter(headings: dict[int, str], source: str) -> None:
    """Take over the last headings of a text cell; a heading ends those below it."""
    fenced = False
    for line in source.splitlines():
        fenced ^= line.startswith("```")
        signs, _, title = line.partition(" ")
        if title and not fenced and signs and set(signs) == {"#"}:
            for level in [level for level in headings if level >= len(signs)]:
                del headings[level]
            headings[len(signs)] = title.replace("*", "").replace("`", "").strip()


def _text(cell: NotebookNode) -> str:
    if cell.cell_type != "code":
        return str(cell.source)
    return "\n".join(outputs_of(cell))


def _headings(cell: Cell) -> list[str]:
    return _HEADING.findall(cell.source) if cell.kind == "markdown" else []
