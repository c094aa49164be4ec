"""The command `sparcode-mini doctor`: check that everything is in place, or name the remedy."""

import argparse
import os
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import torch

from sparcode_mini.cli.places import CHECKS, Finding
from sparcode_mini.results import CHECKPOINTS

OPTIONAL = ("jupyterlab", "ipywidgets", "anywidget", "plotly", "matplotlib", "faiss-cpu", "numba")
MODELS = ("sparcode-sparse", "sparcode", "two-tower")
_RIGHTS = "look at the rights of this folder, and of runs/ in it"
REMEDIES = {
    "data": "delete the folder of the data, and load it anew with --fetch",
    "models": "check the project out again",
    "compiler cache": "set NUMBA_CACHE_DIR to a folder that can be written",
    "disk": _RIGHTS,
    "states": _RIGHTS,
    "leftovers": _RIGHTS,
    "terminal": "set PYTHONUTF8=1",
    "fonts": 'pip install "sparcode-mini[lab]" again',
}


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    sub.add_argument("--fetch", action="store_true", help="download the data now")


def run(args: argparse.Namespace) -> int:
    """Print one finding per line; return 1 if something is wrong."""
    findings = examine(fetch=args.fetch)
    for finding in findings:
        print(f"{finding.mark:<3} {finding.subject}: {finding.detail}")
    return 1 if any(finding.mark == "NO" for finding in findings) else 0


def examine(fetch: bool = False) -> list[Finding]:
    """Check Python, packages, data, stored models, and the places where files are written.

    Args:
        fetch: download MovieLens-100K if it is not there.
    """
    checks: list[tuple[str, Callable[[], list[Finding]]]] = [
        ("python", lambda: [_python()]),
        ("torch", lambda: [_torch()]),
        ("packages", lambda: list(map(_package, OPTIONAL))),
        ("data", lambda: [_data(fetch)]),
        ("models", lambda: list(map(_model, MODELS))),
        *((check.__name__.replace("_", " "), check) for check in CHECKS),
    ]
    return [finding for subject, check in checks for finding in _findings(subject, check)]


def _findings(subject: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """Return the findings of a check; that it fails is a finding, and the others go on."""
    try:
        return check()
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        remedy = REMEDIES.get(subject, "install the package again")
        return [Finding(subject, "NO", f"can't be checked ({reason}); {remedy}")]


def _python() -> Finding:
    good = sys.version_info >= (3, 11)
    return Finding(
        "python",
        "ok" if good else "NO",
        platform.python_version() + ("" if good else "; needs >= 3.11"),
    )


def _torch() -> Finding:
    capability = torch.backends.cpu.get_cpu_capability()
    detail = f"{version('torch')}, CPU level {capability}, {torch.get_num_threads()} threads"
    return Finding("torch", "ok", detail)


def _package(name: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, "NO", 'not installed; pip install "sparcode-mini[lab]"')


def _data(fetch: bool) -> Finding:
    movielens = import_module("sparcode_mini.data.movielens")
    given = os.environ.get(movielens.FOLDER_VARIABLE)  # then loading fetches nothing, it only reads
    if not fetch and not given and not movielens.present():
        return Finding("data", "NO", "MovieLens-100K is not here yet; add --fetch to download it")
    try:
        tables = movielens.load()
    except (OSError, ValueError) as error:
        return Finding("data", "NO", str(error))
    return Finding("data", "ok", f"MovieLens-100K, {len(tables.interactions):,} ratings")


def _model(name: str) -> Finding:
    path = CHECKPOINTS / f"{name}.safetensors"
    if not path.exists():
        return Finding(f"model {name}", "NO", f"{path} is missing; check the project out again")
    from sparcode_mini.model.load import load_model

    try:
        load_model(path)
    except ValueError as error:
        return Finding(f"model {name}", "NO", str(error))
    return Finding(f"model {name}", "ok", f"{path.stat().st_size / 1e6:.1f} MB, checksum right")
