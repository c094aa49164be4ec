"""Stored results, too slow to compute in a lesson: JSON files with the settings behind them."""

import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from sparcode_mini.tools.files import load_json, save_json

ASSETS = Path(__file__).resolve().parents[1] / "assets"
RESULTS = ASSETS / "results"
CHECKPOINTS = ASSETS / "checkpoints"


def load(name: str) -> dict[str, Any]:
    """Read the stored result `name` ("sweep", "table", ...).

    Raises:
        FileNotFoundError: no such result; the message lists the stored ones.
    """
    path = RESULTS / f"{name}.json"
    if not path.exists():
        names = sorted(p.stem for p in RESULTS.glob("*.json"))
        raise FileNotFoundError(f"no stored result {name!r} in {RESULTS}; there are {names}")
    content: dict[str, Any] = load_json(path)
    return content


def setting(M: int, N: int, sparsity: float) -> dict[str, Any]:
    """Return the stored entry of the sweep for one setting.

    Raises:
        KeyError: the setting is not in the sweep's grid.
    """
    content = load("sweep")
    settings: list[dict[str, Any]] = content["settings"]
    for entry in settings:
        if (entry["M"], entry["N"], entry["sparsity"]) == (M, N, sparsity):
            return entry
    grid = content["config"]["grid"]
    raise KeyError(f"M={M}, N={N}, sparsity={sparsity} was not measured; the grid is {grid}")


def card(row: str) -> str:
    """Return what a model of CHECKPOINTS is, in a few lines.

    Raises:
        KeyError: no such model; the message lists them.
    """
    stored = load("models")
    cards: dict[str, Any] = stored["cards"]
    if row not in cards:
        raise KeyError(f"no model {row!r} comes with the project; there are {list(cards)}")
    entry = cards[row]
    spec = entry["spec"]
    settings = {**spec["model"], **spec["fit"], "seed": entry["seed"]}
    lines = [
        f"{row}: {entry['about']}",
        f"  class       {spec['class']} ({', '.join(f'{k} {v}' for k, v in settings.items())})",
        f"  data        {stored['config']['data']}; first 70% of each person to learn from",
        f"  validation  NDCG@50 {entry['validation ndcg@50']:.4f} (epoch {entry['best_epoch']})",
        f"  test        NDCG@50 {entry['ndcg@50']:.4f}" + _four(entry),
    ]
    if "density" in entry:
        lines.append(f"  lists       {entry['entries']:,} entries, {entry['density']:.1%} dense")
    return "\n".join(lines)


def _four(entry: dict[str, Any]) -> str:
    four = entry.get("ndcg@50 probes=4")
    return "" if four is None else f" with 1 probe, {four:.4f} with 4"


def provenance() -> dict[str, Any]:
    """Return versions, machine and day, to be stored beside a result."""
    packages = ("torch", "numpy", "pandas")
    return {
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
        "machine": f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} threads, "
        f"{torch.backends.cpu.get_cpu_capability()}",
        "date": date.today().isoformat(),
    }


def store(
    path: Path, config: dict[str, Any], content: dict[str, Any], indent: int | None = 2
) -> None:
    """Write a result with its configuration, versions, machine and day, atomically."""
    save_json(path, {"config": config, **provenance(), **content}, indent)
