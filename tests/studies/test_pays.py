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
        specs = {side: pays.spec(name, side, 1e-2) for side in point.sides}
        assert len({json.dumps(s["fit"]) for s in specs.values()}) == 1
        assert {s["model"]["token_dim"] for s in specs.values()} == {point.width}
        assert {s["model"]["query_tokens"] for s in specs.values()} == {point.query_tokens}
        assert pays.TOWER in point.sides and pays.HARD in point.sides
    with pytest.raises(KeyError):
        pays.spec("base", "three-tower", 1e-2)
    base = pays.described(sm.data.movielens_100k(), pays.POINTS["base"])
    assert base.fingerprint == movielens_split.fingerprint
    names = [f.name for f in base.item_features]
    assert names == [f.name for f in movielens_split.item_features]


@pytest.fixture
def no_training(monkeypatch, tmp_path):
    """`measure` answers at once: validation likes lr 1e-2 and dropout 0.4 for SparCode only."""
    asked = []

    def measure(folder, point, side, seed, lr, dropout=pays.DROPOUT, epochs=None):
        asked.append((side, seed, lr, dropout))
        good = (lr == 1e-2) + (dropout == 0.4) * (side == pays.HARD)
        people = {"NDCG@50": [0.1 * seed, 0.2, 0.3], "R@50, rare films": [0.5, None, 1.0]}
        if side != pays.TOWER:
            people = {k: [v and v + 0.1 for v in values] for k, values in people.items()}
        return {
            "point": point, "side": side, "seed": seed, "lr": lr, "dropout": dropout,
            "validation": good, "people": {r: people for r in pays.PROBES[side]},
        }  # fmt: skip

    monkeypatch.setattr(pays, "measure", measure)
    return asked


def test_tuning_is_equal_and_only_of_the_first_seed(no_training, tmp_path):
    assert pays.tune(tmp_path, "two requests", pays.HARD) == (1e-2, 0.4)
    assert pays.tune(tmp_path, "two requests", pays.TOWER) == (1e-2, 0.2)
    tried = [(lr, dropout) for _, _, lr, dropout in no_training]
    assert tried[:3] == tried[3:] == [(3e-3, 0.2), (1e-2, 0.2), (1e-2, 0.4)]
    assert {seed for _, seed, _, _ in no_training} == {0}
    no_training.clear()
    assert pays.tune(tmp_path, "width 8", pays.TOWER) == (1e-2, 0.2)
    assert len(no_training) == 2


def test_rows_compare_people_whom_a_measure_knows(no_training, tmp_path):
    part = pays.run_point(tmp_path, "width 8")
    assert len(part["runs"]) == 2 * 3
    assert len(part["rows"]) == 2 * 2  # readings of one SparCode, measures
    row = pays_table.pick(part["rows"], "width 8", pays.HARD, "4 probes", "R@50, rare films")
    assert row["people"] == 2
    assert row["two-tower"] == [0.75] * 3
    assert row["SparCode"] == pytest.approx([0.85] * 3)
    row = pays_table.pick(part["rows"], "width 8", pays.HARD, "1 probe")
    assert row["two-tower"] == pytest.approx([0.5 / 3, 0.2, 0.7 / 3])


def test_quarters_cover_everybody_once():
    found = pays.groups("base", "NDCG@50")
    whole, *quarters = found.values()
    assert whole is None
    assert sorted(np.concatenate(quarters).tolist()) == list(range(943))
    assert list(found)[1].startswith("NDCG@50, quarter 1 (14 to ")
    assert list(pays.groups("base", "R@50, rare films")) == ["R@50, rare films"]
    assert list(pays.groups("width 4", "NDCG@50")) == ["NDCG@50"]


