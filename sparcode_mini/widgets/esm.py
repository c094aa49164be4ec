"""JavaScript of a widget: one module of several files, since a browser can't resolve their imports.

The files are proper modules that import each other; here they are written one after the other, in
the order given, without their import lines (one line each), so no two may use the same name.
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
