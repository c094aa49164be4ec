"""The file exam.toml: one open question for each objective, with the points that earn marks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparcode_mini.course.forms import REAL, TEXT, Keys, check, read_toml
from sparcode_mini.course.lessons import Lesson
from sparcode_mini.course.numbers import fill, look_up
from sparcode_mini.course.quiz.markup import well_formed
from sparcode_mini.course.quiz.schema import FROM_CELL, WRITTEN

FILE = Path("course") / "map" / "exam.toml"  # in assets/
QUESTION: Keys = {
    "lesson": TEXT,
    "objective": (int,),
    "minutes": REAL,
    "cell": TEXT,
    "stem": TEXT,
    "marks": (list,),
    "wrong": TEXT,
    "earns": (int,),
    "because": TEXT,
}
NUMBERS: Keys = {"numbers": (dict,)}


@dataclass(frozen=True)
class Question:
    """One question; its texts have the markup of the quiz, with their numbers in place.

    Attributes:
        objective: of the lesson, from 1.
        minutes: that an answer takes.
        cell: of the lesson, where the answer is taught.
        marks: what a full answer says; each earns one point.
        wrong: a common answer that is not full.
        earns: its points.
        because: what it lacks.
    """

    lesson: str
    objective: int
    minutes: float
    cell: str
    stem: str
    marks: tuple[str, ...]
    wrong: str
    earns: int
    because: str

    @property
    def name(self) -> str:
        """Return what the map calls it: "E03.2" asks for objective 2 of lesson 03."""
        return f"E{self.lesson}.{self.objective}"

    @property
    def points(self) -> int:
        """Return what a full answer earns."""
        return len(self.marks)


def read_exam(root: Path, lessons: Mapping[str, Lesson]) -> list[Question]:
    """Read all questions, in the order of the file, with their numbers in place.

    Raises:
        ValueError: something in it is wrong; the message names the question.
    """
    content = read_toml(root / "assets" / FILE)
    check(content, FILE.name, {"question": (list,)})
    return [_question(table, lessons, root) for table in content["question"]]


def _question(table: Mapping[str, Any], lessons: Mapping[str, Lesson], root: Path) -> Question:
    where = f"{FILE.name}, lesson {table.get('lesson')}, objective {table.get('objective')}"
    check(table, where, QUESTION, NUMBERS)
    lesson = lessons.get(table["lesson"])
    if lesson is None or table["cell"] not in {cell.id for cell in lesson.cells}:
        raise ValueError(f"{where}: no such lesson, or it has no cell {table['cell']!r}")
    if not 0 <= table["earns"] < len(table["marks"]):
        raise ValueError(f"{where}: earns = {table['earns']} of {len(table['marks'])} points; the "
                         "wrong answer earns fewer than the full one")  # fmt: skip
    try:
        return _filled(table, look_up(_references(table), root, table["lesson"]))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _references(table: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    references: Mapping[str, Mapping[str, Any]] = table.get("numbers", {})
    for name, source in references.items():
        check(source, f"number {name!r}", FROM_CELL, WRITTEN)
    return references


def _filled(table: Mapping[str, Any], values: Mapping[str, str]) -> Question:
    texts = [table["stem"], table["wrong"], table["because"], *table["marks"]]
    stem, wrong, because, *marks = map(well_formed, fill(texts, values))
    lesson, objective, minutes = table["lesson"], table["objective"], table["minutes"]
    cell, earns = table["cell"], table["earns"]
    return Question(lesson, objective, minutes, cell, stem, tuple(marks), wrong, earns, because)
