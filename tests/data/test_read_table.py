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
        "ts": [
            "2024-05-02 00:00Z",
            "2024-05-03T10:00:00Z",
            "2024-05-01T09:00:00+02:00",
            "2024-05-01T00Z",
        ],
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
    assert ratings.source == f"{name}: 2 users, 3 items; every row is a positive"
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
    assert (
        "; no column of times: rows are taken to be in time order (left out: ['else']); "
        in ratings.source
    )
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
        (
            "1,2\n1,3,4\n",
            r"plays\.csv, line 3: it has 3 fields, the line of names has 2: '1,3,4'; put",
        ),
        ("1,2,3\n1,3,4\n", r"plays\.csv, line 2: it has 3 fields, .* into quotes"),
        ("\n\n1\n", r"plays\.csv, line 4: it has 1 fields"),
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
        (
            PLAYS.assign(ts=1, sku="x", uid="u"),
            NAMES,
            r"t\.csv, line 3: repeats an earlier row: uid 'u', sku",
        ),
        (PLAYS.iloc[:0], NAMES, r"t\.csv has no rows below its names"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_by_file_and_column(tmp_path, table, columns, message):
    with pytest.raises(ValueError, match=message):
        table_files.read_ratings(written(tmp_path, "t.csv", table), columns)


def test_ids_that_are_typed_as_quantities_are_refused(tmp_path):
    path = written(tmp_path, "t.parquet", PLAYS.assign(sku=0.5))
    with pytest.raises(ValueError, match=r"t\.parquet, column 'sku', row 1 .*ids must be all int"):
        table_files.read_ratings(path, NAMES)


def test_what_is_wrong_with_an_items_file_is_told(tmp_path):
    path = written(tmp_path, "plays.csv")
    things = pd.DataFrame({"name": ["One"], "id": ["x1"]})
    with pytest.raises(
        ValueError, match=r"things\.csv has no column 'sku'; it has \['name', 'id'\]"
    ):
        table_files.read_ratings(path, NAMES, written(tmp_path, "things.csv", things))
    twice = pd.DataFrame({"sku": ["x1", "x1"]})
    with pytest.raises(
        ValueError, match=r"twice\.csv, column 'sku', line 3: the id 'x1' stands in an ear"
    ):
        table_files.read_ratings(path, NAMES, written(tmp_path, "twice.csv", twice))


def test_files_that_are_none_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*gone\.csv"):
        table_files.read_ratings(tmp_path / "gone.csv")
    with pytest.raises(ValueError, match=r"plays\.xls is no \.csv, \.tsv, \.parquet file"):
        table_files.read_ratings(tmp_path / "plays.xls")
    (tmp_path / "t.csv").write_bytes(b"user,item\n\xff,1\n")
    with pytest.raises(ValueError, match=r"t\.csv, line 2: byte 0xff is not UTF-8; .* says 'ÿ,1'"):
        table_files.read_ratings(tmp_path / "t.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(
        ValueError, match=r"empty\.csv is empty; its first line must hold the names"
    ):
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


# --- values stay as they are ----------------------------------------------------------------------


def plays_of(folder, text, name="plays.csv", **options):
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return table_files.read_ratings(path, **options)


def test_words_for_missing_values_are_names(tmp_path):
    words = ["NA", "null", "None", "nan", "N/A", "NULL", "", "-", "#N/A"]
    rows = "".join(f"{word or 'x'},{word or 'x'},{n}\n" for n, word in enumerate(words))
    things = tmp_path / "things.csv"
    titles = "".join(f"{word or 'x'},{word},{word}|Drama\n" for word in words)
    things.write_text("item,title,genres\n" + titles, "utf-8")
    split = plays_of(tmp_path, "user,item,time\n" + rows, items=things).split()
    named = [word or "x" for word in words]
    assert sorted(split.user_ids.tolist()) == sorted(split.titles.tolist()) == sorted(named)
    (genres,) = split.item_features
    assert set(genres.vocabulary) == {"(missing)", "Drama", *filter(None, words)}


@pytest.mark.parametrize(
    ("cells", "kind", "vocabulary"),
    [
        (["007", "7", "7"], "categorical", {"007", "7"}),
        (["1995", "", "2001"], "categorical", {"1995", "2001"}),
        (["4.50", "4.5", ""], "categorical", {"4.50", "4.5"}),
        (["1e3", "1000", "True"], "categorical", {"1e3", "1000", "True"}),
        (["a||b", "|", "a"], "list", {"a", "b"}),
        ([" a", "a", "a "], "categorical", {" a", "a", "a "}),
    ],
)
def test_a_feature_keeps_what_is_written(tmp_path, cells, kind, vocabulary):
    things = tmp_path / "things.csv"
    things.write_text("item,x\n" + "".join(f"{n},{c}\n" for n, c in enumerate(cells)), "utf-8")
    (x,) = plays_of(tmp_path, "user,item\n1,0\n1,1\n1,2\n", items=things).split().item_features
    assert (x.kind, set(x.vocabulary[1:])) == (kind, vocabulary)


def test_many_numbers_become_bins_and_gaps_stay_gaps(tmp_path):
    things = tmp_path / "things.csv"
    lines = "".join(f"{n},{'' if n == 3 else n / 4}\n" for n in range(40))
    things.write_text("item,price\n" + lines, "utf-8")
    plays = "user,item\n" + "".join(f"1,{n}\n" for n in range(40))
    (price,) = plays_of(tmp_path, plays, items=things).split().item_features
    assert (price.kind, len(price.vocabulary), price.values[3, 0]) == ("numeric", 17, 0)


def test_one_line_says_what_was_read(tmp_path):
    things = tmp_path / "things.csv"
    things.write_text(",item,title,year,genres\n0,a,A,1999,x\n1,b,B,2000,y\n2,z,Z,,\n", "utf-8")
    text = "user,item,time,rating\nu1,a,1,5\nu1,b,2,3.5\nu2,c,3,4\n"
    ratings = plays_of(tmp_path, text, items=things)
    assert repr(ratings) == (
        "Ratings(3 interactions; plays.csv: 2 users, 3 items; every row is a positive, whatever "
        "its rating (--positive-from 4 keeps those from 4 up); 2 of the 3 items of things.csv "
        "occur in plays.csv; the column without a name is left out; features: year, genres)"
    )
    ratings = plays_of(tmp_path, text, positive_from=4)
    assert repr(ratings) == (
        "Ratings(2 interactions; plays.csv: 2 users, 2 items; the 2 of 3 rows with a rating of 4 "
        "or more are the positives)"
    )
    assert ratings.interactions["item"].tolist() == ["a", "c"]
    text = "user,item,rating\nu1,a,5\nu1,b,PG-13\n"
    assert "ratings are left out ('PG-13' is no number)" in repr(plays_of(tmp_path, text))
    with pytest.raises(ValueError, match=r"plays\.csv, column 'rating', line 3: 'PG-13' is no num"):
        plays_of(tmp_path, text, positive_from=4)
    with pytest.raises(ValueError, match=r"positive_from = 9: no rating is that high; they are 5"):
        plays_of(tmp_path, "user,item,rating\nu1,a,5\n", positive_from=9)
    with pytest.raises(ValueError, match=r"no column 'rating'.*--columns rating=NAME"):
        plays_of(tmp_path, "user,item\nu1,a\n", positive_from=9)


@pytest.mark.parametrize("ids", [("0001", "0002"), ("1.0", "2.0"), ("A", "B")])
def test_a_table_of_items_with_other_ids_is_refused(tmp_path, ids):
    things = tmp_path / "things.csv"
    things.write_text("item\n" + "".join(f"{i}\n" for i in ids), "utf-8")
    with pytest.raises(ValueError, match=rf"things\.csv: 0 of its 2 items .* look like '{ids[0]}'"):
        plays_of(tmp_path, "user,item\nu,1\nu,2\nu,a\n", items=things)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("user,item\nAm\u00e9lie,a\nAme\u0301lie,b\n", "two users look like 'Amélie', but differ"),
        ("user,item\nu1,a\n u1,b\n", "two users look like 'u1', but differ in spaces"),
    ],
)
def test_ids_that_look_alike_stay_apart_and_are_told(tmp_path, text, note):
    ratings = plays_of(tmp_path, text)
    assert note in ratings.source
    assert ratings.split().n_users == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": {"user": "item", "item": "item"}}, "user and item are both the column 'item'"),
        ({"columns": {"title": "name"}}, "title=name is for a table of items; add --items"),
    ],
)
def test_names_that_mean_nothing_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        plays_of(tmp_path, "user,item\nu1,a\n", **options)


