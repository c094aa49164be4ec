"""The canonical tables of MovieLens-100K, the same for every source."""

import re
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

# "Babe (1995)", also "The Time of the Great Giving (1995) (V)": V marks a film made for video.
_TITLE_AND_YEAR = re.compile(r"(?P<title>.*?)\s*\((?P<year>\d{4})\)(?:\s*\(V\))?", re.DOTALL)

Reader = Callable[[str], bytes]


class Tables(NamedTuple):
    """Canonical tables of MovieLens-100K.

    Attributes:
        interactions: columns user, item, rating, timestamp (all int64; timestamp in seconds
            since 1970), 100,000 rows in the order of GroupLens' ``u.data``.
        users: user int64, age int64 (years), gender str, occupation str.
        items: item int64, title str without the year, year Int64 or missing, genres tuple of str
            (empty when the genre is unknown).
        source: the file they were read from.
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
    """Return rows (item, title, year or None, genres) as a table with the canonical types."""
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
    """Split the lines of a table, and refuse a line with another number of fields."""
    # Not splitlines(): that would also split at characters a Latin-1 title may hold.
    rows = [line.removesuffix("\r").split(separator) for line in text.split("\n") if line]
    for number, row in enumerate(rows, start=1):
        if len(row) != fields:
            raise ValueError(
                f"{name}, line {number}: {len(row)} fields where {fields} are expected; the file "
                "is damaged or of another data set: delete it and let it be fetched again"
            )
    return rows


def interactions_frame(rows: list[list[str]]) -> pd.DataFrame:
    """Return the fields (user, item, rating, timestamp) of each row as a table of int64."""
    columns = ("user", "item", "rating", "timestamp")
    table = pd.DataFrame(rows, columns=list(columns))
    # The wheel calls rating and timestamp floats, but all of them are whole numbers.
    return table.astype("float64").astype("int64")


def users_frame(rows: list[list[str]]) -> pd.DataFrame:
    """Return the first four fields of each row as a table (user, age, gender, occupation)."""
    table = pd.DataFrame([row[:4] for row in rows], columns=["user", "age", "gender", "occupation"])
    return table.astype({"user": "int64", "age": "int64", "gender": object, "occupation": object})


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
