"""The editions for nbgrader and otter, run by these programs: the points that are meant come out.

Both need `pip install -c constraints.txt -e ".[course]"`. The assignment is small; the real ones
have the same kinds of cells.
"""

import os
import sysconfig
from pathlib import Path

import nbformat
import pytest

from sparcode_mini.course.homework import editions
from sparcode_mini.course.homework.build import NBGRADER_CONFIG
from sparcode_mini.course.homework.source import Assignment, Cell

WHY = 'not installed: pip install -c constraints.txt -e ".[course]"'
SOLUTION = "### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
CELLS = (
    Cell("text", "title", "# Small"),
    Cell("fill", "student", "STUDENT = 7"),
    Cell("setup", "start", "numbers = open('numbers.txt').read().split()"),
    Cell("text", "q1-text", "## 1. Twice"),
    Cell("answer", "q1", f"def double(x):\n    {SOLUTION}"),
    Cell("test", "q1-public", "print('seen')\nassert double(1) == 2", 1),
    Cell(
        "hidden",
        "q1-hidden",
        "for x in (3, STUDENT):\n    y = 2 * x\n\n    assert double(x) == y",
        2,
    ),
    Cell("text", "q2-text", "## 2. A number"),
    Cell("answer", "q2", "total = None\n### BEGIN SOLUTION\ntotal = 6\n### END SOLUTION"),
    Cell("hidden", "q2-hidden", "assert total == sum(map(int, numbers))", 4),
    Cell("text", "q3-text", "## 3. Words"),
    Cell("written", "q3", "A model answer.", 5),
)
SMALL = Assignment("small", CELLS, {"numbers.txt": b"1 2 3"})
GOOD = {"q1": "def double(x):\n    return x + x", "q2": "total = 6", "q3": "My words."}
WORK = {  # name -> what is written, and the points of the tests in order
    "good": (GOOD, [1, 2, 4]),
    "bad-seen": ({**GOOD, "q1": "def double(x):\n    return 2"}, [1, 0, 4]),
    "bad-stops": ({"q1": "raise SystemError", "q2": "total = 5"}, [0, 0, 0]),
}


def filled(released: Path, answers: dict[str, str], out: Path) -> Path:
    """Write what a student hands in: the notebook that was given out, with answers."""
    notebook = nbformat.read(released, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.get(editions.MARK), cell.source)
    out.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, out)
    return out


def hides_what_it_must(released: Path) -> bool:
    text = released.read_text("utf-8")
    return not any(part in text for part in ("return 2 * x", "total = 6", "y = 2", "model answer"))


def test_nbgrader_gives_the_points_that_are_meant(tmp_path, monkeypatch):
    pytest.importorskip("nbgrader", reason=WHY)
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    scripts = sysconfig.get_path("scripts")  # nbgrader starts alembic from there
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    source = tmp_path / "source" / "small"
    source.mkdir(parents=True)
    nbformat.write(editions.nbgrader(SMALL), source / "small.ipynb")
    (source / "numbers.txt").write_bytes(SMALL.files["numbers.txt"])
    (tmp_path / "nbgrader_config.py").write_text(NBGRADER_CONFIG)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(tmp_path)).load_config()
    config.CourseDirectory.root = str(tmp_path)
    api = NbGraderAPI(config=config)
    assert api.generate_assignment("small")["success"]
    released = tmp_path / "release" / "small" / "small.ipynb"
    assert hides_what_it_must(released)
    for name, (answers, _) in WORK.items():
        filled(released, answers, tmp_path / "submitted" / name / "small" / "small.ipynb")
        outcome = api.autograde("small", name)
        assert outcome["success"], outcome
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        for name, (answers, points) in WORK.items():
            (notebook,) = book.find_submission("small", name).notebooks
            grades = {grade.name: grade for grade in notebook.grades}
            tests = [cell.name for cell in CELLS if cell.kind in ("test", "hidden")]
            assert [grades[test].auto_score for test in tests] == points, name
            waiting = grades["q3"].auto_score is None  # for a teacher; nothing written is 0
            assert (grades["q3"].max_score, waiting) == (5, "q3" in answers)


def test_otter_gives_the_points_that_are_meant(tmp_path, monkeypatch):
    pytest.importorskip("otter", reason=WHY)
    from otter.api import grade_submission
    from otter.assign import main as assign

    monkeypatch.chdir(tmp_path)
    nbformat.write(editions.otter(SMALL), tmp_path / "small.ipynb")
    (tmp_path / "numbers.txt").write_bytes(SMALL.files["numbers.txt"])
    assign("small.ipynb", "dist", no_pdfs=True)  # it runs the solution against all tests
    released = tmp_path / "dist" / "student" / "small.ipynb"
    assert hides_what_it_must(released)
    (archive,) = (tmp_path / "dist" / "autograder").glob("*.zip")
    for name, (answers, points) in WORK.items():
        path = filled(released, answers, tmp_path / f"{name}.ipynb")
        results = grade_submission(str(path), str(archive), quiet=True)
        files = [results.get_result(task) for task in sorted(results.test_files)]
        tests = [case for file in files for case in file.test_case_results]
        assert [case.test_case.points * case.passed for case in tests] == points, name
        assert results.total == sum(points)
