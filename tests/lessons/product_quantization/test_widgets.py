"""The panels of lesson 04: what they count and draw is right; a step follows its arrow."""

import numpy as np
import pytest
import torch

from sparcode_mini import results
from sparcode_mini.lessons.product_quantization import widget_arrows as arrows_module
from sparcode_mini.lessons.product_quantization.widget_arrows import Arrows, arrow_data, loss_map
from sparcode_mini.lessons.product_quantization.widget_sizes import (
    GRID,
    REAL,
    Sizes,
    size_data,
    toy,
)
from sparcode_mini.model.gradients import quantise

CONTENT = {
    "settings": [
        {**toy(M, N), "ndcg@50": 0.2 + N / 1000} for M, N in ((1, 16), (1, 32), (2, 16), (2, 32))
    ]
}


@pytest.fixture(scope="module")
def only_sizes():
    """One panel for all tests: it fits 28 quantisers."""
    return Sizes(CONTENT)


@pytest.fixture
def sizes(only_sizes):
    only_sizes.reset.click()
    return only_sizes


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


def points(panel, name):
    (trace,) = (trace for trace in panel.figure.data if trace.name == name)
    return trace


@pytest.mark.parametrize(("control", "value"), [("M", 4), ("N", 64), ("mixed", True)])
def test_the_star_and_the_cells_are_those_of_the_chosen_row(sizes, control, value):
    sizes.sliders[control].value = value
    M, N, mixed = (sizes.values[name] for name in ("M", "N", "mixed"))
    row = toy(M, N, mixed)
    assert points(sizes, "chosen").x == (M * np.log2(N),)
    assert points(sizes, "chosen").y == (row["distortion"],)
    assert np.array(sizes.figure.data[-1].z) * 400 / N == pytest.approx(np.array(row["usage"]))
    assert f"Relative distortion {row['distortion']:.3f}" in sizes.text.value
    assert "µs" not in sizes.text.value  # a time differs from run to run


def test_the_stored_models_have_the_same_controls(sizes):
    sizes.put({"source": REAL, "N": 32})
    assert points(sizes, "chosen").y == (CONTENT["settings"][3]["distortion"],)
    assert "NDCG@50 of the model: 0.232" in repr(sizes) and "rotation" not in repr(sizes)
    assert len(points(sizes, "M=1").x) == 2 and points(sizes, "M=8").x == ()
    assert points(sizes, "M=1").showlegend and not points(sizes, "M=8").showlegend
    before = sizes.figure.data[-1].z
    sizes.sliders["mixed"].value = True
    assert "The rotation is for the toy tokens only." in sizes.text.value
    assert sizes.figure.data[-1].z == before


def test_a_setting_that_was_not_measured_shows_nothing_and_names_those_that_were(sizes):
    sizes.put({"source": REAL, "M": 4})
    assert points(sizes, "chosen").x == () and not sizes.figure.data[-1].z
    text = "M=4, N=16 was not measured on MovieLens-100K; M=1 N=16, M=1 N=32, M=2 N=16, M=2 N=32"
    assert text in sizes.text.value and text in sizes.still().alt
    assert "Relative distortion" not in sizes.text.value
    assert len(points(sizes, "M=2").x) == 2  # what was measured stays


def test_every_stored_model_can_be_chosen():
    stored = [(row["M"], row["N"]) for row in results.load("codebooks")["settings"]]
    assert stored and all(M in GRID["M"] and N in GRID["N"] for M, N in stored)


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


@pytest.mark.parametrize(("x", "y"), [(1.0, 0.9), (-0.9, -1.0), (2.9, 2.3)])
def test_each_arrow_begins_at_the_token(arrows, x, y):
    arrows.put({"x": x, "y": y})
    data = arrow_data(x, y, 1.0)
    token, ring = points(arrows, "token T"), points(arrows, "nearest codeword")
    assert (token.x, token.y) == ((x,), (y,))
    assert (*ring.x, *ring.y) == arrows_module.CODEWORDS[data["codeword"]]
    for name, (dx, dy) in data["arrow"].items():
        arrow = points(arrows, arrows_module.ARROWS[name][0])
        moves = data["norm"][name] > arrows_module.STILL
        assert arrow.x == ((x, x + dx) if moves else ())
        assert arrow.y == ((y, y + dy) if moves else ())
    assert points(arrows, "nothing").x == ()


def test_some_ways_alone_are_shown_and_followed():
    few = Arrows("nothing", "literal")
    names = {trace.name for trace in few.figure.data}
    assert {"nothing", "literal (sg[T~] + commitment)"} <= names and "rotation trick" not in names
    assert few.values["way"] == "nothing" and "soft assignment (" not in few.text.value
    assert [way for _, way in few.sliders["way"].options] == ["nothing", "literal"]


def place(panel):
    return panel.values["x"], panel.values["y"]


def loss(panel):
    return panel.data(**panel.values)["loss"]


def test_steps_follow_the_chosen_way(arrows):
    step, start = arrows.buttons["One step"], place(arrows)
    arrows.sliders["way"].value = "nothing"
    step.click()
    assert place(arrows) == start == (-0.9, 0.9)
    arrows.sliders["way"].value = "literal"
    dx, dy = arrow_data(*start, 1.0)["arrow"]["literal"]
    step.click()
    assert place(arrows) == pytest.approx((start[0] + 0.5 * dx, start[1] + 0.5 * dy))
    for _ in range(40):
        step.click()
    assert place(arrows) == pytest.approx(arrows_module.CODEWORDS[1], abs=1e-3)  # its own codeword
    arrows.reset.click()
    assert place(arrows) == start
    assert arrows.values["way"] == "straight-through"
    before = loss(arrows)
    for _ in range(4):
        step.click()
    assert loss(arrows) < 0.2 * before


def test_a_step_stays_inside_the_picture_and_is_one_message(arrows, monkeypatch):
    arrows.sliders["x"].value, sent = 2.9, []
    monkeypatch.setattr(arrows.figure, "_send_update_msg", lambda *a, **k: sent.append(a))
    for _ in range(12):
        before, seen = place(arrows), len(sent)
        arrows.buttons["One step"].click()
        assert arrows_module.X[0] <= arrows.values["x"] <= arrows_module.X[1]
        assert arrows_module.Y[0] <= arrows.values["y"] <= arrows_module.Y[1]
        assert len(sent) - seen == (place(arrows) != before)
    assert sent
