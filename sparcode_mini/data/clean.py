"""Check the tables of users; errors name the value and the remedy.

The checked tables have ids in int64 or Python strings, timestamps in numbers, rows numbered from 0.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from sparcode_mini.data.parquet_columns import Unusable, series

LONGEST = 80  # letters of a value in a message


class CellError(ValueError):
    """A value that a table must not hold.

    Readers of files name the file and the line instead of the table and the row.

    Args:
        table: its name, "interactions", "users" or "items".
        column: its name, or None where the whole row is meant.
        row: number of the row, from 0.
        fault: what is wrong, with the value.
        remedy: what to do, for a pandas table.
        in_file: the same for a file; by default `remedy`.
    """

    def __init__(
        self,
        table: str,
        column: str | None,
        row: int,
        fault: str,
        remedy: str,
        in_file: str | None = None,
    ) -> None:
        place = (
            f"{table}, row {row}" if column is None else f"{table}, column {column!r}, row {row}"
        )
        super().__init__(f"{place}: {fault}; {remedy}")
        self.table, self.column, self.row = table, column, row
        self.fault, self.in_file = fault, in_file or remedy


class RepeatedRow(CellError):
    """A row that an earlier one equals.

    Args:
        values: of the row, by their columns.
        row: its number, from 0.
        count: of such rows in all.
    """

    def __init__(self, values: Mapping[Any, Any], row: int, count: int) -> None:
        self.columns, self.count = [str(name) for name in values], count
        remedy = f"remove them with .drop_duplicates(subset={self.columns})"
        fault = repeated(values, count)
        super().__init__("interactions", None, row, fault, remedy, "delete the repeated lines")


def repeated(values: Mapping[Any, Any], count: int) -> str:
    """Say of a row, given by its values, that an earlier one equals it; `count` such ones do."""
    words = ", ".join(f"{name} {show(value)}" for name, value in values.items())
    return f"repeats an earlier row: {words} ({count} such rows in all)"


def require_frame(table: object, name: str, columns: Sequence[str]) -> None:
    """Raise ValueError unless `table` is a DataFrame with these columns, each name once."""
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"{name} is a {type(table).__name__}; give a pandas DataFrame")
    names = table.columns.map(str)  # 1 and "1" would become one feature
    if not names.is_unique:
        twice = names[names.duplicated()][0]
        raise ValueError(f"{name} has two columns named {twice!r}; rename or drop one")
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ValueError(
            f"{name} lacks the column {missing[0]!r}; it has {list(table.columns)}: rename with "
            ".rename(columns={'old': 'new'})"
        )


def show(value: Any) -> str:
    """Write a value in a message: 10, not np.int64(10), nor Timestamp(...); a long one is cut."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    if isinstance(value, dt.date):
        text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def forbid_missing(table: pd.DataFrame, column: str, name: str) -> None:
    """Raise CellError if a value of a column is missing."""
    missing = table[column].isna().to_numpy()
    if missing.any():
        raise CellError(
            name,
            column,
            int(missing.argmax()),
            f"the value is missing ({int(missing.sum())} such rows in all)",
            f"drop such rows with .dropna(subset=[{column!r}])",
            "fill or delete these rows",
        )


