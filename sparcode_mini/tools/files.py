"""Files that are either whole or refused: atomic writes, tensors with a checksum, JSON.

Nothing here unpickles, so a file from a stranger can't run code.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from sparcode_mini.tools.header import encode_header, read_header
from sparcode_mini.tools.json_text import parse_json, to_json
from sparcode_mini.tools.opening import naming, open_file, read_text
from sparcode_mini.tools.options import short
from sparcode_mini.tools.temporary import replacing
from sparcode_mini.tools.tensor_file import (
    TensorFile,
    Tensors,
    digest_of,
    plain_tensor,
    raw_bytes,
    texts_of,
)

# --- writing ------------------------------------------------------------------------------------


def atomic_write(
    path: str | os.PathLike[str], content: bytes | Callable[[BinaryIO], object]
) -> Path:
    """Write a file so that readers see the old one or the new one, never a part.

    The bytes go to a temporary file in the same folder, are forced to the disk and renamed over
    the old file. After an error or Ctrl-C the old file is as it was, and there is no other file;
    what a killed process left is removed by the next write.

    Args:
        path: the file to write; missing folders are made, a symbolic link is followed.
        content: the bytes, or a function that writes them into an open binary file.

    Returns:
        `path`.

    Raises:
        IsADirectoryError: `path` is a folder.
        ValueError: `path` is a pipe or a device.
        OSError: the disk refuses (no space, no permission); the message names the file.
    """
    path = Path(path)
    refuse_folder(path)
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
        _sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or error
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space, or choose" if full else "choose"
        raise type(error)(f"{path} can't be written ({reason}); {remedy} another place") from error
    return path


def refuse_folder(path: str | os.PathLike[str]) -> None:
    """Refuse, before long work, to write its result under the name of something else than a file.

    Raises:
        IsADirectoryError: `path` is a folder.
        ValueError: `path` is a pipe or a device.
        OSError: the system allows no such name.
    """
    path = Path(path)
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise type(error)(
            f"{path} can't be a file ({error.strerror}); choose another name"
        ) from error
    if is_folder:
        raise IsADirectoryError(f"{path} is a folder; give the name of a file in it")
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is a pipe or a device; give the name of an ordinary file")


def _sync_folder(folder: Path) -> None:
    """Write the rename itself to the disk, where the system can (POSIX)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network file systems can't sync a folder; the file itself is safe
    finally:
        os.close(descriptor)


# --- tensors ------------------------------------------------------------------------------------


def save_tensors(
    path: str | os.PathLike[str],
    tensors: Mapping[str, torch.Tensor | np.ndarray],
    meta: Mapping[str, Any],
    kind: str,
    version: int,
) -> Path:
    """Save named tensors and a JSON-able dictionary as one safetensors file.

    Equal content gives equal bytes, so the digest of a file says what it holds.

    Args:
        path: the file to write, atomically.
        tensors: name -> tensor or array of any shape and any real dtype; copied to the CPU.
        meta: anything `json.dumps` accepts. Keys come back as text, tuples as lists.
        kind: what the file holds ("model", "index", ...); checked on loading.
        version: layout of this kind, 1 or more; a file newer than the reader is refused.

    Returns:
        The path.

    Raises:
        ValueError: a tensor or `meta` can't be stored; the message names it.
    """
    plain = {name: plain_tensor(name, value) for name, value in tensors.items()}
    # Wide numbers first: then each tensor begins at a multiple of its width.
    plain = dict(sorted(plain.items(), key=lambda pair: (-pair[1].element_size(), pair[0])))
    texts = texts_of(plain, meta, kind, version)
    texts["sha256"] = digest_of(plain, texts)
    header = encode_header(plain, texts)

    def write(file: BinaryIO) -> None:
        file.write(header)
        for tensor in plain.values():
            file.write(raw_bytes(tensor))

    return atomic_write(path, write)


def check_tensors(
    tensors: Mapping[str, torch.Tensor], meta: Mapping[str, Any], kind: str, version: int
) -> None:
    """Refuse, before long work, what `save_tensors` would refuse; arguments and errors as there."""
    encode_header(tensors, {**texts_of(tensors, meta, kind, version), "sha256": ""})


@contextmanager
def open_tensors(path: str | os.PathLike[str], kind: str, version: int) -> Iterator[TensorFile]:
    """Open a file of `save_tensors`, so that its shapes can be judged before it is read.

    Errors inside the `with` block name the file, too.

    Args:
        path: the file.
        kind: the kind that the caller needs.
        version: the newest layout that the caller can read.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a foreign, truncated or damaged file, another kind, or a newer layout.
    """
    with open_file(path) as file, naming(path):
        header = read_header(file)
        texts = header.texts
        if texts["kind"] != kind:
            raise ValueError(
                f"it holds a {texts['kind'][:40]!r}, not a {kind!r}; load it as what it is"
            )
        if int(texts["version"]) > version:
            raise ValueError(
                f"it has layout {texts['version']} of {kind!r}, this program reads up to "
                f"{version}; update sparcode-mini, or save the file again with this version"
            )
        yield TensorFile(file, header)


def load_tensors(
    path: str | os.PathLike[str], kind: str, version: int
) -> tuple[Tensors, dict[str, Any]]:
    """Load a file of `save_tensors`; arguments and errors as `open_tensors`.

    Returns:
        (name -> CPU tensor with the saved shape and dtype, the meta dictionary).
    """
    with open_tensors(path, kind, version) as file:
        return file.read(), file.meta


def file_digest(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes; it tells which model a result or a shard belongs to.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no ordinary file.
    """
    with open_file(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


# --- JSON ---------------------------------------------------------------------------------------


def save_json(path: str | os.PathLike[str], obj: object, indent: int | None = 2) -> Path:
    """Write `obj` as readable JSON (UTF-8, a final newline), atomically.

    Args:
        path: the file to write.
        obj: a value that JSON can hold.
        indent: spaces a level; None puts all on one line, for long lists of numbers.

    Raises:
        ValueError: JSON can't hold `obj`: an array, a NaN, an infinity.
    """
    return atomic_write(path, to_json(obj, "the object", indent) + b"\n")


def load_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the JSON object of a file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file holds no JSON object, a name twice, or a number that is not finite;
            the message names the file and, where the text goes wrong, line and column.
    """
    with open_file(path) as file:
        try:
            content = parse_json(read_text(file, file.seek(0, os.SEEK_END)))
            if not isinstance(content, dict):
                raise ValueError(f"it holds {short(content)}, not an object with names")
        except ValueError as error:
            raise ValueError(
                f"{path} is not a JSON file of sparcode-mini ({error}); delete it, or write it anew"
            ) from error
    return content


def remembered(
    path: str | os.PathLike[str],
    question: object,
    make: Callable[[], Any],
    indent: int | None = 2,
    form: type = dict,
) -> Any:
    """Return the result of `make()`, kept in a JSON file so that it is made only once.

    Args:
        path: the file.
        question: everything that decides the result, as JSON can hold it; stored beside it.
        make: makes the result, which JSON can hold.
        indent: as for `save_json`.
        form: of the result, dict or list.

    Raises:
        ValueError: the file holds the answer to another question, or something else.
    """
    path, question = Path(path), json.loads(json.dumps(question, allow_nan=False))
    if not path.exists():
        save_json(path, {"asked": question, "result": make()}, indent)
    stored = load_json(path)
    if stored.get("asked") != question or not isinstance(stored.get("result"), form):
        raise ValueError(
            f"{path} is the result of another setting, or of another version; delete it, or choose "
            "another folder"
        )
    return stored["result"]
