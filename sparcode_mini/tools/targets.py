"""Where a result is to be written: looked at before the work, so that no other file is lost.

A command replaces a file of its own kind, a model a model, and says so; it refuses all others.
"""

import os
import sys
from pathlib import Path

from sparcode_mini.tools.files import load_json, refuse_folder
from sparcode_mini.tools.header import read_header
from sparcode_mini.tools.opening import open_file
from sparcode_mini.tools.temporary import is_temporary

MODEL, INDEX, STATE = "a model", "an index", "the state of a training"
RESULT, PAGE = "a stored result", "a page of sparcode-mini xray"
DAMAGED = "a safetensors file that is damaged or of another program"
KINDS = {
    "sparcode-mini model": MODEL,
    "sparcode-mini index": INDEX,
    "sparcode-mini training": STATE,
}
OF_A_RESULT = {"config", "versions", "machine", "date"}  # see results.store
LONGEST_RESULT = 100_000_000  # bytes
PAGE_MARK = '<meta name="generator" content="sparcode-mini xray">'  # near the start of a page
LOOKED_AT = 4096  # bytes by which a text is told from other files


def check_target(path: str | os.PathLike[str], kind: str) -> None:
    """Refuse to replace a file of another kind; say in a line on stderr that one is replaced.

    Args:
        path: the file that is to be written at the end of the work.
        kind: MODEL, INDEX, RESULT or PAGE.

    Raises:
        IsADirectoryError: `path` is a folder.
        ValueError: there is a file of another kind, or the name is that of a temporary file.
        PermissionError: the folder, or the file, can't be written to.
    """
    path = Path(path)
    refuse_folder(path)
    if is_temporary(path.name):
        raise ValueError(f"{path} has the name of a temporary file; choose another name")
    _check_rights(path)
    if not path.exists():
        return
    content = kind_of(path)
    if content != kind:
        raise ValueError(
            f"{path} is {content}, not {kind}, so it is not replaced; choose another name"
        )
    print(f"{path} exists and is {kind}; it will be replaced at the end", file=sys.stderr)


def kind_of(path: str | os.PathLike[str]) -> str:
    """Return what a file is, in words with an article; as far as can be told, without loading it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no ordinary file, or one that can't be read.
    """
    with open_file(path) as file:
        start = file.read(LOOKED_AT)
        if not start:
            return "an empty file"
        if start[:9].lower() == b"<!doctype" and PAGE_MARK.encode() in start:
            return PAGE
        try:
            return KINDS.get(read_header(file).texts["kind"], "a safetensors file of another kind")
        except ValueError:
            size = file.seek(0, os.SEEK_END)
    if start.lstrip()[:1] == b"{" and size <= LONGEST_RESULT:
        try:
            return RESULT if set(load_json(path)) >= OF_A_RESULT else "a JSON file"
        except ValueError:
            pass  # a text that begins with a brace
    if start[8:9] == b"{":
        return DAMAGED
    return "a file of another program" if b"\0" in start else "a text file"


def _check_rights(path: Path) -> None:
    """Refuse a file, or a folder, that the system does not let be written."""
    place = path.resolve()
    places = [place, place.parent] if place.exists() else [place.parent]
    while not places[-1].exists():
        places.append(places.pop().parent)
    for place in places:
        if not os.access(place, os.W_OK):
            raise PermissionError(f"{place} can't be written to, for {path}; choose another place")
