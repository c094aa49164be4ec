"""Tell what a file is from how it begins, and why the first lines of a table can't be used."""

import re
from collections.abc import Sequence
from pathlib import Path

_SAVE = "save it as .csv, .tsv or .parquet"
_UNPACK = "unpack it"
_UTF8 = "save it in UTF-8"
BINARY = {  # first bytes -> what a file with them is, and what to do
    b"\xff\xfe\0\0": ("UTF-32 text", _UTF8),
    b"\0\0\xfe\xff": ("UTF-32 text", _UTF8),
    b"\xff\xfe": ("UTF-16 text", _UTF8),
    b"\xfe\xff": ("UTF-16 text", _UTF8),
    b"\x1f\x8b": ("gzip", _UNPACK),
    b"PK\x03\x04": ("zip or Excel", "unpack it, or save it in Excel as CSV UTF-8"),
    b"PAR1": ("Parquet", "let its name end in .parquet"),
    b"PARE": ("encrypted Parquet", "save it without encryption"),
    b"ARROW1": ("Feather (Arrow)", "save it as Parquet"),
    b"FEA1": ("Feather", "save it as Parquet"),
    b"\xff\xff\xff\xff": ("a stream of Arrow", "save it as Parquet"),
    b"ORC": ("ORC", "save it as Parquet"),
    b"Obj\x01": ("Avro", "save it as Parquet"),
    b"SQLite format 3\0": ("a SQLite database", _SAVE),
    b"\x89HDF": ("HDF5", _SAVE),
    b"\x93NUMPY": ("an array of NumPy", _SAVE),
    b"\x28\xb5\x2f\xfd": ("zstd", _UNPACK),
    b"\x04\x22\x4d\x18": ("lz4", _UNPACK),
    b"BZh": ("bzip2", _UNPACK),
    b"\xfd7zX": ("xz", _UNPACK),
    b"7z\xbc\xaf": ("7z", _UNPACK),
    b"%PDF": ("PDF", _SAVE),
    b"\xd0\xcf\x11\xe0": ("an old Excel file", "save it in Excel as CSV UTF-8"),
}
_TEXTS = {  # MetaTrader names columns <DATE>, SQL Server [user]: these are no HTML and no JSON
    "HTML or XML": re.compile(
        r"\s*<(?:!doctype|!--|\?xml|(?:html|head|body|table|meta)[\s>])", re.I
    ),
    "JSON": re.compile(r'(?:\{\s*["}]|\[\s*[\[{"]|[\[{]\s*$)'),
}
_OTHER_SEPARATORS = ("::", ";", "\t", ",", "|", "\x01", " ")
_RULES = "+-=─┌┬┐═╔╦╗╒╤╕━┏┳┓ "
_TEXT_BYTES = bytes([*b"\t\n\r", *range(32, 127)])
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")
BOM = "\ufeff"
BACKSLASH = (
    'a quote inside quotes is written \\"; let it be written twice: in Spark with '
    '.option("escape", "\\""), in R with qmethod = "double"'
)


def kind_of(path: Path) -> tuple[str, str] | None:
    """Return what a file is that is no table in UTF-8, and what to do; None if nothing shows."""
    with path.open("rb") as stream:
        start = stream.read(512)
    is_text = not start.translate(None, delete=_TEXT_BYTES)  # a column may be named ORCID
    for mark, kind in BINARY.items():
        if start.startswith(mark) and not is_text:
            return kind
    head = [byte == 0 for byte in start[:4]]
    if head in ([False, True] * 2, [True, False] * 2):
        return "UTF-16 text without a byte-order mark", _UTF8
    text = start.decode("utf-8-sig", "replace").lstrip().partition("\n")[0]
    return next(((name, _SAVE) for name, form in _TEXTS.items() if form.match(text)), None)


def refuse_other_formats(path: Path, separator: str) -> None:
    """Refuse a file that is no table in UTF-8, or has something else before its names.

    Args:
        path: a .csv or .tsv file.
        separator: of its fields.

    Raises:
        ValueError: says what the file is and what to do.
    """
    if kind := kind_of(path):
        raise ValueError(f"{path} is {kind[0]}, not a {path.suffix} file in UTF-8; {kind[1]}")
    with path.open(encoding="utf-8-sig", errors="replace") as text:
        line = text.readline(10_000).rstrip("\n")
    if line.startswith(BOM):
        raise ValueError(f"{path} begins with two byte-order marks; save it anew with one or none")
    if re.fullmatch('"?sep=.?"?', line, re.I):
        mark = line.strip('"')[4:]
        other = f", and separate its fields by {separator!r}" if mark != separator else ""
        raise ValueError(f"{path}, line 1: {line!r} is a word to Excel; delete the line{other}")
    hint = separator_hint(re.sub('"[^"]*"', "", line), path.suffix, separator)
    if line.startswith('"') and hint:
        raise ValueError(f"{path}, line 1: {cut(line)}{hint}")


def separator_hint(line: str, suffix: str, separator: str) -> str:
    """Say that another separator stands in the line of names, or return an empty text."""
    if separator in line:
        return ""
    mark = next((m for m in _OTHER_SEPARATORS if m in line), None)
    if mark is None:
        return ""
    return (
        f" (its fields seem to be separated by {mark!r}; a {suffix} file has {separator!r} "
        "between fields: save it so)"
    )


def names_hint(names: Sequence[str], suffix: str, separator: str) -> str:
    """Say what is wrong with names among which one is not found, or return an empty text."""
    if names[0][:1] in ("#", "%"):
        line = cut(separator.join(names))
        return (
            f": the line {line} seems to be a comment; delete what stands above the names, and "
            f"{names[0][:1]!r} before them"
        )
    # A title above the table, or a table drawn with lines.
    is_drawn = names[0] != "" and names[0].strip(_RULES) == ""
    if is_drawn or sum(map(bool, names)) < min(2, len(names)):
        return ": the first line does not hold the names; delete what stands above them"
    if hint := separator_hint(separator.join(names), suffix, separator):
        return hint
    if any(_NUMBER.fullmatch(name) for name in names):
        return ": the first line must hold the names of the columns; add it"
    if any(name != name.strip() for name in names):
        return ": some names have spaces around them; delete these"
    return ""


def width_hint(fields: Sequence[str], names: Sequence[str], separator: str, first: bool) -> str:
    """Say why a line may have fields too many or too few.

    Args:
        fields: of the line.
        names: of the columns.
        separator: of fields.
        first: whether the line is the first one below the names.
    """
    more = len(fields) - len(names)
    if more == 1 and fields[-1] == "":
        return f"; the line ends with {separator!r}: delete it there, in all lines"
    if more == -1 and names[-1] == "":
        return f"; the line of names ends with {separator!r}: delete it there"
    if any('\\"' in field for field in fields):
        return f"; {BACKSLASH}"
    if any(field[:1] == " " and field.lstrip()[:1] == '"' for field in fields):
        return "; delete the spaces before the quotes"
    remedy = f"; put a field that holds {separator!r} into quotes, or mend the line"
    if more == 1 and first:
        remedy += (
            f" (if {cut(fields[0])} is the name of a row, as R writes it: write the table with "
            "row.names = FALSE)"
        )
    return remedy


def cut(text: str) -> str:
    """Return a text in quotes, cut to fit into a message of one line."""
    return repr(text if len(text) <= 80 else f"{text[:79]}\N{HORIZONTAL ELLIPSIS}")
