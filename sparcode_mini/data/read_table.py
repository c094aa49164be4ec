"""Read `Ratings` from your own CSV, TSV or Parquet file of (user, item, time).

Every error names the file and the column, and says what to write on the command line.
"""

import dataclasses
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from sparcode_mini.data.ratings import Ratings, from_frames

SEPARATORS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (*SEPARATORS, ".parquet")
NAMES = ("user", "item", "rating", "time", "title")  # what --columns can rename
LIST_MARK = "|"  # "Comedy|Drama" is a list of two


def read_ratings(
    path: Path, columns: Mapping[str, str] | None = None, items: Path | None = None
) -> Ratings:
    """Read a table of interactions, and perhaps one of items.

    Args:
        path: .csv, .tsv (with a line of names) or .parquet with the columns user, item and, if
            known, rating and time. Times are numbers or ISO 8601 text; only their order counts.
            Without the column time, the rows are taken to be in time order.
        columns: name here -> name in the file, for columns whose names differ: {"user": "uid"}.
            It holds for both files.
        items: a file of the same kinds with the column item, each item once, and perhaps title.
            Every other column becomes a feature; texts with "|" become lists of values.

    Returns:
        Ratings whose `source` names the file, and says if the row order stands for the time.

    Raises:
        FileNotFoundError: there is no such file.
        ImportError: a Parquet file, and pyarrow is not installed.
        ValueError: another kind of file, a missing column, an unusable value.
    """
    columns = dict(columns or {})
    if unknown := sorted(set(columns) - set(NAMES)):
        raise ValueError(
            f"--columns {unknown[0]}=...: the names on the left are {', '.join(NAMES)}"
        )
    interactions, timed = _interactions(path, columns)
    table = None if items is None else _items(items, columns)
    if table is not None:
        _match_ids(interactions, table)
    try:
        ratings = from_frames(interactions, items=table)
    except ValueError as error:
        raise ValueError(f"{path}{f' with {items}' if items else ''}: {error}") from error
    note = "" if timed else ", no column of times: rows are taken to be in time order"
    return dataclasses.replace(ratings, source=f"{path.name}{note}")


def _interactions(path: Path, columns: Mapping[str, str]) -> tuple[pd.DataFrame, bool]:
    """Read the columns user, item, timestamp and perhaps rating; tell whether there are times."""
    present = column_names(path)
    in_file = {name: columns.get(name, name) for name in ("user", "item", "rating", "time")}
    required = ["user", "item", *(name for name in ("rating", "time") if name in columns)]
    for name in required:
        if in_file[name] not in present:
            raise ValueError(
                f"{path} has no column {in_file[name]!r}; it has {present}: say which one is the "
                f"{name} with --columns {name}=NAME"
            )
    known = {name: column for name, column in in_file.items() if column in present}
    table = _read(path, [known["user"], known["item"]], list(known.values()))
    table.columns = list(known)
    for name in known:
        _forbid_gaps(path, table[name], known[name])
    timed = "time" in known
    times: Any = _times(path, table["time"], known["time"]) if timed else range(len(table))
    return table.drop(columns="time", errors="ignore").assign(timestamp=times), timed


def _items(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read the column item, perhaps title, and features."""
    table = _read(path, [columns.get("item", "item"), "item"])
    names = {column: name for name, column in columns.items() if name in ("item", "title")}
    table = table.rename(columns=names)
    if "item" not in table.columns:
        raise ValueError(
            f"{path} has no column {columns.get('item', 'item')!r}; it has "
            f"{column_names(path)}: its ids must stand in a column of the same name as in the "
            "table of interactions, or in one named item"
        )
    for name in table.columns.difference(["item", "title", "name"]):
        texts = table[name]
        marked = [isinstance(value, str) and LIST_MARK in value for value in texts]
        if any(marked):
            cells = [value.split(LIST_MARK) if isinstance(value, str) else [] for value in texts]
            table[name] = pd.Series(cells, index=table.index, dtype=object)
    return table


def _match_ids(interactions: pd.DataFrame, items: pd.DataFrame) -> None:
    """Make item ids texts in both tables, if they are integers in one and texts in the other."""
    for one, other in ((interactions, items), (items, interactions)):
        is_text = not pd.api.types.is_numeric_dtype(other["item"])
        if is_text and pd.api.types.is_integer_dtype(one["item"]):
            one["item"] = one["item"].astype(str)


def column_names(path: Path) -> list[str]:
    """Read the names of a file's columns.

    Raises:
        FileNotFoundError: there is no such file.
        ImportError: a Parquet file, and pyarrow is not installed.
        ValueError: another kind of file, or one that can't be read.
    """
    _check_kind(path)
    try:
        if path.suffix == ".parquet":
            return list(pyarrow_parquet().read_schema(path).names)
        return list(pd.read_csv(path, sep=SEPARATORS[path.suffix], nrows=0).columns)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _read(path: Path, ids: list[str], columns: list[str] | None = None) -> pd.DataFrame:
    """Read some columns of a file, or all; columns in `ids` hold ids, not quantities."""
    _check_kind(path)
    try:
        if path.suffix == ".parquet":
            table: pd.DataFrame = pyarrow_parquet().read_table(path, columns=columns).to_pandas()
            return table if columns is None else table[columns]
        # All columns: reading some, pandas would not notice a line with a field too many.
        as_text = dict.fromkeys(ids, str)  # else 007 and 7 would be one
        table = pd.read_csv(path, sep=SEPARATORS[path.suffix], dtype=as_text, low_memory=False)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas took the first column for an index
        raise _too_many_fields(path, "2")
    for name in table.columns.intersection(ids):
        table[name] = _whole_numbers(table[name])
    return table if columns is None else table[columns]


def _whole_numbers(texts: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return integers if each text is an integer as Python writes it; else the texts."""
    known = texts.dropna().unique()
    try:
        plain = len(known) == 0 or all(str(int(text)) == text for text in known)
        return texts.astype("int64") if plain and texts.notna().all() else texts
    except (ValueError, OverflowError):
        return texts


def _check_kind(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path} is no {', '.join(SUFFIXES)} file; save it as one of these")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path} (current folder: {Path.cwd()})")


def _too_many_fields(path: Path, line: str) -> ValueError:
    return ValueError(
        f"{path}, line {line}: it has more fields than the line of names; put a field that holds "
        f"{SEPARATORS[path.suffix]!r} into quotes, or name every column"
    )


def _unreadable(path: Path, error: Exception) -> ValueError:
    if match := re.search(r"Expected \d+ fields in line (\d+)", str(error)):  # pandas
        return _too_many_fields(path, match[1])
    return ValueError(
        f"{path} can't be read as a {path.suffix} file in UTF-8 with one line of names "
        f"({str(error).strip()}); save it anew"
    )


def pyarrow_parquet() -> Any:
    """Return the module pyarrow.parquet, an optional package.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            "Parquet files are read by pyarrow, which is not installed: pip install pyarrow, or "
            "save the table as .csv"
        ) from error


def _forbid_gaps(path: Path, column: "pd.Series[Any]", name: str) -> None:
    gaps = column.isna().to_numpy()
    if gaps.any():
        raise ValueError(
            f"{path}, column {name!r}, {_place(path, int(gaps.argmax()))}: the value is missing "
            f"({int(gaps.sum())} such rows in all); fill or delete these rows"
        )


def _times(path: Path, column: "pd.Series[Any]", name: str) -> "pd.Series[Any]":
    """Return numbers and times as they are, and texts as numbers or times."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    times = pd.to_datetime(column.astype(str), format="ISO8601", utc=True, errors="coerce")
    numbers = pd.to_numeric(column, errors="coerce")
    likely = numbers if numbers.notna().sum() > len(column) / 2 else times
    wrong = likely.isna().to_numpy()  # most of the column shows which kind is meant
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{path}, column {name!r}, {_place(path, row)}: {column.iloc[row]!r} is no time; write "
            "numbers (such as seconds) or ISO 8601 (2024-05-31T12:30:00)"
        )
    return likely


def _place(path: Path, row: int) -> str:
    """Name the place of a row: in a text file its line, below the line of names."""
    return f"row {row}" if path.suffix == ".parquet" else f"line {row + 2}"
