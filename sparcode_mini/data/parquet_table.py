"""Read columns of a Parquet file, or of a folder of Parquet parts as Spark writes it.

Every column arrives as it is typed: index columns of pandas are columns, dictionaries are decoded,
decimals are written out.
"""

import uuid
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # in the name of a folder: the value is missing
MOST_ROWS_PER_BYTE = 256  # of a file; only a hostile one promises more


class ParquetTable:
    """A Parquet file, or a folder of parts with equal columns.

    Args:
        path: the file or folder. Names in it that begin with "_" or "." are skipped, folders named
            key=value give their parts a column `key` of texts.

    Attributes:
        names: of the columns.

    Raises:
        ImportError: pyarrow is not installed.
        ValueError: a damaged or foreign file, or parts with different columns; names the file.
    """

    notes: tuple[str, ...] = ()
    hint = ""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts = _parts(path)
        if not self.parts:
            raise ValueError(
                f"{path} is a folder without .parquet files; name a file or its folder"
            )
        self._files = [_opened(part) for part in self.parts]
        self._rows = [file.metadata.num_rows for file in self._files]
        self._unstored = [
            _values_of_folders(part.relative_to(path), rows) | _ranges(file, rows)
            for part, file, rows in zip(self.parts, self._files, self._rows, strict=True)
        ]
        named = [[*file.schema_arrow.names, *more] for file, more in self._both()]
        self.names = named[0]
        for part, names in zip(self.parts, named, strict=True):
            if sorted(names) != sorted(self.names):
                raise ValueError(
                    f"{part} has the columns {names}, {self.parts[0].name} has {self.names}; the "
                    "parts of a folder must have the same"
                )
        if len(self.parts) > 1:
            self.notes = (f"{len(self.parts)} parts in the order of their names",)

    def read(self, names: Sequence[str]) -> pd.DataFrame:
        """Read some columns.

        Args:
            names: of the columns.

        Returns:
            Columns of int64, float64, bool or datetime64, or of objects (str, int, bool or list),
            None where a value is missing.

        Raises:
            ValueError: a column of a kind that no table of plays or items can use.
        """
        pieces = []
        for part, (file, unstored) in zip(self.parts, self._both(), strict=True):
            stored = [name for name in names if name not in unstored]
            try:
                table = file.read(columns=stored, use_pandas_metadata=False)
                piece = {name: _named_series(part, name, table.column(name)) for name in stored}
            except _Unusable as error:
                raise ValueError(str(error)) from None
            except (OSError, ValueError, TypeError, RuntimeError) as error:
                raise _unreadable(part, error) from error
            pieces.append(pd.DataFrame({name: (piece | unstored)[name] for name in names}))
        return pieces[0] if len(pieces) == 1 else pd.concat(pieces, ignore_index=True)

    def place(self, row: int) -> str:
        """Return the place of a row (from 0) in words."""
        starts = np.cumsum([0, *self._rows[:-1]])
        number = int(np.searchsorted(starts, row, side="right")) - 1  # of the part
        where = f" of {self.parts[number].name}" if len(self.parts) > 1 else ""
        return f"row {row - starts[number] + 1}{where} (the first is row 1)"

    def _both(self) -> Iterator[tuple[Any, dict[str, "pd.Series[Any]"]]]:
        return zip(self._files, self._unstored, strict=True)


class _Unusable(Exception):
    """A column whose values are no ids, times, texts or features."""


def parquet_module() -> Any:
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


