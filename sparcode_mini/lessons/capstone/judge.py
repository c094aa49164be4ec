"""What the checks of the capstone share: whole numbers, and functions with several results."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from sparcode_mini.lessons.core import Case, Function, Verdict, judge


def judge_places(quantity: str, function: Function, cases: Sequence[Case], praise: str) -> Verdict:
    """Check a function whose result is used as places in arrays: whole numbers."""
    verdict = judge(function, cases, praise)
    if verdict.passed:
        kind = np.asarray(function(*copy.deepcopy(cases[0].arguments))).dtype
        if kind.kind not in "iu":
            return Verdict(
                False,
                f"Not yet. Case: {cases[0].title}.\n  expected  whole numbers (an integer type)\n"
                f"  came      the right numbers, as {kind}\n  next step {quantity} are places in "
                "arrays: make them integers, such as np.asarray(..., dtype=int).",
            )
    return verdict


def one_of(answer: Any, place: int, names: tuple[str, ...]) -> Any:
    """Return one of several results."""
    if answer is None:
        return None
    if not isinstance(answer, tuple | list) or len(answer) != len(names):
        raise ValueError(f"return {len(names)} results, in this order: {', '.join(names)}")
    return answer[place]
