"""Do the printed numbers agree on every instruction set and with one and two threads?

    python tests/matrix.py

Runs the tests marked `numeric` and compares the notebooks with their stored outputs, once for each
setting that this machine can run, and prints the seconds of each.
"""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CAPABILITIES = ("default", "avx2", "avx512")  # as torch names them, smallest first
THREADS = (1, 2)
NBVAL = "--nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg"


def main() -> int:
    """Run the matrix; the exit status is 1 if any setting fails."""
    usable = supported(best_capability())
    failed = []
    for capability, threads in itertools.product(CAPABILITIES, THREADS):
        setting = f"ATEN_CPU_CAPABILITY={capability}, threads={threads}"
        if capability not in usable:
            print(f"{setting}: skipped, this machine has no {capability}", flush=True)
            continue
        start = time.perf_counter()
        good = all([run(command, capability, threads) for command in commands(ROOT)])
        words = "passed" if good else "FAILED"
        print(f"{setting}: {words} in {time.perf_counter() - start:.0f} s", flush=True)
        if not good:
            failed.append(setting)
    print(f"make test-matrix: {'failed for ' + '; '.join(failed) if failed else 'all passed'}")
    return 1 if failed else 0


def best_capability() -> str:
    """What torch chooses by itself on this machine, for instance "AVX2"."""
    environ = {k: v for k, v in os.environ.items() if k != "ATEN_CPU_CAPABILITY"}
    code = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=environ, check=True, capture_output=True, text=True
    ).stdout.strip()


def supported(best: str) -> tuple[str, ...]:
    """The settings that take effect where torch itself would choose `best`."""
    name = best.lower()
    return CAPABILITIES[: CAPABILITIES.index(name) + 1] if name in CAPABILITIES else ("default",)


def commands(root: Path) -> list[list[str]]:
    """The pytest runs of one setting, without coverage."""
    pytest = [sys.executable, "-m", "pytest", "-q"]
    runs = [[*pytest, "-m", "numeric", "tests"]]
    notebooks = sorted(str(path.relative_to(root)) for path in root.glob("notebooks/*.ipynb"))
    if notebooks:
        runs.append([*pytest, *NBVAL.split(), *notebooks])
    return runs


def run(command: Sequence[str], capability: str, threads: int) -> bool:
    """Whether the command succeeds under the setting; "no test found" is no success."""
    environ = os.environ | {
        "ATEN_CPU_CAPABILITY": capability,
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
    }
    return subprocess.run(command, env=environ, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
