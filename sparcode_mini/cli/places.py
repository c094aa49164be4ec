"""Checks of what surrounds the program: caches, disks, states of trainings, the terminal, fonts.

Each check returns findings. CHECKS is the list of all, to which further ones are added.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from sparcode_mini.cli.common import RUNS, SUFFIX
from sparcode_mini.data.download import FOLDER_VARIABLE, data_folder
from sparcode_mini.tools.locks import InUse, hold, holder, in_use, is_lock

GIGABYTE = 10**9
ENOUGH, LEAST = 2.0, 0.1  # gigabytes: for a comfortable day, and for anything at all
SHIPPED = ("Chinese", "Japanese", "Korean", "emoji")  # scripts whose fonts come with the package
OUR_LOCKS = (".training.lock", f".training{SUFFIX}.lock", "plan.json.lock")
HOUR = 3600.0  # a temporary file is written in less


class Finding(NamedTuple):
    """The result of one check.

    Attributes:
        subject: what was looked at.
        mark: "ok"; "hint" if it works, but not as well as it could; "NO" if it is wrong.
        detail: what was found; unless all is well, also the remedy.
    """

    subject: str
    mark: str
    detail: str


def compiler_cache() -> list[Finding]:
    """Check whether numba can keep what it compiles."""
    if find_spec("numba") is None:
        return []  # a check of packages says so
    from sparcode_mini.compiled import jit

    folder = jit.cache_folder()
    if folder is None:
        return [Finding("compiler cache", "hint", jit.NO_CACHE)]
    if not _is_writable(folder):
        detail = f"{folder} can't be written to; set NUMBA_CACHE_DIR to a folder that can be"
        return [Finding("compiler cache", "hint", detail)]
    return [Finding("compiler cache", "ok", str(folder))]


def disk() -> list[Finding]:
    """Check whether results and data can be written, and how much room there is."""
    folder, given = data_folder()
    wanted = {"runs": (RUNS, "start in another folder")}
    if not given:  # a folder that the user named is only read
        wanted["data cache"] = (Path(folder), f"set {FOLDER_VARIABLE} to a folder with the data")
    return [_room(f"disk, {name}", *place) for name, place in wanted.items()]


def _room(subject: str, folder: Path, remedy: str) -> Finding:
    place = _nearest(folder)
    if not _is_writable(folder):
        return Finding(subject, "NO", f"{place} can't be written to; {remedy}")
    free = shutil.disk_usage(place).free / GIGABYTE
    detail = f"{free:.1f} GB free at {place}"
    if free >= ENOUGH:
        return Finding(subject, "ok", detail)
    return Finding(subject, "hint" if free >= LEAST else "NO", f"{detail}; free some, or {remedy}")


def _nearest(folder: Path) -> Path:
    """Return a folder, or the first above it that exists."""
    place = folder.absolute()
    return next(path for path in (place, *place.parents) if path.exists())


def _is_writable(folder: Path) -> bool:
    place = _nearest(folder)
    return place.is_dir() and os.access(place, os.W_OK)


def locks() -> list[Finding]:
    """Check whether a training can keep its files for itself."""
    place = _nearest(RUNS)
    if not _is_writable(place):
        return []  # the check of disks says so
    with suppress(InUse):  # by another doctor, so locks work
        try:
            with hold(place / ".doctor", "wait"):
                pass
        except OSError as error:
            return [Finding("locks", "NO", str(error))]
    return [Finding("locks", "ok", f"work at {place}")]


def states() -> list[Finding]:
    """Name the states of trainings in runs/: in use, or left by a training that was stopped."""
    findings = []
    for path in _files(RUNS):
        if path.name.endswith((f".training{SUFFIX}", ".training")):
            if in_use(path):
                detail = f"in use by {holder(path)}"
                findings.append(Finding(f"training {path}", "ok", detail))
            else:
                detail = "was stopped; the same command with --resume goes on, or delete the file"
                findings.append(Finding(f"training {path}", "hint", detail))
    return findings


def leftovers() -> list[Finding]:
    """Name the temporary files and the locks of processes that were killed."""
    findings = []
    for folder in (RUNS, Path(data_folder()[0])):
        old = {path: size for path in _files(folder) if (size := _left_bytes(path)) is not None}
        if old:
            megabytes = sum(old.values()) / 1e6
            detail = (
                f"{len(old)} of {megabytes:.1f} MB by killed processes; delete {next(iter(old))}"
            )
            findings.append(
                Finding("leftovers", "hint", detail + (", ..." if len(old) > 1 else ""))
            )
    return findings


def _left_bytes(path: Path) -> int | None:
    """Return the size of a file that a killed process left; None of any other."""
    try:
        status = path.stat()
    except OSError:
        return None  # it was in use, and is gone
    left = (
        path.suffix == ".tmp" and path.name.startswith(".") and time.time() - status.st_mtime > HOUR
    )
    if path.name.endswith(OUR_LOCKS):  # a lock of another program is none of our business
        left = is_lock(path) and not in_use(path.with_suffix(""))
    return status.st_size if left else None


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of the folders in it, sorted."""
    yield from sorted(path for path in (*folder.glob("*"), *folder.glob("*/*")) if path.is_file())


def terminal() -> list[Finding]:
    """Check whether the terminal has all letters that titles may have."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if encoding.lower().replace("-", "").startswith("utf"):
        return [Finding("terminal", "ok", encoding)]
    detail = f"{encoding} lacks letters, which are shown as ?; set PYTHONUTF8=1"
    return [Finding("terminal", "hint", detail)]


def fonts() -> list[Finding]:
    """Check which scripts of titles the pictures have letters for."""
    if find_spec("matplotlib") is None:
        return []  # a check of packages says so
    try:
        from sparcode_mini.plots import glyphs

        families = glyphs.scripts()
    except OSError as error:  # no font where ours should be
        return [Finding("fonts", "NO", f'{error}; pip install "sparcode-mini[lab]" again')]
    lost = [script for script, family in families.items() if family is None]
    detail = f"titles in Latin, {', '.join(script for script in families if script not in lost)}"
    if not lost:
        return [Finding("fonts", "ok", detail)]
    mark = "NO" if set(lost) & set(SHIPPED) else "hint"
    return [Finding("fonts", mark, f"{detail}; boxes for {', '.join(lost)}: {glyphs.REMEDY}")]


CHECKS: tuple[Callable[[], list[Finding]], ...] = (
    compiler_cache,
    disk,
    locks,
    states,
    leftovers,
    terminal,
    fonts,
)
