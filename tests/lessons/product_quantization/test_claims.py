"""What lesson 04 says in words about stored results and its toys, held against them."""

from itertools import pairwise

import pytest
import torch

from sparcode_mini import results
from sparcode_mini.evaluation.paired import holds
from sparcode_mini.lessons.product_quantization import gradients
from sparcode_mini.lessons.product_quantization.widget_arrows import (
    CODEWORDS,
    STEP,
    arrow_data,
    loss,
)
from sparcode_mini.lessons.product_quantization.widget_sizes import toy
from sparcode_mini.model.variants import opq_fsq
from sparcode_mini.studies.gradients import summary

STUDY = results.load("gradients")
STORED = results.load("codebooks")
THREE = ("nothing", "literal", "straight-through")


def mean(name, key):
    return summary(STUDY["entries"], name, key)[0]


def compared(a, b):
    """The lines of one pair: measure -> comparison."""
    return {one["measure"]: one for one in STUDY["comparisons"] if (one["a"], one["b"]) == (a, b)}


# --- the ways past argmin on real data ------------------------------------------------------------


def test_literal_has_the_smallest_distortion_and_the_lowest_ndcg():
    assert mean("literal", "distortion") < 0.5 * min(
        mean(way, "distortion") for way in THREE if way != "literal"
    )
    assert min(gradients.ESTIMATORS, key=lambda way: mean(way, "ndcg@50")) == "literal"
    assert min(gradients.ESTIMATORS, key=lambda way: mean(way, "distortion")) == "literal"


def test_literal_is_two_to_three_points_below_straight_through():
    lines = compared("literal", "straight-through")
    assert all(holds(one) for one in lines.values()) and len(lines) == 2
    assert all(-0.03 < one["difference"] < -0.0195 for one in lines.values())


def test_literal_is_below_nothing_with_a_star_with_four_probes_only_and_a_weak_one():
    lines = compared("literal", "nothing")
    assert f"{lines['4 probes']['p, Holm']:.2f}" == "0.04"
    assert all(f"{one['p, Holm']:.3f}" == "0.003" for one in compared("literal", THREE[2]).values())
    assert holds(lines["4 probes"]) and lines["4 probes"]["high"] < 0
    assert not holds(lines["1 probe"]) and lines["1 probe"]["high"] > 0


def test_nothing_is_far_above_random_order():
    assert mean("nothing", "ndcg@50") > 0.2


def test_rotation_and_gumbel_against_straight_through():
    assert not any(holds(one) for one in compared("rotation", "straight-through").values())
    lines = compared("gumbel", "straight-through")
    assert not holds(lines["1 probe"])
    assert holds(lines["4 probes"]) and lines["4 probes"]["difference"] < -0.01


def test_residual_codes_have_less_than_half_of_the_distortion_and_no_sure_gain():
    residual, product = "residual M=2 N=16", "product M=2 N=16"
    assert mean(residual, "distortion") < 0.5 * mean(product, "distortion")
    assert not any(holds(one) for one in compared(residual, product).values())


# --- M and N --------------------------------------------------------------------------------------


def test_few_of_the_possible_codes_are_used_and_time_grows_with_n():
    rows = {(row["M"], row["N"]): row for row in STORED["settings"]}
    assert rows[2, 128]["used"] < 0.1 * rows[2, 128]["possible"]
    assert rows[1, 128]["nanoseconds"] > rows[1, 16]["nanoseconds"]
    assert rows[4, 16]["nanoseconds"] > rows[1, 16]["nanoseconds"]
    assert all(100 < STORED["speed"][which] < 1000 for which in ("assign_us", "search_us"))
    best = max(row["ndcg@50"] for row in rows.values())
    assert STORED["two-tower"]["ndcg@50"] > best


def gains(M, part):
    """What each doubling of N gains, in points."""
    values = [row[part] for row in STORED["settings"] if row["M"] == M]
    return [100 * (b - a) for a, b in pairwise(values)]


