"""Positions as gaps: what is packed comes back, and takes the bytes that theory says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sparcode_mini.index import gaps
from sparcode_mini.index.lists import Lists, from_rows


@given(
    seed=st.integers(0, 2**32 - 1),
    n_items=st.sampled_from([1, 7, 130, 20_000]),
    density=st.sampled_from([0.0, 0.01, 0.3, 1.0]),
)
def test_what_is_packed_comes_back(seed, n_items, density):
    rng = np.random.default_rng(seed)
    rows = rng.random((4, n_items)) * (rng.random((4, n_items)) < density)
    lists = from_rows(rows, n_items)
    data, lengths = gaps.packed(lists), np.diff(lists.offsets)
    expected = np.concatenate([np.flatnonzero(row) for row in rows])
    np.testing.assert_array_equal(gaps.unpacked(data, lengths), expected)
    values = lists.values[gaps.in_order_of_items(lists)]
    np.testing.assert_array_equal(values, rows[rows > 0])


def test_large_gaps_take_more_bytes():
    items = np.array([5, 133, 133 + 2**14, 2**28], np.int32)
    lists = Lists(np.array([0, 4]), items, np.array([4.0, 3.0, 2.0, 1.0]))
    assert len(gaps.packed(lists)) == 1 + 2 + 3 + 4
    np.testing.assert_array_equal(gaps.unpacked(gaps.packed(lists), np.array([4])), items)
