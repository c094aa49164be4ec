"""The exercise in which a result is read: one sentence is right, each other gets its reason."""

import pytest

from sparcode_mini.lessons.all_to_all_scoring import check


@pytest.mark.parametrize(
    ("choice", "words"),
    [("A", "from -0.7 to +0.7"), ("C", "contains 0"), ("D", "counts all three")],
)
def test_a_wrong_reading_gets_its_reason(choice, words):
    verdict = check.reading(choice)
    assert not verdict.passed
    assert verdict.message.startswith("Not yet. ") and words in verdict.message


def test_the_right_reading_passes():
    assert check.reading(" b").passed
    assert "A, B, C, D" in check.reading("?").message
