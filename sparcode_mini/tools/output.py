"""Where a program prints: an output that may lose letters, or its reader, but stops no work."""

import contextlib
import errno
import os
import sys
from typing import Any, TextIO, cast

NAMES = ("stdin", "stdout", "stderr")  # by their descriptors 0, 1, 2
# What a write says whose reader is gone; EINVAL is how Windows says it.
NO_READER = (errno.EPIPE, errno.EINVAL if os.name == "nt" else errno.EPIPE)


class Output:
    """A text stream on which a write never fails: what can't be written is dropped.

    Args:
        stream: one of the process's own streams.

    Attributes:
        error: why something was dropped, though a reader was there; None if nothing was.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Write text, or drop it; return its length."""
        try:
            self.stream.write(text)
        except OSError as error:
            self._drop(error)
        return len(text)

    def flush(self) -> None:
        """Write what waits in the buffer, or drop it."""
        try:
            self.stream.flush()
        except OSError as error:
            self._drop(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def _drop(self, error: OSError) -> None:
        """Send the stream nowhere from now on, with all that waits in its buffer."""
        if error.errno not in NO_READER:
            self.error = error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)


def guard_outputs() -> list[Output]:
    """Put an Output in the place of stdout and of stderr, for the rest of the process.

    Letters that the terminal or the file lacks are replaced. A stream that the caller closed leads
    nowhere; else the next file that is opened would take its number, and what C libraries print.

    Returns:
        The two outputs.
    """
    for descriptor, name in enumerate(NAMES):
        try:
            os.fstat(descriptor)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest free number, so this one
            if nowhere != descriptor:
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
            os.set_inheritable(descriptor, True)
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            stream = open(descriptor, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    outputs = []
    for name, errors in (("stdout", "replace"), ("stderr", "backslashreplace")):
        stream = getattr(sys, name)
        with contextlib.suppress(AttributeError):  # a stream that is not Python's own
            if stream.errors in ("strict", "surrogateescape"):
                stream.reconfigure(errors=errors)
        outputs.append(Output(stream))
        setattr(sys, name, cast(TextIO, outputs[-1]))
    return outputs
