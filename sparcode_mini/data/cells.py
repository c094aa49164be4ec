"""Turn the cells of a column into ids, numbers, times or features, without changing a value."""

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from sparcode_mini.data.clean import CellError, clean_ids, require_numbers, show
from sparcode_mini.data.features import NUMERIC_BINS

LIST_MARK = "|"  # "Comedy|Drama" is a list of two
INT64 = np.iinfo(np.int64)
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")  # as Python writes an integer
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
# 01000 is no quantity, but a code.
_QUANTITY = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_ZONE = re.compile(r"[T ].*(?:Z|z|UTC|GMT|[+-][0-9:]+)$")  # behind a time of the day
# pandas would also take "now", and cut digits behind the nanosecond.
_TIME = re.compile(r"[0-9]{4}(?!.*\.[0-9]{10}).*")


def ids(column: "pd.Series[Any]", name: str) -> "pd.Series[Any]":
    """Return ids: integers as int64; if one does not fit, all as the texts of their digits.

    Args:
        column: of a table.
        name: of the table, for errors.

    Raises:
        CellError: a value that is neither an integer nor a text, or both in one column.
    """
    kinds = set(map(type, column)) if column.dtype == object else set()
    if kinds == {str}:
        return column
    fit = all(INT64.min <= value <= INT64.max for value in column) if kinds == {int} else True
    return clean_ids(column, name) if fit else column.map(str).astype(object)


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
    texts = _texts(column)
    codes, distinct = pd.factorize(texts)
    is_number = np.array([_NUMBER.fullmatch(text) is not None for text in distinct], dtype=bool)
    is_date = np.array([_TIME.fullmatch(text) is not None for text in distinct], dtype=bool)
    is_date &= ~is_number
    numbers, dates = is_number[codes], is_date[codes]  # (rows,)
    if numbers.any() and numbers.sum() >= dates.sum():
        return _numbers(column, texts, name, "time")
    utc = [re.sub(r"(?:z| UTC| GMT)\Z", "Z", text) for text in distinct]
    readable = pd.Series(utc, dtype=object).where(is_date)
    moments = pd.to_datetime(readable, format="ISO8601", utc=True, errors="coerce")
    wrong = moments.isna().to_numpy()[codes]
    if wrong.any():
        row = int(wrong.argmax())
        is_odd = numbers[row] and dates.any()
        fault = f"{show(texts[row])} is a number, but most times are dates" if is_odd else ""
        raise _no_number(column, row, name, "time", fault)
    zoned = np.array([_ZONE.search(text) is not None for text in distinct], dtype=bool)[codes]
    if zoned.any() and not zoned.all():
        raise _mixed_zones(column, texts, zoned, name)
    return moments.take(codes).reset_index(drop=True)


def _mixed_zones(
    column: "pd.Series[Any]", texts: np.ndarray, zoned: np.ndarray, name: str
) -> CellError:
    """Return an error that names a time with a zone, or one without, whichever are fewer."""
    fewer = zoned if 2 * zoned.sum() < len(zoned) else ~zoned
    row, other = int(fewer.argmax()), int((~fewer).argmax())
    here, there = ("a", "no") if fewer is zoned else ("no", "one")
    fault = f"{show(texts[row])} has {here} zone, but {show(texts[other])} has {there}"
    remedy = "write the zone in all (2024-05-31T12:30:00Z) or in none"
    return CellError(name, str(column.name), row, fault, remedy)


