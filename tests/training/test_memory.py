"""Pages are kept inside the block, and only there."""

import os
import subprocess
import sys

import pytest

from sparcode_mini.training.memory import pages_kept

SIZE = 16 * 2**20  # bytes of an array
# A process of its own, in which glibc is told to hand back every large array at once: left to
# itself it does so or not, depending on what lies above the array.
EAGER = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
COUNT = f"""
import resource, torch
from sparcode_mini.training.fit import pages_kept  # with all that a training loads

def pages(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        torch.zeros({SIZE // 4})
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(pages(10))
with pages_kept() as kept:
    pages(4)
    print(int(kept), pages(10))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_freed_pages_serve_the_next_array() -> None:
    command = [sys.executable, "-c", COUNT]
    environ = os.environ | EAGER
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    before, kept, inside = map(int, done.stdout.split())
    if not kept:
        pytest.skip("a C library without mallopt")
    assert before > 9 * SIZE // 4096  # every array got new pages
    assert inside < 2 * SIZE // 4096  # fewer than two arrays' worth for ten arrays


def test_elsewhere_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pages_kept() as kept:
        assert kept is False


def test_an_error_inside_passes_through() -> None:
    with pytest.raises(KeyError, match="inside"), pages_kept():
        raise KeyError("inside")
