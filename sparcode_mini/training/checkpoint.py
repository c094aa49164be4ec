"""The state of a training in a file, so that a run that was cut off can go on."""

import json
from dataclasses import asdict
from typing import Any

from torch import Tensor

from sparcode_mini.tools.files import load_tensors, save_tensors
from sparcode_mini.training.recipe import Log, Recipe
from sparcode_mini.training.run import LARGEST_GRADIENT, WEIGHT_DECAY, Run

FILE: dict[str, Any] = {"kind": "sparcode-mini training", "version": 1}
# What recipes of earlier versions held too, always with these values.
NO_LONGER_CHOSEN = {"weight_decay": WEIGHT_DECAY, "clip": LARGEST_GRADIENT, "patience": None}


def identity(run: Run) -> dict[str, Any]:
    """Return what must agree for a checkpoint to belong to a run."""
    return {
        "model": type(run.model).__name__,
        "config": run.model.config.to_file(),
        "user_features": [list(f) for f in run.model.catalogue.user_features],
        "dtype": str(run.model.dtype),
        "recipe": _plain(run.recipe),
        **run.examples.identity(),
    }


def save_checkpoint(run: Run) -> None:
    """Write the state to the run's checkpoint file, if it has one."""
    if run.checkpoint is None:
        return
    state = run.optimiser.state_dict()["state"]
    tensors = {f"model.{k}": v for k, v in run.model.state_dict().items()}
    tensors |= {f"best.{k}": v for k, v in run.best.items()}
    tensors |= {f"adam.{i}.{k}": v for i, s in state.items() for k, v in s.items()}
    meta = {
        **identity(run),
        "epoch": run.epoch,
        "step": run.step,
        "log": asdict(run.log),
        "rng": run.rng.bit_generator.state,
        "stage": run.model.stage,
    }
    save_tensors(run.checkpoint, tensors, meta, **FILE)


def load_checkpoint(run: Run) -> None:
    """Go on from the run's checkpoint file, if it exists.

    Raises:
        ValueError: a run without a checkpoint file, or the file of another run.
    """
    if run.checkpoint is None:
        raise ValueError("resume=True needs a checkpoint file; pass checkpoint=PATH")
    if not run.checkpoint.exists():
        return  # nothing was saved yet: start from the beginning
    tensors, meta = load_tensors(run.checkpoint, **FILE)
    for key, value in identity(run).items():
        stored = meta.get(key, value)  # early files lack some keys
        if key == "recipe":
            stored, value = ({**NO_LONGER_CHOSEN, **_plain(Recipe()), **r} for r in (stored, value))
        if stored != value:
            raise ValueError(
                f"{run.checkpoint} belongs to another run: its {key} is {stored}, "
                f"this run's is {value}; choose another checkpoint file"
            )
    run.model.load_state_dict(_under(tensors, "model."))
    run.best = _under(tensors, "best.")
    state = run.optimiser.state_dict()
    for name, tensor in _under(tensors, "adam.").items():
        index, key = name.split(".")
        state["state"].setdefault(int(index), {})[key] = tensor
    run.optimiser.load_state_dict(state)
    run.epoch, run.step = meta["epoch"], meta["step"]
    run.log, run.rng.bit_generator.state = Log(**meta["log"]), meta["rng"]
    run.log.interrupted = False
    run.model.enter(meta["stage"] or "new", 0.0)  # the epoch to come sets the slope


def _plain(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as JSON gives it back."""
    entries: dict[str, Any] = json.loads(json.dumps(asdict(recipe)))
    return entries


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
