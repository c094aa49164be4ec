"""Who runs only the cells that a plan lists has each name that they need."""

from pathlib import Path

import pytest

from sparcode_mini.course.needs import defined, needed
from sparcode_mini.course.plans import rehearsal

ROOT = Path(__file__).resolve().parents[3]
PLANS = {plan.name: plan for plan in rehearsal.chosen(ROOT, [])}


def code(cells):
    return [cell for cell in cells if cell.kind == "code" and "solution" not in cell.tags]


def missing(plan):
    """Return (minute, cell, name) of each name that no cell run so far defines.

    A lesson's kernel has what stands above its first anchor; then it runs what the rows list.
    """
    kernels = {}
    lacks = []
    for row in plan.rows:
        if row.lesson is None:
            continue
        if row.lesson.name not in kernels:
            above = row.lesson.cells[: row.lesson.at(row.cells[0].id)]
            kernels[row.lesson.name] = set().union(*(defined(one.source) for one in code(above)))
        known = kernels[row.lesson.name]
        for cell in code(row.cells):
            lacks += [(row.start, cell.id, name) for name in sorted(needed(cell.source) - known)]
            known |= defined(cell.source)
    return lacks


@pytest.mark.parametrize("name", PLANS)
def test_listed_cells_have_what_they_need(name):
    assert missing(PLANS[name]) == []
