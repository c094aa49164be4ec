"""Files that are either whole or refused: atomic writes, tensors with a checksum, JSON.

Nothing here unpickles, so a file from a stranger can't run code.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as _decode
from safetensors.torch import save as _encode

Tensors = dict[str, torch.Tensor]
_HEAD = 8  # a safetensors file starts with the length of its JSON header, 8 bytes little-endian


def atomic_write(
    path: str | os.PathLike[str], content: bytes | Callable[[BinaryIO], object]
) -> Path:
    """Write a file so that readers see the old one or the new one, never a part.

    The bytes go to a temporary file in the same folder, are forced to the disk and renamed over
    the old file. After an error or Ctrl-C the old file is as it was, and there is no other file.

    Args:
        path: the file to write; missing folders are made, a symbolic link is followed.
        content: the bytes, or a function that writes them into an open binary file.

    Returns:
        `path`.

    Raises:
        IsADirectoryError: `path` is a folder.
        OSError: the disk refuses (no space, no permission).
    """
    path = Path(path)
    refuse_folder(path)
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are readable by the owner only, and the rename would keep that.
    temporary = target.parent / f".{target.name[:40]}.{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return path


def refuse_folder(path: str | os.PathLike[str]) -> None:
    """Refuse, before long work, to write its result under the name of a folder.

    Raises:
        IsADirectoryError: `path` is a folder.
    """
    if Path(path).is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the name of a file in it")


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


def save_tensors(
    path: str | os.PathLike[str],
    tensors: Mapping[str, torch.Tensor | np.ndarray],
    meta: Mapping[str, Any],
    kind: str,
    version: int,
) -> Path:
    """Save named tensors and a JSON-able dictionary as one safetensors file.

    Args:
        path: the file to write, atomically.
        tensors: name -> tensor or array of any shape and any numeric dtype; copied to the CPU.
        meta: anything `json.dumps` accepts. Keys come back as text, tuples as lists.
        kind: what the file holds ("model", "index", ...); checked on loading.
        version: layout of this kind, 1 or more; a file newer than the reader is refused.

    Returns:
        The path.

    Raises:
        ValueError: a tensor or `meta` can't be stored; the message names it.
    """
    if version < 1:
        raise ValueError(f"version is {version}; layouts are numbered from 1")
    plain = {name: _plain(name, value) for name, value in tensors.items()}
    text = _to_json(meta, "meta", indent=None, allow_nan=True)
    metadata = {"kind": kind, "version": str(version), "meta": text}
    metadata["sha256"] = _digest(plain, metadata)
    return atomic_write(path, _encode(plain, metadata))


def load_tensors(
    path: str | os.PathLike[str], kind: str, version: int
) -> tuple[Tensors, dict[str, Any]]:
    """Load a file of `save_tensors`, or say what is wrong with it.

    Args:
        path: the file.
        kind: the kind that the caller needs.
        version: the newest layout that the caller can read.

    Returns:
        (name -> CPU tensor with the saved shape and dtype, the meta dictionary).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a foreign, truncated or damaged file, another kind, or a newer layout.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path} (current folder: {Path.cwd()})")
    data = path.read_bytes()
    metadata = _metadata(path, data)
    if metadata["kind"] != kind:
        raise ValueError(
            f"{path} holds a {metadata['kind']!r}, not a {kind!r}; load it as what it is"
        )
    if not metadata["version"].isdecimal():
        raise _damaged(path, f"its version reads {metadata['version']!r}")
    if int(metadata["version"]) > version:
        raise ValueError(
            f"{path} has layout {metadata['version']} of {kind!r}, this program reads up to "
            f"{version}; update sparcode-mini, or save the file again with this version"
        )
    try:
        tensors: Tensors = _decode(data)
    except (SafetensorError, KeyError) as error:
        raise _damaged(path, str(error)) from error
    if _digest(tensors, metadata) != metadata["sha256"]:
        raise _damaged(path, "its checksum does not match its contents")
    return tensors, json.loads(metadata["meta"])


