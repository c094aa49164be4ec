"""The command `sparcode-mini evaluate`: rank the catalogue for every user."""

import argparse
import sys
from pathlib import Path

from sparcode_mini.cli import common, data_options
from sparcode_mini.cli.options import whole


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    data_options.add(sub)
    sub.add_argument("model", type=Path, help="file written by train")
    sub.add_argument("--on", choices=["test", "validation"], default="test")
    sub.add_argument(
        "--k",
        action="extend",
        type=whole(1, common.MOST_RESULTS),
        nargs="+",
        help="places that count; default: 10 50",
    )
    sub.add_argument(
        "--probes",
        type=whole(1, common.MOST),
        help="nearest codes read per token; default: as trained",
    )
    sub.add_argument("--index", type=Path, help="rank by this index instead of by the model")


def run(args: argparse.Namespace) -> int:
    """Load a model, measure it and print the metrics."""
    import sparcode_mini as sm

    split = data_options.split(args)
    model = sm.load_model(args.model, split)
    if model.trained_on not in (None, split.fingerprint):
        print(
            "note: the model has learnt from other plays than these (or from these, cut in another "
            "way), perhaps from some that are to be found here",
            file=sys.stderr,
        )
    index = sm.SparseIndex.load(args.index) if args.index else None
    try:
        scores = sm.evaluate(
            model, split, on=args.on, k=args.k or (10, 50), probes=args.probes, index=index
        )
    except KeyError as error:  # of the search: a code without a list
        raise ValueError(
            f"--index {args.index} lacks lists that these users read; make it with `sparcode-mini "
            "index --codes all`, or with --probes as large as here and this data"
        ) from error
    for metric, value in scores.items():
        print(f"{metric:<14} {value:.4f}")
    return 0
