"""Pages are kept inside the block, and only there."""

import sys

import pytest
import torch

from sparcode_mini.memory import pages_kept

SIZE = 4 * 2**20  # floats: 16 MiB


def new_pages(times: int = 20) -> int:
    """Make and drop an array of 16 MiB; return how many pages the system had to add."""
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        torch.zeros(SIZE)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_freed_pages_serve_the_next_array() -> None:
    with pages_kept() as kept:
        if not kept:
            pytest.skip("a C library without mallopt")
        new_pages(2)
        assert new_pages() < 2 * SIZE * 4 // 4096  # fewer than two arrays' worth for twenty arrays


def test_elsewhere_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pages_kept() as kept:
        assert kept is False


def test_an_error_inside_passes_through() -> None:
    with pytest.raises(KeyError, match="inside"), pages_kept():
        raise KeyError("inside")
