"""A deck of parts of several lessons, for one session, after a plan that people write."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sparcode_mini.course.slides import words
from sparcode_mini.course.slides.deck import Slide, list_items
from sparcode_mini.course.slides.notebook import Lesson

PLANS = Path("assets") / "course" / "slides"
TEACHING = Path("notebooks") / "teaching.md"  # has the exit questions
EXIT, ANSWERS = "## Exit questions", "Short answers"


def read(path: Path) -> dict[str, Any]:
    """Read a plan: "title", "exit" (numbers of questions), and "part", a list of rows.

    A row has "minutes" and either "pause" (words) or "lesson" (a number) and "headings".

    Raises:
        ValueError: a row has something else.
    """
    plan = tomllib.loads(path.read_text("utf-8"))
    for row in plan["part"]:
        if set(row) not in ({"minutes", "pause"}, {"minutes", "lesson", "headings"}):
            raise ValueError(
                f"{path}, part {row.get('minutes')}: has {', '.join(row)}; give it minutes and a "
                "pause, or minutes, a lesson and headings"
            )
    return plan


def slides(
    plan: Mapping[str, Any],
    lessons: Mapping[str, tuple[Lesson, Sequence[Slide]]],
    teaching: Path,
) -> list[Slide]:
    """Return the slides of a session.

    Args:
        plan: as `read` returns it.
        lessons: lesson and slides, by number.
        teaching: the file with the exit questions.

    Raises:
        ValueError: a heading or a question that is not there; the message names it.
    """
    agenda = [_agenda(row, lessons) for row in plan["part"]]
    deck = [
        Slide("title", "", plan["title"], items=plan["goals"]),
        Slide("plan", "Plan", "Plan", items=agenda),
    ]
    for row in plan["part"]:
        if "pause" in row:
            deck.append(Slide("statement", "", row["pause"], text=f"{row['minutes']} min"))
        else:
            deck += _chosen(row, *lessons[row["lesson"]])
    questions = exit_questions(teaching, plan["exit"])
    return [*deck, Slide("list", "Exit questions", "Exit questions", items=questions)]


def exit_questions(path: Path, numbers: Sequence[int]) -> list[str]:
    """Return the exit questions with some numbers, as Markdown.

    Raises:
        ValueError: there is no such question.
    """
    text = path.read_text("utf-8").partition(EXIT)[2].partition(ANSWERS)[0]
    questions = list_items("\n".join(line for line in text.splitlines() if line[:1].isdigit()))
    wrong = [number for number in numbers if not 0 < number <= len(questions)]
    if wrong:
        raise ValueError(f"{path} has {len(questions)} questions below '{EXIT}', not {wrong[0]}")
    return [questions[number - 1] for number in numbers]


def _chosen(row: Mapping[str, Any], lesson: Lesson, deck: Sequence[Slide]) -> list[Slide]:
    titles = [words.plain(slide.title) for slide in deck]
    for heading in row["headings"]:
        if heading not in titles:
            raise ValueError(
                f"the plan, {row['minutes']}: lesson {lesson.number} has no slide below "
                f"{heading!r}; its headings are {', '.join(dict.fromkeys(titles))}"
            )
    return [s for s, title in zip(deck, titles, strict=True) if title in row["headings"]]


def _agenda(row: Mapping[str, Any], lessons: Mapping[str, tuple[Lesson, Sequence[Slide]]]) -> str:
    if "pause" in row:
        return f"| {row['minutes']} | {row['pause']} |"
    if row["lesson"] not in lessons:
        raise ValueError(f"the plan, {row['minutes']}: there is no lesson {row['lesson']}")
    lesson, _ = lessons[row["lesson"]]
    return f"| {row['minutes']} | {lesson.number} · {lesson.title} |"
