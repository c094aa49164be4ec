"""Tables of one's own."""

import sys

import numpy as np
import pandas as pd
import pytest

from sparcode_mini.data import read_table as table_files

PLAYS = pd.DataFrame(
    {
        "uid": ["b", "a", "a", "b"],
        "sku": ["x1", "x2", "x1", "x3"],
        "ts": ["2024-05-02", "2024-05-03T10:00:00", "2024-05-01T09:00:00+02:00", "2024-05-01"],
        "else": [1, 2, 3, 4],
    }
)
NAMES = {"user": "uid", "item": "sku", "time": "ts"}


def written(folder, name, table=PLAYS):
    path = folder / name
    if path.suffix == ".parquet":
        pytest.importorskip("pyarrow")
        table.to_parquet(path)
    else:
        table.to_csv(path, sep="\t" if path.suffix == ".tsv" else ",", index=False)
    return path


@pytest.mark.parametrize("name", ["plays.csv", "plays.tsv", "plays.parquet"])
def test_a_table_is_read_with_its_own_column_names(tmp_path, name):
    ratings = table_files.read_ratings(written(tmp_path, name), NAMES)
    assert ratings.source == name
    split = ratings.split(test=0.5, validation=0.0)
    assert split.item_ids[split.history(["a"])[0]].tolist() == ["x1"]
    assert split.item_ids[split.history(["b"], "test")[0]].tolist() == ["x1"]
    assert list(ratings.interactions.columns) == ["user", "item", "timestamp"]


def test_numbers_serve_as_times_and_ratings_are_kept(tmp_path):
    table = pd.DataFrame({"user": [1, 1], "item": [5, 6], "rating": [3.5, 1], "time": [9, 7]})
    ratings = table_files.read_ratings(written(tmp_path, "t.csv", table))
    assert ratings.interactions["timestamp"].tolist() == [9, 7]
    assert ratings.interactions["rating"].tolist() == [3.5, 1.0]
    assert ratings.split().user_ids.dtype == np.int64


def test_datetimes_of_a_parquet_file_are_times(tmp_path):
    table = PLAYS.assign(
        ts=pd.to_datetime(["2024-05-02", "2024-05-03", "2024-05-01", "2024-05-01"])
    )
    split = table_files.read_ratings(written(tmp_path, "t.parquet", table), NAMES).split(0.5, 0.0)
    assert split.item_ids[split.history(["a"])[0]].tolist() == ["x1"]


def test_without_times_the_rows_are_in_order_and_the_source_says_so(tmp_path):
    path = written(tmp_path, "plays.csv", PLAYS.drop(columns="ts"))
    ratings = table_files.read_ratings(path, {"user": "uid", "item": "sku"})
    assert ratings.source == "plays.csv, no column of times: rows are taken to be in time order"
    split = ratings.split(test=0.5, validation=0.0)
    assert split.item_ids[split.history(["a"])[0]].tolist() == ["x2"]


def test_ids_of_two_kinds_are_all_texts(tmp_path):
    """In pieces of a long file, pandas would make 7 a number here and a text there."""
    users = ["7"] * 150_000 + ["seven"] * 150_000
    table = pd.DataFrame({"user": users, "item": "x", "time": range(len(users))})
    split = table_files.read_ratings(written(tmp_path, "t.csv", table)).split()
    assert split.user_ids.tolist() == ["7", "seven"]


def test_ids_with_leading_zeros_stay_apart(tmp_path):
    path = tmp_path / "plays.csv"
    path.write_text("user,item\n7,01\n007,1\n7,2\n", "utf-8")
    ratings = table_files.read_ratings(path)
    assert set(ratings.interactions["user"]) == {"7", "007"}
    assert set(ratings.interactions["item"]) == {"01", "1", "2"}
    path.write_text("user,item\n7,1\n8,2\n", "utf-8")
    assert table_files.read_ratings(path).interactions["user"].dtype == np.int64


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,2\n1,3,4\n", r"plays\.csv, line 3: it has more fields .* put a field .* into quotes"),
        ("1,2,3\n1,3,4\n", r"plays\.csv, line 2: it has more fields .* put a field .* into quotes"),
    ],
)
def test_a_field_too_many_is_not_dropped(tmp_path, rows, message):
    path = tmp_path / "plays.csv"
    path.write_text("user,item\n" + rows, "utf-8")
    with pytest.raises(ValueError, match=message):
        table_files.read_ratings(path)


def test_one_bad_time_among_numbers_is_the_one_that_is_named(tmp_path):
    path = tmp_path / "plays.csv"
    path.write_text("user,item,time\n1,1,10\n1,2,11\n1,3,abc\n", "utf-8")
    with pytest.raises(ValueError, match="line 4: 'abc' is no time"):
        table_files.read_ratings(path)


def test_times_that_are_numbers_in_text_count_as_numbers(tmp_path):
    table = pd.DataFrame({"user": [1, 1], "item": [5, 6], "time": ["10", "9"]})
    ratings = table_files.read_ratings(written(tmp_path, "t.parquet", table))
    assert ratings.interactions["timestamp"].tolist() == [10, 9]


