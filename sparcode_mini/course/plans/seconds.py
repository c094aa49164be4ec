"""How long each cell of the lessons takes: measured once, stored, read by the plans.

    python -m sparcode_mini.course.plans --measure

runs the notebooks, which stay as they are. A notebook whose code was measured before is left out.
What is measured is the time that the kernel uses a core, so that other work on the machine does not
count. A machine that does nothing else needs about as long by the clock.
"""

import contextlib
import hashlib
import os
import platform
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat import NotebookNode

from sparcode_mini.course.execution import execute
from sparcode_mini.course.lessons import Lesson
from sparcode_mini.tools.files import load_json, save_json
from sparcode_mini.tools.progress import Progress, progress

COMMAND = "python -m sparcode_mini.course.plans"
Seconds = Mapping[str, Mapping[str, float]]  # lesson -> cell -> seconds


def place(root: Path) -> Path:
    """Return the file of the stored times."""
    return root / "assets" / "course" / "plans" / "seconds.json"


def load_times(root: Path) -> dict[str, Any]:
    """Read the stored times: `machine`, and for each lesson `date`, `load` and `seconds`.

    Raises:
        FileNotFoundError: nothing was measured.
    """
    path = place(root)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; run {COMMAND} --measure")
    return load_json(path)


def load_seconds(root: Path) -> Seconds:
    """Read the seconds of each cell; errors as `load_times`."""
    return {name: entry["seconds"] for name, entry in load_times(root)["lessons"].items()}


def between(lesson: Lesson, start: int, stop: int, seconds: Seconds) -> float:
    """Return the seconds of the code cells at the positions from `start` to before `stop`.

    Raises:
        ValueError: a cell has not been measured.
    """
    measured = seconds.get(lesson.name, {})
    total = 0.0
    for cell in lesson.cells[start:stop]:
        if cell.kind == "code" and cell.id not in measured:
            raise ValueError(
                f"{lesson.name}, cell {cell.id}: no measured seconds; run {COMMAND} --measure"
            )
        total += measured.get(cell.id, 0.0)
    return total


def digest(notebook: NotebookNode) -> str:
    """Return a digest of the code with its ids; text may change without a new measurement."""
    cells = [(cell.id, cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256(repr(cells).encode()).hexdigest()[:16]


def measure_lesson(path: Path) -> dict[str, Any]:
    """Run a notebook, which stays as it is, and return what is stored of it.

    Raises:
        RuntimeError: a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    code = digest(notebook)
    started: dict[str, float] = {}  # what the kernel had used when a cell began
    seconds: dict[str, float] = {}
    count = sum(cell.cell_type == "code" for cell in notebook.cells)
    bar: Progress[None] = progress(total=count, desc=path.stem)

    def begin(cell: NotebookNode, cell_index: int) -> None:
        started[cell.id] = _used()

    def end(cell: NotebookNode, cell_index: int, execute_reply: object) -> None:
        seconds[cell.id] = round(max(_used() - started[cell.id], 0), 2)
        bar.update()

    with bar:
        execute(notebook, path.parent, on_cell_execute=begin, on_cell_executed=end)
    return {"code": code, "date": date.today().isoformat(), "load": _load(), "seconds": seconds}


def measure(root: Path, again: bool) -> None:
    """Measure the lessons that have new code, or all, and store each as it is done."""
    path = place(root)
    stored = load_json(path) if path.exists() else {"lessons": {}}
    stored["machine"] = {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    lessons = stored["lessons"] = {
        one.stem: stored["lessons"][one.stem] for one in notebooks if one.stem in stored["lessons"]
    }
    for one in notebooks:
        code = digest(nbformat.read(one, as_version=4))
        if again or lessons.get(one.stem, {}).get("code") != code:
            lessons[one.stem] = measure_lesson(one)
            save_json(path, stored)
        total = sum(lessons[one.stem]["seconds"].values())
        print(f"{one.stem}: {total:.0f} s", flush=True)


def _used() -> float:
    """Return the seconds of a core that the programs used which this one started."""
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            times = child.cpu_times()
            total += times.user + times.system
    return total


def _load() -> float | None:
    """Return how many programs wanted a core, on average over the last minutes; None on Windows."""
    return round(os.getloadavg()[1], 1) if hasattr(os, "getloadavg") else None
