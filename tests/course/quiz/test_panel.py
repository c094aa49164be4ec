"""The quiz in a notebook: each control, each reply, and its text form."""

import re

import pytest

from quiz_toys import ROOT
from sparcode_mini.course.quiz import bank
from sparcode_mini.course.quiz.items import CHOICE, LETTERS, NUMBER
from sparcode_mini.course.quiz.markup import to_html, to_plain
from sparcode_mini.course.quiz.panel import Quiz

NAMES = sorted(path.stem for path in (ROOT / "assets" / bank.FOLDER).glob("*.toml"))


@pytest.fixture
def quiz():
    return Quiz("pretest")


def show(quiz, kind):
    """Go on to the first question of a kind."""
    while quiz.item.kind != kind:
        quiz.forward.click()
    return quiz.item


def press(quiz, choice):
    quiz.letters[quiz.item.choices().index(choice)].click()


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_of_every_question_gets_its_reply(name):
    quiz = Quiz(name)
    for position, item in enumerate(quiz.items):
        assert quiz.place == position and quiz.reply.value == ""
        assert to_html(item.stem) in quiz.stem.value
        for choice in (*item.wrong, item.key):
            if item.kind == CHOICE:
                press(quiz, choice)
            else:
                quiz.field.value = choice.text
            assert to_html(choice.why) in quiz.reply.value
            assert ("✓ Right." in quiz.reply.value) == choice.right
            assert ("✗ Not yet." in quiz.reply.value) != choice.right
        quiz.forward.click()
    assert quiz.place == len(quiz.items) - 1
    assert f"0 of {len(quiz.items)} right at the first try" in quiz.head.value


def test_the_buttons_say_what_they_choose(quiz):
    item = show(quiz, CHOICE)
    choices = item.choices()
    assert [button.description for button in quiz.letters] == list(LETTERS)
    assert [button.tooltip for button in quiz.letters] == [to_plain(c.text) for c in choices]
    assert [text.value for text in quiz.texts] == [to_html(c.text) for c in choices]
    press(quiz, item.wrong[0])
    press(quiz, item.key)
    signs = {
        letter: button.description[2:] for letter, button in zip(LETTERS, quiz.letters, strict=True)
    }
    assert signs.pop(item.letter()) == "✓"
    assert sorted(signs.values()) == ["", "", "✗"]
    quiz.forward.click()
    quiz.back.click()
    assert [button.description for button in quiz.letters] == list(LETTERS)
    assert quiz.reply.value == ""


def test_the_first_answer_counts(quiz):
    item = show(quiz, CHOICE)
    place = quiz.place
    assert "first try" not in quiz.head.value
    press(quiz, item.key)
    press(quiz, item.wrong[0])
    assert quiz.first == {place: True}
    quiz.forward.click()
    item = show(quiz, CHOICE)
    press(quiz, item.wrong[0])
    press(quiz, item.key)
    assert quiz.first == {place: True, quiz.place: False}
    assert "1 of 2 right at the first try" in quiz.head.value


def test_back_next_and_begin_again(quiz):
    last = len(quiz.items) - 1
    assert quiz.back.disabled and not quiz.forward.disabled
    for _ in range(last):
        quiz.forward.click()
    assert quiz.place == last and quiz.forward.disabled and not quiz.back.disabled
    assert f"Question {last + 1} of {last + 1}" in quiz.head.value
    quiz.back.click()
    assert quiz.place == last - 1
    press(quiz, show(quiz, CHOICE).key) if quiz.item.kind == CHOICE else None
    quiz.again.click()
    assert quiz.place == 0 and quiz.first == {} and "first try" not in quiz.head.value


def test_numbers_are_typed(quiz):
    item = show(quiz, NUMBER)
    assert list(quiz._answers.children) == [quiz.field]
    quiz.field.value = "many"
    assert "many&#x27; is no number" in quiz.reply.value and quiz.first == {}
    quiz.field.value = "<b>"
    assert "&lt;b&gt;" in quiz.reply.value
    quiz.field.value = "123456789"
    assert "✗ Not yet.</b> This is not the number" in quiz.reply.value
    quiz.field.value = f"  {item.key.text} "
    assert "✓ Right." in quiz.reply.value
    quiz.field.value = ""
    assert "✓ Right." in quiz.reply.value  # nothing was answered


def test_the_reply_is_read_aloud_and_holds_no_faulty_html(quiz):
    press(quiz, show(quiz, CHOICE).key)
    assert re.fullmatch(r'<div role="status"><b>.*</b>.*</div>', quiz.reply.value)


def test_the_text_form_is_stable_and_whole(quiz):
    names = ", ".join(item.id for item in quiz.items)
    text = f"Quiz(pretest, {len(quiz.items)} questions: {names})"
    for _ in range(2):
        assert quiz._repr_mimebundle_()["text/plain"] == repr(quiz) == text
        quiz.forward.click()
    assert "application/vnd.jupyter.widget-view+json" in quiz._repr_mimebundle_()


def test_an_unknown_lesson_is_named():
    with pytest.raises(ValueError, match=r"there is no quiz '77'; there are 00, .*pretest"):
        Quiz("77")
