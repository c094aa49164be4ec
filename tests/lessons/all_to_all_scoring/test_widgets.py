"""The panel of lesson 06: the stored model at its start, a model of one's own if there is one."""

import numpy as np
import pytest

from sparcode_mini import results
from sparcode_mini.lessons.all_to_all_scoring.widget_bias import BiasPanel
from sparcode_mini.studies.bias import BIASES, Lists


@pytest.fixture(scope="module")
def lists(trained, toy_split):
    return Lists(trained, toy_split)


def traces(panel, *names):
    return [trace for name in names for trace in panel.figure.data if trace.name == name]


def test_without_a_model_it_shows_the_stored_numbers():
    panel, stored = BiasPanel(), results.load("bias")
    at_zero = stored["on"][BIASES.index(0.0)]
    assert panel.values == {"bias": 0.0, "relu": True}
    assert f"{at_zero['entries']:,} entries in {stored['codes']} lists" in panel.text.value
    small = [trace.y for trace in traces(panel, "NDCG@50 with ReLU", "density with ReLU")]
    assert small == [tuple(p[key] for p in stored["on"]) for key in ("ndcg@50", "density")]
    assert panel.data(**panel.values)["chosen"] == at_zero


def test_a_model_of_ones_own_is_measured(lists):
    panel = BiasPanel(lists)
    for relu, bias in ((True, 0.3), (False, -0.2)):
        panel.put({"bias": bias, "relu": relu})
        measured = lists.measure(bias, relu)
        assert panel.data(**panel.values)["chosen"] == measured
        chosen = [trace.y for trace in traces(panel, "NDCG@50, chosen", "density, chosen")]
        assert chosen == [(measured["ndcg@50"],), (measured["density"],)]
        assert f"{measured['entries']:,} entries in {len(lists.S)} lists" in panel.text.value
    assert panel.still().png


def test_the_corner_is_of_the_scores_with_the_bias(lists):
    panel = BiasPanel(lists)
    films = lists.most_rated(96)
    for relu, bias in ((True, 0.0), (True, 0.5), (False, 0.5), (False, -0.4)):
        panel.put({"bias": bias, "relu": relu})
        (cells,) = (trace for trace in panel.figure.data if trace.type == "heatmap")
        A = (lists.S[:64][:, films] + bias).numpy()  # (codes, films)
        expected = A.clip(0) if relu else A
        assert np.array(cells.z) == pytest.approx(expected, abs=0.0061)
        assert cells.zmin == (0 if relu else -cells.zmax)


def test_density_grows_with_the_bias():
    densities = [point["density"] for point in BiasPanel().measured["on"]]
    assert densities == sorted(densities) and densities[0] < densities[-1]
