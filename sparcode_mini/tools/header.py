"""The header of a safetensors file: checked in full before a byte of a tensor is read.

A file is: the length of the header (8 bytes, little-endian); the header, a JSON object that gives
each tensor's dtype, shape and place, and texts under "__metadata__"; the bytes of the tensors, one
after another without gaps. (https://github.com/huggingface/safetensors)
"""

import math
import re
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

import torch
from torch import Tensor

from sparcode_mini.tools.json_text import parse_json, to_json
from sparcode_mini.tools.opening import read_text

LENGTH = 8
LONGEST = 100_000_000  # bytes of a header, the limit of the format
MOST_SIDES = 16
MOST_VALUES = 1_000_000  # in the header, and in the meta of a file without tensors
LARGEST = 2**62  # bytes of a tensor whose empty sides count as 1: torch counts up to 2**63
DTYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "U16": torch.uint16,
    "I16": torch.int16, "F16": torch.float16, "BF16": torch.bfloat16, "U32": torch.uint32,
    "I32": torch.int32, "F32": torch.float32, "U64": torch.uint64, "I64": torch.int64,
    "F64": torch.float64,
}  # fmt: skip
NAMES = {dtype: name for name, dtype in DTYPES.items()}
TEXTS = {"kind", "version", "meta", "sha256"}


class Entry(NamedTuple):
    """Where a tensor lies, in bytes after the header, and how its bytes are read."""

    start: int
    end: int
    dtype: torch.dtype
    shape: tuple[int, ...]


class Header(NamedTuple):
    """A checked header: texts, tensors in the order of the file, and where their bytes begin."""

    texts: dict[str, str]
    entries: dict[str, Entry]
    body: int


def read_header(file: BinaryIO) -> Header:
    """Read the header of an open file; nothing else is read.

    Raises:
        ValueError: a foreign file, or one that is damaged or cut short.
    """
    size = file.seek(0, 2)
    return _header_of(_header_bytes(file, size), size)


def _header_of(data: bytes, size: int) -> Header:
    """Return the header of a file of `size` bytes."""
    body = LENGTH + len(data)
    try:
        content = parse_json(data, most=MOST_VALUES)
        texts = _texts(content.pop("__metadata__", None))
        entries = {name: _entry(name, value) for name, value in content.items()}
    except ValueError as error:
        raise damaged(f"its header can't be read: {error}") from error
    missing = sorted(TEXTS - set(texts))
    if missing:
        raise ValueError(f"it is a safetensors file, but none of sparcode-mini: it lacks {missing}")
    entries = dict(sorted(entries.items(), key=lambda pair: pair[1][:2]))
    expected = body + _extent(entries)
    if size < expected:
        raise damaged(f"it is cut short: {size} of {expected} bytes")
    if size > expected:
        raise damaged(f"{size - expected} bytes follow its last tensor")
    return Header(texts, entries, body)


def encode_header(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> bytes:
    """Return the header of tensors whose bytes will follow in this order; equal for equal content.

    Raises:
        ValueError: a dtype that the format does not know, a header that is too long, or one that
            `read_header` would refuse.
    """
    content: dict[str, Any] = {"__metadata__": dict(sorted(texts.items()))}
    place = 0
    for name, tensor in tensors.items():
        if tensor.dtype not in NAMES:
            raise ValueError(f"tensor {name!r} is {tensor.dtype}; give real numbers or booleans")
        end = place + tensor.numel() * tensor.element_size()
        shape = list(tensor.shape)
        entry = {"dtype": NAMES[tensor.dtype], "shape": shape, "data_offsets": [place, end]}
        content[name], place = entry, end
    data = to_json(content, "the header")
    data += b" " * (-len(data) % LENGTH)
    if len(data) > LONGEST:
        raise ValueError(f"titles and settings take {len(data):,} bytes; {LONGEST:,} are possible")
    try:
        _header_of(data, LENGTH + len(data) + place)
    except ValueError as error:
        raise ValueError(f"it could not be read again, so it is not saved: {error}") from error
    return len(data).to_bytes(LENGTH, "little") + data


def damaged(reason: str) -> ValueError:
    """Return the error for a file that is not as it was written."""
    return ValueError(f"it is damaged ({reason}); copy it again from where it came, or save anew")


def _header_bytes(file: BinaryIO, size: int) -> bytes:
    file.seek(0)
    start = file.read(LENGTH + 1)
    if start[LENGTH:] != b"{":
        reason = "is empty or cut short" if size <= LENGTH else "is not a safetensors file"
        raise ValueError(f"it {reason}; give a file saved by sparcode-mini")
    length = int.from_bytes(start[:LENGTH], "little")
    if LENGTH + length > size:
        raise damaged(f"it is cut short inside its header, at byte {size}")
    if length > LONGEST:
        raise damaged(f"its header claims {length} bytes; {LONGEST} are possible")
    try:
        return read_text(file, length, LENGTH)
    except ValueError as error:
        raise damaged(f"its header can't be read: {error}") from error


def _texts(content: Any) -> dict[str, str]:
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(v, str) for v in content.values()):
        raise ValueError("its __metadata__ is no object of texts")
    if not re.fullmatch("[1-9][0-9]{0,5}", content.get("version", "1"), re.ASCII):
        raise ValueError(f"its version reads {content['version'][:20]!r}, not 1, 2, ...")
    return content


def _entry(name: str, value: Any) -> Entry:
    """Check what the header says of one tensor."""
    about = f"tensor {name[:80]!r}"
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{about} needs dtype, shape and data_offsets")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ValueError(f"{about} has the unknown dtype {str(dtype)[:20]!r}")
    if not (_counts(shape) and len(shape) <= MOST_SIDES and _counts(offsets) and len(offsets) == 2):
        raise ValueError(f"{about} has a shape or data_offsets that are no small lists of counts")
    width = DTYPES[dtype].itemsize
    if math.prod(max(side, 1) for side in shape) * width > LARGEST:
        raise ValueError(f"{about} has a shape beyond all memory")
    if offsets[1] - offsets[0] != math.prod(shape) * width:
        raise ValueError(f"{about} has a shape that its data_offsets do not fit")
    return Entry(offsets[0], offsets[1], DTYPES[dtype], tuple(shape))


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(v) is int and 0 <= v < 2**63 for v in value)


def _extent(entries: Mapping[str, Entry]) -> int:
    """Return the bytes of all tensors; each must begin where the one before it ends."""
    place = 0
    for name, entry in entries.items():
        if entry.start != place:
            raise damaged(f"tensor {name[:80]!r} does not begin where the one before it ends")
        place = entry.end
    return place
