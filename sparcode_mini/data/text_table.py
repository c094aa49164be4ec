"""Read columns of .csv and .tsv files, every cell as it is written.

The parser is Python's own `csv` in its strict mode: it repairs nothing. A .csv file follows RFC
4180. In a .tsv file quotes stand around fields, as pandas and R write them, or they are letters;
the whole file decides, see `TextTable._tsv_quoting`.
"""

import csv
import itertools
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from sparcode_mini.data.text_column import Column
from sparcode_mini.tools.progress import progress

SEPARATORS = {".csv": ",", ".tsv": "\t"}
OTHER_SEPARATORS = ("::", ";", "\t", ",", "|")
FORMATS = {  # first bytes of files that are not UTF-8 text
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip or Excel",
    b"PAR1": "Parquet",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zX": "xz",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
}
ROWS_AT_ONCE = 50_000
LARGE = 20_000_000  # bytes: reading takes some seconds, so it gets a progress bar
csv.field_size_limit(2**31 - 1)  # letters: a file is as long as it is. For all threads, so once


class TextTable:
    """A .csv or .tsv file in UTF-8 with one line of names.

    Args:
        path: the file.

    Attributes:
        names: of the columns, as they are written.

    Raises:
        ValueError: another format or encoding, no line of names, or unclear quotes; names the line.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._separator = path, SEPARATORS[path.suffix.lower()]
        self._line_ends: set[str] = set()
        self._refuse_other_formats()
        self._quoting = csv.QUOTE_MINIMAL if self._separator == "," else self._tsv_quoting()
        _, self.names = next(self._records(self._quoting), (1, []))
        if not self.names:
            raise ValueError(f"{path} is empty; its first line must hold the names of the columns")

    @property
    def notes(self) -> list[str]:
        """Say what a reader of the file, once it is read, may not expect."""
        notes = []
        if self._separator == "\t" and self._quoting != csv.QUOTE_NONE:
            notes.append("quotes around fields were taken off")
        if {"\n", "\r\n"} <= self._line_ends:
            notes.append("some lines end in LF, others in CR LF; the CR is no part of a field")
        return notes

    @property
    def hint(self) -> str:
        """Say what is wrong if all names stand in one field: another separator."""
        (line, *others) = self.names
        marks = [mark for mark in OTHER_SEPARATORS if mark in line]
        if others or not marks:
            return ""
        return (
            f" (its fields seem to be separated by {marks[0]!r}; a {self.path.suffix} file has "
            f"{self._separator!r} between fields: save it so)"
        )

    def read(self, names: Sequence[str]) -> pd.DataFrame:
        """Read some columns.

        Args:
            names: of the columns.

        Returns:
            A column is int64 if all its cells are whole numbers as Python writes them; else it has
            objects: the texts, and None for an empty cell.

        Raises:
            ValueError: a line with too few or too many fields, unclear quotes or wrong UTF-8; names
                the line and what is written there.
        """
        places = [self.names.index(name) for name in names]
        columns = [Column() for _ in names]
        for rows in self._chunks():
            if set(map(len, rows)) != {len(self.names)}:
                raise self._first_fault(self._quoting)
            cells = list(zip(*rows, strict=True))
            for place, column in zip(places, columns, strict=True):
                column.extend(cells[place])
        series = {name: column.series() for name, column in zip(names, columns, strict=True)}
        return pd.DataFrame(series)

    def place(self, row: int) -> str:
        """Return the line on which a row (from 0) begins, as an editor counts."""
        line, _ = next(itertools.islice(self._records(self._quoting), row + 1, None))
        return f"line {line}"

    def _chunks(self) -> Iterator[list[list[str]]]:
        """Yield the rows below the names, many at once, without blank lines."""
        size = self.path.stat().st_size
        bar: Any = progress(total=size, desc=f"read {self.path.name}")
        with self._opened() as text, bar if size > LARGE else nullcontext():
            reader, done = self._reader(text, self._quoting), 0
            filled = filter(None, reader)  # a blank line is an empty record
            next(filled)
            try:
                while rows := list(itertools.islice(filled, ROWS_AT_ONCE)):
                    yield rows
                    if size > LARGE:
                        done, before = text.buffer.tell(), done
                        bar.update(done - before)
            except (csv.Error, UnicodeDecodeError):
                raise self._first_fault(self._quoting) from None
            ends: Any = text.newlines  # one, several as a tuple, or None
            self._line_ends = {ends} if isinstance(ends, str) else set(ends or ())

    # --- quotes ---------------------------------------------------------------------------------

    def _tsv_quoting(self) -> int:
        """Tell whether the quotes of a .tsv file stand around fields or are letters.

        They are letters if some field only begins with one ("Weird" Al), and stand around fields if
        all that begin with one are written as programs quote: "a ""b"" c".

        Raises:
            ValueError: both are possible: "Heroes".
        """
        if not self._holds_quotes():
            return csv.QUOTE_NONE
        if self._fault(csv.QUOTE_NONE) and not self._fault(csv.QUOTE_MINIMAL):
            self._forbid_swallowed_lines()
            return csv.QUOTE_MINIMAL  # some field holds a tab or a line break
        unclear, certain = None, False
        for line, fields in self._records(csv.QUOTE_NONE):
            for field in fields:
                if field[:1] != '"':
                    continue
                inside = field[1:-1]
                if len(field) == 1 or field[-1] != '"' or '"' in inside.replace('""', ""):
                    return csv.QUOTE_NONE
                certain |= '"' in inside or line == 1
                unclear = unclear or (line, field)
        if unclear is None:
            return csv.QUOTE_NONE
        if certain:
            return csv.QUOTE_MINIMAL
        line, field = unclear
        raise ValueError(
            f"{self.path}, line {line}: it is unclear whether the quotes of {_cut(field)} belong "
            "to the text; save the table as .csv or .parquet"
        )

    def _forbid_swallowed_lines(self) -> None:
        """Refuse quotes that would make one row of lines that are whole rows without them."""
        widths = {line: len(fields) for line, fields in self._records(csv.QUOTE_NONE)}
        starts = [line for line, _ in self._records(csv.QUOTE_MINIMAL)]
        for start, following in itertools.pairwise([*starts, max(widths) + 1]):
            last = next(line for line in range(following - 1, 0, -1) if line in widths)
            if last > start and widths[start] == widths[last] == widths[starts[0]]:
                raise ValueError(
                    f"{self.path}, line {start}: a field begins with a quote that is closed in "
                    f"line {last}, but both lines have all fields without it; save the table as "
                    ".csv or .parquet, or mend the line that has not"
                )

    def _holds_quotes(self) -> bool:
        with self.path.open("rb") as stream:
            return any(b'"' in block for block in iter(lambda: stream.read(2**20), b""))

    # --- records and their faults ---------------------------------------------------------------

    def _opened(self) -> TextIO:
        return self.path.open(encoding="utf-8-sig", newline="")

    def _reader(self, text: TextIO, quoting: Any) -> Any:
        return csv.reader(text, delimiter=self._separator, quoting=quoting, strict=True)

    def _records(self, quoting: int) -> Iterator[tuple[int, list[str]]]:
        """Yield each record that is not blank, and the line on which it begins.

        Raises:
            ValueError: wrong quotes or wrong UTF-8; names the line.
        """
        line = 1
        with self._opened() as text:
            reader = self._reader(text, quoting)
            try:
                for fields in reader:
                    if fields:
                        yield line, fields
                    line = reader.line_num + 1
            except csv.Error as error:
                raise self._wrong_quotes(line, str(error)) from None
            except UnicodeDecodeError:
                raise self._wrong_encoding() from None

    def _fault(self, quoting: int) -> ValueError | None:
        """Return the first fault of the file, read with these quotes, or None."""
        width = None
        try:
            for line, fields in self._records(quoting):
                width = width or len(fields)
                if len(fields) != width:
                    return self._wrong_width(line, fields, width)
        except ValueError as error:
            return error
        return None

    def _first_fault(self, quoting: int) -> ValueError:
        return self._fault(quoting) or ValueError(f"{self.path} has changed while it was read")

    def _wrong_width(self, line: int, fields: list[str], width: int) -> ValueError:
        return ValueError(
            f"{self.path}, line {line}: it has {len(fields)} fields, the line of names has "
            f"{width}: {_cut(self._separator.join(fields))}; put a field that holds "
            f"{self._separator!r} into quotes, or mend the line"
        )

    def _wrong_quotes(self, line: int, reason: str) -> ValueError:
        with self.path.open(encoding="utf-8-sig", newline="", errors="replace") as text:
            written = next(itertools.islice(text, line - 1, None), "").rstrip("\r\n")
        fault = "a field begins with a quote that is not closed"
        if "expected after" in reason:
            fault = "a field goes on after the quote that closes it"
        return ValueError(
            f"{self.path}, line {line}: {fault}: {_cut(written)}; write such a field in quotes "
            'and each quote inside it twice: "12"" Singles"'
        )

    def _wrong_encoding(self) -> ValueError:
        with self.path.open("rb") as stream:
            for line, content in enumerate(stream, 1):
                try:
                    content.decode("utf-8")
                except UnicodeDecodeError as error:
                    written = content.decode("latin-1").rstrip("\r\n")
                    return ValueError(
                        f"{self.path}, line {line}: byte 0x{content[error.start]:02x} is not "
                        f"UTF-8; read as Latin-1 the line says {_cut(written)}: save the file as "
                        "UTF-8"
                    )
        return ValueError(f"{self.path} has changed while it was read")

    def _refuse_other_formats(self) -> None:
        with self.path.open("rb") as stream:
            start = stream.read(4)
        for mark, kind in FORMATS.items():
            if start.startswith(mark):
                raise ValueError(
                    f"{self.path} is {kind}, not a {self.path.suffix} file in UTF-8; save it anew"
                )


def _cut(text: str) -> str:
    """Return a text in quotes, cut to fit into a message of one line."""
    return repr(text if len(text) <= 80 else f"{text[:79]}\N{HORIZONTAL ELLIPSIS}")
