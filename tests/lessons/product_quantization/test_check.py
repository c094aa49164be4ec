"""The exercise of reading a result: its right choice, and a reason for each wrong one."""

import pytest

from sparcode_mini.lessons.product_quantization import check


def test_the_right_choice_passes():
    verdict = check.reading("c")
    assert verdict.passed and verdict.message.startswith("Right.")


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("A", "smallest distortion of the three"),
        ("B", "far above random order"),
        ("D", "With one probe the interval contains 0"),
        ("?", "Choose one of A, B, C, D"),
    ],
)
def test_a_wrong_choice_gets_its_reason(choice, words):
    verdict = check.reading(choice)
    assert not verdict.passed and words in verdict.message
