"""The command `sparcode-mini study`: an experiment of a lesson."""

import argparse
from pathlib import Path

from sparcode_mini.cli import common


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    sub.add_argument("name", help="a module of sparcode_mini.studies; a wrong name lists them")
    sub.add_argument("--folder", type=Path, help="finished parts; default: runs/NAME")
    sub.add_argument("--out", type=Path, help="default: assets/results/NAME.json")


def run(args: argparse.Namespace) -> int:
    """Run one module of `sparcode_mini.studies` and store its result."""
    import importlib
    import pkgutil

    from sparcode_mini import results, studies

    known = sorted(
        module.name for module in pkgutil.iter_modules(studies.__path__) if not module.ispkg
    )
    if args.name not in known:
        raise ValueError(f"study {args.name!r} is unknown; there are {known}")
    study = importlib.import_module(f"sparcode_mini.studies.{args.name}")
    out = args.out or results.RESULTS / f"{args.name}.json"
    content = study.run(args.folder or common.RUNS / args.name)
    results.store(out, study.config(), content, getattr(study, "INDENT", 2))
    print(f"stored {out}")
    return 0
