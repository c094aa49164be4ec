"""A training state from elsewhere: one line that names the file, and a model as it was."""

import copy
import math

import hypothesis
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.tools.files import load_tensors, save_tensors
from toys import fitted, stop_after

KIND = {"kind": "sparcode-mini training", "version": 1}
WRONG = st.sampled_from(
    [None, "x", -5, 99, 1.5, True, [], {}, [1], {"a": 1}, math.nan, math.inf, 2**70, "3"]
)
ROW = ("epoch", "stage", "loss", "seconds", "ndcg@50")


@pytest.fixture(scope="module")
def state(toy_split, tmp_path_factory):
    """The tensors and the meta of a training that was stopped after its fifth epoch."""
    path = tmp_path_factory.mktemp("states") / "run"
    fitted(sm.SparCode, toy_split, checkpoint=path, on_epoch=stop_after(4))
    tensors, meta = load_tensors(path, **KIND)
    assert meta["log"]["best_epoch"] is not None
    return path, tensors, meta


@st.composite
def spoilt_meta(draw, meta):
    """The meta with one entry that is wrong, somewhere."""
    meta = copy.deepcopy(meta)
    place, name = draw(
        st.sampled_from(
            [
                *((meta, name) for name in ("epoch", "step", "stage", "log", "rng", "recipe")),
                *((meta["log"], name) for name in meta["log"] if name != "interrupted"),
                *((meta["log"]["rows"][2], name) for name in ROW),
                *((meta["rng"]["state"], name) for name in ("state", "inc")),
                (meta["rng"], "bit_generator"),
            ]
        )
    )
    if draw(st.booleans()):
        del place[name]
    else:
        could_be = (1.5,) if name in ("loss", "seconds", "ndcg@50") else ()
        if place is meta["rng"]["state"]:
            could_be = (99, 2**70)  # any number of 128 bits
        wrong = WRONG.filter(lambda value: not same(value, place[name]) and value not in could_be)
        place[name] = draw(wrong)
    if place is meta and name == "stage" and meta.get("stage", 0) is None:
        meta["stage"] = "x"  # None is what early states have
    return meta, f"{name} = {place.get(name, 'absent')}"


def same(a, b):
    return type(a) is type(b) and a == b


def refused(split, path, tensors, meta):
    """Resume from a state; return the message, after a look at the model."""
    save_tensors(path, tensors, meta, **KIND)
    model = toys.small(sm.SparCode, split)
    before = copy.deepcopy(model)
    with pytest.raises(ValueError) as told:
        sm.fit(model, split, **toys.QUICK, checkpoint=path, resume=True)
    assert toys.same_weights(model, before) and model.stage == before.stage
    text = str(told.value)
    assert str(path) in text and "\n" not in text and len(text) < 500
    return text


def test_the_state_as_it_is_goes_on(toy_split, state):
    path, tensors, meta = state
    save_tensors(path, tensors, meta, **KIND)
    _, log = fitted(sm.SparCode, toy_split, checkpoint=path, resume=True)
    assert len(log.rows) == 6


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_wrong_entries_are_found(toy_split, state, data):
    path, tensors, meta = state
    spoilt, what = data.draw(spoilt_meta(meta))
    hypothesis.note(what)
    refused(toy_split, path, tensors, spoilt)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_wrong_tensors_are_found(toy_split, state, data):
    path, tensors, meta = state
    name, way = data.draw(st.sampled_from(sorted(tensors))), data.draw(st.integers(0, 5))
    tensor, spoilt = tensors[name], dict(tensors)
    spoilt[name] = [
        torch.cat([tensor.reshape(-1), tensor.reshape(-1)[:1]]),  # another shape
        tensor.to(torch.float16),
        torch.full_like(tensor, torch.nan),
        torch.full_like(tensor, torch.inf),
        torch.zeros((2, *tensor.shape), dtype=torch.int64),
        None,
    ][way]
    if spoilt[name] is None:
        del spoilt[name]
    refused(toy_split, path, spoilt, meta)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("adam.999.step", "does not know"),
        ("adam.x", "does not know"),
        ("adam.-1.step", "does not know"),
        ("other", "does not know"),
    ],
)
def test_tensors_too_many_are_found(toy_split, state, name, message):
    path, tensors, meta = state
    assert message in refused(toy_split, path, {**tensors, name: torch.zeros(())}, meta)


def test_a_negative_second_moment_is_found(toy_split, state):
    path, tensors, meta = state
    name = next(name for name in tensors if name.endswith("exp_avg_sq"))
    spoilt = {**tensors, name: tensors[name] - 1}
    assert f"{name!r} is negative" in refused(toy_split, path, spoilt, meta)


def test_best_weights_without_a_best_epoch_are_found(toy_split, state):
    path, tensors, meta = state
    without = {k: v for k, v in tensors.items() if not k.startswith("best.")}
    assert "lacks the tensor 'best." in refused(toy_split, path, without, meta)


def test_the_difference_to_another_run_is_short(toy_split, state):
    path, tensors, meta = state
    other = copy.deepcopy(meta)
    other["config"]["N"] = 5
    text = refused(toy_split, path, tensors, other)
    assert "belongs to another run: its config is N = 5, this run's is N = 6; choose" in text
