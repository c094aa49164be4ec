"""The marks of a class: each fault is one row, and no table and no notebook is lost."""

import csv
import io
import os
import sys

import nbformat
import pytest

from sparcode_mini.cli import main
from sparcode_mini.course.homework import editions
from sparcode_mini.course.homework.table import grade_folder, to_csv


def test_a_folder_becomes_a_table_and_each_fault_is_named(tmp_path, tiny, limits):
    folder, out = tmp_path / "work", tmp_path / "grades.csv"
    for name in ("ann", "bob", "empty", "twice/sub"):
        (folder / name).mkdir(parents=True)
    good = nbformat.writes(editions.submission(tiny, {"student": "STUDENT = 7"}))
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
    grade_folder(folder, tiny, out, limits)
    rows = {row["submission"]: row for row in csv.DictReader(out.open(encoding="utf-8-sig"))}
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
    assert rows["empty"]["comment"] == "its folder has 0 notebooks, hand in one"
    assert rows["twice"]["comment"] == "its folder has 2 notebooks, hand in one"
    assert "it is no notebook" in rows["essay.pdf"]["comment"]
    assert to_csv([], tiny) == "submission,student,q1,q2,q3,total,of,comment\n"


def test_who_forgets_the_number_is_no_copier(tmp_path, tiny, limits):
    folder, out = tmp_path / "work", tmp_path / "grades.csv"
    folder.mkdir()
    for name in ("ann", "bob"):
        nbformat.write(editions.submission(tiny, {}), folder / f"{name}.ipynb")
    for one in grade_folder(folder, tiny, out, limits):
        assert one.comments == ["STUDENT is 1 as it was handed out, ask for the number"]
    rows = list(csv.DictReader(out.open(encoding="utf-8-sig")))
    assert [(row["student"], row["total"]) for row in rows] == [("", "7"), ("", "7")]
    assert not any("also in" in row["comment"] for row in rows)


@pytest.mark.parametrize(
    ("code", "comment"),
    [
        ("raise Exception(chr(0xd800))", "q1: cell q1: Exception: \\ud800"),
        ("raise Exception('a;=1+1\\tb;\\x1b[2J')", "q1: cell q1: Exception: a,=1+1 b,\\x1b[2J"),
    ],
)
def test_words_of_a_submission_stay_in_their_cell(tmp_path, tiny, limits, code, comment):
    folder, out = tmp_path / "work", tmp_path / "grades.csv"
    folder.mkdir()
    notebook = editions.submission(tiny, {"q1": code})
    notebook.cells[0].metadata["nbgrader"] = None
    nbformat.write(notebook, folder / "a;=1.ipynb")
    nbformat.write(notebook, folder / "\N{FULLWIDTH EQUALS SIGN}1.ipynb")
    grade_folder(folder, tiny, out, limits)
    text = out.read_bytes().decode("utf-8-sig")
    assert ";" not in text and "\t" not in text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["submission"][:3] for row in rows] == ["a,=", "'\N{FULLWIDTH EQUALS SIGN}1"]
    assert rows[0]["comment"].split(" / ")[1] == comment
    assert [row["q2"] for row in rows] == ["4", "4"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_written(tmp_path, tiny, limits):
    folder, out = tmp_path / "work", tmp_path / "grades.csv"
    folder.mkdir()
    (folder / os.fsdecode(b"\xe4nn.txt")).touch()
    (grade,) = grade_folder(folder, tiny, out, limits)
    assert grade.name == "\\udce4nn.txt" and grade.name.encode() in out.read_bytes()


def test_neither_marks_nor_work_are_overwritten(tmp_path, tiny, limits):
    folder, out = tmp_path / "work", tmp_path / "grades.csv"
    (folder / "ann").mkdir(parents=True)
    work, inside = folder / "ann.ipynb", folder / "ann" / "grades.csv"
    nbformat.write(editions.submission(tiny, {}), work)
    before = work.read_bytes()
    out.write_text("marks by hand")
    with pytest.raises(FileExistsError, match=r"may hold marks .* give another --out"):
        grade_folder(folder, tiny, out, limits)
    for place in (work, inside):
        with pytest.raises(ValueError, match="lies among the submissions; give an --out outside"):
            grade_folder(folder, tiny, place, limits)
    assert (out.read_text(), work.read_bytes(), inside.exists()) == ("marks by hand", before, False)


def test_the_command_writes_the_table(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "essay.txt").write_text("x")
    assert main(["grade", "work", "--assignment", "a1", "--out", "marks.csv"]) == 0
    assert "essay.txt: 0  it is no notebook" in capsys.readouterr().out
    assert "essay.txt,,0,0,0,0,,0,17,it is no notebook" in (tmp_path / "marks.csv").read_text(
        "utf-8-sig"
    )


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
