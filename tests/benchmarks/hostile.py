"""Measure what a hostile model file costs before it is refused.

    python tests/benchmarks/hostile.py

The files have about 1 MB, or a header of 20 MB. Each is read in a process of its own, which may
take 12 GB. Memory is the peak above what the imports and a good file took. Linux only.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from sparcode_mini.results import CHECKPOINTS
from sparcode_mini.tools.files import load_tensors, save_tensors

GOOD = CHECKPOINTS / "sparcode-sparse.safetensors"
FILE = {"kind": "sparcode-mini model", "version": 1}
CHANGES = {
    "hidden = 10^7": {"hidden": 10**7},
    "N = 10^7": {"N": 10**7},
    "N = 10^15": {"N": 10**15},
    "token_dim = 10^6": {"token_dim": 10**6},
    "history_len = 10^8": {"history_len": 10**8},
    "query_tokens = 10^6": {"query_tokens": 10**6},
}
SIZE = 20_000_000  # bytes of a header
SHAPES = {
    "brackets": b"[" * SIZE,
    "empty lists": b"[" + b"[]," * (SIZE // 3) + b"0]",
    "empty objects": b"[" + b"{}," * (SIZE // 3) + b"0]",
    "nested objects": b'{"a":' * (SIZE // 5),
    "commas": b"[" + b"," * SIZE,
    "short numbers": b"[" + b"1," * (SIZE // 2) + b"1]",
    "numbers": b"[" + b"1.5e3," * (SIZE // 6) + b"1]",
    "digits": b"1" * SIZE,
    "names": b"{" + b",".join(b'"%x":1' % i for i in range(SIZE // 10)) + b"}",
    "short texts": b"[" + b'"x",' * (SIZE // 4) + b'"x"]',
    "escapes": rb'"' + rb"\u0041" * (SIZE // 6) + b'"',
    "half letters": rb'"' + rb"\ud83d" * (SIZE // 6) + b'"',
    "quotes": b'"' + rb"\"" * (SIZE // 2) + b'"',
    "emoji": b'"' + "\N{GRINNING FACE}".encode() * (SIZE // 4) + b'"',
    "letters and one emoji": b'"' + b"x" * SIZE + "\N{GRINNING FACE}".encode() + b'"',
    "spaces": b" " * SIZE,
}
READ = """
import re, resource, sys, time
import sparcode_mini as sm
peak = lambda: int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1024
sm.load_model(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (12 * 2**30,) * 2)
before, start = peak(), time.perf_counter()
try:
    sm.load_model(sys.argv[2])
    outcome = "loaded"
except BaseException as error:
    outcome = f"{type(error).__name__}: {str(error).splitlines()[0]}"
print(f"{time.perf_counter() - start:7.2f} s {peak() - before:6.0f} MB  {outcome[:100]}")
"""


def hostile(folder: Path) -> dict[str, Path]:
    """Write the files."""
    tensors, meta = load_tensors(GOOD, **FILE)
    files = {}
    for number, (name, change) in enumerate(CHANGES.items()):
        files[name] = folder / str(number)
        save_tensors(files[name], tensors, {**meta, "config": meta["config"] | change}, **FILE)
    files["one long title"] = folder / "title"
    titles = ["x" * 10**6, *meta["titles"][1:]]
    save_tensors(files["one long title"], tensors, {**meta, "titles": titles}, **FILE)
    files["50,000 user features"] = folder / "features"
    users = [[f"f{i}", 10] for i in range(50_000)]
    save_tensors(files["50,000 user features"], tensors, meta | {"user_features": users}, **FILE)
    files["a hole of 10 TB"] = folder / "hole"
    entry = {"dtype": "U8", "shape": [10**13], "data_offsets": [0, 10**13]}
    texts = {"kind": FILE["kind"], "version": "1", "meta": "{}", "sha256": "x"}
    header = json.dumps({"__metadata__": texts, "a": entry}).encode()
    with files["a hole of 10 TB"].open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + 10**13)
    for name, shape in SHAPES.items():
        for place, header in (("header", b'{"a":%b}' % shape), ("meta", _with_meta(shape))):
            files[f"{name}, in the {place}"] = folder / f"{name}-{place}"
            head = len(header).to_bytes(8, "little")
            files[f"{name}, in the {place}"].write_bytes(head + header)
    return files


def _with_meta(shape: bytes) -> bytes:
    """Return a header without tensors whose meta is an object of this shape."""
    meta = '{"a":' + shape.decode() + "}"
    texts = {"kind": FILE["kind"], "version": "1", "meta": meta, "sha256": "x"}
    return json.dumps({"__metadata__": texts}, ensure_ascii=False).encode()


def main() -> None:
    """Print a line for each file."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for name, path in hostile(Path(folder)).items():
            run = [sys.executable, "-c", READ, str(GOOD), str(path)]
            result = subprocess.run(run, capture_output=True, text=True, check=False)
            words = result.stdout.replace(folder, "") or f"ends with {result.returncode}\n"
            print(f"{name:36}{words}", end="", flush=True)


if __name__ == "__main__":
    main()
