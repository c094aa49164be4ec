"""The frame of all checks: it accepts the right function and names a mistake."""

import numpy as np
import torch

from sparcode_mini.lessons.core import Case, judge

CASES = [
    Case("a sum", (1.0, 2.0), 3.0, mistakes=[(-1.0, "You subtracted; add.")]),
    Case("vectors", (torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])), np.array([4.0, 6.0])),
]


def test_right_functions_pass_whatever_array_they_return():
    for function in (lambda a, b: a + b, lambda a, b: np.asarray(a) + np.asarray(b)):
        verdict = judge(function, CASES, "Now vectors too.")
        assert verdict.passed and repr(verdict) == "Right. Now vectors too."


def test_wrong_functions_are_told_what_was_expected_what_came_and_what_next():
    known = judge(lambda a, b: a - b, CASES, "")
    assert not known.passed
    assert "expected  3" in known.message and "came      -1" in known.message
    assert "You subtracted; add." in known.message and "a sum" in known.message
    assert "by hand" in judge(lambda a, b: a * b + 5, CASES, "").message
    assert "return" in judge(lambda a, b: None, CASES, "").message
    assert "ZeroDivisionError" in judge(lambda a, b: 1 / 0, CASES, "").message
    shape = judge(lambda a, b: (a + b).sum() if hasattr(a, "sum") else a + b, CASES, "")
    assert "vectors" in shape.message and "shape (2,)" in shape.message
    assert not judge(lambda a, b: "three", CASES, "").passed


def test_a_function_that_changes_what_it_is_given_spoils_no_other_call():
    def in_place(a, b):
        if isinstance(a, torch.Tensor):
            a += b  # changes the learner's copy only
            return a
        return a + b

    assert judge(in_place, CASES, "").passed
    assert judge(in_place, CASES, "").passed  # the cases are as they were
    assert CASES[1].arguments[0].tolist() == [1.0, 2.0]