def _without_arrow(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with columns of pandas' Arrow types as plain ones."""
    for name in table.columns:
        column = table[name]
        if isinstance(column.dtype, pd.ArrowDtype):
            arrow = import_module("pyarrow")
            try:
                cells = arrow.Table.from_pandas(column.to_frame("cells"), preserve_index=False)
                table = table.assign(**{name: series(cells.column("cells"))})
            except Unusable as error:
                raise ValueError(f"column {name!r}{error}") from None
    return table


def clean_interactions(interactions: pd.DataFrame) -> pd.DataFrame:
    """Return a checked copy with the known columns only."""
    require_frame(interactions, "interactions", ("user", "item", "timestamp"))
    if len(interactions) == 0:
        raise ValueError("the interactions table is empty; give at least one row")
    optional = ["rating"] if "rating" in interactions.columns else []
    table = interactions[["user", "item", "timestamp", *optional]].reset_index(drop=True)
    table = _without_arrow(table)
    for column in table.columns:
        forbid_missing(table, column, "interactions")
    table = table.assign(
        user=clean_ids(table["user"], "interactions"),
        item=clean_ids(table["item"], "interactions"),
        timestamp=_clean_times(table["timestamp"]),
    )
    if optional:
        require_numbers(table["rating"], "interactions")
    _forbid_duplicates(table)
    return table


def clean_ids(column: "pd.Series[Any]", name: str) -> "pd.Series[Any]":
    """Return ids as int64, or as Python strings in an object column."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    kind = pd.api.types.infer_dtype(column, skipna=False)
    if kind == "string":
        texts = [str(value) for value in column]  # those of numpy's own type, too
        return pd.Series(texts, index=column.index, dtype=object)
    if kind != "integer":
        remedy = ".astype('int64')" if kind in ("floating", "decimal") else ".astype(str)"
        wrong = [not isinstance(value, str) for value in column]  # texts may come first
        row = wrong.index(True) if any(wrong) else 0
        raise CellError(
            name,
            str(column.name),
            row,
            f"ids must be all int or all str, not {kind}, such as {show(column.iloc[row])}",
            f"convert the column with {remedy}",
            "write whole numbers, or texts in the whole column",
        )
    _forbid_beyond_int64(column, name, "convert the column with .astype(str)")
    return column.astype("int64")


def _forbid_beyond_int64(column: "pd.Series[Any]", name: str, remedy: str) -> None:
    """Raise CellError if an integer does not fit: it would become another one."""
    limits = np.iinfo(np.int64)
    for extreme, row in ((column.min(), column.argmin), (column.max(), column.argmax)):
        if not limits.min <= int(extreme) <= limits.max:
            fault = f"{extreme} does not fit into 64 bits"
            raise CellError(name, str(column.name), int(row()), fault, remedy)


def _clean_times(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return timestamps as numbers; datetimes become int64 counts of their own unit."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("int64")
    require_numbers(column, "interactions")
    if pd.api.types.is_integer_dtype(column):
        _forbid_beyond_int64(column, "interactions", "count from a later start")
        return column.astype("int64")
    times = column.astype("float64")
    changed = (times != column).to_numpy(dtype=bool)
    if changed.any():
        row = int(changed.argmax())
        fault = f"{column.iloc[row]} is no float64 number"
        raise CellError("interactions", str(column.name), row, fault, "write fewer digits")
    return times


def require_numbers(column: "pd.Series[Any]", name: str) -> None:
    """Raise ValueError unless all known values of a column of table `name` are finite numbers."""
    types = pd.api.types
    is_real = types.is_numeric_dtype(column) and not types.is_complex_dtype(column)
    if not is_real or types.is_bool_dtype(column):
        fault = f"{show(column.iloc[0])} is no number (the column is of type {column.dtype})"
        remedy = "convert it with pd.to_numeric or pd.to_datetime"
        raise CellError(name, str(column.name), 0, fault, remedy, "save the column as numbers")
    infinite = np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if infinite.any():
        row = int(infinite.argmax())
        fault = f"{column.iloc[row]} is not finite"
        raise CellError(name, str(column.name), row, fault, "replace or drop it")


def _forbid_duplicates(table: pd.DataFrame) -> None:
    again = table.duplicated().to_numpy()
    if again.any():
        row = int(again.argmax())
        raise RepeatedRow(table.iloc[row].to_dict(), row, int(again.sum()))


def clean_side(
    table: pd.DataFrame | None, key: str, seen: "pd.Series[Any] | None"
) -> pd.DataFrame | None:
    """Return a checked copy of the table of users (key "user") or items (key "item").

    Its ids must be of the type of those `seen` in interactions, if there are interactions.
    """
    if table is None:
        return None
    name = f"{key}s"
    require_frame(table, name, (key,))
    table = _without_arrow(table.reset_index(drop=True))
    forbid_missing(table, key, name)
    if len(table) == 0:
        raise ValueError(f"the {name} table is empty; give rows or leave {name} out")
    ids = clean_ids(table[key], name)
    if seen is not None and (ids.dtype == object) != (seen.dtype == object):
        raise ValueError(
            f"{name}, column {key!r}: id {show(ids.iloc[0])} is of another type than id "
            f"{show(seen.iloc[0])} in interactions; convert one of them with .astype"
        )
    again = ids.duplicated().to_numpy()
    if again.any():
        row = int(again.argmax())
        raise CellError(
            name,
            key,
            row,
            f"the id {show(ids.iloc[row])} stands in an earlier row too",
            f"keep one row each with .drop_duplicates({key!r})",
            "keep one line for each",
        )
    return table.assign(**{key: ids})
