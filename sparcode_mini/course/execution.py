"""One notebook, run from top to bottom in a kernel of its own."""

import asyncio
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbformat import NotebookNode

KERNEL = "python3"
SECONDS = 900  # of one cell


def execute(
    notebook: NotebookNode,
    folder: Path,
    env: Mapping[str, str] | None = None,
    **hooks: Callable[..., object],
) -> None:
    """Run all cells in place. After Ctrl-C no kernel is left behind.

    Args:
        notebook: its outputs are replaced.
        folder: the working folder of the kernel.
        env: variables of the kernel's environment, beside those of this process.
        hooks: called by nbclient, e.g. `on_cell_start(cell, cell_index)`.

    Raises:
        RuntimeError: nbclient's errors: a cell failed, or the kernel died.
        TimeoutError: a cell took more than `SECONDS`.
    """
    options: dict[str, Any] = dict(hooks)
    client = NotebookClient(
        notebook,
        kernel_name=KERNEL,
        timeout=SECONDS,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=[
            "--log-level=CRITICAL"
        ],  # else a kernel logs that it uses TCP, or is stopped
        resources={"metadata": {"path": str(folder.resolve())}},
        **options,
    )
    environ = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", **(env or {})}
    # In the main thread nbclient would take the signals over, and not give them back.
    with asyncio.Runner() as runner, ThreadPoolExecutor(1) as pool:
        loop = runner.get_loop()
        run = pool.submit(runner.run, client.async_execute(env=environ))
        try:
            run.result()
        except KeyboardInterrupt:
            loop.call_soon_threadsafe(_cancel_all)  # nbclient ends the kernel; `pool` waits
            raise


def _cancel_all() -> None:
    """Stop the tasks of the running loop."""
    for task in asyncio.all_tasks():
        task.cancel()
