"""A type never decides a meaning: numbers count by their value, or are refused."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import toys
from sparcode_mini.tools import checks


def refused(call, *args):
    """Is it a ValueError of one line?"""
    with pytest.raises(ValueError, match=r"\A[^\n]+\Z"):
        call(*args)


@given(toys.whole_numbers(-3, 40), st.sampled_from([(-3, 40), (0, 20), (-1, 200)]))
def test_integers_mean_their_value_or_are_refused(numbers, limits):
    array, _ = numbers
    good = array.dtype.kind in "iu" and all(limits[0] <= n <= limits[1] for n in array.tolist())
    if not good and len(array):
        refused(checks.integers, array, "x", *limits)
        return
    found = checks.integers(array, "x", *limits)
    assert found.dtype == np.int64 and found.tolist() == array.tolist()


@given(toys.whole_numbers(0, 6))
def test_positions_mean_their_value_or_are_refused(numbers):
    array, meaning = numbers
    if meaning is None:
        refused(checks.positions, array, 7, "x")
        refused(checks.position_lists, [[3], array], 7, "x")
        return
    assert checks.positions(array, 7, "x").tolist() == meaning
    lists, together = checks.position_lists([[3], array, []], 7, "x")
    assert together.tolist() == [3, *meaning]
    assert [part.tolist() for part in lists] == [[3], meaning, []]
    assert all(part.dtype == np.int64 for part in lists)


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1, 2]]), np.array(1), 3, "12", None, {1: 2}, [[1], [1, 2]], [1, True], [1, None],
        np.ma.array([1, 2], mask=[0, 1]), torch.tensor([1.0]).bfloat16(), [2**63, -1], [2**70],
        pd.Series([1, None], dtype="Int64"), torch.tensor([True]),
    ],
)  # fmt: skip
def test_what_is_no_flat_array_of_integers_is_refused(array):
    refused(checks.positions, array, 9, "x")
    refused(checks.position_lists, [array], 9, "x")


@pytest.mark.parametrize("lists", ["12", {0: [1]}, {1}, 3, None, [1, 2], np.array([1, 2])])
def test_what_is_no_list_of_arrays_is_refused(lists):
    refused(checks.position_lists, lists, 9, "x")


def test_minus_one_is_padding_only_where_it_may_be():
    assert checks.position_lists([[-1, 2]], 3, "x", padded=True)[1].tolist() == [-1, 2]
    refused(checks.position_lists, [[-1, 2]], 3, "x")
    refused(checks.position_lists, [np.array([-2])], 3, "x", True)


@pytest.mark.parametrize("value", toys.COUNTS_OF_TWO)
def test_a_whole_number_of_any_type_is_a_count(value):
    assert type(checks.count(value, "x")) is int and checks.count(value, "x", 2, 2) == 2
    refused(checks.count, value, "x", 3)
    refused(checks.count, value, "x", 0, 1)


@pytest.mark.parametrize("value", toys.NO_COUNTS[:-1])
def test_what_is_no_whole_number_is_no_count(value):
    refused(checks.count, value, "x", 0)


@given(toys.real_numbers(3))
def test_floats_mean_their_value_or_are_refused(numbers):
    array, meaning = numbers
    if meaning is None:
        refused(checks.finite, array, "x")
        return
    found = checks.finite(array, "x")
    assert found.dtype in (np.float16, np.float32, np.float64) and found.dtype.isnative
    np.testing.assert_array_equal(found.astype(np.float64), meaning)


@pytest.mark.parametrize(
    "value", [True, "1", None, 1j, np.nan, np.inf, [1.0], np.array([1.0]), 10**400, np.bool_(1)]
)
def test_what_is_no_finite_number_is_refused(value):
    refused(checks.number, value, "x")


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.uint8(3), np.longdouble(3)])
def test_a_number_of_any_type_is_a_float(value):
    assert type(checks.number(value, "x")) is float and checks.number(value, "x") == 3.0


def test_messages_name_value_and_remedy():
    cases = {
        "k = True; give a whole number, such as 10": lambda: checks.count(True, "k"),
        "k = 0; give a whole number, 1 to 5": lambda: checks.count(0, "k", 1, 5),
        "x has values of type bool, such as True; give item positions from 0 to 8, not raw ids": (
            lambda: checks.positions(np.array([True]), 9, "x")
        ),
        "x has the value 18446744073709551615; give integers from 0 to 2147483647": (
            lambda: checks.integers(np.array([2**64 - 1], np.uint64), "x")
        ),
        "x[1] is nan; give finite numbers": lambda: checks.finite([1.0, np.nan], "x"),
    }
    for message, call in cases.items():
        with pytest.raises(ValueError) as caught:
            call()
        assert str(caught.value) == message
