"""The plans as Markdown, for who changes them or reads them on a screen."""

from sparcode_mini.course.plans.page import FIELDS
from sparcode_mini.course.plans.rehearsal import Step, duration, preparation, rehearse
from sparcode_mini.course.plans.rows import WORK, Plan
from sparcode_mini.course.plans.seconds import Seconds
from sparcode_mini.course.plans.tables import Table
from sparcode_mini.course.templates import markdown_table


def plan_text(plan: Plan, seconds: Seconds) -> str:
    """Return a plan as Markdown.

    Raises:
        ValueError: a cell has not been measured.
    """
    steps = rehearse(plan, seconds)
    lines = [f"# {plan.title}", "", f"**Goal.** {plan.goal}", "", "## Before the session", ""]
    lines += [f"- {text}" for text in plan.before]
    head = ("lesson", "choose", "Run All Above takes")
    chosen = [
        (lesson.number, f"{cell.address} under *{cell.section}*", duration(above) if above else "-")
        for lesson, cell, above in preparation(steps)
    ]
    lines += ["", *markdown_table(head, chosen), "", f"**If it gets late.** {plan.late}", ""]
    for step in steps:
        lines += _row(step)
    for label, texts in (("Homework", plan.homework), ("Reading", plan.reading)):
        if texts:
            lines += [f"## {label}", "", *(f"- {text}" for text in texts), ""]
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
        f"{row.minutes} minutes, {WORK[row.work]}.",
    ]
    if row.lesson:
        cells = ", ".join(f"{one.address} (`{one.id}`)" for one in row.cells if one.count)
        runs = f"; the cells run for {duration(step.live)}" if step.live else ""
        lines.append(f"Lesson {row.lesson.number}, *{row.section}*: {cells or 'the text'}{runs}.")
    lines.append("")
    for name, label in FIELDS:
        if name in row.texts:
            lines += [f"**{label.rstrip(':')}.** {row.texts[name]}", ""]
        if name == "answer" and row.wrong:
            lines += [*markdown_table(("if they say", "reply"), row.wrong), ""]
    return lines
