"""The plans as Markdown, for who changes them or reads them on a screen."""

from sparcode_mini.course.plans.page import FIELDS
from sparcode_mini.course.plans.rehearsal import Step, duration, preparation, rehearse
from sparcode_mini.course.plans.rows import WORK, Plan
from sparcode_mini.course.plans.seconds import Seconds
from sparcode_mini.course.plans.tables import Table
from sparcode_mini.course.templates import markdown_table
from sparcode_mini.tools.language import labelled, translated


def plan_text(plan: Plan, seconds: Seconds) -> str:
    """Return a plan as Markdown.

    Raises:
        ValueError: a cell has not been measured.
    """
    steps = rehearse(plan, seconds)
    lines = [f"# {plan.title}", "", f"**{translated('Goal')}** · {plan.goal}", ""]
    lines += [f"## {translated('Before the session')}", ""]
    lines += [f"- {text}" for text in plan.before]
    head = [*map(translated, ("lesson", "choose", "Run All Above takes"))]
    chosen = [
        (lesson.number, f"{cell.address} · *{cell.section}*", duration(above) if above else "-")
        for lesson, cell, above in preparation(steps)
    ]
    lines += ["", *markdown_table(head, chosen), ""]
    lines += [f"**{translated('If it gets late')}** · {plan.late}", ""]
    for step in steps:
        lines += _row(step)
    for label, texts in (("Homework", plan.homework), ("Reading", plan.reading)):
        if texts:
            lines += [f"## {translated(label)}", "", *(f"- {text}" for text in texts), ""]
    return "\n".join(lines)


def table_text(table: Table) -> str:
    """Return a table as Markdown, one for each group."""
    title, intro, head, groups = table
    lines = [f"# {title}", "", intro, ""]
    for group in groups:
        lines += [f"## {group['title']}", ""] if group["title"] else []
        lines += [*markdown_table(head, group["rows"]), ""]
    return "\n".join(lines)


def _row(step: Step) -> list[str]:
    row = step.row
    lines = [
        f"## {row.start}-{row.end} · {row.title}",
        "",
        f"{translated(f'{row.minutes} minutes')} · {translated(WORK[row.work])}",
    ]
    if row.lesson:
        cells = ", ".join(f"{one.address} (`{one.id}`)" for one in row.cells if one.count)
        parts = [translated(f"Lesson {row.lesson.number}"), f"*{row.section}*"]
        parts.append(cells or translated("the text"))
        parts += [labelled("runs for", duration(step.live))] if step.live else []
        lines += ["", " · ".join(parts)]
    lines.append("")
    for name, label in FIELDS:
        if name in row.texts:
            lines += [f"**{translated(label)}** · {row.texts[name]}", ""]
        if name == "answer" and row.wrong:
            head = [*map(translated, ("If they say", "reply"))]
            lines += [*markdown_table(head, row.wrong), ""]
    return lines
