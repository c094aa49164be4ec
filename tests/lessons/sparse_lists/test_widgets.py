"""The panel of lesson 07: every slider changes the figure quickly; all numbers are stored ones."""

from time import perf_counter

import pytest

from sparcode_mini.lessons.sparse_lists.widget_list_sizes import ShorterLists, list_data
from sparcode_mini.plots.picture import Picture
from sparcode_mini.results import load

WIDGET = "application/vnd.jupyter.widget-view+json"
SETTING = {"way": "best-n", "share": 0.2, "tuned": False, "precision": "int8", "probes": 4}


@pytest.fixture
def panel():
    return ShorterLists()


def shown(panel):
    return repr(([trace.to_plotly_json() for trace in panel.figure.data], panel.text.value))


def test_every_slider_changes_the_picture_quickly_and_reset_brings_it_back(panel):
    first, times = shown(panel), []
    for slider in panel.sliders.values():
        before, at = shown(panel), slider.index
        start = perf_counter()
        slider.index = at + 1 if at + 1 < len(slider.options) else at - 1
        times.append(perf_counter() - start)
        assert shown(panel) != before
    assert sorted(times)[len(times) // 2] < 0.1
    panel.reset.click()
    assert shown(panel) == first


def test_every_choice_can_be_shown_and_says_its_numbers(panel):
    for slider in panel.sliders.values():
        for _, value in slider.options:
            slider.value = value
            text = panel.text.value
            assert "entries" in text and "NDCG@50" in text and "nan" not in text


def test_it_has_a_stable_text_and_a_still_picture(panel):
    assert repr(panel) == repr(ShorterLists())
    assert isinstance(panel.still(), Picture)
    data, metadata = panel._repr_mimebundle_()
    assert {WIDGET, "image/png", "text/plain"} <= set(data)
    assert data["text/plain"] == repr(panel) and metadata["image/png"]["alt"]


def test_it_shows_stored_numbers_only():
    rows = load("shorter_lists")["rows"]
    data = list_data(rows, **SETTING)
    assert data["chosen"] in rows and SETTING.items() <= data["chosen"].items()
    assert data["whole"]["share"] == 1 and not data["whole"]["tuned"]
    assert data["curves"]["best-n"]["entries"] == sorted(
        data["curves"]["best-n"]["entries"], reverse=True
    )
    with pytest.raises(KeyError, match="not measured"):
        list_data(rows, **{**SETTING, "share": 0.3})
