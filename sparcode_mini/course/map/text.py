"""The map as Markdown: the same tables as the page, for a wiki or a learning platform."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from sparcode_mini.course.lessons import Lesson
from sparcode_mini.course.map.chart import Chart, Training
from sparcode_mini.course.map.credit import Credit
from sparcode_mini.course.map.picture import TITLE, described
from sparcode_mini.course.map.rows import Row, trained_by
from sparcode_mini.course.templates import markdown_table


def map_text(
    lessons: Mapping[str, Lesson], chart: Chart, rows: Sequence[Row], credit: Credit
) -> str:
    """Return the file."""
    return "\n".join(
        [
            "# The map of the course",
            "",
            f"![{TITLE}. {described(lessons, chart)}](map.svg)",
            "",
            "## What each lesson needs",
            "",
            *markdown_table(["lesson", "minutes", "needs lessons", "from outside"],
                    _needs(lessons, chart)),
            "",
            "## From outside, and where to read it up",
            "",
            "The self-test is the pre-test of the quiz (`quiz/paper/pretest-A.html`).",
            "",
            *markdown_table(["knowledge", "in one sentence", "in the course", "self-test"],
                    _outside(lessons, chart)),
            "",
            "## From objective to exam",
            "",
            *markdown_table(["objective", "trained by", "quiz", "exam"], map(_objective, rows)),
            "",
            "## All exercises",
            "",
            *markdown_table(["exercise", "title", "level", "minutes", "objectives"],
                    _exercises(lessons, rows)),
            "",
            credit.line,
            "",
        ]
    )  # fmt: skip


def trainers(training: Training) -> list[tuple[str, bool]]:
    """Return what trains an objective: a few words, and whether they stay on one line."""
    return [
        *((f"exercise {name}", True) for name in training.exercises),
        *((f"prediction {name}", True) for name in training.predictions),
        *((f"task: {task.words}", False) for task in training.tasks),
    ]


def _needs(lessons: Mapping[str, Lesson], chart: Chart) -> Iterable[list[str]]:
    for number, entry in chart.entries.items():
        lesson = lessons[number]
        titles = "; ".join(chart.outside[name].title for name in entry.outside)
        name = f"{number} · {lesson.topic}"
        yield [name, str(lesson.minutes), ", ".join(entry.needs) or "none", titles]


def _outside(lessons: Mapping[str, Lesson], chart: Chart) -> Iterable[list[str]]:
    for one in chart.outside.values():
        place = f"{one.read[0]}: {one.read[1]}" if one.read else "not taught here"
        yield [one.title, one.says, place, ", ".join(one.test) or "not asked"]


def _objective(row: Row) -> list[str]:
    question = f"{row.question.name} ({row.question.points} points)"
    text = f"{row.lesson} ({row.number}) {row.objective}"
    trained = "; ".join(words for words, _ in trainers(row.training))
    return [text, trained, ", ".join(row.items), question]


def _exercises(lessons: Mapping[str, Lesson], rows: Sequence[Row]) -> Iterable[list[str]]:
    objectives = trained_by(rows)
    for one in chain.from_iterable(lesson.exercises.values() for lesson in lessons.values()):
        level = f"{one.level}, Further" if one.further else one.level
        yield [one.name, one.title, level, str(one.minutes), ", ".join(objectives[one.name])]
