"""The small setting: how a rate is chosen, what is measured, and what is compared."""

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.evaluation.paired import compare, holm, per_user
from sparcode_mini.studies.common import small


def test_a_rate_is_better_than_both_its_neighbours(toy_split, tmp_path, monkeypatch):
    quality = dict(zip(small.RATES, (0.1, 0.2, 0.5, 0.4, 0.3, 0.9), strict=True))
    asked = []

    def tried(split, folder, name, setting):
        asked.append((setting["fit"]["lr"], name))
        return {f"validation {small.DECIDES}": quality[setting["fit"]["lr"]]}

    monkeypatch.setattr(small, "tried", tried)
    points = small.tune_rate(toy_split, tmp_path, "x", lambda lr: small.spec({}, lr=lr))
    assert [p["lr"] for p in points] == list(small.RATES[1:5])  # the last one is never reached
    assert small.chosen(points)["lr"] == small.RATES[2]
    assert len(asked) == 4 and asked[0] == (small.RATES[small.FIRST_RATE], "x-lr0.01")
    assert points[0][f"validation {small.DECIDES}"] == 0.2


def test_a_setting_is_the_small_one_but_for_what_is_named():
    setting = small.spec({"tokenizer": "gru"}, lr=0.5)
    assert setting["model"] == small.MODEL | {"tokenizer": "gru"}
    assert setting["fit"] == small.FIT | {"lr": 0.5}
    assert small.spec({}, epochs=2)["fit"]["epochs"] == 2


def test_what_is_measured_is_what_the_index_serves(toy_split, tmp_path):
    fit = {"epochs": 4, "stages": (0.0, 0.5)}
    setting = {"class": "SparCode", "model": {**toys.TINY, "N": 6}, "fit": fit}
    more = {"words": ["one"], "values": {"rare": [0.5]}}
    ask = (lambda model: dict(more)), {"films": 1}
    entry = small.measure(toy_split, tmp_path, "x", setting, 3, *ask)
    model = sm.load_model(tmp_path / "x-3.safetensors", toy_split)
    index = sm.SparseIndex.build(model, codes="all")
    for probes, name in small.PROBES.items():
        expected = per_user(model, toy_split, probes=probes)
        assert entry["values"][name] == pytest.approx(expected.tolist())
    assert np.mean(entry["values"]["4 probes"]) == pytest.approx(entry["ndcg@50 probes=4"])
    assert entry["values"]["rare"] == [0.5] and entry["words"] == ["one"]
    lengths = {tuple(code): n for code, n in zip(index.codes.tolist(), np.diff(index.offsets),
                                                 strict=True)}  # fmt: skip
    codes = model.encode(toys.known_users(toy_split)).codes[:, :, 0].tolist()
    read = [sum(lengths[tuple(code)] for code in person) for person in codes]
    assert entry["read"] == pytest.approx(np.mean(read))
    again = small.measure(toy_split, tmp_path, "x", setting, 3, None, {"films": 1})  # it is stored
    assert again == entry
    with pytest.raises(ValueError, match="another setting"):
        small.measure(toy_split, tmp_path, "x", setting, 3, ask[0], {"films": 2})
    assert "values" not in small.without_values(entry)


def test_a_trial_is_measured_on_validation_alone(toy_split, tmp_path):
    fit = {"epochs": 4, "stages": (0.0, 0.5)}
    setting = {"class": "SparCode", "model": {**toys.TINY, "N": 6}, "fit": fit}
    found = small.tried(toy_split, tmp_path, "x", setting)
    model = sm.load_model(tmp_path / "x.safetensors", toy_split)
    index = sm.SparseIndex.build(model, codes="all")
    assert found["read"] == small.entries_read(model, index, toy_split)
    for metric, probes in (("ndcg@50", 1), (small.DECIDES, 4)):
        quality = sm.evaluate(model, toy_split, on="validation", probes=probes, index=index)
        assert found[f"validation {metric}"] == pytest.approx(quality["ndcg@50"])
    assert small.tried(toy_split, tmp_path, "x", setting) == found


def test_all_comparisons_are_read_together():
    rng = np.random.default_rng(0)
    low, high, same = ([{"values": {"a": (rng.random(20) + shift).tolist()}} for _ in range(2)]
                       for shift in (0.0, 0.5, 0.0))  # fmt: skip
    rows = small.comparisons([({"name": "high"}, high, low), ({"name": "same"}, same, low)])
    assert [(row["name"], row["measure"]) for row in rows] == [("high", "a"), ("same", "a")]
    table, base = (np.array([run["values"]["a"] for run in runs]) for runs in (high, low))
    expected = compare(table, base)
    assert {key: rows[0][key] for key in expected} == expected
    assert [row["p, Holm"] for row in rows] == holm([row["p"] for row in rows])


def test_a_difference_in_words():
    found = {"difference": -0.0123, "low": -0.02, "high": 0.001, "p": 0.04}
    assert small.in_points(found) == "-1.23 (-2.00 to +0.10), p 0.040"
    assert small.in_points(found | {"p, Holm": 0.5}).endswith("p, Holm 0.500")
