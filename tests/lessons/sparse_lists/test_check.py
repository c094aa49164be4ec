"""Exercise 3 of the lesson: a choice gets its reason."""

import pytest

from sparcode_mini.lessons.sparse_lists import check


@pytest.mark.parametrize(
    ("choice", "words"),
    [("A", "signs of three means"), ("B", "narrow around 0"), ("D", "not a proof of 'equal'")],
)
def test_a_wrong_reading_gets_its_reason(choice, words):
    verdict = check.reading(choice)
    assert not verdict.passed
    assert words in verdict.message


def test_the_right_reading_passes_and_no_choice_is_asked_for():
    assert check.reading("C").passed
    assert "A, B, C, D" in check.reading("?").message
