"""Write the pictures: ``python -m sparcode_mini.course.figures``."""

import sys

from sparcode_mini.tools.program import Program

program = Program("python -m sparcode_mini.course.figures")


def work() -> int:
    """Load the kernels' client and matplotlib, and write."""
    from sparcode_mini.course.figures.build import main

    return main(working=program.working)


sys.exit(program.run_as_process(work))
