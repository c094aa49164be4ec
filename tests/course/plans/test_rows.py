import re
from functools import cache
from pathlib import Path

import pytest

from sparcode_mini.course.plans import rows
from typed_numbers import SMALL, shown_in, typed

ROOT = Path(__file__).resolve().parents[3]
FULL = ("45", "90", "180")


@cache
def plans():
    several = [rows.load_plan(ROOT, name) for name in FULL]
    return (*several, *rows.load_course(ROOT))


def all_rows():
    return [(plan, row) for plan in plans() for row in plan.rows]


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


def test_students_are_sent_to_headings():
    """Numbers of cells differ between editions, and change when a cell runs again."""
    for plan, row in all_rows():
        task = " ".join(row.texts.get(field, "") for field in ("exercise", "paper", "ask"))
        assert "In\N{NO-BREAK SPACE}[" not in task, (plan.name, row.title)
        if row.work == "hands-on":
            assert f"esson {row.lesson.number}, " in task, (plan.name, row.title)


def test_the_winner_is_asked_before_students_see_the_table():
    """It stands in lesson 00 above the X-ray, where they work."""
    for plan in plans():
        titles = [row.title for row in plan.rows]
        if "Own work: the X-ray" in titles:
            assert titles.index("Who wins?") < titles.index("Own work: the X-ray"), plan.name


def test_each_plan_says_what_is_needed_and_what_helps_if_a_cell_fails():
    for plan in plans():
        before = "\n".join(plan.before)
        deck = f"`slides/{plan.name}min.html`" if plan.name in FULL else "`slides/00.html`"
        for words in (deck, "Students need Python", "exit ticket is a sheet of its own"):
            assert words in before, (plan.name, words)
        for word in ("Matching loss", "EMA", "L1 penalty", "Holm", "HNSW"):
            assert f"*{word}*" in before, (plan.name, word)


def test_the_paper_has_the_rule_of_its_task():
    (row,) = [row for row in plans()[1].rows if row.title.startswith("Own work: an index by hand")]
    for field in ("paper", "say"):
        assert "ReLU makes negative numbers 0" in row.texts[field]


def test_minutes_if_it_gets_late_are_those_of_rows():
    for name in FULL:
        late = rows.load_toml(ROOT, name)["late"]
        assert set(typed(late)) <= SMALL, name
        starts = {str(row.start) for row in rows.load_plan(ROOT, name).rows}
        minutes = re.findall(r"At minute (\d+)", rows.load_plan(ROOT, name).late)
        assert minutes and set(minutes) <= starts


def test_typed_numbers_stand_in_the_cells():
    for plan, row in all_rows():
        shown = shown_in((*row.cells, *row.sources))
        for text in row.raw:
            assert set(typed(text)) <= shown, (plan.name, row.title, set(typed(text)) - shown)


PLAN = {"title": "t", "minutes": 9, "goal": "g", "before": [], "late": "l", "row": []}


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
        ({"first": ["90f29df7"]}, "in order"),
        ({"collected": 1}, "give true or false"),
        ({"who": "nobody"}, "who = 'nobody'; there are projector"),
        ({"sey": "x"}, "unknown key 'sey'"),
        ({"from": "0"}, "give a whole number"),
        ({"say": "{lists}"}, r"\{lists\} has no number"),
        ({"numbers": {"n": {"cell": "4f572004", "find": r"lists: (\d+)"}}}, "no text uses"),
        ({"notebook": "77"}, "0 notebooks"),
    ],
)
def test_bad_rows_are_refused(tmp_path, monkeypatch, changes, words):
    with pytest.raises(ValueError, match=words):
        rows._row(entry(**changes), ROOT)


@pytest.mark.parametrize("key", ["from", "to", "title", "who", "section", "cells"])
def test_a_row_without_a_key_is_refused(key):
    row = {name: value for name, value in entry().items() if name != key}
    with pytest.raises(ValueError, match=f"x, minute .*: the key '{key}' is missing"):
        rows._plan("x", {**PLAN, "row": [row]}, ROOT)


def test_a_plan_without_its_goal_is_refused():
    with pytest.raises(ValueError, match="x: the key 'goal' is missing"):
        rows._plan("x", {name: value for name, value in PLAN.items() if name != "goal"}, ROOT)


def test_a_late_row_that_is_not_there_is_refused():
    content = {**PLAN, "minutes": 4, "late": "At minute {pause}", "row": [entry()]}
    with pytest.raises(ValueError, match=r"\{pause\} has no number"):
        rows._plan("x", content, ROOT)
    content["row"] = [entry(name="pause")]
    assert rows._plan("x", content, ROOT).late == "At minute 0"


def test_gaps_in_time_are_refused(monkeypatch):
    content = {**PLAN, "row": [entry(), entry(**{"from": 5, "to": 9})]}
    with pytest.raises(ValueError, match="begins at 5, the one before ends at 4"):
        rows._plan("x", content, ROOT)
    content["row"][1]["from"] = 4
    assert rows._plan("x", content, ROOT).rows[1].end == 9
    with pytest.raises(ValueError, match="end at 9, not at 12"):
        rows._plan("x", {**content, "minutes": 12}, ROOT)
