"""The source of an assignment: code.py with marked cells, text.md with the words of each.

A cell of code.py begins with a line `# %% KIND NAME`, and reaches to the next one:

    text NAME             words of text.md
    fill NAME             code that students change, here their number
    setup NAME            code that they leave as it is
    answer NAME           their code; between BEGIN SOLUTION and END SOLUTION stands the solution
    test NAME points=P    a test that they see
    hidden NAME points=P  a test that only the grader has; it uses nothing of other tests
    written NAME points=P words that they write and a teacher marks; in text.md stands an answer

A task is what a name says before its first hyphen: q1-public and q1-hidden belong to q1.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = ("test", "hidden")
MARKED = (*TESTS, "written")  # these have points
WORDS = ("text", "written")
KINDS = ("text", "fill", "setup", "answer", *MARKED)
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = 'raise NotImplementedError("write this part")'
_MARK = re.compile(r"^# %% (\w+) ([\w-]+)(?: points=(\d+))?$", re.MULTILINE)
_WORDS_MARK = re.compile(r"^<!-- cell: ([\w-]+) -->\n", re.MULTILINE)
_SOLUTION = re.compile(rf"^([ ]*){BEGIN}\n.*?^[ ]*{END}$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """One cell of an assignment.

    Attributes:
        kind: one of KINDS.
        name: unique in its assignment; the cell's id in every edition.
        source: code, or words where the kind is one of WORDS.
        points: 0 where the kind is none of MARKED.
    """

    kind: str
    name: str
    source: str
    points: int = 0

    @property
    def task(self) -> str:
        """Return the task that it belongs to."""
        return self.name.partition("-")[0]

    def starter(self, stub: str = STUB) -> str:
        """Return what students get: a stub in the place of each solution."""
        return _SOLUTION.sub(lambda match: match[1] + stub, self.source)

    def names(self) -> list[str]:
        """Return the names of functions and variables that its code binds outside functions."""
        bound = [name for statement in ast.parse(self.starter()).body for name in _bound(statement)]
        return list(dict.fromkeys(bound))


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that one statement binds."""
    if isinstance(statement, ast.FunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


@dataclass(frozen=True)
class Assignment:
    """An assignment: its cells in order, and the files that come with it (name -> content)."""

    name: str
    cells: tuple[Cell, ...]
    files: dict[str, bytes]

    def tasks(self) -> dict[str, int]:
        """Return the tasks that have points, in order, and their points."""
        points: dict[str, int] = {}
        for cell in self.cells:
            if cell.kind in MARKED:
                points[cell.task] = points.get(cell.task, 0) + cell.points
        return points

    def written(self) -> list[str]:
        """Return the tasks that a teacher marks."""
        return [cell.task for cell in self.cells if cell.kind == "written"]


def read_assignment(folder: Path, files: dict[str, bytes]) -> Assignment:
    """Read an assignment from its folder.

    Raises:
        ValueError: a file is missing, or a cell is not as the head of this module says.
    """
    code, words = (_text(folder / name) for name in ("code.py", "text.md"))
    texts = _pieces(_WORDS_MARK, words)
    marks = list(_MARK.finditer(code))
    ends = [*(mark.start() for mark in marks), len(code)][1:]
    cells = []
    for mark, end in zip(marks, ends, strict=True):
        kind, name, points = mark[1], mark[2], mark[3]
        if kind not in KINDS:
            raise ValueError(f"{folder / 'code.py'}: {kind!r} is no kind of cell; {KINDS} are")
        if (points is not None) != (kind in MARKED):
            raise ValueError(f"{folder / 'code.py'}: {name}: {' and '.join(MARKED)} have points=P")
        if (kind in WORDS) != (name in texts):
            raise ValueError(f"{folder}: {name}: text.md has words for the kinds {WORDS} only")
        source = texts[name] if kind in WORDS else code[mark.end() : end].strip("\n")
        cells.append(Cell(kind, name, source, int(points or 0)))
    names = [cell.name for cell in cells]
    lost = set(texts) - set(names)
    if len(set(names)) < len(names) or lost or code.count("# %%") != len(marks):
        raise ValueError(f"{folder}: a name occurs twice, or a mark is misspelt: {sorted(lost)}")
    return Assignment(folder.name, tuple(cells), files)


def _text(path: Path) -> str:
    """Read a file of the source."""
    if not path.is_file():
        raise ValueError(f"{path} is missing; an assignment has code.py and text.md")
    return path.read_text("utf-8")


def _pieces(mark: re.Pattern[str], text: str) -> dict[str, str]:
    """Cut a text at its marks: name -> what stands behind the mark."""
    _, *parts = mark.split(text)
    return {name: words.strip("\n") for name, words in zip(parts[::2], parts[1::2], strict=True)}
