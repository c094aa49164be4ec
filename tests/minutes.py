"""Print how long each lesson takes, or write it into the lesson's first cell.

    python tests/minutes.py [--write] [NOTEBOOK ...]

A stated formula, so that no lesson may promise less than it asks for: 130 words a minute, 9 seconds
a line of code, 90 seconds a prediction, for an exercise the minutes of its own heading, such as
"### Exercise 2 · middle · 10 min: one step of Lloyd", and for a quiz those of its questions. A
part whose heading begins with "Further" is counted by itself: the rest is the core. Tests hold the
stored lessons to it.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from sparcode_mini.course.quiz.bank import stored
from sparcode_mini.lessons.text.labels import EXERCISE, is_further
from sparcode_mini.tools.files import atomic_write

ROOT = Path(__file__).resolve().parents[1]
WORDS_A_MINUTE = 130
SECONDS_A_LINE = 9
SECONDS_A_PREDICTION = 90
PREDICT = re.compile(r"\*\*Predict\b")
QUIZ = re.compile(r'Quiz\("(\w+)"\)')
_HEADING = re.compile(r"^(#{1,6}) (.+)$", re.M)
_LINE = re.compile(r"^\*\*Time\.\*\*.*$", re.M)
_UNREAD = re.compile(r"<!--.*?-->|<[^>]+>|```.*?```", re.DOTALL)  # tags and code are no words


class Minutes(NamedTuple):
    """Minutes of the core and of what is marked Further, exercises included."""

    core: float
    further: float


def minutes(notebook: NotebookNode) -> Minutes:
    """Return how long a lesson takes."""
    seconds = [0.0, 0.0]
    for cell, further, exercise in _cells(notebook):
        seconds[further] += _seconds(cell, exercise)
    return Minutes(*(s / 60 for s in seconds))


def time_line(notebook: NotebookNode) -> str:
    """Return the line of the first cell that says how long the lesson takes."""
    core, further = map(_rounded, minutes(notebook))
    exercises = any(exercise for _, _, exercise in _cells(notebook))
    rest = f"; what is marked *Further* takes {further} more" if further else ""
    return f"**Time.** About {core} minutes{' with the exercises' if exercises else ''}{rest}."


def stated_line(notebook: NotebookNode) -> str | None:
    """Return the line that stands there."""
    found = _LINE.search(notebook.cells[0].source)
    return found[0] if found else None


def write_time(notebook: NotebookNode) -> None:
    """Put the line in the place of the one of the first cell that begins with **Time.**"""
    first = notebook.cells[0]
    first.source = _LINE.sub(time_line(notebook), first.source)


def headings(cell: NotebookNode) -> list[tuple[int, str]]:
    """Return (level, text) of the headings of a Markdown cell; those inside code are none."""
    if cell.cell_type != "markdown":
        return []
    text = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
    return [(len(marks), title) for marks, title in _HEADING.findall(text)]


def _cells(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, bool, bool]]:
    """Yield each cell, whether it is beyond the core, and whether it belongs to an exercise."""
    further_level: int | None = None
    exercise = False
    for cell in notebook.cells:
        for level, title in headings(cell):
            if further_level is not None and level <= further_level:
                further_level = None
            if further_level is None and is_further(title):
                further_level = level
            exercise = title.startswith("Exercise ")
        yield cell, further_level is not None, exercise


def _seconds(cell: NotebookNode, exercise: bool) -> float:
    if exercise:
        return 60.0 * sum(int(match[3]) for match in EXERCISE.finditer(cell.source))
    if quiz := QUIZ.search(cell.source):
        return 60.0 * sum(item.minutes for item in stored(quiz[1]))
    if cell.cell_type == "code":
        return SECONDS_A_LINE * sum(bool(line.strip()) for line in cell.source.splitlines())
    text = _UNREAD.sub(" ", _LINE.sub("", cell.source))
    words = len([word for word in text.split() if re.search(r"\w", word)])
    predictions = len(PREDICT.findall(cell.source))
    return 60 * words / WORDS_A_MINUTE + SECONDS_A_PREDICTION * predictions


def _rounded(value: float) -> int:
    return 5 * round(value / 5) if value >= 10 else round(value)


def main(argv: Sequence[str] | None = None) -> int:
    """Print or write the minutes of the lessons."""
    parser = argparse.ArgumentParser(description="How long each lesson takes.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of notebooks/")
    parser.add_argument("--write", action="store_true", help="put it into the first cell")
    options = parser.parse_args(argv)
    total = Minutes(0, 0)
    for path in options.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.from_dict(nbformat.reader.reads(path.read_text("utf-8")))
        if options.write:
            write_time(notebook)
            text = nbformat.v4.writes(notebook)  # nbformat.writes would draw ids for new cells
            atomic_write(path, (text + "\n").encode())
        spent = minutes(notebook)
        total = Minutes(total.core + spent.core, total.further + spent.further)
        print(f"{path.name:<50} core {spent.core:5.0f}  further {spent.further:5.0f}")
    print(f"{'together':<50} core {total.core:5.0f}  further {total.further:5.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
