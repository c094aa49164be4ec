"""Turn the cells of a column into ids, numbers, times or features, without changing a value."""

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from sparcode_mini.data.clean import CellError, require_numbers, show
from sparcode_mini.data.features import NUMERIC_BINS, forbid_one_long_list

LIST_MARK = "|"  # "Comedy|Drama" is a list of two
INT64 = np.iinfo(np.int64)
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")  # as Python writes an integer
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
# 01000 is no quantity, but a code.
_QUANTITY = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
# pandas would also take "now", and cut digits behind the nanosecond.
_TIME = re.compile(r"[0-9]{4}(?!.*\.[0-9]{10}).*")


def ids(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return ids: integers as int64; if one does not fit, all as the texts of their digits."""
    if column.dtype != object or not all(type(value) is int for value in column):
        return column
    if all(INT64.min <= value <= INT64.max for value in column):
        return column.astype("int64")
    return column.map(str).astype(object)


def times(column: "pd.Series[Any]", name: str) -> "pd.Series[Any]":
    """Return numbers and times as they are, texts as the numbers or times that they write.

    Args:
        column: of one table; texts are numbers, or ISO 8601. Most cells show which is meant.
        name: of the table, for errors.

    Raises:
        CellError: a cell that is no time.
    """
    if column.dtype != object:
        return column
    cells = column.map(str)
    numbers = cells.map(lambda text: _NUMBER.fullmatch(text) is not None).to_numpy(bool)
    dates = cells.map(lambda text: _TIME.fullmatch(text) is not None).to_numpy(bool) & ~numbers
    if numbers.any() and numbers.sum() >= dates.sum():
        return _numbers(column, cells, name, "time")
    utc = cells.map(lambda text: f"{text[:-4]}Z" if text.endswith(" UTC") else text)
    moments = pd.to_datetime(utc.where(dates), format="ISO8601", utc=True, errors="coerce")
    if moments.isna().any():
        row = int(moments.isna().to_numpy().argmax())
        raise _no_number(column, row, name, "time")
    return moments


def numbers(column: "pd.Series[Any]", name: str) -> "pd.Series[Any]":
    """Return a column of numbers, or of texts that write numbers, as int64 or float64.

    Raises:
        CellError: a cell that is no finite number, or one that float64 can't tell from another.
    """
    if column.dtype == object:
        return _numbers(column, column.map(str), name, "number")
    require_numbers(column, name)
    return column


def _numbers(
    column: "pd.Series[Any]", cells: "pd.Series[Any]", name: str, noun: str
) -> "pd.Series[Any]":
    codes, distinct = pd.factorize(cells)
    for number, text in enumerate(distinct):
        if not _NUMBER.fullmatch(text) or not np.isfinite(float(text)):
            raise _no_number(column, int((codes == number).argmax()), name, noun)
    exact = [Decimal(text) for text in distinct]
    if all(INT64.min <= v <= INT64.max and v == v.to_integral_value() for v in exact):
        return pd.Series(np.array([int(value) for value in exact], dtype=np.int64)[codes])
    rounded = np.array([float(value) for value in exact])
    if len(set(exact)) > len(set(rounded.tolist())):
        places: dict[float, int] = {}
        for number, value in enumerate(rounded.tolist()):
            if exact[places.setdefault(value, number)] != exact[number]:
                raise CellError(
                    name,
                    str(column.name),
                    int((codes == number).argmax()),
                    f"{distinct[number]} and {distinct[places[value]]} are one number in 64 bits",
                    "write fewer digits, or count from a later start",
                )
    return pd.Series(rounded[codes])


def _no_number(column: "pd.Series[Any]", row: int, name: str, noun: str) -> CellError:
    remedy = "write numbers such as 4 or 3.5"
    if noun == "time":
        remedy = "write numbers (such as seconds) or ISO 8601 (2024-05-31T12:30:00)"
    value = column.iloc[row]
    fault = f"{show(value)} is no {noun}"
    return CellError(name, str(column.name), row, fault, remedy)


def feature(column: "pd.Series[Any]", typed: bool) -> "pd.Series[Any]":
    """Return a feature: lists where a text holds "|", numbers where all texts are numbers.

    Args:
        column: of a table of items.
        typed: a Parquet column; its texts are no numbers.

    Few different numbers are categories and stay as they are written: 4.50 is not 4.5.

    Raises:
        CellError: a column of times, or one list that is far longer than all others.
    """
    if column.dtype.kind == "M":
        fault = f"a time is no feature ({column.iloc[0]})"
        raise CellError("items", str(column.name), 0, fault, "make it a number, such as the year")
    if column.dtype != object:
        return column
    texts = [cell for cell in column if isinstance(cell, str)]
    if any(LIST_MARK in text for text in texts):
        cells = [
            list(filter(None, c.split(LIST_MARK))) if isinstance(c, str) else c for c in column
        ]
        column = pd.Series(np.fromiter(cells, dtype=object, count=len(cells)), name=column.name)
    if any(isinstance(cell, list) for cell in column):
        column = column.map(lambda cell: [] if cell is None else cell)
        forbid_one_long_list(column.map(len).to_numpy(), str(column.name), "items")
        return column
    known = column.dropna()
    if not typed and len(texts) and all(_WHOLE.fullmatch(text) for text in texts):
        if all(len(text) < 20 and INT64.min <= int(text) <= INT64.max for text in texts):
            return _with_gaps(known.map(int), column, "Int64")
    elif len(known) and all(isinstance(v, int) and not isinstance(v, bool) for v in known):
        return _with_gaps(known, column, "Int64")
    written = known.map(str)
    decimals = len(known) and all(type(value) is Decimal for value in known)
    untyped = not typed and len(texts) == len(known)
    if written.nunique() > NUMERIC_BINS and (
        decimals or (untyped and all(_QUANTITY.fullmatch(text) for text in texts))
    ):
        values = written.map(float)
        return _with_gaps(values, column, "Float64") if np.isfinite(values).all() else column
    return column


def _with_gaps(known: "pd.Series[Any]", column: "pd.Series[Any]", kind: Any) -> "pd.Series[Any]":
    return known.astype(kind).reindex(column.index)
