"""Both engines against a dense table, with ties, empty lists, repeated and missing codes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import toys
from sparcode_mini.model.codebook_tables import ENGINES
from sparcode_mini.model.codes import Codes


def weighted(keys, weights):
    return Codes(torch.from_numpy(keys), torch.from_numpy(weights))


def dense_search(table, listed, keys, weights, k, exclude, on_missing, codebooks):
    """What search must return, code by code: (positions, values, missing)."""

    def vector(code):
        return np.concatenate([codebooks[m][c] for m, c in enumerate(code)])

    where = {code: row for row, code in enumerate(map(tuple, listed.tolist()))}
    y, missing = np.zeros((len(keys), table.shape[1])), np.zeros(len(keys), dtype=int)
    flat = [query.reshape(-1, keys.shape[-1]).tolist() for query in keys]
    for b, query in enumerate(flat):
        for code, weight in zip(map(tuple, query), weights[b].ravel(), strict=True):
            row = where.get(code)
            if row is None:
                missing[b] += 1
                if on_missing == "empty":
                    continue
                far = [np.square(vector(code) - vector(other)).sum() for other in listed.tolist()]
                row = int(np.argmin(far))
            y[b] += weight * table[row]
    return *toys.plain_top_k(y, k, exclude), missing


@pytest.mark.parametrize("engine", ENGINES)
@given(toys.index_problems(), st.sampled_from(["empty", "nearest"]))
def test_search_equals_a_dense_reference(engine, problem, on_missing):
    index, table, listed, keys, weights, k, exclude, codebooks = problem
    found = index.search(weighted(keys, weights), k, exclude, on_missing, engine)
    positions, values, missing = dense_search(
        table, listed, keys, weights, k, exclude, on_missing, codebooks
    )
    np.testing.assert_array_equal(found[0], positions)
    np.testing.assert_array_equal(found[1], values)
    np.testing.assert_array_equal(found.missing, missing)
    assert (found[0].dtype, found[1].dtype) == (np.int64, np.float64)


@given(toys.index_problems())
def test_an_array_is_one_probe_of_weight_one(problem):
    index, _, listed, keys, _, k, exclude, _ = problem
    lists = listed[np.random.default_rng(0).integers(len(listed), size=keys.shape[:2])]
    expected = index.search(
        weighted(lists[:, :, None], np.ones(lists.shape[:2])[..., None]), k, exclude
    )
    for codes in (lists, lists.astype(np.uint8), torch.from_numpy(lists)):
        found = index.search(codes, k, exclude)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])
        assert found.missing.tolist() == [0] * len(lists)


@given(toys.index_problems())
def test_a_missing_list_raises_and_names_the_code(problem):
    index, _, listed, keys, weights, k, *_ = problem
    known = set(map(tuple, listed.tolist()))
    lost = [
        code for code in map(tuple, keys.reshape(-1, keys.shape[-1]).tolist()) if code not in known
    ]
    if not lost:
        index.search(weighted(keys, weights), k)
        return
    with pytest.raises(KeyError) as caught:
        index.search(weighted(keys, weights), k)
    assert f"code {lost[0]} has no list ({len(lost)} such" in str(caught.value)


TABLE = np.array([[3, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], dtype=np.float32)
HAND = toys.index_of(
    TABLE, np.array([[0], [1], [5]]), np.arange(6.0, dtype=np.float32)[None, :, None]
)


def test_search_by_hand():
    positions, values = HAND.search(np.array([[[0], [1]], [[1], [1]], [[5], [5]]]), k=4)
    assert positions.tolist() == [[0, 2, 1, -1], [0, 1, 2, -1], [-1, -1, -1, -1]]
    assert values.tolist() == [[4, 2, 1, 0], [2, 2, 2, 0], [0, 0, 0, 0]]


def test_the_three_ways_with_a_missing_list():
    codes = np.array([[[0], [2]], [[4], [1]], [[0], [0]]])
    with pytest.raises(KeyError, match=r"code \(2,\) has no list \(2 such in this search\)"):
        HAND.search(codes, k=2)
    empty = HAND.search(codes, k=2, on_missing="empty")
    assert empty[1].tolist() == [[3, 1], [1, 1], [6, 2]]
    nearest = HAND.search(codes, k=2, on_missing="nearest")  # 2 -> list 1, 4 -> list 5
    assert nearest[1].tolist() == [[4, 2], [1, 1], [6, 2]]
    assert empty.missing.tolist() == nearest.missing.tolist() == [1, 1, 0]


def test_many_queries_are_searched_in_parts():
    rng = np.random.default_rng(0)
    table = rng.integers(0, 3, (6, 11)).astype(np.float32)
    index = toys.index_of(table, np.arange(6)[:, None])
    codes = rng.integers(0, 6, (600, 3, 1))
    exclude = [rng.integers(0, 11, 3) for _ in range(600)]
    positions, values = index.search(codes, k=5, exclude=exclude)
    expected = toys.plain_top_k(table[codes[..., 0]].sum(axis=1), 5, exclude)
    np.testing.assert_array_equal(positions, expected[0])
    np.testing.assert_array_equal(values, expected[1])


@pytest.mark.parametrize("k", [-1, 0, 5])
def test_search_refuses_k(k):
    with pytest.raises(ValueError, match=f"k = {k}; give a whole number, 1 to 4"):
        HAND.search(np.zeros((1, 1, 1), dtype=np.int64), k=k)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((2, 1), dtype=np.int64), r"shape \(2, 1\)"),
        (np.zeros((1, 1, 1, 1), dtype=np.int64), r"shape \(1, 1, 1, 1\)"),
        (np.zeros((1, 1, 1)), "type float64"),
        (np.zeros((1, 1, 1), dtype=bool), "type bool"),
        (np.zeros((1, 1, 2), dtype=np.int64), "codes have M = 2, the index M = 1"),
        (weighted(np.zeros((1, 1, 1, 3), dtype=np.int64), np.ones((1, 1, 1))), "codes have M = 3"),
        (np.full((1, 1, 1), 2**32), "4294967296"),  # would be code 0 in 32 bits
        (np.full((1, 1, 1), -1), "-1"),
    ],
)
def test_search_refuses_codes_of_another_form(codes, message):
    with pytest.raises(ValueError, match=message):
        HAND.search(codes, k=1, on_missing="empty")


def test_search_refuses_an_unknown_way_even_if_nothing_is_missing():
    for code in (0, 2):
        with pytest.raises(ValueError, match=r"on_missing = 'zero'.*'nearest' or 'empty'"):
            HAND.search(np.full((1, 1, 1), code), k=1, on_missing="zero")


def test_nearest_needs_codewords_and_codes_that_exist():
    bare = toys.index_of(TABLE, np.array([[0], [1], [5]]))
    with pytest.raises(ValueError, match="knows no codewords"):
        bare.search(np.full((1, 1, 1), 2), k=1, on_missing="nearest")
    with pytest.raises(ValueError, match=r"codes span 9\.\.9; N = 6"):
        HAND.search(np.full((1, 1, 1), 9), k=1, on_missing="nearest")


@pytest.mark.parametrize("queries", [1, 256])
def test_search_refuses_exclude_of_another_length(queries):
    exclude = [np.array([0])] * (queries + 1)
    with pytest.raises(ValueError, match=f"{queries + 1} lists for {queries} queries"):
        HAND.search(np.zeros((queries, 1, 1), dtype=np.int64), k=1, exclude=exclude)


@pytest.mark.parametrize("M", [8, 9])
def test_codes_whose_integer_keys_would_overflow(M):
    # N = 256: keys to base 256 reach 2^64 (M = 8) or repeat modulo it (M = 9); as float64 keys,
    # codes that differ in the last place only would be one.
    codes = np.zeros((6, M), dtype=np.int64)
    codes[1, 0] = 1
    codes[2, 0], codes[3, 0] = 128, 255
    codes[4], codes[5, 0], codes[5, -1] = 255, 128, 1
    table = np.eye(6, dtype=np.float32) * np.arange(1, 7)
    index = toys.index_of(table, codes)
    positions, values = index.search(codes[:, None], k=1)
    assert positions[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert values[:, 0].tolist() == [1, 2, 3, 4, 5, 6]
    absent = codes[:1].copy()
    absent[0, 1] = 1
    with pytest.raises(KeyError, match="has no list"):
        index.search(absent[:, None], k=1)
