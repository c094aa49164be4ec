"""Lists that grow block by block are those of the whole table, ties and all."""

import itertools

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
from sparcode_mini.index.lists import largest_first
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
    whole = posting.cut(posting.from_rows(A, n_items), best)
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
        with pytest.raises(ValueError, match=r"^items .*; give .*position"):
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
    with pytest.raises(ValueError, match="best = 0; give a whole number, 1 or more"):
        RunningLists(2, best=0)


def test_lists_are_the_positive_scores_of_a_code(trained, trained_index):
    A = trained.code_scores(torch.from_numpy(trained_index.codes).long()).numpy()  # (C, I)
    for code, row in zip(trained_index.codes.tolist(), A, strict=True):
        items, values = trained_index.posting_list(code)
        assert sorted(items.tolist()) == np.flatnonzero(row > 0).tolist()
        assert (np.diff(values) <= 0).all()
        np.testing.assert_allclose(values, row[items], rtol=1e-12)
    np.testing.assert_array_equal(
        trained_index.codebooks, trained.quantizer.codebooks.detach().numpy()
    )


def test_best_keeps_the_largest_of_every_list(trained, trained_index):
    assert trained_index.stats()["longest"] > 5
    short = sm.SparseIndex.build(trained, best=5)
    np.testing.assert_array_equal(short.codes, trained_index.codes)
    for code in short.codes.tolist():
        for kept, full in zip(
            short.posting_list(code), trained_index.posting_list(code), strict=True
        ):
            np.testing.assert_array_equal(kept, full[:5])
    with pytest.raises(ValueError, match="best = 0; give a whole number, 1 or more"):
        sm.SparseIndex.build(trained, best=0)


def test_best_breaks_ties_by_position():
    row = np.array([1.0, 3.0, 0.0, 3.0, 1.0, -2.0, 3.0])
    assert largest_first(row).tolist() == [1, 3, 6, 0, 4]
    index = toys.index_of(row[None], np.array([[0]]))
    assert index.cut(best=2).items.tolist() == [1, 3]
    assert index.cut(best=4).items.tolist() == [1, 3, 6, 0]


def test_codes_to_build(toy_split):
    model = toys.small(sm.SparCode, toy_split, M=2, N=3)
    everything = np.array(list(itertools.product(range(3), repeat=2)))
    np.testing.assert_array_equal(sm.SparseIndex.build(model, codes="all").codes, everything)
    users = toys.known_users(toy_split)
    seen = torch.cat([model.encode(users, h).codes for h in ("train", "train+validation")])
    expected = np.unique(seen.reshape(-1, 2).numpy(), axis=0)
    assert 0 < len(expected) < 9
    np.testing.assert_array_equal(sm.SparseIndex.build(model, codes="seen").codes, expected)
    given_codes = np.array([[2, 1], [0, 2], [2, 1]], dtype=np.int32)
    for codes in (given_codes, torch.from_numpy(given_codes)):
        index = sm.SparseIndex.build(model, codes=codes)
        assert index.codes.tolist() == [[0, 2], [2, 1]]


def test_all_refuses_too_many_codes_at_once(toy_split):
    model = toys.small(sm.SparCode, toy_split, M=8, N=256)
    with pytest.raises(ValueError, match=r"N\^M = 256\^8 = 18,446,744,073,709,551,616 lists"):
        sm.SparseIndex.build(model, codes="all")
    wide = np.zeros((3, 8), dtype=np.int64)
    wide[1:, 0] = 255, 128
    index = sm.SparseIndex.build(model, codes=wide)
    assert index.codes[:, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ("some", "choose 'seen', 'all' or an array"),
        (np.zeros((2, 2), dtype=np.int64), r"shape \(2, 2\); give integers \(C, M = 1\)"),
        (np.zeros(2, dtype=np.int64), r"shape \(2,\)"),
        (np.zeros((2, 1)), "codes has values of type float64, such as 0.0; give codes from 0 to 5"),
        (np.zeros((0, 1), dtype=np.int64), "no codes given"),
        (np.array([[0], [6]]), "codes has the value 6; give codes from 0 to 5"),
        (np.array([[-1]]), "codes has the value -1"),
    ],
)
def test_build_refuses_codes(trained, codes, message):
    with pytest.raises(ValueError, match=message):
        sm.SparseIndex.build(trained, codes=codes)


@pytest.mark.parametrize("stage", ["linear", "soft"])
def test_build_refuses_a_model_whose_training_was_interrupted(trained, stage):
    model = toys.twin(trained)
    model.stage = stage
    with pytest.raises(RuntimeError, match=f"'{stage}' stage"):
        sm.SparseIndex.build(model)
    with pytest.raises(RuntimeError, match=f"'{stage}' stage"):
        sm.SparseIndex.build(model, codes="all")


def test_build_turns_dropout_off(trained):
    model = toys.twin(trained)
    model.train()
    again = sm.SparseIndex.build(model)
    np.testing.assert_array_equal(again.values, sm.SparseIndex.build(trained).values)


def test_an_index_can_be_built_from_the_codes_of_queries(trained, toy_split):
    codes = trained.encode(toy_split.user_ids[:5])
    index = sm.SparseIndex.build(trained, codes)
    distinct = np.unique(codes.codes.numpy().reshape(-1, trained.quantizer.M), axis=0)
    assert np.array_equal(index.codes, distinct)
