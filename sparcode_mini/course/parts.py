"""The parts of the kit, by name, in the order in which they are made."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # the project's folder
# Name of the part -> what it is, for --help. The module `sparcode_mini.course.NAME` writes it.
PARTS: Mapping[str, str] = {
    "laptops": "a check for each laptop, pages for the teacher and for machines of others",
    "editions": "the lessons for students, for the lectern, with solutions",
    "figures": "every picture of the lessons as SVG and PNG",
    "slides": "slides with notes and PDF, handouts with blanks",
    "plans": "what to say, ask and show, minute by minute",
    "quiz": "questions with reasons, for Moodle, Canvas, paper and the notebooks",
    "homework": "three assignments and a project: for students, nbgrader, otter; solutions",
    "map": "needs of the lessons, from objective to exam, exam questions, notation on one page",
    "bundle": "a folder for a USB stick: packages, lessons, site; only when it is named (1.4 GB)",
}
TRANSLATED = ("editions", "figures", "slides", "plans", "quiz")  # the others are in English only
WHEN_NAMED = ("bundle",)  # needs a network and time, so `sparcode-mini course` leaves it out

Write = Callable[[Path, Path], None]


def writer(name: str) -> Write:
    """Return the function that writes a part: `write(out, root)`.

    It writes the part's folder `out` (which may be there from before) from the project's folder
    `root`, shows its progress, and raises ValueError if something that it needs is missing.
    """
    module = importlib.import_module(f"sparcode_mini.course.{name}")
    write: Write = module.write
    return write
