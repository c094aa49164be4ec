"""The editions for nbgrader and otter, run by these programs: the points that are meant come out.

Both need `pip install -c constraints.txt -e ".[course]"`. The assignment is small; the real ones
have the same kinds of cells, and the samples of a1 go through nbgrader, too.
"""

import os
import sysconfig
from pathlib import Path

import nbformat
import pytest

from sparcode_mini.course.homework import editions
from sparcode_mini.course.homework.build import NBGRADER_CONFIG
from sparcode_mini.course.homework.data import SOURCES, assignments
from sparcode_mini.course.homework.samples import read_samples
from sparcode_mini.course.homework.source import TESTS, Assignment, Cell
from sparcode_mini.course.parts import ROOT

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


def by_nbgrader(course, monkeypatch, assignment, work) -> dict[str, dict]:
    """Give the assignment out, collect the work (name -> answers), and return its grades."""
    pytest.importorskip("nbgrader", reason=WHY)
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    scripts = sysconfig.get_path("scripts")  # nbgrader starts alembic from there
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    name = assignment.name
    source = course / "source" / name
    source.mkdir(parents=True)
    nbformat.write(editions.nbgrader(assignment), source / f"{name}.ipynb")
    for file, content in assignment.files.items():
        (source / file).write_bytes(content)
    (course / "nbgrader_config.py").write_text(NBGRADER_CONFIG)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    api = NbGraderAPI(config=config)
    assert api.generate_assignment(name)["success"]
    released = course / "release" / name / f"{name}.ipynb"
    for student, answers in work.items():
        filled(released, answers, course / "submitted" / student / name / f"{name}.ipynb")
        outcome = api.autograde(name, student)
        assert outcome["success"], outcome
    grades = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for student in work:
            (notebook,) = book.find_submission(name, student).notebooks
            grades[student] = {one.name: (one.auto_score, one.max_score) for one in notebook.grades}
    return grades


def test_nbgrader_gives_the_points_that_are_meant(tmp_path, monkeypatch):
    work = {name: answers for name, (answers, _) in WORK.items()}
    grades = by_nbgrader(tmp_path, monkeypatch, SMALL, work)
    assert hides_what_it_must(tmp_path / "release" / "small" / "small.ipynb")
    for name, (answers, points) in WORK.items():
        tests = [cell.name for cell in CELLS if cell.kind in ("test", "hidden")]
        assert [grades[name][test][0] for test in tests] == points, name
        # words are for a teacher; nothing written is 0
        assert grades[name]["q3"] == (None if "q3" in answers else 0, 5)


def test_nbgrader_gives_the_samples_of_a1_their_points(tmp_path, monkeypatch):
    a1 = assignments(ROOT)["a1"]
    known = {sample.name: sample for sample in read_samples(ROOT / SOURCES / "a1", a1)}
    answers = [cell.name for cell in a1.cells if cell.kind in ("fill", "answer")]
    work = {
        name: {cell.id: cell.source for cell in sample.notebook.cells if cell.id in answers}
        for name, sample in known.items()
    }
    grades = by_nbgrader(tmp_path, monkeypatch, a1, work)
    for name, sample in known.items():
        points = dict.fromkeys(sample.points, 0)
        for cell in a1.cells:
            if cell.kind in TESTS:
                points[cell.task] += grades[name][cell.name][0]
        assert points == sample.points, name


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
