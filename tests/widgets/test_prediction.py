"""A guess is kept, shown beside the answer, and never lost in silence."""

import json
from pathlib import Path

import pytest

from sparcode_mini.widgets import Prediction

LISTS = ("943", "4 × 943", "64")


@pytest.fixture
def lists(tmp_path: Path) -> Prediction:
    return Prediction("00-lists", *LISTS, folder=tmp_path)


def shown(answer: object) -> dict[str, str]:
    outputs: list[dict[str, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
        answer._ipython_display_()
    (data,) = outputs
    return data


def test_nothing_is_chosen_at_the_start(lists, tmp_path) -> None:
    assert lists.guess is None
    assert lists.control.value is None
    assert repr(lists) == "Your guess: 943  |  4 × 943  |  64"
    assert not (tmp_path / "predictions.json").exists()


def test_without_a_guess_the_answer_is_plain_text(lists) -> None:
    assert shown(lists.answer("64")) == {"text/plain": "Answer: 64"}


def test_a_guess_stands_beside_the_answer_and_in_the_file(lists, tmp_path) -> None:
    lists.control.value = "4 × 943"
    assert json.loads((tmp_path / "predictions.json").read_text("utf-8")) == {"00-lists": "4 × 943"}
    html = shown(lists.answer("64"))["text/html"]
    assert html == "<p>You said <b>4 × 943</b>. The answer is <b>64</b>.</p>"


def test_a_second_opening_remembers_and_the_guess_can_be_changed(lists, tmp_path) -> None:
    lists.control.value = "943"
    again = Prediction("00-lists", *LISTS, folder=tmp_path)
    assert again.guess == again.control.value == "943"
    again.control.value = "64"
    assert Prediction("00-lists", *LISTS, folder=tmp_path).guess == "64"


def test_other_guesses_stay(lists, tmp_path) -> None:
    density = Prediction("06-density", unit="%", folder=tmp_path)
    density.control.value = "50"
    lists.control.value = "64"
    assert Prediction("06-density", folder=tmp_path).guess == "50"


def test_a_guess_that_is_no_choice_any_more_is_not_shown(lists, tmp_path) -> None:
    lists.control.value = "943"
    again = Prediction("00-lists", "1", "2", folder=tmp_path)
    assert again.control.value is None
    assert shown(again.answer("2")) == {"text/plain": "Answer: 2"}


def test_a_number(tmp_path) -> None:
    entries = Prediction("06-entries", unit="entries", folder=tmp_path)
    assert repr(entries) == "Your guess: a number (entries)"
    entries.control.value = "20,000"
    html = shown(entries.answer(14755))["text/html"]
    assert "<b>20,000 entries</b>" in html
    assert "<b>14,755 entries</b>" in html


@pytest.mark.parametrize("text", ["many", "nan", "1e400"])
def test_what_is_no_number_is_not_kept(text, tmp_path) -> None:
    entries = Prediction("06-entries", folder=tmp_path)
    entries.control.value = text
    assert "is no number" in entries.note.value
    assert entries.guess is None
    assert not entries.path.exists()


def test_text_is_shown_as_text(tmp_path) -> None:
    sign = Prediction("00-sign", "S < 0", "S > 0", folder=tmp_path)
    sign.control.value = "S < 0"
    assert "S &lt; 0" in shown(sign.answer("S > 0"))["text/html"]


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path) -> None:
    (tmp_path / "predictions.json").write_text("not JSON", "utf-8")
    lists = Prediction("00-lists", *LISTS, folder=tmp_path)
    assert "guesses are not kept" in lists.note.value
    lists.control.value = "64"
    assert "Not kept" in lists.note.value
    assert (tmp_path / "predictions.json").read_text("utf-8") == "not JSON"
    assert "You said" in shown(lists.answer("64"))["text/html"]


@pytest.mark.parametrize("words", [("",), ("name", "one"), ("name", "one", "one")])
def test_faulty_predictions_are_refused(words) -> None:
    with pytest.raises(ValueError, match="two different ones"):
        Prediction(*words)


def test_the_answer_must_be_a_choice(lists) -> None:
    with pytest.raises(ValueError, match="none of"):
        lists.answer("65")
