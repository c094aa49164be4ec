"""Checks of the places where files are written: caches, disks, states of trainings, the terminal.

Each check returns findings (subject, mark, detail); the detail of one that is not "ok" names the
remedy. CHECKS is the list of all, to which further ones are added.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from sparcode_mini.cli.common import RUNS, SUFFIX
from sparcode_mini.data.download import FOLDER_VARIABLE, data_folder
from sparcode_mini.tools.locks import holder, in_use

Found = list[tuple[str, str, str]]
GIGABYTE = 10**9
ENOUGH, LEAST = 2.0, 0.1  # gigabytes: for a comfortable day, and for anything at all
HOUR = 3600.0  # a temporary file is written in less


def compiler_cache() -> Found:
    """Check whether numba can keep what it compiles."""
    if find_spec("numba") is None:
        return []  # a check of packages says so
    from sparcode_mini.compiled import jit

    folder = jit.cache_folder()
    if folder is None:
        return [("compiler cache", "hint", jit.NO_CACHE)]
    return [("compiler cache", "ok", str(folder))]


def disk() -> Found:
    """Check whether results and data can be written, and how much room there is."""
    folder, given = data_folder()
    wanted = {"runs": (RUNS, "start in another folder")}
    if not given:  # a folder that the user named is only read
        wanted["data cache"] = (Path(folder), f"set {FOLDER_VARIABLE} to a folder with the data")
    return [_room(f"disk, {name}", *place) for name, place in wanted.items()]


def _room(subject: str, folder: Path, remedy: str) -> tuple[str, str, str]:
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        return subject, "NO", f"{place} can't be written to; {remedy}"
    free = shutil.disk_usage(place).free / GIGABYTE
    detail = f"{free:.1f} GB free at {place}"
    if free >= ENOUGH:
        return subject, "ok", detail
    return subject, "hint" if free >= LEAST else "NO", f"{detail}; free some, or {remedy}"


def states() -> Found:
    """Name the states of trainings in runs/: in use, or left by a training that was stopped."""
    findings = []
    for path in _files(RUNS):
        if path.name.endswith((f".training{SUFFIX}", ".training")):
            if in_use(path):
                detail = f"in use by {holder(path)}"
                findings.append((f"training {path}", "ok", detail))
            else:
                detail = "was stopped; the same command with --resume goes on, or delete the file"
                findings.append((f"training {path}", "hint", detail))
    return findings


def leftovers() -> Found:
    """Name temporary files of processes that were killed while they wrote."""
    findings = []
    for folder in (RUNS, Path(data_folder()[0])):
        old = [p for p in _files(folder) if p.suffix == ".tmp" and p.name.startswith(".")]
        old = [p for p in old if time.time() - p.stat().st_mtime > HOUR]
        if old:
            megabytes = sum(p.stat().st_size for p in old) / 1e6
            detail = f"{len(old)} of {megabytes:.1f} MB by killed processes; delete {old[0]}"
            findings.append(("temporary files", "hint", detail + (", ..." if old[1:] else "")))
    return findings


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of the folders in it, sorted."""
    yield from sorted(path for path in (*folder.glob("*"), *folder.glob("*/*")) if path.is_file())


def terminal() -> Found:
    """Check whether the terminal has all letters that titles may have."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if encoding.lower().replace("-", "").startswith("utf"):
        return [("terminal", "ok", encoding)]
    detail = f"{encoding} lacks letters, which are shown as ?; set PYTHONUTF8=1"
    return [("terminal", "hint", detail)]


CHECKS: tuple[Callable[[], Found], ...] = (compiler_cache, disk, states, leftovers, terminal)
