"""Shards on a dask cluster: a worker is killed, the client goes away, and the index is the same."""

import gc
import os
import signal
import socket
import time

import distributed
import numpy as np
import pandas as pd
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.items import catalogue_of
from sparcode_mini.serving import cluster
from sparcode_mini.serving.shards import ShardedBuild


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model of 6,000 items with 1,024 codes: 8 shards, each some tenths of a second of work."""
    model = sm.SparCode(
        catalogue_of(pd.DataFrame({"item": np.arange(6_000)})), "dnn", M=2, N=32, query="text",
        token_dim=16, history_len=8, hidden=16, seed=3,
    )  # fmt: skip
    model.item_bias.data.normal_(generator=torch.Generator().manual_seed(0), std=0.3)
    file = tmp_path_factory.mktemp("model") / "model.safetensors"
    model.eval().save(file)
    return file, model


@pytest.fixture(scope="module")
def client():
    with cluster.connected(workers=2) as client:
        yield client


def build(saved, folder):
    return ShardedBuild(*saved, folder, "all", best=40, codes_per_shard=128)


def test_a_killed_worker_changes_nothing(saved, client, tmp_path):
    job, pids = build(saved, tmp_path), client.run(os.getpid)
    assert len(set(pids.values())) == 2
    finished = cluster.run(job, client)
    done = [next(finished)]
    worker = max(pids, key=lambda address: len(client.processing()[address]))
    assert client.processing()[worker]  # it has shards to do
    os.kill(pids[worker], signal.SIGKILL)
    assert job.missing()  # in mid-build
    done += finished
    assert sorted(done) == list(range(8))
    toys.assert_same_index(job.merge(), sm.SparseIndex.build(saved[1], "all", best=40))
    assert pids[worker] not in client.run(os.getpid).values()


def test_what_is_finished_is_kept_when_the_client_goes(saved, client, tmp_path):
    job = build(saved, tmp_path)
    finished = cluster.run(job, client)
    next(finished)
    finished.close()  # the shards under way may still be written, those that wait are not
    before = {task.file: task.file.stat().st_mtime_ns for task in job.tasks() if task.file.exists()}
    again = build(saved, tmp_path)
    assert 0 < len(again.missing()) < 8
    list(cluster.run(again, client))
    assert all(file.stat().st_mtime_ns == time for file, time in before.items())
    toys.assert_same_index(again.merge(), sm.SparseIndex.build(saved[1], "all", best=40))


def test_the_same_work_in_this_process(saved, tmp_path):
    task = build(saved, tmp_path).tasks()[3]
    assert cluster.work(task) == 3
    first = task.file.stat().st_mtime_ns
    assert cluster.work(task) == 3 and task.file.stat().st_mtime_ns == first
    with pytest.raises(ValueError, match=r"another model in .*; both must see the same file"):
        cluster._model(task.model_file, "0" * 64)


def test_an_address_where_nobody_answers_is_named_soon():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    start = time.monotonic()
    with (
        pytest.raises(ConnectionError, match=rf"at {address} within 1 s.*dask scheduler"),
        cluster.connected(address, timeout=1.0),
    ):
        pass
    assert time.monotonic() - start < 10
    with pytest.raises(ConnectionError, match="no dask scheduler answers at nonsense"):
        cluster.connected("nonsense", timeout=1.0).__enter__()
    clients = [o for o in gc.get_objects() if type(o) is distributed.Client]
    assert {one.status for one in clients} <= {"closed", "running"}  # none was left half made


def test_a_scheduler_is_used_and_one_without_workers_is_named(client):
    with cluster.connected(client.scheduler.address) as other:
        assert len(other.scheduler_info()["workers"]) == 2
    with (
        cluster.connected(workers=0) as empty,
        pytest.raises(ConnectionError, match="has no worker; start some with `dask worker"),
        cluster.connected(empty.scheduler.address, timeout=2.0),
    ):
        pass


def test_without_distributed(monkeypatch):
    def without(name):
        raise ImportError(name)

    monkeypatch.setattr(cluster.importlib, "import_module", without)
    with (
        pytest.raises(ImportError, match=r"pip install 'sparcode-mini\[dask\]'"),
        cluster.connected(),
    ):
        pass


@pytest.mark.parametrize(
    ("lost", "told", "message"),
    [
        (
            distributed.KilledWorker("a", None, 3),
            RuntimeError,
            r"made shard-000000.parquet; finished shards are kept. Give fewer codes per shard",
        ),
        (
            distributed.client.FutureCancelledError("a", "scheduler-connection-lost"),
            ConnectionError,
            "scheduler was lost; finished shards are kept. Start it again",
        ),
    ],
)
def test_a_cluster_that_dies_is_told(saved, tmp_path, monkeypatch, lost, told, message):
    class Future:
        key = "a"

        def result(self):
            raise lost

    class Client:
        def submit(self, work, task, pure):
            return Future()

        def cancel(self, futures):
            pass

    monkeypatch.setattr(distributed, "as_completed", iter)
    job = ShardedBuild(*saved, tmp_path, "all", best=40, codes_per_shard=1024)
    with pytest.raises(told, match=message):
        list(cluster.run(job, Client()))
