"""Files that one process uses at a time: who comes second is refused, or waits.

The lock is one of the operating system's on a file beside the used one, so that it ends with its
process, however that ends. The lock file is removed at the end. One that a killed process left
behind does no harm: nobody holds it.
"""

import errno
import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, SoftFileLock, Timeout

# Where the name of the holder begins in the lock file. Windows lets nobody else read the byte
# before it, on which the lock lies.
START = 1
LONGEST = 200  # bytes of a name
WORDS = re.compile(rb"(process .*|[0-9]*\n.*)?", re.DOTALL)  # ours; those of SoftFileLock
LOOK = 0.3  # seconds; who only looks whether a file is in use (`in_use`) has it for less


class InUse(RuntimeError):
    """Another process, or another thread, uses the file now."""


@contextmanager
def hold(path: str | os.PathLike[str], advice: str, seconds: float = 0.0) -> Iterator[None]:
    """Hold a file for this thread alone while the block runs; a block inside may hold it again.

    Args:
        path: the file; it need not exist. Missing folders are made.
        advice: what to do if another process uses it; the end of the message.
        seconds: how long to wait for another process; -1 for as long as it takes.

    Raises:
        InUse: another process or thread holds the file.
        OSError: no lock can be made beside it, or another file has the name of the lock.
    """
    path = Path(path)
    lock = _lock(path)
    try:
        lock_file(path).parent.mkdir(parents=True, exist_ok=True)
        if lock_file(path).exists() and not is_lock(lock_file(path)):
            raise FileExistsError(f"there is a file {path.name}.lock, which is no lock; move it")
        _acquire(lock, seconds, path)
    except Timeout:
        raise InUse(f"{path} is in use by {holder(path)}; {advice}") from None
    except OSError as error:
        long = error.errno == errno.ENAMETOOLONG
        remedy = "shorter name" if long else "folder on this machine in which files can be written"
        reason = error.strerror or error
        raise OSError(f"{path} can't be locked ({reason}); choose a {remedy}") from error
    try:
        _write_holder(path, lock)
        yield
    finally:
        if os.name == "posix" and lock.lock_counter == 1 and not isinstance(lock, SoftFileLock):
            # While it is held: who opened it before and locks it later finds it gone, and tries
            # again. On Windows `release` removes the file.
            with suppress(OSError):
                lock_file(path).unlink()
        lock.release()


def lock_file(path: Path) -> Path:
    """Return the lock file of a file: beside the file itself, by whatever links it is named."""
    path = path.resolve()
    return path.with_name(f"{path.name}.lock")


def in_use(path: Path) -> bool:
    """Tell whether another process or thread holds the file now."""
    if not lock_file(path).exists() or not is_lock(lock_file(path)):
        return False
    lock = _lock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def holder(path: Path) -> str:
    """Return the words that name the process that locked a file last."""
    try:
        with lock_file(path).open("rb", buffering=0) as file:
            file.seek(START)
            text = file.read(LONGEST).decode("utf-8", errors="replace")
    except OSError:
        text = ""
    return text if text and text.isprintable() else "another process"


def _lock(path: Path) -> FileLock:
    # A singleton: one object for each file and thread, which counts how often it is held.
    return FileLock(lock_file(path), is_singleton=True)


def is_lock(path: Path) -> bool:
    """Tell whether an existing file has the words of a lock; to take another would empty it.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb", buffering=0) as file:
        file.seek(START)
        return WORDS.fullmatch(file.read(LONGEST)) is not None and not file.read(1)


def _acquire(lock: FileLock, seconds: float, path: Path) -> None:
    """Lock at once, or say why not and wait."""
    try:
        lock.acquire(timeout=LOOK)
    except Timeout:
        if not seconds:
            raise
        print(f"{path} is in use by {holder(path)}; waiting", file=sys.stderr)
        lock.acquire(timeout=seconds)


def _write_holder(path: Path, lock: FileLock) -> None:
    if isinstance(lock, SoftFileLock):  # a disk without locks; then filelock writes its own words
        return
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    words = f"process {os.getpid()} on {platform.node()} since {since}".encode()
    with suppress(OSError), lock_file(path).open("r+b", buffering=0) as file:
        file.truncate(START)
        file.seek(START)
        file.write(words[:LONGEST])
