"""Read `Ratings` from your own CSV, TSV or Parquet tables of (user, item, time).

Every cell arrives as it is written, or is refused with file, line and value. Only an empty cell is
missing: NA is a text.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sparcode_mini.data import cells
from sparcode_mini.data.clean import CellError, forbid_missing, show
from sparcode_mini.data.features import LABEL_COLUMNS, require_feature, title_texts
from sparcode_mini.data.ratings import Ratings, from_frames
from sparcode_mini.data.table_notes import (
    lists_among_texts,
    notes_on_ids,
    texts_among_numbers,
    units,
)
from sparcode_mini.data.table_source import SUFFIXES, TableSource, first_names, open_table
from sparcode_mini.data.text_table import TextTable

__all__ = ["SUFFIXES", "read_ratings"]

NAMES = ("user", "item", "rating", "time", "title")  # what --columns can rename
UNNAMED = ("", "__index_level_0__")  # the row numbers of a pandas table
FEWEST_MATCHES = 0.1  # of the smaller table's items; with fewer, the ids are of two kinds


def read_ratings(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    items: str | Path | None = None,
    positive_from: float | None = None,
) -> Ratings:
    """Read a table of interactions, and perhaps one of items.

    Args:
        path: .csv, .tsv (with a line of names), .parquet, or a folder of .parquet parts, with the
            columns user, item and, if known, rating and time. Times are numbers or ISO 8601 text,
            all with a zone or all without; only their order counts. Without the column time the
            rows are taken to be in time order.
        columns: name here -> name in the file, for columns whose names differ: {"user": "uid"}.
            It holds for both files.
        items: a table of the same kinds with the column item, each item once, and perhaps title.
            Every other column becomes a feature; texts with "|" become lists of values.
        positive_from: keep only the rows whose rating is this or more. By default every row is a
            positive, whatever its rating.

    Returns:
        Ratings whose `source` says what was read.

    Raises:
        FileNotFoundError: there is no such file.
        ImportError: a Parquet file, and pyarrow is not installed.
        ValueError: another kind of file, a missing column, an unusable value, or a table of items
            whose ids are other ones.
    """
    try:
        return _read(Path(path), dict(columns or {}), items, positive_from)
    except MemoryError as error:
        raise ValueError(f"{path} needs more memory than this machine has free") from error


def _read(
    path: Path, columns: dict[str, str], items: str | Path | None, positive_from: float | None
) -> Ratings:
    _check_names(columns, items)
    plays = TableSource(open_table(path), _names_of_plays(columns, positive_from))
    table, notes = _interactions(plays, positive_from)
    side = None
    if items is not None:
        things = TableSource(open_table(items), {name: columns.get(name, name) for name in NAMES})
        side, more = _items(things, columns)
        _match_ids(table, side)
        notes += [_matches(table["item"], side["item"], plays, things), *more]
    try:
        ratings = from_frames(table, items=side)
    except CellError as error:
        raise (things if error.table == "items" else plays).located(error) from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    ratings = dataclasses.replace(ratings, source="; ".join(["", *notes]))
    if positive_from is not None:
        ratings = ratings.positives(positive_from)
    return dataclasses.replace(ratings, source=f"{path.name}: {_counts(ratings)}{ratings.source}")


def _check_names(columns: Mapping[str, str], items: object) -> None:
    if unknown := sorted(set(columns) - set(NAMES)):
        raise ValueError(
            f"--columns {unknown[0]}=...: the names on the left are {', '.join(NAMES)}"
        )
    taken: dict[str, str] = {}
    for name, column in {"user": "user", "item": "item", **columns}.items():
        if (other := taken.setdefault(column, name)) != name:
            raise ValueError(f"--columns: {other} and {name} are both the column {column!r}")
    if "title" in columns and items is None:
        raise ValueError(f"--columns title={columns['title']} is for a table of items; add --items")


# --- plays ----------------------------------------------------------------------------------------


def _names_of_plays(columns: Mapping[str, str], positive_from: float | None) -> dict[str, str]:
    """Return the columns to look for: those that must be there come first."""
    names = ["user", "item", *(name for name in ("rating", "time") if name in columns)]
    if positive_from is not None and "rating" not in names:
        names.append("rating")
    return {name: columns.get(name, name) for name in names}


def _interactions(
    plays: TableSource, positive_from: float | None
) -> tuple[pd.DataFrame, list[str]]:
    """Read user, item, timestamp and, if there are any, rating; and notes."""
    for name in plays.names:
        plays.require(name)
    for name in ("rating", "time"):
        if plays.names.setdefault(name, name) not in plays.file.names:
            del plays.names[name]
    named = {name: plays.require(name) for name in plays.names}
    table, notes = _read_plays(plays, named, needed=positive_from is not None)
    _forbid_no_rows(table, plays)
    notes += plays.file.notes
    try:
        for name in ("user", "item"):
            forbid_missing(table, name, "interactions")
            table[name] = cells.ids(table[name], "interactions")
            notes += notes_on_ids(table[name], plays)
        if "time" in named:
            forbid_missing(table, "time", "interactions")
            table["time"] = cells.times(table["time"], "interactions")
            notes += units(table["time"], plays)
        else:
            table["time"] = range(len(table))
            others = [name for name in plays.file.names if name and name not in named.values()]
            left = f" (left out: {first_names(others)})" if others else ""
            notes.append(f"no column of times: rows are taken to be in time order{left}")
        table, note = _with_ratings(table, needed=positive_from is not None)
    except CellError as error:
        raise plays.located(error) from None
    return table.rename(columns={"time": "timestamp"}), [*notes, *note]


def _read_plays(
    plays: TableSource, named: dict[str, str], needed: bool
) -> tuple[pd.DataFrame, list[str]]:
    """Read the columns of plays; without ratings that can't be read, unless they are needed."""
    try:
        return plays.file.read(list(named.values())).set_axis(list(named), axis=1), []
    except ValueError as error:
        if needed or "rating" not in named or isinstance(plays.file, TextTable):
            raise
        others = {name: column for name, column in named.items() if name != "rating"}
        table = plays.file.read(list(others.values())).set_axis(list(others), axis=1)
        return table, [f"ratings are left out ({error})"]


