"""MovieLens-100K from the wheel of recbole 1.2.1, the second source.

The wheel holds the same data in other tables. It is only read as an archive; it is never installed.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pooch

from sparcode_mini.data.movielens_tables import (
    Reader,
    Tables,
    interactions_frame,
    items_frame,
    split_rows,
    split_title,
    users_frame,
)

REQUIREMENT = "recbole==1.2.1"
FILE = "recbole-1.2.1-py3-none-any.whl"
SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
FOLDER = "recbole/dataset_example/ml-100k/ml-100k"
TIMEOUT = 600.0  # seconds
MISSING = "unkonwn"  # the spelling of the wheel


def read_tables(read: Reader, source: str) -> Tables:
    """Read the tables inside the wheel of recbole 1.2.1.

    Args:
        read: maps "inter", "user" or "item" to the bytes of that table.
        source: text for `Tables.source`.

    Raises:
        ValueError: a line has the wrong number of fields.
    """
    interactions = split_rows(read("inter").decode("utf-8"), "\t", 4, "ml-100k.inter")[1:]
    users = split_rows(read("user").decode("utf-8"), "\t", 5, "ml-100k.user")[1:]
    items = []
    for identifier, name, date, kinds in split_rows(
        read("item").decode("utf-8"), "\t", 4, "ml-100k.item"
    )[1:]:
        # Undo the wheel's own parsing, then parse as for GroupLens: it took "(V)" for a year.
        name = "unknown" if name == MISSING else name
        title, year = split_title(name if date == MISSING else f"{name} ({date})")
        genres = tuple(genre for genre in kinds.split(" ") if genre != "unknown")
        items.append((int(identifier), title, year, genres))
    return Tables(interactions_frame(interactions), users_frame(users), items_frame(items), source)


def from_file(path: Path) -> Tables:
    """Read the tables out of the wheel.

    Raises:
        OSError, KeyError, ValueError, zipfile.BadZipFile: a damaged or foreign file.
    """
    with zipfile.ZipFile(path) as archive:
        return read_tables(lambda name: archive.read(f"{FOLDER}.{name}"), "wheel of recbole 1.2.1")


def pip_download(url: str, output_file: str, _pooch: object) -> None:
    """Fetch the wheel through pip, which follows the user's index settings (pooch hook)."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        # Never build a source distribution: that would run foreign code.
        command += ["--only-binary=:all:", "--dest", folder, REQUIREMENT]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        wheel = Path(folder) / FILE
        if done.returncode != 0 or not wheel.exists():
            lines = done.stderr.strip().splitlines() or ["no message"]
            errors = [line for line in lines if line.startswith("ERROR")] or lines
            raise OSError(f"pip download {REQUIREMENT} failed: {errors[-1]}")
        shutil.copyfile(wheel, output_file)


def retrieve(folder: Path) -> Path:
    """Return the wheel's path in `folder`; fetch it if it is not there or damaged.

    Raises:
        OSError, ValueError, subprocess.SubprocessError: it could not be fetched.
    """
    return Path(
        pooch.retrieve(
            f"pip:{REQUIREMENT}",
            known_hash=f"sha256:{SHA256}",
            fname=FILE,
            path=folder,
            downloader=pip_download,
        )
    )
