"""Run a command: ``python -m sparcode_mini.cli``."""

import sys

from sparcode_mini.cli import main

sys.exit(main())
