"""Parquet files as pandas, Spark and others write them."""

import datetime as dt
import decimal
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparcode_mini.data.parquet_table import ParquetTable
from sparcode_mini.data.read_table import read_ratings

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

N = 6
USERS, ITEMS, TIMES = list("aabbcc"), list("xyxzyz"), list(range(10, 10 + N))


def written(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def read(path):
    table = ParquetTable(path)
    return table.read(table.names)


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
VALUES = st.one_of(
    st.tuples(st.just(pa.string()), st.lists(TEXTS, min_size=N, max_size=N)),
    st.tuples(
        st.sampled_from([pa.int8(), pa.uint8()]),
        st.lists(st.none() | st.integers(0, 127), min_size=N, max_size=N),
    ),
    st.tuples(
        st.sampled_from([pa.int64(), pa.uint64()]),
        st.lists(st.integers(0, 2**63 - 1), min_size=N, max_size=N),
    ),
    st.tuples(st.just(pa.uint64()), st.lists(st.integers(0, 2**64 - 1), min_size=N, max_size=N)),
    st.tuples(st.just(pa.bool_()), st.lists(st.none() | st.booleans(), min_size=N, max_size=N)),
    st.tuples(
        st.just(pa.list_(pa.string())),
        st.lists(st.none() | st.lists(st.text("ab", max_size=2)), min_size=N, max_size=N),
    ),
)


@settings(max_examples=150, deadline=None)
@given(VALUES, st.booleans())
def test_values_arrive_as_they_are_stored(tmp_path_factory, column, as_dictionary):
    kind, values = column
    array = pa.array(values, kind)
    if as_dictionary and not pa.types.is_list(kind):
        array = array.dictionary_encode()
    path = written(tmp_path_factory.mktemp("parquet") / "t.parquet", x=array)
    assert read(path)["x"].tolist() == values


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([b"a", b"b"] * 3), ["a", "b"] * 3),
        (pa.array([decimal.Decimal(k) for k in range(N)], pa.decimal128(9, 0)), list(range(N))),
        (pa.array([decimal.Decimal("4.50")] * N), [decimal.Decimal("4.50")] * N),
        (pa.array([300.0, None] * 3), [300, None] * 3),
        (pa.array([dt.timedelta(seconds=k) for k in range(N)]), [k * 10**6 for k in range(N)]),
        (pa.array([["a", None]] * N), [["a"]] * N),
        (pa.nulls(N), [None] * N),
        (pa.array(["a", None] * 3, pa.string_view()), ["a", None] * 3),
        (pa.array([b"a", None] * 3, pa.binary_view()), ["a", None] * 3),
        (pa.array([["a", "b"], None] * 3, pa.list_view(pa.string())), [["a", "b"], None] * 3),
        (pa.array([[b"a"], None] * 3, pa.large_list_view(pa.binary())), [["a"], None] * 3),
        (pa.array([["a", "b"], None] * 3, pa.list_(pa.string(), 2)), [["a", "b"], None] * 3),
        (pa.array([[0.1, None], None] * 3, pa.list_(pa.float32())), [[0.1], None] * 3),
        (pa.array([np.float16(3), None] * 3, pa.float16()), [3, None] * 3),
    ],
)
def test_kinds_that_other_tools_write(tmp_path, array, expected):
    assert read(written(tmp_path / "t.parquet", x=array))["x"].tolist() == expected


@pytest.mark.parametrize("index", [["user"], ["time"], ["user", "item"]])
def test_index_columns_of_pandas_are_columns(tmp_path, index):
    frame = pd.DataFrame({"user": USERS, "item": ITEMS, "time": TIMES})
    frame.set_index(index).to_parquet(tmp_path / "t.parquet")
    ratings = read_ratings(tmp_path / "t.parquet")
    assert ratings.interactions["user"].tolist() == USERS
    assert ratings.interactions["timestamp"].tolist() == TIMES


def test_row_numbers_of_a_filtered_frame_are_no_feature(tmp_path):
    written(tmp_path / "t.parquet", user=USERS, item=ITEMS, time=TIMES)
    things = pd.DataFrame({"item": list("wxyz"), "kind": ["k"] * 4})
    things[things["item"].isin(["w", "x", "z"])].to_parquet(tmp_path / "things.parquet")
    ratings = read_ratings(tmp_path / "t.parquet", items=tmp_path / "things.parquet")
    assert "the column without a name is left out; features: kind" in ratings.source


