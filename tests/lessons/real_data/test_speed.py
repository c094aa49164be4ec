"""What the stored speed figures say, and how they are told."""

import copy

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.real_data import draw_speed as plots
from sparcode_mini.lessons.real_data import speed


@pytest.fixture(scope="module")
def found():
    return results.load("speed")


def test_every_aim_of_the_report_is_judged_by_its_own_figures(found):
    aims = speed.lookup_targets(found)
    middle = speed.setting(found, 100_000, 2_000)
    assert aims[0].met == (middle["lists, compiled"]["p50"] < middle["hnswlib"]["p50"])
    slower = copy.deepcopy(found)
    for row in slower["lookup"]:
        if row["way"] == "lists, compiled":
            row["p50"] *= 1000
    assert not any(aim.met for aim in speed.lookup_targets(slower))
    others = {aim.what: aim.met for aim in speed.other_targets(found)}
    slower["encoding"]["QueryEncoder"]["p50"] = 151.0
    changed = {aim.what: aim.met for aim in speed.other_targets(slower)}
    assert not changed.pop("one history to codes")
    assert {what: others[what] for what in changed} == changed


def test_approximate_peers_found_what_they_were_set_to(found):
    for way in ("faiss HNSW", "hnswlib", "seismic"):
        rows = speed.rows_of(found, way=way)
        assert rows and all(row["recall"] >= 0.99 for row in rows), way


def test_adding_up_is_compared_at_equal_speed_of_the_core_only(found):
    assert speed.times_adding_up(found)
    slower = copy.deepcopy(found)
    for row in speed.rows_of(slower, way="accumulate only"):
        row["core"] = 99.0
    assert speed.times_adding_up(slower) == []
    assert len(speed.lookup_targets(slower)) == len(speed.lookup_targets(found)) - 1


def test_a_row_is_found_by_what_it_has(found):
    row = speed.row_of(found, data="MovieLens-100K", way="hnswlib")
    assert row["items"] == 1682
    with pytest.raises(KeyError, match="rows have"):
        speed.row_of(found, way="hnswlib", items=3)


def test_the_report_tells_all(found):
    text = speed.report(found)
    assert text.count("\n| ") > len(found["lookup"])
    assert all(curve["name"] in text for curve in found["growth"])
    without = {**found, "lookup": speed.rows_of(found, data="MovieLens-100K")}
    assert "under hnswlib's" in text and "under hnswlib's" not in speed.report(without)


def test_pictures_say_what_they_show(found):
    drawn = plots.pictures(found)
    assert set(drawn) == {"construction", "growth", "training", "lookup-100k", "lookup-1m"}
    assert all(picture.png.startswith(b"\x89PNG") for picture in drawn.values())
    assert "hnswlib" in drawn["lookup-100k"].alt and "exponent" in drawn["growth"].alt
    assert "through their codes" in drawn["training"].alt
    small = {**found, "lookup": speed.rows_of(found, data="MovieLens-100K")}
    assert set(plots.pictures(small)) == {"construction", "growth", "training"}


def test_the_parts_of_a_step_are_those_of_the_picture(found):
    parts = found["training"]["parts"]
    assert found["training"]["gflop"].keys() == parts.keys()
    assert set(parts["sparcode"]) == set(plots.PARTS)
    assert set(plots.PARTS) - set(parts["two-tower"]) == {
        "gradient of the tokens through their codes"
    }
