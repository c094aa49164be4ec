"""What an index file may hold, and what is refused in one line that names it."""

import time
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.index.stored import KIND
from sparcode_mini.tools.files import save_tensors

PARTS = {
    "codes": np.array([[0], [1]], np.int32),
    "offsets": np.array([0, 2, 3]),
    "items": np.array([0, 1, 2], np.int32),
    "values": np.array([3, 2, 1], np.float32),
}
BYTES = {"values": np.array([255, 9, 255], np.uint8), "scales": np.array([0.5, 2], np.float32)}


def stored(path, meta=None, **changes):
    """Write a file that has the right checksum whatever it holds."""
    parts = {name: part for name, part in (PARTS | changes).items() if part is not None}
    meta = {"n_items": 5} if meta is None else meta
    return save_tensors(path / "index.safetensors", parts, meta, kind=KIND, version=1)


def refuses(path, message=""):
    with pytest.raises(ValueError, match=rf"\A[^\n]*index.safetensors: [^\n]*{message}[^\n]*\Z"):
        sm.SparseIndex.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"evil": np.zeros(3)}, r"has \['evil'\]"),
        ({"values": None}, r"lacks \['values'\]"),
        ({"items": np.array([0, 0, 2], np.int32)}, "list 0 holds item 0 twice"),
        ({"values": np.array([2.0, 3, 1])}, "list 0 is out of order at item 1"),
        ({"codes": np.array([0, 1])}, r"codes have shape \(2,\)"),
        ({"codes": np.zeros((2, 0), int)}, r"codes have shape \(2, 0\)"),
        ({"codes": np.array([[0.5], [1.5]])}, "codes are float64"),
        ({"codes": np.array([[-1], [1]])}, "codes has the value -1"),
        ({"codes": np.array([[0], [2**31]])}, "codes has the value 2147483648"),
        ({"codes": np.array([[1], [1]])}, "1 codes have two lists"),
        ({"offsets": np.array([0, 3, 2])}, "never fall"),
        ({"offsets": np.array([0, 2, 4])}, "offsets end at 4, but there are 3 entries"),
        ({"offsets": np.array([0.0, 2.0, 3.0])}, "offsets are float64"),
        ({"offsets": np.array([], np.int64)}, r"offsets \(0,\)"),
        ({"offsets": np.array([0, -1, 3])}, "offsets has the value -1"),
        ({"items": np.array([0, 2**32 + 1, 2])}, "items has the value 4294967297"),
        ({"items": np.array([0, 1, 5])}, "items has the value 5; give item positions from 0 to 4"),
        ({"items": np.array([True, False, True])}, "items are bool"),
        ({"items": np.array([0.9, 1.9, 2.9])}, "items are float64"),
        ({"items": np.array([0, 1, 2], np.uint64)}, "items are uint64"),
        ({"values": np.array([np.inf, 2, 1])}, "finite number > 0"),
        ({"values": np.array([2.0, 0, 1])}, "finite number > 0"),
        ({"values": np.ones((3, 1))}, r"values \(3, 1\)"),
        ({"values": torch.tensor([3.0, 2, 1]).bfloat16()}, "values are bfloat16"),
        ({"values": np.array([True] * 3)}, "values are bool"),
        (BYTES | {"scales": np.array([np.nan, 1.0])}, r"scales\[0\] is nan"),
        (BYTES | {"scales": np.array([-1.0, 1.0])}, "scales must be > 0"),
        (BYTES | {"scales": np.array([0.0, 1.0])}, "scales must be > 0"),
        (BYTES | {"scales": np.array([1, 1])}, "scales are int64"),
        (BYTES | {"scales": np.ones(3)}, r"scales have shape \(3,\)"),
        ({"scales": np.ones(2)}, "values are float32"),
        ({"codebooks": np.zeros(3)}, r"codebooks have shape \(3,\)"),
        ({"codebooks": np.zeros((2, 2, 4))}, r"codebooks have shape \(2, 2, 4\)"),
        ({"codebooks": np.zeros((1, 1, 4))}, r"codes span 0\.\.1, but N = 1"),
        ({"codebooks": np.full((1, 2, 1), np.nan)}, r"codebooks\[\(0, 0, 0\)\] is nan"),
        ({name: part[:0] for name, part in PARTS.items()} | {"offsets": np.array([0])}, "one list"),
    ],
)
def test_contents_that_no_index_can_have(tmp_path, changes, message):
    refuses(stored(tmp_path, **changes), message)


@pytest.mark.parametrize("n_items", ["5", 5.7, None, True, -1, 0, 2, 10**18, 2**31, float("nan")])
def test_n_items_that_no_index_can_have(tmp_path, n_items):
    refuses(stored(tmp_path, {"n_items": n_items}))
    refuses(stored(tmp_path, {}), "it lacks 'n_items'")


ANSWER = [[[0, 1, -1]], [[3, 2, 0]]]


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, ANSWER),
        ({"values": np.array([3, 2, 1])}, ANSWER),  # older versions stored integers
        ({"items": PARTS["items"].astype(np.int64)}, ANSWER),
        ({"codes": PARTS["codes"].astype(np.uint8)}, ANSWER),
        (BYTES, [[[0, 1, -1]], [[127.5, 4.5, 0]]]),
    ],
)
def test_contents_in_other_types_are_read_as_they_are_meant(tmp_path, changes, answer):
    index = sm.SparseIndex.load(stored(tmp_path, **changes))
    assert [part.tolist() for part in index.search(np.zeros((1, 1, 1), int), k=3)] == answer


def test_a_file_that_is_too_large_for_its_catalogue_is_refused_before_it_is_read(tmp_path):
    many = np.zeros(2_000_000, np.int32)
    path = stored(tmp_path, items=many, values=many.astype(np.float32))
    tracemalloc.start()
    start = time.perf_counter()
    refuses(path, "2000000 entries, more than 2 lists of 5 items")
    seconds, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 1 and peak < 10**6


@given(st.data())
def test_a_changed_file_is_refused_or_is_a_whole_index(tmp_path_factory, data):
    """One array of a good file becomes another: what is loaded then answers as its table says."""
    name = data.draw(st.sampled_from(list(PARTS)))
    size = PARTS[name].size
    array = data.draw(toys.whole_numbers(-1, 6, size, size) | toys.real_numbers(size))[0]
    if array.dtype.kind not in "iufb" or array.dtype.itemsize > 8:
        return  # no such file can be written
    array = array.astype(array.dtype.newbyteorder("=")).reshape(PARTS[name].shape)
    path = stored(tmp_path_factory.mktemp("index"), **{name: array})
    try:
        index = sm.SparseIndex.load(path)
    except ValueError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)
        return
    parts = {n: p.astype(float) for n, p in (PARTS | {name: array}).items()}
    for part in ("codes", "offsets", "items", "values"):
        np.testing.assert_array_equal(getattr(index, part).astype(float), parts[part])
    table = np.zeros((2, 5))
    table[index.lists.rows(), index.items] = index.values
    keys = index.codes[None]  # (1, 2, 1)
    expected = toys.plain_top_k(table.sum(axis=0)[None], 5, None)
    for engine in ("plain", "compiled"):
        found = index.search(keys, 5, engine=engine)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])
