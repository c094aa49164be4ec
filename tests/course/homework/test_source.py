"""The assignments: well-formed, in editions that hide what they have to hide, and built whole."""

import csv
import io
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from sparcode_mini import results
from sparcode_mini.course.homework import data, editions, write
from sparcode_mini.course.homework.source import BEGIN, END, Cell, read_assignment
from sparcode_mini.course.homework.student import generator, require
from sparcode_mini.course.parts import ROOT
from sparcode_mini.lessons.core import Verdict

ASSIGNMENTS = data.assignments(ROOT)
every_assignment = pytest.mark.parametrize(
    "assignment", ASSIGNMENTS.values(), ids=list(ASSIGNMENTS)
)


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("homework")
    write(folder, ROOT)
    return folder


@every_assignment
def test_an_assignment_has_twenty_points_and_says_them(assignment):
    assert sum(assignment.tasks().values()) == 20
    words = {cell.name: cell.source for cell in assignment.cells if cell.kind == "text"}
    for task, points in assignment.tasks().items():
        assert f"({points} points)" in words[f"{task}-text"].splitlines()[0]
    for task in assignment.written():  # the rubric adds up
        rows = re.findall(r"^\| (\d+) \|", words[f"{task}-text"], re.MULTILINE)
        assert sum(map(int, rows)) == assignment.tasks()[task]


@every_assignment
def test_students_get_neither_solutions_nor_hidden_tests(assignment):
    text = "\n".join(cell.source for cell in editions.student(assignment).cells)
    assert BEGIN not in text and END not in text
    for cell in assignment.cells:
        lines = cell.source.splitlines()
        if cell.kind == "answer":
            lines = cell.source.split(BEGIN)[1].split(END)[0].splitlines()
        if cell.kind in ("answer", "hidden", "written"):
            leaks = [line for line in lines if len(line.strip()) > 30 and line in text]
            assert leaks == [], cell.name
    assert text.count("raise NotImplementedError") >= len(assignment.tasks()) - 1


@every_assignment
def test_editions_have_unique_ids_and_are_the_same_twice(assignment):
    for make in (editions.student, editions.solutions, editions.nbgrader, editions.otter):
        notebook = make(assignment)
        nbformat.validate(notebook)
        ids = [cell.id for cell in notebook.cells]
        assert len(set(ids)) == len(ids)
        assert nbformat.writes(notebook) == nbformat.writes(make(assignment))


def test_all_files_are_written(out):
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    for name in ASSIGNMENTS:
        places = ("student", "teacher/solutions", "teacher/otter", "teacher/nbgrader/source")
        assert {f"{place}/{name}/{name}.ipynb" for place in places} <= files
    assert {f"{place}/a3/scores.csv" for place in places} <= files
    assert {"README.md", "student/project.md", "teacher/nbgrader/nbgrader_config.py"} <= files
    config = out / "teacher/nbgrader/nbgrader_config.py"
    (pointer,) = re.findall(r"see (\S+README\.md)\.", config.read_text("utf-8"))
    assert (config.parent / pointer).resolve() == (out / "README.md").resolve()
    students = {path for path in files if path.startswith("student/")}
    assert len(students) == 5, "nothing of a teacher is among them"


def test_the_points_of_the_samples_are_written_beside_them(out):
    for name in ASSIGNMENTS:
        rows = list(csv.DictReader((out / f"teacher/samples/{name}-points.csv").open()))
        assert all((out / f"teacher/samples/{name}" / row["submission"]).is_file() for row in rows)
        assert len(rows) == 3


def test_the_readme_states_the_points_that_a_program_gives():
    text = (ROOT / data.SOURCES / "README.md").read_text("utf-8")
    for name, assignment in ASSIGNMENTS.items():
        written = sum(assignment.tasks()[task] for task in assignment.written())
        assert re.search(rf"\| {name} \|.*\| {20 - written} \| {written} \|", text), name


def test_all_texts_promise_the_same_time():
    pages = [ROOT / data.SOURCES / "README.md", *(ROOT / data.SOURCES).glob("a*/text.md")]
    for page in pages:  # test_grading.py holds it
        words = " ".join(page.read_text("utf-8").split())
        assert re.findall(r"runs? in less than ([\w ]+)", words) == ["a minute"], page


def test_the_project_has_five_criteria_with_three_levels():
    text = (ROOT / data.SOURCES / "project.md").read_text("utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| **")]
    assert [len(row) for row in rows] == [4] * 5
    assert all(len(level) > 15 for row in rows for level in row[1:])


def test_scores_are_those_of_the_stored_result_and_name_nobody():
    frame = pd.read_csv(io.BytesIO(ASSIGNMENTS["a3"].files["scores.csv"]))
    stored = results.load("leak")["people"][data.WAY]
    assert set(frame["model"]) == set(stored)
    for model, seeds in stored.items():
        for seed, values in enumerate(seeds):
            rows = frame[(frame["model"] == model) & (frame["seed"] == seed)]
            assert sorted(rows["person"]) == list(range(1, len(values) + 1))
            assert np.allclose(np.sort(rows["ndcg50"]), np.sort(values), atol=1e-6)
            order = rows.sort_values("person")["ndcg50"].to_numpy()
            assert not np.allclose(order, values, atol=1e-6), "the order is that of the data"


