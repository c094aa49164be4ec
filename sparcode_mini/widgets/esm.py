"""The JavaScript of a widget as one module, since a browser can't resolve imports between files.

The files are modules that import each other. Here they are joined in the order given, without their
import lines (one line each). So no two files may use the same name at their top level.
"""

from pathlib import Path


def one_module(folder: Path, *names: str) -> str:
    """Return the files `names` of a folder as one module; the last has the default export.

    Raises:
        ValueError: an import that is left over, because it has more than one line.
    """
    lines = [
        line
        for name in names
        for line in (folder / name).read_text("utf-8").splitlines(keepends=True)
        if not (line.startswith("import ") and line.rstrip().endswith(";"))
    ]
    left = next((line for line in lines if line.startswith("import ")), None)
    if left:
        raise ValueError(f"write this import in one line, so that it can be left out: {left!r}")
    return "".join(lines)
