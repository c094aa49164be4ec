"""What the benchmarks share: how single calls are timed, and what machine this is."""

import contextlib
import itertools
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import results

SECONDS = 0.5  # that the calls behind a median take at least
STRETCH = 0.02  # seconds of calls between two looks at the core
PATIENCE = 360.0  # seconds to wait for the core's full speed, in the whole run
A_FIGURE = 20.0  # and for one figure
FULL = 1.3  # up to so much slower than at its best, a core counts as at full speed


class Core:
    """How fast this core is now, against its best in this run.

    A core of a virtual machine is lent. Here each figure, and a sum of whole numbers, took twice as
    long for seconds at a time with nothing else running, so what is timed counts only while that
    sum takes about what it takes at best.
    """

    best, patience, of_figure = float("inf"), PATIENCE, A_FIGURE

    @classmethod
    def slower(cls) -> float:
        """Median seconds of a fixed sum, divided by the fewest it took in this run."""
        took = sorted(_timed(sum, range(20_000)) for _ in range(5))
        cls.best = min(cls.best, took[0])
        return took[2] / cls.best

    @classmethod
    def wait(cls) -> float:
        """Wait for full speed while there is patience left; the speed then."""
        while (slower := cls.slower()) > FULL and not cls.out_of_patience():
            time.sleep(0.1)
            cls.spend(0.1)
        return slower

    @classmethod
    def spend(cls, seconds: float) -> None:
        """So much of the patience went by without a figure."""
        cls.patience, cls.of_figure = cls.patience - seconds, cls.of_figure - seconds

    @classmethod
    def out_of_patience(cls) -> bool:
        """Whether what comes next is timed at whatever speed there is."""
        return min(cls.patience, cls.of_figure) <= 0


@contextlib.contextmanager
def briefly(brief: bool) -> Iterator[None]:
    """Take a tenth of the time for each figure, and wait for nothing, if `brief`.

    The figures are then worth little; what is timed runs all the same.
    """
    global SECONDS
    before = SECONDS, Core.patience
    if brief:
        SECONDS, Core.patience = SECONDS / 10, 0.0
    yield
    SECONDS, Core.patience = before


def microseconds(action: Callable[[Any], Any], queries: Sequence[Any]) -> dict[str, float]:
    """p50 and p99 of one call over different queries, after a first call that isn't counted.

    All queries once, and again until they took SECONDS, at full speed. Where patience ends before
    that, all calls count, "core" says how many times slower the core was, in the median of its
    stretches, and "calls" how many there are.
    """
    action(queries[0])
    Core.of_figure = A_FIGURE
    every = itertools.cycle(queries)
    full: list[float] = []
    slow: list[float] = []
    speeds: list[float] = []  # how much slower the core was in each stretch
    while len(full) < len(queries) or sum(full) < SECONDS:
        before, times = Core.wait(), []
        while sum(times) < STRETCH:
            times.append(_timed(action, next(every)))
        slower = max(before, Core.slower())
        speeds.append(slower)
        if slower <= FULL:
            full += times
        else:
            slow += times
            Core.spend(sum(times))
        if Core.out_of_patience() and len(full) + len(slow) >= len(queries):
            break
    enough = len(full) >= len(queries)
    times = full if enough else full + slow
    return {
        "p50": 1e6 * float(np.median(times)),
        "p99": 1e6 * float(np.quantile(times, 0.99)),
        "core": 1.0 if enough else float(np.median(speeds)),
        "calls": len(times),
    }


def _timed(action: Callable[[Any], Any], query: Any) -> float:
    start = time.perf_counter()
    action(query)
    return time.perf_counter() - start


def best_seconds(action: Callable[[], Any], times: int = 3) -> float:
    """The fastest of a few calls, in seconds, each begun at full speed if that comes in time."""
    found, Core.of_figure = [], A_FIGURE
    for _ in range(times):
        Core.wait()
        found.append(_timed(lambda _: action(), None))
    return min(found)


def machine() -> dict[str, Any]:
    """What the figures belong to: processor, memory, and the versions of the peers."""
    peers = ("faiss-cpu", "hnswlib", "pyseismic-lsr", "scipy", "numba", "vector-quantize-pytorch")
    pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return {
        **results.provenance(),
        "processor": _processor(),
        "memory GB": round(pages * 4096 / 1e9),
        "peers": {peer: version(peer) for peer in peers},
    }


def _processor() -> str:
    """Its name, where the system tells it."""
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
