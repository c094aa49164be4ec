"""Pages are kept inside the block, and only there."""

import subprocess
import sys

import pytest

from sparcode_mini.memory import pages_kept

SIZE = 16 * 2**20  # bytes of an array; four at a time, which is more than glibc would keep
# A process of its own: what is left over from other tests decides where an array finds room.
COUNT = f"""
import resource, torch
from sparcode_mini.memory import pages_kept

def pages(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        [torch.zeros({SIZE // 4}) for _ in range(4)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages(2)
print(pages(10))
with pages_kept() as kept:
    pages(4)
    print(int(kept), pages(10))
print(pages(10))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_freed_pages_serve_the_next_array() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    before, kept, inside, after = map(int, done.stdout.split())
    if not kept:
        pytest.skip("a C library without mallopt")
    assert before > 10 * SIZE // 4096
    assert inside < 2 * SIZE // 4096
    assert after > 10 * SIZE // 4096


def test_elsewhere_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pages_kept() as kept:
        assert kept is False


def test_an_error_inside_passes_through() -> None:
    with pytest.raises(KeyError, match="inside"), pages_kept():
        raise KeyError("inside")
