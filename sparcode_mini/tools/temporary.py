"""Temporary files of writes: each is locked while it is written, so the others are leftovers.

A process that is killed can't remove its file. The next write of the same target does.
"""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

LONGEST_NAME = 40  # letters of a target's name; systems allow 255 bytes in all
ENDING = r"\.[0-9a-f]{16}\.tmp"  # as a pattern
AT_REST = 60.0  # seconds after which a file that nobody holds open is a leftover (Windows)


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces `target` once it is written in full.

    Raises:
        OSError: the disk refuses; then `target` is as it was, and there is no other file.
    """
    remove_leftovers(target)
    path, file = _open_temporary(target)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, path)
            if sys.platform != "win32":
                path.replace(target)  # while it is locked: nobody may take it for a leftover
        if sys.platform == "win32":
            path.replace(target)  # Windows renames closed files only
    finally:
        path.unlink(missing_ok=True)


def is_temporary(name: str) -> bool:
    """Tell whether a file of this name would be taken for a leftover of some target."""
    return re.fullmatch(rf"\..+{ENDING}", name, re.DOTALL) is not None


def leftovers(target: Path) -> list[Path]:
    """Return the temporary files of `target`: those of killed processes, and those in use."""
    name = re.compile(rf"\.{re.escape(_stem(target))}{ENDING}")
    try:
        return [path for path in target.parent.iterdir() if name.fullmatch(path.name)]
    except OSError:  # a folder that may be written but not listed
        return []


def remove_leftovers(target: Path) -> None:
    """Remove the temporary files of `target` that no living process writes."""
    for path in leftovers(target):
        with contextlib.suppress(OSError):  # already gone, in use, or the file of somebody else
            _remove_unused(path)


def _open_temporary(target: Path) -> tuple[Path, BinaryIO]:
    while True:
        # Not tempfile: its files are readable by the owner only, and a rename would keep that.
        path = target.parent / f".{_stem(target)}.{secrets.token_hex(8)}.tmp"
        file = path.open("xb")
        _lock(file)
        if path.exists():
            return path, file
        file.close()  # before it was locked, another process took it for a leftover


def _stem(target: Path) -> str:
    """Return the target's name; of a long one its beginning and a digest, so that none clash."""
    name = target.name
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f"{name[:LONGEST_NAME]}-{digest[:8]}"


if sys.platform == "win32":

    def _lock(file: BinaryIO) -> None:
        """Do nothing: Windows does not remove a file that is open."""

    def _remove_unused(path: Path) -> None:
        """Remove a file that was not changed for a while; Windows refuses if it is open."""
        if time.time() - path.stat().st_mtime > AT_REST:
            path.unlink()

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        """Lock a file of our own, until it is closed or its process ends."""
        with contextlib.suppress(OSError):  # no locks here: then nobody removes it, either
            fcntl.flock(file, fcntl.LOCK_EX)

    def _remove_unused(path: Path) -> None:
        """Remove a file that nobody has locked.

        Raises:
            OSError: it is locked, or locks do not work here.
        """
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
