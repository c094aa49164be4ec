"""The grader's side of a submission's process: it asks, waits for a limited time, and ends it."""

import contextlib
import json
import os
import queue
import signal
import site
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from sparcode_mini.course.homework.values import from_text, to_text

PACKAGE_PARENT = Path(__file__).resolve().parents[3]
LONGEST = 16_000_000  # characters of one answer
KEPT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "LANG")  # of the environment; no secrets in it


class Stopped(Exception):
    """The process ended, or took too long."""


class Failed(Exception):
    """The submission's code raised an error; the words are in the message."""


class Submission:
    """A process that runs a submission's code, in a folder of its own.

    Attributes:
        deadline: the moment (time.monotonic) after which no answer is waited for.
    """

    def __init__(self, folder: Path, seconds: float, memory: int) -> None:
        self._seconds = seconds
        self.renew()
        self._answers: queue.Queue[str] = queue.Queue(maxsize=4)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sparcode_mini.course.homework.child", str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder),
            encoding="utf-8",
            start_new_session=os.name == "posix",  # so that what it starts ends with it
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def renew(self) -> None:
        """Give the process its whole time again."""
        self.deadline = time.monotonic() + self._seconds

    def ended(self) -> bool:
        """Return whether the process has ended."""
        return self._process.poll() is not None

    def run(self, code: str) -> None:
        """Run a cell.

        Raises:
            Failed: the cell raised an error.
            Stopped: the process ended, or the deadline passed.
        """
        self._ask({"do": "run", "code": code})

    def look_up(self, name: str) -> Any:
        """Return the value of a name; of a function one that calls it over there.

        Raises:
            Failed: there is no such name, or its value can't be compared.
            Stopped: the process ended, or the deadline passed.
        """
        answer = self._ask({"do": "look up", "name": name})
        if not isinstance(answer, dict) or answer.get("kind") not in ("function", "value"):
            raise Failed(f"no answer about {name}")
        return self._function(name) if answer["kind"] == "function" else _value(answer.get("text"))

    def _function(self, name: str) -> Callable[..., Any]:
        """Return a function that calls the submission's function of this name."""

        def call(*arguments: Any) -> Any:
            return _value(self._ask({"do": "call", "name": name, "arguments": to_text(arguments)}))

        return call

    def _ask(self, request: dict[str, str]) -> Any:
        """Send a request and wait for the answer."""
        if self.ended():
            raise Stopped("its process ended")
        # In a thread: a process that does not read would let a long request wait for ever.
        threading.Thread(target=self._send, args=(json.dumps(request),), daemon=True).start()
        try:
            line = self._answers.get(timeout=max(self.deadline - time.monotonic(), 0.01))
        except queue.Empty:
            self.end()
            raise Stopped("took too long") from None
        if not line.endswith("\n"):  # the process ended, or its answer is too long
            self.end()
            raise Stopped("its process ended")
        return _content(line)

    def _send(self, request: str) -> None:
        """Write a request; of a process that has ended `_listen` hears."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(request + "\n")
            self._process.stdin.flush()

    def _listen(self) -> None:
        """Put the lines of the process into the queue, and an empty one at the end."""
        assert self._process.stdout is not None
        line = " "
        while line:
            try:
                line = self._process.stdout.readline(LONGEST)
            except (OSError, ValueError):  # closed, or no UTF-8
                line = ""
            self._answers.put(line)

    def end(self) -> None:
        """End the process and those that it started, as far as they can be found.

        They are found by their parents, and on Linux and macOS by their group, too. So one whose
        parent has ended may go on: on Windows each, elsewhere one with a group of its own.
        """
        started = self._descendants()
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):  # all have ended
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        for process in started:
            with contextlib.suppress(psutil.Error):  # it has ended
                process.kill()
        self._process.wait()
        last = time.monotonic() + 1  # a process that hid itself may hold the pipe open
        while self._listener.is_alive() and time.monotonic() < last:
            with contextlib.suppress(queue.Empty):
                self._answers.get(timeout=0.05)

    def _descendants(self) -> list[psutil.Process]:
        """Return the processes that it started, and those that they started."""
        if self.ended():
            return []  # its number may be that of another process by now
        try:
            return list(psutil.Process(self._process.pid).children(recursive=True))
        except psutil.Error:  # it has just ended
            return []


def _content(line: str) -> Any:
    """Return what an answer holds; a submission may have written anything there."""
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        raise Failed("its answer can't be read") from None
    if not isinstance(answer, dict) or "value" not in answer:
        error = answer.get("error", "") if isinstance(answer, dict) else ""
        raise Failed(str(error)[:300] or "its answer can't be read")
    return answer["value"]


def _value(text: Any) -> Any:
    """Read a value, whatever it is."""
    try:
        return from_text(str(text))
    except ValueError as error:
        raise Failed(str(error)) from None


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a submission: what Python needs, and its folder as home."""
    home = str(folder)
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        **dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), home),
        "PYTHONPATH": str(PACKAGE_PARENT),
        "PYTHONUSERBASE": site.getuserbase(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
    }
