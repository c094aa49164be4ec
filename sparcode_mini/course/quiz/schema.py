"""The form of a file of the bank, assets/course/quiz/NN.toml, which guide.md there describes."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparcode_mini.course.forms import REAL, TEXT, Keys, check, read_toml
from sparcode_mini.course.quiz.items import (
    CHOICE,
    DIFFICULTIES,
    EXIT,
    FINAL,
    NUMBER,
    Choice,
    Item,
)

PRETEST = "pretest"  # it has no lesson, so its items have neither objective nor cell
FILE: Keys = {"lesson": TEXT, "item": (list,)}
ITEM: Keys = {
    "id": TEXT,
    "kind": TEXT,
    "stem": TEXT,
    "answer": (str, int, float),
    "why": TEXT,
    "difficulty": TEXT,
    "minutes": REAL,
    "distractor": (list,),
}
OF_LESSON: Keys = {"objective": (int,), "cell": TEXT}
OPTIONAL: Keys = {"tolerance": REAL, "uses": (list,)}
NUMBERED: Keys = {"numbers": (dict,)}
DISTRACTOR: Keys = {"text": (str, int, float), "why": TEXT}
FROM_CELL: Keys = {"cell": TEXT, "find": TEXT}
FROM_RESULT: Keys = {"result": TEXT, "path": (list,)}
WRITTEN: Keys = {"scale": REAL, "format": TEXT}
COUNTS = {CHOICE: (3, 3), NUMBER: (1, 3)}  # distractors, least and most


def read(path: Path) -> tuple[str, list[Item]]:
    """Read a file: the stem of its lesson, and its items with their placeholders.

    Raises:
        ValueError: something in it is wrong; the message names file, item and key.
    """
    content = read_toml(path)
    check(content, path.name, FILE)
    lesson = content["lesson"]
    if lesson.partition("_")[0] != path.stem:
        raise ValueError(f"{path.name}: lesson = {lesson!r}; write the stem of a notebook that "
                         f"begins with {path.stem}, or rename the file")  # fmt: skip
    items = []
    for position, table in enumerate(content["item"], 1):
        where = f"{path.name}, item {position}"
        if isinstance(table, dict) and isinstance(table.get("id"), str):
            where = f"{path.name}, item {table['id']!r}"
        items.append(_item(table, where, path.stem))
    return lesson, items


def _item(table: Any, where: str, prefix: str) -> Item:
    of_lesson, numbered = ({}, {}) if prefix == PRETEST else (OF_LESSON, NUMBERED)
    check(table, where, {**ITEM, **of_lesson}, {**OPTIONAL, **numbered})
    _check_values(table, where, prefix)
    for wrong in table["distractor"]:
        check(wrong, f"{where}, distractor", DISTRACTOR)
    wrong = tuple(Choice(str(one["text"]), one["why"]) for one in table["distractor"])
    numbers = {
        name: _reference(source, f"{where}, number {name!r}")
        for name, source in table.get("numbers", {}).items()
    }
    return Item(
        table["id"],
        table["kind"],
        table["stem"],
        Choice(str(table["answer"]), table["why"], right=True),
        wrong,
        table["difficulty"],
        table["minutes"],
        table.get("objective"),
        table.get("cell"),
        table.get("tolerance", 0.0),
        frozenset(table.get("uses", ())),
        numbers,
    )


def _check_values(table: Mapping[str, Any], where: str, prefix: str) -> None:
    if not re.fullmatch(re.escape(prefix) + r"(-[a-z0-9]+)+", table["id"]):
        raise ValueError(f"{where}: the id begins with {prefix + '-'!r}, followed by words of "
                         "small letters and digits")  # fmt: skip
    for key, known in (("kind", tuple(COUNTS)), ("difficulty", DIFFICULTIES)):
        if table[key] not in known:
            raise ValueError(f"{where}: {key} = {table[key]!r}; there are {', '.join(known)}")
    for use in table.get("uses", ()):
        if use not in (EXIT, FINAL):
            raise ValueError(f"{where}: uses {use!r}; there are {EXIT} and {FINAL}")
    if not 0 < table["minutes"] <= 15:
        raise ValueError(f"{where}: minutes = {table['minutes']}; give up to 15")
    if table["kind"] == CHOICE and "tolerance" in table:
        raise ValueError(f"{where}: a choice has no tolerance; delete it, or write kind = 'number'")
    if not table.get("tolerance", 0) >= 0:
        raise ValueError(f"{where}: tolerance = {table['tolerance']}; give 0 or more")
    least, most = COUNTS[table["kind"]]
    if not least <= len(table["distractor"]) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(f"{where}: {len(table['distractor'])} distractors; a {table['kind']} has "
                         f"{wanted}")  # fmt: skip


def _reference(table: Any, where: str) -> Mapping[str, Any]:
    """Return where a number comes from, as `sparcode_mini.course.numbers.resolve` reads it."""
    keys = FROM_RESULT if isinstance(table, dict) and "result" in table else FROM_CELL
    check(table, where, keys, WRITTEN)
    return dict(table)
