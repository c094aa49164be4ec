"""The two widgets of lesson 04: every control, called in Python, changes the right parts."""

import numpy as np
import pytest
import torch

from sparcode_mini.lessons.product_quantization import widget_arrows as arrows_module
from sparcode_mini.lessons.product_quantization import widget_sizes as sizes_module
from sparcode_mini.lessons.product_quantization.widget_arrows import Arrows, arrow_data, loss_map
from sparcode_mini.lessons.product_quantization.widget_sizes import (
    REAL,
    TOY,
    Sizes,
    size_data,
    stored,
    toy,
)
from sparcode_mini.model.gradients import quantise

CONTENT = {
    "settings": [
        {**toy(M, N), "ndcg@50": 0.2 + N / 1000} for M, N in ((1, 16), (1, 32), (2, 16), (2, 32))
    ]
}


@pytest.fixture
def sizes():
    return Sizes(CONTENT)


@pytest.fixture
def arrows():
    return Arrows()


# --- M and N ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("M", "N"), [(1, 2), (2, 16), (8, 4)])
def test_a_toy_row_counts_rightly(M, N):
    row = toy(M, N)
    assert row["numbers"] == N * 8 and row["possible"] == N**M
    assert np.array(row["usage"]).shape == (M, N)
    assert np.array(row["usage"]).sum(axis=1).tolist() == [400] * M
    assert 1 <= row["used"] <= min(400, N**M) and 0 < row["distortion"] < 1
    assert row["nanoseconds"] > 0


def test_more_codewords_lower_the_distortion_and_turning_raises_it():
    errors = [toy(2, N)["distortion"] for N in (2, 8, 32)]
    assert errors == sorted(errors, reverse=True)
    assert toy(2, 16, mixed=True)["distortion"] > 1.5 * toy(2, 16)["distortion"]


def test_the_grid_is_the_share_of_each_codeword_times_N():
    row = toy(2, 4)
    data = size_data([row, toy(1, 4)], row)
    assert np.array(data["grid"]).mean() == pytest.approx(1.0)
    assert set(data["curves"]) == {1, 2} and data["chosen"] == (4.0, row["distortion"])


def test_a_setting_that_was_not_measured_is_named():
    with pytest.raises(KeyError, match="M=4, N=16 was not measured"):
        stored(CONTENT, 4, 16)


@pytest.mark.parametrize(("control", "value"), [("M", 4), ("N", 64), ("mixed", True)])
def test_each_control_changes_figure_text_and_words(sizes, control, value):
    before = (sizes.figure.data[5].z, sizes.figure.data[4].y, sizes.text.value, repr(sizes))
    getattr(sizes, control).value = value
    grid = np.array(sizes.figure.data[5].z)
    assert grid.shape == (sizes.M.value, sizes.N.value)
    assert (grid.shape != np.array(before[0]).shape) or not np.array_equal(grid, before[0])
    assert sizes.figure.data[4].y != before[1]  # the star moves
    assert sizes.text.value != before[2] and repr(sizes) != before[3]
    assert "µs" in sizes.text.value and "µs" not in repr(sizes) + sizes.still().alt


def test_other_data_bring_their_own_values_of_M_and_N(sizes):
    sizes.N.value = 64
    sizes.source.value = REAL
    assert [v for _, v in sizes.N.options] == [16, 32] and sizes.N.value == 32
    assert sizes.mixed.disabled and "NDCG@50 of the model: 0.232" in repr(sizes)
    sizes.M.value = 1
    assert "M=1, N=32" in sizes.text.value and sizes.figure.data[2].visible is False
    sizes.source.value = TOY
    assert sizes.N.value == 32 and [v for _, v in sizes.M.options] == [1, 2, 4, 8]
    assert "NDCG" not in repr(sizes)


@pytest.mark.parametrize("make", [lambda: Sizes(CONTENT), Arrows])
def test_the_bundle_has_a_still_picture_and_a_stable_text(make):
    bundle, metadata = make()._repr_mimebundle_()
    assert bundle["text/plain"] == repr(make()) and "0x" not in bundle["text/plain"]
    assert bundle["image/png"] and metadata["image/png"]["alt"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


# --- arrows ---------------------------------------------------------------------------------------


def test_arrows_are_minus_the_gradients():
    data = arrow_data(-0.9, 0.9, 1.0)
    q = torch.tensor(arrows_module.CODEWORDS[data["codeword"]])
    expected = torch.tensor(arrows_module.TARGET) - q
    assert data["codeword"] == 1 and data["arrow"]["nothing"] == (0.0, 0.0)
    assert data["arrow"]["straight-through"] == pytest.approx(expected.tolist())
    assert data["cosine"]["soft"] == pytest.approx(1.0) and data["cosine"]["nothing"] == 0.0
    pull = 0.5 * (q - torch.tensor([-0.9, 0.9]))
    assert data["arrow"]["literal"] == pytest.approx(pull.tolist())


def test_a_low_temperature_leaves_the_soft_arrow_without_a_length():
    cold = arrow_data(-0.9, 0.9, 0.03)
    assert cold["norm"]["soft"] < 1e-6 < cold["norm"]["straight-through"]


def test_the_loss_is_a_terrace_for_each_codeword():
    xs, ys, z = loss_map(30, 20)
    assert z.shape == (20, 30) and len(np.unique(z.round(9))) <= len(arrows_module.CODEWORDS)
    here = torch.tensor([[xs[3], ys[5]]])
    q = quantise(here, torch.tensor(arrows_module.CODEWORDS).double(), "literal")
    assert z[5, 3] == pytest.approx(float(arrows_module.loss(q)))


@pytest.mark.parametrize(("control", "value"), [("x", 1.0), ("y", -1.0), ("temperature", 5.0)])
def test_each_slider_moves_the_picture(arrows, control, value):
    def traces():
        return [(tuple(trace.x), tuple(trace.y)) for trace in arrows.figure.data[3:]]

    before, words = traces(), arrows.text.value
    getattr(arrows, control).value = value
    assert traces() != before
    assert arrows.text.value != words
    assert tuple(arrows.figure.data[-1].x) == (arrows.x.value,)
    assert tuple(arrows.figure.data[-1].y) == (arrows.y.value,)


def test_steps_follow_the_chosen_way(arrows):
    arrows.way.value = "nothing"
    arrows.step.click()
    assert (arrows.x.value, arrows.y.value) == (-0.9, 0.9)
    arrows.way.value = "literal"
    for _ in range(40):
        arrows.step.click()
    at = arrows_module.CODEWORDS[1]
    assert (arrows.x.value, arrows.y.value) == pytest.approx(at, abs=1e-3)  # its own codeword
    arrows.reset.click()
    assert arrows.data == arrow_data(**arrows_module.START)
    arrows.way.value = "straight-through"
    start = arrows.data["loss"]
    for _ in range(4):
        arrows.step.click()
    assert arrows.data["loss"] < 0.2 * start


def test_a_step_stays_inside_the_picture(arrows):
    arrows.x.value, arrows.way.value = 2.9, "straight-through"
    for _ in range(20):
        arrows.step.click()
        assert arrows_module.X[0] <= arrows.x.value <= arrows_module.X[1]
        assert arrows_module.Y[0] <= arrows.y.value <= arrows_module.Y[1]


def test_the_module_knows_its_starting_row(sizes):
    assert (sizes.row["M"], sizes.row["N"]) == (2, 16)
    assert sizes_module.sentence(sizes.row) in repr(sizes)
