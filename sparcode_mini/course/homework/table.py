"""The table of marks: one row for each submission, written after each of them."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from sparcode_mini.course.homework.grading import Grade, Limits, grade
from sparcode_mini.course.homework.source import Assignment
from sparcode_mini.tools.files import atomic_write, refuse_folder
from sparcode_mini.tools.progress import progress

FORMULA = ("=", "+", "-", "@")  # a spreadsheet would run what begins so


def submissions(folder: Path) -> list[Path]:
    """Return the submissions in a folder: each file or folder in it is one.

    Raises:
        ValueError: no folder, or nothing in it.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; give the folder that holds the submissions")
    paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    if not paths:
        raise ValueError(f"{folder} is empty; put one notebook or folder a student into it")
    return paths


def grade_folder(folder: Path, assignment: Assignment, out: Path, limits: Limits) -> list[Grade]:
    """Mark all submissions of a folder and write the table after each one.

    Raises:
        ValueError: no folder, or nothing in it; `out` lies in it.
        FileExistsError: there is a table already.
        IsADirectoryError: `out` is a folder.
    """
    paths = submissions(folder)
    _refuse(out, folder)
    grades: list[Grade] = []
    for path in progress(paths, desc=assignment.name):
        grades.append(grade(path, assignment, limits))
        atomic_write(out, to_csv(grades, assignment).encode("utf-8-sig"))  # the mark is for Excel
    return grades


def _refuse(out: Path, folder: Path) -> None:
    """Refuse a table in the place of other work."""
    refuse_folder(out)
    if out.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{out} lies among the submissions; give an --out outside of {folder}")
    if out.exists():
        raise FileExistsError(
            f"{out} exists, and may hold marks that somebody wrote into it; give another --out, or "
            "move it away"
        )


def to_csv(grades: Sequence[Grade], assignment: Assignment) -> str:
    """Return the table. Written tasks are empty: a teacher fills them in and adds them up."""
    tasks = assignment.tasks()
    most = sum(points for task, points in tasks.items() if task not in assignment.written())
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["submission", "student", *tasks, "total", "of", "comment"])
    for one in grades:
        marks = [one.points.get(task, "") for task in tasks]
        comments = [*_same_number(one, grades), *one.comments]
        row = [_safe(one.name), one.student, *marks, sum(one.points.values()), most]
        table.writerow([*row, _safe(" / ".join(comments))])
    return stream.getvalue()


def _same_number(one: Grade, grades: Sequence[Grade]) -> list[str]:
    """Return a comment on each other submission with the same student number."""
    others = [other.name for other in grades if other is not one and other.student == one.student]
    if one.student is None or not others:
        return []
    return [f"student number {one.student} is also in {', '.join(others)}"]


def _safe(text: str) -> str:
    """Return a text, made by `plain`, that a spreadsheet shows and does not run."""
    wide = unicodedata.normalize("NFKC", text[:1])  # some take the wide signs of Chinese, too
    return f"'{text}" if wide in FORMULA else text
