"""How long does a slider of the lessons keep its kernel busy? Prints medians, fails by no clock.

    python tests/benchmarks/sliders.py

For each control of each panel every value is set in turn (`control.value = ...`), several times
over; what is timed is all that the kernel does at one move: the new data, the figure's message and
the text. Drawing in the browser comes on top (the playground of lesson 03 runs there alone, so it
is timed by what Python does for its still picture: the paths). The aim is less than 100 ms.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

import sparcode_mini as sm
from sparcode_mini.lessons.all_to_all_scoring.widget_bias import BiasPanel
from sparcode_mini.lessons.product_quantization.widget_arrows import Arrows
from sparcode_mini.lessons.product_quantization.widget_sizes import Sizes
from sparcode_mini.lessons.sparse_lists.widget_list_sizes import ShorterLists
from sparcode_mini.lessons.tokens.widget_tokens import Tokens
from sparcode_mini.lessons.two_tower_limits.widget_index_error import IndexErrors
from sparcode_mini.lessons.two_tower_limits.widget_storage import StorageCalculator
from sparcode_mini.lessons.two_tower_limits.widget_world import WorldExplorer
from sparcode_mini.lessons.vector_quantization.widget_codebook import CodebookPlayground
from sparcode_mini.widgets import Panel
from sparcode_mini.widgets.explorer import Explorer

ROUNDS = 3
AIM = 100.0  # milliseconds


def panel() -> Panel:
    """Lesson 00's panel, as its notebook makes it."""
    return Panel(split=sm.data.movielens_100k().split(test=0.2, validation=0.1))


PANELS: dict[str, Callable[[], Explorer]] = {
    "00 Panel": panel,
    "02 WorldExplorer": WorldExplorer,
    "02 IndexErrors": IndexErrors,
    "02 StorageCalculator": StorageCalculator,
    "04 Sizes": Sizes,
    "04 Arrows": Arrows,
    "05 Tokens": Tokens,
    "06 BiasPanel": BiasPanel,
    "07 ShorterLists": ShorterLists,
}


def values(control: Any) -> list[Any]:
    """Every value of a control, or eleven of a continuous one."""
    if isinstance(control.value, bool):
        return [False, True]
    if hasattr(control, "options"):
        return [value for _, value in control.options]
    return [control.min + i / 10 * (control.max - control.min) for i in range(11)]


def moves(control: Any) -> Iterator[float]:
    """Milliseconds of each move of a control over all its values."""
    before = control.value
    for _ in range(ROUNDS):
        for value in values(control):
            if value == control.value:
                continue
            start = time.perf_counter()
            control.value = value
            yield 1000 * (time.perf_counter() - start)
    control.value = before


def playground() -> Iterator[float]:
    """Milliseconds of the paths behind the playground's still picture."""
    widget = CodebookPlayground()
    for rate in (1.0, 2.0, 4.0, 8.0):
        widget.rate = rate
        start = time.perf_counter()
        widget.paths(12)
        yield 1000 * (time.perf_counter() - start)


def main() -> None:
    """Print one line per control."""
    torch.set_num_threads(1)
    print(f"{'widget':<22}{'control':<14}{'moves':>6}{'median ms':>11}{'longest ms':>12}")
    for name, make in PANELS.items():
        for label, control in make().sliders.items():
            row(name, label, list(moves(control)))
    row("03 CodebookPlayground", "(paths)", list(playground()))


def row(name: str, label: str, times: list[float]) -> None:
    """Print what one control took."""
    median, longest = statistics.median(times), max(times)
    late = "  over the aim" if median >= AIM else ""
    print(f"{name:<22}{label:<14}{len(times):>6}{median:>11.1f}{longest:>12.1f}{late}")


if __name__ == "__main__":
    main()
