"""What the lesson says about stored results, held against the files."""

import pytest

from sparcode_mini.evaluation.paired import holds
from sparcode_mini.lessons.real_data import table, where_it_pays
from sparcode_mini.results import load

TOKENIZERS = {"sparcode": "two-tower", "sparcode-gru": "two-tower-gru",
              "sparcode-dnn": "two-tower-dnn"}  # fmt: skip


@pytest.fixture(scope="module")
def stored():
    return load("table")


def points(stored, row, probes, twin):
    return 100 * table.difference(stored, row, probes, twin)["difference"]


@pytest.mark.parametrize(("probes", "least", "most"), [(1, 1.9, 2.7), (4, 0.9, 1.6)])
def test_each_sparcode_is_behind_its_two_tower(stored, probes, least, most):
    gaps = [-points(stored, row, probes, twin) for row, twin in TOKENIZERS.items()]
    assert min(gaps) == pytest.approx(least, abs=0.06)
    assert max(gaps) == pytest.approx(most, abs=0.06)
    assert all(
        holds(table.difference(stored, row, probes, twin)) for row, twin in TOKENIZERS.items()
    )


def test_the_gru_has_the_highest_mean_on_both_sides(stored):
    for rows, metric in ((TOKENIZERS, "ndcg@50 probes=4"), (TOKENIZERS.values(), "ndcg@50")):
        best = max(rows, key=lambda row: stored["summary"][row][metric]["mean"])
        assert best.endswith("gru")


def test_with_ease_on_both_sides_the_two_tower_is_ahead(stored):
    for row, twin in (("sparcode-ease", "two-tower-ease"),
                      ("sparcode-gru-ease", "two-tower-gru-ease")):  # fmt: skip
        assert round(points(stored, row, 1, twin), 1) == -1.1
        assert holds(table.difference(stored, row, 1, twin))


def test_no_two_tower_that_the_tuning_tried_is_behind_the_best_sparcode():
    tried = {"two-tower": [], "sparcode": []}
    for point in load("tuning")["points"]:
        if point["row"] in tried:
            tried[point["row"]].append(point["validation ndcg@50"])
    assert min(tried["two-tower"]) > max(tried["sparcode"])


def test_the_leak_leaves_the_order_open():
    stored = load("leak")
    assert stored["leak"]["popularity"]["low"] > 0.01 and holds(stored["leak"]["popularity"])
    assert stored["leak"]["EASE"]["low"] > 0 and holds(stored["leak"]["EASE"])
    for pair in (stored["leak"]["two-tower"], stored["before"]):
        assert pair["low"] < 0 < pair["high"]
    assert stored["before"]["low"] > -0.016 and stored["counts"]["people with both"] == 109


def test_the_map_of_pays_is_as_said():
    rows = load("pays")["rows"]
    shown = [row for row in rows if row["measure"] == "NDCG@50"]
    assert len(shown) == 8
    assert all(where_it_pays.verdict(row) == "two-tower" for row in shown)
    assert round(max(100 * row["difference"] for row in shown), 1) == -1.3
    assert round(min(100 * row["difference"] for row in shown), 1) == -1.8
    rare = {r["reading"]: r for r in rows if r["point"] == "base" and "rare" in r["measure"]}
    assert where_it_pays.verdict(rare["4 probes"]) == "two-tower"
    assert where_it_pays.verdict(rare["1 probe"]) == "open"


def test_ease_beside_the_two_tower_is_a_point(stored):
    for row, twin in (("two-tower-ease", "two-tower"), ("two-tower-gru-ease", "two-tower-gru")):
        assert points(stored, row, 1, twin) == pytest.approx(1, abs=0.15)
        assert holds(table.difference(stored, row, 1, twin))


def test_exercise_2_has_one_right_answer(stored):
    pair = {key: table.difference(stored, *key, "ease")
            for key in (("sparcode", 1), ("sparcode", 4), ("sparcode-gru", 1),
                        ("sparcode-gru", 4))}  # fmt: skip
    assert stored["paired"][-4:] == list(pair.values())  # "the last four lines"
    a, b, d, c = pair.values()
    assert a["difference"] < 0 < a["high"]  # A is open, and so is the prediction
    assert b["low"] < 0 < b["difference"]
    assert holds(c) and c["low"] > 0
    own = table.difference(stored, "sparcode-gru", 4, "two-tower-gru")
    assert holds(own) and own["high"] < 0
    assert d["low"] > 0 and d["p"] < 0.05 and not holds(d)


def test_a_second_training_gives_every_line_a_little():
    text = where_it_pays.trained_again(load("front"))
    gains = [float(line.split("(")[1].rstrip(")")) for line in text.splitlines()]
    assert min(gains) == pytest.approx(0.1, abs=0.05)
    assert max(gains) == pytest.approx(0.3, abs=0.05)


def test_the_order_of_the_paper_is_another_here(stored):
    def apart(row, probes=1):
        return table.difference(stored, row, probes, "two-tower")

    for row, probes, points in (("all-to-all", 1, -1.0), ("two-tower-maxsim", 1, -0.8)):
        assert holds(apart(row, probes))
        assert round(100 * apart(row, probes)["difference"], 1) == points
    assert not holds(apart("two-tower-reranked"))
