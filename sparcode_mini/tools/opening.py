"""Files are opened only if they are ordinary ones, and errors say which file they are about."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

AT_ONCE = 2**20  # bytes that are looked at before more are read


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Open an ordinary file to read its bytes.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a folder, a pipe or a device (which could be read without end), or a file that
            the system does not let be read.
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ValueError(f"{path} is a folder; give the name of a file in it")
        if not stat.S_ISREG(mode):
            raise ValueError(f"{path} is a pipe or a device; give the name of an ordinary file")
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(
            f"there is no file {path} (current folder: {Path.cwd()})"
        ) from error
    except OSError as error:
        raise ValueError(f"{path} can't be read ({error.strerror}); look at its rights") from error


def read_text(file: BinaryIO, length: int, start: int = 0) -> bytes:
    """Read bytes of a text; a text has no NUL, and a long file that takes no room has only those.

    Raises:
        ValueError: a NUL, or fewer bytes.
    """
    file.seek(start)
    parts = []
    while length:
        part = file.read(min(length, AT_ONCE))
        if not part or b"\0" in part:
            raise ValueError("it holds NUL bytes" if part else "it became shorter")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Name the file in each ValueError; a failing disk or a lack of memory becomes one, too."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    except OSError as error:
        raise ValueError(f"{path}: it can't be read ({error.strerror})") from error
    except MemoryError as error:
        raise ValueError(f"{path}: it needs more memory than this machine has free") from error
