"""Values of tables that could turn into others in silence: times, numbers, titles, lists."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparcode_mini import data
from sparcode_mini.data.read_table import read_ratings

PLAYS = "user,item,time\nu,a,1\nu,b,2\nv,a,3\n"


def plays_of(folder, text=PLAYS, things=None, **options):
    path = folder / "plays.csv"
    path.write_text(text, "utf-8")
    if things is not None:
        options["items"] = folder / "things.csv"
        options["items"].write_text(things, "utf-8")
    return read_ratings(path, **options)


# --- times ----------------------------------------------------------------------------------------

MOMENTS = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)
ZONES = st.sampled_from(["", "Z", "+02:00", "-0330", "+05", " UTC"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(MOMENTS, ZONES, st.sampled_from("T ")), min_size=1, max_size=6))
def test_times_with_and_without_a_zone_are_not_compared(tmp_path_factory, times):
    texts = [f"{moment.isoformat(sep)}{zone}" for moment, zone, sep in times]
    rows = "".join(f"u,i{number},{text}\n" for number, text in enumerate(texts))
    zoned = {bool(zone) for _, zone, _ in times}
    try:
        ratings = plays_of(tmp_path_factory.mktemp("zones"), f"user,item,time\n{rows}")
    except ValueError as error:
        assert len(zoned) == 2
        line = int(str(error).split("line ")[1].split(":")[0])
        assert f"line {line}: {texts[line - 2]!r} has " in str(error)
        assert "write the zone in all (2024-05-31T12:30:00Z) or in none" in str(error)
    else:
        assert len(zoned) == 1
        moments = [pd.Timestamp(text.replace(" UTC", "Z")) for text in texts]
        order = sorted(range(len(times)), key=moments.__getitem__)
        items = [f"i{number}" for number in order]
        split = ratings.split(0, 0)
        assert split.item_ids[split.items].tolist() == items


def test_numbers_of_several_units_are_told(tmp_path):
    text = "user,item,time\nu,a,1717156800\nu,b,1717156801\n\nu,c,1717156800123\n"
    assert (
        "; times seem to be in seconds (1717156800, line 2) and milliseconds (1717156800123, line "
        "5), but are sorted as plain numbers; "
    ) in plays_of(tmp_path, text).source
    assert "seem" not in plays_of(tmp_path, text.replace("123\n", "\n")[:-5]).source
    assert "seem" not in plays_of(tmp_path).source


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (["5", "6", "2024-05-31"], "line 4: '2024-05-31' is no number, but most times are"),
        (["2024", "2024-05-30", "2024-05-31"], "line 2: '2024' is a number, but most times are"),
    ],
)
def test_dates_among_numbers_are_refused(tmp_path, times, message):
    rows = "".join(f"u,{number},{time}\n" for number, time in enumerate(times))
    with pytest.raises(ValueError, match=message):
        plays_of(tmp_path, f"user,item,time\n{rows}")


def test_a_repeated_row_is_shown_as_it_is_written(tmp_path):
    text = "uid,item,time\nu,a,2024-05-31T00:00\nu,a,2024-05-31\n"
    message = r"line 3: repeats an earlier row: uid 'u', item 'a', time '2024-05-31' \(1 such rows"
    with pytest.raises(ValueError, match=message):
        plays_of(tmp_path, text, columns={"user": "uid"})


# --- features and titles --------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ["NA", "null", "1e400", "7|8", "007", "1,5"])
def test_a_text_among_numbers_is_told(tmp_path, odd):
    cells = [*range(12), f'"{odd}"', *range(12, 20)]
    things = "item,price\n" + "".join(f"{n},{cell}\n" for n, cell in enumerate(cells))
    plays = "user,item\n" + "".join(f"u,{n}\n" for n in range(21))
    ratings = plays_of(tmp_path, plays, things)
    assert f"price holds texts, since {odd!r} (line 14) is no plain number" in ratings.source
    plain = plays_of(tmp_path, plays, things.replace(f'"{odd}"', "30"))
    assert "holds texts" not in plain.source


def test_a_text_among_ids_is_told(tmp_path):
    ratings = plays_of(tmp_path, "user,item\n1,5\n2,5\nNA,6\n")
    assert "user holds texts, since 'NA' (line 4) is no plain number" in ratings.source
    assert ratings.interactions["user"].tolist() == ["1", "2", "NA"]


def test_numbers_that_float64_takes_for_one_are_refused(tmp_path):
    things = "item,price\n0,\n" + "".join(f"{n},{10**20 + n}\n" for n in range(1, 20))
    plays = "user,item\n" + "".join(f"u,{n}\n" for n in range(20))
    message = r"'price', line 4: 100000000000000000002 and 100000000000000000001 are one number in"
    with pytest.raises(ValueError, match=message):
        plays_of(tmp_path, plays, things)
    (price,) = plays_of(tmp_path, plays, things.replace("0000000000", "")).split().item_features
    assert price.kind == "numeric"


@pytest.mark.parametrize(
    ("ids", "note"),
    [
        (["1.23457E+12", "b"], "user '1.23457E+12' (line 2) looks like a long number that Excel"),
        (["u7", "u7\u200b"], r"two users look like 'u7', but differ in spaces or code points"),
        (["u7\xa0", "u7"], r"two users look like 'u7', but differ in spaces or code points"),
    ],
)
def test_ids_that_may_be_other_ones_are_told(tmp_path, ids, note):
    ratings = plays_of(tmp_path, "user,item\n" + "".join(f"{user},a\n" for user in ids))
    assert note in ratings.source
    assert ratings.interactions["user"].tolist() == ids


def test_columns_that_may_be_times_are_told(tmp_path):
    ratings = plays_of(tmp_path, "user,item,timestamp\nu,a,1\n")
    words = "no column of times: rows are taken to be in time order (left out: ['timestamp'])"
    assert words in ratings.source


def test_a_second_label_is_told(tmp_path):
    things = "item,name,label\na,A,X\nb,B,Y\n"
    ratings = plays_of(tmp_path, PLAYS, things, columns={"title": "label"})
    assert "the column 'name' is left out, since 'label' is the title" in ratings.source
    assert "left out" not in plays_of(tmp_path, PLAYS, "item,name\na,A\nb,B\n").source


@pytest.mark.parametrize("cell", ["(missing)", "x|(missing)"])
def test_the_word_for_missing_is_refused(tmp_path, cell):
    message = r"things\.csv, column 'kind', line 3: '\(missing\)' stands for a missing value; write"
    with pytest.raises(ValueError, match=message):
        plays_of(tmp_path, PLAYS, f"item,kind\na,x\nb,{cell}\n")


VALUES = st.sampled_from([1, True, 1.0, 0, False, 2, 2.5, decimal.Decimal("1")])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(VALUES, max_size=3), min_size=1, max_size=4))
def test_equal_values_of_lists_are_written_in_one_way(lists):
    plays = pd.DataFrame({"user": 1, "item": range(len(lists)), "timestamp": 1})
    items = pd.DataFrame({"item": range(len(lists)), "x": lists})
    try:
        (feature,) = data.from_frames(plays, items=items).split().item_features
    except ValueError as error:
        assert "are equal, but of different types; write both in the same way" in str(error)
        flat = [value for cell in lists for value in cell]
        assert len(set(flat)) < len(set(map(str, flat)))
    else:
        texts = [[feature.vocabulary[code] for code in row if code] for row in feature.values]
        assert texts == [[str(value) for value in cell] for cell in lists]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | st.floats(width=32, allow_nan=False), min_size=1, max_size=5))
def test_titles_of_short_floats_have_their_own_digits(numbers):
    plays = pd.DataFrame({"user": 1, "item": range(len(numbers)), "timestamp": 1})
    titles = pd.Series(numbers, dtype="float32")
    split = data.from_frames(plays, items=pd.DataFrame({"item": plays["item"], "title": titles}))
    written = split.split().titles.tolist()
    assert written == [
        str(row) if number is None else str(np.float32(number))
        for row, number in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    ("titles", "message"),
    [
        (pd.to_datetime(["2024-05-31", None]), "row 0: 2024-05-31 00:00:00 is a time, no title"),
        ([None, ["A", "B"]], r"row 1: \['A', 'B'\] is a list, no title; save the column as text"),
        (pd.to_timedelta([1, 2]), "row 0: .* is a time, no title"),
    ],
)
def test_what_is_no_title_is_refused(titles, message):
    plays = pd.DataFrame({"user": 1, "item": [1, 2], "timestamp": 1})
    items = pd.DataFrame({"item": [1, 2], "title": titles})
    with pytest.raises(ValueError, match=f"items, column 'title', {message}"):
        data.from_frames(plays, items=items).split()


def test_a_lack_of_memory_is_told(tmp_path, monkeypatch):
    def no_memory(*args, **options):
        raise MemoryError

    monkeypatch.setattr(pd, "factorize", no_memory)
    with pytest.raises(ValueError, match=r"plays\.csv needs more memory than this machine has"):
        plays_of(tmp_path, "user,item,time\nu,a,2024-05-31\n")


# --- what looked like something else --------------------------------------------------------------


@pytest.mark.parametrize("name", ["ORCID", "PARENT", "BZhang", "Objects", "%PDFs"])
def test_a_column_whose_name_begins_as_another_format_is_a_column(tmp_path, name):
    text = f"{name},item,time\nu,a,1\nv,a,2\n"
    assert plays_of(tmp_path, text, columns={"user": name}).interactions["user"].tolist() == [
        "u",
        "v",
    ]


def test_a_year_with_gaps_is_no_part_of_titles(tmp_path):
    things = "item,title,year\na,One,1995.0\nb,Two (1996),1996.0\nc,Three,-44.0\n"
    plays = PLAYS + "v,c,4\n"
    split = plays_of(tmp_path, plays, things=things).split(test=0.4, validation=0.2)
    assert split.titles.tolist() == ["One (1995)", "Two (1996)", "Three (-44)"]


def test_texts_that_become_lists_by_one_cell_are_told(tmp_path):
    things = "item,words\na,x|y\nb,z\nc,w\nd,v\n"
    source = plays_of(tmp_path, things=things).source
    assert "words holds lists, split at '|', since 'x|y' (line 2) is one" in source
    things = "item,words\na,x|y\nb,z|w\nc,w\n"
    assert "holds lists" not in plays_of(tmp_path, things=things).source


@pytest.mark.parametrize("form", [".{:02d}", "{}.", "+{}.5", "-{}.25e1"])
def test_quantities_in_every_form_are_numbers(tmp_path, form):
    rows = "".join(f"i{n},{form.format(n)}\n" for n in range(30))
    (feature,) = plays_of(tmp_path, things=f"item,size\na,1.5\nb,2.5\n{rows}").split().item_features
    assert feature.kind == "numeric"


def test_numbers_of_several_types_in_parts_are_numbers(tmp_path):
    folder = tmp_path / "things.parts"
    folder.mkdir()
    for part, kind in enumerate(("int64", "float64", "float32")):
        names = [f"{'ab'[n]}" if part == 0 and n < 2 else f"i{part}{n}" for n in range(20)]
        prices = np.arange(20).astype(kind) + part * 20
        pd.DataFrame({"item": names, "price": prices}).to_parquet(folder / f"{part}.parquet")
    (tmp_path / "plays.csv").write_text(PLAYS, "utf-8")
    (feature,) = read_ratings(tmp_path / "plays.csv", items=folder).split().item_features
    assert feature.kind == "numeric"


def test_rows_that_differ_in_a_left_out_rating_are_not_called_equal(tmp_path):
    text = "user,item,time,rating\nu,a,1,view\nu,a,1,buy\nv,a,2,view\n"
    with pytest.raises(ValueError, match=r"line 3: this row differs from an earlier one in its ra"):
        plays_of(tmp_path, text)
    twice = "user,item,time,rating\nu,a,1,view\nu,a,1,view\nv,a,2,view\n"
    with pytest.raises(ValueError, match=r"line 3: .*repeats an earlier row"):
        plays_of(tmp_path, twice)


@pytest.mark.parametrize("ratings", [[{"x": 1}, {"x": 2}], [[1, 2], [3]], [True, False]])
def test_ratings_of_a_type_that_nothing_reads_are_left_out(tmp_path, ratings):
    frame = pd.DataFrame({"user": ["u", "v"], "item": ["a", "a"], "time": [1, 2]})
    frame.assign(rating=ratings).to_parquet(tmp_path / "p.parquet")
    assert "ratings are left out" in read_ratings(tmp_path / "p.parquet").source
    with pytest.raises(ValueError, match="rating"):
        read_ratings(tmp_path / "p.parquet", positive_from=1)


@pytest.mark.parametrize("zone", ["z", " GMT"])
def test_zones_in_other_words_are_read(tmp_path, zone):
    moments = ["2024-05-31T12:30:00", "2024-05-31T12:29:00", "2024-05-31T14:00:00"]
    text = "user,item,time\n" + "".join(f"u,i{n},{m}{zone}\n" for n, m in enumerate(moments))
    times = plays_of(tmp_path, text).interactions["timestamp"]
    assert times.rank().tolist() == [2, 1, 3]


def test_inches_show_that_quotes_of_a_tsv_file_are_letters(tmp_path):
    path = tmp_path / "plays.tsv"
    path.write_text('user\titem\ttime\nu\t"Heroes"\t1\nu\t7" single\t2\n', "utf-8")
    assert read_ratings(path).interactions["item"].tolist() == ['"Heroes"', '7" single']


def test_spaces_before_quotes_are_named(tmp_path):
    text = 'user,item,time\nu, "a, b",3\n'
    with pytest.raises(ValueError, match=r"line 2: .*; delete the spaces before the quotes"):
        plays_of(tmp_path, text)
