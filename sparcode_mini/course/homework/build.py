"""Write the part: what students get, and what only teachers get, each below a folder of its own."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from sparcode_mini.course.homework import editions
from sparcode_mini.course.homework.data import SOURCES, assignments
from sparcode_mini.course.homework.samples import read_samples
from sparcode_mini.course.homework.source import Assignment
from sparcode_mini.tools.files import atomic_write

PAGES = {"README.md": Path("README.md"), "project.md": Path("student") / "project.md"}
NBGRADER_CONFIG = """\
# Made for `nbgrader` in this folder; see ../../README.md.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "sparcode-mini"
c.ExecutePreprocessor.timeout = 120
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("write this part")'}
"""


def write_part(out: Path, root: Path) -> None:
    """Write all files below `out`; a file from before is replaced.

    Raises:
        ValueError: a source is missing, or not as it should be.
    """
    files: dict[Path, bytes] = {}
    for name, place in PAGES.items():
        page = root / SOURCES / name
        if not page.is_file():
            raise ValueError(f"{page} is missing; give the project's folder as --root")
        files[place] = page.read_bytes()
    for name, assignment in assignments(root).items():
        files.update(_of_assignment(assignment, root / SOURCES / name))
    files[Path("teacher") / "nbgrader" / "nbgrader_config.py"] = NBGRADER_CONFIG.encode()
    for place, content in files.items():
        atomic_write(out / place, content)


def _of_assignment(assignment: Assignment, folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield place and content of each file of one assignment."""
    name, teacher = assignment.name, Path("teacher")
    notebooks = {
        Path("student") / name: editions.student(assignment),
        teacher / "solutions" / name: editions.solutions(assignment),
        teacher / "nbgrader" / "source" / name: editions.nbgrader(assignment),
        teacher / "otter" / name: editions.otter(assignment),
    }
    for place, notebook in notebooks.items():
        yield place / f"{name}.ipynb", as_bytes(notebook)
        for file, content in assignment.files.items():
            yield place / file, content
    samples = read_samples(folder, assignment)
    for sample in samples:
        yield teacher / "samples" / name / f"{sample.name}.ipynb", as_bytes(sample.notebook)
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["submission", *samples[0].points])
    table.writerows([f"{one.name}.ipynb", *one.points.values()] for one in samples)
    yield teacher / "samples" / f"{name}-points.csv", stream.getvalue().encode()


def as_bytes(notebook: NotebookNode) -> bytes:
    """Return the content of a notebook's file.

    Raises:
        ValueError: it is no valid notebook.
    """
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise ValueError(f"the notebook is not valid: {error.message}") from error
    text: str = nbformat.writes(notebook)
    return (text + "\n").encode()
