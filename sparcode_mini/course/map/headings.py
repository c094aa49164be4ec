"""What the stored lessons say of themselves: objectives, needs, exercises, predictions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparcode_mini.course.lessons import Cell, read_lesson

LESSONS = (*(f"{number:02}" for number in range(11)), "capstone")
_HEADING = re.compile(r"^#{2,4} (.+)$", re.M)
_EXERCISE = re.compile(r"Exercise (\d+) · (easy|middle|hard) · (\d+) min: (.+)")
_PREDICTION = re.compile(r'Prediction\(\s*"([^"]+)"')


@dataclass(frozen=True)
class Exercise:
    """One exercise, as its heading has it.

    Attributes:
        name: "03.5" is number 5 of lesson 03.
        level: "easy", "middle" or "hard".
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
    """One notebook.

    Attributes:
        number: "00" to "10", or "capstone".
        needs: the line of its first cell, without its name.
        minutes: of the core, exercises included.
        exercises: by name.
        predictions: the cell of each, by the prediction's name.
        headings: of all levels but the title.
        cells: by id.
    """

    number: str
    stem: str
    title: str
    objectives: tuple[str, ...]
    needs: str
    minutes: int
    exercises: Mapping[str, Exercise]
    predictions: Mapping[str, str]
    headings: tuple[str, ...]
    cells: Mapping[str, Cell]


def read_lessons(root: Path) -> dict[str, Lesson]:
    """Return all lessons by their number, in their order.

    Raises:
        ValueError: a lesson is missing, or its first cell lacks a part.
    """
    return {number: _read(root, number) for number in LESSONS}


def _read(root: Path, number: str) -> Lesson:
    lesson = read_lesson(root, number)
    first = lesson.cells[0].source
    needs = re.search(r"^\*\*Needs\.\*\* (.+?)$", first, re.M)
    minutes = re.search(r"^\*\*Time\.\*\* About (\d+) minutes", first, re.M)
    if not (lesson.objectives and needs and minutes):
        raise ValueError(f"{lesson.name}: its first cell lacks objectives, needs or time")
    return Lesson(
        number,
        lesson.name,
        lesson.title.rpartition(" · ")[2],
        tuple(text.rstrip(";.") for text in lesson.objectives),
        needs[1],
        int(minutes[1]),
        {one.name: one for one in _exercises(number, lesson.cells)},
        {name: cell.id for cell in lesson.cells for name in _predictions(cell)},
        tuple(text for cell in lesson.cells for text in _headings(cell)),
        {cell.id: cell for cell in lesson.cells},
    )


def _headings(cell: Cell) -> list[str]:
    return _HEADING.findall(cell.source) if cell.kind == "markdown" else []


def _predictions(cell: Cell) -> list[str]:
    return _PREDICTION.findall(cell.source) if cell.kind == "code" else []


def _exercises(lesson: str, cells: Sequence[Cell]) -> Iterator[Exercise]:
    further = False
    for cell in cells:
        for heading in _headings(cell):
            match = _EXERCISE.fullmatch(heading)
            if match is None:
                further = _is_further(heading, further)
                continue
            number, level, minutes, title = match.groups()
            yield Exercise(f"{lesson}.{number}", title, level, int(minutes), cell.id, further)


def _is_further(heading: str, before: bool) -> bool:
    """Return whether a part is marked Further; a heading inside such a part does not end it."""
    if re.match(r"(?:[\d.]+ · )?Further\b", heading):
        return True
    begins_a_part = re.match(r"\d+ · |Exercises$|Summary$", heading)
    return before and begins_a_part is None