def test_measure_remembers_and_refuses_another_setting(tmp_path, monkeypatch):
    monkeypatch.setattr(pays, "_train", lambda *_: {"validation": 0.5})
    found = pays.measure(tmp_path, "width 4", pays.TOWER, 1, 3e-3)
    assert (found["point"], found["lr"], found["validation"]) == ("width 4", 3e-3, 0.5)
    monkeypatch.setattr(pays, "_train", None)  # would fail if it were called
    assert pays.measure(tmp_path, "width 4", pays.TOWER, 1, 3e-3) == found
    for other in ({"width": 5}, {"fields": ()}):  # the second is not part of the model's setting
        monkeypatch.setitem(pays.POINTS, "width 4", pays.POINTS["width 4"]._replace(**other))
        with pytest.raises(ValueError, match="another setting"):
            pays.measure(tmp_path, "width 4", pays.TOWER, 1, 3e-3)
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
    wanted = [(n, s, i) for n, p in pays.POINTS.items() for s in p.sides for i in p.seeds]
    assert sorted(found) == sorted(wanted)
    for row in stored["rows"]:
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["p"] <= row["p, Holm"]
        mean = np.mean(row["SparCode"]) - np.mean(row["two-tower"])
        assert row["difference"] == pytest.approx(mean, abs=1e-9)
    assert [r["p, Holm"] for r in stored["rows"]] == paired.holm([r["p"] for r in stored["rows"]])


def test_the_cheap_entry_comes_out_again(tmp_path):
    stored = results.load("pays")["cheap"]
    again = pays.measure(tmp_path, **pays.CHEAP)
    assert np.mean(again["people"][""]["NDCG@50"]) == pytest.approx(stored["ndcg@50"], abs=0.01)


# --- tables and the picture -----------------------------------------------------------------------


def row(**changes):
    plain = {
        "point": "width 4", "side": pays.HARD, "reading": "1 probe", "measure": "NDCG@50",
        "people": 943, "two-tower": [0.25, 0.23], "SparCode": [0.27, 0.26],
        "difference": 0.025, "low": 0.02, "high": 0.03, "p": 0.0001, "p, Holm": 0.01,
    }  # fmt: skip
    return plain | changes


def test_names_and_verdicts():
    assert pays_table.label(row()) == "width 4"
    assert pays_table.label(row(measure="NDCG@50, last 3 films")) == "width 4: last 3 films"
    assert pays_table.label(row(measure="R@50, rare films")) == "width 4: R@50, rare films"
    assert pays_table.reading(row()) == "SparCode, 1 probe"
    assert pays_table.verdict(row()) == "SparCode"
    assert pays_table.verdict(row(difference=-0.025)) == "two-tower"
    assert pays_table.verdict(row(**{"p, Holm": 0.05})) == "open"
    with pytest.raises(KeyError, match="'3 probes'"):
        pays_table.pick([row()], "width 4", pays.HARD, "3 probes")


def test_the_table_says_the_numbers():
    text = pays_table.markdown([row()])
    assert "| width 4 | SparCode, 1 probe | 24.00 | 26.50 | +2.50 (+2.00 to +3.00) |" in text
    assert text.endswith("| 0.0001 | 0.0100 | 943 | 2 | SparCode |")


def test_what_the_map_shows():
    rare, late = "R@50, rare films", "NDCG@50, last 3 films"
    rows = [
        row(),
        row(measure=rare),
        row(point="base", measure=late),
        row(point="id", measure=rare),
    ]
    rows += [row(point="id", measure=late), row(point="one request", measure="NDCG@50, filtered")]
    assert pays_table.for_the_map(rows) == [rows[i] for i in (0, 2, 3, 5)]


def test_served_bytes_are_read_from_another_study():
    front = results.load("front")
    small, large = pays_table.at_bytes(front, (1, 10_000_000))
    assert small == (1, None, None)
    _, tower, lists = large
    every = [p for t in front["towers"] for p in t["points"] if p["precision"] == "int8"]
    assert tower.ndcg <= max(p["ndcg@50"] for p in every)
    assert lists.name.startswith("L1")
