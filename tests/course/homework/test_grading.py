"""The grader: known marks for good and bad work, and what hostile work loses: its points only."""

import csv
import time
from pathlib import Path

import nbformat
import pytest

from sparcode_mini.cli import main
from sparcode_mini.course.homework import editions, samples
from sparcode_mini.course.homework.data import SOURCES, assignments
from sparcode_mini.course.homework.grading import Limits, grade
from sparcode_mini.course.homework.source import Assignment, Cell
from sparcode_mini.course.homework.table import grade_folder, to_csv
from sparcode_mini.course.parts import ROOT

ASSIGNMENTS = assignments(ROOT)
SAMPLES = [
    (name, sample)
    for name, assignment in ASSIGNMENTS.items()
    for sample in samples.read_samples(ROOT / SOURCES / name, assignment)
]


@pytest.mark.parametrize(
    ("name", "sample"), SAMPLES, ids=[f"{name}-{one.name}" for name, one in SAMPLES]
)
def test_samples_earn_the_points_that_are_meant(tmp_path, name, sample):
    path = tmp_path / "work.ipynb"
    nbformat.write(sample.notebook, path)
    result = grade(path, ASSIGNMENTS[name], Limits())
    assert result.points == sample.points, result.comments
    assert (result.comments == []) == (sample.name == "good")


# --- hostile work, on an assignment of two tasks --------------------------------------------------

CELLS = (
    Cell("fill", "student", "STUDENT = 7"),
    Cell("setup", "start", "import numpy as np"),
    Cell("answer", "q1", "def double(x):\n    return 2 * x"),
    Cell("test", "q1-public", "assert double(1) == 2", 1),
    Cell("hidden", "q1-hidden", "assert np.allclose(double(np.arange(3.0)), [0, 2, 4])", 2),
    Cell("answer", "q2", "total = 6"),
    Cell("hidden", "q2-hidden", "assert np.allclose(total, 6)", 4),
    Cell("written", "q3", "words", 5),
)
TINY = Assignment("tiny", CELLS, {"numbers.txt": b"1 2 3"})
LIMITS = Limits(seconds=20, memory=2**30)


@pytest.fixture
def graded(tmp_path):
    """Grade a notebook whose cells hold this code in the place of the solution."""

    def of(limits=LIMITS, **answers):
        path = tmp_path / "work.ipynb"
        nbformat.write(editions.submission(TINY, answers), path)
        return grade(path, TINY, limits)

    return of


def test_good_work_earns_all_and_the_number_is_read(graded):
    result = graded()
    assert (result.points, result.student, result.comments) == ({"q1": 3, "q2": 4}, 7, [])


