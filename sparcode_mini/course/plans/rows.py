"""Plans as data: read from TOML, with their anchors and numbers looked up in the lessons."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparcode_mini.course.forms import TEXT, Keys, check, read_toml
from sparcode_mini.course.lessons import Cell, Lesson, read_lesson
from sparcode_mini.course.numbers import PLACE, fill, look_up
from sparcode_mini.course.plans import languages
from sparcode_mini.tools.files import load_json
from sparcode_mini.tools.language import language

PLANS = ("45", "90", "180")
SHARED = "90"  # the plan whose named rows the others may take
WORK = {
    "projector": "from the front",
    "hands-on": "at laptops",
    "paper": "on paper",
    "break": "break",
}
TEXTS = ("show", "say", "ask", "answer", "skip", "fails", "exercise", "paper")
STEP = re.compile(r"\s*\(\d+\)\s+")  # the steps of a task are numbered (1), (2)
ADDRESS = re.compile(r"\{@([\w-]+)\}")  # in a text: a cell, shown as its number
ROW: Keys = {"from": (int,), "to": (int,), "title": TEXT, "who": TEXT}
ANCHORS: Keys = {"notebook": TEXT, "section": TEXT, "cells": (list,)}
MORE: Keys = {
    "name": TEXT,
    "like": TEXT,
    "wrong": (list,),
    "numbers": (dict,),
    "first": (list,),  # cells of other sections that run before
    "collected": (bool,),  # paper that the lecturer keeps
}
PLAN: Keys = {
    "title": TEXT,
    "minutes": (int,),
    "goal": TEXT,
    "before": (list,),
    "late": TEXT,
    "row": (list,),
}
OF_SESSION: Keys = {"homework": (list,), "reading": (list,)}
OF_SHARED: Keys = {"always": (list,)}  # what each plan says of the time before


@dataclass(frozen=True)
class Row:
    """Some minutes of a lecture.

    Attributes:
        start, end: minutes since the beginning.
        title: what the minutes are about.
        work: who works, a key of `WORK`.
        lesson: the notebook that is shown; None for a break, or paper alone.
        section: the heading that the anchors stand under, but for those to run first.
        cells: the anchors, in the lesson's order.
        texts: name of a field of `TEXTS` -> text.
        wrong: likely wrong answers, each with a reply.
        raw: all its texts, the title among them, numbers not filled in.
        sources: the cells that its numbers come from.
        collected: its paper is a sheet of its own that students give back.
    """

    start: int
    end: int
    title: str
    work: str
    lesson: Lesson | None
    section: str
    cells: tuple[Cell, ...]
    texts: Mapping[str, str]
    wrong: tuple[tuple[str, str], ...]
    raw: tuple[str, ...]
    sources: tuple[Cell, ...]
    collected: bool = False

    @property
    def minutes(self) -> int:
        """Return how long it takes."""
        return self.end - self.start

    @property
    def task(self) -> tuple[str, list[str]]:
        """Return what its work begins with, and the numbered steps; Markdown, may be empty."""
        first, *steps = STEP.split(self.texts.get("exercise", ""))
        return first.strip(), steps


@dataclass(frozen=True)
class Plan:
    """A lecture: what it is for, what to prepare, its rows, and what to leave out if it gets late.

    A session of a course has homework and reading, too.
    """

    name: str
    title: str
    minutes: int
    goal: str
    before: tuple[str, ...]
    late: str
    rows: tuple[Row, ...]
    homework: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()

    def minutes_of(self, *kinds: str) -> int:
        """Return the minutes in which these kinds of work are done, keys of `WORK`."""
        return sum(row.minutes for row in self.rows if row.work in kinds)


def folder(root: Path) -> Path:
    """Return where the texts of the plans are."""
    return root / "assets" / "course" / "plans"


def load_toml(root: Path, name: str) -> dict[str, Any]:
    """Read a file of texts, in the reader's language.

    Raises:
        ValueError: there is none of this name, or it is no TOML; the message names the file.
        FileNotFoundError: there is no translation.
    """
    content = read_toml(folder(root) / f"{name}.toml")
    if language() == "en":
        return content
    translated: dict[str, Any] = languages.in_language(
        content, load_json(languages.place(root, language(), name))
    )
    return translated


def load_plan(root: Path, name: str) -> Plan:
    """Read the plan of a lecture.

    Args:
        root: the project's folder.
        name: of `PLANS`: its minutes.

    Raises:
        ValueError: a row names a cell or a number that is not there, lacks a text, or leaves a
            gap in time; the message names the plan and the row.
    """
    return _plan(name, load_toml(root, name), root)


def load_course(root: Path) -> tuple[Plan, ...]:
    """Read the sessions of the course, as plans; errors as `load_plan`."""
    content = load_toml(root, "course")
    common = {key: content[key] for key in ("minutes", "before", "late")}
    return tuple(
        _plan(f"session {number}", {**common, **session}, root)
        for number, session in enumerate(content["session"], 1)
    )


def _plan(name: str, content: Mapping[str, Any], root: Path) -> Plan:
    check(content, name, PLAN, {**OF_SESSION, **OF_SHARED})
    common = load_toml(root, SHARED)
    shared = {row["name"]: row for row in common["row"] if "name" in row}
    rows = []
    starts = {}
    for entry in content["row"]:
        try:
            if entry.get("like", "") not in {"", *shared}:
                raise ValueError(f"{SHARED}.toml has no row named {entry['like']!r}")
            whole = {**shared.get(entry.get("like"), {}), **entry}
            rows.append(_row(whole, root))
        except ValueError as error:
            raise ValueError(f"{name}, minute {entry.get('from')}: {error}") from error
        starts[whole.get("name", "")] = str(whole["from"])
    ends = [0, *(row.end for row in rows)]
    for row, end in zip(rows, ends, strict=False):
        if row.start != end:
            raise ValueError(f"{name}: a row begins at {row.start}, the one before ends at {end}")
    if ends[-1] != content["minutes"]:
        raise ValueError(f"{name}: the rows end at {ends[-1]}, not at {content['minutes']}")
    return Plan(
        name,
        content["title"],
        content["minutes"],
        content["goal"],
        (*content["before"], *common["always"]),
        _dated(content["late"], starts),
        tuple(rows),
        tuple(content.get("homework", ())),
        tuple(content.get("reading", ())),
    )


def _dated(text: str, starts: Mapping[str, str]) -> str:
    """Return a text with the first minute of a row in place of its name."""
    named = set(PLACE.findall(text)) & set(starts)
    return fill([text], {name: starts[name] for name in named})[0]


def anchors(entry: Mapping[str, Any], root: Path) -> tuple[Lesson | None, tuple[Cell, ...], str]:
    """Return the lesson, the cells and the section that an entry names, in the reader's language.

    Raises:
        ValueError: a cell is not there, not in the stated section, or out of order.
    """
    if "notebook" not in entry:
        return None, (), ""
    lesson = read_lesson(root, entry["notebook"])
    first, shown = (
        tuple(lesson.cell(name) for name in entry.get(key, ())) for key in ("first", "cells")
    )
    outside = [cell.id for cell in shown if entry["section"] not in cell.parents]
    if outside:
        raise ValueError(f"{lesson.name}: {outside[0]} is not in section {entry['section']!r}")
    cells = (*first, *shown)
    places = [lesson.at(cell.id) for cell in cells]
    if places != sorted(set(places)) or not shown:
        names = [cell.id for cell in cells]
        raise ValueError(f"{lesson.name}: name one or more cells, in order: {names}")
    shown_in = read_lesson(root, entry["notebook"], language())
    depth = shown[0].parents.index(entry["section"])
    cells = tuple(shown_in.cell(cell.id) for cell in cells)
    return shown_in, cells, shown_in.cell(shown[0].id).parents[depth]


def _addresses(text: str, lesson: Lesson | None) -> str:
    """Return a text with `In [n]` in place of the cells that it names."""
    if lesson is None or "{@" not in text:
        return text
    return ADDRESS.sub(lambda match: f"`{lesson.cell(match[1]).address}`", text)


def _row(entry: Mapping[str, Any], root: Path) -> Row:
    anchored = ANCHORS if "notebook" in entry else {}
    check(entry, "its row", {**ROW, **anchored}, {**MORE, **dict.fromkeys(TEXTS, TEXT)})
    if entry["who"] not in WORK:
        raise ValueError(f"who = {entry['who']!r}; there are {', '.join(WORK)}")
    lesson, cells, section = anchors(entry, root)
    pairs = entry.get("wrong", [])
    names = ["title", *(name for name in TEXTS if name in entry)]
    raw = [entry[name] for name in names] + [text for pair in pairs for text in pair]
    numbers = look_up(entry.get("numbers", {}), root, entry.get("notebook"))
    texts = [_addresses(text, lesson) for text in fill(raw, numbers)]
    replies = texts[len(names) :]
    return Row(
        entry["from"],
        entry["to"],
        texts[0],
        entry["who"],
        lesson,
        section,
        cells,
        dict(zip(names[1:], texts[1:], strict=False)),
        tuple(zip(replies[::2], replies[1::2], strict=True)),
        tuple(raw),
        tuple(
            read_lesson(root, spec.get("notebook", entry.get("notebook"))).cell(spec["cell"])
            for spec in entry.get("numbers", {}).values()
            if "cell" in spec
        ),
        entry.get("collected", False),
    )
