"""The study behind the map: equal chances for both sides, and numbers that belong to the code."""

import json

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.evaluation import paired
from sparcode_mini.lessons.real_data import where_it_pays as pays_table
from sparcode_mini.studies import pays
from sparcode_mini.studies.common import people as per_person


def test_both_sides_get_the_same(movielens_split):
    for name, point in pays.POINTS.items():
        specs = {side: pays.spec(name, side, 1e-2) for side in pays.SIDES}
        assert len({json.dumps(s["fit"]) for s in specs.values()}) == 1
        assert "max_positions" not in specs[pays.TOWER]["fit"]  # all prefixes
        assert {s["model"]["query_tokens"] for s in specs.values()} == {point.query_tokens}
        assert {s["model"]["token_dim"] for s in specs.values()} == {32}
    with pytest.raises(KeyError):
        pays.spec("base", "three-tower", 1e-2)
    base = pays.described(pays.POINTS["base"])
    assert base.fingerprint == movielens_split.fingerprint
    names = [f.name for f in base.item_features]
    assert names == [f.name for f in movielens_split.item_features]


@pytest.fixture
def no_training(monkeypatch):
    """Nothing is trained: validation likes 1e-2 for the two-tower and 2e-2 for SparCode."""
    asked = []

    def validation(folder, point, side, lr):
        asked.append((side, lr))
        return -abs(np.log2(lr / (1e-2 if side == pays.TOWER else 2e-2)))

    def measure(folder, point, side, seed, lr):
        people = {
            pays.NDCG: [0.1 * seed, 0.2, 0.3], pays.LATE: [0.1 * seed, 0.2, 0.2],
            pays.RARELY: [0.5, None, 1.0],
        }  # fmt: skip
        if side == pays.HARD:
            people = {k: [v and v + 0.1 for v in values] for k, values in people.items()}
            people[pays.LATE] = people[pays.NDCG]
        return {
            "point": point, "side": side, "seed": seed, "lr": lr, "validation": 0.5,
            "people": {reading: people for reading in pays.PROBES[side]},
        }  # fmt: skip

    monkeypatch.setattr(pays, "validation", validation)
    monkeypatch.setattr(pays, "measure", measure)
    return asked


def test_each_side_walks_until_both_neighbours_are_worse(no_training, tmp_path):
    for side, best, tried in ((pays.TOWER, 1e-2, 4), (pays.HARD, 2e-2, 5)):
        walk = pays.tune(tmp_path, "id", side)
        assert [rate["lr"] for rate in walk if rate["chosen"]] == [best]
        assert len(walk) == tried
        rates = [rate["lr"] for rate in walk]
        assert rates[0] < best < rates[-1]
    assert len(no_training) == len(set(no_training)) == 9


def test_rows_compare_people_whom_a_measure_knows(no_training, tmp_path, monkeypatch):
    part = pays.run_point(tmp_path, "id")
    assert {run["lr"] for run in part["runs"] if run["side"] == pays.HARD} == {2e-2}
    assert len(part["runs"]) == 2 * 3 and len(part["tries"]) == 9
    assert [row["measure"] for row in part["rows"]] == [pays.NDCG] * 2
    monkeypatch.setattr(pays, "groups", lambda point, name: {name: None})
    rows = pays.run_point(tmp_path, "base")["rows"]
    assert len(rows) == 2 * 4  # readings of SparCode, measures
    row = pays_table.pick(rows, "base", "4 probes", pays.RARELY)
    assert row["people"] == 2
    assert row["two-tower"] == [0.75] * 3
    assert row["SparCode"] == pytest.approx([0.85] * 3)
    row = pays_table.pick(rows, "base", "1 probe")
    assert row["two-tower"] == pytest.approx([0.5 / 3, 0.2, 0.7 / 3])
    row = pays_table.pick(rows, "base", "1 probe", pays.MORE)  # only the two-tower gains 0.1 once
    assert row["two-tower"] == pytest.approx([0.1 / 3] * 3)
    assert row["SparCode"] == pytest.approx([0.0] * 3)


def test_quarters_cover_everybody_once():
    found = pays.groups("base", "NDCG@50")
    whole, *quarters = found.values()
    assert whole is None
    assert sorted(np.concatenate(quarters).tolist()) == list(range(943))
    assert list(found)[1].startswith("NDCG@50, quarter 1 (14 to ")
    assert list(pays.groups("base", "R@50, rare films")) == ["R@50, rare films"]
    assert list(pays.groups("id", "NDCG@50")) == ["NDCG@50"]


