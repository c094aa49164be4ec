"""One run of a program in a terminal: how it ends, by itself, by an error or by Ctrl-C.

This module loads nothing that takes time, so that Ctrl-C is in good hands from the first moment.
"""

import contextlib
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

from sparcode_mini.tools.language import translated
from sparcode_mini.tools.output import Output, guard_outputs
from sparcode_mini.tools.unicode import safe

STOPPED, BAD_INPUT = 130, 2  # exit codes
# What a user can mend; all else is a fault of the program and shows its traceback.
ERRORS = (ValueError, KeyError, OSError, RuntimeError, ImportError, MemoryError)
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows lacks the last
TWICE = 1.0  # seconds; a second signal within them is taken for the same


class Program:
    """A run, and what it has to say when it is stopped.

    Args:
        name: begins the line of an error.

    Attributes:
        kept: returns what is kept if the run is stopped now.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.kept: Callable[[], str] = lambda: "nothing was begun"
        self._working = False
        self._signalled = 0.0  # when; 0 for not yet
        self._leaving = False
        self._outputs: list[Output] = []

    def run_as_process(self, work: Callable[[], int]) -> int:
        """Run `work` as all that this process does, from its first module to its last line.

        Signals and outputs are taken over and not given back.

        Args:
            work: loads what it needs, calls `working`, and returns an exit code.

        Returns:
            The exit code: that of `work`, 2 after an error or if the output could not be written,
            130 after Ctrl-C.
        """
        self._outputs = guard_outputs()
        self._listen(self._on_signal)
        sys.unraisablehook = self._on_unraisable
        warnings.formatwarning = lambda message, *_, **__: f"{self.name}: {message}\n"
        code = BAD_INPUT
        try:
            code = self.run(work)
        except SystemExit as error:  # argparse, after --help or a wrong option
            code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        finally:
            self._listen(signal.SIG_IGN)  # what is left is the end of the interpreter
        return self._flushed(code)

    def run(self, work: Callable[[], int]) -> int:
        """Run `work`; turn an error that a user can mend, and Ctrl-C, into one line on stderr."""
        try:
            return work()
        except KeyboardInterrupt:
            return self._stop()
        except Exception as error:
            if self._signalled:  # some libraries turn an interrupt into an error of theirs
                return self._stop()
            if not isinstance(error, ERRORS):
                raise
            message = error.args[0] if isinstance(error, KeyError) and error.args else error
            text = safe(" ".join(str(message).split())) or type(error).__name__
            print(f"{self.name}: {text}", file=sys.stderr)
            if (more := translated(text)) != text:  # English first: people search for it
                print(more, file=sys.stderr)
            return BAD_INPUT

    def working(self, kept: Callable[[], str]) -> None:
        """Say that all is loaded: from now on Ctrl-C raises KeyboardInterrupt.

        Args:
            kept: returns what is kept if the run is stopped.
        """
        self.kept, self._working = kept, True

    def _stop(self) -> int:
        print(f"stopped; {self.kept()}", file=sys.stderr)
        return STOPPED

    def _flushed(self, code: int) -> int:
        """Write what waits; return the exit code, which is 2 if output was lost."""
        for output in self._outputs:
            output.flush()
        lost = self._outputs[0].error
        if lost is not None:
            print(
                f"{self.name}: the output could not be written ({lost.strerror})", file=sys.stderr
            )
            self._outputs[1].flush()
        return code or (BAD_INPUT if lost else 0)

    def _listen(self, handler: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # Python gives signals to the main thread alone
        for name in SIGNALS:
            number = getattr(signal, name, None)
            # What the caller had ignored (nohup, a job in the background) stays ignored.
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Stop the work; leave at once while it loads, and when it does not end."""
        if self._leaving:  # this is a second signal, between the line and the exit
            return
        now, before = time.monotonic(), self._signalled
        if self._working and before and now - before < TWICE:
            return
        self._signalled = now
        if self._working and not before:
            raise KeyboardInterrupt
        # Not by an exception: a library that is half loaded, or hangs, would keep or change it.
        # Nor by print: the signal may have come in the middle of one.
        self._leaving = True
        with contextlib.suppress(OSError):
            os.write(2, f"stopped; {self.kept()}\n".encode())
        os._exit(STOPPED)

    def _on_unraisable(self, unraisable: Any) -> None:
        """Raise an interrupt anew that came where Python drops errors, such as in a finaliser."""
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            self._signalled = 0.0
            signal.raise_signal(signal.SIGINT)
        else:
            sys.__unraisablehook__(unraisable)
