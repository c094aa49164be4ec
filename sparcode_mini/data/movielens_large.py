"""MovieLens-1M and MovieLens-10M: the same protocol as MovieLens-100K, more people, more films.

Both come from GroupLens only, as one archive of tables with the separator "::". Films without a
rating are left out: the catalogues then have the sizes that papers report (3,706 and 10,677).

Source: F. M. Harper and J. A. Konstan, "The MovieLens Datasets: History and Context",
ACM TiiS 5(4), 2015, https://doi.org/10.1145/2827872; the fields are described in the README of
each archive.
"""

import dataclasses
import zipfile
from collections.abc import Callable
from io import BufferedIOBase
from typing import Any, NamedTuple

import pandas as pd

from sparcode_mini.data.download import data_folder, locate
from sparcode_mini.data.movielens_tables import items_frame, split_rows, split_title
from sparcode_mini.data.ratings import Ratings, from_frames
from sparcode_mini.tools.progress import Progress, progress

SEPARATOR = "::"
NO_GENRES = "(no genres listed)"
AGES = {
    1: "under 18",
    18: "18-24",
    25: "25-34",
    35: "35-44",
    45: "45-49",
    50: "50-55",
    56: "56 and over",
}
OCCUPATIONS = (
    "other",
    "academic/educator",
    "artist",
    "clerical/admin",
    "college/grad student",
    "customer service",
    "doctor/health care",
    "executive/managerial",
    "farmer",
    "homemaker",
    "K-12 student",
    "lawyer",
    "programmer",
    "retired",
    "sales/marketing",
    "scientist",
    "self-employed",
    "technician/engineer",
    "tradesman/craftsman",
    "unemployed",
    "writer",
)

Opener = Callable[[str], Any]  # gives an open binary file


class DataSet(NamedTuple):
    """The facts about an archive that are known before it is read."""

    title: str
    url: str
    sha256: str
    folder: str  # inside the archive
    encoding: str  # of titles
    ratings: int
    with_users: bool


DATA_SETS = {
    "ml-1m": DataSet(
        title="MovieLens-1M",
        url="https://files.grouplens.org/datasets/movielens/ml-1m.zip",
        sha256="a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
        folder="ml-1m",
        encoding="latin-1",
        ratings=1_000_209,
        with_users=True,
    ),
    "ml-10m": DataSet(
        title="MovieLens-10M",
        url="https://files.grouplens.org/datasets/movielens/ml-10m.zip",
        sha256="813c411ccb6122564edfe752e7f80c4dcc5aa25fa94c93622f6877a7ba252862",
        folder="ml-10M100K",
        encoding="utf-8",
        ratings=10_000_054,
        with_users=False,
    ),
}


def load(name: str) -> Ratings:
    """Load "ml-1m" (6 MB to fetch) or "ml-10m" (66 MB); the first use fetches it.

    If SPARCODE_DATA names a folder, it holds the archive or the unpacked folder (ml-1m or
    ml-10M100K); nothing is fetched then.

    Raises:
        FileNotFoundError: SPARCODE_DATA is set and holds neither.
        ConnectionError: the archive could not be fetched; the message says where to put it.
        ValueError: an unknown name, a damaged file.
    """
    if name not in DATA_SETS:
        raise ValueError(f"data set {name!r} is unknown; choose one of {sorted(DATA_SETS)}")
    known = DATA_SETS[name]
    folder, given = data_folder()
    unpacked = folder / known.folder
    if given and unpacked.is_dir():
        return read(known, lambda file: (unpacked / file).open("rb"), f"folder {unpacked.name}")
    path = locate(f"{name}.zip", known.url, f"sha256:{known.sha256}", known.title)
    with zipfile.ZipFile(path) as archive:
        return read(known, lambda file: archive.open(f"{known.folder}/{file}"), path.name)


def read(known: DataSet, opened: Opener, source: str) -> Ratings:
    """Read the tables of one archive.

    Args:
        known: facts about the archive.
        opened: maps "ratings.dat", "movies.dat" or "users.dat" to an open binary file.
        source: text for `Ratings.source`.

    Raises:
        ValueError: a table is damaged.
    """
    bar: Progress[None] = progress(total=3, desc=f"read {known.title}")
    with bar:
        with opened("ratings.dat") as file:
            interactions = read_ratings(file)
        bar.update()
        if len(interactions) != known.ratings:
            raise ValueError(
                f"ratings.dat has {len(interactions):,} rows, {known.title} {known.ratings:,}; "
                f"the file is damaged or of another data set: fetch {known.url} again"
            )
        with opened("movies.dat") as file:
            items = read_films(file, known.encoding)
        items = items[items["item"].isin(interactions["item"].unique())]
        users = None
        if known.with_users:
            with opened("users.dat") as file:
                users = read_people(file)
        bar.update()
        ratings = from_frames(interactions, users=users, items=items)
        bar.update()
    return dataclasses.replace(ratings, source=f"{known.title}, {source}")


def read_ratings(file: BufferedIOBase) -> pd.DataFrame:
    """Read lines such as "1::122::5::838985046": user, item, rating and timestamp (seconds).

    With a separator of two characters pandas would use its slow reader; with single colons every
    second field is empty, which costs nothing.

    Raises:
        ValueError: a line with other fields.
    """
    names = ["user", "_1", "item", "_2", "rating", "_3", "timestamp"]
    kinds = {"user": "int64", "item": "int64", "rating": "float32", "timestamp": "int64"}
    try:
        return pd.read_csv(
            file, sep=":", header=None, names=names, usecols=list(kinds), dtype=kinds, engine="c"
        )
    except ValueError as error:
        raise ValueError(
            f"ratings.dat can't be read ({error}); every line is user::film::rating::seconds: "
            "the file is damaged, fetch it again"
        ) from error


def read_films(file: BufferedIOBase, encoding: str) -> pd.DataFrame:
    """Read lines such as "1::Toy Story (1995)::Animation|Comedy": item, title, year, genres."""
    rows = []
    for number, title, kinds in split_rows(
        file.read().decode(encoding), SEPARATOR, 3, "movies.dat"
    ):
        genres = tuple(kind for kind in kinds.split("|") if kind not in ("", NO_GENRES))
        rows.append((int(number), *split_title(title), genres))
    return items_frame(rows)


def read_people(file: BufferedIOBase) -> pd.DataFrame:
    """Read lines such as "1::F::1::10::48067": user, gender, age group, occupation (post code)."""
    rows = split_rows(file.read().decode("ascii"), SEPARATOR, 5, "users.dat")
    table = pd.DataFrame([row[:4] for row in rows], columns=["user", "gender", "age", "occupation"])
    ages, jobs = table["age"].astype(int), table["occupation"].astype(int)
    return table.assign(
        user=table["user"].astype("int64"),
        age=ages.map(AGES),
        occupation=jobs.map(dict(enumerate(OCCUPATIONS))),
    )
