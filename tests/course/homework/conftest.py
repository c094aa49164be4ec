"""An assignment of two tasks, and the grading of what is handed in for it."""

import nbformat
import pytest

from sparcode_mini.course.homework import editions
from sparcode_mini.course.homework.grading import Limits, grade
from sparcode_mini.course.homework.source import Assignment, Cell

NUMBER = {"student": "STUDENT = 7"}  # what an honest submission has written
CELLS = (
    Cell("fill", "student", "STUDENT = 1  # yours"),
    Cell("setup", "start", "import numpy as np"),
    Cell("answer", "q1", "def double(x):\n    return 2 * x"),
    Cell("test", "q1-public", "assert double(1) == 2", 1),
    Cell("hidden", "q1-hidden", "assert np.allclose(double(np.arange(3.0)), [0, 2, 4])", 2),
    Cell("answer", "q2", "total = 6"),
    Cell("hidden", "q2-hidden", "assert total == sum(map(int, open('numbers.txt').read()))", 4),
    Cell("written", "q3", "words", 5),
)


@pytest.fixture(scope="session")
def tiny():
    return Assignment("tiny", CELLS, {"numbers.txt": b"123"})


@pytest.fixture(scope="session")
def limits():
    return Limits(seconds=20, memory=2**30)


@pytest.fixture
def graded(tmp_path, tiny, limits):
    """Grade a notebook whose cells hold this code in the place of the solution."""

    def of(limits=limits, before=(), **answers):
        """Insert the cells `before` in front of the first one that students leave as it is."""
        path = tmp_path / "work.ipynb"
        notebook = editions.submission(tiny, NUMBER | answers)
        notebook.cells[1:1] = [nbformat.v4.new_code_cell(code) for code in before]
        nbformat.write(notebook, path)
        return grade(path, tiny, limits)

    return of
