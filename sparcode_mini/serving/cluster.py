"""Shards made by many processes: dask.distributed, on this machine or on a cluster.

Every worker reads the model file once and writes its shards into the common folder, so both must
be on a disk that all machines see under the same path. The client gets back only the numbers of
shards. If a worker dies, others make its shards; if the client dies, finished shards are kept.
"""

import functools
import importlib
import os
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.serving.shards import ShardedBuild, Task, make_shard
from sparcode_mini.tools.files import file_digest

SECONDS = 10.0  # to wait for a scheduler, and for its first worker


@contextmanager
def connected(
    address: str | None = None, workers: int | None = None, timeout: float | None = None
) -> Iterator[Any]:
    """Yield a client of a cluster, and close it at the end.

    Args:
        address: of a running scheduler, such as "tcp://10.0.0.5:8786"; None starts worker
            processes on this machine, and stops them at the end.
        workers: how many processes without an address; None: one for each core.
        timeout: seconds to wait for an answer; None: SECONDS.

    Raises:
        ConnectionError: no scheduler answers there, or it has no worker.
        ImportError: distributed is not installed.
    """
    dask = _distributed()
    timeout = SECONDS if timeout is None else timeout
    if address is None:
        count = os.cpu_count() if workers is None else workers
        settings = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": ":0"}
        with (
            dask.LocalCluster(processes=True, **settings) as cluster,
            dask.Client(cluster) as client,
        ):
            yield client
        return
    try:
        # Check the address first: a client that fails on it stays open. If the garbage collector
        # closes it while another client starts, both wait for a lock of dask's for ever.
        importlib.import_module("distributed.comm").get_address_host_port(address)
        client = dask.Client(address, timeout=timeout)
    except (OSError, ValueError) as error:  # a TimeoutError is an OSError
        raise ConnectionError(
            f"no dask scheduler answers at {address} within {timeout:g} s ({error}); start one "
            "with `dask scheduler`, or give no address to use this machine"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=timeout)
        except TimeoutError as error:
            raise ConnectionError(
                f"the dask scheduler at {address} has no worker; start some with "
                f"`dask worker {address}` in an environment with sparcode-mini"
            ) from error
        yield client


def run(build: ShardedBuild, client: Any) -> Iterator[int]:
    """Make the missing shards on a cluster; yield the number of each finished one.

    Raises:
        ValueError: a worker finds another file under the path of the model.
        FileNotFoundError: a worker finds no file there.
        RuntimeError: several workers died on the same shard.
        ConnectionError: the scheduler is gone.
    """
    dask, todo = _distributed(), build.missing()
    futures = [client.submit(work, task, pure=False) for task in todo]
    files = {future.key: task.file for future, task in zip(futures, todo, strict=True)}
    try:
        for future in dask.as_completed(futures):
            try:
                number: int = future.result()
            except dask.KilledWorker as error:
                raise RuntimeError(
                    f"several workers died while they made {files[future.key].name}; finished "
                    "shards are kept. Give fewer codes per shard, or workers with more memory, and "
                    "run the same command again"
                ) from error
            except CancelledError as error:  # of a future whose scheduler is gone
                raise ConnectionError(
                    "the dask scheduler was lost; finished shards are kept. Start it again and run "
                    "the same command"
                ) from error
            yield number
    finally:  # after an error, or if the caller stops early
        client.cancel(futures)


def work(task: Task) -> int:
    """Make one shard in a worker, unless it is finished already; return its number."""
    if not task.file.exists():
        make_shard(task, _model(task.model_file, task.plan.model))
    return task.number


@functools.lru_cache(maxsize=1)
def _model(file: str, sha256: str) -> SparCode:
    """Load the model file once per worker, if it is the client's file."""
    if file_digest(Path(file)) != sha256:
        raise ValueError(
            f"a worker finds another model in {file} than the client has; both must see the same "
            "file under this path"
        )
    model: SparCode = load_model(file)
    return model


def _distributed() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise ImportError(
            "a cluster needs dask.distributed: pip install 'sparcode-mini[dask]'"
        ) from error
