"""Build the site: ``python -m sparcode_mini.site``."""

import sys

from sparcode_mini.tools.program import Program


def work() -> int:
    """Load Sphinx and build."""
    from sparcode_mini.site.build import main

    return main()


sys.exit(Program("python -m sparcode_mini.site").run_as_process(work))
