"""What the lesson says about stored results, held against the files."""

import pytest

from sparcode_mini.evaluation.paired import holds
from sparcode_mini.lessons.sparse_lists import report
from sparcode_mini.results import load

CARDS = load("models")["cards"]
SHORTER = load("shorter_lists")
FOUR = "ndcg@50 probes=4"


def ndcg(share, probes, tuned=False, precision="float16", way="best-n"):
    wanted = {"share": share, "probes": probes, "tuned": tuned, "precision": precision, "way": way}
    (row,) = [row for row in SHORTER["rows"] if wanted.items() <= row.items()]
    return 100 * row["ndcg@50"]


def compared(share, probes, tuned):
    wanted = {"share": share, "probes": probes, "tuned": tuned}
    (row,) = [row for row in SHORTER["compared"] if wanted.items() <= row.items()]
    return row


def test_without_a_penalty_two_of_three_pairs_stay_and_with_it_one_of_twelve():
    assert CARDS["sparcode"]["density"] == pytest.approx(2 / 3, abs=0.02)
    assert CARDS["sparcode-sparse"]["density"] == pytest.approx(0.08, abs=0.005)


def test_the_penalty_costs_little_and_the_two_tower_is_ahead():
    dense, sparse, tower = (CARDS[n] for n in ("sparcode", "sparcode-sparse", "two-tower"))
    assert 100 * (dense["ndcg@50"] - sparse["ndcg@50"]) == pytest.approx(0.6, abs=0.05)
    assert 100 * (dense[FOUR] - sparse[FOUR]) == pytest.approx(0.8, abs=0.05)
    assert 100 * (tower["ndcg@50"] - sparse[FOUR]) == pytest.approx(2.5, abs=0.05)


def test_half_of_the_entries_are_enough_with_four_probes_only():
    assert ndcg(1.0, 4) - ndcg(0.5, 4) == pytest.approx(0.2, abs=0.05)
    assert ndcg(1.0, 1) - ndcg(0.2, 1) == pytest.approx(5, abs=0.5)


def test_training_again_gives_a_little_with_four_probes():
    gains = [ndcg(share, 4, tuned=True) - ndcg(share, 4) for share in (1.0, 0.5, 0.2, 0.1)]
    assert max(gains) == pytest.approx(0.6, abs=0.05)
    assert min(gains) == pytest.approx(0.1, abs=0.06)


def test_eight_bits_change_next_to_nothing():
    for share in (1.0, 0.5, 0.2, 0.1):
        assert abs(ndcg(share, 4, precision="int8") - ndcg(share, 4)) < 0.02


def test_exercise_3_has_one_right_answer():
    rows = SHORTER["compared"]
    right = compared(0.1, 4, False)
    assert len(rows) == 12
    assert [row for row in rows if holds(row)] == [right]
    assert right["low"] > 0  # C
    for share in (0.5, 0.2, 0.1):  # A: only the signs of the means say so
        row = compared(share, 1, False)
        assert row["difference"] > 0 > row["low"]
    widest = max(-compared(0.5, R, t)["low"] for R in (1, 4) for t in (False, True))
    assert widest > 0.005  # B: no interval that is narrow around 0
    again = compared(0.1, 4, True)  # D
    assert again["low"] > 0 and not holds(again)


# The sentences about the front are still to be written; they will rest on these two.


def test_the_two_tower_is_ahead_at_every_size():
    assert report.certain(load("front")["compared"])


def test_a_small_matrix_passes_the_best_lists():
    assert report.small_matrix_passes(load("front"))
