"""MovieLens-100K: fetch the source file once, read it, and bring it to one canonical form.

The data set may be used but not passed on, so it is fetched on first use and kept in a cache
folder. Two sources are known: the archive that GroupLens serves and the wheel of recbole 1.2.1,
which carries the same data in tables of its own. The wheel is only read as an archive; it is
never installed. Both are brought to the same canonical tables, whose checksums are compared, so
results do not depend on which source served.

Source: F. M. Harper and J. A. Konstan, "The MovieLens Datasets: History and Context",
ACM TiiS 5(4), 2015, https://doi.org/10.1145/2827872.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pooch

from sparcode_mini.data.download import FOLDER_VARIABLE, data_folder, quiet_pooch

GROUPLENS_URL = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
GROUPLENS_FILE = "ml-100k.zip"
GROUPLENS_SHA256 = "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229"
GROUPLENS_TIMEOUT = 10.0  # seconds; there is a second source, so do not wait for long

WHEEL_REQUIREMENT = "recbole==1.2.1"
WHEEL_FILE = "recbole-1.2.1-py3-none-any.whl"
WHEEL_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
WHEEL_FOLDER = "recbole/dataset_example/ml-100k/ml-100k"
WHEEL_TIMEOUT = 600.0  # seconds

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
WHEEL_MISSING = "unkonwn"  # the wheel's own spelling

# "Babe (1995)", also "The Time of the Great Giving (1995) (V)": V marks a film made for video.
_TITLE_AND_YEAR = re.compile(r"(?P<title>.*?)\s*\((?P<year>\d{4})\)(?:\s*\(V\))?", re.DOTALL)

# What reading a damaged or foreign file raises.
_UNREADABLE = (OSError, KeyError, ValueError, zipfile.BadZipFile)

Reader = Callable[[str], bytes]


class Tables(NamedTuple):
    """Canonical tables of MovieLens-100K.

    Attributes:
        interactions: columns user, item, rating, timestamp (all int64; timestamp in seconds
            since 1970), 100,000 rows in the order of GroupLens' ``u.data``.
        users: user int64, age int64 (years), gender str, occupation str.
        items: item int64, title str without the year, year Int64 or missing, genres tuple of str
            (empty when the genre is unknown).
        source: which file served.
    """

    interactions: pd.DataFrame
    users: pd.DataFrame
    items: pd.DataFrame
    source: str


def split_title(text: str) -> tuple[str, int | None]:
    """Split "Babe (1995)" into ("Babe", 1995); without a year at its end: (text, None)."""
    text = text.strip()
    match = _TITLE_AND_YEAR.fullmatch(text)
    if match is None:
        return text, None
    return match["title"], int(match["year"])


def items_frame(rows: list[tuple[int, str, int | None, tuple[str, ...]]]) -> pd.DataFrame:
    """Rows (item, title, year or None, genres) as a table with the canonical types."""
    identifiers, titles, years, genres = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "item": pd.Series(identifiers, dtype="int64"),
            "title": pd.Series(titles, dtype="object"),
            "year": pd.Series(years, dtype="Int64"),
            "genres": pd.Series(genres, dtype="object"),
        }
    )


def split_rows(text: str, separator: str, fields: int, name: str) -> list[list[str]]:
    """Split the lines of a table and insist on the same number of fields in each."""
    # Not splitlines(): that would also split at characters a Latin-1 title may hold.
    rows = [line.removesuffix("\r").split(separator) for line in text.split("\n") if line]
    for number, row in enumerate(rows, start=1):
        if len(row) != fields:
            raise ValueError(
                f"{name}, line {number}: {len(row)} fields where {fields} are expected; the file "
                "is damaged or of another data set: delete it and let it be fetched again"
            )
    return rows


def _interactions(rows: list[list[str]]) -> pd.DataFrame:
    columns = ("user", "item", "rating", "timestamp")
    table = pd.DataFrame(rows, columns=list(columns))
    # The wheel calls rating and timestamp floats, but all of them are whole numbers.
    return table.astype("float64").astype("int64")


def _users(rows: list[list[str]]) -> pd.DataFrame:
    table = pd.DataFrame([row[:4] for row in rows], columns=["user", "age", "gender", "occupation"])
    return table.astype({"user": "int64", "age": "int64", "gender": object, "occupation": object})


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
    return Tables(_interactions(interactions), _users(users), items_frame(items), source)


def read_wheel(read: Reader, source: str) -> Tables:
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
        name = "unknown" if name == WHEEL_MISSING else name
        title, year = split_title(name if date == WHEEL_MISSING else f"{name} ({date})")
        genres = tuple(genre for genre in kinds.split(" ") if genre != "unknown")
        items.append((int(identifier), title, year, genres))
    return Tables(_interactions(interactions), _users(users), items_frame(items), source)


def render(tables: Tables) -> tuple[bytes, bytes]:
    """Write canonical tables as text: (interactions, users and items), tab-separated UTF-8."""
    interactions = tables.interactions.to_csv(
        sep="\t", header=False, index=False, lineterminator="\n"
    )
    lines = [
        f"user\t{user}\t{age}\t{gender}\t{occupation}\n"
        for user, age, gender, occupation in tables.users.itertuples(index=False)
    ]
    lines += [
        f"item\t{item}\t{title}\t{'' if year is pd.NA else year}\t{'|'.join(genres)}\n"
        for item, title, year, genres in tables.items.itertuples(index=False)
    ]
    return interactions.encode("utf-8"), "".join(lines).encode("utf-8")


def check(tables: Tables) -> Tables:
    """Return `tables` if both canonical checksums agree.

    Raises:
        ValueError: naming the part that differs, the checksum found and the one expected.
    """
    parts = ("ratings", "users and films")
    expected = (INTERACTIONS_SHA256, PEOPLE_AND_FILMS_SHA256)
    for part, text, want in zip(parts, render(tables), expected, strict=True):
        found = hashlib.sha256(text).hexdigest()
        if found != want:
            raise ValueError(
                f"the {part} of {tables.source} are not those of MovieLens-100K (sha256 {found}, "
                f"expected {want}); fetch the original ml-100k.zip from {GROUPLENS_URL}"
            )
    return tables


def _from_zip(path: Path) -> Tables:
    with zipfile.ZipFile(path) as archive:
        return read_grouplens(lambda name: archive.read(f"ml-100k/{name}"), "GroupLens ml-100k.zip")


def _from_folder(path: Path) -> Tables:
    return read_grouplens(lambda name: (path / name).read_bytes(), "GroupLens ml-100k folder")


def _from_wheel(path: Path) -> Tables:
    with zipfile.ZipFile(path) as archive:
        return read_wheel(
            lambda name: archive.read(f"{WHEEL_FOLDER}.{name}"), "wheel of recbole 1.2.1"
        )


def _load_given(folder: Path) -> Tables:
    """Read whatever the user put into the folder that the environment variable names."""
    candidates = (
        (".", _from_folder) if (folder / "u.data").exists() else ("ml-100k", _from_folder),
        (GROUPLENS_FILE, _from_zip),
        (WHEEL_FILE, _from_wheel),
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
        f"{WHEEL_FILE} there, or unset {FOLDER_VARIABLE} to download"
    )


def _pip_download(url: str, output_file: str, _pooch: object) -> None:
    """Fetch the wheel through pip, so that the user's own index settings hold (pooch hook)."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        # Never build a source distribution: that would run foreign code.
        command += ["--only-binary=:all:", "--dest", folder, WHEEL_REQUIREMENT]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=WHEEL_TIMEOUT, check=False
        )
        wheel = Path(folder) / WHEEL_FILE
        if done.returncode != 0 or not wheel.exists():
            said = done.stderr.strip().splitlines() or ["no message"]
            errors = [line for line in said if line.startswith("ERROR")] or said
            raise OSError(f"pip download {WHEEL_REQUIREMENT} failed: {errors[-1]}")
        shutil.copyfile(wheel, output_file)


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


