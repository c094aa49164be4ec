"""The process in which a submission runs; `process.Submission` starts it and asks it.

It reads one JSON request a line from its standard input and writes one answer a line. The
submission's own standard streams lead nowhere, so nothing that it prints gets into the answers.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from sparcode_mini.course.homework.values import from_text, to_text

MESSAGE = 200  # characters of an error


def main(memory: int) -> None:
    """Answer requests until the input ends; with at most so many bytes more than now."""
    requests, answers = _private_streams()
    _limit(memory)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for request in requests:
        for line in _answer(json.loads(request), namespace):
            answers.write(line + "\n")
            answers.flush()


def _private_streams() -> tuple[TextIO, TextIO]:
    """Take the standard streams over, and lead the usual ones nowhere."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    return requests, answers


def _limit(memory: int) -> None:
    """Cap the size of a file and the memory, each where the system can."""
    try:
        import resource
    except ImportError:
        return  # Windows: only the time of a submission is limited
    with contextlib.suppress(OSError, ValueError):  # less is allowed already
        resource.setrlimit(resource.RLIMIT_FSIZE, (memory, memory))
    with contextlib.suppress(OSError, ValueError):  # macOS has no /proc, and its memory no limit
        pages = int(Path("/proc/self/statm").read_text("utf-8").split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _answer(request: dict[str, Any], namespace: dict[str, Any]) -> Iterator[str]:
    """Yield the answer to one request: {"value": ...} or {"error": words}."""
    try:
        value = _ACTIONS[request["do"]](request, namespace)
        yield json.dumps({"value": value})
    except BaseException as error:  # also SystemExit and KeyboardInterrupt of a submission
        words = " ".join(f"{type(error).__name__}: {error}".split())
        yield json.dumps({"error": words[:MESSAGE]})


def _run(request: dict[str, Any], namespace: dict[str, Any]) -> None:
    """Run the code of one cell."""
    exec(compile(request["code"], "<cell>", "exec"), namespace)


def _look_up(request: dict[str, Any], namespace: dict[str, Any]) -> dict[str, str]:
    """Return whether a name is a function, or else its value."""
    name = request["name"]
    if name not in namespace:
        raise NameError(f"{name} is not defined")
    value = namespace[name]
    return {"kind": "function"} if callable(value) else {"kind": "value", "text": to_text(value)}


def _call(request: dict[str, Any], namespace: dict[str, Any]) -> str:
    """Call a function of the submission."""
    return to_text(namespace[request["name"]](*from_text(request["arguments"])))


_ACTIONS = {"run": _run, "look up": _look_up, "call": _call}

if __name__ == "__main__":
    main(int(sys.argv[1]))
