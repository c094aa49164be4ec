"""Grade submissions: each runs in a process of its own, and the tests run here.

A submission is a notebook. Its cells run in a process (`process.Submission`) that has a folder, a
time limit and, on Linux, a memory limit. The tests are those of the source, never those of the
submission. They run in this process, where each function of the submission is one that asks the
other process: arguments go there, an answer comes back as plain data and is compared here. So
nothing that a submission does to tests, libraries or its own process changes another mark.

It is no prison: a submission has the rights of the user who grades. For work of strangers, grade in
a container, or under an account that may lose everything.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from sparcode_mini.course.homework.editions import MARK
from sparcode_mini.course.homework.process import Failed, Stopped, Submission
from sparcode_mini.course.homework.source import TESTS, Assignment, Cell

LARGEST = 20_000_000  # bytes of a notebook
SHOWN = 160  # characters of an error in a comment


@dataclass(frozen=True)
class Limits:
    """What one task of one submission may take: seconds, and bytes of memory."""

    seconds: float = 60.0
    memory: int = 4 * 2**30


@dataclass
class Grade:
    """The outcome of one submission.

    Attributes:
        name: of the file or folder.
        student: the number that it states; None if it states none.
        points: task -> points; written tasks are not in it.
        comments: what went wrong, in the order of the tasks.
    """

    name: str
    points: dict[str, int]
    student: int | None = None
    comments: list[str] = field(default_factory=list)


def grade(path: Path, assignment: Assignment, limits: Limits) -> Grade:
    """Mark one submission; nothing that is wrong with it raises an error."""
    points = {task: 0 for task in assignment.tasks() if task not in assignment.written()}
    result = Grade(path.name, points)
    try:
        notebook = read_notebook(path)
    except ValueError as error:
        result.comments.append(str(error))
        return result
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as there:
        folders = Path(there) / "submission", Path(there) / "tests"
        for folder in folders:
            folder.mkdir()
            for name, content in assignment.files.items():
                (folder / name).write_bytes(content)
        with _Run(notebook, assignment, folders[0], limits) as run:
            _grade_cells(run, result, folders[1])
    return result


def read_notebook(path: Path) -> NotebookNode:
    """Read the notebook of a submission: a file, or the only notebook in a folder.

    Raises:
        ValueError: what it is instead.
    """
    files = [path]
    if path.is_dir():
        notebooks = ((one, one.relative_to(path).parts) for one in sorted(path.rglob("*.ipynb")))
        files = [one for one, parts in notebooks if not any(map(_by_program, parts))]
    if len(files) != 1:
        raise ValueError(f"its folder has {len(files)} notebooks; hand in one")
    if files[0].suffix != ".ipynb" or not files[0].is_file():
        raise ValueError("it is no notebook (.ipynb)")
    if files[0].stat().st_size > LARGEST:
        raise ValueError(f"its notebook has over {LARGEST:,} bytes")
    try:
        notebook: NotebookNode = nbformat.read(files[0], as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # nbformat raises errors of many kinds on what is no notebook
        raise ValueError(f"its notebook can't be read: {type(error).__name__}") from None
    return notebook


def _by_program(name: str) -> bool:
    """Return whether a program made a file or folder of this name: a checkpoint, a Mac's zip."""
    return name.startswith(".") or name == "__MACOSX"


class _Run:
    """A submission's cells in its process; a cell that ended it once is never run again."""

    def __init__(
        self, notebook: NotebookNode, assignment: Assignment, folder: Path, limits: Limits
    ) -> None:
        self.assignment = assignment
        tests = {cell.name for cell in assignment.cells if cell.kind in TESTS}
        code = [(_name(cell), cell.source) for cell in notebook.cells if cell.cell_type == "code"]
        self.left = [(name, source) for name, source in code if name not in tests]
        self.names = {cell.name for cell in assignment.cells if cell.kind not in TESTS}
        self._start: Callable[[], Submission] = lambda: Submission(
            folder, limits.seconds, limits.memory
        )
        self._finished: list[str] = []
        self.process = self._start()

    def __enter__(self) -> "_Run":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.end()

    def up_to(self, name: str) -> list[str]:
        """Run the cells up to the one with this name; return what went wrong."""
        places = [place for place, (one, _) in enumerate(self.left) if one == name]
        if not places:
            return [f"the cell {name} is missing"]
        cells, self.left = self.left[: places[-1] + 1], self.left[places[-1] + 1 :]
        self._restart()
        complaints = []
        for one, source in cells:
            try:
                self.process.run(source)
            except Failed as error:
                where = f"cell {one}" if one in self.names else "a cell of its own"
                complaints.append(f"{where}: {error}"[:SHOWN])
            except Stopped as error:
                complaints.append(f"cell {one}: {error}")
                self._restart()
                continue
            self._finished.append(source)
        return complaints

    def _restart(self) -> None:
        """Start a new deadline; in a new process, with the cells before, if the last one ended."""
        if self.process.ended():
            self.process = self._start()
            for source in self._finished:
                with contextlib.suppress(Failed, Stopped):
                    self.process.run(source)
        self.process.renew()


def _name(cell: NotebookNode) -> str:
    """Return the name that a cell has in the source, or else its id."""
    marks = cell.metadata.get(MARK), cell.metadata.get("nbgrader", {}).get("grade_id")
    return next((mark for mark in marks if isinstance(mark, str)), cell.get("id", ""))


def _grade_cells(run: _Run, result: Grade, folder: Path) -> None:
    """Go through the cells of the source: run, look up, test."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in run.assignment.cells:
        if cell.kind in ("fill", "answer"):
            result.comments += [f"{cell.task}: {words}" for words in run.up_to(cell.name)]
            for name in cell.names():
                namespace.pop(name, None)
                with contextlib.suppress(Failed, Stopped):  # then the tests say what is missing
                    namespace[name] = run.process.look_up(name)
            if cell.kind == "fill" and type(namespace.get("STUDENT")) is int:
                result.student = namespace["STUDENT"]
        elif cell.kind in ("setup", *TESTS):
            complaint = _test(cell, namespace, folder)
            if complaint is None and cell.kind in TESTS:
                result.points[cell.task] += cell.points
            elif complaint is not None:
                result.comments.append(f"{cell.name}: {complaint}")


def _test(cell: Cell, namespace: dict[str, Any], folder: Path) -> str | None:
    """Run a cell of the source here, in a folder with the files; return what it complains of."""
    try:
        with (
            contextlib.chdir(folder),
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            contextlib.redirect_stdout(nowhere),
        ):
            exec(compile(cell.source, f"<{cell.name}>", "exec"), namespace)
    except Exception as error:
        words = (
            str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
        )
        return " ".join(words.split())[:SHOWN]
    return None
