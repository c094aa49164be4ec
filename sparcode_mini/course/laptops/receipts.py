"""The receipts of a class: read a table in which a column holds them, and judge each row."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sparcode_mini.course.laptops.check_laptop import CURES, STICK, checksum

MARK = re.compile(r"SPC\d+(?:\s*-\s*\w+)+", re.IGNORECASE)
DASHES = re.compile("[\u2010-\u2015\u2212]")  # what word processors make of "-"
WORDS = 8  # of a receipt
SLOW = 60  # seconds of the training, which takes a laptop of today about ten
# Kind of a row -> its name in the counts; the kinds of `check_laptop` and those of a table.
NAMES = {
    "ok": "ok",
    "data": "without data",
    "slow": "slow",
    "new": "not installed yet",
    "version": "not installed yet, without the Python of the stick",
    "python": "with a Python that does not fit",
    "bits": "with a Python of 32 bits",
    "intelmac": "Intel Mac",
    "rosetta": "Apple silicon with a Python for Intel",
    "oldsystem": "with a system that is too old",
    "cpu": "with another processor",
    "disk": "with a full disk",
    "memory": "with little memory",
    "write": "without a folder to write in",
    "install": "not installed well",
    "files": "without lessons",
    "train": "where the training fails",
    "missing": "without a receipt",
    "damaged": "damaged",
    "copied": "with the receipt of another",
    "again": "checked again",
}
ADVICE = {
    **CURES,
    "slow": "share a faster laptop; the long cells take minutes here",
    "missing": "ask for the last line of check_laptop.py",
    "damaged": "ask for it once more, copied and not typed",
    "copied": "ask for the line of their own laptop",
}
FINE = ("ok", "again")  # nothing is to be done


class Receipt(NamedTuple):
    """What a receipt says."""

    system: str
    python: str
    state: str
    data: bool
    seconds: int
    laptop: str

    @property
    def kind(self) -> str:
        """Return the one thing to be done first, or "ok"."""
        if self.state == "new" and self.python != "py{}{}".format(*STICK):
            return "version"
        if self.state != "ok":
            return self.state
        return "data" if not self.data else "slow" if self.seconds > SLOW else "ok"


class Row(NamedTuple):
    """A row of the table: its line in the file, the name of a person or "", the cell."""

    line: int
    name: str
    text: str


class Entry(NamedTuple):
    """A judged row.

    Attributes:
        row: as it was read.
        kind: a key of NAMES.
        detail: what is wrong, beyond the kind; may be "".
        receipt: None if it can't be read.
    """

    row: Row
    kind: str
    detail: str = ""
    receipt: Receipt | None = None


def parse(text: str) -> Receipt:
    """Read a receipt out of a text.

    Raises:
        ValueError: none is there, or it is damaged.
    """
    match = MARK.search(text)
    if match is None:
        raise ValueError(f"no receipt in {text[:40]!r}")
    whole = re.sub(r"\s", "", match[0])
    body, _, digits = whole.rpartition("-")
    words = body.lower().split("-")
    if words[0] != "spc1":
        raise ValueError(f"{whole}: of another version of the check; this program reads SPC1")
    if len(words) != WORDS - 1 or not body.isascii() or checksum(body) != digits.upper():
        raise ValueError(f"{whole}: a letter is wrong or missing")
    _, system, python, state, data, seconds, laptop = words
    if state not in NAMES or not re.fullmatch(r"\d+s", seconds):
        raise ValueError(f"{whole}: made by another version of check_laptop.py")
    return Receipt(system, python, state, data == "data", int(seconds[:-1]), laptop)


def read(path: Path) -> list[Row]:
    """Read a CSV file with any header or none, or lines of text.

    Raises:
        ValueError: there is no such file, or no column holds receipts.
    """
    try:
        text = DASHES.sub("-", _decoded(path.read_bytes()))
    except OSError as error:
        raise ValueError(f"{path} can't be read ({error.strerror}); give a file") from error
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        table = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}; export it again") from error
    hits = Counter(i for _, row in table for i, cell in enumerate(row) if MARK.search(cell))
    if not hits:
        raise ValueError(f"{path} has no receipt; one begins with SPC1- and ends the check")
    column = hits.most_common(1)[0][0]
    width = max(len(row) for _, row in table)
    # A line without a receipt above a single column is a damaged receipt, no header.
    has_header = width > 1 and not any(MARK.search(cell) for cell in table[0][1])
    header, rows = table[0][1] if has_header else [], table[has_header:]
    names = _name_columns(header, column, [_cell(rows[0][1], i) for i in range(width)])
    return [
        Row(line, " ".join(_cell(row, i) for i in names).strip(), _cell(row, column))
        for line, row in rows
    ]


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")  # an export of Windows; receipts are ASCII


def _name_columns(header: list[str], column: int, cells: list[str]) -> list[int]:
    """Return the columns with "name" in their title, else one beside the receipts.

    Args:
        header: titles of the columns; may be empty.
        column: place of the receipts.
        cells: of the first row; what begins with a digit is a time or a number, no name.
    """
    titled = [i for i, title in enumerate(header) if "name" in title.lower() and i != column]
    others = [i for i in range(len(cells)) if i != column]
    return titled or sorted(others, key=lambda i: cells[i][:1].isdigit())[:1]


def _cell(row: list[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def judge(rows: Iterable[Row]) -> list[Entry]:
    """Check each row; of the rows of one laptop the last one counts."""
    entries: list[Entry] = []
    last: dict[str, int] = {}  # laptop -> place in `entries`
    for row in rows:
        if not row.text:
            entries.append(Entry(row, "missing"))
            continue
        try:
            receipt = parse(row.text)
        except ValueError as error:
            entries.append(Entry(row, "damaged", str(error)))
            continue
        entry = Entry(row, receipt.kind, receipt=receipt)
        if receipt.laptop in last:
            place = last[receipt.laptop]
            before = entries[place]
            if before.row.name == row.name:
                entries[place] = before._replace(kind="again", detail=f"line {row.line} counts")
            else:
                same = f"the laptop of line {before.row.line}"
                entry = entry._replace(kind="copied", detail=same)
        if entry.kind != "copied":
            last[receipt.laptop] = len(entries)
        entries.append(entry)
    return entries


def summary(entries: list[Entry]) -> str:
    """Return the counts in one line, such as "26 ok, 3 without data, 1 Intel Mac"."""
    counts = Counter(entry.kind for entry in entries)
    return ", ".join(f"{counts[kind]} {name}" for kind, name in NAMES.items() if counts[kind])


def advice(entry: Entry) -> str:
    """Return the line for somebody who needs something."""
    name = f", {entry.row.name}" if entry.row.name else ""
    detail = f" ({entry.detail})" if entry.detail else ""
    return f"line {entry.row.line}{name}: {NAMES[entry.kind]}{detail}. {_to_do(entry)}"


def as_csv(entries: list[Entry]) -> str:
    """Return the table of all rows, with what is to be done."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["line", "name", "state", "what to do", "system", "python", "seconds"])
    for entry in entries:
        receipt = entry.receipt
        facts = [receipt.system, receipt.python, receipt.seconds] if receipt else ["", "", ""]
        name, to_do = _as_text(entry.row.name), _to_do(entry)
        writer.writerow([entry.row.line, name, NAMES[entry.kind], to_do, *facts])
    return file.getvalue()


def _to_do(entry: Entry) -> str:
    return "" if entry.kind in FINE else f"What to do: {ADVICE[entry.kind]}"


def _as_text(cell: str) -> str:
    """Mark what a spreadsheet would take for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell
