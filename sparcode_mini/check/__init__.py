"""Checks of the learner's own functions: what was expected, what came, and one next step.

Each lesson has a module here; each exercise a function that takes the learner's function and
returns a Verdict, which a notebook shows as its text.
"""

from sparcode_mini.check.core import Case, Verdict, judge

__all__ = ["Case", "Verdict", "judge"]
