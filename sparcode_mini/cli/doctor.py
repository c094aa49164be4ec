"""The command `sparcode-mini doctor`: check that everything is in place, or name the remedy."""

import argparse
import os
import platform
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import torch

from sparcode_mini.results import CHECKPOINTS

OPTIONAL = ("jupyterlab", "ipywidgets", "anywidget", "plotly", "matplotlib", "faiss-cpu", "numba")
MODELS = ("sparcode", "two-tower")


class Finding(NamedTuple):
    """The result of one check."""

    subject: str
    good: bool
    detail: str


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    sub.add_argument("--fetch", action="store_true", help="download the data now")


def run(args: argparse.Namespace) -> int:
    """Print one finding per line; return 1 if something is wrong."""
    findings = examine(fetch=args.fetch)
    for finding in findings:
        print(f"{'ok ' if finding.good else 'NO '} {finding.subject}: {finding.detail}")
    return 0 if all(finding.good for finding in findings) else 1


def examine(fetch: bool = False) -> list[Finding]:
    """Check Python, packages, data and stored models.

    Args:
        fetch: download MovieLens-100K if it is not there.
    """
    tools = [_python(), _torch(), *map(_package, OPTIONAL), _fonts()]
    return [*tools, _data(fetch), *map(_model, MODELS)]


def _python() -> Finding:
    good = sys.version_info >= (3, 11)
    return Finding("python", good, platform.python_version() + ("" if good else "; needs >= 3.11"))


def _torch() -> Finding:
    capability = torch.backends.cpu.get_cpu_capability()
    detail = f"{version('torch')}, CPU level {capability}, {torch.get_num_threads()} threads"
    return Finding("torch", True, detail)


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, 'not installed; pip install "sparcode-mini[lab]"')


def _data(fetch: bool) -> Finding:
    movielens = import_module("sparcode_mini.data.movielens")
    given = os.environ.get(movielens.FOLDER_VARIABLE)  # then loading fetches nothing, it only reads
    if not fetch and not given and not movielens.present():
        return Finding("data", False, "MovieLens-100K is not here yet; add --fetch to download it")
    try:
        tables = movielens.load()
    except (OSError, ValueError) as error:
        return Finding("data", False, str(error))
    return Finding("data", True, f"MovieLens-100K, {len(tables.interactions):,} ratings")


def _model(name: str) -> Finding:
    path = CHECKPOINTS / f"{name}.safetensors"
    if not path.exists():
        return Finding(f"model {name}", False, f"{path} is missing; check the project out again")
    from sparcode_mini.model.load import load_model

    try:
        load_model(path)
    except ValueError as error:
        return Finding(f"model {name}", False, str(error))
    return Finding(f"model {name}", True, f"{path.stat().st_size / 1e6:.1f} MB, checksum right")


def _fonts() -> Finding:
    try:
        glyphs = import_module("sparcode_mini.plots.glyphs")
    except (ImportError, OSError) as error:  # no matplotlib, or no font where ours should be
        return Finding("fonts", False, f'{error}; pip install "sparcode-mini[lab]" again')
    fonts = glyphs.scripts()
    lost = [script for script, family in fonts.items() if family is None]
    drawn = ", ".join(script for script in fonts if script not in lost)
    remedy = f"; boxes for {', '.join(lost)}: {glyphs.REMEDY}" if lost else ""
    whole = not set(lost) & {"Chinese", "Japanese", "Korean", "emoji"}  # these come with us
    return Finding("fonts", whole, f"titles in Latin, {drawn}{remedy}")
