"""The solutions pass, the starters don't, and the README says how long it takes."""

import re

import numpy as np
import pytest
import torch

import minutes
import notebooks
from sparcode_mini.lessons.capstone import check, check_index
from sparcode_mini.lessons.vector_quantization import check as check_03

PATH = notebooks.FOLDER / "capstone.ipynb"
NOTEBOOK = notebooks.read(PATH)
TEXT = "\n".join(cell.source for cell in NOTEBOOK.cells)
SOLVED = [c.source for c in NOTEBOOK.cells if "solution" in c.metadata.get("tags", ())]
SOLUTIONS = {
    function: source
    for source in SOLVED
    for function in re.findall(r"^def (my_\w+)\(", source, re.M)
}
TAKEN = dict(re.findall(r"bench\.take\(check\w*\.(\w+), (my_\w+)\)", TEXT))
CHECKS = {
    name: next(getattr(at, name) for at in (check, check_index, check_03) if hasattr(at, name))
    for name in TAKEN
}


def test_each_exercise_has_a_solution() -> None:
    assert sorted(TAKEN.values()) == sorted(SOLUTIONS)
    assert len(TAKEN) == 7


@pytest.mark.parametrize("name", TAKEN)
def test_the_solution_passes_and_is_short(name) -> None:
    code = SOLUTIONS[TAKEN[name]].partition("\n\n\nassert ")[0]
    assert len(code.strip().splitlines()) <= 13  # the first line is "# Solution"
    space = {"np": np, "torch": torch}
    exec(code, space)
    verdict = CHECKS[name](space[TAKEN[name]])
    assert verdict.passed, verdict.message


@pytest.mark.parametrize("name", TAKEN)
def test_the_starter_does_not_pass(name) -> None:
    start = f"def {TAKEN[name]}("
    (cell,) = [c for c in NOTEBOOK.cells if c.cell_type == "code" and c.source.startswith(start)]
    space = {"np": np, "torch": torch}
    exec(cell.source.partition("\n\n\n")[0], space)
    assert not CHECKS[name](space[TAKEN[name]]).passed


def test_the_readme_says_how_long_it_takes() -> None:
    stated = " + ".join(re.findall(r"\d+", minutes.stated_line(NOTEBOOK)))
    readme = (notebooks.ROOT / "README.md").read_text("utf-8")
    assert f"| | [Capstone](notebooks/{PATH.name}) | {stated} |" in readme
