"""One progress bar for terminals and notebooks, which leaves no trace in a stored notebook.

A usual bar writes elapsed times into the cell's output, so two runs of a notebook never compare
equal. Here the bar is drawn by *updates* of one output that is empty at first and at the end; only
that empty output is stored.
"""

from __future__ import annotations

import html
import importlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from types import TracebackType
from typing import Any, Generic, TypeVar

from tqdm import tqdm

T = TypeVar("T")
_EMPTY = {"text/plain": ""}
_REDRAW_SECONDS = 0.1


class _Display:
    """The place where a bar is drawn; this one draws nothing."""

    def show(self, done: int) -> None:
        pass

    def close(self) -> None:
        pass


class Progress(Generic[T]):
    """A bar to loop over, or to move by hand inside a `with` block.

    Attributes:
        done: number of finished steps.
    """

    def __init__(self, iterable: Iterable[T] | None, display: _Display) -> None:
        self.done = 0
        self._iterable = iterable
        self._display = display

    def __iter__(self) -> Iterator[T]:
        """Yield the items; the bar goes away at the end, on `break` and on an error."""
        if self._iterable is None:
            raise ValueError("this bar has nothing to loop over; call progress(iterable)")
        try:
            for item in self._iterable:
                yield item
                self.update()
        finally:
            self.close()

    def __len__(self) -> int:
        if isinstance(self._iterable, Sized):
            return len(self._iterable)
        raise TypeError("the iterable of this bar has no length")

    def update(self, steps: int = 1) -> None:
        """Move the bar forward by `steps`."""
        self.done += steps
        self._display.show(self.done)

    def close(self) -> None:
        """Take the bar away; calling it twice does no harm."""
        self._display.close()

    def __enter__(self) -> Progress[T]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def progress(
    iterable: Iterable[T] | None = None, total: int | None = None, desc: str = ""
) -> Progress[T]:
    """Show the progress of a loop.

    In a notebook the bar disappears when the loop ends. In a terminal it is a tqdm bar on stderr.
    Where stderr is no terminal, or the environment has SPARCODE_PROGRESS=0, nothing is shown.

    Args:
        iterable: its items are looped over; None for a bar that `update()` moves.
        total: number of steps; taken from the iterable where it has a length.
        desc: a few words in front of the bar.

    Returns:
        The bar: iterate over it, or use it in a `with` block.
    """
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    return Progress(iterable, _choose(total, desc))


def _choose(total: int | None, desc: str) -> _Display:
    if os.environ.get("SPARCODE_PROGRESS") == "0":
        return _Display()
    if _in_notebook():
        return _Notebook(total, desc)
    if sys.stderr is not None and sys.stderr.isatty():  # None: the caller closed it
        return _Terminal(total, desc)
    return _Display()


def _in_notebook() -> bool:
    """Tell whether this is a Jupyter kernel; IPython is not imported for the answer."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return getattr(shell, "kernel", None) is not None


class _Terminal(_Display):
    """A tqdm bar on stderr."""

    def __init__(self, total: int | None, desc: str) -> None:
        self._bar: Any = tqdm(total=total, desc=desc or None, file=sys.stderr)

    def show(self, done: int) -> None:
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _Notebook(_Display):
    """An output that starts empty, is updated with an HTML bar, and ends empty."""

    def __init__(self, total: int | None, desc: str) -> None:
        show: Any = importlib.import_module("IPython.display").display
        self._total = total
        self._desc = desc
        self._handle: Any = show(_EMPTY, raw=True, display_id=True)
        self._next_redraw = 0.0
        self._open = True

    def show(self, done: int) -> None:
        now = time.monotonic()
        if self._open and now >= self._next_redraw:
            self._next_redraw = now + _REDRAW_SECONDS
            self._handle.update(bar_html(done, self._total, self._desc), raw=True)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._handle.update(_EMPTY, raw=True)


def bar_html(done: int, total: int | None, desc: str) -> dict[str, str]:
    """Draw one state of the notebook's bar as a MIME bundle (text and HTML), without times."""
    count = f"{done} of {total}" if total is not None else str(done)
    text = f"{desc} {count}".strip()
    label = html.escape(text)
    # without a value the browser draws a bar of unknown length
    value = f' value="{min(done, total)}" max="{total}"' if total else ""
    return {
        "text/plain": text,
        "text/html": f'<label><progress{value} aria-label="{label}"></progress> {label}</label>',
    }
