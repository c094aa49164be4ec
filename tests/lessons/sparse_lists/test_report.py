"""What lesson 07 measures of lists, and its lines about quality at equal bytes."""

import copy

import numpy as np
import pytest

import toys
from lessons.sparse_lists.drawings import FRONT, way_to_store
from sparcode_mini.lessons.sparse_lists import report
from sparcode_mini.results import load

ROW = {"difference": -0.012, "low": -0.02, "high": -0.004, "p": 0.01, "p, Holm": 0.03}


def test_a_difference_is_told_in_points():
    assert report.difference(ROW) == "-1.20 (-2.00 to -0.40), p (Holm) 0.0300"
    rows = [{**ROW, "share": 0.5, "tuned": True, "probes": 4}]
    assert " 50% kept, 4 probes trained again -1.20" in report.best_n_or_bias({"compared": rows})


def test_certain_needs_the_interval_and_holm():
    assert report.certain([ROW, ROW])
    assert not report.certain([ROW, {**ROW, "p, Holm": 0.06}])
    assert not report.certain([ROW, {**ROW, "high": 0.001}])


def test_both_choices_of_a_size_are_named():
    row = {**ROW, "budget": 10_000, "matrix": "D = 8", "lists": "best 50",
           "matrix ndcg@50": 0.31, "lists ndcg@50": 0.298,
           "matrix bytes": 8_836.0, "lists bytes": 9_923.3}  # fmt: skip
    text = report.compared_sides({"compared": [row], "runs": [{"seed": s} for s in (0, 1, 1)]})
    assert "2 seeds" in text
    assert "within 10 kB   two-tower  0.3100  8.84 kB  D = 8" in text
    assert "lists      0.2980  9.92 kB  best 50" in text
    assert "1 seed of" in report.compared_sides({"compared": [row], "runs": [{"seed": 0}]})


def test_rights_of_the_matrix():
    stored = copy.deepcopy(FRONT)
    points = stored["runs"][0]["points"]
    points += [way_to_store(f"D = 4{more}", 9_000, 0.28) for more in (", int4", ", 300 films")]
    points += [way_to_store("D = 4, int8, trained again", 9_500, 0.3)]
    points += [way_to_store("D = 3, int8", 9_900, 0.2)]
    points += [{"name": "lucky", "bytes": 8_500, "validation": 0.27, "test": 0.4}]
    text = report.rights(stored)
    assert "the best lists of any size      30 kB  0.2900  sparcode: b" in text
    assert "passes them at   9.5 kB  0.3000  D = 4, int8, trained again" in text
    assert "encoders: two-tower 9 B, SparCode 9 B" in text
    assert "within 10 kB: two-tower 0.2900, lists 0.2600" in text  # D = 8
    points.remove(way_to_store("D = 8", 8e3, 0.29))
    points.remove({"name": "lucky", "bytes": 8_500, "validation": 0.27, "test": 0.4})
    assert "two-tower 0.2000, lists 0.2600" in report.rights(stored)


def test_without_lists_nothing_is_passed():
    with pytest.raises(ValueError, match="no lists"):
        report.passing({"runs": FRONT["runs"][:1]})


def test_entries_that_are_read_twice_count_twice():
    index = toys.index_of(np.array([[2.0, 0, 1], [0, 0, 3]]), np.array([[0], [1]]))
    assert report.entries_read(index, np.array([[[0], [0]], [[1], [7]]])) == (4 + 1) / 2


def test_cards_are_told_with_both_probes():
    cards = {"a": {"ndcg@50": 0.3}, "b": {"ndcg@50": 0.29, "ndcg@50 probes=4": 0.31}}
    lines = report.probes_of_cards(cards).splitlines()
    assert lines[1].endswith("0.3000  (it reads no lists)")
    assert lines[2].split() == ["b", "0.2900", "0.3100"]


def test_the_smallest_lossless_rule_keeps_what_is_above_0():
    S_b = np.array([[2.0, -0.5, 0.0], [-1.0, 2.5, 1.0]])
    rule, lines = report.least_stored(S_b)
    assert rule == "all above 0"
    assert "all above 0           stores  3; entries that come out wrong: 0" in lines
    assert "the best of each row  stores  2; entries that come out wrong: 1" in lines


def test_shares_of_an_answer_leave_out_people_without_one():
    exact = np.array([[1, 2, 3], [4, -1, -1], [-1, -1, -1]])
    answer = np.array([[3, 9, 1], [-1, -1, -1], [5, 6, 7]])
    assert report.share_kept(answer, exact) == pytest.approx((2 / 3 + 0) / 2)


def test_readings_of_a_small_index():
    index = toys.index_of(np.array([[2.0, 0, 1], [0, 0, 0]]), np.array([[0], [1]]))
    codes = np.array([[[0]], [[1]], [[2]]])  # the third code has no list
    nobody = [np.array([], dtype=int)] * 3
    test = [np.array([2]), np.array([0]), np.array([1])]
    exact = np.array([[0, 2], [-1, -1], [1, -1]])
    reading = report.read(index, codes, nobody, test, exact, on_missing="empty")
    assert reading[:4] == (2, 0.5, 2, pytest.approx(1 / 3))
    assert reading.ndcg == pytest.approx(1 / np.log2(3) / 3)
    assert str(reading).startswith("      2 entries  kept  50.0%  no film 2")
    with pytest.raises(KeyError):
        report.read(index, codes, nobody, test, exact)


def test_shares_of_shorter_lists_are_told_with_both_probes():
    lines = report.shorter(load("shorter_lists")).splitlines()
    assert "mean of 5 seeds" in lines[0]
    assert [line.split()[0] for line in lines[2:]] == ["100%", "50%", "20%", "10%"]


@pytest.mark.parametrize(
    ("difference", "p", "side"),
    [(-0.01, 0.01, "the two-tower"), (0.01, 0.01, "the lists"), (0.01, 0.2, "open")],
)
def test_who_is_ahead_is_open_unless_it_holds(difference, p, side):
    assert report.ahead({"difference": difference, "p, Holm": p}) == side
