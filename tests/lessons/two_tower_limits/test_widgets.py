"""The panels of lesson 02: their data are right, their words say who is smaller."""

import pytest

from sparcode_mini.lessons.two_tower_limits.widget_index_error import IndexErrors, index_data
from sparcode_mini.lessons.two_tower_limits.widget_storage import StorageCalculator
from sparcode_mini.lessons.two_tower_limits.widget_world import world_data
from sparcode_mini.results import load


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


def test_the_points_of_an_index_have_the_names_of_their_settings():
    stored = load("index_error")
    points = {trace.name: trace for trace in IndexErrors(stored).figure.data}
    names = points["HNSW, measured"].customdata
    assert len(set(names)) == len(stored["hnsw"]) and "HNSW, 8 links, ef 200" in names
    assert "IVF-PQ, 8 bytes, nprobe 2, exact order" in points["IVF-PQ, measured"].customdata
    assert points["exact search"].y == (stored["exact"]["ndcg@50"],)


def test_the_calculator_says_who_is_smaller_and_what_a_cap_does():
    panel = StorageCalculator(items=10**8, users=10**9)
    assert "matrix is" in panel.text.value and "200 PB" in panel.text.value
    panel.sliders["density"].value = 0.5
    assert "lists are" in panel.text.value
    panel.sliders["cap"].value = 1000
    assert "never exceed 768 kB" in panel.text.value
