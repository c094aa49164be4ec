"""The bias panel: its numbers are those of the index and of evaluate, its sliders move all."""

import time

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.lessons.all_to_all_scoring.widget_bias import BIASES, BiasPanel, Lists
from sparcode_mini.plots.picture import Picture

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def lists(trained, toy_split):
    return Lists(trained, toy_split)


@pytest.fixture
def panel(lists):
    return BiasPanel(lists)


@pytest.mark.parametrize("M", [1, 2])
@pytest.mark.parametrize("bias", [-0.2, 0.0, 0.3])
def test_the_numbers_are_those_of_index_and_evaluation(toy_split, M, bias):
    model = toys.small(sm.SparCode, toy_split, M=M, N=4, seed=3)
    model.item_bias.data += torch.from_numpy(np.random.default_rng(0).normal(size=60)) / 4
    measured = Lists(model, toy_split).measure(bias, True)
    model.bias = bias
    index = sm.SparseIndex.build(model, codes="all")
    stats = index.stats()
    assert measured["entries"] == stats["entries"] and measured["empty"] == stats["empty"]
    assert measured["density"] == pytest.approx(stats["density"])
    served = sm.evaluate(model, toy_split, k=(50,), index=index)
    assert measured["ndcg@50"] == pytest.approx(served["ndcg@50"])
    assert measured["ndcg@50"] == pytest.approx(sm.evaluate(model, toy_split, k=(50,))["ndcg@50"])


def test_without_relu_the_bias_changes_no_ranking(lists):
    low, high = lists.measure(-1.5, False), lists.measure(2.0, False)
    assert low["ndcg@50"] == pytest.approx(high["ndcg@50"]) and low["density"] == 1.0
    assert lists.measure(-50.0, True)["ndcg@50"] == 0.0
    assert lists.measure(50.0, True)["ndcg@50"] == pytest.approx(high["ndcg@50"])


def test_density_grows_with_the_bias(panel):
    densities = [point["density"] for point in panel.curve]
    assert densities == sorted(densities) and densities[0] < densities[-1]


def shown(panel):
    """Return everything that the reader sees, without the sliders."""
    traces = [trace.to_plotly_json() for trace in panel.figure.data]
    return repr((traces, panel.text.value))


def test_every_slider_changes_the_picture_and_reset_brings_it_back(panel):
    first = shown(panel)
    for slider in panel.sliders.values():
        before = shown(panel)
        at = slider.index
        slider.index = at + 1 if at + 1 < len(slider.options) else at - 1
        assert shown(panel) != before
    panel.reset.click()
    assert shown(panel) == first


def test_every_choice_can_be_shown(panel):
    for slider in panel.sliders.values():
        for _, value in slider.options:
            slider.value = value
            assert panel.text.value and "nan" not in panel.text.value
            chosen = panel.data(**panel.values)["chosen"]
            assert f"{chosen['entries']:,} entries" in panel.text.value
            assert panel.figure.data[2].y == (chosen["ndcg@50"],)
            assert panel.figure.data[3].y == (chosen["density"],)


def test_it_has_a_stable_text_and_a_still_picture(panel, lists):
    assert repr(panel) == repr(BiasPanel(lists)) == "BiasPanel(bias=0.0, relu=True)"
    assert isinstance(panel.still(), Picture)
    data, metadata = panel._repr_mimebundle_()
    assert {WIDGET, "image/png", "text/plain"} <= set(data) and metadata["image/png"]["alt"]
    with pytest.raises(ValueError, match="bias = 9 is not offered"):
        BiasPanel(lists, bias=9)


def test_the_shipped_model_answers_a_slider_in_time(movielens_split):
    """Compare the real model with `evaluate`; the quickest of several moves takes < 100 ms."""
    panel = BiasPanel()
    assert 0.0 in BIASES and panel.values["bias"] == 0.0
    at_zero = panel.data(bias=0.0, relu=True)["chosen"]
    path = sm.results.CHECKPOINTS / "sparcode-sparse.safetensors"
    model = sm.load_model(path, movielens_split, torch.float64)
    measured = sm.evaluate(model, movielens_split, k=(50,))["ndcg@50"]
    assert at_zero["ndcg@50"] == pytest.approx(measured, abs=1e-12)
    times = []
    for bias in BIASES[:6]:
        start = time.perf_counter()
        panel.sliders["bias"].value = bias
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1, times
