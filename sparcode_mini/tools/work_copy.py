"""A learner's own copy of the lessons, which no update and no `git pull` touches.

The folder holds a copy of each file, and a list of the digests with which they were copied. So one
can tell a copy in which somebody has worked from one that is as it came.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sparcode_mini.tools.files import atomic_write, file_digest, load_json, save_json
from sparcode_mini.tools.language import LANGUAGES

LIST = ".copied.json"
FOLDERS = ("", *(f"{name}/" for name in LANGUAGES if name != "en"))
# What belongs to the copies and moves away with them.
BESIDE = (LIST, *(f"{folder}predictions.json" for folder in FOLDERS))
KINDS = ("*.ipynb", "*.md")


class Copied(NamedTuple):
    """What was done.

    Attributes:
        added: names of files that were not there.
        renewed: names of files that were replaced, because nobody had worked in them.
        kept: names of files that were left as they are, though their lesson has changed.
        moved_to: the folder that holds what was moved away; None if nothing was.
    """

    added: list[str]
    renewed: list[str]
    kept: list[str]
    moved_to: Path | None = None


def make_work_copy(lessons: Path, work: Path, fresh: bool = False) -> Copied:
    """Copy the lessons into a folder of the learner's own; never overwrite what they wrote.

    Args:
        lessons: the folder with the lessons; those of other languages are in folders of it.
        work: the folder of the copies, made if it is not there.
        fresh: copy all anew; the old copies are moved into a folder inside `work`.

    Returns:
        What was done with which file.

    Raises:
        ValueError: the list of copies can't be read.
        OSError: a file can't be written.
    """
    work.mkdir(parents=True, exist_ok=True)
    digests = load_json(work / LIST) if (work / LIST).exists() else {}
    moved_to = None
    if fresh:
        moved_to = _move_away(work, dict.fromkeys([*digests, *_files(lessons), *BESIDE]))
        digests = {}
    copied = Copied([], [], [], moved_to)
    for name in _files(lessons):
        source, target = lessons / name, work / name
        digest, known = file_digest(source), digests.get(name)
        if not target.exists():
            copied.added.append(name)
        elif digest in (known, file_digest(target)):
            continue  # the lesson has not changed since it was copied, or stands there already
        elif file_digest(target) == known:
            copied.renewed.append(name)
        else:
            copied.kept.append(name)
            continue
        target.parent.mkdir(exist_ok=True)
        atomic_write(target, source.read_bytes())
        digests[name] = digest
        save_json(work / LIST, digests)
    return copied


def _files(folder: Path) -> list[str]:
    """Return the files of all languages, by their names from `folder` on."""
    paths = (path for part in FOLDERS for kind in KINDS for path in folder.glob(part + kind))
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def _move_away(work: Path, names: Iterable[str]) -> Path | None:
    """Move files into a new folder inside `work`; return it, or None if there were none."""
    there = [name for name in names if (work / name).exists()]
    if not there:
        return None
    day = time.strftime("before-%Y-%m-%d")
    folders = (work / f"{day}{f'-{n}' if n > 1 else ''}" for n in itertools.count(1))
    folder = next(folder for folder in folders if not folder.exists())
    folder.mkdir()
    for name in there:
        (folder / name).parent.mkdir(exist_ok=True)
        (work / name).rename(folder / name)
    return folder
