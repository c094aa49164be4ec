"""The lectern script: plans of a lecture with anchors and numbers that come from the lessons.

In the order of the flow: `rows` reads the texts of `assets/course/plans`, and looks up cells and
numbers; `seconds` measures the cells; `rehearsal` holds a plan against the clock; `tables` has the
misunderstandings and the crib; `page` and `text` make pages of it.
"""

from collections.abc import Mapping
from pathlib import Path

from sparcode_mini.course.pdf import print_pages
from sparcode_mini.course.plans.page import handout_page, plan_page, table_page
from sparcode_mini.course.plans.rows import PLANS, load_course, load_plan
from sparcode_mini.course.plans.seconds import load_seconds
from sparcode_mini.course.plans.tables import crib, misunderstandings
from sparcode_mini.course.plans.text import plan_text, table_text
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.language import translated

COURSE = "A course: six times 90 minutes"


def write(out: Path, root: Path) -> None:
    """Write the plans with a handout each, and both tables, as Markdown, HTML and PDF.

    Raises:
        FileNotFoundError: the seconds have not been measured.
        ValueError: a text names a cell or a number that is not there; or there is no Chromium, then
            the pages are written.
    """
    pages = [
        atomic_write(out / f"{name}.{kind}", text.encode("utf-8"))
        for kind, texts in contents(root).items()
        for name, text in texts.items()
    ]
    html = [path for path in pages if path.suffix == ".html"]
    print_pages(html, translated("SparCode Mini, for the lectern"))


def contents(root: Path) -> Mapping[str, Mapping[str, str]]:
    """Return all texts: kind of file -> name -> content; errors as `write`, but for Chromium."""
    seconds = load_seconds(root)
    plans = {f"plan-{name}": [load_plan(root, name)] for name in PLANS}
    plans["course"] = list(load_course(root))
    tables = {"misunderstandings": misunderstandings(root), "crib": crib(root)}
    html = {
        name: plan_page(
            translated(COURSE) if name == "course" else several[0].title, several, seconds
        )
        for name, several in plans.items()
    }
    html |= {
        f"handout-{name.removeprefix('plan-')}": handout_page(several)
        for name, several in plans.items()
    }
    html |= {name: table_page(table, name) for name, table in tables.items()}
    text = {
        name: "\n".join(plan_text(one, seconds) for one in all_) for name, all_ in plans.items()
    }
    text |= {name: table_text(table) for name, table in tables.items()}
    return {"html": html, "md": text}
