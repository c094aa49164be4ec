import contextlib
import types

import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.serving import cluster


def test_an_index_in_shards_is_the_same_file(toy_data, run):
    assert run(*toys.TRAIN, "--epochs", "2")[0] == 0
    model, out = toy_data / "runs/model.safetensors", toy_data / "shards.safetensors"
    index = ["index", model, "--codes", "all", "--best", 5, "--precision", "int8"]
    assert run(*index)[0] == 0
    sharded = [*index, "--shards", toy_data / "shards", "--out", out]
    code, text = run(*sharded)
    assert code == 0 and "0 of 1 shards are there" in text.out
    one, other = sm.SparseIndex.load(toy_data / "runs/index.safetensors"), sm.SparseIndex.load(out)
    for name in ("codes", "offsets", "items", "values", "scales", "codebooks"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    code, text = run(*sharded)
    assert code == 0 and "1 of 1 shards are there" in text.out


def test_an_index_by_dask_and_its_errors(toy_data, run, monkeypatch):
    assert run(*toys.TRAIN, "--epochs", "2")[0] == 0
    model = toy_data / "runs/model.safetensors"
    code, text = run("index", model, "--dask")
    assert code == 2 and "say where they are kept with --shards FOLDER" in text.err
    monkeypatch.setattr(cluster, "SECONDS", 0.5)
    shards = ["--shards", toy_data / "shards", "--dask"]
    code, text = run("index", model, *shards, "tcp://127.0.0.1:9")
    assert code == 2 and "no dask scheduler answers at tcp://127.0.0.1:9" in text.err
    code, text = run("index", model, *shards)
    assert code == 0 and "saved" in text.out
    assert (toy_data / "shards/shard-000000.parquet").exists()
    code, text = run("index", model, "--best", 3, *shards)
    assert code == 2 and "another plan (it differs in best)" in text.err


def test_only_a_sparcode_can_be_indexed(toy_data, run):
    out = toy_data / "tower.safetensors"
    run("train", "--model", "two-tower", "--epochs", 1, "--token-dim", 8, "--out", out)
    code, text = run("index", out)
    assert code == 2 and "TwoTower" in text.err


def test_workers_that_die_again_and_again_end_in_one_line(toy_data, run, monkeypatch):
    distributed = pytest.importorskip("distributed")
    assert run(*toys.TRAIN, "--epochs", "2")[0] == 0

    def killed():
        raise distributed.KilledWorker("a", None, 3)

    future = types.SimpleNamespace(key="a", result=killed)
    client = types.SimpleNamespace(submit=lambda *_, **__: future, cancel=lambda _: None)
    monkeypatch.setattr(cluster, "connected", lambda address: contextlib.nullcontext(client))
    monkeypatch.setattr(distributed, "as_completed", iter)
    words = ["index", "runs/model.safetensors", "--shards", "shards", "--dask"]
    code, text = run(*words)
    assert code == 2 and text.err.count("\n") == 1 and "several workers died" in text.err
