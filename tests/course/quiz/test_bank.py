"""Every question of the bank is fit to be asked, and all of them together are a fair test."""

from collections import Counter
from dataclasses import replace

import pytest

from quiz_toys import ROOT
from sparcode_mini.course.quiz import bank
from sparcode_mini.course.quiz.__main__ import main
from sparcode_mini.course.quiz.items import CHOICE, EXIT, FINAL, LETTERS, NUMBER, decimal
from sparcode_mini.course.quiz.markup import to_plain
from sparcode_mini.tools.files import load_json

NAMES = sorted(path.stem for path in (ROOT / "assets" / bank.FOLDER).glob("*.toml"))
LESSONS = {f"{number:02}" for number in range(11)}
WHOLE = set(NAMES) == LESSONS | {"pretest"}


@pytest.fixture
def items(chapters):
    return [item for chapter in chapters for item in chapter.items]


@pytest.mark.parametrize("name", NAMES)
def test_each_file_has_what_a_lesson_needs(chapters, name):
    (chapter,) = (one for one in chapters if one.number == name)
    assert 8 <= len(chapter.items) <= 12
    assert len({item.difficulty for item in chapter.items}) > 1
    if name == "pretest":
        assert not any(item.uses for item in chapter.items)
    else:
        assert 2 <= sum(EXIT in item.uses for item in chapter.items) <= 3
        assert len(chapter.practice()) >= 4


def test_each_item_has_one_key_and_different_distractors(items):
    for item in items:
        choices = item.choices()
        assert [choice for choice in choices if choice.right] == [item.key]
        assert len({to_plain(choice.text).casefold() for choice in choices}) == len(choices)
        assert len({choice.why for choice in choices}) == len(choices), item.id
        assert len(choices) == 4 or (item.kind == NUMBER and 2 <= len(choices) <= 4)
        assert LETTERS.index(item.letter()) == choices.index(item.key)


def test_numbers_accept_the_key_and_no_distractor(items):
    numbers = [item for item in items if item.kind == NUMBER]
    assert numbers
    for item in numbers:
        key = decimal(item.key.text)
        assert item.near(key, item.key) and item.near(key + item.tolerance, item.key)
        assert not item.near(key + 1.01 * item.tolerance + 1e-6 * max(1, abs(key)), item.key)
        assert not any(item.near(decimal(wrong.text), item.key) for wrong in item.wrong)


def test_no_letter_is_a_good_guess(items):
    letters = [item.letter() for item in items if item.kind == CHOICE]
    assert len(set(letters)) == len(LETTERS)
    if len(letters) >= 40:
        for letter, count in Counter(letters).items():
            assert 0.15 <= count / len(letters) <= 0.35, (letter, count, len(letters))


def test_the_longest_answer_is_no_good_guess(items):
    """A key that is worked out with more care than the rest gives itself away."""
    choices = [item for item in items if item.kind == CHOICE]
    lengths = [[len(to_plain(c.text)) for c in (i.key, *i.wrong)] for i in choices]
    for best in (max, min):
        share = sum(key == best(key, *others) and key not in others for key, *others in lengths)
        assert share / len(choices) <= 0.4, (best, share, len(choices))


def test_an_order_depends_on_id_and_version_only(items):
    for item in items:
        german = replace(item, key=replace(item.key, text="Schlüssel"))
        assert german.letter() == item.letter()
        assert sorted(map(str, item.choices("B"))) == sorted(map(str, item.choices("A")))
    assert any(item.choices("A") != item.choices("B") for item in items)


def test_the_final_test_is_in_no_practice(chapters):
    sheets = {sheet.name: sheet for sheet in bank.sheets(chapters)}
    final = sheets["final"].items
    assert all(FINAL in item.uses for item in final)
    practice = [i for name, s in sheets.items() if name.startswith("practice") for i in s.items]
    assert not set(map(id, final)) & set(map(id, practice))
    assert len(final) == 25 if WHOLE else len(final) <= 25


def test_the_stored_numbers_are_those_of_notebooks_and_results(chapters):
    stored = load_json(ROOT / "assets" / bank.FOLDER / bank.NUMBERS)
    assert stored == bank.numbers(chapters), "run: python -m sparcode_mini.course.quiz"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_asks_what_the_bank_practises(chapters, name):
    (chapter,) = (one for one in chapters if one.number == name)
    assert bank.stored(name) == list(chapter.practice())


def test_the_numbers_are_stored_by_a_command(project, capsys):
    main(project)
    stored = load_json(project / "assets" / bank.FOLDER / bank.NUMBERS)
    assert stored == {"00-lists": {"lists": "64"}, "00-many": {"mean": "1.2"}}
    assert "numbers of 2 items" in capsys.readouterr().out
