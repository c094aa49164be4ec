"""The compiled search gives what the plain one gives."""

import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import sparcode_mini as sm
import toys


def random_index(n_items, n_lists, density, dtype, seed):
    rng = np.random.default_rng(seed)
    table = rng.exponential(size=(n_lists, n_items)) * (rng.random((n_lists, n_items)) < density)
    return toys.index_of(table.astype(np.float32), np.arange(n_lists)[:, None]).quantised(dtype)


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.2, 1.0]), st.integers(1, 60))
def test_both_engines_give_the_same_bits(precision, seed, density, k):
    index = random_index(60, 8, density, precision, seed)
    rng = np.random.default_rng(seed)
    codes = sm.Codes(
        torch.from_numpy(rng.integers(8, size=(5, 3, 2, 1))),
        torch.from_numpy(rng.random((5, 3, 2)).astype(np.float32)),
    )
    exclude = [rng.integers(-1, 60, size=n) for n in rng.integers(0, 9, size=5)]
    plain = index.search(codes, k, exclude, engine="plain")
    for _ in range(2):  # the second search finds the row of sums as the first has left it
        fast = index.search(codes, k, exclude, engine="compiled")
        assert all(np.array_equal(a, b) for a, b in zip(plain, fast, strict=True))


def test_codes_of_any_width_are_found():
    rng = np.random.default_rng(0)
    codes = np.unique(rng.integers(2**31 - 1, size=(40, 3)), axis=0)
    codes = np.concatenate(
        [codes, codes[:5] + np.array([0, 0, 1])]
    )  # neighbours in the sorted table
    index = toys.index_of(rng.random((len(codes), 7)), codes)
    asked = np.concatenate([codes, codes + np.array([0, 1, 0])])[
        :, None
    ]  # half of them have no list
    plain = index.search(asked, 7, on_missing="empty", engine="plain")
    fast = index.search(asked, 7, on_missing="empty", engine="compiled")
    assert plain.missing.sum() == len(codes) and np.array_equal(plain.missing, fast.missing)
    assert all(np.array_equal(a, b) for a, b in zip(plain, fast, strict=True))


def test_an_error_leaves_no_soiled_sums():
    index = random_index(20, 4, 1.0, "float32", 3)
    codes = np.zeros((1, 2, 1), int)
    before = index.search(codes, 5, engine="compiled")
    with pytest.raises(
        ValueError, match="exclude has the value 99; give item positions from -1 to 19"
    ):
        index.search(codes, 5, [np.array([99])], engine="compiled")
    assert np.array_equal(before[1], index.search(codes, 5, engine="compiled")[1])


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="engine = 'gpu'; choose one of"):
        random_index(5, 2, 1.0, "float32", 0).search(np.zeros((1, 1, 1), int), 1, engine="gpu")


def test_without_numba_the_remedy_is_named(monkeypatch):
    for name in ("numba", "sparcode_mini.compiled.jit", "sparcode_mini.compiled.search"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r"sparcode-mini\[speed\]"):
        random_index(5, 2, 1.0, "float32", 0).search(np.zeros((1, 1, 1), int), 1, engine="compiled")
