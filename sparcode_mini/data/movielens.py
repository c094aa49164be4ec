"""MovieLens-100K: fetch the source file once, read it, and bring it to one canonical form.

The licence allows to use the data set but not to pass it on, so it is fetched on first use and kept
in a cache folder. Two sources are known: the archive of GroupLens, and the wheel of recbole 1.2.1,
which holds the same data in other tables. The wheel is only read as an archive; it is never
installed. Both give the same canonical tables, whose checksums are compared, so results do not
depend on the source.

Source: F. M. Harper and J. A. Konstan, "The MovieLens Datasets: History and Context",
ACM TiiS 5(4), 2015, https://doi.org/10.1145/2827872.
"""

import hashlib
import subprocess
import zipfile
from pathlib import Path

import pooch

from sparcode_mini.data import movielens_wheel
from sparcode_mini.data.download import FOLDER_VARIABLE, data_folder, quiet_pooch
from sparcode_mini.data.movielens_tables import (
    Reader,
    Tables,
    interactions_frame,
    items_frame,
    render,
    split_rows,
    split_title,
    users_frame,
)

GROUPLENS_URL = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
GROUPLENS_FILE = "ml-100k.zip"
GROUPLENS_SHA256 = "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229"
GROUPLENS_TIMEOUT = 10.0  # seconds; short, since there is a second source

# Checksums of the canonical tables as `render` writes them.
INTERACTIONS_SHA256 = "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490"
PEOPLE_AND_FILMS_SHA256 = "be94fb88cab4eeef0a94e4ebb40e5dac2d94cc6e0963db5b484835ade6fe4e4b"

GENRE_FLAGS = (
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)

# Errors from reading a damaged or foreign file.
_UNREADABLE = (OSError, KeyError, ValueError, zipfile.BadZipFile)


def read_grouplens(read: Reader, source: str) -> Tables:
    """Read GroupLens' own files.

    Args:
        read: maps a file name such as "u.data" to its bytes.
        source: text for `Tables.source`.

    Raises:
        ValueError: a line has the wrong number of fields.
    """
    interactions = split_rows(read("u.data").decode("ascii"), "\t", 4, "u.data")
    users = split_rows(read("u.user").decode("ascii"), "|", 5, "u.user")
    items = []
    for row in split_rows(read("u.item").decode("latin-1"), "|", 5 + len(GENRE_FLAGS), "u.item"):
        title, year = split_title(row[1])
        flags = zip(GENRE_FLAGS, row[5:], strict=True)
        genres = tuple(genre for genre, flag in flags if flag == "1" and genre != "unknown")
        items.append((int(row[0]), title, year, genres))
    return Tables(interactions_frame(interactions), users_frame(users), items_frame(items), source)


def check(tables: Tables) -> Tables:
    """Return `tables` if both canonical checksums agree.

    Raises:
        ValueError: names the part that differs, its checksum and the expected one.
    """
    parts = ("ratings", "users and films")
    expected = (INTERACTIONS_SHA256, PEOPLE_AND_FILMS_SHA256)
    for part, text, checksum in zip(parts, render(tables), expected, strict=True):
        digest = hashlib.sha256(text).hexdigest()
        if digest != checksum:
            raise ValueError(
                f"the {part} of {tables.source} are not those of MovieLens-100K (sha256 {digest}, "
                f"expected {checksum}); fetch the original ml-100k.zip from {GROUPLENS_URL}"
            )
    return tables


def _from_zip(path: Path) -> Tables:
    with zipfile.ZipFile(path) as archive:
        return read_grouplens(lambda name: archive.read(f"ml-100k/{name}"), "GroupLens ml-100k.zip")


def from_folder(path: Path) -> Tables:
    """Read an unpacked ml-100k folder.

    Raises:
        OSError, ValueError: a file is missing or damaged.
    """
    return read_grouplens(lambda name: (path / name).read_bytes(), "GroupLens ml-100k folder")


def _load_given(folder: Path) -> Tables:
    """Read the first usable file in the folder that the environment variable names."""
    candidates = (
        (".", from_folder) if (folder / "u.data").exists() else ("ml-100k", from_folder),
        (GROUPLENS_FILE, _from_zip),
        (movielens_wheel.FILE, movielens_wheel.from_file),
    )
    reasons = []
    for name, reader in candidates:
        if not (folder / name).exists():
            reasons.append(f"{name}: not there")
            continue
        try:
            return check(reader(folder / name))
        except _UNREADABLE as error:
            reasons.append(f"{name}: {error}")
    raise FileNotFoundError(
        f"{FOLDER_VARIABLE} is set to {str(folder)!r}, but nothing there can be read as "
        f"MovieLens-100K ({'; '.join(reasons)}). Put ml-100k.zip, an unpacked ml-100k folder or "
        f"{movielens_wheel.FILE} there, or unset {FOLDER_VARIABLE} to download"
    )


def _retrieve_grouplens(folder: Path) -> Path:
    return Path(
        pooch.retrieve(
            GROUPLENS_URL,
            known_hash=f"sha256:{GROUPLENS_SHA256}",
            fname=GROUPLENS_FILE,
            path=folder,
            downloader=pooch.HTTPDownloader(timeout=GROUPLENS_TIMEOUT),
        )
    )


def _load_cached_or_download(folder: Path) -> Tables:
    sources = [
        ("GroupLens", GROUPLENS_FILE, _retrieve_grouplens, _from_zip),
        (
            f"the wheel {movielens_wheel.REQUIREMENT}",
            movielens_wheel.FILE,
            movielens_wheel.retrieve,
            movielens_wheel.from_file,
        ),
    ]
    # A file that is already here comes first, so that nobody waits for a host that failed before.
    sources.sort(key=lambda source: not (folder / source[1]).exists())
    reasons = []
    for name, _, retrieve, reader in sources:
        try:
            with quiet_pooch():
                path = retrieve(folder)
            return check(reader(path))
        except (*_UNREADABLE, subprocess.SubprocessError) as error:
            reasons.append(f"{name}: {error}")
    raise ConnectionError(
        f"MovieLens-100K could not be had. {'. '.join(reasons)}. Remedy: fetch {GROUPLENS_URL} "
        f"by other means and set the environment variable {FOLDER_VARIABLE} to the folder that "
        f"holds ml-100k.zip (or an unpacked ml-100k folder, or {movielens_wheel.FILE})"
    )


def present() -> bool:
    """Tell whether a source file is here, so that `load` needs no network."""
    folder, given = data_folder()
    names = (GROUPLENS_FILE, movielens_wheel.FILE, *(["ml-100k"] if given else []))
    return any((folder / name).exists() for name in names)


def load() -> Tables:
    """Load MovieLens-100K, downloading it on first use (about 5 MB, or 2 MB for the wheel).

    If the environment variable SPARCODE_DATA names a folder, only this folder is read: it is an
    unpacked ml-100k folder, or holds one, ml-100k.zip or the wheel. Otherwise the source file is
    kept in ``pooch.os_cache("sparcode-mini")``. Each download goes to a temporary name first and is
    renamed when its checksum is right, so processes that start together cannot damage the file.

    Raises:
        FileNotFoundError: SPARCODE_DATA is set and holds nothing usable.
        ConnectionError: neither source could be fetched; names both reasons.
    """
    folder, given = data_folder()
    return _load_given(folder) if given else _load_cached_or_download(folder)
