"""What the benchmarks share: how single calls are timed, and what machine this is."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import results

SECONDS = 0.5  # that a median lasts at least


def microseconds(action: Callable[[Any], Any], queries: Sequence[Any]) -> dict[str, float]:
    """p50 and p99 of one call over different queries, after a first call that isn't counted.

    All queries once, and again until SECONDS have passed: what else the machine does for a moment
    must not decide the median of a few short calls.
    """
    action(queries[0])
    times: list[float] = []
    while sum(times) < SECONDS:
        for query in queries:
            start = time.perf_counter()
            action(query)
            times.append(time.perf_counter() - start)
    return {"p50": 1e6 * float(np.median(times)), "p99": 1e6 * float(np.quantile(times, 0.99))}


def best_seconds(action: Callable[[], Any], times: int = 3) -> float:
    """The fastest of a few calls, in seconds: what the work takes when nothing disturbs it."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
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
