"""The study `reaching`: shapes of one index against a two-tower, and what is stored of it."""

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.serving import two_tower
from sparcode_mini.serving.finetune import finetune
from sparcode_mini.studies import full_size, reaching


def test_a_shape_is_measured_as_it_is_served(trained, toy_split):
    whole = sm.SparseIndex.build(trained, codes="all")
    shape = reaching.Shape(3, "int8", probes=4)
    one = reaching.measure_lists(trained, toy_split, whole, shape, seed=0)
    served = whole.cut(best=3).quantised("int8")
    found = sm.evaluate(trained, toy_split, k=50, probes=4, index=served)
    assert np.mean(one["people"]) == pytest.approx(found["ndcg@50"])
    assert one["bytes"] == served.stats()["entry_bytes"] + served.stats()["other_bytes"]
    towers = [np.array([one["people"]] * 3) - less for less in (0.03, 0.01)]
    row = reaching.compare_shape(shape, [one, one], *towers)
    assert row["against two-tower"]["difference"] == pytest.approx(0.01)
    assert row["against two-tower, not trained again"]["difference"] == pytest.approx(0.03)
    assert row["ndcg@50"] == [np.mean(one["people"])] * 2
    assert (row["best"], row["trained"]) == (3, False)


@pytest.fixture
def quick(monkeypatch):
    """Two passes, two rates, two probes."""
    for module in (full_size, reaching):
        monkeypatch.setattr(module, "EPOCHS", 2)
        monkeypatch.setattr(module, "RATES", (1e-6, 0.2))
        monkeypatch.setattr(module, "TUNED_PROBES", 2)


def test_trained_entries_are_trained_after_the_cut(trained, toy_split, quick):
    whole = sm.SparseIndex.build(trained, codes="all")
    rows = [
        reaching.measure_lists(
            trained, toy_split, whole, reaching.Shape(2, "float16", 2, tune), seed=0
        )
        for tune in (False, True)
    ]
    best, tuned, rate = 0.0, whole, 0.0
    for lr in (1e-6, 0.2):
        index, scores = finetune(
            whole.cut(best=2), trained, toy_split, epochs=2, lr=lr, probes=2, seed=0
        )
        if max(scores) > best:
            best, tuned, rate = max(scores), index, lr
    assert rate == 0.2 and rows[1]["rate"] == rate and rows[0]["rate"] is None
    found = sm.evaluate(trained, toy_split, k=50, probes=2, index=tuned.quantised("float16"))
    assert np.mean(rows[1]["people"]) == pytest.approx(found["ndcg@50"])
    assert rows[0]["people"] != rows[1]["people"]
    assert rows[1]["bytes"] <= rows[0]["bytes"]


def test_the_two_tower_is_given_the_same(toy_split, quick):
    model = toys.small(sm.TwoTower, toy_split)
    sm.fit(model, toy_split, epochs=2, seed=0, batch=8, warmup=2, lr=1e-2)
    tower = reaching.measure_tower(model, toy_split, seed=0)
    assert np.mean(tower["people"]) == pytest.approx(sm.evaluate(model, toy_split, k=50)["ndcg@50"])
    served = two_tower.Tower(model, toy_split)
    same = np.eye(model.config.token_dim, dtype=served.items.dtype)
    assert served.per_user(served.items, same) == pytest.approx(tower["people"])
    again, rate = served.tuned(served.items, same, 0, reaching.EPOCHS, reaching.RATES)
    assert served.per_user(again, same) == pytest.approx(tower["people, trained again"])
    assert tower["rate"] == rate in reaching.RATES
    before, after = (served.ndcg(items, same, "validation") for items in (served.items, again))
    assert after > before  # as the entries of lists are: kept only where validation likes it
    assert tower["hnsw bytes"] > 0


def test_the_stored_rows_have_the_settings_of_the_table_and_its_figures_nearly():
    """Trained once more on another processor: means over five seeds agree to half a point."""
    stored, table = results.load("reaching"), results.load("table")["rows"]
    for tokenizer, (row, twin) in reaching.PAIRS.items():
        pair, seeds = stored[tokenizer], len(reaching.SEEDS)
        tower, whole = pair["two-tower"], pair["lists"][0]
        for mine, name, key in (
            (tower["ndcg@50"], twin, "ndcg@50"), (whole["ndcg@50"], row, "ndcg@50 probes=4")
        ):  # fmt: skip
            assert len(mine) == seeds
            assert np.mean(mine) == pytest.approx(np.mean([e[key] for e in table[name]]), abs=5e-3)
        found = [{key: one[key] for key in reaching.Shape._fields} for one in pair["lists"]]
        assert found == [how._asdict() for how in reaching.SHAPES]
        assert reaching.SHAPES[reaching.TRAINED] == (None, "int8", 8, True)
        gain = np.mean(tower["ndcg@50, trained again"]) - np.mean(tower["ndcg@50"])
        assert tower["gain"]["difference"] == pytest.approx(gain)
        trained = pair["lists"][reaching.TRAINED]
        for against, key in (
            ("against two-tower", "ndcg@50, trained again"),
            ("against two-tower, not trained again", "ndcg@50"),
        ):
            mean = np.mean(trained["ndcg@50"]) - np.mean(tower[key])
            assert trained[against]["difference"] == pytest.approx(mean)
        for rates in (tower["rates"], trained["rates"]):
            assert set(rates) <= {None, *reaching.RATES}
    assert stored["config"] == reaching.config()


def test_the_study_goes_through_and_on(toy_split, monkeypatch, tmp_path, quick):
    """Tiny models of both sides; what is there is not measured again."""
    size = {"token_dim": 8, "history_len": 10}
    small = {"epochs": 2, "stages": (0.0, 0.5), "batch": 8}
    specs = {
        "s": {"class": "SparCode", "model": size | {"N": 9, "hidden": 4}, "fit": small},
        "t": {"class": "TwoTower", "model": size, "fit": {"epochs": 2, "batch": 8}},
    }
    monkeypatch.setattr(reaching, "table_spec", specs.__getitem__)
    one = reaching.run_one(toy_split, tmp_path, "s", "t", seed=0)
    assert len(one["lists"]) == len(reaching.SHAPES)
    pair = reaching.summarise([one, one])
    assert pair["lists"][0]["ndcg@50"] == [np.mean(one["lists"][0]["people"])] * 2
    monkeypatch.setattr(reaching, "measure_lists", None)  # would fail if it were called
    assert reaching.run_one(toy_split, tmp_path, "s", "t", seed=0) == one
    monkeypatch.setattr(reaching, "RATES", (0.2,))
    with pytest.raises(ValueError, match="delete it"):
        reaching.run_one(toy_split, tmp_path, "s", "t", seed=0)
