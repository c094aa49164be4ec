"""Shorter lists: each way cuts to about the same share; a stored row comes out again."""

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.studies import shorter_lists
from sparcode_mini.studies.common.item_side import Readers


@pytest.mark.parametrize("way", shorter_lists.WAYS)
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_every_way_cuts_to_about_the_same_share(way, share):
    rng = np.random.default_rng(0)
    table = rng.random((20, 100)) * (rng.random((20, 100)) < 0.4)
    index = toys.index_of(table.astype(np.float32), np.arange(20)[:, None])
    short, _ = shorter_lists.cut_to(index, way, share)
    assert abs(len(short.items) / len(index.items) - share) < 0.02


def test_cut_to_refuses():
    index = toys.index_of(np.ones((1, 2), dtype=np.float32), np.array([[0]]))
    with pytest.raises(ValueError, match="way = 'luck'"):
        shorter_lists.cut_to(index, "luck", 0.5)
    with pytest.raises(ValueError, match="share = 0"):
        shorter_lists.cut_to(index, "bias", 0)


def test_a_stored_row_is_measured_again(movielens_split):
    stored = results.load("shorter_lists")
    assert stored["config"] == shorter_lists.config()
    wanted = shorter_lists.CHEAP
    (then,) = [row for row in stored["rows"] if wanted.items() <= row.items()]
    model = sm.load_model(results.CHECKPOINTS / "sparcode-sparse.safetensors", movielens_split)
    index, _ = shorter_lists.cut_to(sm.SparseIndex.build(model, codes="all"), "best-n", 0.2)
    readers = Readers(model, movielens_split, (4,))
    now = readers.per_user(index.quantised(wanted["precision"]), wanted["probes"]).mean()
    assert now == pytest.approx(then["each"][0], abs=1e-3)


def row(way, tuned, people, share=0.5):
    head = {"way": way, "share": share, "tuned": tuned, "probes": 4, "precision": "float16"}
    return {**head, "people": people}


def test_best_n_and_bias_are_compared_at_the_same_setting():
    a, b, c, d = ([[x, x + 0.1], [x, x + 0.2]] for x in (0.1, 0.3, 0.2, 0.25))
    rows = [row("best-n", False, a), row("bias", False, b), row("threshold", False, d)]
    rows += [row("best-n", True, c), row("bias", True, d), row("best-n", True, c, share=1)]
    found = shorter_lists.best_n_or_bias(rows)
    assert [(one["share"], one["tuned"], one["probes"]) for one in found] == [
        (0.5, False, 4), (0.5, True, 4)
    ]  # fmt: skip
    assert [one["difference"] for one in found] == pytest.approx([-0.2, -0.05])
    assert all(one["p, Holm"] >= one["p"] for one in found)


def test_the_whole_study_runs_on_toys(tmp_path, monkeypatch, toy_split):
    class Toys:
        def split(self):
            return toy_split

    model = {"token_dim": 8, "history_len": 10, "N": 6, "hidden": 4}
    spec = {"class": "SparCode", "model": model, "fit": {"epochs": 3}}
    monkeypatch.setattr(shorter_lists.data, "movielens_100k", Toys)
    monkeypatch.setattr(shorter_lists, "table_spec", lambda row: spec)
    tune = {"epochs": 1, "rates": (1e-2,)}
    for name, value in (("SHARES", (1.0, 0.5)), ("TUNE", tune), ("SEEDS", (0, 1))):
        monkeypatch.setattr(shorter_lists, name, value)
    stored = shorter_lists.run(tmp_path)
    rows = stored["rows"]
    assert len(rows) == 3 * 2 * 2 * 3 * 2 and len(stored["compared"]) == 2 * 2
    assert all(len(r["each"]) == 2 and "people" not in r for r in rows)
    whole = [r for r in rows if r["share"] == 1]
    key = ("tuned", "precision", "probes")
    for r in whole:  # nothing is cut, so all ways are the same
        twins = [t for t in whole if all(t[k] == r[k] for k in key)]
        assert [t["ndcg@50"] for t in twins] == [r["ndcg@50"]] * 3
    assert shorter_lists.run(tmp_path) == stored
