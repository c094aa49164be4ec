"""What a stored lesson says of itself."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from sparcode_mini.course import lessons

FIRST = """# 07 · Toy

**After this lesson you can**

1. count to $N$,
   in pairs;
2. stop.

**Needs.** Lesson 00.

**Time.** About 12 minutes."""
TEXTS = (
    FIRST,
    "## 1 · Further: more",
    "### Exercise 1 · easy · 3 min: count",
    "## 2 · Core",
    "### Exercise 2 · hard · 9 min: stop",
)


@pytest.fixture
def lesson(tmp_path):
    cells = [new_markdown_cell(text) for text in TEXTS]
    outputs = [new_output("stream", text="a"), new_output("display_data", {"text/plain": "b"})]
    cells.append(new_code_cell('Prediction("07-a", 1)', outputs=outputs))
    path = tmp_path / "07_toy.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return lessons.read_file(path)


def test_the_first_cell(lesson):
    assert (lesson.number, lesson.topic, lesson.minutes) == ("07", "Toy", 12)
    assert lesson.objectives == ["count to $N$,\n   in pairs", "stop"]
    assert lesson.needs == "Lesson 00."


def test_exercises_know_whether_they_are_further(lesson):
    facts = [(one.name, one.level, one.minutes, one.further) for one in lesson.exercises.values()]
    assert facts == [("07.1", "easy", 3, True), ("07.2", "hard", 9, False)]
    assert lesson.headings[1] == "Exercise 1 · easy · 3 min: count"


def test_predictions_and_outputs(lesson):
    assert lesson.predictions == ("07-a",)
    assert lesson.cells[-1].text == "a\nb"
