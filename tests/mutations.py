"""Hostile files: changes of bytes, JSON, tensors and tables, all drawn from one generator."""

import copy
import json
import random

import torch

from sparcode_mini.tools.header import LENGTH, encode_header
from sparcode_mini.tools.tensor_file import digest_of, raw_bytes

DEEP = 100_000
VALUES = (
    None, True, False, -1, 0, 1, 3, 255, 2**31, 2**53 + 1, 2**63, 10**7, 10**15, 10**30, 0.5, -0.0,
    1e-320, 1e308, float("nan"), float("inf"), "", "x", "0", "64", "\x00", "\x1b[2J", "\n", "é",
    "__class__", "hard", "linear", "float64", "int64", "products", "gru", [], {}, [[]], [1], ["x"],
    {"x": 1}, [None], "long" * 5000, list(range(2000)),
)  # fmt: skip
CELLS = (
    "", " ", "NA", "nan", "None", "null", "true", "0", "-1", "1e999", "9" * 30, "1.5", "\x00", '"',
    '""', '"a\nb"', "'", ",", "\t", ";", "|", "\\", "a|b", "|", "é", "\ufeff", "\u200b", "\r",
    '"a \\"b\\" c"', "(missing)", "# x", "sep=;", "1717156800123", "2024-05-31T12:30:00+02:00",
    "映画", "🎬", "$x$", "2020-01-01", "2020-13-01", "1970-01-01T00:00:00Z", "long" * 5000,
)  # fmt: skip
DTYPES = (
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16,
    torch.bfloat16, torch.float32, torch.float64,
)  # fmt: skip


def bytes_changed(rng: random.Random, data: bytes) -> bytes:
    """Flip, cut, remove, repeat, insert or overwrite a few bytes."""
    content = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        # Half of the changes are in the first bytes, where the structure is.
        most = len(content) if rng.random() < 0.5 else min(len(content), 300)
        place, length = rng.randrange(most + 1), rng.choice([1, 1, 2, 8, 100])
        way = rng.randrange(6)
        if way == 0:
            content[place : place + 1] = bytes([rng.randrange(256)])
        elif way == 1:
            del content[place:]
        elif way == 2:
            del content[place : place + length]
        elif way == 3:
            content[place:place] = content[place : place + length]
        elif way == 4:
            content[place:place] = rng.randbytes(length)
        else:
            content[place : place + length] = bytes([rng.choice([0, 32, 34, 91, 255])]) * length
    return bytes(content)


def json_changed(rng: random.Random, value: object) -> object:
    """Change one place of a JSON value: another value or type, one more, one less, another name."""
    value = copy.deepcopy(value)
    holder, key, current = [value], 0, value
    while isinstance(current, dict | list) and current and rng.random() < 0.85:
        holder = current
        key = rng.choice(list(current) if isinstance(current, dict) else range(len(current)))
        current = current[key]
    root = holder if current is value else None
    way = rng.randrange(7)
    if way == 0 and root is None:
        del holder[key]
    elif way == 1 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(current))
    elif way == 2 and isinstance(holder, dict):
        holder[rng.choice(["x", key.upper(), key + " ", ""])] = holder.pop(key)
    elif way == 3 and isinstance(current, int):
        holder[key] = rng.choice([current + 1, current - 1, -current, 1000 * current, str(current)])
    elif way == 4:
        holder[key] = [current]
    else:
        holder[key] = rng.choice(VALUES)
    return value if root is None else root[0]


def json_text(rng: random.Random, value: object) -> bytes:
    """Write JSON, at times in a way that no program of good will would."""
    text = json.dumps(value)
    way = rng.randrange(60)
    if way == 0:
        return b'{"x":' * DEEP + b"1" + b"}" * DEEP
    if way == 1:
        return b"[" * DEEP + b"]" * DEEP
    if way == 2 and text.startswith("{") and len(text) > 2:
        return f"{text[:-1]}, {text[1:]}".encode()  # each name twice
    if way == 3:
        return text.encode("utf-16")
    if way == 4:
        return text.replace("a", "\\ud800", 1).encode()
    if way == 5:
        return b"\xef\xbb\xbf" + text.encode()
    return text.encode()


def tensor_changed(rng: random.Random, tensor: torch.Tensor) -> torch.Tensor:
    """Change a tensor's dtype, shape or some values."""
    way = rng.randrange(7)
    if way == 0:
        return tensor.to(rng.choice(DTYPES))
    if way == 1:
        return tensor.reshape(-1)
    if way == 2:
        return tensor[None]
    if way == 3 and tensor.ndim:
        return tensor[: rng.randrange(len(tensor) + 1)].contiguous()
    if way == 4 and tensor.ndim:
        return torch.cat([tensor, tensor[:1]])
    changed = tensor.clone().reshape(-1)
    if changed.numel():
        wide = (
            [float("nan"), float("inf"), -1.0, 1e30] if changed.is_floating_point() else [-1, 127]
        )
        changed[rng.randrange(changed.numel())] = rng.choice(wide)
    return changed.reshape(tensor.shape)


def sealed(tensors: dict[str, torch.Tensor], meta: bytes, kind: str, version: int = 1) -> bytes:
    """Return a file with a right checksum, whatever it holds: by somebody who knows the layout."""
    texts = {"kind": kind, "version": str(version), "meta": meta.decode("utf-8", "replace")}
    texts["sha256"] = digest_of(tensors, texts)
    return encode_header(tensors, texts) + b"".join(map(bytes, map(raw_bytes, tensors.values())))


def header_changed(rng: random.Random, data: bytes) -> bytes:
    """Change one place of the header of a safetensors file."""
    end = LENGTH + int.from_bytes(data[:LENGTH], "little")
    header = json_text(rng, json_changed(rng, json.loads(data[LENGTH:end])))
    length = (
        len(header) if rng.random() < 0.9 else rng.choice([0, 1, 2**40, 2**63, len(header) + 1])
    )
    return length.to_bytes(LENGTH, "little") + header + data[end:]


def table_changed(rng: random.Random, text: str, usual: str) -> bytes:
    """Change cells, separators, ends of lines or the encoding of a table."""
    rows = [line.split(",") for line in text.split("\n")]
    for _ in range(rng.choice([0, 1, 3])):
        row = rng.choice(rows)
        row[rng.randrange(len(row))] = rng.choice(CELLS)
    for _ in range(rng.choice([0, 0, 1])):
        row = rng.choice(rows)
        row.insert(rng.randrange(len(row) + 1), rng.choice(CELLS))
    for _ in range(rng.choice([0] * 9 + [1])):  # files that were put together
        rows.insert(
            rng.randrange(len(rows) + 1), [rng.choice(["", "\ufeff"]) + rows[0][0], *rows[0][1:]]
        )
    separator, end = (
        rng.choice([*(usual * 8), *",\t;|"]),
        rng.choice(["\n", "\n", "\r\n", "\r", "\n\n"]),
    )
    data = end.join(separator.join(row) for row in rows)
    encoding = rng.choice(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"])
    content = data.encode(encoding, "replace")
    return bytes_changed(rng, content) if rng.random() < 0.3 else content
