"""Fetch a file of a data set once and check it, or say what to do by hand.

Files are kept in ``pooch.os_cache("sparcode-mini")``. If the environment variable SPARCODE_DATA
names a folder, files are taken from there and nothing is fetched.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pooch

from sparcode_mini.tools.progress import Progress, progress

FOLDER_VARIABLE = "SPARCODE_DATA"
TIMEOUT = 30.0  # seconds without an answer, or without a further byte


@contextlib.contextmanager
def quiet_pooch() -> Iterator[None]:
    """Keep pooch's messages out of stderr, which stored notebooks compare."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def data_folder() -> tuple[Path, bool]:
    """Return the folder of the files, and whether the user named it (then nothing is fetched)."""
    given = os.environ.get(FOLDER_VARIABLE)
    return (Path(given).expanduser(), True) if given else (pooch.os_cache("sparcode-mini"), False)


class Bar:
    """The progress of a download in megabytes, with the methods that pooch calls."""

    def __init__(self, name: str) -> None:
        self.name, self.total, self._seen, self._full = name, 0, 0, False
        self._bar: Progress[None] | None = None

    def update(self, count: int) -> None:
        """Move the bar forward by `count` bytes."""
        if self._full:
            return
        if self._bar is None:
            self._bar = progress(total=self.total // 10**6 or None, desc=f"{self.name}, MB")
        before, self._seen = self._seen // 10**6, self._seen + count
        self._bar.update(self._seen // 10**6 - before)

    def reset(self) -> None:
        """Stop the count: pooch calls this at the end, only to fill the bar once more."""
        self._full = True

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()


def locate(name: str, url: str, checksum: str, title: str) -> Path:
    """Return the path of the file `name`, with the right checksum; fetch it if it is not here.

    Args:
        name: of the file.
        url: its address.
        checksum: such as "sha256:50d2...".
        title: of the data set, for messages.

    Raises:
        FileNotFoundError: SPARCODE_DATA is set and the file is not there.
        ConnectionError: it could not be fetched; the message says where to put it by hand.
        ValueError: the file of the user is damaged or another one.
    """
    folder, given = data_folder()
    if given:
        return check_given(folder / name, checksum, url, title)

    def retrieve() -> str:
        loader = pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=Bar(name))
        return pooch.retrieve(url, known_hash=checksum, fname=name, path=folder, downloader=loader)

    return fetched(retrieve, folder / name, url, checksum, title)


def check_given(path: Path, checksum: str | None, url: str, title: str) -> Path:
    """Return the path of a file of the user, if its checksum is right."""
    if not path.exists():
        raise FileNotFoundError(
            f"{title}: {FOLDER_VARIABLE} is set, but there is no {path}; put {path.name} from "
            f"{url} there, or unset {FOLDER_VARIABLE} to have it fetched"
        )
    kind, _, want = (checksum or "").partition(":")
    if checksum and (digest := pooch.file_hash(str(path), alg=kind)) != want:
        raise ValueError(
            f"{title}: {path} is damaged or another file ({kind} {digest}, expected {want}); "
            f"fetch it again from {url}"
        )
    return path


def fetched(
    retrieve: Callable[[], str], path: Path, url: str, checksum: str | None, title: str
) -> Path:
    """Call `retrieve`; if it fails, say what could not be fetched and what to do by hand."""
    try:
        with quiet_pooch():
            return Path(retrieve())
    except (OSError, ValueError, KeyError) as error:  # no network, wrong checksum, foreign answer
        known = f"; its {checksum.replace(':', ' is ', 1)}" if checksum else ""
        raise ConnectionError(
            f"{title} could not be fetched from {url} ({error}). Remedy: fetch that file by other "
            f"means and put it, unchanged, to {path}{known}"
        ) from error
