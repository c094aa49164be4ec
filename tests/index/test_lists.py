"""Lists that are cut, rounded and updated: each against a dense table."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import sparcode_mini as sm
import toys

CODES = np.arange(4)[:, None]
TABLE = np.array(
    [[3, 0, 1, 3, 2], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0.5, 4, 0]], dtype=np.float32
)
HAND = toys.index_of(TABLE, CODES)


def dense(index):
    """The table (C, I) that an index stands for."""
    table = np.zeros((len(index), index.n_items))
    scales = np.ones(len(index)) if index.scales is None else index.scales
    rows = index.lists.rows()
    table[rows, index.items] = index.values * scales[rows].astype(np.float64)
    return table


def in_order(index):
    """Largest first, equal ones by item."""
    rows = index.lists.rows()
    order = np.lexsort((index.items, -index.values.astype(float), rows))
    return (order == np.arange(len(rows))).all()


def equal(a, b):
    """Are two indices the same, array by array?"""
    names = ("codes", "offsets", "items", "values")
    return a.n_items == b.n_items and all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in names
    )


tables = st.builds(
    lambda seed, C, n, density: (
        np.random.default_rng(seed).integers(1, 5, (C, n)) / 2.0
        * (np.random.default_rng(seed + 1).random((C, n)) < density)
    ).astype(np.float32),
    st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 9), st.sampled_from([0.0, 0.3, 1.0]),
)  # fmt: skip


# --- shorter ------------------------------------------------------------------------------------


def test_cut_by_hand():
    assert [len(HAND.cut(best=2).posting_list([c])[0]) for c in range(4)] == [2, 2, 0, 2]
    assert HAND.cut(best=2).posting_list([0])[0].tolist() == [0, 3]
    assert HAND.cut(threshold=2).posting_list([0])[0].tolist() == [0, 3, 4]
    assert HAND.cut(bias=-1).posting_list([0])[1].tolist() == [2, 2, 1]
    assert HAND.cut(bias=-1, threshold=2).posting_list([3])[1].tolist() == [3]
    assert equal(HAND.cut(), HAND) and len(HAND.cut(threshold=9).items) == 0


@given(tables, st.integers(1, 5), st.sampled_from([0, 0.5, 1.5]), st.sampled_from([0, -0.5, -1.0]))
def test_cut_keeps_what_the_table_says(table, best, threshold, bias):
    index = toys.index_of(table, np.arange(len(table))[:, None])
    short = index.cut(best=best, threshold=threshold, bias=bias)
    expected = np.maximum(np.where(table > 0, table + bias, 0), 0)
    expected[expected < threshold] = 0
    for row in expected:
        row[np.lexsort((np.arange(len(row)), -row))[best:]] = 0
    np.testing.assert_array_equal(dense(short), expected)
    assert in_order(short)


def test_a_bias_after_training_is_a_model_with_that_bias(trained, trained_index):
    model = toys.twin(trained)
    model.bias = trained.bias - 0.05
    again = sm.SparseIndex.build(model, codes=trained_index.codes)
    cut = trained_index.cut(bias=-0.05)
    assert 0 < len(cut.items) < len(trained_index.items)
    np.testing.assert_array_equal(cut.items, again.items)
    np.testing.assert_allclose(cut.values, again.values, rtol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"best": 0}, "best = 0; give a whole number, 1 or more"),
        ({"threshold": -1}, "threshold = -1"),
        ({"threshold": np.nan}, "threshold = nan"),
        ({"bias": 0.5}, "set model.bias and build again"),
    ],
)
def test_cut_refuses(wrong, message):
    with pytest.raises(ValueError, match=message):
        HAND.cut(**wrong)


# --- fewer bytes --------------------------------------------------------------------------------


@given(tables, st.sampled_from([1.0, 1e-3, 77.7]))
def test_8_bits_are_off_by_half_a_step_at_most(table, factor):
    index = toys.index_of(table * np.float32(factor), np.arange(len(table))[:, None])
    small = index.quantised("int8")
    assert small.values.dtype == np.uint8 and in_order(small)
    step = dense(index).max(axis=1, keepdims=True) / 255
    assert (np.abs(dense(small) - dense(index)) <= step * 0.5001 + 1e-12).all()


def test_precisions_and_their_bytes(trained_index, tmp_path):
    full = trained_index.stats()
    for precision, size in (("float32", 8), ("float16", 6), ("int8", 5)):
        small = trained_index.quantised(precision)
        assert small.stats()["entry_bytes"] == size * len(small.items)
        lost = full["entries"] - small.stats()["entries"]  # what rounded to 0
        assert lost <= 0.05 * full["entries"] and (lost == 0 or precision == "int8")
        np.testing.assert_allclose(dense(small), dense(trained_index), atol=2e-2, rtol=2e-3)
        small.save(tmp_path / "index")
        again = sm.SparseIndex.load(tmp_path / "index")
        assert equal(again, small) and (again.scales is None) == (precision != "int8")
    scales = trained_index.quantised("int8").stats()["other_bytes"] - full["other_bytes"]
    assert scales == 4 * len(trained_index)


def test_searching_8_bits_adds_what_the_lists_say(trained, trained_index, toy_split):
    small = trained_index.quantised("int8")
    codes = trained.encode(toys.known_users(toy_split))
    rows = small.rows_of(small.as_arrays(codes)[0])
    expected, _ = toys.plain_top_k(dense(small)[rows].sum(axis=1), 5, None)
    positions, values = small.search(codes, k=5)
    np.testing.assert_allclose(values, np.sort(dense(small)[rows].sum(axis=1))[:, ::-1][:, :5])
    assert (positions == expected).mean() > 0.95  # sums in another order may swap near ties


def test_what_rounds_to_nothing_is_dropped():
    index = toys.index_of(np.array([[1.0, 1e-9, 0.5]], dtype=np.float32), CODES[:1])
    assert index.quantised("float16").posting_list([0])[0].tolist() == [0, 2]
    assert index.quantised("int8").posting_list([0])[0].tolist() == [0, 2]


def test_precisions_refuse():
    with pytest.raises(ValueError, match="precision = 'int4'; choose one of"):
        HAND.quantised("int4")
    large = toys.index_of(np.array([[1e6]], dtype=np.float32), CODES[:1])
    with pytest.raises(ValueError, match=r'largest float16; use "float32" or "int8"'):
        large.quantised("float16")
    small = HAND.quantised("int8")
    for change in (
        lambda: small.cut(best=1),
        lambda: small.quantised("float16"),
        lambda: small.add_item(5, np.ones(4)),
    ):
        with pytest.raises(ValueError, match="float values, then call quantised again"):
            change()
    with pytest.raises(ValueError, match="one per list"):
        sm.SparseIndex(CODES, HAND.offsets, HAND.items, HAND.values, 5, scales=np.ones(3))


# --- updates ------------------------------------------------------------------------------------


@given(tables, st.integers(0, 8))
def test_an_item_that_comes_or_goes_equals_a_rebuild(table, item):
    item = min(item, table.shape[1] - 1)
    codes = np.arange(len(table))[:, None]
    without = table.copy()
    without[:, item] = 0
    whole, fewer = toys.index_of(table, codes), toys.index_of(without, codes)
    assert equal(whole.withdraw(item), fewer)
    assert equal(fewer.add_item(item, table[:, item]), whole)
    shorter = toys.index_of(table[:, :-1], codes) if table.shape[1] > 1 else None
    if shorter is not None:  # a film that the catalogue did not have
        assert equal(shorter.add_item(table.shape[1] - 1, table[:, -1]), whole)


def test_updates_of_a_real_index_equal_a_rebuild(trained, trained_index):
    codes = torch.from_numpy(trained_index.codes).long()
    A = trained.code_scores(codes).numpy()
    others = np.setdiff1d(np.arange(trained.n_items), [7])
    rebuilt = sm.SparseIndex.build(trained, items=others)
    assert (trained_index.items == 7).any()
    assert equal(trained_index.withdraw(7), rebuilt)
    assert equal(rebuilt.add_item(7, A[:, 7]), trained_index)


def test_withdrawing_keeps_positions_and_8_bits():
    small = HAND.quantised("int8").withdraw(3)
    assert small.n_items == 5 and 3 not in small.items
    assert small.posting_list([0])[0].tolist() == [0, 4, 2]


@pytest.mark.parametrize(
    ("item", "scores", "message"),
    [
        (-1, np.ones(4), "item = -1; give a whole number, 0 to 5"),
        (6, np.ones(4), "item = 6; give a whole number, 0 to 5"),
        (5, np.ones(3), "one finite number for each of the 4 lists"),
        (5, np.array([1, np.nan, 0, 0]), "finite"),
        (3, np.ones(4), "item 3 has entries already; withdraw it first"),
    ],
)
def test_add_item_refuses(item, scores, message):
    with pytest.raises(ValueError, match=message):
        HAND.add_item(item, scores)


def test_withdraw_refuses():
    with pytest.raises(ValueError, match="item = 5; give a whole number, 0 to 4"):
        HAND.withdraw(5)


def test_the_old_index_stays_as_it_was():
    before = [HAND.items.copy(), HAND.values.copy()]
    for change in (
        lambda: HAND.cut(best=1),
        lambda: HAND.quantised("int8"),
        lambda: HAND.withdraw(0),
        lambda: HAND.add_item(5, np.ones(4)),
    ):
        assert change() is not HAND
    assert np.array_equal(HAND.items, before[0]) and np.array_equal(HAND.values, before[1])
