"""The plans as pages: HTML for paper, from templates."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from sparcode_mini.course import templates
from sparcode_mini.course.lessons import Cell
from sparcode_mini.course.plans.rehearsal import Step, duration, preparation, rehearse
from sparcode_mini.course.plans.rows import WORK, Plan, Row
from sparcode_mini.course.plans.seconds import Seconds
from sparcode_mini.course.plans.tables import Table
from sparcode_mini.plots import ink
from sparcode_mini.tools.language import TAGS, language, translated

# A row's texts in the order in which they are needed, with the words in front of them.
FIELDS = (
    ("show", "Show"),
    ("say", "Say"),
    ("exercise", "Task"),
    ("ask", "Ask"),
    ("answer", "Answer"),
    ("skip", "May be skipped"),
    ("fails", "If it fails"),
)
MARKDOWN = MarkdownIt("commonmark")
HERE = Path(__file__).parent


def plan_page(title: str, plans: Sequence[Plan], seconds: Seconds) -> str:
    """Return the page of one plan, or of several behind each other.

    Raises:
        ValueError: a cell has not been measured.
    """
    rehearsed: list[tuple[Plan, tuple[Step, ...]]] = [
        (plan, rehearse(plan, seconds)) for plan in plans
    ]

    def code_of(row: Row) -> list[tuple[Cell, str]]:
        """Return the row's cells of code, with their seconds where they are felt."""
        times = seconds[row.lesson.name] if row.lesson else {}
        cells = [cell for cell in row.cells if cell.kind == "code"]
        return [(one, duration(times[one.id]) if times[one.id] > 0.5 else "") for one in cells]

    return render(
        "plan.html",
        title=title,
        plans=rehearsed,
        code_of=code_of,
        preparation=preparation,
        work={kind: translated(words) for kind, words in WORK.items()},
        fields=[(name, translated(label)) for name, label in FIELDS],
    )


def handout_page(plans: Sequence[Plan]) -> str:
    """Return the paper for students: the tasks of a plan, or of several, with lines to write on."""
    return render("handout.html", plans=plans)


def table_page(table: Table, kind: str) -> str:
    """Return the page of a table; `kind` is the class of its body."""
    title, intro, head, groups = table
    return render("table.html", title=title, intro=intro, head=head, groups=groups, kind=kind)


def render(template: str, **values: Any) -> str:
    """Fill a template of this folder."""
    filters: dict[str, Callable[..., Any]] = {
        "block": block,
        "duration": duration,
        "inline": inline,
        "plain": plain,
    }
    style = templates.render(HERE, "style.html", {}, ink=ink)
    return templates.render(
        HERE,
        template,
        filters,
        t=translated,
        style=Markup(style),
        language=TAGS[language()],
        **values,
    )


def inline(text: str) -> Markup:
    """Return a line of Markdown as HTML."""
    return Markup(MARKDOWN.renderInline(text))


def block(text: str) -> Markup:
    """Return paragraphs of Markdown as HTML."""
    return Markup(MARKDOWN.render(text))


def plain(heading: str) -> str:
    """Return a heading of a lesson without links.

    >>> plain("Which [tokenizer](05.ipynb)?")
    'Which tokenizer?'
    """
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