@pytest.mark.parametrize(
    "text", ["now", "today", "2024-01-01T00:00:00.1234567890", "1e999", "1_000"]
)
def test_texts_that_are_no_time_are_refused(tmp_path, text):
    with pytest.raises(ValueError, match=r"column 'time', line 2: .* is no time"):
        plays_of(tmp_path, f"user,item,time\nu1,a,{text}\n")


def test_times_that_float64_takes_for_one_are_refused(tmp_path):
    text = "user,item,time\nu,a,1700000000.00000001\nu,b,1700000000.00000002\n"
    with pytest.raises(ValueError, match=r"line 3: .*02 and .*01 are one number in 64 bits"):
        plays_of(tmp_path, text)
    large = "user,item,time\nu,a,9007199254740993\nu,b,9007199254740992\n"
    assert plays_of(tmp_path, large).split(0, 0).items.tolist() == [1, 0]


def test_other_separators_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"seem to be separated by ';'; a \.csv file has ','"):
        plays_of(tmp_path, "user;item\nu;a\n")


def test_times_as_bigquery_writes_them(tmp_path):
    text = "user,item,time\nu,a,2024-05-31 12:30:00.5 UTC\nu,b,2024-05-31 12:00:00 UTC\n"
    assert plays_of(tmp_path, text).split(0, 0).items.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user,item,time\nu,a,100\nu,b,200\nu,c,bad\nu,d,worse\n", "line 4: 'bad' is no time"),
        ("user,item,time\nu,a,2024-05-31\nu,b,2024-06-01\nu,c,17121231\n", "line 4: '17121231'"),
        (
            "user,item,time\nu,a,1e-9999999999\n",
            "line 2: '1e-9999999999' is no",
        ),
        ("user,item,time\nu,a," + "x" * 10**6 + "\n", "line 2: 'xxx"),
    ],
)
def test_the_wrong_time_is_the_one_that_is_named(tmp_path, text, message):
    with pytest.raises(ValueError, match=message) as error:
        plays_of(tmp_path, text)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("first", ["01000", "3E5x", "00"])
def test_codes_that_look_like_numbers_stay_texts(tmp_path, first):
    things = tmp_path / "things.csv"
    zips = [first, *(f"{n:05}" for n in range(40))]
    things.write_text("item,zip\n" + "".join(f"{n},{z}\n" for n, z in enumerate(zips)), "utf-8")
    plays = "user,item\n" + "".join(f"u,{n}\n" for n in range(41))
    (code,) = plays_of(tmp_path, plays, items=things).split().item_features
    assert code.kind == "categorical" and set(code.vocabulary[1:]) == set(zips)


def test_names_of_columns_that_are_taken_are_refused(tmp_path):
    things = tmp_path / "things.csv"
    things.write_text("sku,item\n1,2\n", "utf-8")
    with pytest.raises(ValueError, match=r"things\.csv has a column 'item' beside 'sku', which is"):
        plays_of(tmp_path, "user,sku\nu,1\n", columns={"item": "sku"}, items=things)
    with pytest.raises(ValueError, match="user and item are both the column 'item'"):
        plays_of(tmp_path, "user,item\nu,1\n", columns={"user": "item"})
