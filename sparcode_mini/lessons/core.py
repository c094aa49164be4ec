"""Checks of exercises: run a learner's function on cases and say in words what is wrong."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from sparcode_mini.tools.language import translated

TOLERANCE = 1e-6
Function = Callable[..., Any]  # of the learner


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check; its text is what a notebook shows."""

    passed: bool
    message: str

    def __repr__(self) -> str:
        return translated(self.message)


@dataclass(frozen=True)
class Case:
    """One call of the learner's function.

    Attributes:
        title: the case in words, such as "two vectors at a right angle".
        arguments: positional arguments.
        expected: the right answer.
        mistakes: pairs (a wrong answer that a known mistake gives, the next step to take).
        next_step: advice if the answer is wrong in another way.
    """

    title: str
    arguments: tuple[Any, ...]
    expected: Any
    mistakes: Sequence[tuple[Any, str]] = field(default=())
    next_step: str = "Work the case out by hand and compare."


def judge(
    function: Function,
    cases: Sequence[Case],
    praise: str,
    join: Callable[[Any], Any] | None = None,
) -> Verdict:
    """Call `function` on each case until one is wrong.

    Args:
        function: the learner's function.
        cases: the easy ones first.
        praise: the message when all answers are right.
        join: makes one array of an answer that has several parts, as in `Case.expected`.

    Returns:
        A Verdict. An error inside the learner's function is reported in it, not raised.
    """
    for case in cases:
        try:
            answer = function(*copy.deepcopy(case.arguments))  # it may change its arguments
            if join is not None and answer is not None:
                answer = join(answer)
        except Exception as error:
            return _not_yet(case, f"{type(error).__name__}: {error}", case.next_step)
        if answer is None:
            return _not_yet(case, "None", "Return the result (is a `return` missing?).")
        if not same(answer, case.expected):
            steps = [step for wrong, step in case.mistakes if same(answer, wrong)]
            return _not_yet(case, _show(answer), steps[0] if steps else case.next_step)
    return Verdict(True, f"Right. {praise}")


def choose(choice: str, right: str, reasons: dict[str, str]) -> Verdict:
    """Compare a choice with the right one, and say why it is right or wrong.

    Args:
        choice: what the learner chose; "" or "?" while nothing is chosen.
        right: the right choice.
        reasons: choice -> why it is right, or wrong.
    """
    letter = choice.strip().upper()
    if letter not in reasons:
        return Verdict(False, f"Choose one of {', '.join(reasons)}; {choice!r} is none of them.")
    opening = "Right. " if letter == right else "Not yet. "
    return Verdict(letter == right, opening + reasons[letter])


def normal_tensors(seed: int, *shapes: tuple[int, ...]) -> list[torch.Tensor]:
    """Draw one tensor of each shape from the normal distribution, float64."""
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(rng.normal(size=shape)) for shape in shapes]


def same(answer: Any, expected: Any) -> bool:
    """Return whether two answers are equal: the same shape, numbers within TOLERANCE."""
    try:
        a, b = _array(answer), _array(expected)
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE))
    except (TypeError, ValueError):
        return bool(answer == expected)


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


def _not_yet(case: Case, answer: str, next_step: str) -> Verdict:
    expected = _show(case.expected)
    return Verdict(
        False,
        f"Not yet. Case: {case.title}.\n  expected  {expected}\n  came      {answer}\n"
        f"  next step {next_step}",
    )
