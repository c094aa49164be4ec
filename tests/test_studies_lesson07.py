"""The study `reaching`: shapes of one index against a two-tower, and what is stored of it."""

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.finetune import finetune
from sparcode_mini.studies import front, reaching


def test_a_shape_is_measured_as_it_is_served(trained, toy_split):
    whole = sm.SparseIndex.build(trained, codes="all")
    how = reaching.Shape(3, "int8", probes=4)
    one = reaching.shape(trained, toy_split, whole, how, seed=0)
    served = whole.cut(best=3).quantised("int8")
    found = sm.evaluate(trained, toy_split, k=50, probes=4, index=served)
    assert np.mean(one["people"]) == pytest.approx(found["ndcg@50"])
    assert one["bytes"] == served.stats()["entry_bytes"] + served.stats()["other_bytes"]
    told = reaching.told(how, [one, one], np.array([one["people"]] * 3) - 0.01)
    assert told["against two-tower"]["difference"] == pytest.approx(0.01)
    assert told["ndcg@50"] == [np.mean(one["people"])] * 2
    assert (told["best"], told["trained"]) == (3, False)


def test_trained_entries_are_trained_after_the_cut(trained, toy_split, monkeypatch):
    monkeypatch.setattr(reaching, "TUNE", {"epochs": 2, "lr": 0.2, "probes": 2})
    whole = sm.SparseIndex.build(trained, codes="all")
    rows = [
        reaching.shape(trained, toy_split, whole, reaching.Shape(2, "float16", 2, tune), seed=0)
        for tune in (False, True)
    ]
    tuned, scores = finetune(
        whole.cut(best=2), trained, toy_split, epochs=2, lr=0.2, probes=2, seed=0
    )
    assert max(scores[1:]) > scores[0]  # so that the two differ
    found = sm.evaluate(trained, toy_split, k=50, probes=2, index=tuned.quantised("float16"))
    assert np.mean(rows[1]["people"]) == pytest.approx(found["ndcg@50"])
    assert rows[0]["people"] != rows[1]["people"]
    assert rows[1]["bytes"] <= rows[0]["bytes"]


def test_the_two_tower_is_given_the_same(toy_split):
    model = toys.small(sm.TwoTower, toy_split)
    sm.fit(model, toy_split, epochs=2, seed=0, batch=8, warmup=2, lr=1e-2)
    tower = reaching.tower_of(model, toy_split, seed=0)
    assert np.mean(tower["people"]) == pytest.approx(sm.evaluate(model, toy_split, k=50)["ndcg@50"])
    served = front.Tower(model, toy_split)
    same = np.eye(model.config["token_dim"], dtype=served.items.dtype)
    assert served.per_user(served.items, same) == pytest.approx(tower["people"])
    again = served.tuned(served.items, same, seed=0)
    assert served.per_user(again, same) == pytest.approx(tower["people, trained again"])
    before, after = (served.ndcg(items, same, "validation") for items in (served.items, again))
    assert after > before  # as the entries of lists are: kept only where validation likes it
    assert tower["hnsw bytes"] > 0


def test_the_stored_rows_are_those_of_the_table():
    stored, table = results.load("reaching"), results.load("table")["rows"]
    for tokenizer, (row, twin) in reaching.PAIRS.items():
        pair, seeds = stored[tokenizer], len(reaching.SEEDS)
        assert pair["two-tower"]["ndcg@50"] == pytest.approx(
            [one["ndcg@50"] for one in table[twin][:seeds]]
        )
        whole = pair["lists"][0]
        of_table = [one["ndcg@50 probes=4"] for one in table[row][:seeds]]
        assert whole["ndcg@50"] == pytest.approx(of_table, abs=1e-3)
        found = [{key: one[key] for key in reaching.Shape._fields} for one in pair["lists"]]
        assert found == [how._asdict() for how in reaching.SHAPES]
        assert reaching.SHAPES[reaching.TRAINED] == (None, "int8", 8, True)
        trained, wider = pair["lists"][reaching.TRAINED], pair["wider"]
        mean = np.mean(trained["ndcg@50"]) - np.mean(wider["ndcg@50"])
        assert wider["trained lists against it"]["difference"] == pytest.approx(mean)
    assert stored["config"] == reaching.config()


def test_the_study_goes_through_and_on(toy_split, monkeypatch, tmp_path):
    """Tiny models of both sides; what is there is not measured again."""
    size = {"token_dim": 8, "history_len": 10}
    small = {"epochs": 2, "stages": (0.0, 0.5), "batch": 8}
    specs = {
        "s": {"class": "SparCode", "model": size | {"N": 9, "hidden": 4}, "fit": small},
        "t": {"class": "TwoTower", "model": size, "fit": {"epochs": 2, "batch": 8}},
    }
    monkeypatch.setattr(reaching, "table_spec", specs.__getitem__)
    monkeypatch.setattr(reaching, "TUNE", {"epochs": 1, "lr": 0.01, "probes": 2})
    monkeypatch.setattr(reaching, "WIDER", 12)
    one = reaching.run_one(toy_split, tmp_path, "s", "t", seed=0)
    assert len(one["lists"]) == len(reaching.SHAPES)
    assert len(one["wider"]) == len(one["two-tower"]["people"])
    told = reaching.summed_up([one, one])
    assert told["lists"][0]["ndcg@50"] == [np.mean(one["lists"][0]["people"])] * 2
    monkeypatch.setattr(reaching, "shape", None)  # would fail if it were called
    assert reaching.run_one(toy_split, tmp_path, "s", "t", seed=0) == one
    monkeypatch.setattr(reaching, "TUNE", {"epochs": 2, "lr": 0.01, "probes": 2})
    with pytest.raises(ValueError, match="delete it"):
        reaching.run_one(toy_split, tmp_path, "s", "t", seed=0)