@pytest.mark.parametrize(
    ("code", "comment"),
    [
        ("import sys\nsys.exit(0)", "cell q1: SystemExit"),
        ("import os\nos._exit(0)", "cell q1: its process ended"),
        ("def double(x):\n    import os\n    os.abort()", "its process ended"),
        ("def double(x:", "cell q1: SyntaxError"),
        ("def double(x):\n    return double", "can't be compared"),
        ("def double(x):\n    return double(x)", "RecursionError"),
        ("def double(x):\n    return '9' * 50_000_000", "its process ended"),
        ("def double(x):\n    return [[]] * 2_000_000", "its process ended"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise Exception('=1+1\\n' * 1000)", "q1: cell q1: Exception: =1+1 =1+1"),
        (
            "import os\nfor f in range(3, 50):\n    os.close(f) if f < 5 else None",
            "its process ended",
        ),
        ("!rm -rf .", "SyntaxError"),
    ],
)
def test_a_task_that_breaks_loses_only_itself(graded, code, comment):
    result = graded(q1=code)
    assert result.points == {"q1": 0, "q2": 4}, result.comments
    assert any(comment in one for one in result.comments), result.comments
    assert all(len(one) < 200 for one in result.comments)


@pytest.mark.parametrize(
    "code", ["while True: pass", "def double(x):\n    while True: print('x' * 10**6)"]
)
def test_what_loops_for_ever_is_stopped(graded, code):
    start = time.monotonic()
    result = graded(Limits(seconds=6), q1=code)
    assert result.points["q1"] == 0 and time.monotonic() - start < 60
    assert any("took too long" in one for one in result.comments), result.comments


def test_the_other_task_counts_after_a_loop(graded):
    assert graded(Limits(seconds=15), q1="while True: pass").points == {"q1": 0, "q2": 4}


def test_printing_megabytes_does_no_harm(graded):
    shout = (
        "import os, sys\nfor _ in range(50):\n    print('x' * 10**6)\nos.write(1, b'y' * 10**6)\n"
    )
    assert graded(q2=shout + "total = 6").points == {"q1": 3, "q2": 4}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is limited on Linux")
def test_memory_is_limited(graded):
    result = graded(q1="hoard = np.ones(10**9)")
    assert result.points == {"q1": 0, "q2": 4}
    assert any("MemoryError" in one for one in result.comments), result.comments


TAMPER = """
import sparcode_mini.lessons.core as core
import numpy as np
core.same = lambda *_: True
np.allclose = lambda *_, **__: True
class Yes(float):
    def __eq__(self, other):
        return True
    __hash__ = float.__hash__
def double(x):
    return Yes(0)
"""
FORGE = """
import os, json
def double(x):
    for fd in range(3, 10):
        try:
            os.write(fd, (json.dumps({"value": json.dumps(None)}) + chr(10)).encode() * 5)
        except OSError:
            pass
    return 0
"""


@pytest.mark.parametrize("code", [TAMPER, FORGE])
def test_whoever_tampers_with_the_tests_gains_nothing(graded, code):
    assert graded(q1=code).points["q1"] == 0


def test_tests_in_the_notebook_do_not_count(tmp_path):
    notebook = editions.submission(TINY, {"q1": "def double(x):\n    return 0"})
    for cell in notebook.cells:
        if cell.id == "q1-public":
            cell.source = "raise SystemExit"  # not even run
    path = tmp_path / "work.ipynb"
    nbformat.write(notebook, path)
    result = grade(path, TINY, LIMITS)
    assert result.points == {"q1": 0, "q2": 4} and "SystemExit" not in str(result.comments)


def test_work_runs_in_a_folder_of_its_own_without_the_teacher_s_environment(
    graded, monkeypatch, tmp_path
):
    monkeypatch.setenv("SECRET", "42")
    code = "import os, pathlib\nassert 'SECRET' not in os.environ\nopen('new', 'w').write('x')\n"
    code += "pathlib.Path('numbers.txt').write_text('changed')\n"
    before = sorted(path.name for path in Path.cwd().iterdir())
    assert graded(q1=code + "def double(x):\n    return 2 * x").points == {"q1": 3, "q2": 4}
    assert sorted(path.name for path in Path.cwd().iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["work.ipynb"]


def test_helpers_in_new_cells_and_lost_ids_are_no_problem(tmp_path):
    answers = {"q1": "def double(x):\n    return twice(x)"}
    notebook = editions.submission(TINY, answers)
    notebook.cells.insert(1, nbformat.v4.new_code_cell("def twice(x):\n    return 2 * x"))
    for place, cell in enumerate(notebook.cells):
        cell.id = f"new-{place}"
    nbformat.write(notebook, tmp_path / "work.ipynb")
    assert grade(tmp_path / "work.ipynb", TINY, LIMITS).points == {"q1": 3, "q2": 4}


def test_a_deleted_cell_is_named(tmp_path):
    notebook = editions.submission(TINY, {})
    notebook.cells = [cell for cell in notebook.cells if cell.id != "q1"]
    nbformat.write(notebook, tmp_path / "work.ipynb")
    result = grade(tmp_path / "work.ipynb", TINY, LIMITS)
    assert result.points == {"q1": 0, "q2": 4}
    assert "q1: the cell q1 is missing" in result.comments


# --- a class -------------------------------------------------------------------------------------


def test_a_folder_becomes_a_table_and_each_fault_is_named(tmp_path):
    folder, out = tmp_path / "work", tmp_path / "grades.csv"
    for name in ("ann", "bob", "empty", "twice/sub"):
        (folder / name).mkdir(parents=True)
    good = nbformat.writes(editions.submission(TINY, {}))
    (folder / "ann" / "tiny.ipynb").write_text(good)
    (folder / "bob" / "mine.ipynb").write_text(good)
    (folder / "twice" / "a.ipynb").write_text(good)
    (folder / "twice" / "sub" / "b.ipynb").write_text(good)
    (folder / "essay.pdf").write_bytes(b"%PDF")
    (folder / "broken.ipynb").write_text("{")
    (folder / "=list.ipynb").write_text("[1]")
    (folder / ".DS_Store").touch()
    for name in (".ipynb_checkpoints", "__MACOSX"):
        (folder / "ann" / name).mkdir()
        (folder / "ann" / name / "tiny.ipynb").write_text("{")
    grade_folder(folder, TINY, out, LIMITS)
    rows = {row["submission"]: row for row in csv.DictReader(out.open(encoding="utf-8"))}
    assert list(rows) == [
        "'=list.ipynb",
        "ann",
        "bob",
        "broken.ipynb",
        "empty",
        "essay.pdf",
        "twice",
    ]
    assert {name: row["total"] for name, row in rows.items() if row["total"] != "0"} == {
        "ann": "7",
        "bob": "7",
    }
    assert (rows["ann"]["q1"], rows["ann"]["q3"], rows["ann"]["of"]) == ("3", "", "7")
    assert rows["ann"]["comment"] == "student number 7 is also in bob"
    assert "can't be read" in rows["broken.ipynb"]["comment"]
    assert rows["empty"]["comment"] == "its folder has 0 notebooks; hand in one"
    assert rows["twice"]["comment"] == "its folder has 2 notebooks; hand in one"
    assert "it is no notebook" in rows["essay.pdf"]["comment"]
    assert to_csv([], TINY) == "submission,student,q1,q2,q3,total,of,comment\n"


def test_the_command_writes_the_table(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "essay.txt").write_text("x")
    assert main(["grade", "work", "--assignment", "a1", "--out", "marks.csv"]) == 0
    assert "essay.txt: 0  it is no notebook" in capsys.readouterr().out
    assert "essay.txt,,0,0,0,0,,0,17,it is no notebook" in (tmp_path / "marks.csv").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "--assignment", "a1"], "nowhere is no folder"),
        (["empty", "--assignment", "a1"], "empty is empty"),
        (
            ["empty", "--assignment", "a9"],
            "no assignment is named 'a9'; there are ['a1', 'a2', 'a3']",
        ),
        (["empty", "--assignment", "a1", "--seconds", "0"], "--seconds"),
        (["empty", "--assignment", "a1", "--out", "empty"], "empty is a folder"),
    ],
)
def test_what_can_not_be_graded_is_refused(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert main(["grade", *words]) == 2
    assert message in capsys.readouterr().err
