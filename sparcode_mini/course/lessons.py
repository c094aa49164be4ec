"""The stored lessons as the kit reads them: cells with their section, number and texts."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        section: the heading above it or in it, without the signs of Markdown.
        parents: that heading and those above it, the lesson's title left out.
        count: n of `In [n]`; None for text.
        text: what a reader sees: a text cell's source, or the printed output of code.
    """

    id: str
    kind: str
    source: str
    section: str
    parents: tuple[str, ...]
    count: int | None
    text: str
    tags: tuple[str, ...]

    @property
    def address(self) -> str:
        """Return what a reader sees beside it: `In [n]`, or "text"."""
        return "text" if self.count is None else f"In\N{NO-BREAK SPACE}[{self.count}]"


@dataclass(frozen=True)
class Lesson:
    """One notebook: its file's stem, its title and its cells, in order."""

    name: str
    title: str
    cells: tuple[Cell, ...]

    @property
    def number(self) -> str:
        """Return what people call it: 00 to 10, or its name."""
        return self.name.partition("_")[0]

    @property
    def objectives(self) -> list[str]:
        """Return what one can do after it: the list that its first cell begins with."""
        first = self.cells[0].source
        part = first.partition("After this lesson you can")[2].partition("**Needs.**")[0]
        return re.findall(r"^(?:-|\d+\.) (.+(?:\n  .+)*)", part, re.M)

    def at(self, cell_id: str) -> int:
        """Return the position of a cell.

        Raises:
            ValueError: the lesson has no such cell.
        """
        for position, cell in enumerate(self.cells):
            if cell.id == cell_id:
                return position
        raise ValueError(f"{self.name} has no cell {cell_id!r}; its ids stand in the notebook file")

    def cell(self, cell_id: str) -> Cell:
        """Return a cell; errors as `at`."""
        return self.cells[self.at(cell_id)]


def read_lesson(root: Path, name: str) -> Lesson:
    """Read the lesson that a number ("07") or a stem ("capstone") names.

    Raises:
        ValueError: no notebook, or several, have this name.
    """
    folder = root / "notebooks"
    paths = [path for path in folder.glob("*.ipynb") if name in (path.stem, path.stem[:2])]
    if len(paths) != 1:
        raise ValueError(
            f"{len(paths)} notebooks of {folder} are named {name!r}, one is needed: --root"
        )
    return _read(paths[0], paths[0].stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int) -> Lesson:
    notebook = nbformat.read(path, as_version=4)
    headings: dict[int, str] = {}
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            _enter(headings, cell.source)
        parents = tuple(headings[level] for level in sorted(headings) if level > 1)
        cells.append(
            Cell(
                id=cell.id,
                kind=cell.cell_type,
                source=cell.source,
                section=parents[-1] if parents else headings.get(1, ""),
                parents=parents,
                count=cell.get("execution_count"),
                text=_text(cell),
                tags=tuple(cell.metadata.get("tags", ())),
            )
        )
    return Lesson(path.stem, headings.get(1, path.stem), tuple(cells))


def _enter(headings: dict[int, str], source: str) -> None:
    """Take over the last headings of a text cell; a heading ends those below it."""
    fenced = False
    for line in source.splitlines():
        fenced ^= line.startswith("```")
        signs, _, title = line.partition(" ")
        if title and not fenced and signs and set(signs) == {"#"}:
            for level in [level for level in headings if level >= len(signs)]:
                del headings[level]
            headings[len(signs)] = title.replace("*", "").replace("`", "").strip()


def _text(cell: NotebookNode) -> str:
    if cell.cell_type != "code":
        return str(cell.source)
    texts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    ]
    return "\n".join(texts)
