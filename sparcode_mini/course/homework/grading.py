"""Grade submissions: each runs in a process of its own, and the tests run here.

A submission is a notebook. Its cells run in a process (`process.Submission`) that has a folder, a
time limit and, on Linux, a memory limit. The tests are those of the source, never those of the
submission. They run in this process, where each function of the submission is one that asks the
other process: arguments go there, an answer comes back as plain data and is compared here. Each
test has a new folder with new files. So nothing that a submission does to its copy of tests and
libraries, to its files or to its own process changes a mark.

It is no prison: a submission has the rights of the user who grades, and may look for this process
and its files. On Windows neither memory nor the size of a file is limited. For work of strangers,
grade in a container, or under an account that may lose everything.
"""

import ast
import contextlib
import os
import tempfile
from collections.abc import Iterator
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


class Unreadable(ValueError):
    """A submission is no notebook; the message says what it is instead."""


@dataclass(frozen=True)
class Limits:
    """What one task of one submission may take: seconds, and bytes of memory."""

    seconds: float = 60.0
    memory: int = 4 * 2**30


@dataclass
class Grade:
    """The outcome of one submission.

    Attributes:
        name: of the file or folder, as `plain` writes it.
        points: task -> points; written tasks are not in it.
        student: the number that somebody wrote into it; None if nobody did.
        comments: what went wrong, in the order of the tasks; `comment` adds one.
    """

    name: str
    points: dict[str, int]
    student: int | None = None
    comments: list[str] = field(default_factory=list)

    def comment(self, words: str) -> None:
        """Add a comment, cut to a length that fits into a table."""
        self.comments.append(plain(words)[:SHOWN])


def plain(text: str) -> str:
    """Return words of a stranger on one line, without what ends a cell or can't be written.

    Where Excel takes ";" or a tab as the end of a cell, what follows could be a formula.
    """
    line = " ".join(text.split()).replace(";", ",")
    parts = (one if one.isprintable() else one.encode("unicode_escape").decode() for one in line)
    return "".join(parts)


def grade(path: Path, assignment: Assignment, limits: Limits) -> Grade:
    """Mark one submission; nothing that is wrong with it raises an error."""
    points = {task: 0 for task in assignment.tasks() if task not in assignment.written()}
    result = Grade(plain(path.name), points)
    try:
        notebook = read_notebook(path)
        with _Run(notebook, assignment, limits) as run:
            _grade_cells(run, result)
    except Unreadable as error:
        result.comment(str(error))
    except Exception as error:  # what nobody thought of must not stop the grading of a class
        result.comment(f"the grading stopped here, {type(error).__name__}: {error}")
    return result


