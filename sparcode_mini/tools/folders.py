"""Folders whose content this program may delete, because it made them.

A mark, an empty file, tells them from folders of the user, which are never emptied.
"""

import shutil
from pathlib import Path

MARK = ".sparcode-made"


def claim(folder: Path) -> None:
    """Make a folder and mark it; one that has the mark stays as it is.

    Raises:
        ValueError: it holds files and no mark.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise ValueError(
            f"{folder} holds files that this program did not make; choose another folder, or "
            "delete this one"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def clear(folder: Path) -> None:
    """Make a folder that holds nothing but the mark; errors as `claim`."""
    claim(folder)
    shutil.rmtree(folder)
    claim(folder)