def test_measure_remembers_and_refuses_another_setting(tmp_path, monkeypatch):
    monkeypatch.setattr(pays, "_train", lambda *_: {"validation": 0.5})
    found = pays.measure(tmp_path, "id", pays.TOWER, 1, 3e-3)
    assert (found["point"], found["lr"], found["validation"]) == ("id", 3e-3, 0.5)
    monkeypatch.setattr(pays, "_train", None)  # would fail if it were called
    assert pays.measure(tmp_path, "id", pays.TOWER, 1, 3e-3) == found
    for other in ({"negatives": 5}, {"fields": ("year",)}):  # the second is not of the model
        monkeypatch.setitem(pays.POINTS, "id", pays.POINTS["id"]._replace(**other))
        with pytest.raises(ValueError, match="another setting"):
            pays.measure(tmp_path, "id", pays.TOWER, 1, 3e-3)
        monkeypatch.undo()
        monkeypatch.setattr(pays, "_train", None)


def test_per_person_values(toy_split, trained, monkeypatch):
    monkeypatch.setattr(per_person, "PLACES", 10)
    monkeypatch.setattr(per_person, "RARE", 3)
    for probes in (None, 4):
        found = per_person.of_history(trained, toy_split, probes)
        each = paired.per_user(trained, toy_split, k=10, probes=probes)
        assert found["NDCG@50"] == pytest.approx(each.tolist())
        assert found["NDCG@50, last 3 films"] != found["NDCG@50"]
    watched = np.bincount(np.concatenate(toy_split.histories("train")), minlength=60)
    tested = [films for films in toy_split.histories("test") if len(films)]
    has = [(watched[films] < 3).any() for films in tested]
    assert [value is not None for value in found["R@50, rare films"]] == has
    tower = toys.small(sm.TwoTower, toy_split)
    assert len(per_person.of_history(tower, toy_split)["NDCG@50"]) == len(tested)


# --- what is stored -------------------------------------------------------------------------------


def test_the_stored_configuration_is_that_of_the_code():
    assert results.load("pays")["config"] == json.loads(json.dumps(pays.config()))


def test_every_point_side_and_seed_is_there_once():
    stored = results.load("pays")
    found = [(r["point"], r["side"], r["seed"]) for r in stored["runs"]]
    wanted = [(n, s, i) for n in pays.POINTS for s in pays.SIDES for i in pays.SEEDS]
    assert sorted(found) == sorted(wanted)
    for row in stored["rows"]:
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["p"] <= row["p, Holm"]
        mean = np.mean(row["SparCode"]) - np.mean(row["two-tower"])
        assert row["difference"] == pytest.approx(mean, abs=1e-9)
    assert [r["p, Holm"] for r in stored["rows"]] == paired.holm([r["p"] for r in stored["rows"]])


def test_no_rate_was_chosen_at_an_edge():
    tries = results.load("pays")["tries"]
    for point in pays.POINTS:
        for side in pays.SIDES:
            walk = [t for t in tries if (t["point"], t["side"]) == (point, side)]
            (best,) = (t for t in walk if t["chosen"])
            assert best["validation"] == max(t["validation"] for t in walk)
            assert min(t["lr"] for t in walk) < best["lr"] < max(t["lr"] for t in walk)


def test_the_cheap_entry_comes_out_again(tmp_path):
    stored = results.load("pays")["cheap"]
    again = pays.measure(tmp_path, **pays.CHEAP)
    assert np.mean(again["people"][""]["NDCG@50"]) == pytest.approx(stored["ndcg@50"], abs=0.01)


# --- tables and the picture -----------------------------------------------------------------------


def row(**changes):
    plain = {
        "point": "id", "side": pays.HARD, "reading": "1 probe", "measure": "NDCG@50",
        "people": 943, "two-tower": [0.25, 0.23], "SparCode": [0.27, 0.26],
        "difference": 0.025, "low": 0.02, "high": 0.03, "p": 0.0001, "p, Holm": 0.01,
    }  # fmt: skip
    return plain | changes


def test_names_and_verdicts():
    assert pays_table.label(row()) == "id"
    assert pays_table.label(row(measure="NDCG@50, last 3 films")) == "id: last 3 films"
    assert pays_table.label(row(measure="R@50, rare films")) == "id: R@50, rare films"
    assert pays_table.reading(row()) == "SparCode, 1 probe"
    assert pays_table.verdict(row()) == "SparCode"
    assert pays_table.verdict(row(difference=-0.025)) == "two-tower"
    assert pays_table.verdict(row(**{"p, Holm": 0.05})) == "open"
    with pytest.raises(KeyError, match="'3 probes'"):
        pays_table.pick([row()], "id", "3 probes")


def test_a_line_says_both_sides_and_the_difference():
    text = pays_table.line(row())
    assert text.split() == ["id", "24.00", "->", "26.50", "+2.50", "(+2.00", "to", "+3.00)",
                            "SparCode"]  # fmt: skip
