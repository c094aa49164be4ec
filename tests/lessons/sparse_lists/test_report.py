"""What lesson 07 measures of lists, and its lines about what a byte buys."""

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
           "matrix ndcg@50": 0.31, "lists ndcg@50": 0.298}  # fmt: skip
    text = report.compared_sides({"compared": [row], "runs": [{"seed": s} for s in (0, 1, 1)]})
    assert "2 seeds" in text
    assert "10 kB  two-tower 31.00  D = 8" in text and "lists     29.80  best 50" in text


def test_rights_of_the_matrix():
    stored = copy.deepcopy(FRONT)
    points = stored["runs"][0]["points"]
    points += [way_to_store(f"D = 4{more}", 9_000, 0.28) for more in (", int4", ", 300 films")]
    points += [way_to_store("D = 4, int8, trained again", 9_500, 0.3)]
    points += [way_to_store("D = 3, int8", 9_900, 0.2)]
    text = report.rights(stored)
    assert "the best lists of any size      30 kB  0.2900  sparcode: b" in text
    assert "passes them at  9.5 kB  0.3000  D = 4, int8, trained again" in text.replace(
        "  9.5", " 9.5"
    )
    assert "within 10 kB, all films in 8 or 16 bits, as trained: two-tower 0.2900" in text  # D = 8
    points.remove(way_to_store("D = 8", 8e3, 0.29))
    assert "two-tower 0.2000, lists 0.2600" in report.rights(stored)


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
