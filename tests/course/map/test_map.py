"""The map has no empty cell, and names only what is there."""

import dataclasses
import re
import shutil

import pytest

from sparcode_mini.course.lessons import LESSONS, read_lessons
from sparcode_mini.course.map.chart import read_chart
from sparcode_mini.course.map.picture import direct, drawn, ranked
from sparcode_mini.course.map.rows import join, trained_by
from sparcode_mini.course.parts import ROOT


def test_every_objective_of_every_lesson_has_a_full_row(lessons, rows):
    objectives = [(n, k) for n in lessons for k in range(1, 1 + len(lessons[n].objectives))]
    assert [(row.lesson, row.number) for row in rows] == objectives
    for row in rows:
        training = row.training
        assert training.exercises or training.predictions or training.tasks, row.objective
        assert row.items and row.question.marks, row.objective


def test_exercises_are_those_of_the_notebooks_and_each_trains_an_objective(lessons, rows):
    trained = set(trained_by(rows))
    for number, lesson in lessons.items():
        text = "\n".join(cell.source for cell in lesson.cells)
        numbers = re.findall(r"^#+ Exercise (\d+) ", text, re.M)
        assert sorted(lesson.exercises) == sorted(f"{number}.{k}" for k in numbers)
        assert set(lesson.exercises) <= trained


def test_every_prediction_trains_an_objective(lessons, rows):
    predictions = {name for lesson in lessons.values() for name in lesson.predictions}
    assert {name for row in rows for name in row.training.predictions} == predictions


def test_items_of_the_quiz_stand_at_their_objective_and_none_is_left_out(rows, items):
    for lesson in LESSONS[:-1]:
        asked = {item.id for item in items[lesson]}
        assert {name for row in rows if row.lesson == lesson for name in row.items} == asked


def test_the_self_test_asks_for_knowledge_of_the_map(chart, items):
    tested = {name for one in chart.outside.values() for name in one.test}
    assert tested == {item.id for item in items["pretest"]}
    assert len(tested) == 12


def test_knowledge_is_needed_by_a_lesson(chart):
    needed = {name for entry in chart.entries.values() for name in entry.outside}
    assert needed == set(chart.outside)


def numbers_in(needs: str) -> set[str]:
    """Return the lessons that a line of needs names; "01 to 06" are six."""
    words = re.sub(r"\]\([^)]*\)|\[", "", needs)
    several = re.findall(r"\b(\d\d) to (\d\d)\b", words)
    between = {f"{n:02}" for first, last in several for n in range(int(first), int(last) + 1)}
    return between | set(re.findall(r"(?<!@)\b(\d\d)\b", words))


def test_lessons_need_at_least_what_their_first_cell_says(lessons, chart):
    assert numbers_in("Lessons 01, 03 to 05") == {"01", "03", "04", "05"}
    for number, lesson in lessons.items():
        assert numbers_in(lesson.needs) <= set(chart.entries[number].needs), number


def test_the_picture_has_all_boxes_and_only_arrows_that_follow_from_no_other(lessons, chart):
    svg = drawn(lessons, chart).decode("utf-8")
    arrows = direct(chart)
    assert svg.count("<rect") == len(LESSONS)
    assert svg.count("marker-end") == len(arrows)
    assert ("01", "02") in arrows and ("00", "02") not in arrows
    assert "<desc>" in svg
    assert ranked(chart)["00"] == 0


def test_boxes_of_a_row_do_not_overlap(lessons, chart):
    svg = drawn(lessons, chart).decode("utf-8")
    boxes = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="(\d+)" height="([\d.]+)"', svg)
    places = [tuple(map(float, box)) for box in boxes]
    for k, (x, y, width, height) in enumerate(places):
        for x_other, y_other, *_ in places[k + 1 :]:
            assert abs(x - x_other) >= width or abs(y - y_other) >= height


def test_an_empty_cell_and_an_idle_exercise_are_refused(lessons, chart, items, exam):
    entry = chart.entries["03"]
    none = dataclasses.replace(entry.objectives[0], exercises=(), predictions=(), tasks=())
    _refuse(lessons, chart, items, exam, none, "lesson 03, objective 1: nothing trains it")
    other = dataclasses.replace(entry.objectives[0], exercises=())
    _refuse(lessons, chart, items, exam, other, "exercise 03.1 trains no objective")
    with pytest.raises(ValueError, match="03, objective 6 has no question"):
        fewer = tuple(item for item in items["03"] if item.objective != 6)
        join(lessons, chart, {**items, "03": fewer}, exam)
    with pytest.raises(ValueError, match="none in the exam"):
        join(lessons, chart, items, exam[:-1])


def _refuse(lessons, chart, items, exam, training, message):
    entry = chart.entries["03"]
    changed = dataclasses.replace(entry, objectives=(training, *entry.objectives[1:]))
    other = dataclasses.replace(chart, entries={**chart.entries, "03": changed})
    with pytest.raises(ValueError, match=message):
        join(lessons, other, items, exam)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('exercises = ["01.1"]', 'exercises = ["01.9"]', "lesson '01', objective 3 names '01.9'"),
        ('predictions = ["01-dune"]', 'predictions = ["01-done"]', "names '01-done'"),
        ('cell = "q-12"', 'cell = "q-99"', "no cell 'q-99'"),
        ('needs = ["02", "04"', 'needs = ["44", "04"', "names '44'"),
        ('"softmax", "validation"]', '"softmax", "magic"]', "names 'magic'"),
        ('heading = "1 · From', 'heading = "9 · From', "names '9 · From a history to a loss'"),
    ],
)
def test_a_name_that_is_not_there_is_refused(tmp_path, lessons, before, after, message):
    text = (ROOT / "assets/course/map/map.toml").read_text("utf-8")
    assert before in text
    file = tmp_path / "assets" / "course" / "map" / "map.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text.replace(before, after), "utf-8")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    with pytest.raises(ValueError, match=re.escape(message)):
        read_chart(tmp_path, lessons)


def test_a_folder_without_lessons_is_refused(tmp_path):
    with pytest.raises(ValueError, match="--root"):
        read_lessons(tmp_path)
