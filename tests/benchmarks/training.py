"""How long SparCode trains beside its two-tower: the settings of the table, seed 0.

    python tests/benchmarks/training.py [--epochs 10] [--out assets/results/training_time.json]

The two are trained epoch by epoch in turn, so that whatever else the machine does meets both; then
their steps are taken apart. About 2 minutes on two cores.
"""

import argparse
import functools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from timing import A_FIGURE, Core
from torch.utils.flop_counter import FlopCounterMode

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.model import pooling
from sparcode_mini.studies import table as reproduce
from sparcode_mini.studies.common.train_and_measure import build_model
from sparcode_mini.tools.progress import progress
from sparcode_mini.training.batches import HistoryExamples
from sparcode_mini.training.memory import pages_kept
from sparcode_mini.training.recipe import Recipe
from sparcode_mini.training.run import Run

ROWS = ("two-tower", "sparcode")
SEED = 0


def measure(epochs: int) -> dict[str, Any]:
    """Train both in turn; return the seconds of every epoch, and what came out."""
    split = sm.data.movielens_100k().split()
    runs = {}
    for row in ROWS:
        spec = reproduce.table_spec(row)
        plan = Recipe(**{**spec["fit"], "epochs": epochs}, seed=SEED)
        model = build_model(split, spec, SEED)
        runs[row] = Run(model, HistoryExamples(model, split, plan), plan)
    with pages_kept():
        for _ in progress(range(epochs), desc="both"):
            for run in runs.values():
                run.train_epoch()
    found: dict[str, Any] = {"threads": torch.get_num_threads(), "rows": {}}
    for row, run in runs.items():
        run.finish()
        ndcg = sm.evaluate(run.model, split, on="test", k=50)["ndcg@50"]
        seconds = run.log.column("seconds")
        found["rows"][row] = {"seconds": sum(seconds), "epochs": seconds, "ndcg@50": ndcg}
    first, second = (found["rows"][row] for row in ROWS)
    found["ratio"] = second["seconds"] / first["seconds"]
    found["parts"] = {row: parts_of_a_step(run) for row, run in runs.items()}
    one, other = (sum(found["parts"][row].values()) for row in ROWS)
    found["ratio of a step with codes"] = other / one
    found["gflop"] = {row: gflop_of_a_step(run) for row, run in runs.items()}
    return found


def gflop_of_a_step(run: Run, steps: int = 5) -> float:
    """Floating-point operations of all matrix products in a step, 10^9, mean over a few."""
    counts = []
    for batch in run.examples.batches(run.rng)[:steps]:
        with FlopCounterMode(display=False) as counter:
            run.train_step(*batch)
        counts.append(counter.get_total_flops() / 1e9)
    return statistics.fmean(counts)


def parts_of_a_step(run: Run, steps: int = 20) -> dict[str, float]:
    """Milliseconds of a step (everything switched on) by what it is spent on, medians.

    Functions are wrapped in a stopwatch; what runs inside another one counts for the inner one.
    """
    run.model.train()
    watch, backward = _Stopwatch(), pooling.PooledByCode
    inner = [
        (run.examples, "questions", "tokens"),
        (run.model.items, "forward", "tokens"),
        (run.model, "training_scores", "scores"),
        (run.optimiser, "step", "optimiser, codebooks"),
        (torch.Tensor, "backward", "gradients of all layers"),
        (backward, "backward", "gradient of the tokens through their codes"),
    ]
    if hasattr(run.model, "quantizer"):
        inner.append((run.model.quantizer, "learn", "optimiser, codebooks"))
    kept = [(owner, name, vars(owner).get(name)) for owner, name, _ in inner]
    try:
        for owner, name, part in inner:
            wrapped = watch.around(getattr(owner, name), part)
            setattr(owner, name, staticmethod(wrapped) if owner is backward else wrapped)
        step = watch.around(run.train_step, "softmax and the rest")
        for batch in run.examples.batches(run.rng)[:steps]:
            Core.of_figure = A_FIGURE
            Core.wait()
            step(*batch)
            watch.lap()
    finally:
        for owner, name, own in kept:
            setattr(owner, name, own) if own is not None else delattr(owner, name)
    return {part: 1e3 * statistics.median(times) for part, times in watch.laps.items()}


class _Stopwatch:
    """Adds up the time of nested calls, each moment to the innermost part."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.laps: dict[str, list[float]] = defaultdict(list)
        self.stack: list[str] = []
        self.since = 0.0

    def around(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **options: Any) -> Any:
            self._change()
            self.stack.append(part)
            try:
                return function(*args, **options)
            finally:
                self._change()
                self.stack.pop()

        return timed

    def lap(self) -> None:
        """Keep what each part took since the last lap."""
        for part, seconds in self.seconds.items():
            self.laps[part].append(seconds)
        self.seconds.clear()

    def _change(self) -> None:
        now = time.perf_counter()
        if self.stack:
            self.seconds[self.stack[-1]] += now - self.since
        self.since = now


def main() -> None:
    """Measure, print, and store if asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path, help="also store the result as JSON")
    args = parser.parse_args()
    found = measure(args.epochs)
    for row, values in found["rows"].items():
        print(f"{row:<10} {values['seconds']:6.1f} s   NDCG@50 {values['ndcg@50']:.4f}")
    step = found["ratio of a step with codes"]
    print(f"ratio {found['ratio']:.2f} (a step with codes {step:.2f}), {found['threads']} threads")
    for row, parts in found["parts"].items():
        print(f"{row}, a step: {found['gflop'][row]:.1f} GFLOP of matrix products; ", end="")
        print(", ".join(f"{part} {ms:.0f} ms" for part, ms in parts.items()))
    if args.out:
        results.store(args.out, {"rows": ROWS, "epochs": args.epochs, "seed": SEED}, found)
        print(f"stored {args.out}")


if __name__ == "__main__":
    main()
