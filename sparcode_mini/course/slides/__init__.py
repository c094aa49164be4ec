"""Slides and handouts of the lessons, made from the stored notebooks; nothing is written twice.

In the order of the work: `notebook` reads a lesson as parts and blocks, `words` its sentences and
formulas, `pictures` its pictures; `deck` makes slides of them, `plan` a session of several lessons,
`page` an HTML file with `reveal`.js inside; `handout` a page with blanks; `course.pdf` prints both.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sparcode_mini.course import pdf
from sparcode_mini.course.map.notation import read_symbols
from sparcode_mini.course.plans.rows import PLANS, load_plan
from sparcode_mini.course.slides import deck, handout, notebook, page, plan
from sparcode_mini.course.slides.deck import Slide
from sparcode_mini.course.slides.notebook import Lesson
from sparcode_mini.course.slides.pictures import Pictures
from sparcode_mini.lessons.text.languages import lesson_folder
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.language import language, translated
from sparcode_mini.tools.progress import Progress, progress

Lessons = Mapping[str, tuple[Lesson, Sequence[Slide]]]
NOT_TAUGHT = ("questions",)  # notebooks beside the lessons
PRINT = "?print-pdf"  # reveal.js then lays all slides out as pages


def write(out: Path, root: Path) -> None:
    """Write a deck and a handout of each lesson, and the decks of sessions, as HTML and PDF.

    Args:
        out: the folder; files that are there from before are replaced.
        root: the project's folder.

    Raises:
        ValueError: a lesson, a plan or the glossary lacks something; or there is no Chromium, then
            the HTML files are there.
        OSError: reveal.js can't be fetched or a file not be written.
    """
    pictures = Pictures(root)
    pages = write_html(out, root, pictures)
    print(f"pictures: {pictures.drawn} files of make figures, {pictures.stored} of the notebooks")
    bar: Progress[Path] = progress(pages, desc="PDF")
    with pdf.chromium() as context:
        for path in bar:
            pdf.print_page(context, path, "" if path.stem.endswith("-handout") else PRINT)


def write_html(out: Path, root: Path, pictures: Pictures) -> list[Path]:
    """Write the HTML files; return their paths. Arguments and errors as for `write`."""
    lessons = taught(root, pictures)
    symbols = read_symbols(root)
    pages = {}
    for number, (lesson, slides) in lessons.items():
        name = f"{translated(number.capitalize())} · {lesson.title}"
        pages[number] = page.html_page(name, translated(f"{lesson.minutes} minutes"), slides)
        pages[f"{number}-handout"] = handout.html_page(name, lesson, slides, symbols)
    for minutes in PLANS:
        session = load_plan(root, minutes)
        slides = plan.slides(session, lessons)
        pages[f"{minutes}min"] = page.html_page(
            session.title, translated(f"{minutes} minutes"), slides
        )
    files = {name: out / f"{name}.html" for name in pages}
    return [atomic_write(files[name], text.encode("utf-8")) for name, text in pages.items()]


def taught(root: Path, pictures: Pictures) -> Lessons:
    """Return each lesson and its slides, by number.

    Raises:
        ValueError: there is no notebook, or one lacks something.
    """
    folder = lesson_folder(root / "notebooks", language())
    paths = sorted(folder.glob("*.ipynb"))
    paths = [path for path in paths if path.stem not in NOT_TAUGHT]
    if not paths:
        raise ValueError(f"{folder} has no lesson; name the project's folder: --root")
    lessons = [notebook.read(path) for path in paths]
    return {one.number: (one, deck.slides(one, pictures)) for one in lessons}
