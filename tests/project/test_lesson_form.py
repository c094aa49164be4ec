"""Lessons keep their promises: their minutes, their folds, and an answer to each prediction."""

from copy import deepcopy

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import lesson_form
import minutes

START = "# 09 · A lesson\n\n**Time.**"


def lesson(*cells: NotebookNode) -> NotebookNode:
    """A lesson as `make notebooks` stores it."""
    nb = new_notebook(cells=deepcopy([new_markdown_cell(START), *cells]))
    minutes.write_time(nb)
    lesson_form.fold(nb)
    return nb


def text(words: str) -> NotebookNode:
    return new_markdown_cell(words)


def answer() -> NotebookNode:
    return new_code_cell("print(64)", metadata={"tags": ["answer"]})


def test_minutes_follow_the_formula() -> None:
    nb = lesson(
        text("word " * 130),
        new_code_cell("x = 1\n\n" * 20),  # 20 lines that are not empty
        text("**Predict.** How many?"),  # 3 words and a prediction
    )
    title = 3 / 130 * 60  # "09 A lesson"; signs and the line with the time are no words
    assert 60 * minutes.minutes(nb).core == pytest.approx(title + 60 + 20 * 9 + 3 / 130 * 60 + 90)
    assert minutes.minutes(nb).further == 0


def test_an_exercise_takes_what_it_says_and_nothing_else() -> None:
    one = text("### Exercise 1 · easy · 5 min: look\n\n" + "word " * 1000)
    starter = new_code_cell("def f():\n    ...")
    short = lesson(text("a"))
    exercises = lesson(text("a"), one, starter, text("### After it\n\na"))
    gained = minutes.minutes(exercises).core - minutes.minutes(short).core
    assert gained == pytest.approx(5 + 3 / 130)


@pytest.mark.parametrize(
    ("title", "further"),
    [("Further: OPQ", True), ("7 · Further · OPQ", True), ("A further step", False)],
)
def test_a_further_part_is_counted_by_itself_and_collapsed(title, further) -> None:
    nb = lesson(text(f"## {title}"), text("word " * 1300), text("## 8 · Next"), text("word"))
    spent = minutes.minutes(nb)
    assert (spent.further > 9) is further
    assert (spent.core > 9) is not further
    assert bool(nb.cells[1].metadata.get(lesson_form.COLLAPSED)) is further
    assert ("*Further*" in nb.cells[0].source) is further


def test_a_part_ends_at_a_heading_of_its_level() -> None:
    nb = lesson(text("## Further"), text("### Inside"), text("word " * 1300), text("## Next"))
    assert minutes.minutes(nb).further > 9


def test_headings_in_code_are_none() -> None:
    assert minutes.headings(text("```python\n# a comment\n```\n## Title")) == [(2, "Title")]


def test_a_good_lesson_has_no_problem() -> None:
    asked, said = text("**Predict.** How many?"), text("**Answer.** 64, one a code.")
    nb = lesson(asked, new_code_cell("x = 64"), answer(), said, text("## Further: more"))
    assert lesson_form.form_problems(nb) == []
    assert nb.cells[3].metadata["jupyter"] == {"outputs_hidden": True}
    assert "jupyter" not in nb.cells[2].metadata


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ((text("**Predict.** A?"), answer()), "no text with **Answer**"),
        ((text("**Predict.** A?"), text("**Answer.** B")), "no cell tagged 'answer'"),
        ((text("**Predict.** A?\n\n**Answer.** B"), answer()), "no text with **Answer**"),
        ((text("**Predict.** A?"), text("**Predict.** B?"), answer(), text("**Answer.** C")),
         "no text with **Answer**"),
        ((text("### Exercise 1 (easy)"),), "has no label"),
        ((text("### Exercise 1 · simple · 5 min: a"),), "has no label"),
    ],
)  # fmt: skip
def test_a_fault_is_caught(cells, words) -> None:
    found = lesson_form.form_problems(lesson(*cells))
    assert any(words in problem for problem in found), found


def test_one_text_may_answer_a_prediction_and_ask_the_next() -> None:
    both = text("**Answer.** 64.\n\n**Predict.** And now?")
    nb = lesson(text("**Predict.** A?"), answer(), both, answer(), text("**Answer.** 65."))
    assert lesson_form.form_problems(nb) == []


def test_folds_that_were_opened_are_caught() -> None:
    nb = lesson(text("**Predict.** A?"), answer(), text("**Answer.** B"), text("## Further"))
    del nb.cells[2].metadata["jupyter"]
    nb.cells[4].metadata.clear()
    found = lesson_form.form_problems(nb)
    assert [problem.partition(":")[0] for problem in found] == ["cell 2", "cell 4"]


def test_a_lesson_that_grew_is_caught() -> None:
    nb = lesson(text("word"))
    nb.cells[1].source = "word " * 2000
    assert "should say" in lesson_form.form_problems(nb)[0]


def test_a_lesson_without_the_line_is_caught() -> None:
    nb = lesson(text("word"))
    nb.cells[0].source = "# 09 · A lesson"
    assert "says None" in lesson_form.form_problems(nb)[0]


def test_the_program_writes_the_line(tmp_path, capsys) -> None:
    path = tmp_path / "09_a.ipynb"
    nb = lesson(text("word " * 1300))
    nb.cells[0].source = START
    nbformat.write(nb, path)
    assert minutes.main(["--write", str(path)]) == 0
    assert "About 10 minutes" in nbformat.read(path, 4).cells[0].source
    assert "together" in capsys.readouterr().out
