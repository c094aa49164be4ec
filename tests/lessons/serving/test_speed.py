"""The stored times in words: comparisons, targets, report and pictures."""

import copy

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.serving import draw_speed as plots
from sparcode_mini.lessons.serving import speed


@pytest.fixture(scope="module")
def result():
    return results.load("speed")


def test_what_is_stored_comes_from_a_full_run(result):
    assert result["config"] == {"quick": False, "brief": False}, (
        "make bench ARGS=--store, on an idle machine"
    )


def test_readings_are_compared_with_the_fastest_search_of_enough_recall(result):
    million = {"items": 1_000_000, "freedom": 12}
    found = [one for one in speed.comparisons(result) if one.row.items() >= million.items()]
    assert [one.reading for one in found] == [
        f"{lists} lists, {cut}" for lists in (4, 16, 32) for cut in ("whole", "best 500")
    ]
    changed = copy.deepcopy(result)
    for row in speed.rows_of(changed, **million):
        row["p50"] *= 10 if "lists" in row else 1
        if row["way"] == found[0].peer["way"]:
            row["recall"] = 0.98
    slower = [one for one in speed.comparisons(changed) if one.row.items() >= million.items()]
    for before, after in zip(found, slower, strict=True):
        assert after.peer["way"] != before.peer["way"]
        ratio = before.peer["p50"] / after.peer["p50"]
        assert ratio <= 1 and after.search == pytest.approx(10 * before.search * ratio)


def test_targets_are_judged_by_their_own_figures(result):
    before = {aim.name: aim.met for aim in speed.other_targets(result)}
    slower = copy.deepcopy(result)
    slower["encoding"]["sparcode"]["QueryEncoder"]["p50"] = 151.0
    changed = {aim.name: aim.met for aim in speed.other_targets(slower)}
    assert not changed.pop("one history to codes")
    assert {name: before[name] for name in changed} == changed


def test_approximate_peers_found_what_they_were_set_to(result):
    peers = [row for row in result["lookup"] if "lists" not in row and "setting" in row]
    assert len({row["way"] for row in peers}) == 8
    assert all(row["recall"] >= speed.RECALL for row in peers)
    assert all(row["setting"].get("efSearch", 50) >= 50 for row in peers)


def test_no_reading_is_called_exact_that_is_not(result):
    for row in result["lookup"]:
        if speed.exact(row):
            assert row["recall"] == 1 and row.get("best") is None
    names = {speed.way_of(row) for row in result["lookup"] if speed.exact(row)}
    assert {"flat", "4 lists, whole", "32 lists, whole"} <= names
    assert not any("seismic" in name or "best" in name or "bits" in name for name in names)


def test_the_report_tells_all(result):
    text = speed.report(result)
    assert text.count("\n| ") > len(result["lookup"]) + len(speed.comparisons(result))
    assert all(curve["name"] in text for curve in result["growth"])


def test_pictures_say_what_they_show(result):
    drawn = plots.pictures(result)
    catalogues = ("100000-12", "100000-64", "1000000-12")
    lookups = {f"lookup-{name}" for name in catalogues}
    assert set(drawn) == {"quality", "construction", "growth", "training"} | lookups
    assert all(picture.png.startswith(b"\x89PNG") for picture in drawn.values())
    assert "32 lists, whole" in drawn["lookup-1000000-12"].alt
    assert "16 lists, whole" in drawn["quality"].alt and "exponent" in drawn["growth"].alt
    assert "through their codes" in drawn["training"].alt


def test_the_parts_of_a_step_are_those_of_the_picture(result):
    parts = result["training"]["parts"]
    assert result["training"]["gflop"].keys() == parts.keys()
    assert set(parts["sparcode"]) == set(plots.PARTS)
    assert set(plots.PARTS) - set(parts["two-tower"]) == {
        "gradient of the tokens through their codes"
    }
