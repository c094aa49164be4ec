"""Cells of text files arrive as they are written, or are refused with their line."""

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparcode_mini.data.text_table import TextTable

WRITTEN = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
QUOTED = st.sampled_from(
    [
        '"',
        '""',
        '"a"',
        'a"b',
        '"Weird" Al',
        "a\tb",
        "a,b",
        "NA",
        "1",
        "01",
        "-0",
        "1\n2",
        '\\"',
        '\\",',
    ]
)
CELLS = WRITTEN | QUOTED
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6)
# With "\\n" at the ends of lines, Python's writer leaves a field with "\\r" without quotes.
WAYS = st.sampled_from(
    [
        {"lineterminator": "\r\n", "quoting": csv.QUOTE_MINIMAL},
        {"lineterminator": "\r\n", "quoting": csv.QUOTE_ALL},
        {"lineterminator": "\n", "quoting": csv.QUOTE_ALL},
    ]
)
ONE_LINE = CELLS.map(lambda text: text.translate(dict.fromkeys(map(ord, "\t\r\n"), " ")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


def read(path):
    table = TextTable(path)
    cells = table.read(table.names)
    return [tuple("" if v is None else str(v) for v in row) for row in cells.to_numpy(object)]


def written(path, rows, **options):
    text = io.StringIO(newline="")
    csv.writer(text, **options).writerows([("x", "y", "z"), *rows])
    path.write_bytes(text.getvalue().encode("utf-8"))
    return path


def holds_a_backslash(rows):
    """Tell whether a quote behind a backslash could be the end of a field."""
    return any(re.search(r'\\"[,\t\r\n]|^"?\\"', text) for row in rows for text in row)


@settings(max_examples=300, deadline=None)
@given(ROWS, WAYS)
def test_a_csv_file_gives_back_what_was_written(folder, rows, way):
    path = written(folder / "t.csv", rows, **way)
    try:
        assert read(path) == rows
    except ValueError as error:
        assert r"written \"" in str(error) and holds_a_backslash(rows)


@settings(max_examples=300, deadline=None)
@given(ROWS, WAYS)
def test_a_tsv_file_with_quotes_gives_back_what_was_written(folder, rows, way):
    path = written(folder / "t.tsv", rows, delimiter="\t", **way)
    try:
        assert read(path) == rows
    except ValueError as error:  # without quotes, too, all lines have three fields
        if r"written \"" in str(error):
            assert holds_a_backslash(rows)
            return
        unclear = "it is unclear whether the quotes of" in str(error)
        assert unclear or "a field begins with a quote that is closed in line" in str(error)
        lines = path.read_bytes().decode("utf-8").replace("\r", "\n").split("\n")
        assert {line.count("\t") for line in lines if line} == {2}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(ONE_LINE, ONE_LINE, ONE_LINE), max_size=6))
def test_a_tsv_file_without_quoting_gives_back_its_fields_or_says_why_not(folder, rows):
    path = folder / "plain.tsv"
    lines = ["x\ty\tz", *("\t".join(row) for row in rows)]
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8"))
    fields = [field for row in rows for field in row if field[:1] == '"']
    whole = [
        f for f in fields if len(f) > 1 and f[-1] == '"' and '"' not in f[1:-1].replace('""', "")
    ]
    try:
        found = read(path)
    except ValueError as error:
        assert "it is unclear whether the quotes of" in str(error)
        text = io.StringIO(path.read_bytes().decode("utf-8"), newline="")
        widths = {len(row) for row in csv.reader(text, delimiter="\t", strict=True)}
        assert len(whole) == len(fields) > 0 or widths - {0} == {3}
    else:
        # Quotes doubled inside quotes are what programs write, so they are taken off.
        doubled = len(whole) == len(fields) and any('"' in f[1:-1] for f in whole)
        unquoted = [tuple(f[1:-1].replace('""', '"') if f in whole else f for f in r) for r in rows]
        assert found == (unquoted if doubled else rows)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "t.csv",
            'x,y\n1,2\n\n"Weird" Al,3\n',
            r"line 4: a field goes on after the quote that clo",
        ),
        ("t.csv", 'x,y\n1,2\n"Heroes,3\n4,5\n', r"line 3: a field begins with a quote that is not"),
        (
            "t.tsv",
            'x\ty\n"a\t1\nb"\t2\n',
            r"line 2: it is unclear whether the quotes of '\"a' belong",
        ),
        (
            "t.tsv",
            'x\ty\n"Heroes"\t3\n',
            r"line 2: it is unclear whether the quotes of '\"Heroes\"'",
        ),
        ("t.csv", 'x,y\n"a\nb",2\n1,2,3\n', r"line 4: it has 3 fields, the line of names has 2"),
        ("t.csv", "x,y\r\n1,2\r\n3\r\n", r"line 3: it has 1 fields"),
    ],
)
def test_what_can_not_be_understood_is_refused_with_its_line(tmp_path, name, text, message):
    (tmp_path / name).write_bytes(text.encode("utf-8"))
    with pytest.raises(ValueError, match=message):
        read(tmp_path / name)


