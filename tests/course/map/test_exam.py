"""Exam questions: points add up, numbers are read, no text is taken from the quiz."""

import re
import shutil

import pytest

from sparcode_mini.course.map.exam import FILE, read_exam
from sparcode_mini.course.parts import ROOT


def test_one_question_for_each_objective_in_their_order(exam, lessons):
    objectives = [(n, k) for n in lessons for k in range(1, 1 + len(lessons[n].objectives))]
    assert [(one.lesson, one.objective) for one in exam] == objectives


def test_points_and_minutes_suit_a_short_open_question(exam):
    for one in exam:
        assert 3 <= one.points <= 7, one.name
        assert 0 <= one.earns < one.points, one.name
        assert 2 <= one.minutes <= 6, one.name


def test_no_place_of_a_number_is_left(exam):
    for one in exam:
        for text in (one.stem, *one.marks, one.wrong, one.because):
            words = re.sub(r"\$[^$]*\$|`[^`]*`", "", text)
            assert "{" not in words and "}" not in words, one.name


def test_questions_do_not_repeat_the_quiz(exam, items):
    """Ten words in a row are no accident."""

    def runs(text):
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[k : k + 10]) for k in range(len(words) - 9)}

    asked = set().union(*(runs(item.stem) for group in items.values() for item in group))
    assert {one.name: runs(one.stem) & asked for one in exam if runs(one.stem) & asked} == {}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('cell = "8f4810b5"', 'cell = "8f481000"', "lesson 00, objective 1: no such lesson"),
        ("earns = 1\n", "earns = 4\n", "earns = 4 of 4 points"),
        ("random order {random}", "random order", "no text uses the number 'random'"),
        ("random = {cell", "chance = {cell", "{random} has no number"),
        ("find = 'popularity", "find = 'fame", "'fame"),
        ("objective = 2\n", "objective = 2\nhint = 'none'\n", "unknown key 'hint'"),
    ],
)
def test_a_fault_is_refused_with_its_place(tmp_path, lessons, before, after, message):
    text = (ROOT / "assets" / FILE).read_text("utf-8")
    assert before in text
    file = tmp_path / "assets" / FILE
    file.parent.mkdir(parents=True)
    file.write_text(text.replace(before, after, 1), "utf-8")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    with pytest.raises(ValueError, match=re.escape(message)):
        read_exam(tmp_path, lessons)
