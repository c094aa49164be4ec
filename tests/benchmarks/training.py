"""How long SparCode trains beside its two-tower: the settings of the table, seed 0.

    python tests/benchmarks/training.py [--epochs 10] [--out assets/results/training_time.json]

The two are trained epoch by epoch in turn, so that whatever else the machine does meets both.
About 2 minutes on two cores.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

import torch

import sparcode_mini as sm
from sparcode_mini import reproduce, results
from sparcode_mini.measure import build_model
from sparcode_mini.memory import pages_kept
from sparcode_mini.progress import progress
from sparcode_mini.recipe import Recipe
from sparcode_mini.train import _Run

ROWS = ("two-tower", "sparcode")
SEED = 0


def measure(epochs: int) -> dict[str, Any]:
    """Train both in turn; return the seconds of every epoch, and what came out."""
    split = sm.data.movielens_100k().split()
    runs = {}
    for row in ROWS:
        spec = reproduce.table_spec(row)
        plan = Recipe(**{**spec["fit"], "epochs": epochs}, seed=SEED)
        runs[row] = _Run(build_model(split, spec, SEED), split, plan, None)
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
    pairs = zip(second["epochs"], first["epochs"], strict=True)
    found["median ratio of epochs"] = statistics.median(a / b for a, b in pairs)
    return found


def main() -> None:
    """Measure, print, and store if asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path, help="also store the result as JSON")
    args = parser.parse_args()
    found = measure(args.epochs)
    for row, values in found["rows"].items():
        print(f"{row:<10} {values['seconds']:6.1f} s   NDCG@50 {values['ndcg@50']:.4f}")
    print(f"ratio {found['ratio']:.2f}, {found['threads']} threads")
    if args.out:
        results.store(args.out, {"rows": ROWS, "epochs": args.epochs, "seed": SEED}, found)
        print(f"stored {args.out}")


if __name__ == "__main__":
    main()
