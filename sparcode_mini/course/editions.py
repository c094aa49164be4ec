"""Three editions of each lesson: for students, for the lectern, with solutions.

The lesson is the only source. Tags of its cells say what an edition leaves out or hides: `answer`
shows the answer to a prediction, `solution` solves an exercise. Each function here returns a new
notebook; only `solutions` runs it.
"""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from sparcode_mini.course.execution import execute
from sparcode_mini.course.lessons import outputs_of
from sparcode_mini.course.needs import START, sections
from sparcode_mini.lessons.text.labels import HINT
from sparcode_mini.lessons.text.languages import drop_switch, lesson_folder
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.language import LANGUAGES, labelled, language, speaking, translated
from sparcode_mini.tools.progress import Progress, progress

ANSWER, SOLUTION = "answer", "solution"
_ANSWER_TEXT = re.compile(r"^(\*\*(Answer\b|答案).*?)(?=\n\n|\Z)", re.M | re.S)
_OTHER_FOLD = re.compile(rf"\n*<details><summary>(?!{HINT})(?!Answer|答案).*?</details>", re.S)
_HEADING = re.compile(r"^## .+$", re.M)
_CHECKED = re.compile(r"^assert (?P<call>.+)\.passed$", re.M)
_FOR_TEACHERS = "teaching.md"  # the other pages beside the lessons are for all


def student(notebook: NotebookNode) -> NotebookNode:
    """Return the lesson without solutions and without the outputs of predictions.

    The answer to a prediction in words stands in a fold. Each section says what it takes from the
    sections above.
    """
    edition = copy.deepcopy(notebook)
    _say_needs(edition)
    edition.cells = [cell for cell in edition.cells if not _tagged(cell, SOLUTION)]
    for cell in edition.cells:
        if cell.cell_type == "markdown":
            cell.source = _OTHER_FOLD.sub("", _fold_answers(cell.source))
        elif _tagged(cell, ANSWER):
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("jupyter", None)
    return edition


def lecture(notebook: NotebookNode) -> NotebookNode:
    """Return the lesson with all outputs collapsed: one click on a placeholder shows one.

    The answer to a prediction in words stands in a fold.
    """
    edition = copy.deepcopy(notebook)
    for cell in edition.cells:
        if cell.cell_type == "markdown":
            cell.source = _fold_answers(cell.source)
        elif cell.outputs:
            cell.metadata.setdefault("jupyter", NotebookNode())["outputs_hidden"] = True
    return edition


def solved(notebook: NotebookNode) -> NotebookNode:
    """Return the lesson with each solution in the place of the learner's cell, not yet run.

    Where the learner's cell hands the function on (`part = bench.take(check, function)`), this
    line stays; elsewhere the solution's own check stands at the end and shows its praise.

    Raises:
        ValueError: a solution that does not follow a code cell, or does not end in its check.
    """
    edition = copy.deepcopy(notebook)
    cells: list[NotebookNode] = []
    for cell in edition.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("jupyter", None)
        if not _tagged(cell, SOLUTION):
            cells.append(cell)
            continue
        learner = next((one for one in reversed(cells) if one.cell_type == "code"), None)
        check = _CHECKED.search(cell.source)
        if learner is None or check is None:
            raise ValueError(f"the solution {cell.id} has no learner's cell above, or no check")
        last = learner.source.rstrip().splitlines()[-1]
        hands_on = re.match(r"\w+ = ", last)
        learner.source = cell.source.replace(check[0], last if hands_on else check["call"])
        learner.metadata.tags = [*learner.metadata.get("tags", []), SOLUTION]
    edition.cells = cells
    return edition


def failed_checks(notebook: NotebookNode) -> list[str]:
    """Return the ids of the solution cells of an executed lesson whose check did not pass."""
    return [
        cell.id
        for cell in notebook.cells
        if _tagged(cell, SOLUTION)
        and not any(translated("Right.") in text for text in outputs_of(cell))
    ]


def write(out: Path, root: Path) -> None:
    """Write the three editions of all lessons into folders of `out`; the solutions are run.

    Those for students and for the lectern are written in all languages, the solutions in the
    reader's.

    Raises:
        ValueError: there is no lesson, or a solution does not pass its check.
    """
    write_edition(student, out / "student", root)
    write_edition(lecture, out / "lecture", root)
    bar: Progress[Path] = progress(_lessons(root, language()), desc="solutions")
    for path in bar:
        notebook = solved(nbformat.read(path, as_version=4))
        drop_switch(notebook)
        execute(notebook, root / "notebooks")
        if failed := failed_checks(notebook):
            raise ValueError(f"{path.name}: the solutions {', '.join(failed)} do not pass")
        _store(out / "solutions" / path.relative_to(root / "notebooks"), nbformat.writes(notebook))
    _copy_pages(out / "solutions", root)


def write_edition(
    edition: Callable[[NotebookNode], NotebookNode], folder: Path, root: Path
) -> None:
    """Write one edition of all lessons, in all languages, and their pages into `folder`.

    Raises:
        ValueError: there is no lesson.
    """
    there = [name for name in LANGUAGES if lesson_folder(root / "notebooks", name).exists()]
    for name in there or ["en"]:
        with speaking(name):
            for path in _lessons(root, name):
                notebook = edition(nbformat.read(path, as_version=4))
                _store(folder / path.relative_to(root / "notebooks"), nbformat.writes(notebook))
    _copy_pages(folder, root)


def _lessons(root: Path, language: str) -> list[Path]:
    paths = sorted(lesson_folder(root / "notebooks", language).glob("*.ipynb"))
    if not paths:
        raise ValueError(f"{root / 'notebooks'} has no notebook; name the project's folder: --root")
    return paths


def _copy_pages(folder: Path, root: Path) -> None:
    notebooks = root / "notebooks"
    for name in LANGUAGES:
        for page in sorted(lesson_folder(notebooks, name).glob("*.md")):
            if page.name != _FOR_TEACHERS:
                _store(folder / page.relative_to(notebooks), page.read_text("utf-8"))


def _say_needs(notebook: NotebookNode) -> None:
    """Write below each heading of a section what it takes from the sections above."""
    for part in sections(notebook):
        needs = [title for title in part.needs if title != START]
        if part.title == START or not needs:
            continue
        cell = notebook.cells[part.cells[0]]
        names = "; ".join(
            f"{title.split(' · ')[0]} ({', '.join(f'`{name}`' for name in part.needs[title])})"
            for title in needs
        )
        begin = translated("To begin here: Run > Run All Above Selected Cell.")
        used = labelled("Used from above", names)
        line = f"\n\n*{begin}{'' if begin.endswith('。') else ' '}{used}.*"
        heading = _HEADING.search(cell.source)
        if heading is not None:
            cell.source = cell.source.replace(heading[0], heading[0] + line, 1)


def _fold_answers(source: str) -> str:
    """Put each paragraph that begins with **Answer into a fold, with this word above it."""
    return _ANSWER_TEXT.sub(r"<details><summary>\2</summary>\n\n\1\n\n</details>", source)


def _tagged(cell: NotebookNode, tag: str) -> bool:
    return cell.cell_type == "code" and tag in cell.metadata.get("tags", [])


def _store(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, (text.rstrip("\n") + "\n").encode())
