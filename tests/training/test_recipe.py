"""A recipe refuses what cannot work, and says what every step does."""

import pytest

import sparcode_mini as sm
from sparcode_mini.training.recipe import Recipe
from toys import fitted


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"epochs": 0}, "epochs = 0; give a whole number, at least 1"),
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
        ({"seed": -1}, "seed = -1; give a whole number, at least 0"),
        ({"epochs": True}, "epochs = True"),
    ],
)
def test_recipes_that_cannot_work(toy_split, recipe, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**recipe)
    with pytest.raises(ValueError, match=message):
        fitted(sm.SparCode, toy_split, **recipe)


def test_the_penalty_starts_with_the_quantiser_and_rises():
    recipe, weights = Recipe(sparsity=3.0), []
    for done in (0.0, 0.4, 0.55, 0.7, 0.9):  # the quantiser starts at 0.4
        weights.append(recipe.penalty_weight(done))
    assert weights == pytest.approx([0.0, 0.0, 1.5, 3.0, 3.0])


def test_schedule():
    recipe, factors = Recipe(warmup=4, lr=0.5), []
    for step, done in [(0, 0.0), (1, 0.1), (3, 0.1), (4, 0.0), (9, 0.5), (20, 1.0)]:
        factors.append(recipe.learning_rate(step, done) / 0.5)
    assert factors == pytest.approx([0.25, 0.5, 1.0, 1.0, 0.525, 0.05])