def units(times: "pd.Series[Any]") -> dict[str, int]:
    """Return the units in which numbers seem to count the time since 1970.

    Args:
        times: (rows,) of a column.

    Returns:
        Unit -> the first row of a number that is a moment from 1990 to 2100 in it; nothing if most
        numbers are none.
    """
    if times.dtype.kind not in "iuf":
        return {}
    values = times.to_numpy(np.float64)
    sizes = {"seconds": 1e0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
    inside = {unit: (values >= 6.3e8 * n) & (values < 4.1e9 * n) for unit, n in sizes.items()}
    if 2 * sum(int(rows.sum()) for rows in inside.values()) <= len(values):
        return {}
    return {unit: int(rows.argmax()) for unit, rows in inside.items() if rows.any()}


def text_among_numbers(column: "pd.Series[Any]") -> int | None:
    """Return the first row with a text that is no plain number, if most others are; else None."""
    if column.dtype != object or not set(map(type, column)) <= {str, type(None)}:
        return None
    codes, distinct = pd.factorize(column.to_numpy())
    plain = [_QUANTITY.fullmatch(t) is not None and np.isfinite(float(t)) for t in distinct]
    is_plain = np.array([*plain, True], dtype=bool)[codes]  # the last one is for missing values
    count, known = int(is_plain[codes >= 0].sum()), int((codes >= 0).sum())
    return int(is_plain.argmin()) if known / 2 < count < known else None


def _texts(column: "pd.Series[Any]") -> np.ndarray:
    """Return the texts of cells, (rows,) objects: equal ones of a column stay one in memory."""
    return np.fromiter(map(str, column), dtype=object, count=len(column))


def numbers(column: "pd.Series[Any]", name: str) -> "pd.Series[Any]":
    """Return a column of numbers, or of texts that write numbers, as int64 or float64.

    Raises:
        CellError: a cell that is no finite number, or one that float64 can't tell from another.
    """
    if column.dtype == object:
        return _numbers(column, _texts(column), name, "number")
    require_numbers(column, name)
    return column


def _numbers(column: "pd.Series[Any]", texts: np.ndarray, name: str, noun: str) -> "pd.Series[Any]":
    codes, distinct = pd.factorize(texts)
    for number, text in enumerate(distinct):
        if not _NUMBER.fullmatch(text) or not np.isfinite(float(text)):
            is_odd = noun == "time" and _TIME.fullmatch(text) is not None
            fault = f"{show(text)} is no number, but most times are" if is_odd else ""
            raise _no_number(column, int((codes == number).argmax()), name, noun, fault)
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


def _no_number(
    column: "pd.Series[Any]", row: int, name: str, noun: str, fault: str = ""
) -> CellError:
    remedy = "write numbers such as 4 or 3.5"
    if noun == "time":
        remedy = (
            "write numbers (such as seconds) or ISO 8601 (2024-05-31T12:30:00), one in all rows"
        )
    fault = fault or f"{show(column.iloc[row])} is no {noun}"
    return CellError(name, str(column.name), row, fault, remedy)


def feature(column: "pd.Series[Any]", typed: bool) -> "pd.Series[Any]":
    """Return a feature: lists where a text holds "|", numbers where all texts are numbers.

    Args:
        column: of a table of items.
        typed: a Parquet column; its texts are no numbers.

    Few different numbers are categories and stay as they are written: 4.50 is not 4.5.

    Raises:
        CellError: a column of times, or numbers that 64 bits can't tell apart.
    """
    moments = [isinstance(cell, pd.Timestamp) for cell in column]
    if column.dtype.kind == "M" or any(moments):
        row = moments.index(True) if any(moments) else 0
        fault = f"a time is no feature ({column.iloc[row]})"
        raise CellError("items", str(column.name), row, fault, "make it a number, such as the year")
    if column.dtype != object:
        return column
    texts = [cell for cell in column if isinstance(cell, str)]
    if any(LIST_MARK in text for text in texts):
        lists = {text: list(filter(None, text.split(LIST_MARK))) for text in set(texts)}
        cells = [lists[c] if isinstance(c, str) else c for c in column]
        column = pd.Series(np.fromiter(cells, dtype=object, count=len(cells)), name=column.name)
    if any(isinstance(cell, list) for cell in column):
        return column.map(lambda cell: [] if cell is None else cell)
    known = column.dropna()
    if not typed and len(texts) and all(_WHOLE.fullmatch(text) for text in texts):
        if all(len(text) < 20 and INT64.min <= int(text) <= INT64.max for text in texts):
            return _with_gaps(known.map(int), column, "Int64")
    elif len(known) and all(type(v) is int and INT64.min <= v <= INT64.max for v in known):
        return _with_gaps(known, column, "Int64")
    decimals = len(known) and all(type(value) in (Decimal, float, int) for value in known)
    untyped = not typed and len(texts) == len(known)
    if len(set(map(str, known))) > NUMERIC_BINS and (
        decimals or (untyped and all(_QUANTITY.fullmatch(text) for text in texts))
    ):
        return _quantities(known, column)
    return column


def _quantities(known: "pd.Series[Any]", column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the numbers that the known cells of a column write; the column if one is infinite."""
    if not all(np.isfinite(float(value)) for value in known):
        return column
    try:
        values = _numbers(known, _texts(known), "items", "number")
    except CellError as error:
        error.row = int(known.index[error.row])
        raise
    kind = "Int64" if values.dtype.kind == "i" else "Float64"
    return _with_gaps(values.set_axis(known.index), column, kind)


def _with_gaps(known: "pd.Series[Any]", column: "pd.Series[Any]", kind: Any) -> "pd.Series[Any]":
    return known.astype(kind).reindex(column.index)
