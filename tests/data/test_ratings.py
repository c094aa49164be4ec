import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toys
from sparcode_mini import data

GOOD = toys.events((1, 10, 5), (1, 11, 6), (2, 10, 7))


def test_tables_of_the_caller_stay_as_they_are():
    table = GOOD.assign(timestamp=pd.to_datetime(["2020-01-03", "2020-01-02", "2020-01-01"]))
    table = table.set_axis([5, 5, 9])
    before = table.copy()
    split = data.from_frames(table).split(0.0, 0.0)
    pd.testing.assert_frame_equal(table, before)
    assert split.item_ids[split.history([1], "train")[0]].tolist() == [11, 10]


def test_other_columns_of_interactions_are_dropped_and_the_order_kept():
    ratings = data.from_frames(GOOD.assign(device="phone", rating=[3, 4, 5]).iloc[::-1])
    assert list(ratings.interactions.columns) == ["user", "item", "timestamp", "rating"]
    assert ratings.interactions["timestamp"].tolist() == [7, 6, 5]
    assert ratings.source == "from_frames"
    assert repr(ratings) == "Ratings(3 interactions; from_frames)"


NUMBERS = st.sampled_from([np.dtype(code) for code in "bBhHiIlLqQefdg"])


@settings(max_examples=200, deadline=None)
@given(NUMBERS, st.data())
def test_no_type_of_number_changes_an_order_in_silence(kind, draw):
    """Whatever the dtype, times come back in their order, and ids as they are, or are refused."""
    limits = np.iinfo(kind) if kind.kind in "iu" else None
    numbers = st.integers(int(limits.min), int(limits.max)) if limits else st.floats(width=16)
    values = draw.draw(st.lists(numbers, min_size=1, max_size=5, unique=True))
    array = np.array(values, dtype=kind)
    table = pd.DataFrame({"user": 1, "item": range(len(array)), "timestamp": array})
    try:
        split = data.from_frames(table).split(0, 0)
    except ValueError as error:
        assert "column 'timestamp', row" in str(error)
        assert kind.kind == "u" or not np.isfinite(array.astype(float)).all()
    else:
        assert split.items.tolist() == np.argsort(array, kind="stable").tolist()
    try:
        found = data.from_frames(table.assign(item=array)).split(0, 0).item_ids
    except ValueError as error:
        assert "column" in str(error)
        assert kind.kind in "uf"
    else:
        assert found.tolist() == sorted(array.tolist())


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            np.array([2**63, 1, 2], np.uint64),
            "row 0: 9223372036854775808 does not fit into 64 bits",
        ),
        (np.array([1j, 1, 2]), "is no number"),
        ([True, False, True], "True is no number"),
        (pd.to_timedelta([1, 2, 3]), "is no number"),
        ([2**70, 1, 2], "is no number"),
    ],
)
def test_times_of_a_type_that_would_be_cut_are_refused(column, message):
    with pytest.raises(ValueError, match=f"column 'timestamp'.*{message}"):
        data.from_frames(GOOD.assign(timestamp=column))


def test_categories_of_pandas_are_ids():
    table = GOOD.astype({"user": "category"}).assign(item=pd.Categorical(["b", "a", "b"]))
    split = data.from_frames(table).split()
    assert (split.user_ids.tolist(), split.item_ids.tolist()) == ([1, 2], ["a", "b"])


def test_ids_keep_nuls_and_half_pairs_of_code_points():
    names = ["a", "a\0", "a\0\0", "\ud800", "b "]
    users = pd.Series(names, dtype=object)  # the text type of pandas knows no half pairs
    table = pd.DataFrame({"user": users, "item": 1, "timestamp": 1})
    split = data.from_frames(table).split()
    assert split.user_ids.tolist() == sorted(names)
    assert split.user_positions(names).tolist() == [sorted(names).index(n) for n in names]


def test_positives_are_the_rows_from_a_rating_up():
    table = GOOD.assign(rating=[1, -1, 1])
    assert repr(data.from_frames(table, positive_from=0)) == (
        "Ratings(2 interactions; from_frames; the 2 of 3 rows with a rating of 0 or more are the "
        "positives)"
    )
    turned = data.from_frames(table.assign(rating=-table["rating"]), positive_from=0)
    assert turned.interactions["item"].tolist() == [11]
    assert len(data.from_frames(table).interactions) == 3
    for wrong, message in ((float("nan"), "a finite number"), (True, "a num"), (10**400, "large")):
        with pytest.raises(ValueError, match=f"positive_from = .*{message}"):
            data.from_frames(table, positive_from=wrong)
    with pytest.raises(ValueError, match="positive_from = 4, but the data has no ratings"):
        data.from_frames(GOOD, positive_from=4)


def test_arrow_types_of_pandas_are_read_as_those_of_parquet():
    arrow = pytest.importorskip("pyarrow")
    big = [10**20, 10**20 + 1, 10**20 + 2]
    times = pd.array([decimal.Decimal(n) for n in big], pd.ArrowDtype(arrow.decimal128(30, 0)))
    users = pd.array(["a", "b", "a"], pd.ArrowDtype(arrow.dictionary(arrow.int8(), arrow.string())))
    with pytest.raises(ValueError, match="row 0: 100000000000000000000 is no num"):
        data.from_frames(GOOD.assign(timestamp=times))
    days = pd.array([3, 2, 1], pd.ArrowDtype(arrow.date32()))
    tags = pd.array([["x"], ["x", "y"]], pd.ArrowDtype(arrow.list_(arrow.string())))
    items = pd.DataFrame({"item": [10, 11], "tags": tags})
    split = data.from_frames(GOOD.assign(user=users, timestamp=days), items=items).split(0, 0)
    assert split.user_ids.tolist() == ["a", "b"] and split.items.tolist() == [0, 0, 1]
    assert split.item_features[0].vocabulary == ("(missing)", "x", "y")


def test_what_is_said_of_the_data_by_hand():
    table = pd.DataFrame(
        {
            "user": [1, 1, 1, 1, 2, 2, 2, 2],
            "item": [1, 2, 3, 4, 1, 2, 3, 4],
            "timestamp": [10, 10, 20, 20, 1, 2, 3, 4],
            "rating": [1, 2, 3, 4, 5, 5, 5, 5],
        }
    )
    ratings = data.from_frames(table)
    found = data.validity(ratings, ratings.split(test=0.25, validation=0.25))
    # Training: user 1 at 10, 10; user 2 at 1, 2. First test ratings: at 20 and at 4.
    assert found == (0.25, pytest.approx(2 / 6), 1, 2, pytest.approx((0 + 2 / 4) / 2))
    assert "for 1 of 2 people" in str(found) and "25.0% of at most 2 stars" in str(found)
    bare = data.from_frames(table.drop(columns="rating"))
    assert np.isnan(data.validity(bare, bare.split(0.25, 0.25)).low)
    with pytest.raises(ValueError, match="nobody has a test part"):
        data.validity(ratings, ratings.split(test=0.0, validation=0.25))


def test_what_is_said_of_movielens(movielens_split):
    found = data.validity(data.movielens_100k(), movielens_split)
    assert found.low == pytest.approx(0.175, abs=5e-4) and found.tied == 509
    assert found.same_second == pytest.approx(0.510, abs=1e-3)
    assert found.later == pytest.approx(0.447, abs=1e-3)
