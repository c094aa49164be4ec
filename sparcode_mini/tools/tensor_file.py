"""A file of tensors: its header first, then tensors as bytes, and a checksum over all."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
import torch

from sparcode_mini.tools.header import MOST_VALUES, Entry, Header, damaged
from sparcode_mini.tools.json_text import parse_json, to_json

Tensors = dict[str, torch.Tensor]


class TensorFile:
    """An open file of `save_tensors`, of which only the header was read.

    Attributes:
        shapes: name -> tensor without data, on the device "meta": its shape and dtype.
        meta: the dictionary that was saved.
    """

    def __init__(self, file: BinaryIO, header: Header) -> None:
        self._file, self._header = file, header
        self.meta = _meta(header)
        self.shapes: Tensors = {
            name: torch.empty(entry.shape, dtype=entry.dtype, device="meta")
            for name, entry in header.entries.items()
        }

    def read(self) -> Tensors:
        """Return name -> CPU tensor with the saved shape and dtype.

        Raises:
            ValueError: the checksum does not fit, or there is too little memory.
        """
        self._file.seek(self._header.body)
        entries = self._header.entries.items()
        tensors = {name: _read(self._file, name, entry) for name, entry in entries}
        if digest_of(tensors, self._header.texts) != self._header.texts["sha256"]:
            raise damaged("its checksum does not match its contents")
        return tensors


def plain_tensor(name: str, value: torch.Tensor | np.ndarray) -> torch.Tensor:
    """Copy to a contiguous CPU tensor of its own: the format knows no strides and no sharing."""
    try:
        if isinstance(value, np.ndarray):
            tensor = torch.from_numpy(np.array(value, order="C", copy=True))
        else:
            tensor = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        check_booleans(name, tensor)
        return tensor
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ValueError(
            f"tensor {name!r} can't be stored ({error}); give a numeric tensor or array"
        ) from error


def check_booleans(name: str, tensor: torch.Tensor) -> None:
    """Refuse a byte that is no boolean: each reader would take it for something else."""
    if tensor.dtype == torch.bool and tensor.numel() and int(tensor.view(torch.uint8).max()) > 1:
        raise ValueError(f"tensor {name!r} holds a boolean that is neither 0 nor 1")


def texts_of(
    tensors: Mapping[str, torch.Tensor], meta: Mapping[str, Any], kind: str, version: int
) -> dict[str, str]:
    """Return the texts of a header, all but the checksum; equal content gives equal texts.

    Raises:
        ValueError: `meta` is no dictionary that JSON can hold, with each name once, or has too many
            values for such tensors.
    """
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    if version < 1:
        raise ValueError(f"version is {version}; layouts are numbered from 1")
    content = _object(to_json(meta, "meta", allow_nan=True), size)  # 1 and "1" are one name
    text = to_json(content, "meta", allow_nan=True, sort_keys=True).decode()
    return {"kind": kind, "version": str(version), "meta": text}


def _object(text: bytes, size: int) -> dict[str, Any]:
    """Read the text of a meta.

    Args:
        text: the JSON.
        size: of all tensors, in bytes. Each item has weights, so that a small file has few titles.

    Raises:
        ValueError: it is no object of JSON, or one of too many values for such a file.
    """
    content = parse_json(text, allow_nan=True, most=MOST_VALUES + size)
    if not isinstance(content, dict):
        raise ValueError("its meta is no JSON object")
    return content


def raw_bytes(tensor: torch.Tensor) -> Any:
    """Return the bytes of a contiguous tensor, not copied."""
    if not tensor.numel():
        return bytearray()  # an empty tensor has no bytes to view
    return tensor.reshape(-1).view(torch.uint8).numpy().data


def digest_of(tensors: Tensors, texts: Mapping[str, str]) -> str:
    """Return the SHA-256 of kind, version, meta and each tensor's name, dtype, shape and bytes."""
    keys = [texts["kind"], texts["version"], texts["meta"]]
    digest = hashlib.sha256(json.dumps(keys).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(raw_bytes(tensor))
    return digest.hexdigest()


def _meta(header: Header) -> dict[str, Any]:
    try:
        size = max((entry.end for entry in header.entries.values()), default=0)
        return _object(header.texts["meta"].encode("utf-8"), size)
    except ValueError as error:
        raise damaged(f"its meta can't be read: {error}") from error


def _read(file: BinaryIO, name: str, entry: Entry) -> torch.Tensor:
    """Read the tensor that comes next in the file."""
    try:
        tensor = torch.empty(entry.shape, dtype=entry.dtype, device="cpu")
    except RuntimeError as error:
        raise MemoryError from error  # torch has no error of its own for that
    data = raw_bytes(tensor)
    if file.readinto(data) < len(data):  # type: ignore[attr-defined]  # BufferedReader has it
        raise damaged("it became shorter while it was read")
    try:
        check_booleans(name, tensor)
    except ValueError as error:
        raise damaged(str(error)) from error
    return tensor
