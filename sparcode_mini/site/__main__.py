"""Build the site: ``python -m sparcode_mini.site``."""

import sys

from sparcode_mini.site.build import main

sys.exit(main())