def test_a_folder_of_parts_is_one_table(tmp_path):
    folder = tmp_path / "plays.parquet"
    written(folder / "part-00001.parquet", time=TIMES[3:], user=USERS[3:], item=ITEMS[3:])
    written(folder / "part-00000.parquet", user=USERS[:3], item=ITEMS[:3], time=TIMES[:3])
    (folder / "_SUCCESS").touch()
    (folder / "._part.parquet").touch()
    ratings = read_ratings(folder)
    assert ratings.interactions["timestamp"].tolist() == TIMES
    assert "left out" not in ratings.source
    (folder / "part-00002.csv").touch()
    assert "; 1 other files such as part-00002.csv are left out" in read_ratings(folder).source
    assert "; 2 parts in the order of their names; " in ratings.source
    written(folder / "part-00002.parquet", user=["d"], item=[None], time=[3])
    with pytest.raises(
        ValueError, match=r"column 'item', row 1 of part-00002\.parquet \(the first"
    ):
        read_ratings(folder)
    written(folder / "part-00002.parquet", user=["d"], time=[3])
    with pytest.raises(ValueError, match=r"part-00002\.parquet has the columns .* must have the"):
        read_ratings(folder)


def test_folders_named_by_a_value_give_a_column_of_texts(tmp_path):
    for user in ("007", "7"):
        written(tmp_path / "t" / f"user={user}" / "a.parquet", item=ITEMS[:2], time=TIMES[:2])
    assert read_ratings(tmp_path / "t").interactions["user"].tolist() == ["007", "007", "7", "7"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"empty is a folder without \.parquet files"):
        read_ratings(tmp_path / "empty")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (pa.array([{"a": 1}] * N), r"column 'x' of type struct.*drop or flatten it"),
        (pa.array([[["a"]]] * N), r"x' of type list<element: list<element: string>>: lists of"),
        (pa.array([[[1]]] * N), r"column 'x' of type list<.*lists of lists can't be a feature"),
        (pa.array([dt.time(12)] * N), r"column 'x' of type time64"),
        (pa.array([b"\xff"] * N), r"column 'x', row 1: b'\\xff' are bytes, not text in UTF-8"),
        (pa.array([b"a", b"a", b"\0"]), r"column 'x', row 3: b'\\x00' are bytes, not text"),
        (pa.array([[b"a", b"b"], [], [b"\xff"]]), r"column 'x', row 3: b'\\xff' are bytes"),
        (pa.array([[dt.datetime(2024, 1, 1)]]), r"column 'x' of type .*lists of times can't be"),
    ],
)
def test_columns_that_nothing_can_use_are_refused(tmp_path, array, message):
    with pytest.raises(ValueError, match=message):
        read(written(tmp_path / "t.parquet", x=array))


def test_a_time_is_no_feature(tmp_path):
    written(tmp_path / "t.parquet", user=USERS, item=ITEMS)
    written(tmp_path / "things.parquet", item=["x", "y"], born=pa.array([1, 2], pa.timestamp("s")))
    with pytest.raises(
        ValueError, match=r"things\.parquet, column 'born', row 1 .*such as the year"
    ):
        read_ratings(tmp_path / "t.parquet", items=tmp_path / "things.parquet")


def test_damaged_files_are_named(tmp_path):
    path = written(tmp_path / "t.parquet", user=USERS, item=ITEMS)
    content = path.read_bytes()
    for wrong in (b"", content[:-20], content[:4] + bytes(30) + content[34:]):
        path.write_bytes(wrong)
        with pytest.raises(
            ValueError, match=r"t\.parquet can't be read as a \.parquet file \(.*save"
        ):
            read_ratings(path)
    names = ["user", "item", "item"]
    pq.write_table(pa.table([pa.array(USERS), pa.array(ITEMS), pa.array(ITEMS)], names=names), path)
    with pytest.raises(ValueError, match="has two columns named 'item'"):
        read_ratings(path)


def test_a_small_file_that_promises_many_rows_is_refused(tmp_path):
    path = written(tmp_path / "t.parquet", user=pa.array(np.zeros(10**6, np.int8)))
    with pytest.raises(ValueError, match=r"promises 1,000,000 rows in [0-9,]+ bytes"):
        ParquetTable(path)


