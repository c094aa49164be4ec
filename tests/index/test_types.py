"""The edge of an index over all types: the answer of the plain int64 / float64 call, or refused."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.model.codebook_tables import ENGINES
from sparcode_mini.model.codes import Codes

N_ITEMS = 130  # more than int8 can hold
RNG = np.random.default_rng(0)
TABLE = RNG.integers(0, 4, (4, N_ITEMS)) * 0.5
INDEX = toys.index_of(TABLE, np.array([[0], [1], [2], [200]]))
ASKED = np.array([[[0], [1]], [[2], [200]]])
ONE_LINE = r"\A[^\n]+\Z"


def same(found, expected):
    return all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def equal_or_refused(call, plain, meaning):
    """Does the call give what the plain call gives, or, without a meaning, a ValueError?"""
    with toys.as_users_call():
        if meaning is None:
            with pytest.raises(ValueError, match=ONE_LINE):
                call()
        else:
            assert same(call(), plain(np.array(meaning, dtype=np.int64)))


# --- positions and counts -----------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@given(toys.whole_numbers(-1, N_ITEMS - 1))
def test_exclude(engine, numbers):
    array, meaning = numbers
    equal_or_refused(
        lambda: INDEX.search(ASKED, 5, [[], array], engine=engine),
        lambda plain: INDEX.search(ASKED, 5, [np.zeros(0, int), plain], engine=engine),
        meaning,
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "exclude", [[[1]], [[1]] * 3, [1, 2], np.array([1, 2]), [[1], 2], [[[1]], [2]], {0: [1]}, "12"]
)
def test_exclude_needs_one_flat_array_for_each_query(engine, exclude):
    with toys.as_users_call(), pytest.raises(ValueError, match=r"\Aexclude [^\n]+\Z"):
        INDEX.search(ASKED, 5, exclude, engine=engine)


COUNTS = {
    "k": lambda n: INDEX.search(ASKED, n),
    "item": lambda n: INDEX.withdraw(n).lists,
    "best": lambda n: INDEX.cut(best=n).lists,
    "n_items": lambda n: [sm.SparseIndex([[0]], [0, 1], [1], [2.0], n).items],
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    with toys.as_users_call():
        for two in toys.COUNTS_OF_TWO:
            assert same(COUNTS[name](two), COUNTS[name](2))
        for wrong in toys.NO_COUNTS:
            if name == "best" and (wrong is None or type(wrong) is int):
                continue  # all entries
            with pytest.raises(ValueError, match=rf"\A{name} = [^\n]+; give a whole number"):
                COUNTS[name](wrong)


@pytest.mark.parametrize("item", [N_ITEMS, np.uint8(N_ITEMS), np.int64(N_ITEMS)])
def test_an_item_that_is_added_may_have_any_integer_type(item):
    with toys.as_users_call():
        larger = INDEX.add_item(item, [1, 2, 0, 4])
    assert larger.n_items == N_ITEMS + 1
    assert larger.posting_list([200])[0][0] == N_ITEMS


@pytest.mark.parametrize("item", [*toys.NO_COUNTS, -1, np.int8(-1), N_ITEMS + 1])
def test_an_item_that_is_added_is_a_position(item):
    with toys.as_users_call(), pytest.raises(ValueError, match=r"\Aitem = [^\n]+\Z"):
        INDEX.add_item(item, np.ones(4))


# --- codes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@given(toys.whole_numbers(0, 2**31 - 1, least=2, most=2))
def test_codes_of_a_search(engine, numbers):
    array, meaning = numbers
    equal_or_refused(
        lambda: INDEX.search(array.reshape(1, 2, 1), 5, None, "empty", engine),
        lambda plain: INDEX.search(plain.reshape(1, 2, 1), 5, None, "empty", engine),
        meaning,
    )


@given(toys.whole_numbers(0, 2**31 - 1, least=1, most=1))
def test_code_of_a_list(numbers):
    array, meaning = numbers
    if meaning is not None and meaning[0] not in (0, 1, 2, 200):
        with toys.as_users_call(), pytest.raises(KeyError, match=rf"code \({meaning[0]},\)"):
            INDEX.posting_list(array)
        return
    equal_or_refused(lambda: INDEX.posting_list(array), INDEX.posting_list, meaning)


@pytest.mark.parametrize("code", [0, [0, 1], [[0]], [], "0", [True], [0.0]])
def test_a_code_is_a_flat_array_of_m_integers(code):
    with toys.as_users_call(), pytest.raises(ValueError, match=r"\Acode has [^\n]+\Z"):
        INDEX.posting_list(code)


@pytest.mark.parametrize("keys", [[[0]], [[[0, 1]]], [[[0.0]]], 0])
def test_rows_are_those_of_whole_codes(keys):
    with toys.as_users_call(), pytest.raises(ValueError, match=r"\Acodes ha(s|ve) [^\n]+\Z"):
        INDEX.rows_of(np.array(keys))


KEYS = torch.zeros((1, 2, 1, 1), dtype=torch.int64)


@pytest.mark.parametrize(
    ("keys", "weights"),
    [
        (KEYS.double(), torch.ones(1, 2, 1)),
        (KEYS.bool(), torch.ones(1, 2, 1)),
        (KEYS, torch.tensor([[[1.0], [np.nan]]])),
        (KEYS, torch.tensor([[[1.0], [np.inf]]])),
        (KEYS, torch.ones(1, 2, 1).bfloat16()),
        (KEYS, torch.ones(1, 2, 1, dtype=torch.complex64)),
        (KEYS, torch.ones(2, 1)),
        (KEYS[0], torch.ones(1, 2, 1)),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_codes_with_weights_are_checked_where_they_are_used(keys, weights, engine):
    with toys.as_users_call(), pytest.raises(ValueError, match=ONE_LINE):
        INDEX.search(Codes(keys, weights), 3, engine=engine)


# --- values -------------------------------------------------------------------------------------


def scores_or_refused(call, values, meaning):
    """Does the call give the index of the same numbers as float64?"""
    with toys.as_users_call():
        if meaning is None:
            with pytest.raises(ValueError, match=ONE_LINE):
                call(values)
            return
        found, expected = call(values), call(meaning)
    assert found.values.dtype.kind == "f"
    np.testing.assert_array_equal(found.values.astype(np.float64), expected.values)
    np.testing.assert_array_equal(found.items, expected.items)


def by_matrix(values):
    return sm.SparseIndex.from_csr(scipy.sparse.coo_matrix((values, ([0, 1, 1], [2, 0, 1]))))


THREE = np.arange(3)[:, None]
WAYS = {
    "from_scores": lambda v: sm.SparseIndex.from_scores([[0]], [v], 3),
    "by hand": lambda v: sm.SparseIndex([[0], [1], [2]], [0, 1, 2, 3], [0, 1, 2], v, 3),
    "with_values": lambda v: toys.index_of(np.eye(3), THREE).with_values(v),
    "add_item": lambda v: toys.index_of(np.eye(3), THREE).add_item(3, v),
}


@pytest.mark.parametrize("way", WAYS)
@given(toys.real_numbers(3))
def test_values(way, numbers):
    scores_or_refused(WAYS[way], *numbers)


@given(toys.real_numbers(3))
def test_values_of_a_matrix(numbers):
    values, meaning = numbers
    if values.dtype.str[1:] == "f2" or not values.dtype.isnative or values.dtype.kind in "MmOUS":
        with toys.as_users_call(), pytest.raises((ValueError, TypeError)):  # scipy has no such
            by_matrix(values)
            raise ValueError
        return
    scores_or_refused(by_matrix, values, meaning)


def test_entries_of_one_place_are_added_as_floats():
    parts = (np.array([200, 100], np.uint8), (np.array([0, 0]), np.array([1, 1])))
    index = sm.SparseIndex.from_csr(scipy.sparse.coo_matrix(parts, shape=(1, 2)))
    assert index.posting_list([0])[1].tolist() == [300.0]
    twice = scipy.sparse.csr_matrix((np.array([True, True]), np.array([1, 1]), np.array([0, 2])))
    assert sm.SparseIndex.from_csr(twice).posting_list([0])[1].tolist() == [2.0]


def test_integers_are_cut_shifted_and_quantised_as_floats():
    for dtype in (np.uint8, np.int64, np.float64):
        index = sm.SparseIndex.from_csr(scipy.sparse.csr_matrix(np.array([[5, 3, 1]], dtype)))
        assert index.cut(bias=-2.5).posting_list([0])[1].tolist() == [2.5, 0.5]
        assert index.add_item(3, [300.5]).posting_list([0])[1].tolist() == [300.5, 5, 3, 1]
        assert index.with_values([0.5, 7, 1]).posting_list([0])[0].tolist() == [1, 2, 0]
        assert index.quantised("int8").posting_list([0])[1][0] == pytest.approx(5)
    bools = sm.SparseIndex.from_csr(scipy.sparse.csr_matrix([[True, False, True]]))
    assert bools.cut(bias=-0.25).posting_list([0])[1].tolist() == [0.75, 0.75]


def test_a_limit_means_the_same_in_any_type():
    index = toys.index_of(np.array([[0.7, 0.3]], np.float32), np.zeros((1, 1), int))
    with toys.as_users_call():
        for kind in (float, np.float64, np.longdouble):
            assert len(index.cut(threshold=kind(0.7)).items) == 1
        for name in ("threshold", "bias"):
            for wrong in (True, "0", np.nan, -np.inf, 0j, None):
                with pytest.raises(ValueError, match=rf"\A{name} = [^\n]+\Z"):
                    index.cut(**{name: wrong})


@pytest.mark.parametrize(
    "call",
    [
        lambda: INDEX.add_item(N_ITEMS, [1e300, 1, 1, 1]),  # of an index in float16
        lambda: INDEX.with_values(INDEX.values[:-1]),
        lambda: INDEX.quantised("int8").with_values(INDEX.values),
        lambda: sm.SparseIndex.from_scores([[0]], [np.ones(4)], 3),
        lambda: sm.SparseIndex.from_scores([[0]], [np.ones(2)], 3),
        lambda: sm.SparseIndex.from_csr(np.ones((2, 2))),
        lambda: sm.SparseIndex.from_csr(scipy.sparse.coo_array(np.ones(3))),
        lambda: sm.SparseIndex([[0]], [0, 1], [0], np.array([3], np.uint8), 1, scales=[-1.0]),
        lambda: sm.SparseIndex([[0]], [0, 1], [0], np.array([3.0]), 1, scales=[1.0]),
        lambda: toys.index_of(np.array([[1e-50]]), np.zeros((1, 1), int)).quantised("int8"),
        lambda: toys.index_of(np.array([[1e300]]), np.zeros((1, 1), int)).quantised("int8"),
    ],
)
def test_refused(call, monkeypatch):
    monkeypatch.setitem(globals(), "INDEX", INDEX.quantised("float16"))
    with toys.as_users_call(), pytest.raises(ValueError, match=ONE_LINE):
        call()


def test_levels_of_8_bits_stay_in_their_range_for_the_smallest_values():
    tiny = np.float32(np.finfo(np.float32).tiny) * 255
    index = toys.index_of(np.array([[tiny * 2, tiny]], np.float32), np.zeros((1, 1), int))
    assert index.quantised("int8").values.tolist() == [255, 128]


# --- sums for items that have entries -----------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=50)
@given(toys.index_problems(), st.sampled_from([1, 10**5, 2**31 - 1]))
def test_a_large_catalogue_of_few_entries_is_searched_as_a_small_one(engine, problem, n_items):
    index, _, _, keys, weights, k, exclude, _ = problem
    n_items = max(n_items, index.n_items)
    far = (n_items - 1) // max(index.n_items - 1, 1)  # spreads items over the catalogue, in order
    codes = Codes(torch.from_numpy(keys), torch.from_numpy(weights))
    spread = sm.SparseIndex(
        index.codes, index.offsets, index.items.astype(np.int64) * far, index.values, n_items
    )
    barred = None if exclude is None else [np.append(e * far, n_items - 1) for e in exclude]
    if exclude is not None:
        exclude = [np.append(e, n_items - 1 if far == 1 else -1) for e in exclude]
        last = (index.n_items - 1) * far
        exclude = [np.append(e, index.n_items - 1) if last == n_items - 1 else e for e in exclude]
        exclude = [e[e < index.n_items] for e in exclude]
    small = index.search(codes, k, exclude, "empty", engine)
    large = spread.search(codes, k, barred, "empty", engine)
    np.testing.assert_array_equal(np.where(small[0] >= 0, small[0] * far, -1), large[0])
    np.testing.assert_array_equal(small[1], large[1])
    np.testing.assert_array_equal(small.missing, large.missing)
    assert [part.dtype for part in small] == [part.dtype for part in large]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_memory_of_a_search_grows_with_the_entries(engine):
    index = sm.SparseIndex([[0], [1]], [0, 2, 3], [0, 10**9, 5], [3.0, 2.0, 1.0], 2**31 - 1)
    index.search(np.zeros((1, 1, 1), int), 1, engine=engine)
    tracemalloc.start()
    positions, _ = index.search(np.zeros((50, 1, 1), int), 4, [[0]] * 50, engine=engine)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert positions[0].tolist() == [10**9, -1, -1, -1]
    assert peak < 10**6
