"""An explanation is the search, taken apart."""

from dataclasses import replace

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.explain import query as explain_module
from sparcode_mini.explain.query import Read, explain
from sparcode_mini.plots import journey

HISTORY = np.array([4, 9, 31, 7])


@pytest.mark.parametrize("probes", [1, 3])
@pytest.mark.parametrize("exclude_history", [True, False])
def test_parts_add_up_to_the_search(trained, toy_split, probes, exclude_history):
    index = sm.SparseIndex.build(trained, codes="all")
    found = explain(trained, index, HISTORY, 12, probes, exclude_history)
    raw = [toy_split.item_ids[HISTORY].tolist()]
    codes = trained.encode_histories(raw, probes)
    exclude = [HISTORY] if exclude_history else None
    positions, values = index.search(codes, k=12, exclude=exclude)
    np.testing.assert_array_equal(found.positions, positions[0])
    np.testing.assert_array_equal(found.values, values[0])
    np.testing.assert_allclose(found.parts.sum(axis=1), values[0], rtol=1e-12)
    assert found.parts.shape == (12, 2 * probes)
    assert found.results() == toy_split.titles[positions[0][positions[0] >= 0]].tolist()
    assert found.history.tolist() == HISTORY.tolist()
    assert bool(set(HISTORY) & set(found.positions)) <= (not exclude_history)
    y = trained.scores_of_codes(codes)[0].numpy()
    np.testing.assert_allclose(found.values, y[found.positions], rtol=1e-9)


def test_reads_are_the_lists_of_the_codes(trained, trained_index, toy_split):
    found = explain(trained, trained_index, HISTORY, probes=2)
    codes = trained.encode_histories([toy_split.item_ids[HISTORY].tolist()], 2)
    assert [read.token for read in found.reads] == [0, 0, 1, 1]
    assert [read.code for read in found.reads] == [
        tuple(c) for c in codes.codes[0].reshape(4, 1).tolist()
    ]
    assert [read.weight for read in found.reads] == codes.weights[0].flatten().tolist()
    listed = 0
    for read in found.reads:
        if read.code in set(map(tuple, trained_index.codes.tolist())):
            items, values = trained_index.posting_list(read.code)
            np.testing.assert_array_equal(read.items, items)
            np.testing.assert_array_equal(read.values, values)
            listed += 1
    assert listed >= 2


def test_entry():
    read = Read(0, (3,), 0.5, np.array([7, 2]), np.array([4.0, 1.0]))
    assert [read.entry(item) for item in (7, 2, 3)] == [2.0, 0.5, 0.0]


