"""The command line.

This module loads nothing that takes time, so that Ctrl-C is in good hands from the first moment.
"""

import sys
from collections.abc import Sequence

from sparcode_mini.tools.program import Program

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; an error that the user can mend ends in one line and exit code 2.

    Args:
        argv: the words of the command; None takes those of the process, which is then over: its
            signals and outputs belong to the command from now on.

    Returns:
        0 on success, 1 if something is wrong (doctor), 2 on bad input or if the output could not be
        written, 130 on Ctrl-C.
    """
    program = Program("sparcode-mini")

    def work() -> int:
        from sparcode_mini.cli.commands import run

        return run(sys.argv[1:] if argv is None else argv, program)

    return program.run_as_process(work) if argv is None else program.run(work)
