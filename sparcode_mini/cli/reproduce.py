"""The command `sparcode-mini reproduce`: train and print the table."""

import argparse
from pathlib import Path
from typing import Any

from sparcode_mini.cli import common, data_options
from sparcode_mini.cli.options import whole
from sparcode_mini.tools.targets import RESULT, check_target

MOST_SEEDS = 1000


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    data_options.add(sub)
    mode = sub.add_mutually_exclusive_group()
    mode.add_argument(
        "--quick", action="store_true", help="main rows, one seed, under 25 minutes (default)"
    )
    mode.add_argument("--seeds", type=whole(1, MOST_SEEDS), help="all rows, so many seeds (hours)")
    mode.add_argument("--tune", action="store_true", help="the grid of hyper-parameters instead")
    sub.add_argument("--rows", nargs="+", help="only these rows of the table")
    sub.add_argument("--folder", type=Path, default=common.RUNS / "reproduce", help="finished rows")
    sub.add_argument("--out", type=Path, help="also store the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Train the rows that the folder lacks and print the table, or tune."""
    from sparcode_mini import results
    from sparcode_mini.studies import table as reproduce
    from sparcode_mini.studies import tuning

    if args.out:
        check_target(args.out, RESULT)
    seeds = 1 if args.seeds is None else args.seeds
    split = data_options.split(args)
    config: dict[str, Any] = {"chosen": reproduce.CHOSEN}
    if args.tune:
        points = tuning.tune(split, args.folder, args.rows or tuple(reproduce.CHOSEN))
        for point in points:
            print(point)
        content: dict[str, Any] = {"points": points}
        if not args.rows:
            content["longer"] = tuning.longer(split, args.folder)
        config |= {"seed": tuning.SEED, "grid": tuning.LADDERS, "prefixes": tuning.PREFIXES}
    else:
        rows = args.rows or (reproduce.QUICK_ROWS if args.seeds is None else reproduce.ROWS)
        content = reproduce.reproduce(split, args.folder, range(seeds), rows)
        print(reproduce.markdown(content["summary"]))
        config["seeds"] = seeds
    if args.out:
        results.store(args.out, config, content)
        print(f"stored {args.out}")
    return 0
