"""Exercise 3 of the lesson: a choice gets its reason."""

import pytest

from sparcode_mini.lessons.beyond_the_paper import check


@pytest.mark.parametrize(
    ("choice", "words"), [("B", "narrow around 0"), ("C", "does not hold"), ("D", "still holds")]
)
def test_a_wrong_reading_gets_its_reason(choice, words):
    verdict = check.reading(choice)
    assert not verdict.passed
    assert words in verdict.message


def test_the_right_reading_passes():
    assert check.reading("a").passed