def _retrieve_wheel(folder: Path) -> Path:
    return Path(
        pooch.retrieve(
            f"pip:{WHEEL_REQUIREMENT}",
            known_hash=f"sha256:{WHEEL_SHA256}",
            fname=WHEEL_FILE,
            path=folder,
            downloader=_pip_download,
        )
    )


def _load_cached_or_download(folder: Path) -> Tables:
    sources = [
        ("GroupLens", GROUPLENS_FILE, _retrieve_grouplens, _from_zip),
        (f"the wheel {WHEEL_REQUIREMENT}", WHEEL_FILE, _retrieve_wheel, _from_wheel),
    ]
    # A file that is already here comes first: no waiting for a host that failed before.
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
        f"holds ml-100k.zip (or an unpacked ml-100k folder, or {WHEEL_FILE})"
    )


def present() -> bool:
    """Is a source file here, so that `load` needs no network?"""
    folder, given = data_folder()
    names = (GROUPLENS_FILE, WHEEL_FILE, *(["ml-100k"] if given else []))
    return any((folder / name).exists() for name in names)


def load() -> Tables:
    """Load MovieLens-100K, downloading it on first use (about 5 MB, or 2 MB for the wheel).

    The folder that the environment variable SPARCODE_DATA names is used when the variable is set:
    it is an unpacked ml-100k folder, or holds one, ml-100k.zip or the wheel; nothing is loaded
    from elsewhere. Else
    the source file is kept in ``pooch.os_cache("sparcode-mini")``. Each download goes to a
    temporary name first and is renamed when its checksum is right, so processes that start
    together cannot damage one another's file.

    Raises:
        FileNotFoundError: SPARCODE_DATA is set and holds nothing usable.
        ConnectionError: neither source could be fetched; names both reasons.
    """
    folder, given = data_folder()
    return _load_given(folder) if given else _load_cached_or_download(folder)
