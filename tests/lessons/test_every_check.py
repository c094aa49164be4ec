"""Every exercise of every lesson: the solution passes, and mistakes are refused and named."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from sparcode_mini import lessons
from sparcode_mini.tools.language import speaking

ENGLISH = re.compile(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}")  # words in a row
FOLDER = Path(lessons.__file__).parent
LESSONS = sorted(path.parent.name for path in FOLDER.glob("*/check.py"))
ANSWERS = {lesson: import_module(f"lessons.{lesson}.answers") for lesson in LESSONS}
EXERCISES = [(lesson, name) for lesson in LESSONS for name in ANSWERS[lesson].SOLUTIONS]
MISTAKES = [
    pytest.param(lesson, *mistake, id=f"{lesson}-{mistake[0]}-{number}")
    for lesson in LESSONS
    for number, mistake in enumerate(ANSWERS[lesson].MISTAKES)
]


def checks(lesson, of_choices):
    """Return the checks of a lesson by name: of choices, or of functions."""
    paths = sorted((FOLDER / lesson).glob("check*.py"))
    modules = [import_module(f"sparcode_mini.lessons.{lesson}.{path.stem}") for path in paths]
    named = [
        (name, function)
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
        if ("choice" in inspect.signature(function).parameters) == of_choices
    ]
    assert len(dict(named)) == len(named), f"{lesson} has two checks of one name"
    return dict(named)


CHOICES = [(lesson, name) for lesson in LESSONS for name in sorted(checks(lesson, True))]


def judged(lesson, name, function):
    return (checks(lesson, False) | checks(lesson, True))[name](function)


def left_in_english(verdict):
    """Return the lines of a verdict in Chinese that hold several English words, but for errors."""
    with speaking("zh"):
        lines = repr(verdict).splitlines()
    return [line for line in lines if ENGLISH.search(line) and "Error: " not in line]


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_has_a_solution_and_at_least_three_mistakes(lesson):
    answers, exercises = ANSWERS[lesson], checks(lesson, False)
    assert set(answers.SOLUTIONS) == set(exercises)
    counts = {name: sum(n == name for n, _, _ in answers.MISTAKES) for name in exercises}
    assert min(counts.values()) >= 3, counts


@pytest.mark.parametrize(("lesson", "name"), EXERCISES)
def test_the_solution_passes(lesson, name):
    verdict = judged(lesson, name, ANSWERS[lesson].SOLUTIONS[name])
    assert verdict.passed, verdict.message
    assert verdict.message.startswith("Right.")
    assert left_in_english(verdict) == []


@pytest.mark.parametrize(("lesson", "name", "wrong", "words"), MISTAKES)
def test_a_mistake_is_refused_and_named(lesson, name, wrong, words):
    verdict = judged(lesson, name, wrong)
    assert not verdict.passed
    assert words in verdict.message.replace("\n", " "), verdict.message
    assert "expected" in verdict.message and "next step" in verdict.message
    assert left_in_english(verdict) == []


@pytest.mark.parametrize(("lesson", "name"), EXERCISES)
def test_stubs_and_errors_are_refused(lesson, name):
    stub = judged(lesson, name, lambda *_: None)
    assert not stub.passed and "`return`" in stub.message
    assert left_in_english(stub) == []
    assert "ZeroDivisionError" in judged(lesson, name, lambda *_: 1 // 0).message


@pytest.mark.parametrize(("lesson", "name"), CHOICES)
def test_one_choice_is_right_and_each_has_its_reason(lesson, name):
    unchosen = judged(lesson, name, "?")
    assert not unchosen.passed
    letters = re.findall(r"\b[A-F]\b", unchosen.message)
    assert len(letters) >= 3
    verdicts = [judged(lesson, name, f" {letter.lower()} ") for letter in letters]
    assert [line for one in (unchosen, *verdicts) for line in left_in_english(one)] == []
    assert sum(verdict.passed for verdict in verdicts) == 1
    reasons = {verdict.message.split(" ", 2)[2] for verdict in verdicts}
    assert len(reasons) == len(letters)
