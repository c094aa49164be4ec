"""Numbers in texts: a text holds a name in braces, and a reference says where its number stands."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparcode_mini.course.lessons import read_lesson
from sparcode_mini.tools.files import load_json

PLACE = re.compile(r"\{(\w+)\}")
OF_CELL, OF_RESULT = {"notebook", "cell", "find"}, {"result", "path"}
OF_BOTH = {"scale", "format"}


def resolve(spec: Mapping[str, Any], root: Path) -> str:
    """Return the number that a reference points at, as text.

    Args:
        spec: either `notebook`, `cell` and `find`, a regular expression with one group, which
            is searched in what the cell shows (a cell of text: in its text); or `result`, the
            name of a stored result, and `path`, keys, positions, or a table of values that
            choose the one entry of a list which has them. Both may have `scale`, a factor, and
            `format`, as in Python. A result needs a format.
        root: the project's folder.

    Raises:
        ValueError: the reference is incomplete, or finds nothing; the message has it.
    """
    keys = set(spec)
    if OF_CELL <= keys <= OF_CELL | OF_BOTH:
        value: Any = _in_cell(spec, root)
        if not keys & OF_BOTH:
            return str(value)
    elif OF_RESULT | {"format"} <= keys <= OF_RESULT | OF_BOTH:
        value = _in_result(spec, root)
    else:
        raise ValueError(
            f"{dict(spec)} is no reference: give notebook, cell and find, or result, path, format"
        )
    try:
        number = float(str(value).replace(",", "")) * spec.get("scale", 1)
    except ValueError as error:
        raise ValueError(f"{dict(spec)} leads to {value!r}, which is no number") from error
    return format(int(number) if number == int(number) else number, spec.get("format", ""))


def fill(text: str, numbers: Mapping[str, str]) -> str:
    """Return a text with its numbers in place of their names.

    Raises:
        ValueError: a name has no number; the message has the text.
    """
    missing = sorted(set(PLACE.findall(text)) - set(numbers))
    if missing:
        raise ValueError(f"{text!r} has no number for {', '.join(missing)}")
    return PLACE.sub(lambda match: numbers[match[1]], text)


def _in_cell(spec: Mapping[str, Any], root: Path) -> str:
    lesson = read_lesson(root, spec["notebook"])
    text = lesson.cell(spec["cell"]).text
    pattern = re.compile(spec["find"])
    matches = {match[1] for match in pattern.finditer(text)} if pattern.groups == 1 else set()
    if len(matches) != 1:
        raise ValueError(
            f"{lesson.name}, cell {spec['cell']}: {spec['find']!r} finds "
            f"{sorted(matches) or 'nothing'}; it needs one group, and one answer, in {text[:500]!r}"
        )
    return str(matches.pop())


def _in_result(spec: Mapping[str, Any], root: Path) -> Any:
    path = root / "assets" / "results" / f"{spec['result']}.json"
    value: Any = load_json(path)
    for step in spec["path"]:
        try:
            value = _choose(value, step) if isinstance(step, Mapping) else value[step]
        except (KeyError, IndexError, TypeError) as error:
            there = list(value) if isinstance(value, Mapping) else error.args[0]
            raise ValueError(f"{path.name} has no {step!r} of {spec['path']}; {there}") from error
    return value


def _choose(entries: list[Mapping[str, Any]], wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the one entry that has the wanted values; KeyError if there is none, or several."""
    fitting = [entry for entry in entries if wanted.items() <= entry.items()]
    if len(fitting) != 1:
        raise KeyError(f"{len(fitting)} entries have {wanted}")
    return fitting[0]
