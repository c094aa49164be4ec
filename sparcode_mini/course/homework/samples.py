"""Sample submissions with known marks: samples.toml of an assignment, as notebooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from sparcode_mini.course.forms import read_toml
from sparcode_mini.course.homework.editions import submission
from sparcode_mini.course.homework.source import Assignment


@dataclass(frozen=True)
class Sample:
    """A submission and the points that it earns (task -> points)."""

    name: str
    notebook: NotebookNode
    points: Mapping[str, int]


def read_samples(folder: Path, assignment: Assignment) -> list[Sample]:
    """Read the samples of an assignment.

    Raises:
        ValueError: a sample has a cell, or points of a task, that the assignment has not; or the
            file is no TOML.
    """
    content = read_toml(folder / "samples.toml")
    samples = []
    for entry in content["submission"]:
        cells = {name: code.strip("\n") for name, code in entry.get("cells", {}).items()}
        unknown = set(cells) - {cell.name for cell in assignment.cells}
        unknown |= set(entry["points"]) - set(assignment.tasks())
        if unknown:
            raise ValueError(f"{folder / 'samples.toml'}: {entry['name']}: no cell {unknown}")
        cells["student"] = f"STUDENT = {entry['student']}"
        samples.append(Sample(entry["name"], submission(assignment, cells), entry["points"]))
    return samples
