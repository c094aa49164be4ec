"""The command `sparcode-mini sweep`: train the grid over M, N and sparsity."""

import argparse
from pathlib import Path

from sparcode_mini.cli import common
from sparcode_mini.tools.targets import RESULT, check_target


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    sub.add_argument("--folder", type=Path, default=common.RUNS / "sweep", help="finished settings")
    sub.add_argument("--out", type=Path, help="default: assets/results/sweep.json")


def run(args: argparse.Namespace) -> int:
    """Train the settings that the folder lacks and store the result."""
    import sparcode_mini as sm
    from sparcode_mini import results
    from sparcode_mini.studies.sweep import config, sweep

    out = args.out or results.RESULTS / "sweep.json"
    check_target(out, RESULT)
    results.store(out, config(), sweep(sm.data.movielens_100k().split(), args.folder))
    print(f"stored {out}")
    return 0
