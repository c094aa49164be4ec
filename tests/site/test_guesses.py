"""Predictions on the site: a guess is kept in this browser and shown beside the answer."""

import nbformat
import pytest

from site_browser import address, watched
from sparcode_mini.lessons.text import labels
from sparcode_mini.site import build, guesses

LESSON = "07_sparse_index"
CHOICE, NUMBER = "07-stored", ("09_serving", "percent")


@pytest.mark.parametrize("language", ["", "zh/"])
def test_each_prediction_is_a_form_with_one_answer(folder, language) -> None:
    for path in sorted((build.ROOT / "notebooks" / language).glob("*.ipynb")):
        made = [
            guesses.MADE.search(cell.source)[2]
            for cell in nbformat.read(path, 4).cells
            if cell.cell_type == "code" and guesses.MADE.search(cell.source)
        ]
        text = (folder / language / "lessons" / f"{path.stem}.html").read_text("utf-8")
        for name in made:
            assert text.count(f'<form class="sparcode-guess" data-guess="{name}"') == 1
            assert text.count(f'<p class="sparcode-said" data-guess="{name}"') == 1
        assert not any(f"<span></span>{guess}" in text for guess in labels.GUESS)


def test_a_guess_stands_beside_the_answer_and_in_the_other_language(browser, folder) -> None:
    with watched(browser, offline=True) as opened:
        page = opened.open(address(folder, f"lessons/{LESSON}"))
        said = page.locator(f".sparcode-said[data-guess='{CHOICE}']")
        assert said.is_hidden() and said.text_content() == ""
        form = page.locator(f"form[data-guess='{CHOICE}']")
        form.get_by_label("all above 0").check()
        assert said.text_content() == "You said all above 0. The answer is all above 0."
        page.reload()
        assert form.get_by_label("all above 0").is_checked()
        opened.open(address(folder, f"zh/lessons/{LESSON}"))
        assert page.locator(f"form[data-guess='{CHOICE}'] input").nth(2).is_checked()
        opened.open(address(folder, f"lessons/{LESSON}"))
        assert form.get_by_label("all above 0").is_checked()


def test_a_number_is_kept_as_it_was_written(browser, folder) -> None:
    stem, unit = NUMBER
    with watched(browser, offline=True) as opened:
        page = opened.open(address(folder, f"lessons/{stem}"))
        field = page.locator("form.sparcode-guess input[type=text]").first
        assert unit in field.evaluate("(f) => f.closest('label').textContent")
        name = field.get_attribute("name")
        field.fill("<b>12</b>")
        field.press("Enter")
        words = page.locator(f".sparcode-said[data-guess='{name}']").text_content()
        assert words.startswith("You said <b>12</b>.")


def test_a_prediction_without_its_answer_is_an_error() -> None:
    cell = nbformat.v4.new_code_cell('guess = Prediction("x-1", "a", "b")\nguess')
    cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "Your guess: a  |  b"})]
    with pytest.raises(ValueError, match="'x-1' has no cell that shows its answer"):
        guesses.make_live([cell], "x.ipynb")


def test_where_students_run_the_answer_themselves_only_the_form_stands() -> None:
    cell = nbformat.v4.new_code_cell('guess = Prediction("x-1", "a", "b")\nguess')
    cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "Your guess: a  |  b"})]
    answer = nbformat.v4.new_code_cell('guess.answer("a")')
    guesses.make_live([cell, answer], "x.ipynb")
    assert "radio" in cell.outputs[0].data["text/html"] and answer.outputs == []
