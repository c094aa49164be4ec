"""How long does a slider of the lessons keep its kernel busy? Prints medians, fails by no clock.

    python tests/benchmarks/sliders.py

For each control of each widget every value is set in turn (`control.value = ...`), several times
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

ROUNDS = 3
AIM = 100.0  # milliseconds


def explorer(widget: Any) -> dict[str, Any]:
    """The controls of a widget whose sliders are a mapping."""
    return dict(widget.sliders)


def named(*names: str) -> Callable[[Any], dict[str, Any]]:
    """The controls of a widget that are attributes of it."""
    return lambda widget: {name: getattr(widget, name) for name in names}


def panel() -> Any:
    """Lesson 00's panel, as its notebook makes it."""
    return Panel(split=sm.data.movielens_100k().split(test=0.2, validation=0.1))


def tokens() -> Any:
    """Lesson 05's widget, as its notebook makes it."""
    return Tokens(sm.data.movielens_100k().split(test=0.2, validation=0.1))


WIDGETS: dict[str, tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]] = {
    "00 Panel": (panel, named("M", "N", "sparsity")),
    "02 WorldExplorer": (WorldExplorer, explorer),
    "02 IndexErrors": (IndexErrors, explorer),
    "02 StorageCalculator": (StorageCalculator, explorer),
    "04 Sizes": (Sizes, named("M", "N", "mixed", "source")),
    "04 Arrows": (Arrows, named("x", "y", "temperature")),
    "05 Tokens": (tokens, explorer),
    "06 BiasPanel": (BiasPanel, explorer),
    "07 ShorterLists": (ShorterLists, explorer),
}


def values(control: Any) -> list[Any]:
    """Every value of a control, or eleven of a continuous one."""
    if hasattr(control, "options"):
        return [o[1] if isinstance(o, tuple) else o for o in control.options]
    if isinstance(control.value, bool):
        return [True, False]
    low, high = float(control.min), float(control.max)
    if hasattr(control, "base"):
        low, high = float(control.base) ** low, float(control.base) ** high
    return [low + i / 10 * (high - low) for i in range(11)]


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
    for name, (make, controls) in WIDGETS.items():
        widget = make()
        for label, control in controls(widget).items():
            row(name, label, list(moves(control)))
    row("03 CodebookPlayground", "(paths)", list(playground()))


def row(name: str, label: str, times: list[float]) -> None:
    """Print what one control took."""
    median, longest = statistics.median(times), max(times)
    late = "  over the aim" if median >= AIM else ""
    print(f"{name:<22}{label:<14}{len(times):>6}{median:>11.1f}{longest:>12.1f}{late}")


if __name__ == "__main__":
    main()