def test_old_times_far_from_today_keep_their_order(tmp_path):
    times = [dt.datetime(2024, 1, 1), dt.datetime(9999, 12, 31), dt.datetime(1500, 1, 1)]
    columns = {"user": ["u"] * 3, "item": list("abc"), "time": pa.array(times, pa.timestamp("us"))}
    file = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), file, use_deprecated_int96_timestamps=True)
    split = read_ratings(file).split(0, 0)
    assert split.item_ids[split.items].tolist() == ["c", "a", "b"]


def test_ids_of_decimals_and_integers_are_the_same_ids(tmp_path):
    numbers = [decimal.Decimal(n) for n in (3, 1, 3, 1, 3, 1)]
    written(tmp_path / "t.parquet", user=USERS, item=pa.array([3, 1, 3, 1, 3, 1]), time=TIMES)
    items = pa.array(numbers[:2], pa.decimal128(38, 0))
    written(tmp_path / "things.parquet", item=items, title=["Three", "One"])
    split = read_ratings(tmp_path / "t.parquet", items=tmp_path / "things.parquet").split()
    assert (split.item_ids.tolist(), split.titles.tolist()) == ([1, 3], ["One", "Three"])


@pytest.mark.parametrize("kind", ["text", "bytes", "list"])
def test_one_long_text_in_many_rows_costs_its_memory_once(tmp_path, kind):
    long = b"x" * 10**6 if kind == "bytes" else "x" * 10**6
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 2000), pa.array([long]))
    if kind == "list":
        texts = pa.ListArray.from_arrays(pa.array(range(2001), pa.int32()), texts)
    file = tmp_path / "t.parquet"
    table = pa.table({"item": range(2000), "text": texts})
    pq.write_table(table, file, store_schema=False)  # as other programs do
    tracemalloc.start()
    column = ParquetTable(file).read(["text"])["text"]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(column) == 2000 and peak < 20e6  # once for each row: 2 GB


def test_parts_of_several_types_round_nothing(tmp_path):
    times = [1717156800123456789, 1717156800123456790, 1717156800123456791]
    for number, kind in enumerate((pa.int64(), pa.float64())):
        written(
            tmp_path / "t" / f"part.{number}.parquet", user=["u"] * 3,
            item=[f"i{number}{n}" for n in range(3)],
            time=pa.array(times if number == 0 else [1.5, 2.5, 3.5], kind),
        )  # fmt: skip
    with pytest.raises(ValueError, match="are one number in 64 bits"):
        read_ratings(tmp_path / "t")


def test_parts_are_in_the_order_of_their_numbers(tmp_path):
    for number in range(12):
        path = tmp_path / "t" / f"part.{number}.PARQUET"
        written(path, user=["u"], item=[number])
    assert read_ratings(tmp_path / "t").interactions["item"].tolist() == list(range(12))


def test_values_that_stand_for_something_else_are_refused(tmp_path):
    months = pd.DataFrame({"x": pd.period_range("2024-01", periods=3, freq="M")})
    months.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"column 'x' of type .*period.*drop or flatten it"):
        read(tmp_path / "t.parquet")


def test_intervals_are_refused(tmp_path):
    """DuckDB writes them; their bytes can be letters."""
    duckdb = pytest.importorskip("duckdb")
    for value in ("interval 1 day", "[interval 1 day]"):
        duckdb.sql(f"copy (select 'a' as item, {value} as x) to '{tmp_path}/t.parquet'")
        with pytest.raises(ValueError, match="column 'x' of type INTERVAL: it is no id, time or"):
            read(tmp_path / "t.parquet")


def parts(folder, *times, **columns):
    for number, array in enumerate(times):
        items = [f"i{number}{row}" for row in range(len(array))]
        file = folder / "t" / f"part-{number}.parquet"
        written(file, user=["u"] * len(array), item=items, time=array)
    return folder / "t"


