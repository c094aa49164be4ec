"""A deck for a session of several lessons: it follows the rows of a lectern plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sparcode_mini.course.plans.rows import Plan, Row
from sparcode_mini.course.slides.deck import Slide
from sparcode_mini.course.slides.notebook import Lesson
from sparcode_mini.tools.language import translated

PAUSE = "break"  # a kind of work in a plan
ROWS = 9  # of a plan that fit on a slide


def slides(plan: Plan, lessons: Mapping[str, tuple[Lesson, Sequence[Slide]]]) -> list[Slide]:
    """Return the slides of a session.

    A row gives its task, if students work, and else the slides of its lesson that show one of its
    cells; what the plan asks and expects goes into the notes.

    Args:
        plan: of a lecture.
        lessons: lesson and slides, by number.
    """
    agenda = [f"| {row.start}-{row.end} | {row.title} |" for row in plan.rows]
    deck = [Slide("title", "", plan.title, text=plan.goal)]
    for start in range(0, len(agenda), ROWS):
        deck.append(Slide("plan", "", translated("Plan"), items=agenda[start : start + ROWS]))
    for row in plan.rows:
        if "exercise" in row.texts:
            deck.append(_task(row))
        elif row.work == PAUSE:
            deck.append(
                Slide("statement", "", row.title, text=translated(f"{row.minutes} minutes"))
            )
        else:
            deck += _shown(row, lessons)
    return deck


def _task(row: Row) -> Slide:
    """Return the slide of students' own work."""
    text, steps = row.task
    place = translated(f"{row.minutes} minutes")
    return Slide("task", place, row.title, text=text, items=steps, remarks=_remarks(row))


def _shown(row: Row, lessons: Mapping[str, tuple[Lesson, Sequence[Slide]]]) -> list[Slide]:
    """Return the slides of the row's cells; the question of the plan, if there is none."""
    cells = {cell.id for cell in row.cells}
    deck = lessons[row.lesson.number][1] if row.lesson else ()
    chosen = [s for s in deck if cells & {block.cell.id for block in s.blocks} and s.kind != "list"]
    if not any(slide.kind in ("question", "picture") for slide in chosen):
        chosen = [Slide("statement", row.section, row.title, text=row.texts.get("ask", ""))]
    first, *rest = chosen
    return [replace(first, remarks=_remarks(row)), *rest]


def _remarks(row: Row) -> list[str]:
    """Return what the plan says about a row, as Markdown for the notes."""
    names = {"say": "Say", "ask": "Ask", "answer": "Answer"}
    texts = [
        f"**{translated(word)}** · {row.texts[name]}"
        for name, word in names.items()
        if name in row.texts
    ]
    return texts + [f"*“{words}”* {reply}" for words, reply in row.wrong]
