"""The pictures that a lesson shows, taken out of its outputs, and those of the README."""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from sparcode_mini.course.execution import execute
from sparcode_mini.lessons.text.pieces import HEADING, pieces
from sparcode_mini.plots import front_page
from sparcode_mini.plots.labels import label_png, label_svg
from sparcode_mini.plots.picture import FOR_FILES
from sparcode_mini.tools.language import translated

FRONT = "front"  # the pictures of the README, beside the lessons
PNG, SVG = "image/png", "image/svg+xml"


@dataclass(frozen=True)
class Drawing:
    """One picture, its words inside both files.

    Attributes:
        lesson: stem of the notebook.
        lesson_title: its first heading.
        name: id of the cell; of its second picture "ID.2" (an id has no full stop), and so on.
        title: the heading above the cell.
        alt: what the picture shows.
        width: on a page, in CSS pixels.
        svg, png: the files.
    """

    lesson: str
    lesson_title: str
    name: str
    title: str
    alt: str
    width: int
    svg: bytes
    png: bytes


def front(each: Callable[[], object]) -> list[Drawing]:
    """Return the README's picture, for light and for dark pages; call `each` after each."""
    drawings = []
    for name, theme in front_page.THEMES.items():
        shown = front_page.front_page(theme)
        title, alt = translated(f"{front_page.TITLE} ({name})"), shown.alt
        svg, png = label_svg(shown.svg(), title, alt), label_png(shown.large_png(), title, alt)
        drawings.append(Drawing(FRONT, "README", name, title, alt, shown.width, svg, png))
        each()
    return drawings


def of_lesson(path: Path, each: Callable[[], object]) -> list[Drawing]:
    """Run a notebook, which stays as it is, and return its pictures in their order.

    Args:
        path: the notebook.
        each: called after each cell of code.

    Raises:
        ValueError: a cell fails, or shows an image that is no `Picture`; the message names it.
    """
    notebook = nbformat.read(path, as_version=4)
    cells: list[str] = []  # those that were begun
    hooks = {
        "on_cell_start": lambda cell, cell_index: cells.append(cell.id),
        "on_cell_complete": lambda cell, cell_index: each(),
    }
    try:
        execute(notebook, path.parent, {FOR_FILES: "1"}, **hooks)
    except (RuntimeError, TimeoutError, CellExecutionError) as error:
        where = f"{path.name}, cell {cells[-1]}" if cells else path.name
        raise ValueError(f"{where}: {_reason(error)}") from error
    return list(shown(notebook, path.stem))


def count_cells(path: Path) -> int:
    """Return how often `of_lesson` calls `each`: the cells of code that are not empty."""
    cells = nbformat.read(path, as_version=4).cells
    return sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in cells)


def shown(notebook: NotebookNode, lesson: str) -> Iterator[Drawing]:
    """Yield the pictures of a notebook that ran with `FOR_FILES`.

    Raises:
        ValueError: an image is no `Picture`; the message names lesson and cell.
    """
    lesson_title = title = lesson
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = [one[2] for one in map(HEADING.fullmatch, pieces(cell.source)) if one]
            lesson_title = headings[0] if headings and lesson_title == lesson else lesson_title
            title = plain(headings[-1]) if headings else title
        outputs = cell.get("outputs", []) if cell.cell_type == "code" else []
        images = [
            o for o in outputs if any(kind.startswith("image/") for kind in o.get("data", {}))
        ]
        for number, output in enumerate(images, 1):
            name = cell.id if number == 1 else f"{cell.id}.{number}"
            words = output.get("metadata", {}).get(PNG, {})
            if not (SVG in output.data and PNG in output.data and "alt" in words):
                raise ValueError(
                    f"{lesson}, cell {cell.id}: shows an image without words or without SVG; draw "
                    "it in a function with @picture"
                )
            svg, png = _files(output.data, title, words["alt"])
            yield Drawing(
                lesson, plain(lesson_title), name, title, words["alt"], words["width"], svg, png
            )


def plain(heading: str) -> str:
    """Return a heading without the signs of Markdown.

    >>> plain("Read `M` in [lesson 3](03.ipynb), *again*")
    'Read M in lesson 3, again'
    """
    return re.sub(r"[`*$]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)).strip()


def _files(data: Any, title: str, alt: str) -> tuple[bytes, bytes]:
    svg, png = data[SVG], base64.b64decode(data[PNG])
    return label_svg(svg.encode("utf-8"), title, alt), label_png(png, title, alt)


def _reason(error: Exception) -> str:
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}"
    return str(error).strip().splitlines()[0]
