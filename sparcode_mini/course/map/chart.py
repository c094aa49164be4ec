"""The file map.toml: what each lesson needs, and what trains each of its objectives."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparcode_mini.course.forms import TEXT, Keys, check, read_toml
from sparcode_mini.course.lessons import LESSONS, Lesson, read_lesson

FILE = Path("course") / "map" / "map.toml"  # in assets/
WHOLE: Keys = {"outside": (list,), "lesson": (list,)}
OUTSIDE: Keys = {"name": TEXT, "title": TEXT, "says": TEXT}
ANYWHERE: Keys = {"read": (dict,), "test": (list,)}
PLACE: Keys = {"lesson": TEXT, "heading": TEXT}
ENTRY: Keys = {
    "lesson": TEXT,
    "column": (int,),
    "needs": (list,),
    "outside": (list,),
    "objective": (list,),
}
TRAINING: Keys = {"exercises": (list,), "predictions": (list,), "tasks": (list,), "quiz": (list,)}
TASK: Keys = {"words": TEXT, "notebook": TEXT, "cell": TEXT}


@dataclass(frozen=True)
class Outside:
    """Knowledge that a reader brings along.

    Attributes:
        read: lesson and heading where the course has it; None if it does not teach it.
        test: ids of the items of the pre-test that ask for it.
    """

    name: str
    title: str
    says: str
    read: tuple[str, str] | None
    test: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """Something to do in a cell of a notebook: its stem, the cell's id, and the words for it."""

    notebook: str
    cell: str
    words: str


@dataclass(frozen=True)
class Training:
    """What trains one objective: names of exercises and predictions, and tasks.

    Attributes:
        quiz: ids of items of other lessons, for a lesson that has no quiz.
    """

    exercises: tuple[str, ...]
    predictions: tuple[str, ...]
    tasks: tuple[Task, ...]
    quiz: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One lesson of the file.

    Attributes:
        column: of the picture, 1 to 5.
        needs: numbers of lessons.
        outside: names of knowledge.
        objectives: what trains each, in the order of the lesson.
    """

    lesson: str
    column: int
    needs: tuple[str, ...]
    outside: tuple[str, ...]
    objectives: tuple[Training, ...]


@dataclass(frozen=True)
class Chart:
    """The whole file: knowledge by name, lessons by number."""

    outside: Mapping[str, Outside]
    entries: Mapping[str, Entry]


def read_chart(root: Path, lessons: Mapping[str, Lesson]) -> Chart:
    """Read the file, and hold what it names against the lessons.

    Raises:
        ValueError: a key or a name is wrong; the message has lesson and name.
    """
    content = read_toml(root / "assets" / FILE)
    check(content, FILE.name, WHOLE)
    outside = [_outside(table, lessons) for table in content["outside"]]
    knowledge = {one.name: one for one in outside}
    entries = [_entry(table, lessons, knowledge, root) for table in content["lesson"]]
    numbers = tuple(entry.lesson for entry in entries)
    if numbers != LESSONS:
        raise ValueError(f"{FILE.name} has the lessons {numbers}; it needs {LESSONS}")
    return Chart(knowledge, {entry.lesson: entry for entry in entries})


def _outside(table: Mapping[str, Any], lessons: Mapping[str, Lesson]) -> Outside:
    where = f"{FILE.name}, outside {table.get('name')!r}"
    check(table, where, OUTSIDE, ANYWHERE)
    read = None
    if place := table.get("read"):
        check(place, where, PLACE)
        read = (place["lesson"], place["heading"])
        known(lessons, [read[0]], where)
        known(lessons[read[0]].headings, [read[1]], where)
    return Outside(table["name"], table["title"], table["says"], read, tuple(table.get("test", ())))


def _entry(
    table: Mapping[str, Any],
    lessons: Mapping[str, Lesson],
    knowledge: Mapping[str, Outside],
    root: Path,
) -> Entry:
    where = f"{FILE.name}, lesson {table.get('lesson')!r}"
    check(table, where, ENTRY)
    known(lessons, [table["lesson"]], where)
    known([number for number in lessons if number != table["lesson"]], table["needs"], where)
    known(knowledge, table["outside"], where)
    objectives = tuple(
        _training(one, f"{where}, objective {number}", lessons, root)
        for number, one in enumerate(table["objective"], 1)
    )
    if len(objectives) != len(lessons[table["lesson"]].objectives):
        raise ValueError(f"{where}: {len(objectives)} objectives; the lesson lists "
                         f"{len(lessons[table['lesson']].objectives)}")  # fmt: skip
    needs, outside = tuple(table["needs"]), tuple(table["outside"])
    return Entry(table["lesson"], table["column"], needs, outside, objectives)


def _training(
    table: Mapping[str, Any],
    where: str,
    lessons: Mapping[str, Lesson],
    root: Path,
) -> Training:
    check(table, where, {}, TRAINING)
    known({n for one in lessons.values() for n in one.exercises}, table.get("exercises", ()), where)
    guesses = {n for one in lessons.values() for n in one.predictions}
    known(guesses, table.get("predictions", ()), where)
    tasks = []
    for task in table.get("tasks", ()):
        check(task, where, TASK)
        try:
            read_lesson(root, task["notebook"]).at(task["cell"])
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
        tasks.append(Task(**task))
    exercises, predictions = (tuple(table.get(key, ())) for key in ("exercises", "predictions"))
    return Training(exercises, predictions, tuple(tasks), tuple(table.get("quiz", ())))


def known(there: Any, names: Any, where: str) -> None:
    """Refuse a name that is not there.

    Raises:
        ValueError: the message has the place and the name.
    """
    for name in names:
        if name not in there:
            raise ValueError(f"{where} names {name!r}, and there is none of this name")