def read_notebook(path: Path) -> NotebookNode:
    """Read the notebook of a submission: a file, or the only notebook in a folder.

    Raises:
        Unreadable: it is something else.
    """
    files = [path]
    if path.is_dir():
        notebooks = ((one, one.relative_to(path).parts) for one in sorted(path.rglob("*.ipynb")))
        files = [one for one, parts in notebooks if not any(map(_by_program, parts))]
    if len(files) != 1:
        raise Unreadable(f"its folder has {len(files)} notebooks; hand in one")
    if files[0].suffix != ".ipynb" or not files[0].is_file():
        raise Unreadable("it is no notebook (.ipynb)")
    if files[0].stat().st_size > LARGEST:
        raise Unreadable(f"its notebook has over {LARGEST:,} bytes")
    try:
        notebook: NotebookNode = nbformat.read(files[0], as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # nbformat raises errors of many kinds on what is no notebook
        raise Unreadable(f"its notebook can't be read: {type(error).__name__}") from None
    return notebook


def _by_program(name: str) -> bool:
    """Return whether a program made a file or folder of this name: a checkpoint, a Mac's zip."""
    return name.startswith(".") or name == "__MACOSX"


@contextlib.contextmanager
def _folder(assignment: Assignment) -> Iterator[Path]:
    """Make a folder with the files of the assignment; remove it at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as there:
        for name, content in assignment.files.items():
            (Path(there) / name).write_bytes(content)
        yield Path(there)


class _Run:
    """A submission's cells in its process; a cell that ended it once is never run again."""

    def __init__(self, notebook: NotebookNode, assignment: Assignment, limits: Limits) -> None:
        self.assignment = assignment
        tests = {cell.name for cell in assignment.cells if cell.kind in TESTS}
        code = [(_name(cell), cell.source) for cell in notebook.cells if cell.cell_type == "code"]
        self.left = [(name, source) for name, source in code if name not in tests]
        self.names = {cell.name for cell in assignment.cells if cell.kind not in TESTS}
        self._limits = limits
        self._finished: list[str] = []
        self._ends = contextlib.ExitStack()  # of the process, then of its folder
        self.process = self._start()

    def __enter__(self) -> "_Run":
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.close()

    def up_to(self, name: str) -> list[str]:
        """Run the cells up to the one with this name; return what went wrong.

        After a cell that ends the process or takes too long, the rest waits for the next task. So
        a task has one deadline, however many cells there are.
        """
        places = [place for place, (one, _) in enumerate(self.left) if one == name]
        if not places:
            return [f"the cell {name} is missing"]
        self._new_deadline()
        complaints = []
        for more in range(places[-1], -1, -1):
            one, source = self.left.pop(0)
            where = f"cell {one}" if one in self.names else "a cell of its own"
            try:
                self.process.run(source)
            except Failed as error:
                complaints.append(f"{where}: {error}")
            except Stopped as error:
                complaints.append(f"{where}: {error}")
                waiting = [rest for rest, _ in self.left[:more] if rest in self.names]
                if waiting:
                    complaints.append(f"not run because of that: cells {', '.join(waiting)}")
                break
            self._finished.append(source)
        return complaints

    def _start(self) -> Submission:
        """Start a process in a new folder; end the one before, and what it started."""
        self._ends.close()
        folder = self._ends.enter_context(_folder(self.assignment))
        process = Submission(folder, self._limits.seconds, self._limits.memory)
        self._ends.callback(process.end)
        return process

    def _new_deadline(self) -> None:
        """Start a new deadline; in a new process, with the cells before, if the last one ended."""
        if self.process.ended():
            self.process = self._start()
            for source in self._finished:
                with contextlib.suppress(Failed, Stopped):
                    self.process.run(source)
        self.process.renew()


def _name(cell: NotebookNode) -> str:
    """Return the name that a cell has in the source, or else its id."""
    marks = [cell.metadata.get(MARK)]
    if isinstance(cell.metadata.get("nbgrader"), dict):  # a student may have changed anything
        marks.append(cell.metadata["nbgrader"].get("grade_id"))
    return next((mark for mark in marks if isinstance(mark, str)), cell.get("id", ""))


def _grade_cells(run: _Run, result: Grade) -> None:
    """Go through the cells of the source: run, look up, test."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in run.assignment.cells:
        if cell.kind in ("fill", "answer"):
            for words in run.up_to(cell.name):
                result.comment(f"{cell.task}: {words}")
            for name in cell.names():
                namespace.pop(name, None)
                try:
                    namespace[name] = run.process.look_up(name)
                except (Failed, Stopped) as error:
                    result.comment(f"{cell.task}: {name}: {error}")
            if cell.kind == "fill":
                _store_number(cell, namespace.get("STUDENT"), result)
        elif cell.kind in ("setup", *TESTS):
            complaint = _test(cell, namespace, run.assignment)
            if complaint is None and cell.kind in TESTS:
                result.points[cell.task] += cell.points
            elif complaint is not None:
                result.comment(f"{cell.name}: {complaint}")


def _store_number(cell: Cell, number: object, result: Grade) -> None:
    """Store the student's number, unless all notebooks are handed out with it."""
    if type(number) is not int:
        return
    if number == ast.literal_eval(cell.source.partition("=")[2].strip()):
        result.comment(f"STUDENT is {number} as it was handed out; ask for the number")
    else:
        result.student = number


def _test(cell: Cell, namespace: dict[str, Any], assignment: Assignment) -> str | None:
    """Run a cell of the source here, in a new folder with new files; return its complaint."""
    try:
        with (
            _folder(assignment) as folder,
            contextlib.chdir(folder),
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            contextlib.redirect_stdout(nowhere),
        ):
            exec(compile(cell.source, f"<{cell.name}>", "exec"), namespace)
    except AssertionError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None
