import numpy as np
import pandas as pd
import pytest

import toys
from sparcode_mini import data
from sparcode_mini.data import clean

GOOD = toys.events((1, 10, 5), (1, 11, 6), (2, 10, 7))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            GOOD.drop(columns="timestamp"),
            r"lacks the column 'timestamp'; it has \['user', 'item'\]",
        ),
        (GOOD.iloc[:0], "the interactions table is empty"),
        (GOOD.assign(item=[10, None, 11]), "column 'item', row 1: the value is missing"),
        (
            GOOD.assign(timestamp=[1.0, 2.0, None]),
            "column 'timestamp', row 2: the value is missing",
        ),
        (GOOD.assign(rating=[None, 3.0, 4.0]), "column 'rating', row 0: the value is missing"),
        (
            pd.concat([GOOD, GOOD.iloc[1:]]),
            r"interactions, row 3: repeats an earlier row: user 1, item 11, timestamp 6 \(2 such",
        ),
        (
            GOOD.assign(user=[1.0, 2.0, 3.0]),
            r"column 'user', row 0: ids must be all int or all str, not floating, such as 1.0",
        ),
        (
            GOOD.assign(user=[1, "b", 3]),
            "column 'user', row 0: ids must be all int or all str, not mixed",
        ),
        (GOOD.assign(user=[True, False, True]), "all int or all str, not boolean"),
        (GOOD.assign(user=[1, 2, 2**63]), "9223372036854775808 does not fit into 64 bits"),
        (GOOD.assign(timestamp=["1", "2", "3"]), "column 'timestamp', row 0: '1' is no number"),
        (GOOD.assign(timestamp=[1.0, 2.0, np.inf]), "column 'timestamp', row 2: inf is not finite"),
        (
            GOOD.assign(rating=["good", "bad", "fair"]),
            "column 'rating', row 0: 'good' is no number",
        ),
        (GOOD.set_axis(["user", "item", "item"], axis=1), "two columns named 'item'"),
    ],
)
def test_bad_interactions(table, message):
    with pytest.raises(ValueError, match=message):
        data.from_frames(table)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (pd.DataFrame({"id": [1]}), "items lacks the column 'item'"),
        (
            pd.DataFrame({"item": [10, 11, 10]}),
            "items, column 'item', row 2: the id 10 stands in an earlier row too",
        ),
        (pd.DataFrame({"item": [10, None]}), "items, column 'item', row 1: the value is missing"),
        (pd.DataFrame({"item": ["10", "11"]}), "id '10' is of another type than id 10"),
        (pd.DataFrame({"item": []}), "the items table is empty"),
    ],
)
def test_bad_items(items, message):
    with pytest.raises(ValueError, match=message):
        data.from_frames(GOOD, items=items)


def test_something_else_than_a_table():
    with pytest.raises(ValueError, match="users is a list; give a pandas DataFrame"):
        clean.require_frame([1, 2], "users", ("user",))


def test_the_remedy_for_duplicates_works_with_further_columns():
    rows = pd.DataFrame(
        {"user": [1, 1, 2], "item": [5, 5, 6], "timestamp": [0, 0, 1], "device": ["a", "b", "a"]}
    )
    with pytest.raises(ValueError, match="repeats an earlier row") as error:
        data.from_frames(rows)
    remedy = str(error.value).split("remove them with ")[1]
    cleaned = eval(f"rows{remedy}", {"rows": rows})
    assert data.from_frames(cleaned).split(0.0, 0.0).n_items == 2


def test_names_that_become_one_are_refused():
    rows = pd.DataFrame({"user": [1, 2], "item": [5, 6], "timestamp": [0, 1]})
    users = pd.DataFrame({"user": [1, 2], 1: ["a", "b"], "1": ["c", "d"]})
    with pytest.raises(ValueError, match="two columns named '1'"):
        data.from_frames(rows, users=users)
