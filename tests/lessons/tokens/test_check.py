"""Exercises of lesson 05 that ask for a choice: each letter gets its reason."""

import pytest

from sparcode_mini.lessons.tokens import check


@pytest.mark.parametrize(
    ("decide", "right", "words"),
    [
        (check.one_or_four, "C", ("no gain", "too much for", "No difference", "The quality is")),
        (
            check.new_word,
            "B",
            ("Its id", "Parity, loops", "'seven' was shown", "Nothing of an image"),
        ),
    ],
)
def test_each_choice_gets_its_reason(decide, right, words):
    for letter, part in zip("ABCD", words, strict=True):
        verdict = decide(letter)
        assert verdict.passed == (letter == right)
        assert part in verdict.message
    assert not decide("?").passed
