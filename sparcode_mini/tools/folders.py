"""Folders whose content this program may delete, because it made them.

A mark, an empty file, tells them from folders of the user, which are never emptied.
"""

import shutil
import tempfile
from pathlib import Path

MARK = ".sparcode-made"


def check_replaceable(folder: Path) -> None:
    """Refuse, before long work, a folder whose content this program may not delete.

    Raises:
        ValueError: it holds files and no mark, or it is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; give the name of a folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise ValueError(
            f"{folder} holds files that this program did not make; choose another folder, or "
            "delete this one"
        )


def claim(folder: Path) -> None:
    """Make a folder and mark it; one that has the mark stays as it is.

    Raises:
        ValueError: as `check_replaceable`.
    """
    check_replaceable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def clear(folder: Path) -> None:
    """Make a folder that holds nothing but the mark; errors as `claim`."""
    claim(folder)
    shutil.rmtree(folder)
    claim(folder)


def replace(folder: Path, content: Path) -> None:
    """Make a folder that holds the mark and a copy of another folder, and nothing else.

    After an error or Ctrl-C it is as it was.

    Args:
        folder: the one to make or to replace; a symbolic link is followed.
        content: what is copied.

    Raises:
        ValueError: as `check_replaceable`.
    """
    check_replaceable(folder)
    target = folder.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target: only within one disk is a renaming all or nothing.
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as name:
        new, old = Path(name) / "new", Path(name) / "old"
        shutil.copytree(content, new)
        (new / MARK).touch()
        try:
            if target.exists():
                target.rename(old)
            new.rename(target)
        finally:
            if old.exists() and not target.exists():
                old.rename(target)
