"""The table objective, training, quiz, exam: joined, and without an empty cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparcode_mini.course.lessons import Lesson
from sparcode_mini.course.map.chart import Chart, Training, known
from sparcode_mini.course.map.exam import Question
from sparcode_mini.course.quiz import schema
from sparcode_mini.course.quiz.bank import FOLDER
from sparcode_mini.course.quiz.items import Item


@dataclass(frozen=True)
class Row:
    """One objective.

    Attributes:
        lesson: its number.
        number: of the objective in the lesson, from 1.
        objective: its text, in Markdown.
        training: what trains it.
        items: ids of the items of the quiz that ask for it.
        question: of the exam.
    """

    lesson: str
    number: int
    objective: str
    training: Training
    items: tuple[str, ...]
    question: Question


def read_items(root: Path) -> dict[str, list[Item]]:
    """Return the items of the quiz, by the number of their lesson or "pretest".

    Raises:
        ValueError: a file of the quiz is wrong.
    """
    paths = sorted((root / "assets" / FOLDER).glob("*.toml"))
    return {path.stem: schema.read(path)[1] for path in paths}


def join(
    lessons: Mapping[str, Lesson],
    chart: Chart,
    items: Mapping[str, Sequence[Item]],
    exam: Sequence[Question],
) -> list[Row]:
    """Return a row for each objective of each lesson, in their order.

    Raises:
        ValueError: a cell is empty, a name is unknown, or an exercise trains no objective.
    """
    _check_names(chart, items)
    questions = {(one.lesson, one.objective): one for one in exam}
    if len(questions) != len(exam):
        raise ValueError(f"{len(exam)} questions for {len(questions)} objectives; one for each")
    rows = []
    for number, entry in chart.entries.items():
        for place, training in enumerate(entry.objectives, 1):
            where = f"lesson {number}, objective {place}"
            asked_by = [one.id for one in items.get(number, ()) if one.objective == place]
            question = questions.pop((number, place), None)
            if not (training.exercises or training.predictions or training.tasks):
                raise ValueError(f"{where}: nothing trains it")
            if question is None or not (asked_by or training.quiz):
                raise ValueError(f"{where} has no question in the quiz, or none in the exam")
            text = lessons[number].objectives[place - 1]
            ids = (*asked_by, *training.quiz)
            rows.append(Row(number, place, text, training, ids, question))
    if questions:
        raise ValueError(f"the exam asks for objectives that no lesson lists: {list(questions)}")
    _check_exercises(lessons, rows)
    return rows


def _check_names(chart: Chart, items: Mapping[str, Sequence[Item]]) -> None:
    pretest = {item.id for item in items.get(schema.PRETEST, ())}
    everything = {item.id for group in items.values() for item in group} - pretest
    for one in chart.outside.values():
        known(pretest, one.test, f"outside {one.name!r}")
    for number, entry in chart.entries.items():
        for training in entry.objectives:
            known(everything, training.quiz, f"lesson {number}")


def _check_exercises(lessons: Mapping[str, Lesson], rows: Sequence[Row]) -> None:
    trained = trained_by(rows)
    for lesson in lessons.values():
        for name in lesson.exercises:
            if name not in trained:
                raise ValueError(f"exercise {name} trains no objective; name it in the map")


def trained_by(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the objectives that each exercise trains: "03.5" -> ["01 (2)", "03 (3)"]."""
    objectives: dict[str, list[str]] = {}
    for row in rows:
        for name in row.training.exercises:
            objectives.setdefault(name, []).append(f"{row.lesson} ({row.number})")
    return objectives
