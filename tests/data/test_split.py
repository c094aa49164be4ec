import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toys
from sparcode_mini import data

rows_strategy = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 12)),
    min_size=1,
    max_size=80,
    unique=True,
)


fractions_strategy = st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)).filter(
    lambda pair: sum(pair) < 1
)


@given(rows_strategy, fractions_strategy)
def test_split_equals_plain_python(rows, fractions):
    test, validation = fractions
    split = data.from_frames(toys.events(*rows)).split(test=test, validation=validation)
    for user in {row[0] for row in rows}:
        own = sorted((row for row in rows if row[0] == user), key=lambda row: row[2])
        n = len(own)
        last, middle = int(test * n), int(validation * n)
        parts = (own[: n - last - middle], own[n - last - middle : n - last], own[n - last :])
        for name, part in zip(data.PARTS, parts, strict=True):
            found = split.item_ids[split.history([user], name)[0]]
            assert found.tolist() == [item for _, item, _ in part]


@given(rows_strategy, fractions_strategy)
def test_parts_are_disjoint_complete_and_in_order_of_time(rows, fractions):
    split = data.from_frames(toys.events(*rows)).split(*fractions)
    assert sum(split.count(part) for part in data.PARTS) == len(rows)
    found = []
    for user, bounds in enumerate(split.cuts):
        pieces = [slice(bounds[part], bounds[part + 1]) for part in range(3)]
        times = [split.times[piece] for piece in pieces]
        assert (np.diff(np.concatenate(times)) >= 0).all()  # no future item in a history
        for piece in pieces:
            items = split.item_ids[split.items[piece]].tolist()
            users = [split.user_ids[user].item()] * len(items)
            found += zip(users, items, split.times[piece].tolist(), strict=True)
    assert sorted(found) == sorted(rows)
    joined = split.histories("train+validation+test")
    for part in range(3):
        alone = split.histories(data.PARTS[part])
        for user, own in enumerate(alone):
            start, stop = split.cuts[user, [part, part + 1]] - split.cuts[user, 0]
            np.testing.assert_array_equal(joined[user][start:stop], own)


@given(rows_strategy, st.randoms())
def test_row_order_matters_only_for_ties(rows, random):
    unique_times = [(user, item, number) for number, (user, item, _) in enumerate(rows)]
    shuffled = random.sample(unique_times, len(unique_times))
    one = data.from_frames(toys.events(*unique_times)).split()
    other = data.from_frames(toys.events(*shuffled)).split()
    assert one.fingerprint == other.fingerprint


def test_ties_keep_row_order():
    rows = [("a", item, 7) for item in ("z", "m", "b", "q", "c")]
    split = data.from_frames(toys.events(*rows)).split(test=0.4, validation=0.2)
    names = [split.item_ids[split.history(["a"], part)[0]].tolist() for part in data.PARTS]
    assert names == [["z", "m"], ["b"], ["q", "c"]]
    assert split.ties_before("test") == split.ties_before("validation") == 1


def test_users_with_few_interactions_have_empty_parts():
    split = data.from_frames(toys.events((1, 10, 5), (2, 10, 1), (2, 11, 2))).split()
    assert split.count("test") == split.count("validation") == 0
    assert [len(own) for own in split.histories("validation+test")] == [0, 0]
    assert split.ties_before("test") == 0


def test_parts_that_are_not_neighbours_join_in_time_order():
    split = data.from_frames(toys.events(*[(1, item, item) for item in range(10)])).split(0.2, 0.3)
    for part in ("train+test", "test+train"):
        assert split.history([1], part)[0].tolist() == [0, 1, 2, 3, 4, 8, 9]


def test_a_history_is_a_copy():
    split = data.from_frames(toys.events((1, 10, 5), (1, 11, 6))).split(0.0, 0.0)
    split.history([1], "train")[0][:] = 0
    assert split.history([1], "train")[0].tolist() == [0, 1]


@pytest.mark.parametrize("part", ["", "tset", "train+", "train+train", "all"])
def test_unknown_part(part):
    split = data.from_frames(toys.events((1, 10, 5))).split()
    with pytest.raises(ValueError, match=r"part .* is not known; use 'train'"):
        split.count(part)


def test_training_has_no_boundary_before_it():
    split = data.from_frames(toys.events((1, 10, 5))).split()
    with pytest.raises(ValueError, match="part 'train' has no boundary"):
        split.ties_before("train")