def hand_made():
    """Two reads; three results and an empty place."""
    return explain_module.Explanation(
        history=np.array([0]),
        reads=(
            Read(0, (3,), 1.0, np.array([1, 2]), np.array([1.0, 0.5])),
            Read(1, (4, 5), 1.0, np.array([2]), np.array([2.0])),
        ),
        positions=np.array([2, 1, -1, -1]),
        values=np.array([2.5, 1.0, 0.0, 0.0]),
        parts=np.array([[0.5, 2.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]),
        titles=np.array(["A", "B", "C"]),
    )


def test_lines_by_hand():
    found = hand_made()
    assert found.results() == ["C", "B"]
    assert found.lines() == [
        " 1.   2.500  C  =  token 2 code (4, 5): 2.000 + token 1 code 3: 0.500",
        " 2.   1.000  B  =  token 1 code 3: 1.000",
        " 3.   (no further film has a positive score)",
    ]
    first = found.lines(lists=1)[0]
    assert first == " 1.   2.500  C  =  token 2 code (4, 5): 2.000 + 1 others: 0.500"


def test_lines_of_a_full_list_end_with_the_last_result(trained, trained_index):
    found = explain(trained, trained_index, HISTORY, k=3)
    assert (found.values > 0).all()
    lines = found.lines()
    assert [line[:3] for line in lines] == [" 1.", " 2.", " 3."]
    assert [title in line for title, line in zip(found.results(), lines, strict=True)] == [True] * 3


def test_a_code_without_a_list_adds_nothing_and_is_named(trained, toy_split):
    codes = trained.encode_histories([toy_split.item_ids[HISTORY].tolist()]).codes.flatten()
    other = np.array([[c] for c in range(6) if c not in codes.tolist()])
    index = sm.SparseIndex.build(trained, codes=other)
    found = explain(trained, index, HISTORY, k=3)
    assert found.positions.tolist() == [-1, -1, -1]
    assert [len(read.items) for read in found.reads] == [0, 0]
    assert [read.listed for read in found.reads] == [False, False]
    assert found.lines() == [
        " 1.   (no further film has a positive score)",
        *(
            f"    (token {token} code {code} has no list in this index, so it adds nothing)"
            for token, code in enumerate(codes.tolist(), 1)
        ),
    ]


def test_errors(trained, trained_index, monkeypatch):
    with pytest.raises(ValueError, match="history is empty; give at least one film"):
        explain(trained, trained_index, [])
    for wrong in (60, -1):
        with pytest.raises(ValueError, match=f"history has the value {wrong}; give item positions"):
            explain(trained, trained_index, [3, wrong])
    for wrong in ([0.9], [True], np.array([2**63], np.uint64), [[1]], ["1"]):
        with toys.as_users_call(), pytest.raises(ValueError, match=r"\Ahistory has [^\n]+\Z"):
            explain(trained, trained_index, wrong)
    model = toys.twin(trained)
    model.stage = "soft"
    with pytest.raises(RuntimeError, match="'soft' stage"):
        explain(model, trained_index, HISTORY)
    monkeypatch.setattr(Read, "entry", lambda self, item: 1.0)
    with pytest.raises(AssertionError, match="do not add up"):
        explain(trained, trained_index, HISTORY)


def test_what_a_model_reads_beside_the_history_can_be_given(toy_split):
    model = toys.small(sm.SparCode, toy_split, seed=1, user_features=("age", "hobbies"))
    user = [toys.known_users(toy_split)[0]]
    codes = model.encode(user)
    index = sm.SparseIndex.build(model, codes="all")
    (history,) = toy_split.history(user, "train+validation")
    found = explain(model, index, history, codes=codes)
    assert [read.code for read in found.reads] == [tuple(c) for c in codes.codes[0, :, 0].tolist()]
    assert np.array_equal(found.values, index.search(codes, k=10, exclude=[history])[1][0])


def test_titles_are_safe_to_print_and_told_apart(trained, trained_index):
    found = explain(trained, trained_index, HISTORY, k=3)
    first, second, third = found.positions.tolist()
    titles = found.titles.copy()
    titles[first], titles[second], titles[third] = "Contact", "Contact\u200b", "\u05d0\x1b[31m\n"
    lines = replace(found, titles=titles).lines()
    ids = trained.catalogue.item_ids
    assert f"  Contact (id {ids[first]})  =" in lines[0]
    assert f"  Contact⟨U+200B⟩ (id {ids[second]})  =" in lines[1]
    assert "  \u2068\u05d0⟨U+001B⟩[31m↵\u2069  =" in lines[2]
    picture = journey(replace(found, titles=titles)).alt
    assert f"1. Contact (id {ids[first]});" in picture and "\x1b" not in picture
    assert replace(found, titles=titles, ids=None).names(found.positions)[second].endswith("⟩")


def test_a_model_and_its_index_are_asked_for(trained, trained_index):
    message = "model and index are SparCode and NoneType; give"
    with toys.as_users_call(), pytest.raises(ValueError, match=message):
        explain(trained, None, HISTORY)
    two = trained.encode_histories([trained.catalogue.item_ids[:2].tolist()] * 2)
    with pytest.raises(ValueError, match="codes has 2 queries; give those of one"):
        explain(trained, trained_index, HISTORY, codes=two)


def test_only_marked_items_are_found(trained, toy_split):
    index = sm.SparseIndex.build(trained, codes="all")
    everything = explain(trained, index, HISTORY, 12)
    marks = np.arange(toy_split.n_items) % 2 == 1
    found = explain(trained, index, HISTORY, 12, among=marks)
    kept = [p for p in everything.positions.tolist() if p % 2]
    assert found.positions.tolist()[: len(kept)] == kept and kept
    assert all(p % 2 for p in found.positions.tolist() if p >= 0)
    with pytest.raises(ValueError, match=r"among is int64 .*; give bool \(60,\)"):
        explain(trained, index, HISTORY, 12, among=np.arange(toy_split.n_items))
