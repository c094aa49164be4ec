"""The panels of lesson 02: every slider changes figure and words; their data are right."""

import pytest

from sparcode_mini.lessons.two_tower_limits.widget_index_error import IndexErrors, index_data
from sparcode_mini.lessons.two_tower_limits.widget_storage import StorageCalculator
from sparcode_mini.lessons.two_tower_limits.widget_world import WorldExplorer, world_data
from sparcode_mini.plots.picture import Picture
from sparcode_mini.results import load

PANELS = {"world": WorldExplorer, "index": IndexErrors, "storage": StorageCalculator}
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(params=PANELS)
def panel(request):
    return PANELS[request.param]()


def drawn(panel):
    """Return the traces of the figure, without its words."""
    return repr([trace.to_plotly_json() for trace in panel.figure.data])


def shown(panel):
    """Return everything that the reader sees, without the sliders."""
    headings = [a.text for a in panel.figure.layout.annotations]
    return repr((drawn(panel), panel.text.value, headings))


def test_every_slider_changes_the_picture_and_reset_brings_it_back(panel):
    first = shown(panel)
    for slider in panel.sliders.values():
        before, words = drawn(panel), panel.text.value
        at = slider.index
        slider.index = at + 1 if at + 1 < len(slider.options) else at - 1
        assert drawn(panel) != before and panel.text.value != words
    panel.reset.click()
    assert shown(panel) == first


def test_every_choice_of_every_slider_can_be_shown(panel):
    for slider in panel.sliders.values():
        for _, value in slider.options:
            slider.value = value
            assert panel.text.value and "nan" not in panel.text.value


def test_it_has_a_stable_text_and_a_still_picture(panel):
    assert repr(panel) == repr(type(panel)())
    assert isinstance(panel.still(), Picture)
    data, metadata = panel._repr_mimebundle_()
    assert {WIDGET, "image/png", "text/plain"} <= set(data)
    assert data["text/plain"] == repr(panel) and metadata["image/png"]["alt"]


def test_wrong_starts_are_refused():
    with pytest.raises(ValueError, match="no slider 'depth'"):
        WorldExplorer(depth=3)
    with pytest.raises(ValueError, match="width = 5 is not offered"):
        WorldExplorer(width=5)
    assert WorldExplorer(width=8).sliders["width"].value == 8


# --- the data -----------------------------------------------------------------------------------


@pytest.mark.numeric
def test_a_dot_product_of_full_rank_is_perfect_and_quality_grows_with_width():
    data = world_data(48, 0.05, 3)
    assert data["r_precision"] == 1 and data["rank"] == 46
    assert data["curve"] == sorted(data["curve"]) and data["curve"][0] < 0.4
    assert data["bytes"]["matrix"] == 2 * (48 + 1) * 150


def test_one_field_needs_as_many_dimensions_as_values():
    assert world_data(16, 0.1, 1)["r_precision"] == 1
    assert world_data(4, 0.1, 1)["rank"] <= 16


def test_more_likes_make_the_lists_longer_and_leave_the_matrix_alone():
    few, many = world_data(8, 0.01, 2)["bytes"], world_data(8, 0.2, 2)["bytes"]
    assert many["lists"] > 10 * few["lists"] and many["matrix"] == few["matrix"]


def test_the_index_panel_shows_stored_numbers_only():
    stored = load("index_error")
    setting = {"links": 16, "nprobe": 4, "M": 16, "rerank": True}
    data = index_data(stored, ef=400, **setting)
    assert data["chosen"]["HNSW"] in stored["hnsw"]
    assert data["chosen"]["IVF-PQ"] in stored["ivfpq"]
    assert data["chosen"]["IVF-PQ"].items() >= {"M": 16, "nprobe": 4, "rerank": True}.items()
    assert data["chosen"]["HNSW"].items() >= {"links": 8, "ef": 400}.items()
    with pytest.raises(KeyError, match="not measured"):
        index_data(stored, ef=100, **setting)


def test_the_calculator_says_who_is_smaller_and_what_a_cap_does():
    panel = StorageCalculator(items=10**8, users=10**9)
    assert "matrix is" in panel.text.value and "200 PB" in panel.text.value
    panel.sliders["density"].value = 0.5
    assert "lists are" in panel.text.value
    panel.sliders["cap"].value = 1000
    assert "never exceed 768 kB" in panel.text.value
