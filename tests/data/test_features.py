import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toys
from sparcode_mini import data


def feature_of(values):
    users = pd.DataFrame({"user": range(len(values)), "x": values})
    split = data.from_frames(toys.events((0, 1, 1)), users=users).split()
    (feature,) = split.user_features
    assert feature.values.dtype == np.int64
    assert feature.values.shape[0] == len(values)
    return feature


def texts(feature):
    return [[feature.vocabulary[index] for index in row] for row in feature.values]


@pytest.mark.parametrize(
    ("values", "vocabulary"),
    [
        (["b", None, "a", "b"], ("(missing)", "a", "b")),
        ([10, 9, 100], ("(missing)", "9", "10", "100")),
        ([True, False], ("(missing)", "False", "True")),
        ([None, None], ("(missing)",)),
        (pd.Categorical(["x", "y", "x"], categories=["y", "x", "w"]), ("(missing)", "x", "y")),
    ],
)
def test_categorical_feature(values, vocabulary):
    feature = feature_of(values)
    assert (feature.kind, feature.vocabulary) == ("categorical", vocabulary)
    expected = ["(missing)" if pd.isna(value) else str(value) for value in values]
    assert [row[0] for row in texts(feature)] == expected


def test_list_feature():
    cells = [["b", "a"], (), None, ("a",), {"c", "a", "b"}, np.array(["c"])]
    feature = feature_of(cells)
    assert feature.kind == "list"
    assert feature.vocabulary == ("(missing)", "a", "b", "c")
    expected = [[2, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 2, 3], [3, 0, 0]]
    assert feature.values.tolist() == expected


def test_list_feature_with_no_entry_at_all():
    feature = feature_of([[], []])
    assert feature.values.tolist() == [[0], [0]]
    assert feature.vocabulary == ("(missing)",)


def test_sixteen_numbers_are_categories_and_seventeen_are_bins():
    assert feature_of(range(16)).kind == "categorical"
    assert feature_of(range(17)).kind == "numeric"


def test_numeric_feature_with_gaps_and_whole_numbers():
    feature = feature_of([None, *range(1980, 2012)])
    assert feature.vocabulary[:3] == ("(missing)", "[1980, 1981)", "[1981, 1983)")
    assert feature.vocabulary[-1].startswith("[") and feature.vocabulary[-1].endswith(", 2011]")
    assert texts(feature)[0] == ["(missing)"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=17, max_size=200, unique=True))
def test_numeric_bins_hold_their_numbers_and_none_is_empty(numbers):
    feature = feature_of(numbers)
    bins = len(feature.vocabulary) - 1
    assert feature.kind == "numeric" and 1 <= bins <= 16
    codes = feature.values[:, 0]
    assert sorted(set(codes.tolist())) == list(range(1, bins + 1))
    ranks = np.argsort(numbers, kind="stable")
    assert (np.diff(codes[ranks]) >= 0).all()
    assert len(set(feature.vocabulary)) == bins + 1  # no two bins look the same
    assert np.bincount(codes).max() <= len(numbers) / 16 + 2  # about equally full


def test_skewed_numbers_share_a_bin():
    feature = feature_of([0.5] * 200 + list(range(1, 18)))
    assert feature.kind == "numeric"
    assert len({tuple(row) for row in feature.values[:200].tolist()}) == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, "a"], "column 'x', row 1: its values are no plain numbers or strings of one type"),
        ([{"a": 1}, {"b": 2}], "column 'x', row 0: its values are no plain numbers or strings"),
        ([["a"], "b"], "column 'x', row 1: 'b' is no list"),
        ([["a", 1]], "column 'x', row 0: its values are no plain"),
        ([1.0, float("inf")], "column 'x', row 1: inf is not finite"),
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), r"a time .* is no feature"),
    ],
)
def test_features_that_cannot_be_used(values, message):
    with pytest.raises(ValueError, match=f"users, {message}" if "column" in message else message):
        feature_of(values)


def test_integers_that_float64_takes_for_one_are_still_binned():
    start = 9 * 10**17
    feature = feature_of([start + n for n in range(40)])
    assert (feature.kind, len(feature.vocabulary)) == ("numeric", 17)
    assert feature.values[:, 0].tolist() == sorted(feature.values[:, 0].tolist())
    assert feature.vocabulary[1] == f"[{start}, {start + 2})"
