"""The compiler's cache saves time and never stops a search."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

pytest.importorskip("numba")

from sparcode_mini.compiled import jit

WORK = (
    "from sparcode_mini.compiled import jit\n"
    "@jit.compiled\n"
    "def add(a, b): return a + b\n"
    "print(jit.CACHED, add(1, 2))"
)


class Broken:
    """A cache of numba's on a full disk, with a damaged list of contents."""

    cache_path = "somewhere"

    def load_overload(self, *words):
        raise EOFError("Ran out of input")

    def save_overload(self, *words):
        raise OSError(28, "No space left on device")

    def flush(self):
        raise OSError(28, "No space left on device")


def test_faults_of_the_cache_are_told_once_and_cost_time_only():
    jit._say_once.cache_clear()
    cache = jit.Forgiving(Broken())
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            assert cache.load_overload(1, 2) is None
            cache.save_overload(1, 2)
    words = [str(warning.message) for warning in told]
    assert len(words) == 2
    assert "somewhere can't be read (Ran out of input)" in words[0]
    assert "can't be written" in words[1] and "set NUMBA_CACHE_DIR to another folder" in words[1]
    assert cache.cache_path == "somewhere"


def test_without_a_place_for_a_cache_all_is_compiled_with_a_word(tmp_path):
    """Numba looks for places beside the source, then in the home folder; here are neither."""
    text = "from numba.core import caching\ncaching.CacheImpl._locator_classes = []\n" + WORK
    script = tmp_path / "script.py"
    script.write_text(text)
    root = Path(jit.__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": str(root)}
    result = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=environ, check=True
    )
    assert result.stdout == "False 3\n"
    assert result.stderr.count("compiled without a cache") == 1
    assert "set NUMBA_CACHE_DIR" in result.stderr
