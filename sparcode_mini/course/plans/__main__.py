"""Hold the plans against the clock: ``python -m sparcode_mini.course.plans``."""

import sys

from sparcode_mini.course.plans.seconds import COMMAND
from sparcode_mini.tools.program import Program


def work() -> int:
    """Load the module and print the rehearsals."""
    from sparcode_mini.course.plans.rehearsal import main

    return main()


sys.exit(Program(COMMAND).run_as_process(work))
