"""The clock: `python -m sparcode_mini.course.plans` prints what is held here."""

from functools import cache
from pathlib import Path

import pytest

from sparcode_mini.course.plans import rehearsal, seconds
from sparcode_mini.course.plans.rows import load_plan

ROOT = Path(__file__).resolve().parents[3]


@cache
def plan():
    return load_plan(ROOT, "90")


def ones():
    """One second for each cell of code."""
    lessons = {row.lesson.name: row.lesson for row in plan().rows if row.lesson}
    return {
        name: {cell.id: 1.0 for cell in lesson.cells if cell.kind == "code"}
        for name, lesson in lessons.items()
    }


def test_each_cell_is_counted_once_as_long_as_a_kernel_lives():
    steps = {step.row.title: step for step in rehearsal.rehearse(plan(), ones())}
    first = steps["One person, 1,682 films, a few milliseconds"]
    assert (first.above, first.skipped, first.inside) == (1, 0, 1)  # the imports, the picture
    lists = steps["How many lists?"]
    assert (lists.skipped, lists.inside) == (0, 4)  # In [3] to In [6]
    xray, winner = steps["Own work: the X-ray"], steps["Who wins?"]
    assert xray.laptop == xray.above + xray.inside == 17
    assert (winner.skipped, winner.inside) == (0, 2)  # before the X-ray, so no answer is seen
    whole = [step for step in steps.values() if step.row.lesson]
    assert all(step.live <= step.laptop for step in whole)


def test_a_cell_without_seconds_is_named():
    times = ones()
    del times["00_start_here"]["7e760f1c"]
    with pytest.raises(ValueError, match=r"7e760f1c.*run python -m"):
        rehearsal.rehearse(plan(), times)


def test_the_report_names_rows_and_what_to_run_before():
    report = rehearsal.report(plan(), ones())
    assert "19-28" in report
    assert "41 of own work, 26 at a machine" in report
    assert "before: lesson 07, above text (06-002): 1 s" in report


@pytest.mark.parametrize(
    ("time", "words"), [(0.0, "1 s"), (44.01, "45 s"), (59.5, "1:00 min"), (125, "2:05 min")]
)
def test_durations_are_rounded_up(time, words):
    assert rehearsal.duration(time) == words


def test_unknown_plans_are_refused():
    with pytest.raises(ValueError, match="no plan is named '60'"):
        rehearsal.chosen(ROOT, ["60"])


def test_measured_cells_leave_time_to_speak():
    times = seconds.load_seconds(ROOT)
    for one in rehearsal.chosen(ROOT, []):
        for step in rehearsal.rehearse(one, times):
            place = f"{one.name}, minute {step.row.start}"
            assert step.live <= 30 * step.row.minutes, f"{place}: {step.live:.0f} s"
            if step.row.work == "hands-on":
                assert step.laptop <= 30 * step.row.minutes, f"{place}: {step.laptop:.0f} s"
