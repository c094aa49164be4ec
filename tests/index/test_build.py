"""Lists that grow block by block are those of the whole table, ties and all."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.index import build
from sparcode_mini.index import lists as posting
from sparcode_mini.index.build import RunningLists
from sparcode_mini.model import codebook_tables


def equal(a, b):
    for one, other in zip(a, b, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@given(
    st.integers(1, 5), st.integers(1, 40), st.integers(1, 9), st.none() | st.integers(1, 8),
    st.sampled_from([np.float32, np.float64]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_blocks_give_the_lists_of_the_whole(n_lists, n_items, at_once, best, dtype, seed):
    A = np.random.default_rng(seed).integers(-2, 5, (n_lists, n_items)).astype(dtype)  # many ties
    whole = posting.cut(posting.from_rows(A), best)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "LEAST_WAITING", 1)  # cut at every chance
        patch.setattr(build, "TIMES_TOO_MANY", 1)
        running = RunningLists(n_lists, best)
        for start in range(0, n_items, at_once):
            positions = np.arange(start, min(start + at_once, n_items))
            running.add(positions, A[:, positions])
    equal(running.lists(), whole)


def test_what_waits_is_bounded(monkeypatch):
    monkeypatch.setattr(build, "LEAST_WAITING", 1)
    running, rng = RunningLists(3, best=5), np.random.default_rng(0)
    for start in range(0, 4000, 10):
        running.add(np.arange(start, start + 10), rng.random((3, 10)))
        assert running.count <= 4 * 3 * 5
    assert running.lists().offsets.tolist() == [0, 5, 10, 15]


def test_no_list_is_refused_an_entry_because_another_is_full(monkeypatch):
    monkeypatch.setattr(build, "LEAST_WAITING", 1)
    running = RunningLists(2, best=2)
    for start in range(0, 30, 3):
        running.add(np.arange(start, start + 3), np.array([[9.0, 9, 9], [0, 0, 0]]))
    running.add(np.array([30]), np.array([[9.0], [1e-3]]))
    found = running.lists()
    assert (found.items.tolist(), found.values.tolist()) == ([0, 1, 30], [9, 9, 1e-3])


@pytest.mark.parametrize("options", [{"M": 1}, {"M": 2, "N": 4}, {"scorer": "attention"}])
@pytest.mark.parametrize("best", [None, 4])
def test_the_size_of_blocks_does_not_matter(toy_split, options, best, monkeypatch):
    model = toys.small(sm.SparCode, toy_split, **options)
    whole = sm.SparseIndex.build(model, codes="all").cut(best=best)
    monkeypatch.setattr(codebook_tables, "NUMBERS_AT_ONCE", 1)
    monkeypatch.setattr(codebook_tables, "LEAST_ITEMS", 7)
    monkeypatch.setattr(build, "LISTS_AT_ONCE", 5)
    monkeypatch.setattr(build, "SHOW_PAIRS", 0)  # with a progress bar
    parts = sm.SparseIndex.build(model, codes="all", best=best)
    np.testing.assert_array_equal(parts.offsets, whole.offsets)
    np.testing.assert_array_equal(parts.items, whole.items)
    np.testing.assert_allclose(parts.values, whole.values, rtol=1e-9)


def test_items_on_offer(trained):
    offered = np.array([7, 3, 3, 50])
    few = sm.SparseIndex.build(trained, items=offered)
    whole = sm.SparseIndex.build(trained)
    keep = np.isin(whole.items, offered)
    np.testing.assert_array_equal(few.items, whole.items[keep])
    np.testing.assert_allclose(few.values, whole.values[keep], rtol=1e-9)
    assert few.n_items == whole.n_items
    for wrong in (np.array([], dtype=int), np.array([60]), np.array([-1])):
        with pytest.raises(ValueError, match=r"give at least one position in 0\.\.59"):
            sm.SparseIndex.build(trained, items=wrong)


def test_tokens_of_some_items_are_rows_of_all(trained):
    some = torch.tensor([5, 0, 59])
    torch.testing.assert_close(trained.items(some), trained.items()[some])


@pytest.mark.parametrize(("number", "shown"), [(np.nan, "nan"), (np.inf, "inf")])
@pytest.mark.parametrize("options", [{"M": 1}, {"M": 2, "N": 4}])
def test_scores_that_are_no_numbers_are_refused(toy_split, options, number, shown):
    model = toys.small(sm.SparCode, toy_split, **options)
    model.item_bias.data[42] = number
    with pytest.raises(ValueError, match=rf"item 142 under code \[0.*\] is {shown}; .*lower lr"):
        sm.SparseIndex.build(model, codes="all")


def test_a_broken_code_is_named(trained):
    model = toys.twin(trained)
    model.quantizer.codebooks.data[0, 4] = np.nan
    with pytest.raises(ValueError, match=r"item 100 under code \[4\] is nan"):
        sm.SparseIndex.build(model, codes="all")


def test_best_below_one_is_refused():
    with pytest.raises(ValueError, match="best = 0; keep at least 1"):
        RunningLists(2, best=0)