def _forbid_no_rows(table: pd.DataFrame, source: TableSource) -> None:
    if len(table) == 0:
        raise ValueError(f"{source.file.path} has no rows below its names; give at least one")


def _with_ratings(table: pd.DataFrame, needed: bool) -> tuple[pd.DataFrame, list[str]]:
    """Turn ratings into numbers; where nothing needs them, leave out a column with others."""
    if needed:
        forbid_missing(table, "rating", "interactions")
        return table.assign(rating=cells.numbers(table["rating"], "interactions")), []
    if "rating" not in table.columns:
        return table, ["every row is a positive"]
    try:
        return _with_ratings(table, needed=True)[0], [
            "every row is a positive, whatever its rating (--positive-from 4 keeps those from 4 up)"
        ]
    except CellError as error:
        left = table.drop(columns="rating")
        words = table.assign(rating=table["rating"].map(str))  # lists can't be compared
        again = left.duplicated() & ~words.duplicated()
        if again.any():
            fault = "this row differs from an earlier one in its rating alone, which is no number"
            remedy = "write numbers, or give the rows different times"
            row = int(again.to_numpy().argmax())
            raise CellError("interactions", "rating", row, fault, remedy) from None
        return left, [f"every row is a positive, ratings are left out ({error.fault})"]


# --- items ----------------------------------------------------------------------------------------


def _columns_of_items(things: TableSource, columns: Mapping[str, str]) -> list[str]:
    """Return the names in the file of the columns with a name; each must be there once."""
    file, names = things.file, things.names
    if names["item"] not in file.names and "item" in file.names:
        names["item"] = "item"  # our own name does, too
    things.require("item")
    if "title" in columns:
        things.require("title")
    kept = [name for name in file.names if name not in UNNAMED]
    if twice := sorted({name for name in kept if kept.count(name) > 1}):
        raise ValueError(f"{file.path} has two columns named {twice[0]!r}; rename or drop one")
    for name in ("item", "title"):
        if names[name] != name and {name, names[name]} <= set(kept):
            raise ValueError(
                f"{file.path} has a column {name!r} beside {names[name]!r}, which is to be the "
                f"{name}; rename or drop one"
            )
    return kept


def _items(things: TableSource, columns: Mapping[str, str]) -> tuple[pd.DataFrame, list[str]]:
    """Read item, perhaps title, and features; and notes."""
    file, names = things.file, things.names
    kept = _columns_of_items(things, columns)
    table = file.read(kept).rename(columns={names["item"]: "item", names["title"]: "title"})
    _forbid_no_rows(table, things)
    try:
        forbid_missing(table, "item", "items")
        table["item"] = cells.ids(table["item"], "items")
        features = [name for name in table.columns if name not in ("item", *LABEL_COLUMNS)]
        labels = [name for name in LABEL_COLUMNS if name in table.columns]
        for name in labels[:1]:
            table[name] = pd.Series(title_texts(table[name], "items"), dtype=object)
        notes = [f"features: {', '.join(features) or 'none'}"]
        for name in features:
            column = cells.feature(table[name], typed=not isinstance(file, TextTable))
            require_feature(column, "items")
            if isinstance(file, TextTable) and column.dtype == object:
                notes += texts_among_numbers(table[name], things)
                notes += lists_among_texts(table[name], things)
            table[name] = column
    except CellError as error:
        raise things.located(error) from None
    left_out = [
        f"the column {name!r} is left out, since {names[labels[0]]!r} is the title"
        for name in labels[1:]
    ]
    if len(kept) < len(file.names):
        left_out.append("the column without a name is left out")
    return table, [*left_out, *notes, *file.notes]


def _match_ids(interactions: pd.DataFrame, items: pd.DataFrame) -> None:
    """Make item ids texts in both tables, if they are integers in one and texts in the other."""
    for one, other in ((interactions, items), (items, interactions)):
        is_text = not pd.api.types.is_numeric_dtype(other["item"])
        if is_text and pd.api.types.is_integer_dtype(one["item"]):
            one["item"] = one["item"].astype(str).astype(object)


def _matches(
    played: "pd.Series[Any]", described: "pd.Series[Any]", plays: TableSource, things: TableSource
) -> str:
    """Count the items that both tables hold.

    Raises:
        ValueError: hardly any.
    """
    path, distinct = things.file.path, pd.Index(played.unique())
    both = int(distinct.isin(described).sum())
    if both < FEWEST_MATCHES * min(len(distinct), len(described)):
        here, there = (", ".join(map(show, ids[:3].tolist())) for ids in (described, distinct))
        raise ValueError(
            f"{path}: {both} of its {len(described):,} items occur in {plays.file.path}; its ids "
            f"look like {here}, those of the plays like {there}: write them in the same way"
        )
    return (
        f"{both:,} of the {len(described):,} items of {path.name} occur in {plays.file.path.name}"
    )


def _counts(ratings: Ratings) -> str:
    table = ratings.interactions
    return f"{table['user'].nunique():,} users, {table['item'].nunique():,} items"
