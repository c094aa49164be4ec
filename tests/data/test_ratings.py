import pandas as pd

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