@pytest.mark.parametrize(("M", "low", "high"), [(1, 0.3, 1.4), (2, 0.1, 0.6)])
def test_each_doubling_of_n_gains(M, low, high):
    both = [*gains(M, "validation ndcg@50"), *gains(M, "ndcg@50")]
    assert (round(min(both), 1), round(max(both), 1)) == (low, high)


def test_the_table_has_the_recipe_of_the_three_seeds():
    rows = {(row["M"], row["N"]): row["ndcg@50"] for row in STORED["settings"]}
    for name, size, half in (
        ("straight-through", (1, 64), 0.2),
        ("product M=2 N=16", (2, 16), 0.5),
    ):
        first = next(e for e in STUDY["entries"] if (e["name"], e["seed"]) == (name, 0))
        assert rows[size] == pytest.approx(first["ndcg@50"], abs=1e-9)
        assert round(100 * summary(STUDY["entries"], name, "ndcg@50")[1], 1) == half


def test_no_second_codebook_is_surely_better():
    sizes = [(one["M"], one["N"]) for one in STORED["chosen"]]
    assert sizes == [(1, 128), (2, 128), (4, 16)]
    two, four = (one["against"] for one in STORED["chosen"][1:])
    assert two["low"] < 0 < two["high"] and round(100 * two["difference"], 1) == 0.2
    assert four["low"] < 0 < four["high"] and abs(four["difference"]) < 0.0005


def test_four_probes_help_some_of_the_small_models_and_not_others():
    gains = [row["ndcg@50 probes=4"] - row["ndcg@50"] for row in STORED["settings"]]
    assert min(gains) < 0 < max(gains)


def test_lists_of_all_codes_are_stored_up_to_4096_codes():
    for row in STORED["settings"]:
        assert (row["lists"] == row["possible"]) == (row["possible"] <= 4096)


def test_no_other_rate_or_grid_helps_fsq():
    x = opq_fsq.toy_tokens(1200, mixed=True)

    def error(levels, **how):
        fitted = opq_fsq.fit_finite_scalar(x[:800], levels, steps=200, **how)
        return opq_fsq.relative_distortion(x[800:], fitted(x[800:]))

    usual = error((4, 4, 4, 4))
    assert error((4, 4, 4, 4), lr=0.1) == pytest.approx(usual, abs=0.02)
    assert error((8, 8, 4)) > usual + 0.05


def test_eight_codebooks_give_almost_every_toy_token_a_code_of_its_own():
    assert 380 < toy(8, 8)["used"] <= 400


# --- the toys -------------------------------------------------------------------------------------


def test_the_jump_at_the_border_is_that_of_the_text():
    losses = [float(loss(torch.tensor([c], dtype=torch.float64))) for c in CODEWORDS]
    assert f"{losses[1]:.2f} {losses[0]:.2f} {losses[1] - losses[0]:.2f}" == "3.20 0.61 2.59"


def steps(way, count):
    """The tokens of some steps along one arrow, with their codewords."""
    x, y, trail = -0.9, 0.9, []
    for _ in range(count):
        data = arrow_data(x, y, 1.0, THREE[1:])
        trail.append((x, y, data["codeword"]))
        dx, dy = data["arrow"][way]
        x, y = x + STEP * dx, y + STEP * dy
    return trail


def test_straight_through_does_not_rest_and_literal_ends_on_its_codeword():
    late = steps("straight-through", 40)[20:]
    assert len({code for _, _, code in late}) > 1
    moved = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in pairwise(late)]
    assert min(moved) > 0.1
    x, y, code = steps("literal", 60)[-1]
    assert code == 1 and (x, y) == pytest.approx(CODEWORDS[1], abs=1e-3)


def test_only_the_commitment_moves_literal_on_the_circle():
    world = gradients.circle_world()
    losses, tokens = gradients.trained_tokenizer(*world, "literal")
    assert losses[-1] > 0.95 * losses[0]
    assert losses == gradients.train_tokenizer(*world, "literal")
    assert tokens.shape == world[0].shape