@pytest.mark.parametrize(
    ("test", "validation", "message"),
    [
        (-0.1, 0.1, "test=-0.1 is no fraction"),
        (1.0, 0.0, "test=1.0 is no fraction"),
        (20.0, 0.1, "test=20.0 is no fraction"),
        (0.2, float("nan"), "validation=nan is no fraction"),
        (0.5, 0.5, "leave nothing to train on"),
    ],
)
def test_fractions_out_of_range(test, validation, message):
    with pytest.raises(ValueError, match=message):
        data.from_frames(toys.events((1, 10, 5))).split(test, validation)


def test_fingerprint_changes_with_data_and_fractions():
    rows = [(1, item, item) for item in range(10)]
    base = data.from_frames(toys.events(*rows)).split()
    assert data.from_frames(toys.events(*rows)).split().fingerprint == base.fingerprint
    others = [
        data.from_frames(toys.events(*rows)).split(test=0.3),
        data.from_frames(toys.events(*rows[:-1], (1, 0, 9))).split(),
        data.from_frames(toys.events(*[(2, item, time) for _, item, time in rows])).split(),
        data.from_frames(toys.events(*rows), items=pd.DataFrame({"item": [77]})).split(),
    ]
    assert len({split.fingerprint for split in [base, *others]}) == 5


def test_the_fingerprint_of_features_changes_with_each_of_them():
    rows = [(1, item, item) for item in range(3)]

    def split(users, **columns):
        items = pd.DataFrame({"item": range(3), **columns})
        return data.from_frames(toys.events(*rows), users=users, items=items).split()

    someone = pd.DataFrame({"user": [1], "club": ["x"]})
    base = split(someone, genre=["a", "b", "a"])
    others = [
        split(someone, genre=["a", "b", "b"]),  # values
        split(someone, genre=["a", "c", "a"]),  # vocabulary
        split(someone, genre=[["a"], ["b"], ["a"]]),  # kind
        split(someone, kind=["a", "b", "a"]),  # name
        split(someone, genre=["a", "b", "a"], year=["1", "1", "2"]),
        split(someone),
        split(None, genre=["a", "b", "a"]),
        split(someone.assign(club="y"), genre=["a", "b", "a"]),
    ]
    assert len({other.features_fingerprint for other in [base, *others]}) == 9
    assert {other.fingerprint for other in others} == {base.fingerprint}
    again = split(someone, title=["t", "u", "v"], genre=["a", "b", "a"])  # a title is no feature
    assert again.features_fingerprint == base.features_fingerprint


def test_ids_of_all_tables_are_positions_in_sorted_order():
    ratings = data.from_frames(
        toys.events((30, "b", 1), (10, "d", 2)),
        users=pd.DataFrame({"user": [20, 10], "club": ["x", "y"]}),
        items=pd.DataFrame({"item": ["c", "a"], "colour": ["red", "blue"]}),
    )
    split = ratings.split()
    assert split.user_ids.tolist() == [10, 20, 30]
    assert split.item_ids.tolist() == ["a", "b", "c", "d"]
    assert split.titles.tolist() == ["a", "b", "c", "d"]
    assert split.item_positions(np.array(["d", "a"])).tolist() == [3, 0]
    assert split.user_positions([30, 10, 30]).tolist() == [2, 0, 2]
    assert split.user_positions(20).tolist() == [1]
    assert split.user_positions([]).dtype == np.int64
    (club,) = split.user_features
    assert [club.vocabulary[index] for index in club.values[:, 0]] == ["y", "x", "(missing)"]
    (colour,) = split.item_features
    assert colour.values[:, 0].tolist() == [1, 0, 2, 0]
    assert [len(own) for own in split.histories("train")] == [1, 0, 1]


@pytest.mark.parametrize("dtype", ["int32", "uint8", "Int64", object])
def test_ids_of_any_integer_dtype(dtype):
    table = toys.events((3, 7, 1), (2, 9, 2)).astype({"user": dtype})
    split = data.from_frames(table).split()
    assert split.user_ids.dtype == np.int64
    assert split.user_positions([2, 3]).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("unknown", "message"),
    [
        ([20, 44], "unknown user 44; the nearest of the 4 known ids are 50, 30, 20"),
        (["10"], "unknown user '10'"),
        ([float("nan")], "unknown user nan"),
        (np.array([7]), "unknown user 7;"),
        ([True], "unknown user True"),
        ([[10, 20]], r"unknown user \[10, 20\]; give a flat list"),
    ],
)
def test_unknown_user(unknown, message):
    split = data.from_frames(toys.events(*[(user, 1, 1) for user in (1, 20, 30, 50)])).split()
    with pytest.raises(ValueError, match=message):
        split.user_positions([1, *unknown])