def test_the_answer_of_a1_rests_on_the_measured_table():
    entries = pd.DataFrame(results.load("gradients")["entries"])
    ways = entries[~entries["name"].str.contains("=")].groupby("name")
    assert ways["distortion"].mean().idxmin() == "literal"
    assert ways["ndcg@50"].mean().idxmin() == "literal"


def test_the_answer_of_a1_names_the_cell_of_the_table_and_its_numbers():
    path = ROOT / "notebooks" / "04_product_quantization_and_straight_through.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    first = 'study = results.load("gradients")'
    (place,) = [place for place, cell in enumerate(cells) if cell.source.startswith(first)]
    before = "\n".join(cell.source for cell in cells[:place])
    section = re.findall(r"^## (\d+) ·", before, re.MULTILINE)[-1]
    answer = {cell.name: cell.source for cell in ASSIGNMENTS["a1"].cells}["q5"]
    assert re.findall(r"lesson 04, section (\d+), the cell .* `(.*)`", answer) == [(section, first)]
    (output,) = cells[place].outputs
    printed = dict(re.findall(r"^(\S+) +NDCG@50 (0\.\d{4})", output.text, re.MULTILINE))
    named = r"(0\.\d{4}) for \*literal\*.* (0\.\d{4}) for \*nothing\* and (0\.\d{4})"
    numbers = re.search(named, " ".join(answer.split())).groups()
    assert numbers == (printed["literal"], printed["nothing"], printed["straight-through"])
    assert len(answer.split()) <= 150  # as the task asks


def test_new_words_in_the_hidden_cells_make_other_cases():
    """The README says so to teachers: all that a hidden case draws comes from `generator`."""
    for assignment in ASSIGNMENTS.values():
        for cell in assignment.cells:
            if cell.kind == "hidden" and cell.task != "q4":
                draws = cell.source.count(f'generator(STUDENT, "{assignment.name} {cell.task}")')
                assert cell.source.count("STUDENT") == draws, cell.name
                assert draws == ((assignment.name, cell.task) != ("a3", "q3")), cell.name


def test_no_function_of_a_lesson_s_exercise_is_asked_again():
    lessons = Path(data.__file__).parents[2] / "lessons"
    checks = "\n".join(path.read_text("utf-8") for path in lessons.glob("*/check*.py"))
    for assignment in ASSIGNMENTS.values():
        for cell in assignment.cells:
            if cell.kind == "answer":
                functions = re.findall(r"^def (\w+)", cell.starter(), re.MULTILINE)
                assert [name for name in functions if f"def {name}(" in checks] == []


@pytest.mark.parametrize(
    ("code", "words", "message"),
    [
        ("# %% riddle x\n", "", "'riddle' is no kind of cell"),
        ("# %% test x\n", "", "have points=P"),
        ("# %% text x\n", "", "x: text.md has words"),
        ("# %% setup x\n", "<!-- cell: y -->\nlost", "misspelt: \\['y'\\]"),
        ("# %% setup x\n# %% setup x\n", "", "occurs twice"),
        ("# %% setup x, y\n", "", "misspelt"),
    ],
)
def test_a_source_that_is_not_right_is_refused(tmp_path, code, words, message):
    (tmp_path / "code.py").write_text(code)
    with pytest.raises(ValueError, match=r"text\.md is missing"):
        read_assignment(tmp_path, {})
    (tmp_path / "text.md").write_text(words)
    with pytest.raises(ValueError, match=message):
        read_assignment(tmp_path, {})


def test_a_project_without_assignments_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has no assignment"):
        data.assignments(tmp_path)
    with pytest.raises(ValueError, match=r"README\.md is missing"):
        write(tmp_path / "out", tmp_path)


def test_names_of_a_cell_are_those_outside_functions():
    cell = Cell("answer", "q1", f"a, b = 1, 2\ndef f(x):\n    {BEGIN}\n    c = 1\n    {END}\n")
    assert cell.names() == ["a", "b", "f"]


def test_each_student_has_other_numbers_and_the_same_each_time():
    draws = [generator(student, "a1").random() for student in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2] != generator(2, "a2").random()
    for wrong in (0, -3, 10**12, "4711", None, True):
        with pytest.raises(ValueError, match="write your student number"):
            generator(wrong, "a1")


def test_require_says_what_is_wrong_and_prints_praise(capsys):
    require(Verdict(True, "Right. Well done."))
    require(True)
    assert capsys.readouterr().out == "Right. Well done.\n"
    with pytest.raises(AssertionError, match="Not yet"):
        require(Verdict(False, "Not yet."))
    with pytest.raises(AssertionError, match="too large"):
        require(False, "too large")


def test_notebooks_say_their_language(out):
    for path in out.rglob("*.ipynb"):
        assert json.loads(path.read_text("utf-8"))["metadata"]["kernelspec"]["name"] == "python3"
