"""An index answers the queries of the model that filled it, and of no other."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.explain.query import explain
from sparcode_mini.index.origin import fingerprint, require_model
from toys import small

OTHER = "the index of another model, or of this one before more training"


@pytest.fixture(scope="module")
def model(toy_split):
    return small(sm.SparCode, toy_split)


@pytest.fixture(scope="module")
def index(model):
    return sm.SparseIndex.build(model, codes="all")


def test_a_model_and_its_copies_have_one_fingerprint(model, index, toy_split, tmp_path):
    file = tmp_path / "m.safetensors"
    model.save(file)
    copies = [sm.load_model(file), sm.load_model(file, dtype=torch.float64)]
    assert {fingerprint(m) for m in (model, *copies)} == {index.made_from}
    sm.evaluate(model, toy_split, index=index)
    assert fingerprint(model) == index.made_from  # its use does not change a model
    model.train()
    assert fingerprint(model) == index.made_from
    model.eval()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_each_changed_weight_changes_it(model, data):
    before, weights = fingerprint(model), model.state_dict()
    name = data.draw(st.sampled_from([n for n, w in weights.items() if w.numel()]))
    flat = weights[name].view(-1)
    place = data.draw(st.integers(0, len(flat) - 1))
    kept = flat[place].clone()
    flat[place] = ~kept if kept.dtype == torch.bool else kept * 1.001 + 1
    assert fingerprint(model) != before
    flat[place] = kept
    assert fingerprint(model) == before


def test_b_belongs_to_it_and_tau_does_not(model, index, toy_split, tmp_path):
    other = toys.twin(model)
    other.config = replace(other.config, probe_temperature=0.5)
    assert fingerprint(other) == index.made_from  # the lists are read as they are
    other.bias = -0.25
    assert fingerprint(other) != index.made_from
    other.save(tmp_path / "other.safetensors")
    loaded = sm.load_model(tmp_path / "other.safetensors")
    assert loaded.bias == -0.25 and fingerprint(loaded) == fingerprint(other)
    with toys.as_users_call(), pytest.raises(ValueError, match="bias = 'x'; give a number"):
        other.bias = "x"
    with pytest.raises(ValueError, match="bias = nan; give a finite number"):
        other.bias = float("nan")


def test_the_index_of_another_model_is_refused(model, index, toy_split, tmp_path):
    other = small(sm.SparCode, toy_split, seed=7)
    index.save(tmp_path / "i.safetensors")
    for one in (index, sm.SparseIndex.load(tmp_path / "i.safetensors")):
        sm.evaluate(model, toy_split, index=one)
        for use in (
            lambda one=one: sm.evaluate(other, toy_split, index=one),
            lambda one=one: explain(other, one, [0, 1]),
        ):
            with pytest.raises(ValueError, match=rf"{OTHER}.*build it anew from this model"):
                use()


def test_an_index_from_before_more_training_is_refused(toy_split):
    model = small(sm.SparCode, toy_split)
    index = sm.SparseIndex.build(model, codes="all")
    sm.fit(model, toy_split, epochs=1, stages=(0.0, 0.0), warmup=0)
    with pytest.raises(ValueError, match=OTHER):
        sm.evaluate(model, toy_split, index=index)


def test_what_keeps_the_meaning_of_the_lists_keeps_the_model(model, index):
    same = [
        index.cut(best=5),
        index.cut(bias=-0.1),
        index.quantised("int8"),
        index.quantised("float16"),
        index.with_values(index.values * 2),
        index.withdraw(3),
        index.withdraw(3).add_item(3, np.ones(len(index))),
    ]
    for one in same:
        require_model(one, model)
        assert one.made_from == index.made_from
    for wrong in (5, "", b"ab"):
        with toys.as_users_call(), pytest.raises(ValueError, match=f"made_from = {wrong!r}; give"):
            sm.SparseIndex([[0]], [0, 1], [0], [1.0], 2, made_from=wrong)
    grown = index.add_item(index.n_items, np.ones(len(index)))  # no model knows this item
    assert grown.made_from is None
    assert sm.SparseIndex([[0]], [0, 1], [0], [1.0], 2).made_from is None


def test_files_of_earlier_versions_are_read_and_not_checked(model, index, toy_split, tmp_path):
    old = sm.SparseIndex(index.codes, *index.lists, index.n_items, index.codebooks)
    old.save(tmp_path / "old.safetensors")
    loaded = sm.SparseIndex.load(tmp_path / "old.safetensors")
    assert loaded.made_from is None
    assert sm.evaluate(model, toy_split, index=loaded) == sm.evaluate(model, toy_split, index=index)
