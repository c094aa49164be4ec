"""A recipe refuses what cannot work, and says what every step does."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import sparcode_mini as sm
from sparcode_mini.training.recipe import Recipe
from toys import fitted


def made(**values):
    """Make a recipe as its users do: the type checker of the tests refuses other types itself."""
    recipe = object.__new__(Recipe)
    for name, value in {**asdict(Recipe()), **values}.items():
        object.__setattr__(recipe, name, value)
    recipe.__post_init__()
    return recipe


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"epochs": 0}, "epochs = 0; give a whole number, 1 to 10000"),
        ({"sparsity": -0.1}, "sparsity = -0.1"),
        ({"penalty": "l2"}, "penalty = 'l2'; choose one of"),
        ({"target_window": 0}, "target_window = 0"),
        ({"batch": 0}, "batch = 0"),
        ({"stages": (0.5, 0.4)}, r"stages = \(0.5, 0.4\)"),
        ({"stages": (0.5, 1.0)}, "stages"),
        ({"stages": (-0.1, 0.5)}, "stages"),
        ({"negatives": -1}, "negatives = -1"),
        ({"max_positions": 0}, "max_positions = 0"),
        ({"lr": 0.0}, "lr = 0.0"),
        ({"lr": float("nan")}, "lr = nan"),
        ({"sparsity": float("inf")}, "sparsity = inf; give a finite number"),
        ({"distill": float("nan")}, "distill = nan; give a finite number"),
        ({"seed": -1}, "seed = -1; give a whole number, 0 to 9223372036854775807"),
        ({"epochs": True}, "epochs = True"),
    ],
)
def test_recipes_that_cannot_work(toy_split, recipe, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**recipe)
    with pytest.raises(ValueError, match=message):
        fitted(sm.SparCode, toy_split, **recipe)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"epochs": 2.5}, "epochs = 2.5; give a whole number"),
        ({"epochs": 10**20}, "epochs = 100000000000000000000; give a whole number, 1 to 10000"),
        ({"batch": "32"}, "batch = '32'; give a whole number"),
        ({"lr": "0.1"}, "lr = '0.1'; give a number"),
        ({"lr": torch.tensor(0.1)}, r"lr = tensor\(0.1000\); give a number"),
        ({"lr": True}, "lr = True; give a number"),
        ({"lr": 1j}, "lr = 1j; give a number"),
        ({"sparsity": None}, "sparsity = None; give a number"),
        ({"sparsity": 10**400}, "sparsity = 1000.*000 is too large for a float"),
        ({"max_positions": 2.0}, "max_positions = 2.0; give a whole number"),
        ({"penalty": ["l1"]}, r"penalty = \['l1'\]; choose one of"),
        ({"stages": 0.5}, "stages = 0.5; give two shares"),
        ({"stages": (0.1, 0.2, 0.3)}, "give two shares"),
        ({"stages": "ab"}, "stages = 'ab'; give two shares"),
        ({"stages": (0.1, "0.2")}, r"stages\[1\] = '0.2'; give a number"),
    ],
)
def test_recipes_of_other_types(recipe, message):
    with pytest.raises(ValueError, match=message):
        made(**recipe)


def test_the_penalty_starts_with_the_quantiser_and_rises():
    recipe, weights = Recipe(sparsity=3.0), []
    for done in (0.0, 0.4, 0.55, 0.7, 0.9):  # the quantiser starts at 0.4
        weights.append(recipe.penalty_weight(done))
    assert weights == pytest.approx([0.0, 0.0, 1.5, 3.0, 3.0])


@given(epochs=st.integers(1, 40), first=st.floats(0, 0.9), place=st.floats(0, 0.99))
def test_no_penalty_is_paid_in_a_linear_epoch(epochs, first, place):
    recipe = Recipe(epochs=epochs, sparsity=3.0, stages=(first, 0.95))
    for epoch in range(epochs):
        stage, _ = recipe.stage_at(epoch)
        weight = recipe.penalty_weight((epoch + place) / epochs)
        assert weight == 0 if stage == "linear" else weight >= 0
        if stage != "linear" and place > 0.01:
            assert weight > 0


def test_schedule():
    recipe, factors = Recipe(warmup=4, lr=0.5), []
    for step, done in [(0, 0.0), (1, 0.1), (3, 0.1), (4, 0.0), (9, 0.5), (20, 1.0)]:
        factors.append(recipe.learning_rate(step, done) / 0.5)
    assert factors == pytest.approx([0.25, 0.5, 1.0, 1.0, 0.525, 0.05])


WHOLE = st.integers(1, 200)
REAL = st.floats(2**-10, 0.875, width=32)
ODD = st.one_of(
    st.text(), st.none(), st.booleans(), st.just(float("nan")), st.just([1]), st.just({})
)


@settings(max_examples=80)
@given(WHOLE, REAL, st.sampled_from([int, np.int8, np.int64, np.uint64, torch.tensor]))
def test_numbers_of_numpy_are_those_of_python(whole, real, kind):
    whole = min(whole, 100)
    pair = [np.float32(real), np.float64(real)]
    recipe = made(epochs=kind(whole), seed=kind(whole), lr=np.float32(real), stages=pair)
    assert recipe == Recipe(epochs=whole, seed=whole, lr=real, stages=(real, real))
    assert json.loads(json.dumps(asdict(recipe))) == {**asdict(recipe), "stages": [real, real]}


@settings(max_examples=80)
@given(st.sampled_from(list(asdict(Recipe()))), ODD)
def test_values_of_another_type_are_refused_in_one_line(name, value):
    fine = (name, value) in [("max_positions", None), ("penalty", "l1"), ("penalty", "flops")]
    if not fine and not (name == "mask_seen" and isinstance(value, bool)):
        with pytest.raises(ValueError, match=rf"\A{name}(\[0\])? = [^\n]*\Z"):
            made(**{name: value})
