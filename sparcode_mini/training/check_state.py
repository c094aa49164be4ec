"""What a training state may hold: everything is checked before anything of it is used.

A state may come from elsewhere, or from another version. Each check raises a ValueError that says
what is wrong, without the name of the file.
"""

import json
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sparcode_mini.tools.options import short
from sparcode_mini.tools.reproducible import RNG
from sparcode_mini.training.recipe import Log
from sparcode_mini.training.run import Run

STAGES = ("new", "linear", "soft", "hard")
ADAM = ("step", "exp_avg", "exp_avg_sq")  # what AdamW remembers of each parameter


def check_counts(meta: dict[str, Any], epochs: int) -> None:
    """Check how far the training is: "epoch" from 0 to `epochs`, "step", "stage"."""
    for name, most in (("epoch", epochs), ("step", None)):
        value = _entry(meta, name)
        if type(value) is not int or value < 0 or (most is not None and value > most):
            limit = "on" if most is None else f"to {most}"
            raise ValueError(f"its {name} is {short(value)}, not a whole number from 0 {limit}")
    if _entry(meta, "stage") not in (None, *STAGES):
        raise ValueError(f"its stage is {short(meta['stage'])}, not one of {', '.join(STAGES)}")


def checked_log(meta: dict[str, Any]) -> Log:
    """Return the log, if it has a sound row for each epoch and names the best of them."""
    stored = _entry(meta, "log")
    names = ("rows", "best_epoch", "best_score", "interrupted")
    if type(stored) is not dict or set(stored) != set(names):
        raise ValueError(f"its log is {short(stored)}, not a table of {', '.join(names)}")
    rows = stored["rows"]
    if type(rows) is not list or len(rows) != meta["epoch"]:
        raise ValueError(f"its log does not have one row for each of {meta['epoch']} epochs")
    if len({type(row) is dict and "ndcg@50" in row for row in rows}) > 1:
        raise ValueError("its log has ndcg@50 for some epochs only")
    log = Log()
    for number, row in enumerate(rows):
        _check_row(row, number)
        log = log.with_row(row)
    if (stored["best_epoch"], stored["best_score"]) != (log.best_epoch, log.best_score):
        best = short(stored["best_epoch"])
        raise ValueError(f"its best epoch is {best}; by its own log it is {log.best_epoch}")
    return log


def _check_row(row: object, number: int) -> None:
    sound = (
        type(row) is dict
        and type(row.get("epoch")) is int
        and row["epoch"] == number
        and row.get("stage") in STAGES
        and all(type(row.get(name)) is float for name in ("loss", "seconds"))
        and type(row.get("ndcg@50", 0.0)) is float
        and all(_finite(value) for value in row.values())
    )
    if not sound:
        raise ValueError(f"row {number} of its log is no row of an epoch: {short(row)}")


def _finite(value: object) -> bool:
    """Tell whether a value is text, a finite number, or a list of such."""
    if type(value) is list:
        return all(map(_finite, value))
    return type(value) in (str, int) or (type(value) is float and math.isfinite(value))


def checked_rng(meta: dict[str, Any]) -> RNG:
    """Return a generator of random numbers in the stored state."""
    stored, rng = _entry(meta, "rng"), np.random.default_rng()
    try:
        rng.bit_generator.state = stored
        texts = [json.dumps(state, sort_keys=True) for state in (rng.bit_generator.state, stored)]
        same = texts[0] == texts[1]  # as text: True is no 1
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError):
        same = False
    if not same:
        raise ValueError(f"its rng is no state of a generator: {short(stored)}")
    return rng


def check_shapes(run: Run, shapes: dict[str, Tensor], has_best: bool) -> None:
    """Check names, shapes and types: weights, best weights if there are, and AdamW's.

    Args:
        run: the training that is to go on.
        shapes: name -> tensor as stored; no value is read.
        has_best: whether an epoch has counted, so that best weights are stored.
    """
    weights = run.model.state_dict()
    needed = {f"model.{name}": tensor for name, tensor in weights.items()}
    if has_best:
        needed |= {f"best.{name}": tensor for name, tensor in weights.items()}
    numbers = {name.split(".")[1] for name in shapes if name.startswith("adam.")}
    for number, parameter in enumerate(run.parameters):
        if str(number) in numbers:  # a parameter without a gradient so far has nothing there
            kept = (torch.zeros(()), parameter, parameter)
            needed |= {f"adam.{number}.{k}": t for k, t in zip(ADAM, kept, strict=True)}
    if missing := sorted(set(needed) - set(shapes)):
        raise ValueError(f"it lacks the tensor {missing[0]!r} ({len(missing)} in all)")
    if others := sorted(set(shapes) - set(needed)):
        raise ValueError(f"it has a tensor {short(others[0])} that the training does not know")
    for name, like in needed.items():
        tensor = shapes[name]
        if (tensor.shape, tensor.dtype) != (like.shape, like.dtype):
            raise ValueError(
                f"its tensor {name!r} is {tensor.dtype} {list(tensor.shape)}; this training has "
                f"{like.dtype} {list(like.shape)} there"
            )


def check_values(tensors: dict[str, Tensor], steps: int) -> None:
    """Check that all numbers are finite, and that AdamW has taken so many steps."""
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"its tensor {name!r} has a number that is not finite")
        positive = name.startswith("adam.") and name.endswith(("exp_avg_sq", ".step"))
        if positive and bool((tensor < 0).any()):
            raise ValueError(f"its tensor {name!r} is negative")
    counts = [t for name, t in tensors.items() if name.startswith("adam.") and name[-5:] == ".step"]
    taken = max(map(int, counts), default=0)
    if taken != steps:
        raise ValueError(f"its step is {steps}, but its optimiser has taken {taken}")


def _entry(meta: dict[str, Any], name: str) -> Any:
    if name not in meta:
        raise ValueError(f"its {name} is missing")
    return meta[name]
