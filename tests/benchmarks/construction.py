"""How fast an index is built: (code, item) pairs a second, and a large build with its memory.

    python tests/benchmarks/construction.py [--quick] [--out FILE]

Four ways score the same codes against the same items, in turn, so that whatever else the machine
does meets all: the network as written, pair by pair; items folded into matrices; tables of
codewords added up by torch; the same, compiled. One thread, and the processor's time of that
thread, which other programs lengthen less than the time of the clock. Each way takes blocks of the
size that suits it best. 20,000 items with one token each (the cheapest case for the network as
written), 4,096 codes, D_T = 64. Then 1,000,000 items x 4,096 codes with best = 500, in a process
of its own. About 4 minutes on two cores; --quick (20,000 items there too) under half a one.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.model.codebook_tables import items_at_once
from sparcode_mini.model.items import catalogue_of
from sparcode_mini.tools.progress import progress

SHAPES = {1: 4096, 2: 64, 4: 8}  # M -> N, each with 4,096 codes
HIDDEN = (16, 64)
WRITTEN = ((8, 1024), (32, 512), (64, 64), (4, 512), (1, 4096))  # (codes, items) of a block
BEST = 500


def model_of(items: int, M: int, hidden: int) -> sm.SparCode:
    """A model nobody trained: scores have some spread, about half of them are > 0."""
    catalogue = catalogue_of(pd.DataFrame({"item": np.arange(items)}))
    shape = {"M": M, "N": SHAPES[M], "hidden": hidden, "token_dim": 64, "history_len": 8}
    model = sm.SparCode(catalogue, "dnn", query="text", **shape).eval()
    model.items.id.weight.data.mul_(20.0)
    return model


def codes_of(model: sm.SparCode) -> torch.Tensor:
    """All codes in lexicographic order: (4096, M)."""
    q = model.quantizer
    return torch.cartesian_prod(*[torch.arange(q.N)] * q.M).reshape(-1, q.M)


def ways(model: sm.SparCode) -> dict[str, tuple[int, Callable[[], Any]]]:
    """Name -> (pairs, function that scores so many)."""
    scorer, T_c, bias = model.scorer, model.items(), model.item_bias
    codes, block = codes_of(model), items_at_once(scorer.last.in_features)
    Z, words = model.quantizer.decode(codes), model.quantizer.codebooks  # (4096, D_T)
    found: dict[str, tuple[int, Callable[[], Any]]] = {}
    for n, i in WRITTEN:
        few = Z[:n], T_c[:i]
        found[f"as written {n} x {i}"] = n * i, lambda few=few: scorer.network_as_written(*few)
    T, b = T_c[:block], bias[:block]
    parts = Z.split(128)
    found["folded"] = len(Z) * block, lambda: [scorer(part, T, b) for part in parts]
    if model.quantizer.M > 1:
        for name, engine in (("tables", "plain"), ("compiled tables", "compiled")):

            def by_tables(engine: str = engine) -> torch.Tensor:
                return scorer.tables(words, T, b).scores(codes, engine)

            found[name] = len(Z) * block, by_tables
    return found


@torch.no_grad()
def pairs_a_second(M: int, hidden: int, seconds: float) -> dict[str, Any]:
    """Millions of pairs a second of each way, and how many times the network as written."""
    every = ways(model_of(20_000, M, hidden))
    times: dict[str, list[float]] = {name: [] for name in every}
    for _, run in every.values():
        run()  # compiles, fills the caches
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, (_, run) in every.items():
            start = time.thread_time()
            run()
            times[name].append(time.thread_time() - start)
    speed = {n: every[n][0] / statistics.median(t) / 1e6 for n, t in times.items()}
    written = max(speed[n] for n in speed if n.startswith("as written"))
    rest = {n: v for n, v in speed.items() if not n.startswith("as written")}
    return {
        "M": M,
        "N": SHAPES[M],
        "hidden": hidden,
        "million pairs a second": {"as written": written, **rest},
        "times as written": {n: v / written for n, v in rest.items()},
    }


def exactness(M: int, engine: str) -> float:
    """Largest distance from the formula in float64, as a share of the largest score."""
    model = model_of(2_000, M, 16)
    codes = codes_of(model)[::31]
    with torch.no_grad():
        tables = model.scorer.tables(model.quantizer.codebooks, model.items(), model.item_bias)
        S = tables.scores(codes, engine)
        model.double()
        Z = model.quantizer.decode(codes)
        exact = model.scorer.as_written(Z, model.items(), model.item_bias)
    return float((S - exact).abs().max() / exact.abs().max())


def large_build(items: int, engine: str) -> dict[str, Any]:
    """Seconds and peak memory of one build, measured in a process of its own."""
    command = [sys.executable, __file__, "--one-build", str(items), engine]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def one_build(items: int, engine: str) -> dict[str, Any]:
    """Build once; the process's peak memory is the build's."""
    torch.set_num_threads(1)
    model = model_of(items, 2, 16)
    start, cpu = time.perf_counter(), time.process_time()
    index = sm.SparseIndex.build(model, codes="all", best=BEST, engine=engine)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    pairs = items * len(index)
    return {
        "items": items,
        "codes": len(index),
        "best": BEST,
        "engine": engine,
        "entries": len(index.items),
        "seconds": seconds,
        "processor seconds": cpu,
        "million pairs a processor second": pairs / cpu / 1e6,
        "peak GB": peak_gb(),
    }


def peak_gb() -> float:
    """The most memory that this process has held.

    Linux tells it per program; what `resource` tells there begins with what the parent held when
    it started the process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e9
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e9 if sys.platform == "darwin" else peak * 1024 / 1e9


def run(quick: bool) -> dict[str, Any]:
    """Measure everything; quick: shorter, and a small build."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    settings = [(M, h) for h in HIDDEN for M in SHAPES]
    seconds = 0.5 if quick else 6.0
    found = [pairs_a_second(M, h, seconds) for M, h in progress(settings, desc="pairs")]
    exact = {f"M = {M}, {e}": exactness(M, e) for M in (2, 4) for e in ("plain", "compiled")}
    builds = [large_build(20_000 if quick else 10**6, "compiled")]
    torch.set_num_threads(threads)
    return {"pairs": found, "off by, as a share of the largest score": exact, "builds": builds}


def main() -> None:
    """Measure, print, and store if asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, help="also store the result as JSON")
    parser.add_argument("--one-build", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one_build:
        print(json.dumps(one_build(int(args.one_build[0]), args.one_build[1])))
        return
    found = run(args.quick)
    for row in found["pairs"]:
        speeds = row["million pairs a second"].items()
        shown = "  ".join(
            f"{n} {v:.1f}" + (f" ({row['times as written'][n]:.1f}x)" if n != "as written" else "")
            for n, v in speeds
        )
        print(f"M = {row['M']}  h = {row['hidden']}  M pairs/s: {shown}")
    for name, off in found["off by, as a share of the largest score"].items():
        print(f"{name}: {off:.1e} from the formula in float64")
    for row in found["builds"]:
        print(
            f"{row['items']:,} items x {row['codes']:,} codes, best {row['best']}, "
            f"{row['engine']}: {row['seconds']:.0f} s, {row['processor seconds']:.0f} of them the "
            f"processor's, {row['million pairs a processor second']:.0f} M pairs a second, "
            f"peak {row['peak GB']:.2f} GB"
        )
    if args.out:
        results.store(args.out, {"shapes": {str(M): N for M, N in SHAPES.items()}}, found)
        print(f"stored {args.out}")


if __name__ == "__main__":
    main()
