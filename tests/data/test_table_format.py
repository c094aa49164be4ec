"""What a file is, and what stands before its names, is told in one line with a remedy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparcode_mini.data.read_table import read_ratings
from sparcode_mini.data.text_table import TextTable

ROWS = "u1,a,1\nu1,b,2\nu2,a,3\n"
PLAYS = f"user,item,time\n{ROWS}"


def refusal(folder, content, name="t.csv", **options):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    with pytest.raises(ValueError) as error:
        read_ratings(path, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (PLAYS.encode("utf-16-le"), "is UTF-16 text without a byte-order mark, not a .csv file"),
        (PLAYS.encode("utf-16-be"), "is UTF-16 text without a byte-order mark, not a .csv file"),
        (PLAYS.encode("utf-32"), "is UTF-32 text"),
        ('[{"user": 1}]', "is JSON, not a .csv file in UTF-8; save it as .csv, .tsv or .parquet"),
        ('\n{"user": 1, "item": 2}\n', "is JSON"),
        ('{\n  "user": [1]\n}', "is JSON"),
        ("<html><table><tr>", "is HTML or XML"),
        ("\n<!DOCTYPE html>\n", "is HTML or XML"),
        (b"ARROW1\0\0", "is Feather (Arrow), not a .csv file in UTF-8; save it as Parquet"),
        (b"\xef\xbb\xbf" * 2 + PLAYS.encode(), "begins with two byte-order marks"),
        ("sep=;\nuser;item\n", "line 1: 'sep=;' is a word to Excel; delete the line, and separate"),
        ('"sep=,"\nuser,item\n', "line 1: '\"sep=,\"' is a word to Excel; delete the line"),
        ('"user";"item"\n"a";"b"\n', 'line 1: \'"user";"item"\' (its fields seem to be sep'),
        ("# exported\nuser,item\n", "the line '# exported' seems to be a comment; delete"),
        ("user, item\na, b\n", "some names have spaces around them; delete these"),
        (ROWS, "the first line must hold the names of the columns; add it"),
        ("Plays of May,,\nuser,item,time\n", "the first line does not hold the names; delete what"),
        (
            "┌────┬────┐\n│user│item│\n",
            "the first line does not hold the names; delete what stands",
        ),
        ("user\x01item\na\x01b\n", r"its fields seem to be separated by '\x01'"),
        ("user item\na b\n", "its fields seem to be separated by ' '"),
        ('"user","item"\n"1","u","a"\n', "(if '1' is the name of a row, as R writes it: write the"),
        ("user,item,\nu,a\n", "line 2: it has 2 fields, .* the line of names ends with ','"),
        ("user,item\nu,a,\n", "line 2: it has 3 fields, .* the line ends with ','"),
        (PLAYS + PLAYS, "line 5: 'user,item,time': it holds the names of the columns again"),
        (PLAYS + f"item,time,user\n{ROWS}", "line 5: 'item,time,user': it holds the names of"),
        (f"{PLAYS}\ufeff{PLAYS}", r"line 5: '\ufeffuser,item,time': it begins with a byte-order"),
    ],
)
def test_what_is_no_table_is_told_with_a_remedy(tmp_path, content, message):
    found = refusal(tmp_path, content)
    for part in message.split(".*"):
        assert part.strip() in found


def test_a_long_name_is_cut(tmp_path):
    assert len(refusal(tmp_path, "x" * 10**6 + ",y\n")) < 500


def test_names_in_brackets_are_names(tmp_path):
    for mark in ("<{}>", "[{}]", "{{{}}}"):
        user, item = mark.format("DATE"), mark.format("id")
        (tmp_path / "t.csv").write_text(f"{user},{item}\nu,a\n", "utf-8")
        ratings = read_ratings(str(tmp_path / "t.csv"), {"user": user, "item": item})
        assert ratings.interactions["item"].tolist() == ["a"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.text("ab, \u2028"), st.text('"1é\n')), min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_lines_end_in_any_way(tmp_path_factory, rows, end):
    path, quoted = tmp_path_factory.mktemp("ends") / "t.csv", '"{}","{}"'
    texts = [
        quoted.format(*(text.replace('"', '""').replace("\n", end) for text in row)) for row in rows
    ]
    path.write_bytes(end.join(["x,y", *texts, ""]).encode("utf-8"))
    table = TextTable(path)
    cells = table.read(table.names).to_numpy(object)
    assert [["" if c is None else str(c) for c in row] for row in cells] == [
        [x, y.replace("\n", end)] for x, y in rows
    ]
    line = 2
    for row, text in enumerate(texts):
        assert table.place(row) == f"line {line}"
        line += 1 + text.count(end)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_faults_of_all_line_ends_have_the_line_of_an_editor(tmp_path, end):
    lines = PLAYS.encode().replace(b"\n", end)
    assert "line 5: byte 0xff is not UTF-8; " in refusal(tmp_path, lines + b"u,\xff,3" + end)
    assert "line 5: a field goes on after" in refusal(tmp_path, lines + b'u,"a"b,3' + end)
    assert "line 5: 'x' is no time" in refusal(tmp_path, lines + b"u,c,x" + end)
    (tmp_path / "t.csv").write_bytes(lines)
    assert read_ratings(tmp_path / "t.csv").interactions["timestamp"].tolist() == [1, 2, 3]


def test_a_folder_of_text_parts_is_told(tmp_path):
    for number in range(2):
        (tmp_path / f"part-{number}.csv").write_text(PLAYS, "utf-8")
    with pytest.raises(ValueError, match=r"it holds 2 text files such as part-0\.csv; save the ta"):
        read_ratings(tmp_path)
    (tmp_path / "part-1.csv").unlink()
    with pytest.raises(ValueError, match=r"name the file .*part-0\.csv"):
        read_ratings(tmp_path)


# --- quotes behind backslashes, as Spark and R write them by default ------------------------------

TEXTS = st.from_regex(r'(?:[ab ,]|"[ab]){0,4}"?', fullmatch=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4), st.sampled_from(["csv", "tsv"]))
def test_quotes_behind_backslashes_change_no_value(tmp_path_factory, rows, suffix):
    path = tmp_path_factory.mktemp("spark") / f"t.{suffix}"
    quoted = [['"' + text.replace('"', r"\"") + '"' for text in row] for row in rows]
    separator = "," if suffix == "csv" else "\t"
    path.write_text("".join(f"{separator.join(r)}\n" for r in [("x", "y"), *quoted]), "utf-8")
    try:
        table = TextTable(path)
        cells = table.read(table.names).to_numpy(object)
    except ValueError as error:
        assert any('"' in text for row in rows for text in row) or "unclear" in str(error)
    else:
        assert [tuple(c or "" for c in row) for row in cells] == rows


@pytest.mark.parametrize("separator", [",", "\t"])
@pytest.mark.parametrize("cell", [r'"a \"b\" c"', r'"a\""', r'"\"b\""'])
def test_quotes_behind_backslashes_name_the_option(tmp_path, separator, cell):
    text = separator.join(["user", "item\nu", f"a\n{cell}", "b\n"])
    found = refusal(tmp_path, text, "t.csv" if separator == "," else "t.tsv")
    assert "line 3" in found
    assert r'in Spark with .option("escape", "\""), in R with qmethod = "double"' in found
