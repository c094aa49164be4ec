"""Read columns of a Parquet file, or of a folder of Parquet parts as Spark writes it.

Every column arrives as it is typed: index columns of pandas are columns, dictionaries are decoded,
decimals are written out.
"""

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd

from sparcode_mini.data.parquet_columns import Unusable, series
from sparcode_mini.data.table_format import kind_of

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # in the name of a folder: the value is missing
TEXT_TYPES = ("STRING", "ENUM", "NONE")  # of columns of bytes; others are decimals and JSON
FAULTS = (OSError, ValueError, TypeError, RuntimeError, LookupError)  # by damaged files
_OF_LEVELS = re.compile(r"\(('.*'|[0-9]+), ('.*'|[0-9]+)\)")  # a name by pandas, as in ('a', 'b')
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

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts = _parts(path)
        if not self.parts:
            raise ValueError(f"{path} is a folder without .parquet files; {_other_parts(path)}")
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
        self.notes: list[str] = []
        if len(self.parts) > 1:
            self.notes.append(f"{len(self.parts)} parts in the order of their names")
        if others := [p for p in _files(path) if p not in self.parts] if path.is_dir() else []:
            self.notes.append(f"{len(others)} other files such as {others[0].name} are left out")

    @property
    def hint(self) -> str:
        """Say why a name may not be found: names of several levels."""
        if not any(_OF_LEVELS.fullmatch(name) for name in self.names):
            return ""
        return (
            ": these are names of several levels (a MultiIndex of pandas); join them with "
            "table.columns = ['_'.join(map(str, name)) for name in table.columns] and save anew"
        )

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
        self._compare_units(names)
        pieces = []
        for part, (file, unstored) in zip(self.parts, self._both(), strict=True):
            stored = [name for name in names if name not in unstored]
            leaves = _leaves(file)
            try:
                table = file.read(columns=stored, use_pandas_metadata=False)
                piece = {name: _named_series(part, leaves, table.select([name])) for name in stored}
            except Unusable as error:
                raise ValueError(str(error)) from None
            except FAULTS as error:
                raise _unreadable(part, error) from error
            pieces.append(pd.DataFrame({name: (piece | unstored)[name] for name in names}))
        return pd.DataFrame({name: _joined([piece[name] for piece in pieces]) for name in names})

    def place(self, row: int) -> str:
        """Return the place of a row (from 0) in words."""
        starts = np.cumsum([0, *self._rows[:-1]])
        number = int(np.searchsorted(starts, row, side="right")) - 1  # of the part
        where = f" of {self.parts[number].name}" if len(self.parts) > 1 else ""
        return f"row {row - starts[number] + 1}{where} (the first is row 1)"

    def _compare_units(self, names: Sequence[str]) -> None:
        """Tell of times that parts count in several units; these are one kind of time for pandas.

        Raises:
            ValueError: durations, which are read as their counts.
        """
        for name in names:
            kinds: dict[str, str] = {}
            for file, part in zip(self._files, self.parts, strict=True):
                if name in file.schema_arrow.names:
                    kinds.setdefault(str(file.schema_arrow.field(name).type), part.name)
            words = " and ".join(f"{kind} in {part}" for kind, part in kinds.items())
            if len(kinds) > 1 and any(kind.startswith("duration") for kind in kinds):
                raise ValueError(f"{self.path}, column {name!r} is {words}; save it in one unit")
            if len(kinds) > 1 and any(kind.startswith("timestamp") for kind in kinds):
                self.notes.append(f"column {name!r} is {words}")

    def _both(self) -> Iterator[tuple[Any, dict[str, "pd.Series[Any]"]]]:
        return zip(self._files, self._unstored, strict=True)


def _joined(pieces: "list[pd.Series[Any]]") -> "pd.Series[Any]":
    """Join the column of all parts; of several types as objects, so that none rounds another."""
    if len({piece.dtype for piece in pieces}) > 1:
        pieces = [piece.astype(object) for piece in pieces]
    return pieces[0] if len(pieces) == 1 else pd.concat(pieces, ignore_index=True)


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


def _other_parts(path: Path) -> str:
    """Say what to do with a folder that has no .parquet files."""
    texts = sorted(p for p in _files(path) if p.suffix.lower() in (".csv", ".tsv"))
    if not texts:
        return "name a file or its folder"
    if len(texts) == 1:
        return f"name the file {texts[0]}"
    return (
        f"it holds {len(texts)} text files such as {texts[0].name}; save the table as .parquet, or "
        "as one .csv file"
    )


def _parts(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = [file for file in _files(path) if file.suffix.lower() == ".parquet"]
    return sorted(files, key=lambda p: (_numbered(str(p.relative_to(path))), p))


def _files(path: Path) -> list[Path]:
    """Return the files in a folder, at any depth, without hidden ones."""
    files = [p for p in path.rglob("*") if p.is_file()]
    return [p for p in files if not any(n[0] in "_." for n in p.relative_to(path).parts)]


def _numbered(name: str) -> list[int | str]:
    """Return a key for sorting by which part.2 comes before part.10."""
    return [int(p) if p.isascii() and p.isdigit() else p for p in re.split("([0-9]+)", name)]


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
        file = parquet.ParquetFile(part)
        names = file.schema_arrow.names
        # Equal texts are then read once, however many rows hold them.
        texts = [
            p
            for p, leaf in _leaves(file).items()
            if _is_text(leaf) and p.split(".list.")[0] in names
        ]
        file = parquet.ParquetFile(part, page_checksum_verification=True, read_dictionary=texts)
    except FAULTS as error:
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


def _leaves(file: Any) -> dict[str, Any]:
    """Return the columns as the file stores them; that of a list x is x.list.element."""
    return {leaf.path: leaf for leaf in map(file.schema.column, range(len(file.schema)))}


def _is_text(leaf: Any) -> bool:
    return leaf.physical_type == "BYTE_ARRAY" and leaf.logical_type.type in TEXT_TYPES


def _unreadable(part: Path, error: Exception) -> ValueError:
    kind = kind_of(part)
    if kind and kind[0] != "Parquet":
        return ValueError(f"{part} is {kind[0]}, not a .parquet file; {kind[1]}")
    reason = str(error).strip().split("\n")[0]
    return ValueError(f"{part} can't be read as a .parquet file ({reason}); save it anew")


def _named_series(part: Path, leaves: dict[str, Any], table: Any) -> "pd.Series[Any]":
    """Return the one column of an Arrow table of a part."""
    (name,) = table.column_names
    try:
        for path, leaf in leaves.items():
            if path.split(".list.")[0] == name and leaf.converted_type == "INTERVAL":
                raise Unusable(" of type INTERVAL: it is no id, time or number; drop it")
        is_old = name in leaves and leaves[name].physical_type == "INT96"
        return series(_in_range(part, table) if is_old else table.column(name))
    except Unusable as error:
        raise Unusable(f"{part}, column {name!r}{error}") from None


def _in_range(part: Path, table: Any) -> Any:
    """Return a column of old times: in microseconds if some are no nanoseconds in 64 bits."""
    parquet, compute = parquet_module(), import_module("pyarrow.compute")
    file = parquet.ParquetFile(part, coerce_int96_timestamp_unit="us")
    coarse = file.read(columns=table.column_names, use_pandas_metadata=False).column(0)
    same = compute.all(compute.equal(table.column(0).cast(coarse.type, safe=False), coarse)).as_py()
    return coarse if same is False else table.column(0)
