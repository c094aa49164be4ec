"""Lists without an item twice: against sets, whatever the size of the catalogue."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparcode_mini as sm
from sparcode_mini.index import checks

lists = st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=8)


@given(lists, st.sampled_from([10, 1000, 2**31 - 1]), st.integers(0, 5), st.integers(0, 30))
def test_an_item_twice_is_found_wherever_it_is(rows, n_items, log_stamps, short):
    spread = n_items // 10 if n_items > 10 else 1
    items = np.array([item * spread for row in rows for item in row], dtype=np.int64)
    offsets = np.cumsum([0] + [len(row) for row in rows])
    values = np.ones(len(items))
    codes = np.arange(len(rows))[:, None]
    bad = [r for r, row in enumerate(rows) if len(set(row)) < len(row)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "STAMPS", 2**log_stamps)
        patch.setattr(checks, "MOST_STAMPS", 2 ** (2 * log_stamps))
        patch.setattr(checks, "SHORT", short)
        if not bad:
            assert len(sm.SparseIndex(codes, offsets, items, values, n_items)) == len(rows)
            return
        row = rows[bad[0]]
        twice = {item * spread for item in row if row.count(item) > 1}
        with pytest.raises(ValueError, match=rf"list {bad[0]} holds item (\d+) twice") as caught:
            sm.SparseIndex(codes, offsets, items, values, n_items)
        assert int(str(caught.value).split()[-2]) in twice


@given(st.lists(st.lists(st.integers(1, 3), max_size=4), min_size=1, max_size=6))
def test_a_list_out_of_order_is_named(rows):
    sizes = [len(row) for row in rows]
    items = np.concatenate([np.arange(size) for size in sizes]).astype(int)
    values = np.array([value for row in rows for value in row], dtype=float)
    args = np.arange(len(rows))[:, None], np.cumsum([0, *sizes]), items, values, 4
    bad = [r for r, row in enumerate(rows) if row != sorted(row, reverse=True)]
    if not bad:
        assert sm.SparseIndex(*args).offsets[-1] == len(values)
        return
    with pytest.raises(ValueError, match=f"list {bad[0]} is out of order"):
        sm.SparseIndex(*args)
