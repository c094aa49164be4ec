"""A plan, rehearsed by the clock: what must run in each row, against the minutes of the row.

python -m sparcode_mini.course.plans [45|90|180|course ...] [--measure | --again]
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sparcode_mini.course.lessons import Cell, Lesson
from sparcode_mini.course.parts import ROOT
from sparcode_mini.course.plans.rows import PLANS, Plan, Row, load_course, load_plan
from sparcode_mini.course.plans.seconds import COMMAND, Seconds, between, load_seconds, measure


@dataclass(frozen=True)
class Step:
    """A row with the seconds of its cells.

    Attributes:
        above: of everything above the first anchor: *Run All Above Selected Cell* in a new kernel.
        skipped: of the cells above that no row before has run; 0 in the lesson's first row, since
            a lecturer runs them before the lecture.
        inside: from the first anchor to the last one.
    """

    row: Row
    above: float
    skipped: float
    inside: float

    @property
    def live(self) -> float:
        """Return the seconds for which the projector's machine works within the row."""
        return self.skipped + self.inside

    @property
    def laptop(self) -> float:
        """Return the seconds on a student's laptop that has run nothing yet."""
        return self.above + self.inside


def rehearse(plan: Plan, seconds: Seconds) -> tuple[Step, ...]:
    """Add up, row by row, what must run if each lesson's kernel stays alive.

    Raises:
        ValueError: a cell has not been measured.
    """
    reached: dict[str, int] = {}  # lesson -> position after the last cell that has run
    steps = []
    for row in plan.rows:
        above = skipped = inside = 0.0
        if row.lesson:
            first, last = (row.lesson.at(cell.id) for cell in (row.cells[0], row.cells[-1]))
            before = reached.get(row.lesson.name, first)
            above = between(row.lesson, 0, first, seconds)
            skipped = between(row.lesson, min(before, first), first, seconds)
            inside = between(row.lesson, max(first, before), last + 1, seconds)
            reached[row.lesson.name] = max(last + 1, before)
        steps.append(Step(row, above, skipped, inside))
    return tuple(steps)


def preparation(steps: Sequence[Step]) -> list[tuple[Lesson, Cell, float]]:
    """Return, for each lesson of a plan, its first anchor and the seconds above it."""
    first: dict[str, tuple[Lesson, Cell, float]] = {}
    for step in steps:
        if step.row.lesson:
            first.setdefault(step.row.lesson.name, (step.row.lesson, step.row.cells[0], step.above))
    return list(first.values())


def duration(seconds: float) -> str:
    """Return seconds, rounded up, as a lecturer reads them.

    >>> duration(0.2), duration(44.1), duration(61)
    ('1 s', '45 s', '1:01 min')
    """
    whole = max(1, math.ceil(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02} min"


def report(plan: Plan, seconds: Seconds) -> str:
    """Return the rehearsal of a plan as a table."""
    steps = rehearse(plan, seconds)
    lines = [f"{plan.title} ({plan.name})", "minutes   runs for  new laptop  row"]
    for step in steps:
        row = step.row
        live = duration(step.live) if step.live else "-"
        laptop = duration(step.laptop) if row.work == "hands-on" else "-"
        lines.append(f"{row.start:>3}-{row.end:<4}{live:>10}  {laptop:>10}  {row.title}")
    total = sum(step.live for step in steps)
    working = plan.minutes_of("hands-on", "paper")
    lines.append(
        f"{plan.minutes} minutes, of them {working} of own work, "
        f"{plan.minutes_of('hands-on')} at a machine; cells run for {duration(total)}, "
        f"{total / 60 / plan.minutes:.0%} of the time"
    )
    lines += [
        f"before: lesson {lesson.number}, above {cell.address} ({cell.id}): {duration(above)}"
        for lesson, cell, above in preparation(steps)
        if above
    ]
    return "\n".join(lines)


def chosen(root: Path, names: Sequence[str]) -> list[Plan]:
    """Return the plans of these names, all for none; `course` stands for its sessions.

    Raises:
        ValueError: there is no such plan.
    """
    unknown = [name for name in names if name not in {*PLANS, "course"}]
    if unknown:
        raise ValueError(f"no plan is named {unknown[0]!r}; there are {', '.join(PLANS)}, course")
    plans = [load_plan(root, name) for name in PLANS if name in names or not names]
    return plans + (list(load_course(root)) if "course" in names or not names else [])


def main() -> int:
    """Print the rehearsals; measure first what is asked for."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Hold the plans against the clock.")
    parser.add_argument("plan", nargs="*", help="45, 90, 180, course; default: all")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    parser.add_argument("--measure", action="store_true", help="run lessons with new code first")
    parser.add_argument("--again", action="store_true", help="run all lessons first")
    options = parser.parse_args()
    plans = chosen(options.root, options.plan)
    if options.measure or options.again:
        measure(options.root, options.again)
    seconds = load_seconds(options.root)
    print("\n\n".join(report(plan, seconds) for plan in plans))
    return 0
