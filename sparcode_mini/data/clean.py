"""Check the tables of users; errors name the value and the remedy.

The checked tables have ids in int64 or Python strings, timestamps in numbers, rows numbered from 0.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


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
    """Write a value without its numpy type: 10, not np.int64(10)."""
    return repr(value.item() if isinstance(value, np.generic) else value)


def _forbid_missing(table: pd.DataFrame, column: str, name: str) -> None:
    missing = table[column].isna().to_numpy()
    if missing.any():
        row = int(missing.argmax())
        raise ValueError(
            f"{name}, column {column!r}, row {row}: missing value {show(table[column].iloc[row])} "
            f"({int(missing.sum())} in all); drop such rows with .dropna(subset=[{column!r}])"
        )


def clean_interactions(interactions: pd.DataFrame) -> pd.DataFrame:
    """Return a checked copy with the known columns only."""
    require_frame(interactions, "interactions", ("user", "item", "timestamp"))
    if len(interactions) == 0:
        raise ValueError("the interactions table is empty; give at least one row")
    optional = ["rating"] if "rating" in interactions.columns else []
    table = interactions[["user", "item", "timestamp", *optional]].reset_index(drop=True)
    for column in table.columns:
        _forbid_missing(table, column, "interactions")
    table = table.assign(
        user=_clean_ids(table["user"], "interactions"),
        item=_clean_ids(table["item"], "interactions"),
        timestamp=_clean_times(table["timestamp"]),
    )
    if optional:
        require_numbers(table["rating"], "interactions")
    _forbid_duplicates(table)
    return table


def _clean_ids(column: "pd.Series[Any]", name: str) -> "pd.Series[Any]":
    """Return ids as int64, or as Python strings in an object column."""
    kind = pd.api.types.infer_dtype(column, skipna=False)
    if kind == "integer":
        limits = np.iinfo(np.int64)
        for extreme in (int(column.min()), int(column.max())):
            if not limits.min <= extreme <= limits.max:
                raise ValueError(
                    f"{name}, column {column.name!r}: {extreme} does not fit into 64 bits; "
                    "convert the column with .astype(str)"
                )
        return column.astype("int64")
    if kind == "string":
        return column.astype(object)
    remedy = ".astype('int64')" if kind in ("floating", "decimal") else ".astype(str)"
    raise ValueError(
        f"{name}, column {column.name!r}: ids must be all int or all str, not {kind} "
        f"(the first is {show(column.iloc[0])}); convert the column with {remedy}"
    )


def _clean_times(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return timestamps as numbers; datetimes become int64 counts of their own unit."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("int64")
    require_numbers(column, "interactions")
    return column.astype("int64" if pd.api.types.is_integer_dtype(column) else "float64")


def require_numbers(column: "pd.Series[Any]", name: str) -> None:
    """Raise ValueError unless all known values of a column of table `name` are finite numbers."""
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if not is_number:
        raise ValueError(
            f"{name}, column {column.name!r}: expected numbers, got {column.dtype} (the first is "
            f"{show(column.iloc[0])}); convert it with pd.to_numeric or pd.to_datetime"
        )
    infinite = np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if infinite.any():
        row = int(infinite.argmax())
        raise ValueError(
            f"{name}, column {column.name!r}, row {row}: {column.iloc[row]} is not finite; "
            "replace or drop it"
        )


def _forbid_duplicates(table: pd.DataFrame) -> None:
    again = table.duplicated().to_numpy()
    if again.any():
        row = int(again.argmax())
        raise ValueError(
            f"interactions has {int(again.sum())} duplicate rows; the first is row {row}: "
            f"{table.iloc[row].to_dict()}; remove them with "
            f".drop_duplicates(subset={list(table.columns)})"
        )


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
    table = table.reset_index(drop=True)
    _forbid_missing(table, key, name)
    if len(table) == 0:
        raise ValueError(f"the {name} table is empty; give rows or leave {name} out")
    ids = _clean_ids(table[key], name)
    if seen is not None and (ids.dtype == object) != (seen.dtype == object):
        raise ValueError(
            f"{name}, column {key!r}: id {show(ids.iloc[0])} is of another type than id "
            f"{show(seen.iloc[0])} in interactions; convert one of them with .astype"
        )
    again = ids.duplicated().to_numpy()
    if again.any():
        row = int(again.argmax())
        raise ValueError(
            f"{name} has the id {show(ids.iloc[row])} more than once (again in row {row}); "
            f"keep one row each with .drop_duplicates({key!r})"
        )
    return table.assign(**{key: ids})
