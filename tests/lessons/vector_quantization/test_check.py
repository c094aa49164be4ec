import numpy as np
import pytest

from lessons.vector_quantization.answers import lloyd_step, nearest
from sparcode_mini.lessons.vector_quantization import check


def test_arrays_and_lists_count_as_answers_too():
    assert check.nearest(lambda T, C: nearest(T, C).tolist()).passed
    assert check.lloyd_step(lambda x, C: np.asarray(lloyd_step(x, C))).passed


def test_the_log_with_the_wrong_assignment_is_the_right_choice():
    assert check.reading("C").passed
    assert check.reading(" c ").passed


@pytest.mark.parametrize(("choice", "words"), [("A", "collapse"), ("B", "both"), ("D", "scale")])
def test_a_wrong_choice_gets_its_reason(choice, words):
    verdict = check.reading(choice)
    assert not verdict.passed
    assert verdict.message.startswith("Not yet. ")
    assert words in verdict.message


def test_nothing_chosen_is_no_mistake_with_a_reason():
    assert "A, B, C, D" in check.reading("?").message
