"""How long one call takes."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def median_us(action: Callable[[Any], Any], queries: Sequence[Any] | np.ndarray) -> float:
    """Return the median time of one call in microseconds, after one call that isn't counted."""
    action(queries[0])
    times = []
    for query in queries:
        start = time.perf_counter()
        action(query)
        times.append(time.perf_counter() - start)
    return 1e6 * statistics.median(times)
