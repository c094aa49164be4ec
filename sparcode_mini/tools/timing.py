"""How long one call takes."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# Time of this program alone, so that others on the machine do not count. Windows counts it in steps
# of 16 ms, too coarse for one call: there it is the time on the wall.
_FINE = time.get_clock_info("process_time").resolution < 1e-5
_clock = time.process_time if _FINE else time.perf_counter


def median_us(action: Callable[[Any], Any], queries: Sequence[Any] | np.ndarray) -> float:
    """Return the median time of one call in microseconds, after one call that isn't counted."""
    action(queries[0])
    times = []
    for query in queries:
        start = _clock()
        action(query)
        times.append(_clock() - start)
    return 1e6 * statistics.median(times)
