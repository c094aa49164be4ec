import re
from functools import cache
from pathlib import Path

import pytest

from sparcode_mini.course.numbers import PLACE
from sparcode_mini.course.plans import rows

ROOT = Path(__file__).resolve().parents[3]
NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e-\d+)?")
SMALL = {str(number) for number in range(13)}  # counted by whoever reads the text
FULL = ("45", "90", "180")


@cache
def plans():
    several = [rows.load_plan(ROOT, name) for name in FULL]
    return (*several, *rows.load_course(ROOT))


def all_rows():
    return [(plan, row) for plan in plans() for row in plan.rows]


def typed(text):
    """The numbers of a text that stand outside placeholders, addresses and code."""
    text = re.sub(r"`[^`]*`|\{@[\w-]+\}", "", PLACE.sub("", text))
    text = re.sub(
        r"lessons? \d\d|section \d+|exercises? \d(?: and \d)?|\(\d\)|[Tt]ask \d", "", text
    )
    return [number.lstrip("+").rstrip(",") for number in NUMBER.findall(text)]


def test_minutes_add_up():
    assert [plan.minutes for plan in plans()] == [45, 90, 180, *[90] * 6]
    assert all(row.minutes > 0 for _, row in all_rows())


def test_students_work_for_long_enough():
    by_name = {plan.name: plan for plan in plans()}
    assert by_name["90"].minutes_of("hands-on") >= 25
    for plan in plans():
        assert plan.minutes_of("hands-on", "paper") >= 0.25 * plan.minutes, plan.name


def test_each_question_has_an_answer_and_wrong_ones():
    for plan, row in all_rows():
        where = plan.name, row.title
        assert ("ask" not in row.texts) or ("answer" in row.texts and row.wrong), where
        if plan.name in FULL and row.work != "break":
            assert {"show", "answer", "skip", "fails"} <= set(row.texts), where
            assert len(row.wrong) >= 2, where
        if row.work in ("hands-on", "paper"):
            assert "exercise" in row.texts, where


def test_typed_numbers_stand_in_the_cells():
    for plan, row in all_rows():
        shown = " ".join(cell.text + cell.source for cell in (*row.cells, *row.sources))
        shown += row.texts.get("ask", "") + row.texts.get("exercise", "")
        shown = set(typed(shown.replace("`", " "))) | SMALL
        shown |= {number.removeprefix("-") for number in shown}
        for text in row.raw:
            assert set(typed(text)) <= shown, (plan.name, row.title, set(typed(text)) - shown)


def entry(**changes):
    base = {
        "from": 0,
        "to": 4,
        "title": "t",
        "who": "projector",
        "notebook": "00",
        "section": "The problem",
        "cells": ["80c4e7fb"],
        "show": "s",
    }
    return {**base, **changes}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cells": ["nowhere"]}, "no cell 'nowhere'"),
        ({"cells": ["90f29df7"]}, "is not in section"),
        ({"cells": ["80c4e7fb", "bddc681e"]}, "in order"),
        ({"cells": []}, "one or more"),
        ({"who": "nobody"}, "nobody is not known"),
        ({"sey": "x"}, "sey"),
        ({"say": "{lists}"}, "no number for lists"),
        ({"numbers": {"n": {"cell": "4f572004", "find": r"lists: (\d+)"}}}, "no text uses"),
        ({"notebook": "77"}, "0 notebooks"),
    ],
)
def test_bad_rows_are_refused(tmp_path, monkeypatch, changes, words):
    with pytest.raises(ValueError, match=words):
        rows._row(entry(**changes), ROOT)


def test_gaps_in_time_are_refused(monkeypatch):
    content = {
        "title": "t",
        "minutes": 9,
        "goal": "g",
        "before": [],
        "late": "",
        "row": [entry(), entry(**{"from": 5, "to": 9})],
    }
    with pytest.raises(ValueError, match="begins at 5, the one before ends at 4"):
        rows._plan("x", content, ROOT)
    content["row"][1]["from"] = 4
    assert rows._plan("x", content, ROOT).rows[1].end == 9
    with pytest.raises(ValueError, match="end at 9, not at 12"):
        rows._plan("x", {**content, "minutes": 12}, ROOT)
