"""What the lesson says about stored results, held against the files."""

import pytest

from sparcode_mini.evaluation.paired import holds
from sparcode_mini.lessons.sparse_lists import report
from sparcode_mini.results import load
from sparcode_mini.studies.front import settings

CARDS = load("models")["cards"]
SHORTER, FRONT = load("shorter_lists"), load("front")
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
    assert ndcg(1.0, 1) - ndcg(0.2, 1) == pytest.approx(5.2, abs=0.05)


def test_training_again_gives_most_where_nothing_was_cut():
    gains = [ndcg(share, 4, tuned=True) - ndcg(share, 4) for share in (1.0, 0.5, 0.2, 0.1)]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] == pytest.approx(0.56, abs=0.01) and gains[-1] == pytest.approx(0.15, abs=0.01)
    again, whole = (
        next(row["each"] for row in SHORTER["rows"] if wanted.items() <= row.items())
        for wanted in (
            {"way": "best-n", "share": 1.0, "tuned": tuned, "precision": "float16", "probes": 4}
            for tuned in (True, False)
        )
    )
    each = sorted(100 * (a - b) for a, b in zip(again, whole, strict=True))
    assert each[-1] == pytest.approx(1.4, abs=0.05) and each[-2] < 0.6


def test_at_a_fifth_the_ways_are_alike_and_four_probes_bring_five_points():
    for probes in (1, 4):
        ways = [ndcg(0.2, probes, way=way) for way in ("best-n", "threshold", "bias")]
        assert max(ways) - min(ways) < 0.3
    assert ndcg(0.2, 4) - ndcg(0.2, 1) == pytest.approx(5, abs=0.3)


def test_eight_bits_change_almost_nothing():
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


# --- section 5 --------------------------------------------------------------------------------


def test_the_two_tower_is_ahead_at_all_five_sizes():
    rows = FRONT["compared"]
    assert [row["budget"] for row in rows] == [10_000, 16_000, 25_000, 60_000, 110_000]
    assert report.certain(rows) and len({run["seed"] for run in FRONT["runs"]}) == 3
    behind = [-100 * row["difference"] for row in rows]
    assert min(behind) == pytest.approx(0.9, abs=0.05)
    assert max(behind) == pytest.approx(2.0, abs=0.05)
    within_60 = rows[3]
    assert within_60["matrix bytes"] == pytest.approx(23_000, abs=500)
    assert -100 * within_60["difference"] == pytest.approx(1.1, abs=0.05)
    probes = {int(row["lists"].rpartition("R = ")[2]) for row in rows}
    assert probes == {8, 16}


def test_a_matrix_of_18_kb_passes_the_best_lists_on_validation():
    best, first = report.passing(FRONT)
    assert best.item_bytes == pytest.approx(88_000, abs=500)
    assert first.item_bytes == pytest.approx(18_000, abs=500) and first.ndcg > best.ndcg


def test_what_is_not_counted():
    (tower, *_), (lists, *_) = (settings(FRONT, side) for side in ("matrix", "lists"))
    assert (tower.encoder, lists.encoder) == (368_000, pytest.approx(393_000, abs=500))
    assert lists.beside == pytest.approx(16_000, abs=500)


def test_limits_of_one_side_make_a_lead():
    lines = report.rights(FRONT).splitlines()[-2:]
    for line, points in zip(lines, (3.0, -1.1), strict=True):
        tower, lists = (float(part.split()[-1]) for part in line.split(", lists"))
        assert 100 * (lists - tower) == pytest.approx(points, abs=0.05)


def test_the_cards_are_the_models_of_the_front():
    for row, spec in FRONT["config"]["rows"].items():
        assert spec == CARDS[row]["spec"]
