"""Hostile files are read or refused in one line; `make fuzz` draws many more of them."""

import os
import sys

import pytest

import fuzz
from fuzz_readers import READERS, Reader


@pytest.mark.parametrize("name", ["model", "table"])
def test_hostile_files(name, tmp_path, capsys):
    rc = fuzz.main(["--draws", "200", "--only", name, "--faults", str(tmp_path)])
    assert rc == 0, capsys.readouterr().out


class Broken(Reader):
    """Refuses bytes above 30, and has a fault of its own for each byte below 5."""

    file = "byte"

    def draw(self, rng):
        return bytes([rng.randrange(40)])

    def make(self):
        self.path.write_bytes(bytes([100]))

    def read(self):
        (byte,) = self.path.read_bytes()
        if byte > 30:
            raise ValueError(f"{self.path}: {byte}")
        if byte < 4:
            raise [KeyError("x"), MemoryError("x"), UnicodeError("x"), ValueError("a\nb")][byte]
        if byte == 4:
            os._exit(1)


@pytest.mark.skipif(sys.platform != "linux", reason="a fork knows the reader of this test")
def test_faults_are_found_and_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(READERS, "broken", Broken)
    assert fuzz.main(["--draws", "300", "--only", "broken", "--faults", str(tmp_path)]) == 1
    words = capsys.readouterr().out
    kept = [path.read_bytes()[0] for path in tmp_path.iterdir()]
    assert set(kept) == set(range(5)) and f"'faults': {len(kept)}" in words
    for fault in ("KeyError('x')", "MemoryError('x')", "UnicodeError('x')", r"a\nb", "kills the"):
        assert fault in words
