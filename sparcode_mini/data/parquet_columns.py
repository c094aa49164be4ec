"""One column of a Parquet file as pandas holds it, with no value changed."""

import re
import uuid
from decimal import Decimal
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

INT64 = np.iinfo(np.int64)
EXTENSIONS = ("arrow.uuid", "arrow.json", "arrow.bool8")  # others are no plain values


class Unusable(Exception):
    """A column whose values are no ids, times, texts or features.

    Args:
        fault: what is wrong, and what to do.
        row: number of the row, from 0, or None where the whole column is meant.
    """

    def __init__(self, fault: str, row: int | None = None) -> None:
        super().__init__(fault if row is None else f", row {row + 1}: {fault}")
        self.fault, self.row = fault, row


def series(column: Any) -> "pd.Series[Any]":
    """Return an Arrow column as pandas holds it, with no value changed."""
    arrow, types = import_module("pyarrow"), import_module("pyarrow.types")
    kind = column.type
    if types.is_dictionary(kind):
        return _decoded(column, arrow)
    if isinstance(kind, arrow.BaseExtensionType) and kind.extension_name in EXTENSIONS:
        return _objects([_plain(value, row) for row, value in enumerate(column.to_pylist())])
    if types.is_integer(kind):
        return _integers(column, types.is_uint64(kind))
    if types.is_floating(kind):
        return _floats(column.to_pandas())
    if types.is_boolean(kind) and not column.null_count:
        return pd.Series(column.to_pandas())
    if types.is_decimal(kind):
        return _objects([None if v is None else _decimal(v) for v in column.to_pylist()])
    if types.is_timestamp(kind) or types.is_date(kind):
        return pd.Series(column.to_pandas(date_as_object=False))
    if types.is_duration(kind):
        return _integers(column.cast(arrow.int64()), unsigned=False)
    if _is_list(kind, types):
        return _lists(column, arrow, types)
    if any(check(kind) for check in _byte_types(types)):
        return _objects([_text(value, row) for row, value in enumerate(column.to_pylist())])
    plain = (types.is_string, types.is_large_string, types.is_string_view, types.is_boolean)
    if types.is_null(kind) or any(check(kind) for check in plain):
        return _objects(column.to_pylist())
    raise Unusable(
        f" of type {_words(kind)}: it is no id, time, text, number or list of these; drop or "
        "flatten it"
    )


def _words(kind: Any) -> str:
    """Write a type as it is in the file, where no text is in a dictionary."""
    return re.sub(r"dictionary<values=(\w+)[^<>]*>", r"\1", str(kind))


def _is_list(kind: Any, types: Any) -> bool:
    """Tell whether an Arrow type is one of lists (types: the module pyarrow.types)."""
    views = (types.is_list_view, types.is_large_list_view)
    checks = (types.is_list, types.is_large_list, types.is_fixed_size_list, *views)
    return any(check(kind) for check in checks)


def _byte_types(types: Any) -> tuple[Any, ...]:
    return types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view


def _decoded(column: Any, arrow: Any) -> "pd.Series[Any]":
    """Return a dictionary-encoded column; equal texts are one object."""
    values: list[Any] = []
    texts: dict[str, str] = {}
    for chunk in column.chunks:
        codes = chunk.indices.to_pylist()
        try:
            known = series(arrow.chunked_array([chunk.dictionary])).tolist()
        except Unusable as error:
            if error.row not in codes:
                raise
            raise Unusable(error.fault, len(values) + codes.index(error.row)) from None
        known = [texts.setdefault(v, v) if isinstance(v, str) else v for v in known]
        values += [None if code is None else known[code] for code in codes]
    if column.null_count == 0 and values and all(type(value) is int for value in values):
        return _integers_of(values)
    return _objects(values)


def _objects(values: list[Any]) -> "pd.Series[Any]":
    return pd.Series(np.fromiter(values, dtype=object, count=len(values)), dtype=object)


def _integers(column: Any, unsigned: bool) -> "pd.Series[Any]":
    """Return int64, or Python integers where one is missing or over 2^63 - 1."""
    if column.null_count:
        return _objects(column.to_pylist())
    numbers = column.to_numpy()
    if unsigned and len(numbers) and numbers.max() > INT64.max:
        return _objects(column.to_pylist())
    return pd.Series(numbers.astype(np.int64))


def _integers_of(values: list[int]) -> "pd.Series[Any]":
    fit = all(INT64.min <= value <= INT64.max for value in values)
    return pd.Series(np.array(values, dtype=np.int64)) if fit else _objects(values)


def _floats(numbers: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return floats; as integers if all are whole and some are missing.

    So pandas stores a column of integers with a gap: 300.0 was 300.
    """
    known = numbers.dropna().astype("float64")
    if len(known) in (0, len(numbers)) or not (known.abs() < 2**53).all() or (known % 1).any():
        return numbers
    return _objects([None if pd.isna(number) else int(number) for number in numbers])


def _decimal(value: Decimal) -> int | Decimal:
    """Return a decimal without places behind the point as an integer, else as it is."""
    return int(value) if value.as_tuple().exponent == 0 else value


def _lists(column: Any, arrow: Any, types: Any) -> "pd.Series[Any]":
    """Return lists without their missing entries; equal texts in them are one object."""
    inner = column.type.value_type
    if types.is_nested(inner):
        raise Unusable(
            f" of type {_words(column.type)}: lists of lists can't be a feature; drop it"
        )
    if types.is_temporal(inner) and not types.is_date(inner):
        raise Unusable(
            f" of type {_words(column.type)}: lists of times can't be a feature; drop it"
        )
    lengths = import_module("pyarrow.compute").list_value_length(column).to_pylist()
    entries = arrow.chunked_array([chunk.flatten() for chunk in column.chunks], inner)
    stops = np.cumsum([length or 0 for length in lengths])  # (rows,)
    try:
        values = _entries(entries, arrow, types)
    except Unusable as error:
        if error.row is None:
            raise
        row = int(np.searchsorted(stops, error.row, side="right"))
        raise Unusable(error.fault, row) from None
    return _objects(
        [
            None if size is None else [v for v in values[stop - size : stop] if v is not None]
            for size, stop in zip(lengths, stops.tolist(), strict=True)
        ]
    )


def _entries(entries: Any, arrow: Any, types: Any) -> list[Any]:
    """Return the entries of all lists, one after the other; None where one is missing."""
    if types.is_dictionary(entries.type):
        return _decoded(entries, arrow).tolist()
    if types.is_floating(entries.type) and not types.is_float64(entries.type):
        # 0.1 in 32 bits is 0.10000000149 in 64.
        numbers = entries.combine_chunks().to_numpy(zero_copy_only=False)
        known = entries.is_valid().to_pylist()
        return [float(str(n)) if k else None for n, k in zip(numbers, known, strict=True)]
    return [_plain(value, row) for row, value in enumerate(entries.to_pylist())]


def _plain(value: Any, row: int) -> Any:
    if isinstance(value, bytes):
        return _text(value, row)
    return str(value) if isinstance(value, uuid.UUID) else value


def _text(value: bytes | None, row: int) -> str | None:
    try:
        text = None if value is None else value.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if text is not None and "\0" in text:
        fault = f"{value!r:.80} are bytes, not text in UTF-8; save the column as text, or drop it"
        raise Unusable(fault, row)
    return text
