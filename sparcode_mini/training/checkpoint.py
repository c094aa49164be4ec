"""The state of a training in a file, so that a run that was cut off can go on."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from sparcode_mini.tools.files import open_tensors, save_tensors
from sparcode_mini.tools.options import short
from sparcode_mini.tools.targets import DAMAGED, STATE, kind_of
from sparcode_mini.training.check_state import (
    check_counts,
    check_shapes,
    check_values,
    checked_log,
    checked_rng,
)
from sparcode_mini.training.recipe import Recipe
from sparcode_mini.training.run import LARGEST_GRADIENT, WEIGHT_DECAY, Run

FILE: dict[str, Any] = {"kind": "sparcode-mini training", "version": 1}
# What recipes of earlier versions held too, always with these values.
NO_LONGER_CHOSEN = {"weight_decay": WEIGHT_DECAY, "clip": LARGEST_GRADIENT, "patience": None}
MASK = {"mask_seen": False}  # recipes of earlier versions do not say it
ADDED_LATER = ("features", "user_features")  # states of early versions lack them
MOST_SHOWN = 3  # entries of two tables that differ


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
    """Write the state to the run's checkpoint file, if it has one.

    Raises:
        ValueError: a number that is not finite; the file stays that of the epoch before.
    """
    if run.checkpoint is None:
        return
    state = run.optimiser.state_dict()["state"]
    tensors = {f"model.{k}": v for k, v in run.model.state_dict().items()}
    tensors |= {f"best.{k}": v for k, v in run.best.items()}
    tensors |= {f"adam.{i}.{k}": v for i, s in state.items() for k, v in s.items()}
    try:
        check_values(tensors, run.step)
    except ValueError as error:
        raise ValueError(f"after {run.epoch} epochs {error}; train anew with a lower lr") from None
    meta = {
        **identity(run),
        "epoch": run.epoch,
        "step": run.step,
        "log": asdict(run.log),
        "rng": run.rng.bit_generator.state,
        "stage": run.model.stage,
    }
    save_tensors(run.checkpoint, tensors, meta, **FILE)


def check_start(path: Path, resume: bool) -> None:
    """Refuse to start over what can be resumed, and to resume what is not there.

    Args:
        path: of the state.
        resume: whether the training is to go on from it.

    Raises:
        FileExistsError: there is a state, or another file, but `resume` is False.
        ValueError: there is another file, and `resume` is True.
        FileNotFoundError: there is none, but `resume` is True.
    """
    if path.exists():
        kind = kind_of(path)
        if kind != STATE and not (resume and kind == DAMAGED):  # whose damage is named on reading
            error = ValueError if resume else FileExistsError
            raise error(f"{path} is {kind}, not {STATE}; choose another name for that")
    if path.exists() and not resume:
        raise FileExistsError(
            f"{path} holds the state of a training; to go on with it add --resume (in Python "
            "resume=True); else delete it, or choose another name"
        )
    if resume and not path.exists():
        raise FileNotFoundError(
            f"there is no training state {path} to resume (current folder: {Path.cwd()}); leave "
            "out --resume (in Python resume=True) to start from the beginning"
        )


def load_checkpoint(run: Run) -> None:
    """Go on from the run's checkpoint file. Nothing of the run changes before all is checked.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a run without a checkpoint file; the file of another run; a damaged file.
    """
    if run.checkpoint is None:
        raise ValueError("resume=True needs a checkpoint file; pass checkpoint=PATH")
    check_start(run.checkpoint, resume=True)
    with open_tensors(run.checkpoint, **FILE) as file:
        meta = file.meta
        try:
            _check_identity(run, meta)
        except ValueError as error:
            raise ValueError(
                f"it belongs to another run: {error}; choose another checkpoint file, or the "
                "options of that run"
            ) from None
        try:
            check_counts(meta, run.recipe.epochs)
            log, rng = checked_log(meta), checked_rng(meta)
            check_shapes(run, file.shapes, log.best_epoch is not None)
            tensors = file.read()
            check_values(tensors, meta["step"])
        except ValueError as error:
            raise ValueError(
                f"it is no sound training state: {error}; delete it and train anew"
            ) from None
    run.model.load_state_dict(_under(tensors, "model."))
    run.best = _under(tensors, "best.")
    state = run.optimiser.state_dict()
    for name, tensor in _under(tensors, "adam.").items():
        index, key = name.split(".")
        state["state"].setdefault(int(index), {})[key] = tensor
    run.optimiser.load_state_dict(state)
    run.epoch, run.step, run.log = meta["epoch"], meta["step"], log
    run.rng.bit_generator.state = rng.bit_generator.state
    run.model.enter(meta["stage"] or "new", 0.0)  # the epoch to come sets the slope


def _check_identity(run: Run, meta: dict[str, Any]) -> None:
    """Compare a stored identity with that of a run; the error names the first difference."""
    for key, value in identity(run).items():
        if key not in meta and key not in ADDED_LATER:
            raise ValueError(f"its {key} is missing")
        stored = meta.get(key, value)
        if key == "recipe" and type(stored) is dict:
            older = {**NO_LONGER_CHOSEN, **_plain(Recipe()), **MASK}
            if "mask_seen" not in stored and stored.get("penalty") == "flops":
                stored = {**stored, "penalty": "items"}  # its name at that time
            stored, value = ({**older, **r} for r in (stored, value))
        if stored != value:
            there, here = _difference(stored, value)
            raise ValueError(f"its {key} is {there}, this run's is {here}")


def _difference(stored: object, value: object) -> tuple[str, str]:
    """Return two values as text; of two tables only the entries that differ."""
    if type(stored) is not dict or type(value) is not dict:
        return short(stored), short(value)
    absent = "(absent)"
    keys = [k for k in {**value, **stored} if stored.get(k, absent) != value.get(k, absent)]
    texts = [
        ", ".join(f"{key} = {short(table.get(key, absent))}" for key in keys[:MOST_SHOWN])
        for table in (stored, value)
    ]
    return texts[0], texts[1]


def _plain(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as JSON gives it back."""
    entries: dict[str, Any] = json.loads(json.dumps(asdict(recipe)))
    return entries


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