def _parts(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(part for part in path.rglob("*.parquet") if part.is_file())
    return [p for p in files if not any(n[0] in "_." for n in p.relative_to(path).parts)]


def _values_of_folders(relative: Path, rows: int) -> dict[str, "pd.Series[Any]"]:
    """Return the columns that the folders of a part stand for, as in date=2024-01-01/a.parquet."""
    pairs = [name.partition("=") for name in relative.parts[:-1] if "=" in name]
    values = {key: None if value == NO_VALUE else unquote(value) for key, _, value in pairs}
    return {key: pd.Series([value] * rows, dtype=object) for key, value in values.items()}


def _ranges(file: Any, rows: int) -> dict[str, "pd.Series[Any]"]:
    """Return the columns of which pandas keeps only the start and the step, in its metadata."""
    try:
        index = (file.schema_arrow.pandas_metadata or {}).get("index_columns", [])
        named = [entry for entry in index if isinstance(entry, dict) and entry.get("name")]
        ranges = {e["name"]: range(e["start"], e["stop"], e["step"]) for e in named}
    except (ValueError, TypeError, KeyError, AttributeError):  # metadata of no pandas
        return {}
    return {
        name: pd.Series(np.arange(r.start, r.stop, r.step))
        for name, r in ranges.items()
        if len(r) == rows and name not in file.schema_arrow.names
    }


def _opened(part: Path) -> Any:
    """Open a file and check what its end promises.

    Raises:
        ValueError: no Parquet file, two columns of one name, or more rows than it can hold.
    """
    parquet = parquet_module()
    try:
        file = parquet.ParquetFile(part, page_checksum_verification=True)
        names = file.schema_arrow.names
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise _unreadable(part, error) from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{part} has two columns named {twice[0]!r}; rename or drop one")
    rows, size = file.metadata.num_rows, part.stat().st_size
    if not 0 <= rows <= MOST_ROWS_PER_BYTE * size:
        raise ValueError(
            f"{part} promises {rows:,} rows in {size:,} bytes; it is damaged: save it anew"
        )
    return file


def _unreadable(part: Path, error: Exception) -> ValueError:
    reason = str(error).strip().split("\n")[0]
    return ValueError(f"{part} can't be read as a .parquet file ({reason}); save it anew")


# --- one column -----------------------------------------------------------------------------------


def _named_series(part: Path, name: str, column: Any) -> "pd.Series[Any]":
    try:
        return _series(column)
    except _Unusable as error:
        raise _Unusable(f"{part}, column {name!r}{error}") from None


def _series(column: Any) -> "pd.Series[Any]":
    """Return an Arrow column as pandas holds it, with no value changed."""
    arrow, types = import_module("pyarrow"), import_module("pyarrow.types")
    kind = column.type
    if types.is_dictionary(kind):
        decoded = [chunk.dictionary_decode() for chunk in column.chunks]
        return _series(arrow.chunked_array(decoded, kind.value_type))
    if isinstance(kind, arrow.BaseExtensionType):
        return _objects([_plain(value) for value in column.to_pylist()])
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
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _lists(column, kind.value_type, types)
    values = column.to_pylist()
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return _objects([_text(value, row) for row, value in enumerate(values)])
    plain = (types.is_string, types.is_large_string, types.is_string_view, types.is_boolean)
    if types.is_null(kind) or any(check(kind) for check in plain):
        return _objects(values)
    raise _Unusable(
        f" of type {kind}: it is no id, time, text, number or list of these; drop or flatten it"
    )


def _objects(values: list[Any]) -> "pd.Series[Any]":
    return pd.Series(np.fromiter(values, dtype=object, count=len(values)), dtype=object)


def _integers(column: Any, unsigned: bool) -> "pd.Series[Any]":
    """Return int64, or Python integers where one is missing or over 2^63 - 1."""
    if column.null_count:
        return _objects(column.to_pylist())
    numbers = column.to_numpy()
    if unsigned and len(numbers) and numbers.max() > np.iinfo(np.int64).max:
        return _objects(column.to_pylist())
    return pd.Series(numbers.astype(np.int64))


def _floats(numbers: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return floats; as integers if all are whole and some are missing.

    So pandas stores a column of integers with a gap: 300.0 was 300.
    """
    known = numbers.dropna()
    if len(known) in (0, len(numbers)) or not (known.abs() < 2**53).all() or (known % 1).any():
        return numbers
    return _objects([None if pd.isna(number) else int(number) for number in numbers])


def _decimal(value: Any) -> int | str:
    """Return a decimal without places behind the point as an integer, else as it is written."""
    return int(value) if value.as_tuple().exponent == 0 else format(value, "f")


def _lists(column: Any, inner: Any, types: Any) -> "pd.Series[Any]":
    """Return lists without their missing entries."""
    if types.is_nested(inner):
        raise _Unusable(f" of type {column.type}: lists of lists can't be a feature; drop it")
    values = column.to_pylist()
    return _objects(
        [None if v is None else [_plain(e) for e in v if e is not None] for v in values]
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, uuid.UUID) else value


def _text(value: bytes | None, row: int) -> str | None:
    try:
        return None if value is None else value.decode("utf-8")
    except UnicodeDecodeError:
        raise _Unusable(
            f", row {row + 1}: {value!r:.80} are bytes, not text in UTF-8; save the column as text"
        ) from None
