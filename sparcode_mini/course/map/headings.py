"""What the stored lessons say of themselves: objectives, needs, exercises, predictions."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = "notebooks"
LESSONS = (*(f"{number:02}" for number in range(11)), "capstone")
_OBJECTIVE = re.compile(r"^(?:-|\d+\.) (.+?)[;.]?$", re.M)
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
    cells: Mapping[str, Mapping[str, Any]]


def read_lessons(root: Path) -> dict[str, Lesson]:
    """Return all lessons by their number, in their order.

    Raises:
        ValueError: a lesson is missing, or its first cell lacks a part.
    """
    lessons = {}
    for number in LESSONS:
        paths = sorted((root / FOLDER).glob(f"{number}*.ipynb"))
        if len(paths) != 1:
            raise ValueError(f"{root / FOLDER} has {len(paths)} lessons {number!r}; name the "
                             "project's folder: --root")  # fmt: skip
        lessons[number] = _read(paths[0], number)
    return lessons


def _read(path: Path, number: str) -> Lesson:
    cells = read_cells(path)
    first = source_of(next(iter(cells.values())))
    title = re.search(r"^# (?:[\w]+ · )?(.+)$", first, re.M)
    listed = re.search(r"you can\*\*\n(.+?)^\*\*Needs\.\*\* (.+?)$", first, re.M | re.S)
    minutes = re.search(r"^\*\*Time\.\*\* About (\d+) minutes", first, re.M)
    if not (title and listed and minutes):
        raise ValueError(f"{path.name}: its first cell lacks title, objectives, needs or time")
    exercises = {one.name: one for one in _exercises(number, cells)}
    return Lesson(
        number,
        path.stem,
        title[1],
        tuple(_OBJECTIVE.findall(listed[1])),
        listed[2],
        int(minutes[1]),
        exercises,
        {name: place for place, cell in cells.items() for name in _predictions(cell)},
        tuple(text for cell in cells.values() for text in _headings(cell)),
        cells,
    )


def read_cells(path: Path) -> dict[str, dict[str, Any]]:
    """Return the cells of a stored notebook by their ids.

    Raises:
        ValueError: there is no such notebook.
    """
    if not path.is_file():
        raise ValueError(f"there is no notebook {path}")
    return {cell["id"]: cell for cell in json.loads(path.read_text("utf-8"))["cells"]}


def source_of(cell: Mapping[str, Any]) -> str:
    """Return the text that people wrote in a cell."""
    return "".join(cell["source"])


def _headings(cell: Mapping[str, Any]) -> list[str]:
    return _HEADING.findall(source_of(cell)) if cell["cell_type"] == "markdown" else []


def _predictions(cell: Mapping[str, Any]) -> list[str]:
    return _PREDICTION.findall(source_of(cell)) if cell["cell_type"] == "code" else []


def _exercises(lesson: str, cells: Mapping[str, Mapping[str, Any]]) -> Iterator[Exercise]:
    further = False
    for place, cell in cells.items():
        for heading in _headings(cell):
            match = _EXERCISE.fullmatch(heading)
            if match is None:
                further = _is_further(heading, further)
                continue
            number, level, minutes, title = match.groups()
            yield Exercise(f"{lesson}.{number}", title, level, int(minutes), place, further)


def _is_further(heading: str, before: bool) -> bool:
    """Return whether a part is marked Further; a heading inside such a part does not end it."""
    if re.match(r"(?:[\d.]+ · )?Further\b", heading):
        return True
    begins_a_part = re.match(r"\d+ · |Exercises$|Summary$", heading)
    return before and begins_a_part is None
