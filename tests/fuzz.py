"""Feed hostile files to everything that reads files from elsewhere: `make fuzz`, or

    python tests/fuzz.py --minutes 10 --seed 3 --only model

Each must be read, or refused by one line (ValueError or FileNotFoundError), in little time and
memory. What is not is saved in `build/fuzz/` and printed, and the command ends with 1. The same
seed draws the same files.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from fuzz_readers import READERS, Reader
from sparcode_mini.tools.progress import progress

SECONDS = 10.0  # for one file; more is a hang
MEGABYTES = 100  # that one file may cost
LIMIT = 4 * 2**30  # bytes that a reader may ask for in all, on Linux
FAULTS = Path("build") / "fuzz"
DRAWN = "drawn"  # the file that is being tried


class Result(NamedTuple):
    """What became of one file: "read", "refused" or a fault in words; seconds and megabytes."""

    outcome: str
    seconds: float
    megabytes: float


# --- one file after another, in a process that may hang or die --------------------------------


def file_of(reader: Reader, seed: int, number: int) -> bytes:
    """Return the bytes of a numbered file: always the same."""
    return reader.draw(random.Random(f"{seed} {number}"))


def attempt(reader: Reader) -> Result:
    """Read the file of a reader and judge what happens."""
    start, before = time.perf_counter(), _peak()
    try:
        reader.read()
        outcome = "read"
    except (ValueError, FileNotFoundError) as error:
        clear = "\n" not in str(error) and not isinstance(error, UnicodeError)
        outcome = "refused" if clear and not _no_memory(error) else repr(error)
    except Exception as error:
        outcome = repr(error)
    seconds, megabytes = time.perf_counter() - start, _peak() - before
    if outcome in ("read", "refused") and megabytes > MEGABYTES:
        outcome = f"{megabytes:.0f} MB"
    return Result(outcome, seconds, megabytes)


def _no_memory(error: BaseException | None) -> bool:
    """Return whether a lack of memory is behind an error."""
    return error is not None and (isinstance(error, MemoryError) or _no_memory(error.__cause__))


def _peak() -> float:
    """Return the most megabytes that this process has held so far; 0 where it can't be known."""
    if sys.platform == "win32":
        return 0.0
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def work(name: str, seed: int, folder: Path, connection: Connection) -> None:
    """Judge the files whose numbers come through the connection."""
    if sys.platform == "linux":
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])  # what a fork brought along
        limit = pages * resource.getpagesize() + LIMIT
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    warnings.simplefilter("error")  # a word of numpy's or pandas' is no line for a user
    reader = READERS[name](folder)
    attempt(reader)  # the good file: what is loaded at the first use is not the file's fault
    connection.send("ready")
    while (number := connection.recv()) is not None:
        data = file_of(reader, seed, number)
        for path in (folder / DRAWN, reader.path):  # a reader may change its own
            path.write_bytes(data)
        connection.send(attempt(reader))


class Worker:
    """A process that reads files; another takes its place when it hangs or dies."""

    def __init__(self, name: str, seed: int, folder: Path) -> None:
        self._start = name, seed, folder
        self._begin()

    def _begin(self) -> None:
        # A fork has the imports already; macOS and Windows can't (safely) fork.
        method = "fork" if sys.platform == "linux" else "spawn"
        context: Any = multiprocessing.get_context(method)
        self._here, there = context.Pipe()
        self._process = context.Process(target=work, args=(*self._start, there))
        self._process.start()
        there.close()
        self._here.recv()

    def judge(self, number: int) -> Result:
        """Return what becomes of a numbered file."""
        start = time.perf_counter()
        self._here.send(number)
        try:
            if self._here.poll(SECONDS):
                return self._here.recv()
            outcome = f"hangs for {SECONDS:.0f} s"
        except (EOFError, OSError):
            outcome = "kills the process"
        self.close()
        self._begin()
        return Result(outcome, time.perf_counter() - start, 0.0)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()


def numbers(name: str, minutes: float, draws: int | None) -> Iterator[int]:
    """Yield 0, 1, ... until so many files were drawn or the time is over, and move a bar."""
    start, number, total = time.monotonic(), 0, round(60 * minutes) if draws is None else draws
    with progress(total=total, desc=name) as bar:
        while bar.done < total:
            yield number
            number += 1
            done = int(time.monotonic() - start) if draws is None else number
            bar.update(min(done, total) - bar.done)


def fuzz(name: str, seed: int, folder: Path, todo: Iterator[int], faults: Path) -> list[str]:
    """Try files on one reader, print what happened, and return the faults."""
    counts: Counter[str] = Counter()
    slowest = largest = 0.0
    lines: list[str] = []
    (folder / name).mkdir()
    worker = Worker(name, seed, folder / name)
    try:
        for number in todo:
            result = worker.judge(number)
            slowest, largest = max(slowest, result.seconds), max(largest, result.megabytes)
            fault = result.outcome not in ("read", "refused")
            counts["faults" if fault else result.outcome] += 1
            if fault:
                kept = faults / f"{name}-{seed}-{number}{Path(READERS[name].file).suffix}"
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes((folder / name / DRAWN).read_bytes())
                lines.append(f"{kept}: {result.outcome[:300]}")
    finally:
        worker.close()
    print(f"{name:6} {sum(counts.values()):7,} files: {dict(counts)}; slowest {slowest:.2f} s, "
          f"largest {largest:.0f} MB")  # fmt: skip
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Try files on each reader; return 1 if one of them met a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="in all (default: 10)")
    parser.add_argument("--draws", type=int, help="files for each reader, instead of minutes")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn (default: 0)")
    parser.add_argument("--only", choices=READERS, help="one reader (default: all)")
    parser.add_argument("--faults", type=Path, default=FAULTS, help=f"folder (default: {FAULTS})")
    args = parser.parse_args(arguments)
    names = [args.only] if args.only else list(READERS)
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            todo = numbers(name, args.minutes / len(names), args.draws)
            faults += fuzz(name, args.seed, Path(folder), todo, args.faults)
    print("\n".join(faults) or "no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
