"""Numbers in texts: a text holds a name in braces, and a reference says where its number stands."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sparcode_mini.course.lessons import read_lesson
from sparcode_mini.tools.files import load_json

PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_WITH_BRACES = re.compile(r"`[^`]+`|(?<!\\)\$(?:[^$\\]|\\.)+\$", re.S)  # code, formulas
_FORMAT = re.compile(r"\+?,?(\.\d)?[defg%]?")
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
    form = spec.get("format", "")
    if not _FORMAT.fullmatch(form):
        raise ValueError(f"format {form!r}; write one such as ',d', '.1f' or '+.2f'")
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
        number = float(value.replace(",", "") if isinstance(value, str) else value)
        number = number * spec.get("scale", 1)
        return format(int(number) if number.is_integer() else number, form)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{value!r} can't be written as {form!r}: {error}") from error


def look_up(
    references: Mapping[str, Mapping[str, Any]], root: Path, notebook: str | None = None
) -> dict[str, str]:
    """Return the numbers of named references.

    Args:
        references: as for `resolve`; one to a cell may lack its notebook.
        root: the project's folder.
        notebook: the one that is then meant.

    Raises:
        ValueError: as for `resolve`; the message has the name of the number.
    """
    numbers = {}
    for name, spec in references.items():
        home = {"notebook": notebook} if notebook is not None and "result" not in spec else {}
        try:
            numbers[name] = resolve({**home, **spec}, root)
        except ValueError as error:
            raise ValueError(f"number {name!r}: {error}") from error
    return numbers


def fill(texts: Sequence[str], numbers: Mapping[str, str]) -> list[str]:
    """Return texts with their numbers in place of the names in braces.

    In code between backticks and in formulas braces may also hold something else.

    Raises:
        ValueError: a name has no number, or no text uses a number.
    """
    filled = [PLACE.sub(lambda match: numbers.get(match[1], match[0]), text) for text in texts]
    for text in filled:
        if left := PLACE.search(_WITH_BRACES.sub("", text)):
            raise ValueError(f"{left[0]} has no number in {text!r}; add a reference of this name, "
                             "or set it in backticks if it is code")  # fmt: skip
    spare = set(numbers).difference(*map(PLACE.findall, texts))
    if spare:
        raise ValueError(f"no text uses the number {min(spare)!r}; write {{{min(spare)}}} into "
                         "one, or delete it")  # fmt: skip
    return filled


def _in_cell(spec: Mapping[str, Any], root: Path) -> str:
    try:
        pattern = re.compile(spec["find"])
    except re.error as error:
        raise ValueError(f"find {spec['find']!r} is no regular expression: {error}") from error
    if pattern.groups != 1:
        raise ValueError(
            f"find {spec['find']!r} has {pattern.groups} groups; put one group around the number"
        )
    lesson = read_lesson(root, spec["notebook"])
    text = lesson.cell(spec["cell"]).text
    matches = {str(match[1]) for match in pattern.finditer(text)}
    if len(matches) != 1:
        raise ValueError(
            f"{spec['find']!r} finds {', '.join(sorted(matches)) or 'nothing'} in cell "
            f"{spec['cell']} of {lesson.name}; write an expression that finds one number"
        )
    return matches.pop()


def _in_result(spec: Mapping[str, Any], root: Path) -> int | float:
    folder = root / "assets" / "results"
    names = sorted(path.stem for path in folder.glob("*.json"))
    if spec["result"] not in names:
        raise ValueError(f"no stored result {spec['result']!r}; there are {', '.join(names)}")
    value: Any = load_json(folder / f"{spec['result']}.json")
    for step in spec["path"]:
        value = _entered(value, step, f"result {spec['result']}, path {list(spec['path'])}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"result {spec['result']}: {list(spec['path'])} leads to no number")
    return value


def _entered(value: Any, step: Any, where: str) -> Any:
    """Return what one step of a path leads to."""
    if isinstance(step, Mapping):
        fitting = [one for one in value if isinstance(one, Mapping) and step.items() <= one.items()]
        if len(fitting) != 1:
            raise ValueError(f"{where}: {len(fitting)} entries have {dict(step)}; choose one")
        return fitting[0]
    if isinstance(value, Mapping):
        known: list[Any] = list(value)
    else:
        known = list(range(len(value))) if isinstance(value, list) else []
    if step not in known:
        raise ValueError(f"{where}: no {step!r} of {known}")
    return value[step]
