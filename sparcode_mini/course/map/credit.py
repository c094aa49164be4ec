"""What stands at the foot of each sheet: version, how to cite, and the licence of the text."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml

FILE = "CITATION.cff"
LICENCE = "CC BY 4.0"


@dataclass(frozen=True)
class Credit:
    """The version that is installed, and the line for a list of sources."""

    version: str
    line: str


def read_credit(root: Path) -> Credit:
    """Return version and line, from CITATION.cff of the project.

    Raises:
        ValueError: the file is of another version, so the line would be wrong.
    """
    content = yaml.safe_load((root / FILE).read_text("utf-8"))
    installed = version("sparcode-mini")
    if content["version"] != installed:
        raise ValueError(f"{FILE} is of version {content['version']}, {installed} is installed; "
                         "pip install -e . or mend the file")  # fmt: skip
    authors = ", ".join(author["name"] for author in content["authors"])
    line = f"{authors}: {content['title']}, version {installed}. {LICENCE}"
    return Credit(installed, line)
