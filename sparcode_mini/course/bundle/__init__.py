"""The bundle: a folder for a USB stick, from which thirty laptops install without a network.

It needs `pip install "sparcode-mini[lab,site,course]"`, a network once, and some time. `wheels`
resolves and fetches the packages of each system, `content` copies what students get, `build` puts
both together with starters, checksums and sizes. `python -m sparcode_mini.course.bundle` has
options for the systems and the version of Python.

MovieLens-100K is not in it: its terms do not allow to hand it on.
"""

from sparcode_mini.course.bundle.build import write

__all__ = ["write"]
