"""Make the bundle: ``python -m sparcode_mini.course.bundle``."""

import sys

from sparcode_mini.tools.program import Program


def work() -> int:
    """Load the module and make the bundle."""
    from sparcode_mini.course.bundle.build import main

    return main()


sys.exit(Program("python -m sparcode_mini.course.bundle").run_as_process(work))