@pytest.mark.parametrize(("here", "there"), [("2", "002"), ("002", "2")])
def test_item_ids_that_are_texts_in_one_file_are_texts_in_the_other(tmp_path, here, there):
    plays, things = tmp_path / "plays.csv", tmp_path / "things.csv"
    plays.write_text(f"user,item\n7,1\n7,{here}\n", "utf-8")
    things.write_text(f"item,title\n1,One\n{there},Two\n", "utf-8")
    split = table_files.read_ratings(plays, items=things).split()
    titles = dict(zip(split.item_ids.tolist(), split.titles.tolist(), strict=True))
    assert titles == {"1": "One", there: "Two", here: here}
    assert split.user_ids.dtype == np.int64


def test_of_a_parquet_file_only_the_columns_in_use_are_read(tmp_path, monkeypatch):
    path = written(tmp_path, "t.parquet", PLAYS.assign(text="long"))
    parquet, asked = table_files.pyarrow_parquet(), []
    real = parquet.read_table
    monkeypatch.setattr(
        parquet,
        "read_table",
        lambda path, columns: asked.extend(columns) or real(path, columns=columns),
    )
    table_files.read_ratings(path, NAMES)
    assert asked == ["uid", "sku", "ts"]


def test_items_bring_titles_and_features(tmp_path):
    things = pd.DataFrame(
        {
            "sku": ["x1", "x2", "x9"],
            "title": ["One", "Two", "Nine"],
            "kind": ["red|blue", "red", None],
            "size": [3, 5, 3],
        }
    )
    path = written(tmp_path, "plays.csv")
    split = table_files.read_ratings(path, NAMES, written(tmp_path, "things.csv", things)).split()
    assert split.titles.tolist() == ["One", "Two", "x3", "Nine"]
    kind, size = split.item_features
    assert (kind.name, kind.kind, size.kind) == ("kind", "list", "categorical")
    assert [{kind.vocabulary[v] for v in row if v} for row in kind.values] == [
        {"red", "blue"},
        {"red"},
        set(),
        set(),
    ]
    plain = things.rename(columns={"sku": "item"})  # our own name does in the second file too
    again = table_files.read_ratings(path, NAMES, written(tmp_path, "plain.csv", plain)).split()
    assert again.titles.tolist() == split.titles.tolist()


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        (PLAYS, {}, r"t\.csv has no column 'user'; it has \['uid', .*with --columns user=NAME"),
        (PLAYS, NAMES | {"time": "when"}, r"no column 'when'.*--columns time=NAME"),
        (PLAYS, NAMES | {"stars": "ts"}, r"--columns stars=\.\.\.: the names on the left are user"),
        (
            PLAYS.assign(uid=["b", None, "a", "b"]),
            NAMES,
            r"t\.csv, column 'uid', line 3: the value",
        ),
        (PLAYS.assign(ts="soon"), NAMES, r"t\.csv, column 'ts', line 2: 'soon' is no time"),
        (PLAYS.assign(ts=1, sku="x", uid="u"), NAMES, r"t\.csv: interactions has 3 duplicate rows"),
        (PLAYS.iloc[:0], NAMES, r"t\.csv: the interactions table is empty"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_by_file_and_column(tmp_path, table, columns, message):
    with pytest.raises(ValueError, match=message):
        table_files.read_ratings(written(tmp_path, "t.csv", table), columns)


def test_ids_that_are_typed_as_quantities_are_refused(tmp_path):
    path = written(tmp_path, "t.parquet", PLAYS.assign(sku=0.5))
    with pytest.raises(ValueError, match=r"t\.parquet: .*ids must be all int or all str"):
        table_files.read_ratings(path, NAMES)


def test_what_is_wrong_with_an_items_file_is_told(tmp_path):
    path = written(tmp_path, "plays.csv")
    things = pd.DataFrame({"name": ["One"], "id": ["x1"]})
    with pytest.raises(
        ValueError, match=r"things\.csv has no column 'sku'; it has \['name', 'id'\]"
    ):
        table_files.read_ratings(path, NAMES, written(tmp_path, "things.csv", things))
    twice = pd.DataFrame({"item": ["x1", "x1"]})
    with pytest.raises(
        ValueError, match=r"plays\.csv with .*twice\.csv: items has the id 'x1' more"
    ):
        table_files.read_ratings(path, NAMES, written(tmp_path, "twice.csv", twice))


def test_files_that_are_none_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*gone\.csv"):
        table_files.read_ratings(tmp_path / "gone.csv")
    with pytest.raises(ValueError, match=r"plays\.xls is no \.csv, \.tsv, \.parquet file"):
        table_files.read_ratings(tmp_path / "plays.xls")
    (tmp_path / "t.csv").write_bytes(b"user,item\n\xff,1\n")
    with pytest.raises(ValueError, match=r"t\.csv can't be read as a \.csv file in UTF-8"):
        table_files.read_ratings(tmp_path / "t.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(ValueError, match=r"empty\.csv can't be read"):
        table_files.read_ratings(tmp_path / "empty.csv")


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "t.parquet").write_text("user,item\n")
    with pytest.raises(ValueError, match=r"t\.parquet can't be read as a \.parquet file"):
        table_files.read_ratings(tmp_path / "t.parquet")


def test_without_pyarrow_the_message_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"pip install pyarrow, or save the table as \.csv"):
        table_files.read_ratings(tmp_path / "t.parquet")