def test_unknown_item_names_similar_ids():
    split = data.from_frames(
        toys.events(("u", "apple", 1), ("u", "pear", 2), ("u", "plum", 3))
    ).split()
    with pytest.raises(ValueError, match="'aple'; the nearest of the 3 known ids are 'apple'"):
        split.item_positions(["aple"])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"title": ["A", "B (2001)", None], "year": [2000, 2001, 2002]},
            ["A (2000)", "B (2001)", "3"],
        ),
        ({"title": ["A", "B", "C"], "year": [2000.0, None, 2002.0]}, ["A (2000)", "B", "C (2002)"]),
        ({"name": ["A", "B", "C"]}, ["A", "B", "C"]),
        ({"name": ["x", "y", "z"], "title": ["A", "B", "C"]}, ["A", "B", "C"]),
        ({"year": [2000, 2001, 2002]}, ["1", "2", "3"]),
    ],
)
def test_titles(columns, expected):
    items = pd.DataFrame({"item": [1, 2, 3], **columns})
    split = data.from_frames(toys.events((1, 1, 1)), items=items).split()
    assert split.titles.tolist() == expected
    assert {feature.name for feature in split.item_features} == set(columns) - {"title", "name"}


def test_find_titles():
    items = pd.DataFrame({"item": [5, 6, 7], "title": ["Solaris", "Stalker", "Solaris"]})
    split = data.from_frames(toys.events((1, 5, 1)), items=items).split()
    assert split.find_titles(["Stalker"]).tolist() == [1]
    assert split.find_titles("Stalker").tolist() == [1]
    with pytest.raises(ValueError, match="no item has the title 'Stalkr'; did you mean 'Stalker'"):
        split.find_titles(["Stalkr"])
    with pytest.raises(ValueError, match="'Solaris' belongs to 2 items, with ids 5, 7"):
        split.find_titles(["Solaris"])
    with pytest.raises(ValueError, match="write it as the table of items does"):
        split.find_titles(["@@@@@@@@"])


def test_values_of_a_user_feature(toy_split):
    assert toy_split.user_values("age").shape == (toy_split.n_users, 1)
    with pytest.raises(ValueError, match="user feature 'shoes' is unknown; there are"):
        toy_split.user_values("shoes")


def test_titles_are_found_however_their_letters_are_encoded():
    items = pd.DataFrame({"item": [1, 2, 3], "title": ["Am\u00e9lie", "Z\u0301", "\u0179"]})
    split = data.from_frames(toys.events((1, 1, 1)), items=items).split()
    assert split.find_titles(["Ame\u0301lie", "Am\u00e9lie"]).tolist() == [0, 0]
    assert split.find_titles(["Z\u0301", "\u0179"]).tolist() == [1, 2]  # written as here
    assert split.titles.tolist() == items["title"].tolist()


@pytest.mark.parametrize("one", ["u05", 5, np.int32(5)])
def test_one_id_is_a_list_of_one(one):
    kind = str if isinstance(one, str) else int
    users = [f"u{n:02}" if kind is str else n for n in range(8)]
    split = data.from_frames(toys.events(*[(u, 1, t) for u in users for t in (1, 2)])).split()
    assert [h.tolist() for h in split.history(one)] == [[0, 0]]
    with pytest.raises(ValueError, match=r"unknown user 5\.0; give a flat list of ids"):
        split.history([5.0])


def test_one_long_title_costs_its_own_length_only():
    titles = [f"Thing {n}" for n in range(2000)]
    titles[7] = "x" * 10**6
    items = pd.DataFrame({"item": range(2000), "title": titles})
    tracemalloc.start()
    split = data.from_frames(toys.events(*[(1, n, n) for n in range(2000)]), items=items).split()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert split.titles.tolist() == titles
    assert peak < 20e6  # an array of fixed width would take 8 GB


def test_one_list_that_is_far_too_long_is_refused_before_it_takes_memory():
    tags = [["a", "b"]] * 11_000
    tags[3] = [f"tag {n}" for n in range(11_000)]
    items = pd.DataFrame({"item": range(11_000), "tags": tags})
    with pytest.raises(
        ValueError, match=r"items, column 'tags', row 3: a list of 11,000 values, whe"
    ):
        data.from_frames(toys.events((1, 1, 1)), items=items).split()