def test_parts_with_times_of_several_kinds_are_told_or_refused(tmp_path):
    late, early = [1717156800000], [1717156799000000]
    folder = parts(
        tmp_path / "a", pa.array(late, pa.timestamp("ms")), pa.array(early, pa.timestamp("us"))
    )
    ratings = read_ratings(folder)
    assert ratings.split(0, 0).items.tolist() == [1, 0]
    assert (
        "column 'time' is timestamp[ms] in part-0.parquet and timestamp[us] in part-1.parquet"
        in ratings.source
    )
    zoned = pa.array(late * 2, pa.timestamp("ms", "UTC"))
    folder = parts(tmp_path / "b", zoned, pa.array(late, pa.timestamp("ms")))
    message = r"row 1 of part-1\.parquet .*: '2024-05-31 12:00:00' has no zone, but .* has one"
    with pytest.raises(ValueError, match=message):
        read_ratings(folder)
    folder = parts(
        tmp_path / "c", pa.array([1], pa.duration("ms")), pa.array([1], pa.duration("us"))
    )
    with pytest.raises(ValueError, match=r"duration\[us\] in part-1\.parquet; save it in one unit"):
        read_ratings(folder)


def test_features_of_several_types_are_refused_with_part_and_row(tmp_path):
    plays = written(tmp_path / "t.parquet", user=USERS, item=ITEMS)
    for values in ([1, True], [1, "a"], [[1], [True]], [["a"], "a"]):
        for number, value in enumerate(values):
            file = tmp_path / "things" / f"part-{number}.parquet"
            written(file, item=["xy"[number]], x=[value])
        with pytest.raises(ValueError, match=r"things, column 'x', row 1 of part-1\.parquet "):
            read_ratings(plays, items=tmp_path / "things")


def test_names_of_several_levels_are_told(tmp_path):
    names = pd.MultiIndex.from_tuples([("user", ""), ("item", "x")])
    pd.DataFrame([[1, 2]], columns=names).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(
        ValueError, match=r"names of several levels \(a MultiIndex of pandas\); join"
    ):
        read_ratings(str(tmp_path / "t.parquet"))


def test_another_format_in_a_parquet_file_is_named(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"ARROW1\0\0")
    with pytest.raises(ValueError, match=r"is Feather \(Arrow\), not a \.parquet file; save it as"):
        read_ratings(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    ("titles", "message"),
    [
        (pa.array([1, 2], pa.date32()), "row 1 .*: 1970-01-02 00:00:00 is a time, no title"),
        (pa.array([None, ["A"]]), r"row 2 .*: \['A'\] is a list, no title; save the column as"),
    ],
)
def test_what_is_no_title_is_refused_with_its_row(tmp_path, titles, message):
    plays = written(tmp_path / "t.parquet", user=USERS, item=ITEMS)
    things = written(tmp_path / "things.parquet", item=["x", "y"], title=titles)
    with pytest.raises(ValueError, match=rf"things\.parquet, column 'title', {message}"):
        read_ratings(plays, items=things)


@pytest.mark.parametrize("name", ["user", "item"])
@pytest.mark.parametrize("value", [["a"], 1.5, True, decimal.Decimal("1.5"), dt.date(2024, 1, 1)])
def test_values_that_are_no_ids_are_refused(tmp_path, name, value):
    columns = {"user": USERS, "item": ITEMS} | {name: [value] * N}
    things = written(tmp_path / "things.parquet", item=["x", "y"])
    plays = written(tmp_path / "t.parquet", **columns)
    message = rf"t\.parquet, column '{name}', row 1 .*: ids must be all int or all str, not "
    for items in (None, things):
        with pytest.raises(ValueError, match=message):
            read_ratings(plays, items=items)


def test_whole_numbers_over_2_to_the_63_are_a_feature(tmp_path):
    plays = written(tmp_path / "t.parquet", user=["u"] * 20, item=range(20))
    for numbers, kind in (
        ([2**64 - 1, 1] * 10, "categorical"),
        (range(2**63, 2**63 + 80000, 4000), "numeric"),
    ):
        sizes = pa.array(list(numbers), pa.uint64())
        things = written(tmp_path / "things.parquet", item=range(20), size=sizes)
        (size,) = read_ratings(plays, items=things).split().item_features
        assert size.kind == kind


def test_times_in_parts_of_several_units_are_no_feature(tmp_path):
    plays = written(tmp_path / "t.parquet", user=USERS, item=ITEMS)
    for item, unit in (("x", "ms"), ("y", "us")):
        file = tmp_path / "things" / f"{item}.parquet"
        written(file, item=[item], born=pa.array([1], pa.timestamp(unit)))
    with pytest.raises(
        ValueError, match=r"column 'born', row 1 of x\.parquet .* a time is no feat"
    ):
        read_ratings(plays, items=tmp_path / "things")
