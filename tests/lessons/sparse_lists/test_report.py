"""The lines of lesson 07 about what a byte buys."""

import copy

from lessons.sparse_lists.drawings import FRONT, way_to_store
from sparcode_mini.lessons.sparse_lists import report

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
