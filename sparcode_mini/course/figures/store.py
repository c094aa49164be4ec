"""The folder of pictures: one for each lesson, index.json for programs, index.html for readers.

A lesson is replaced as a whole; index.json and index.html always name what is there.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sparcode_mini.course.figures import page
from sparcode_mini.course.figures.drawings import Drawing
from sparcode_mini.plots.labels import LICENCE
from sparcode_mini.tools.files import atomic_write, load_json, save_json

INDEX, PAGE = "index.json", "index.html"
KIND, VERSION = "figures of sparcode-mini", 1


@dataclass(frozen=True)
class Entry:
    """One picture in index.json.

    Attributes:
        lesson: stem of the notebook; "front": the README.
        lesson_title: heading of the notebook.
        cell: id of the cell; that of its second picture ends in ".2".
        title: the heading above the cell.
        alt: what the picture shows.
        svg, png: files, relative to the index.
        width, height: on a page, in CSS pixels; the PNG has three for each.
        bytes, sha256: of "svg" and "png".
    """

    lesson: str
    lesson_title: str
    cell: str
    title: str
    alt: str
    svg: str
    png: str
    width: int
    height: int
    bytes: dict[str, int]
    sha256: dict[str, str]


def entry(drawing: Drawing) -> Entry:
    """Describe a picture for the index."""
    pixels = [int.from_bytes(drawing.png[start : start + 4], "big") for start in (16, 20)]
    files = {"svg": drawing.svg, "png": drawing.png}
    place = f"{drawing.lesson}/{drawing.name}"
    return Entry(
        lesson=drawing.lesson,
        lesson_title=drawing.lesson_title,
        cell=drawing.name,
        title=drawing.title,
        alt=drawing.alt,
        svg=f"{place}.svg",
        png=f"{place}.png",
        width=drawing.width,
        height=round(drawing.width * pixels[1] / pixels[0]),
        bytes={kind: len(content) for kind, content in files.items()},
        sha256={kind: hashlib.sha256(content).hexdigest() for kind, content in files.items()},
    )


class Store:
    """A folder of pictures; what is in it stays until its lesson is replaced.

    Args:
        folder: one that does not exist, is empty, or has an index.json of this program.
        lessons: all that there are, in the order of the index; pictures of others are removed.

    Raises:
        ValueError: the folder holds something else.

    Attributes:
        entries: the pictures that are there, by lesson.
    """

    def __init__(self, folder: Path, lessons: Collection[str]) -> None:
        self.folder = folder
        stored = _stored(folder)
        self.entries = {lesson: stored.get(lesson, []) for lesson in lessons}
        self._write_index()
        for lesson in stored.keys() - self.entries.keys():
            self._remove_others(lesson, set())

    def replace(self, lesson: str, drawings: Sequence[Drawing]) -> None:
        """Write the pictures of a lesson, and remove those that it had before."""
        entries = [entry(drawing) for drawing in drawings]
        for one, drawing in zip(entries, drawings, strict=True):
            atomic_write(self.folder / one.svg, drawing.svg)
            atomic_write(self.folder / one.png, drawing.png)
        self.entries[lesson] = entries
        self._write_index()
        self._remove_others(lesson, {name for one in entries for name in (one.svg, one.png)})

    def everything(self) -> list[Entry]:
        """Return all pictures in the order of the lessons."""
        return [one for entries in self.entries.values() for one in entries]

    def _write_index(self) -> None:
        head = {"kind": KIND, "version": VERSION, "licence": LICENCE._asdict()}
        pictures = [asdict(one) for one in self.everything()]
        save_json(self.folder / INDEX, {**head, "figures": pictures})
        atomic_write(self.folder / PAGE, page.html_page(pictures).encode("utf-8"))

    def _remove_others(self, lesson: str, kept: set[str]) -> None:
        place = self.folder / lesson
        for path in [*place.glob("*.svg"), *place.glob("*.png")]:
            if f"{lesson}/{path.name}" not in kept:
                path.unlink()
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def _stored(folder: Path) -> dict[str, list[Entry]]:
    """Read the index of a folder: entries by lesson."""
    path = folder / INDEX
    if not path.exists():
        if folder.exists() and any(folder.iterdir()):
            raise ValueError(f"{folder} holds something else than figures; choose another --out")
        return {}
    index = load_json(path)
    if (index.get("kind"), index.get("version")) != (KIND, VERSION):
        raise ValueError(f"{path} is no index of figures of this version; choose another --out")
    lessons: dict[str, list[Entry]] = {}
    for one in _entries(index.get("figures"), path):
        lessons.setdefault(one.lesson, []).append(one)
    return lessons


def _entries(stored: Any, path: Path) -> list[Entry]:
    try:
        entries = [Entry(**one) for one in stored]
    except TypeError as error:
        raise ValueError(f"{path} has an entry of another version; delete this file") from error
    for one in entries:
        # When the lesson is gone, the pictures in a folder of this name are removed.
        if not re.fullmatch(r"\w[\w .-]*", str(one.lesson)):
            raise ValueError(f"{path} has a lesson {one.lesson!r}; delete this file")
    return entries
