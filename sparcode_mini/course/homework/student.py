"""What the notebooks of the assignments use: numbers of one student, and a test that says why."""

import hashlib

import numpy as np

from sparcode_mini.lessons.core import Verdict

LARGEST = 10**12  # longer than any student number


def generator(student: object, task: str) -> np.random.Generator:
    """Return the random generator of one student and one task.

    Raises:
        ValueError: no student number.
    """
    if type(student) is not int or not 1 <= student < LARGEST:
        raise ValueError(
            f"STUDENT is {student!r:.40}; write your student number there, digits only"
        )
    digest = hashlib.sha256(f"{student} {task}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def require(condition: Verdict | bool, message: str = "") -> None:
    """Print a passed verdict; raise AssertionError with its message if it is not passed.

    Args:
        condition: a verdict of `judge`, or whether all is well.
        message: of a plain condition.
    """
    if isinstance(condition, Verdict):
        verdict = condition
        condition, message = verdict.passed, verdict.message
        if condition and message != "Right. ":
            print(message)
    if not condition:
        raise AssertionError(message)
