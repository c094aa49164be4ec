"""Run a learner's function on cases and say, in words, how it did."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check; its text is what a notebook shows."""

    passed: bool
    message: str

    def __repr__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Case:
    """One call of the learner's function.

    Attributes:
        what: the case in words, such as "two vectors at a right angle".
        arguments: positional arguments.
        expected: the right answer.
        mistakes: pairs (a wrong answer that a known mistake gives, the next step to take).
        next_step: advice if the answer is wrong in another way.
    """

    what: str
    arguments: tuple[Any, ...]
    expected: Any
    mistakes: Sequence[tuple[Any, str]] = field(default=())
    next_step: str = "Work the case out by hand and compare."


def judge(
    function: Callable[..., Any],
    cases: Sequence[Case],
    done: str,
    join: Callable[[Any], Any] | None = None,
) -> Verdict:
    """Call `function` on each case until one is wrong.

    Args:
        function: the learner's.
        cases: easy ones first.
        done: what to say when all are right.
        join: makes one array of an answer of several parts, as in `Case.expected`.

    Returns:
        A Verdict; never raises for what the learner's function does.
    """
    for case in cases:
        try:
            came = function(*copy.deepcopy(case.arguments))  # it may change what it is given
            if join is not None and came is not None:
                came = join(came)
        except Exception as error:
            return _not_yet(case, f"{type(error).__name__}: {error}", case.next_step)
        if came is None:
            return _not_yet(case, "None", "Return the result (is a `return` missing?).")
        if not same(came, case.expected):
            steps = [step for wrong, step in case.mistakes if same(came, wrong)]
            return _not_yet(case, _show(came), steps[0] if steps else case.next_step)
    return Verdict(True, f"Right. {done}")


def same(came: Any, expected: Any) -> bool:
    """Are two answers equal: same shape, numbers within TOLERANCE?"""
    try:
        a, b = _array(came), _array(expected)
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE))
    except (TypeError, ValueError):
        return bool(came == expected)


def _array(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    return np.asarray(value, dtype=np.float64)


def _show(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=4, threshold=12)
        return f"shape {value.shape}: {text}" if value.ndim else text
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _not_yet(case: Case, came: str, next_step: str) -> Verdict:
    expected = _show(case.expected)
    return Verdict(
        False,
        f"Not yet. Case: {case.what}.\n  expected  {expected}\n  came      {came}\n"
        f"  next step {next_step}",
    )