def save_json(path: str | os.PathLike[str], obj: object, indent: int | None = 2) -> Path:
    """Write `obj` as readable JSON (UTF-8, a final newline), atomically.

    Args:
        path: the file to write.
        obj: a value that JSON can hold.
        indent: spaces a level; None puts all on one line, for long lists of numbers.

    Raises:
        ValueError: JSON can't hold `obj`: an array, a NaN, an infinity.
    """
    text = _to_json(obj, "the object", indent=indent, allow_nan=False) + "\n"
    return atomic_write(path, text.encode("utf-8"))


def remembered(
    path: str | os.PathLike[str], question: object, make: Callable[[], Any], indent: int | None = 2
) -> Any:
    """Return the result of `make()`, kept in a JSON file so that it is made only once.

    Args:
        path: the file.
        question: everything that decides the result, as JSON can hold it; stored beside it.
        make: makes the result, which JSON can hold.
        indent: as for `save_json`.

    Raises:
        ValueError: the file holds the answer to another question, or something else.
    """
    path, question = Path(path), json.loads(json.dumps(question, allow_nan=False))
    if not path.exists():
        save_json(path, {"asked": question, "result": make()}, indent)
    stored = load_json(path)
    if not isinstance(stored, dict) or stored.get("asked") != question:
        raise ValueError(
            f"{path} is the result of another setting, or of another version; delete it, or choose "
            "another folder"
        )
    return stored["result"]


def file_digest(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes; it tells which model a result or a shard belongs to.

    Raises:
        FileNotFoundError: there is no such file.
    """
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not JSON; the message names the file, line and column.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path} (current folder: {Path.cwd()})")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # wrong JSON or wrong UTF-8
        raise ValueError(f"{path} is not a JSON file ({error}); write it again") from error


def _plain(name: str, value: torch.Tensor | np.ndarray) -> torch.Tensor:
    """Copy to a contiguous CPU tensor of its own: the format knows no strides and no sharing."""
    try:
        if isinstance(value, np.ndarray):
            return torch.from_numpy(np.array(value, order="C", copy=True))
        return value.detach().cpu().clone(memory_format=torch.contiguous_format)
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"tensor {name!r} can't be stored ({error}); give a numeric tensor or array"
        ) from error


def _to_json(obj: object, name: str, indent: int | None, allow_nan: bool) -> str:
    obj = dict(obj) if isinstance(obj, Mapping) else obj
    try:
        return json.dumps(obj, indent=indent, allow_nan=allow_nan, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} can't be written as JSON ({error}); "
            "use plain numbers, text, lists and dictionaries, and None for a missing number"
        ) from error


def _digest(tensors: Tensors, metadata: Mapping[str, str]) -> str:
    """Return the SHA-256 of kind, version, meta and each tensor's name, dtype, shape and bytes."""
    keys = [metadata["kind"], metadata["version"], metadata["meta"]]
    digest = hashlib.sha256(json.dumps(keys).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        if tensor.numel():  # an empty tensor has no bytes to view
            digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _metadata(path: Path, data: bytes) -> dict[str, str]:
    """Read and check the header; the error tells foreign, truncated and damaged files apart."""
    if data[_HEAD : _HEAD + 1] != b"{":
        reason = "is empty or cut short" if len(data) <= _HEAD else "is not a safetensors file"
        raise ValueError(f"{path} {reason}; give a file saved by sparcode-mini")
    length = int.from_bytes(data[:_HEAD], "little")
    if _HEAD + length > len(data):
        raise _damaged(path, f"it is cut short inside its header, at byte {len(data)}")
    try:
        header = json.loads(data[_HEAD : _HEAD + length])
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name[:2] != "__"]
        expected = _HEAD + length + max(ends, default=0)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise _damaged(path, f"its header can't be read: {error}") from error
    if len(data) < expected:
        raise _damaged(path, f"it is cut short: {len(data)} of {expected} bytes")
    metadata = header.get("__metadata__") or {}
    missing = sorted({"kind", "version", "meta", "sha256"} - set(metadata))
    if missing:
        raise ValueError(
            f"{path} is a safetensors file, but not one of sparcode-mini: it lacks {missing}"
        )
    return dict(metadata)


def _damaged(path: Path, reason: str) -> ValueError:
    return ValueError(
        f"{path} is damaged ({reason}); copy it again from where it came, or save anew"
    )
