"""Shorter lists: each way cuts to about the same share; a stored row comes out again."""

import numpy as np
import pytest

import toys
from sparcode_mini import results
from sparcode_mini.studies import shorter_lists


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


def test_a_stored_row_is_measured_again():
    stored = results.load("shorter_lists")
    assert stored["config"] == shorter_lists.config()
    wanted = shorter_lists.CHEAP
    (then,) = [row for row in stored["rows"] if wanted.items() <= row.items()]
    now = shorter_lists.measure_again(wanted)
    for key in ("entries", "item_bytes"):
        assert now[key] == pytest.approx(then[key], rel=0.01)
    assert now["ndcg@50"] == pytest.approx(then["ndcg@50"], abs=1e-3)


def test_the_whole_study_runs_on_toys(tmp_path, monkeypatch, trained, toy_split):
    trained.save(tmp_path / "model.safetensors")

    class Toys:
        def split(self):
            return toy_split

    monkeypatch.setattr(shorter_lists.data, "movielens_100k", Toys)
    monkeypatch.setattr(shorter_lists, "CHECKPOINT", tmp_path / "model.safetensors")
    for name, value in (("SHARES", (1.0, 0.5)), ("TUNE", {"epochs": 1}), ("TIMED", 3)):
        monkeypatch.setattr(shorter_lists, name, value)
    rows = shorter_lists.run(tmp_path)["rows"]
    assert len(rows) == 3 * 2 * 2 * 3 * 3
    assert all(row["search_us"] > 0 for row in rows)
