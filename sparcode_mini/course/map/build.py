"""Write the map, the exam and the notation."""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from sparcode_mini.course.lessons import read_lessons
from sparcode_mini.course.map.chart import read_chart
from sparcode_mini.course.map.credit import Credit, read_credit
from sparcode_mini.course.map.exam import read_exam
from sparcode_mini.course.map.fonts import font_style
from sparcode_mini.course.map.notation import PIPELINE, read_symbols
from sparcode_mini.course.map.page import render
from sparcode_mini.course.map.picture import TITLE, described, drawn
from sparcode_mini.course.map.rows import join, read_items, trained_by
from sparcode_mini.course.map.text import map_text, trainers
from sparcode_mini.course.pdf import print_pages
from sparcode_mini.site.maths import write_style
from sparcode_mini.tools.files import atomic_write

PAGES = ("map", "exam", "exam-key", "notation")


def write_all(out: Path, root: Path) -> None:
    """Write everything; arguments and errors as `sparcode_mini.course.map.write`."""
    for name, content in contents(root).items():
        atomic_write(out / name, content)
    write_style(out)
    print_pages([out / f"{name}.html" for name in PAGES], read_credit(root).line)


def contents(root: Path) -> Mapping[str, bytes]:
    """Return all files but the PDF files and the font of formulas, by name.

    Raises:
        ValueError: as `sparcode_mini.course.map.write`.
    """
    lessons = read_lessons(root)
    chart, exam, credit = read_chart(root, lessons), read_exam(root, lessons), read_credit(root)
    rows = join(lessons, chart, read_items(root), exam)
    parts = [(lessons[number], list(group)) for number, group in groupby(
        (row.question for row in rows), lambda one: one.lesson)]  # fmt: skip
    texts = {
        "map.md": map_text(lessons, chart, rows, credit),
        "map.html": render(
            "map.html", lessons=lessons, chart=chart, rows=rows, credit=credit, title=TITLE,
            alt=described(lessons, chart), trained=trained_by(rows), trainers=trainers,
        ),
        "exam.html": render("exam.html", parts=parts, credit=credit),
        "exam-key.html": render("key.html", parts=parts, credit=credit),
        "notation.html": notation_page(root, credit),
    }  # fmt: skip
    files = {name: text.encode("utf-8") for name, text in texts.items()}
    return {"map.svg": drawn(lessons, chart), **files}


def notation_page(root: Path, credit: Credit) -> str:
    """Return the page of the symbols; the font inside it has just the letters of the page.

    Raises:
        ValueError: the glossary has no table of symbols.
    """
    values = {"symbols": read_symbols(root), "pipeline": PIPELINE, "credit": credit}
    letters = render("notation.html", font="", **values)
    return render("notation.html", font=font_style(letters), **values)
