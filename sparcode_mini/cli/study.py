"""The command `sparcode-mini study`: an experiment of a lesson."""

import argparse
from pathlib import Path
from types import ModuleType

from sparcode_mini.cli import common
from sparcode_mini.tools.targets import RESULT, check_target


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    sub.add_argument("name", help="a module of sparcode_mini.studies; a wrong name lists them")
    sub.add_argument("--folder", type=Path, help="finished parts; default: runs/NAME")
    sub.add_argument("--out", type=Path, help="default: assets/results/NAME.json")


def all_studies() -> dict[str, ModuleType]:
    """Return the modules of `sparcode_mini.studies` that have `config()` and `run(folder)`.

    The other modules there belong to the commands `sweep` and `reproduce`.
    """
    import importlib
    import pkgutil

    from sparcode_mini import studies

    names = sorted(info.name for info in pkgutil.iter_modules(studies.__path__) if not info.ispkg)
    modules = {name: importlib.import_module(f"sparcode_mini.studies.{name}") for name in names}
    return {n: m for n, m in modules.items() if hasattr(m, "config") and hasattr(m, "run")}


def run(args: argparse.Namespace) -> int:
    """Run one study and store its result."""
    from sparcode_mini import results

    known = all_studies()
    if args.name not in known:
        raise ValueError(f"study {args.name!r} is unknown; there are {list(known)}")
    study = known[args.name]
    out = args.out or results.RESULTS / f"{args.name}.json"
    check_target(out, RESULT)
    content = study.run(args.folder or common.RUNS / args.name)
    results.store(out, study.config(), content, getattr(study, "INDENT", 2))
    print(f"stored {out}")
    return 0
