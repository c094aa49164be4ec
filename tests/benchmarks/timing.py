"""What the benchmarks share: how single calls are timed, and what machine this is."""

import platform
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from sparcode_mini import results


def microseconds(action: Callable[[Any], Any], queries: Sequence[Any]) -> dict[str, float]:
    """p50 and p99 of one call over different queries, after a first call that isn't counted."""
    action(queries[0])
    times = []
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
    """What the figures belong to."""
    return {
        "machine": results.machine(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
    }
