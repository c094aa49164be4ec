"""A stored lesson as parts with headings, made of blocks: paragraphs, formulas, tables, cells.

A lesson has its order from its headings. What is marked *Further* and the exercises are left out.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from sparcode_mini.course.lessons import read_file
from sparcode_mini.course.slides.words import plain
from sparcode_mini.lessons.text import labels
from sparcode_mini.lessons.text.pieces import HEADING, kind, pieces

BETWEEN = "  |  "  # the choices of a prediction
PNG = "image/png"


@dataclass(frozen=True)
class Block:
    """A piece of a lesson.

    Attributes:
        kind: "text", "list", "table", "formula", "quote", "fold" or "code".
        text: its Markdown; of a cell of code its source.
        cell: the cell that holds it.
        run: n of the `In [n]` of its cell, of a text that of the next cell of code; 0 at the end.
    """

    kind: str
    text: str
    cell: NotebookNode
    run: int

    @property
    def address(self) -> str:
        """Return where it stands in the notebook."""
        place = "at the end" if not self.run else f"In [{self.run}]"
        place = f"before {place}" if self.run and self.kind != "code" else place
        return f"{place} · {self.cell.id}"

    @property
    def tags(self) -> Sequence[str]:
        """Return the tags of its cell."""
        return list(self.cell.metadata.get("tags", []))

    @property
    def is_solution(self) -> bool:
        """Tell whether an exercise ends with it."""
        return "solution" in self.tags or self.text.startswith(labels.SOLUTION)

    @property
    def picture(self) -> str | None:
        """Return the alt text of the first picture that its cell shows; None without one."""
        for output in self.cell.get("outputs", []) if self.kind == "code" else []:
            if PNG in output.get("data", {}):
                return str(output.metadata[PNG]["alt"])
        return None

    @property
    def png(self) -> bytes:
        """Return the stored bytes of this picture."""
        outputs = (o for o in self.cell.outputs if PNG in o.get("data", {}))
        return base64.b64decode(next(outputs).data[PNG])

    @property
    def printed(self) -> list[str]:
        """Return the texts that its cell shows, without those of pictures."""
        texts: list[str] = []
        for output in self.cell.get("outputs", []) if self.kind == "code" else []:
            data: Any = output.get("data", {})
            if "text" in output:
                texts.append(output.text.rstrip())
            elif not {PNG, "text/html"} & set(data) and "text/plain" in data:
                texts.append(data["text/plain"].rstrip())
        return texts

    def shown_after(self, label: labels.Label) -> str | None:
        """Return the rest of the output that starts with a label, such as "Answer: "."""
        return next(filter(None, (labels.after(text, label) for text in self.printed)), None)


@dataclass
class Part:
    """What stands under one heading.

    Attributes:
        section: the heading of level 2 above it, or itself.
        title: its heading, as Markdown.
        level: of the heading.
        blocks: in their order.
    """

    section: str
    title: str
    level: int
    blocks: list[Block] = field(default_factory=list)

    @property
    def is_exercise(self) -> bool:
        """Tell whether it is an exercise."""
        return labels.EXERCISE.match(self.title) is not None


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes:
        stem, number, title: of the notebook; "03_vector...", "03" ("capstone"), "Vector ...".
        goals: what one can do after it.
        minutes: of its core.
        parts: of its core, exercises and the summary among them.
    """

    stem: str
    number: str
    title: str
    goals: list[str]
    minutes: int
    parts: list[Part]


def read(path: Path) -> Lesson:
    """Read a stored lesson.

    Raises:
        ValueError: it has no title, no minutes or no summary, or was never run.
    """
    notebook = nbformat.read(path, as_version=4)
    lesson = read_file(path)
    if lesson.minutes is None:
        raise ValueError(f"{path} does not start with a title ('# 03 · ...') and its minutes")
    if not any(cell.get("outputs") for cell in notebook.cells):
        raise ValueError(f"{path} has no outputs; run it once: make notebooks NB={path}")
    parts = list(_core(_parts(notebook.cells[1:])))
    if not any(part.title in labels.SUMMARY for part in parts):
        raise ValueError(f"{path} has no '## {labels.SUMMARY[0]}'; a deck ends with it")
    goals, minutes = lesson.objectives, lesson.minutes
    return Lesson(lesson.name, lesson.number, lesson.topic, goals, minutes, parts)


def _parts(cells: Sequence[NotebookNode]) -> Iterator[Part]:
    part = taught = Part("", "", 2)  # the second: the last that is no exercise
    for block in _blocks(cells):
        heading = HEADING.fullmatch(block.text) if block.kind == "heading" else None
        if heading is not None:
            yield part
            level, title = len(heading[1]), heading[2].strip()
            part = Part(title if level == 2 else part.section, title, level)
            taught = taught if part.is_exercise else part
            continue
        if part.is_exercise and part.blocks and part.blocks[-1].is_solution:
            yield part
            part = Part(taught.section, taught.title, part.level)  # the section goes on
        part.blocks.append(block)
    yield part


def _core(parts: Iterator[Part]) -> Iterator[Part]:
    """Leave out what is marked *Further* with all below it, and what leads on."""
    above = 9  # the level of the heading of the part that is being left out
    for part in parts:
        if part.level > above or (not part.title and not part.blocks):
            continue
        left_out = labels.is_further(part.title) or plain(part.title) in labels.AFTERWARDS
        above = part.level if left_out else 9
        if not left_out:
            yield part


def _blocks(cells: Sequence[NotebookNode]) -> Iterator[Block]:
    run = 0
    runs = []  # for each cell, from the last to the first, the number of the next cell of code
    for cell in reversed(cells):
        run = cell.execution_count or 0 if cell.cell_type == "code" else run
        runs.append(run)
    for cell, number in zip(cells, reversed(runs), strict=True):
        if cell.cell_type == "code":
            yield Block("code", cell.source, cell, number)
        else:
            yield from (Block(kind(text), text, cell, number) for text in pieces(cell.source))
