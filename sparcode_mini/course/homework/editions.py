"""The editions of an assignment as notebooks: student, solutions, nbgrader, otter."""

import textwrap
from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from sparcode_mini.course.homework.source import BEGIN, END, TESTS, WORDS, Assignment, Cell

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
EMPTY = "*Write your answer here.*"
MARK = "homework"  # metadata of a cell: its name, where a program drops ids
HIDDEN_NOTE = "# More cases are tried here when your work is graded."


def student(assignment: Assignment) -> NotebookNode:
    """Return the notebook for students: stubs, and the tests that they may see."""
    cells = [
        _cell(cell, EMPTY if cell.kind == "written" else cell.starter())
        for cell in assignment.cells
        if cell.kind != "hidden"
    ]
    return _notebook(cells)


def solutions(assignment: Assignment) -> NotebookNode:
    """Return the notebook with solutions and all tests."""
    return _notebook([_cell(cell, without_marks(cell.source)) for cell in assignment.cells])


def submission(assignment: Assignment, answers: dict[str, str]) -> NotebookNode:
    """Return what a student would hand in.

    Args:
        assignment: it gives the solution of each cell that is not in `answers`.
        answers: name of a cell -> what the student wrote there.
    """
    cells = [
        _cell(cell, answers.get(cell.name, without_marks(cell.source)))
        for cell in assignment.cells
        if cell.kind != "hidden"
    ]
    return _notebook(cells)


def nbgrader(assignment: Assignment) -> NotebookNode:
    """Return the notebook for nbgrader's folder `source`."""
    cells = []
    for cell in assignment.cells:
        source = cell.source
        if cell.kind == "hidden":
            source = f"{HIDDEN_NOTE}\n### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"
        made = _cell(cell, source)
        made.metadata["nbgrader"] = _nbgrader_metadata(cell)
        cells.append(made)
    return _notebook(cells)


def _nbgrader_metadata(cell: Cell) -> dict[str, Any]:
    """Return what nbgrader reads: see "nbgrader cell metadata" in its documentation."""
    solution, graded = cell.kind in ("answer", "written"), cell.kind in (*TESTS, "written")
    entry: dict[str, Any] = {
        "grade": graded,
        "grade_id": cell.name,
        "locked": not solution and cell.kind != "fill",
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return {**entry, "points": cell.points} if graded else entry


def otter(assignment: Assignment) -> NotebookNode:
    """Return the master notebook for `otter assign`."""
    config = ["# ASSIGNMENT CONFIG", f"name: {assignment.name}", "init_cell: false"]
    config += ["environment: false", "export_cell: false"]
    if assignment.files:
        config += ["files:", *(f"  - {name}" for name in assignment.files)]
    cells: list[NotebookNode] = [new_raw_cell("\n".join(config))]
    for place, cell in enumerate(assignment.cells):
        if cell.kind in ("answer", "written"):
            cells += _otter_question(assignment, place)
        elif cell.kind not in TESTS:
            cells.append(_cell(cell, cell.source))
    for number, made in enumerate(cells):
        if made.cell_type == "raw":
            made.id = f"raw-{number}"  # else it is drawn, and each build differs
    return _notebook(cells)


def _otter_question(assignment: Assignment, place: int) -> list[NotebookNode]:
    """Return the cells of one question: its mark, the solution, its tests."""
    cell = assignment.cells[place]
    head = f"# BEGIN QUESTION\nname: {cell.task}"
    if cell.kind == "written":
        head += f"\nmanual: true\npoints: {cell.points}"
    source = cell.source.replace(BEGIN, "# BEGIN SOLUTION").replace(END, "# END SOLUTION")
    solution = [new_raw_cell("# BEGIN SOLUTION"), _cell(cell, source)]
    tests = [one for one in assignment.cells if one.task == cell.task and one.kind in TESTS]
    cells = [new_raw_cell(head), *solution, new_raw_cell("# END SOLUTION")]
    if tests:
        cells += [new_raw_cell("# BEGIN TESTS"), *map(_otter_test, tests)]
        cells.append(new_raw_cell("# END TESTS"))
    return [*cells, new_raw_cell("# END QUESTION")]


def _otter_test(cell: Cell) -> NotebookNode:
    """Return a test with its points; otter passes it if it raises nothing and prints nothing."""
    hidden = str(cell.kind == "hidden").lower()
    config = f'""" # BEGIN TEST CONFIG\npoints: {cell.points}\nhidden: {hidden}\n'
    silent = "import contextlib\nwith contextlib.redirect_stdout(None):\n"
    body = textwrap.indent(cell.source, "    ")
    return _cell(cell, f'{config}""" # END TEST CONFIG\n{silent}{body}')


def _cell(cell: Cell, source: str) -> NotebookNode:
    """Make the notebook's cell; its id is the cell's name."""
    words = cell.kind in WORDS
    make: Callable[..., NotebookNode] = new_markdown_cell if words else new_code_cell
    return make(source, id=cell.name, metadata={MARK: cell.name})


def _notebook(cells: list[NotebookNode]) -> NotebookNode:
    book: NotebookNode = new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    return book


def without_marks(source: str) -> str:
    """Return a solution without the lines that mark it."""
    lines = [line for line in source.splitlines() if line.strip() not in (BEGIN, END)]
    return "\n".join(lines)
