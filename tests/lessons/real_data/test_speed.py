"""The stored times in words: targets, report and pictures."""

import copy

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.real_data import draw_speed as plots
from sparcode_mini.lessons.real_data import speed


@pytest.fixture(scope="module")
def result():
    return results.load("speed")


def test_every_aim_of_the_report_is_judged_by_its_own_figures(result):
    aims = speed.lookup_targets(result)
    middle = speed.setting(result, 100_000, 2_000)
    assert aims[0].met == (middle["lists, compiled"]["p50"] < middle["hnswlib"]["p50"])
    slower = copy.deepcopy(result)
    for row in slower["lookup"]:
        if row["way"] == "lists, compiled":
            row["p50"] *= 1000
    assert not any(aim.met for aim in speed.lookup_targets(slower))
    others = {aim.name: aim.met for aim in speed.other_targets(result)}
    slower["encoding"]["QueryEncoder"]["p50"] = 151.0
    changed = {aim.name: aim.met for aim in speed.other_targets(slower)}
    assert not changed.pop("one history to codes")
    assert {name: others[name] for name in changed} == changed


def test_approximate_peers_found_what_they_were_set_to(result):
    for way in ("faiss HNSW", "hnswlib", "seismic"):
        rows = speed.rows_of(result, way=way)
        assert rows and all(row["recall"] >= 0.99 for row in rows), way


def test_adding_up_is_compared_at_equal_speed_of_the_core_only(result):
    assert speed.times_adding_up(result)
    slower = copy.deepcopy(result)
    for row in speed.rows_of(slower, way="accumulate only"):
        row["core"] = 99.0
    assert speed.times_adding_up(slower) == []
    assert len(speed.lookup_targets(slower)) == len(speed.lookup_targets(result)) - 1


def test_the_report_tells_all(result):
    text = speed.report(result)
    assert text.count("\n| ") > len(result["lookup"])
    assert all(curve["name"] in text for curve in result["growth"])
    without = {**result, "lookup": speed.rows_of(result, data="MovieLens-100K")}
    assert "under hnswlib's" in text and "under hnswlib's" not in speed.report(without)


def test_pictures_say_what_they_show(result):
    drawn = plots.pictures(result)
    assert set(drawn) == {"construction", "growth", "training", "lookup-100k", "lookup-1m"}
    assert all(picture.png.startswith(b"\x89PNG") for picture in drawn.values())
    assert "hnswlib" in drawn["lookup-100k"].alt and "slope" in drawn["growth"].alt
    assert "through their codes" in drawn["training"].alt
    small = {**result, "lookup": speed.rows_of(result, data="MovieLens-100K")}
    assert set(plots.pictures(small)) == {"construction", "growth", "training"}


def test_the_parts_of_a_step_are_those_of_the_picture(result):
    parts = result["training"]["parts"]
    assert result["training"]["gflop"].keys() == parts.keys()
    assert set(parts["sparcode"]) == set(plots.PARTS)
    assert set(plots.PARTS) - set(parts["two-tower"]) == {
        "gradient of the tokens through their codes"
    }


def test_the_slope_is_that_of_the_last_step():
    assert plots.last_slope([1, 10, 100], [9.0, 2.0, 200.0]) == pytest.approx(2.0)
