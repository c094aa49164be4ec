"""The grader: known marks for good and bad work, and what hostile work loses: its points only."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from sparcode_mini.course.homework import editions, grading, samples
from sparcode_mini.course.homework.data import SOURCES, assignments
from sparcode_mini.course.homework.grading import Limits, grade
from sparcode_mini.course.parts import ROOT

ASSIGNMENTS = assignments(ROOT)
SAMPLES = [
    (name, sample)
    for name, assignment in ASSIGNMENTS.items()
    for sample in samples.read_samples(ROOT / SOURCES / name, assignment)
]


def processor_seconds() -> float:
    """Return the seconds of a core, here and (not on Windows) in processes that have ended."""
    return sum(os.times()[:4])


@pytest.mark.parametrize(
    ("name", "sample"), SAMPLES, ids=[f"{name}-{one.name}" for name, one in SAMPLES]
)
def test_samples_earn_the_points_that_are_meant(tmp_path, name, sample):
    path = tmp_path / "work.ipynb"
    nbformat.write(sample.notebook, path)
    start = processor_seconds()
    result = grade(path, ASSIGNMENTS[name], Limits())
    assert processor_seconds() - start < 60, "the texts promise less than a minute"
    assert result.points == sample.points, result.comments
    assert (result.comments == []) == (sample.name == "good")


# --- hostile work, on an assignment of two tasks --------------------------------------------------


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


def test_tests_in_the_notebook_do_not_count(tmp_path, tiny, limits):
    notebook = editions.submission(tiny, {"q1": "def double(x):\n    return 0"})
    for cell in notebook.cells:
        if cell.id == "q1-public":
            cell.source = "raise SystemExit"  # not even run
    path = tmp_path / "work.ipynb"
    nbformat.write(notebook, path)
    result = grade(path, tiny, limits)
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


def test_helpers_in_new_cells_and_lost_ids_are_no_problem(tmp_path, tiny, limits):
    answers = {"q1": "def double(x):\n    return twice(x)"}
    notebook = editions.submission(tiny, answers)
    notebook.cells.insert(1, nbformat.v4.new_code_cell("def twice(x):\n    return 2 * x"))
    for place, cell in enumerate(notebook.cells):
        cell.id = f"new-{place}"
    nbformat.write(notebook, tmp_path / "work.ipynb")
    assert grade(tmp_path / "work.ipynb", tiny, limits).points == {"q1": 3, "q2": 4}


def test_a_deleted_cell_is_named(tmp_path, tiny, limits):
    notebook = editions.submission(tiny, {})
    notebook.cells = [cell for cell in notebook.cells if cell.id != "q1"]
    nbformat.write(notebook, tmp_path / "work.ipynb")
    result = grade(tmp_path / "work.ipynb", tiny, limits)
    assert result.points == {"q1": 0, "q2": 4}
    assert "q1: the cell q1 is missing" in result.comments


def test_files_of_the_tests_are_out_of_reach(graded, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # its neighbours are ours alone
    attack = """
import pathlib
def change():
    for file in pathlib.Path("..").glob("*/numbers.txt"):
        file.write_text("000")
change()
def double(x):
    return 2 * x
"""
    assert graded(q1=attack, q2="change()\ntotal = 0").points == {"q1": 3, "q2": 0}


def test_a_number_with_a_zero_in_front_is_named(graded):
    result = graded(student="STUDENT = 07")
    assert result.student is None and result.points == {"q1": 3, "q2": 4}
    assert result.comments[0].startswith("student: cell student: SyntaxError: leading zeros")


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps the folder of a process")
def test_a_removed_folder_costs_one_task(graded):
    result = graded(q1="import os, shutil\nshutil.rmtree(os.getcwd())\nos._exit(0)")
    assert result.points == {"q1": 0, "q2": 4}, result.comments


def test_what_nobody_thought_of_becomes_a_comment(graded, monkeypatch):
    def no_process(*_):
        raise OSError("no more processes")

    monkeypatch.setattr(grading, "Submission", no_process)
    result = graded()
    assert result.points == {"q1": 0, "q2": 0}
    assert result.comments == ["the grading stopped here, OSError: no more processes"]


def test_many_loops_have_one_deadline(graded):
    result = graded(Limits(seconds=3), before=["while True: pass"] * 20, q2="total = 0")
    slow = [one for one in result.comments if "took too long" in one]
    assert 1 <= len(slow) <= 2, "one for each of the tasks whose cells come after them"
    assert "q1: not run because of that: cells start, q1" in result.comments


def test_the_cells_behind_one_that_ends_all_wait_for_the_next_task(graded):
    result = graded(before=["import os\nos._exit(0)"], q2="total = np.array(double(3)).item()")
    assert result.points == {"q1": 0, "q2": 4}, result.comments
    assert "q1: a cell of its own: its process ended" in result.comments


def test_why_a_value_is_missing_is_in_the_comments(graded):
    comments = graded(q2="total = {6}").comments
    assert comments[0].startswith("q2: total: TypeError: a value of type set can't be compared")


@pytest.mark.parametrize("alone", [False, True])
def test_what_a_submission_started_ends_with_it(graded, tmp_path, alone):
    note = tmp_path / "number"
    code = "import pathlib, subprocess, sys\n"
    code += "words = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
    code += f"started = subprocess.Popen(words, start_new_session={alone})\n"
    code += f"pathlib.Path({str(note)!r}).write_text(str(started.pid))\ntotal = 6"
    assert graded(q2=code).points == {"q1": 3, "q2": 4}
    number = int(note.read_text())
    last = time.monotonic() + 20
    while time.monotonic() < last and _runs(number):
        time.sleep(0.05)
    assert not _runs(number)


def _runs(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


LIMITED = """
import pathlib, resource
from sparcode_mini.course.homework.child import _limit

def fails(*_):
    raise FileNotFoundError("no /proc on macOS")

pathlib.Path.read_text = fails
_limit(10**9)
print(resource.getrlimit(resource.RLIMIT_FSIZE)[0])
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows limits no file")
def test_files_are_limited_also_without_proc():
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True)
    assert done.stdout.strip() == str(10**9), done.stderr
