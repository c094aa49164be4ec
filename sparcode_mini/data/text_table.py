"""Read columns of .csv and .tsv files, every cell as it is written.

The parser is Python's own `csv` in its strict mode: it repairs nothing. A .csv file follows RFC
4180. In a .tsv file quotes stand around fields, as pandas and R write them, or they are letters;
the whole file decides, see `TextTable._tsv_quoting`.
"""

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from sparcode_mini.data.table_format import (
    BACKSLASH,
    BOM,
    cut,
    names_hint,
    refuse_other_formats,
    width_hint,
)
from sparcode_mini.data.text_column import Column
from sparcode_mini.tools.progress import progress

LINE_ENDS = {"\n": "LF", "\r\n": "CR LF", "\r": "CR"}
SEPARATORS = {".csv": ",", ".tsv": "\t"}
ROWS_AT_ONCE = 50_000
LARGE = 20_000_000  # bytes: reading takes some seconds, so it gets a progress bar
# A quoted field in which Spark and R write \" for a quote.
ESCAPED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.S)
# A field that reaches over the end of such a one.
SWALLOWED = re.compile(r'(?<!\\)(?:\\\\)*\\"[,\t\r\n]')
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
        refuse_other_formats(path, self._separator)
        self._quoting = csv.QUOTE_MINIMAL if self._separator == "," else self._tsv_quoting()
        if self._quoting == csv.QUOTE_MINIMAL:
            self._forbid_backslashes()
        _, self.names = next(self._records(self._quoting), (1, []))
        if not self.names:
            raise ValueError(f"{path} is empty; its first line must hold the names of the columns")

    @property
    def notes(self) -> list[str]:
        """Say what a reader of the file, once it is read, may not expect."""
        notes = []
        if self._separator == "\t" and self._quoting != csv.QUOTE_NONE:
            notes.append("quotes around fields were taken off")
        if len(self._line_ends) > 1:
            some, *others = (LINE_ENDS[end] for end in LINE_ENDS if end in self._line_ends)
            notes.append(
                f"some lines end in {some}, others in {' or '.join(others)}; the CR is no part of "
                "a field"
            )
        return notes

    @property
    def hint(self) -> str:
        """Say why a name may not be found: another separator, a comment, no line of names."""
        return names_hint(self.names, self.path.suffix, self._separator)

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
        columns, start = [Column() for _ in names], 0
        for rows in self._chunks():
            if set(map(len, rows)) != {len(self.names)}:
                raise self._first_fault(self._quoting)
            self._forbid_joints(rows, start)
            start += len(rows)
            cells = list(zip(*rows, strict=True))
            for place, column in zip(places, columns, strict=True):
                column.extend(cells[place])
        series = {name: column.series() for name, column in zip(names, columns, strict=True)}
        return pd.DataFrame(series)

    def _forbid_joints(self, rows: list[list[str]], start: int) -> None:
        """Refuse the places at which files were put together; the first row has number `start`."""
        words = set(self.names)
        for number, fields in enumerate(rows, start):
            if fields[0][:1] == BOM:
                fault = "it begins with a byte-order mark; delete the mark"
            elif fields[0] in words and set(fields) == words:
                fault = "it holds the names of the columns again; delete it"
            else:
                continue
            raise ValueError(
                f"{self.path}, {self.place(number)}: {cut(self._separator.join(fields))}: {fault} "
                "(were files put together?)"
            )

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

    def _forbid_backslashes(self) -> None:
        """Refuse quotes that a backslash, not a second quote, puts inside: they end no field."""
        for line, fields in self._records(csv.QUOTE_MINIMAL) if self._holds(b'\\"') else ():
            if field := next(filter(SWALLOWED.search, fields), None):
                raise ValueError(f"{self.path}, line {line}: {cut(field)}: {BACKSLASH}")

    def _tsv_quoting(self) -> int:
        r"""Tell whether the quotes of a .tsv file stand around fields or are letters.

        They are letters if a field only begins with one ("Weird" Al) or holds one inside (7" LP).
        They stand around fields if all that begin with one are written as programs quote.

        Raises:
            ValueError: both are possible: "Heroes"; or quotes inside quotes are written \".
        """
        if not self._holds(b'"'):
            return csv.QUOTE_NONE
        if self._fault(csv.QUOTE_NONE) and not self._fault(csv.QUOTE_MINIMAL):
            self._forbid_swallowed_lines()
            return csv.QUOTE_MINIMAL  # some field holds a tab or a line break
        unclear, escaped, certain, inner = None, None, False, False
        for line, fields in self._records(csv.QUOTE_NONE):
            for field in fields:
                if field[:1] != '"':
                    inner |= '"' in field  # a program that quotes would quote this one
                    continue
                if '"' in field[1:-1] and ESCAPED.fullmatch(field):
                    escaped = escaped or (line, field)
                    continue
                inside = field[1:-1]
                if len(field) == 1 or field[-1] != '"' or '"' in inside.replace('""', ""):
                    if self._fault(csv.QUOTE_MINIMAL):
                        return csv.QUOTE_NONE
                    raise self._unclear_quotes(line, field)  # another one may close it
                certain |= '"' in inside or line == 1
                unclear = unclear or (line, field)
        if escaped:
            line, field = escaped
            raise ValueError(f"{self.path}, line {line}: {cut(field)}: {BACKSLASH}")
        if unclear is None or (inner and not certain):
            return csv.QUOTE_NONE
        if certain:
            return csv.QUOTE_MINIMAL
        raise self._unclear_quotes(*unclear)

    def _unclear_quotes(self, line: int, field: str) -> ValueError:
        return ValueError(
            f"{self.path}, line {line}: it is unclear whether the quotes of {cut(field)} belong "
            "to the text; save the table as .csv or .parquet"
        )

    def _forbid_swallowed_lines(self) -> None:
        """Refuse quotes that would make one row of lines that are whole rows without them."""
        widths = {line: len(fields) for line, fields in self._records(csv.QUOTE_NONE)}
        starts = [line for line, _ in self._records(csv.QUOTE_MINIMAL)]
        for start, following in itertools.pairwise([*starts, max(widths) + 1]):
            filled = [line for line in range(start, following) if line in widths]
            whole = [line for line in filled if widths[line] == widths[starts[0]]]
            if len(whole) > 1:
                raise ValueError(
                    f"{self.path}, line {start}: a field begins with a quote that is closed in "
                    f"line {filled[-1]}, but lines {whole[0]} and {whole[-1]} have all fields "
                    "without it; save the table as .csv or .parquet, or mend the line that has not"
                )

    def _holds(self, mark: bytes) -> bool:
        """Tell whether the file holds one or two bytes."""
        end = b""
        with self.path.open("rb") as stream:
            for block in iter(lambda: stream.read(2**20), b""):
                if mark in end + block:
                    return True
                end = block[-1:]
        return False

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
        names: list[str] = []
        try:
            for number, (line, fields) in enumerate(self._records(quoting)):
                names = names or fields
                if len(fields) != len(names):
                    return self._wrong_width(line, fields, names, first=number == 1)
        except ValueError as error:
            return error
        return None

    def _first_fault(self, quoting: int) -> ValueError:
        return self._fault(quoting) or ValueError(f"{self.path} has changed while it was read")

    def _wrong_width(
        self, line: int, fields: list[str], names: list[str], first: bool
    ) -> ValueError:
        return ValueError(
            f"{self.path}, line {line}: it has {len(fields)} fields, the line of names has "
            f"{len(names)}: {cut(self._separator.join(fields))}"
            f"{width_hint(fields, names, self._separator, first)}"
        )

    def _wrong_quotes(self, line: int, reason: str) -> ValueError:
        with self.path.open(encoding="utf-8-sig", newline="", errors="replace") as text:
            written = next(itertools.islice(text, line - 1, None), "").rstrip("\r\n")
        fault = "a field begins with a quote that is not closed"
        if "expected after" in reason:
            fault = "a field goes on after the quote that closes it"
        remedy = 'write such a field in quotes and each quote inside it twice: "12"" Singles"'
        if '\\"' in written:
            remedy = BACKSLASH
        return ValueError(f"{self.path}, line {line}: {fault}: {cut(written)}; {remedy}")

    def _wrong_encoding(self) -> ValueError:
        with self.path.open(encoding="utf-8", newline="", errors="surrogateescape") as text:
            for line, content in enumerate(text, 1):
                try:
                    content.encode("utf-8")
                except UnicodeEncodeError as error:
                    byte = ord(content[error.start]) - 0xDC00
                    written = content.encode("utf-8", "surrogateescape").decode("latin-1")
                    return ValueError(
                        f"{self.path}, line {line}: byte 0x{byte:02x} is not UTF-8; read as "
                        f"Latin-1 the line says {cut(written.rstrip())}: save the file as UTF-8"
                    )
        return ValueError(f"{self.path} has changed while it was read")