def test_quotes_of_a_tsv_file_are_letters_if_one_field_shows_it(tmp_path):
    names = ['"Weird" Al', '12" Singles', '"Heroes', '"', '"Heroes"']
    (tmp_path / "t.tsv").write_text("x\ty\n" + "".join(f"{n}\t1\n" for n in names), "utf-8")
    assert [x for x, _ in read(tmp_path / "t.tsv")] == names


def test_fields_longer_than_the_limit_of_csv_are_read(tmp_path):
    long = "x" * 200_000
    assert read(written(tmp_path / "t.csv", [("1", long, "2")])) == [("1", long, "2")]


def test_lines_are_counted_as_an_editor_does(tmp_path):
    (tmp_path / "t.csv").write_text('\nx,y\n\n1,"a\n\nb"\n\n2,c\n', "utf-8")
    table = TextTable(tmp_path / "t.csv")
    assert [table.place(row) for row in (0, 1)] == ["line 4", "line 8"]


@pytest.mark.parametrize("content", [b"\xff\xfeu\0", b"\x1f\x8b\x08", b"PAR1\x15\0", b"PK\x03\x04"])
def test_other_formats_are_named(tmp_path, content):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(
        ValueError, match=r"t\.csv is (UTF-16 text|gzip|Parquet|zip or Excel), not a"
    ):
        TextTable(tmp_path / "t.csv")


def test_a_column_in_pieces_is_int64_only_if_all_pieces_are(tmp_path, monkeypatch):
    monkeypatch.setattr("sparcode_mini.data.text_table.ROWS_AT_ONCE", 2)
    path = written(tmp_path / "t.csv", [("1", "1", ""), ("2", "2", "2"), ("3", "03", "3")])
    table = TextTable(path)
    columns = table.read(["x", "y", "z"])
    assert columns["x"].dtype == "int64"
    assert columns["y"].tolist() == ["1", "2", "03"]
    assert columns["z"].tolist() == [None, "2", "3"]


def test_line_ends_of_two_kinds_are_told(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"x,y\n1,a\r\n2,b\n")
    table = TextTable(tmp_path / "t.csv")
    table.read(["x"])
    assert table.notes == ["some lines end in LF, others in CR LF; the CR is no part of a field"]


def test_quotes_that_would_swallow_whole_lines_are_refused(tmp_path):
    lines = [f"{n}\tBand {n}\t1" for n in range(9)]
    lines[3], lines[5], lines[7] = '3\t"Weird\t1', "5\tbroken", '7\tAl"\t1'
    (tmp_path / "t.tsv").write_text("\n".join(["x\ty\tz", *lines, ""]), "utf-8")
    with pytest.raises(ValueError, match=r"line 5: a field begins with a quote .* in line 9, but"):
        read(tmp_path / "t.tsv")
    (tmp_path / "t.tsv").write_text('x\ty\n1\t"two\nlines"\n2\t"a\tb"\n', "utf-8")
    assert read(tmp_path / "t.tsv") == [("1", "two\nlines"), ("2", "a\tb")]
    (tmp_path / "t.tsv").write_text('x\ty\tz\n1\t"two\n2\tb\t1\n3\tc\t2\nend"\t1\n', "utf-8")
    with pytest.raises(
        ValueError, match=r"line 2: .* in line 5, but lines 3 and 4 have all fields"
    ):
        read(tmp_path / "t.tsv")
