"""Open a table in a file; name the file, its columns and its lines in errors."""

from dataclasses import dataclass
from pathlib import Path

from sparcode_mini.data.clean import CellError, RepeatedRow, repeated, show
from sparcode_mini.data.parquet_table import ParquetTable
from sparcode_mini.data.text_table import SEPARATORS, TextTable

SUFFIXES = (*SEPARATORS, ".parquet")
MOST_NAMES = 20  # of columns, in a message


def open_table(path: str | Path) -> TextTable | ParquetTable:
    """Open a table.

    Raises:
        FileNotFoundError: there is no such file.
        ImportError: a Parquet file, and pyarrow is not installed.
        ValueError: another kind of file, or one that can't be read.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if path.is_dir():
        return ParquetTable(path)
    if suffix not in SUFFIXES:
        raise ValueError(f"{path} is no {', '.join(SUFFIXES)} file; save it as one of these")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path} (current folder: {Path.cwd()})")
    if not path.is_file():
        raise ValueError(f"{path} is a pipe or device; save the table in a file")
    return ParquetTable(path) if suffix == ".parquet" else TextTable(path)


@dataclass(frozen=True)
class TableSource:
    """A table in a file.

    Attributes:
        file: the table.
        names: of its columns: ours -> those in the file.
    """

    file: TextTable | ParquetTable
    names: dict[str, str]

    def require(self, name: str) -> str:
        """Return the name in the file of one of our columns; it must be there once."""
        column, path, known = self.names[name], self.file.path, self.file.names
        if known.count(column) == 1:
            return column
        if column in known:
            raise ValueError(f"{path} has two columns named {column!r}; rename or drop one")
        remedy = f": say which one is the {name} with --columns {name}=NAME"
        names = first_names(known)
        raise ValueError(
            f"{path} has no column {column!r}; it has {names}{self.file.hint or remedy}"
        )

    def located(self, error: CellError) -> ValueError:
        """Return an error about a row as one about a line of the file."""
        if isinstance(error, RepeatedRow):
            return self._repeated(error)
        name = error.column
        if error.table == "interactions":
            name = {"timestamp": "time"}.get(str(name), name)
        is_ours = error.table == "interactions" or name in ("item", "title")
        column = self.names.get(str(name), name) if is_ours else name
        place = self.file.place(error.row)
        return ValueError(
            f"{self.file.path}, column {column!r}, {place}: {error.fault}; {error.in_file}"
        )

    def _repeated(self, error: RepeatedRow) -> ValueError:
        """Show a row as it is written, not as the moment or the number that is meant by it."""
        aliases = {"timestamp": "time"}
        columns = [self.names[aliases.get(name, name)] for name in error.columns]
        written = self.file.read(columns).iloc[error.row]
        fault = repeated(written.to_dict(), error.count)
        return ValueError(
            f"{self.file.path}, {self.file.place(error.row)}: {fault}; {error.in_file}"
        )


def first_names(names: list[str]) -> str:
    """Return the names of columns, without most of them if they are many."""
    shown = f"[{', '.join(map(show, names[:MOST_NAMES]))}]"
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES:,} more"
