"""The common part of several commands: where results go, and the loading of a SparCode."""

from pathlib import Path
from typing import Any

RUNS = Path("runs")
STATE, SUFFIX = ".training", ".safetensors"
# The largest numbers that a command takes: beyond them are typing errors, and all memory.
MOST_CODEWORDS, MOST, MOST_EPOCHS, MOST_RESULTS = 2**20, 4096, 10_000, 100_000
MOST_BATCH, MOST_ITEMS, MOST_SEED, MOST_WEIGHT = 2**20, 2**31 - 1, 2**63 - 1, 10**6
IN_USE = "wait until it has ended, or choose another --out"


def state_file(out: Path) -> Path:
    """Return the file from which an interrupted training of a model file can go on.

    No two model files share one: "m.safetensors" has "m.training.safetensors", and a name without
    that suffix, such as "seed.1", has "seed.1.training".

    Raises:
        ValueError: `out` has the name of such a file itself.
    """
    out = out.resolve() if out.is_symlink() else out  # a link and its file share one
    suffix = out.suffix if out.suffix.lower() == SUFFIX else ""
    stem = out.name.removesuffix(suffix) if suffix else out.name
    if stem.lower().endswith(STATE):
        raise ValueError(
            f"--out {out} is the name of a training state; choose one without {STATE!r} at its end"
        )
    return out.with_name(f"{stem}{STATE}{suffix}")


def load_sparcode(path: Path, split: Any) -> Any:
    """Load a model file that must hold a SparCode.

    Raises:
        ValueError: another model, or a file that does not fit the data.
    """
    import sparcode_mini as sm

    model = sm.load_model(path, split)
    if not isinstance(model, sm.SparCode):
        raise ValueError(f"{path} holds a {type(model).__name__}; only a SparCode has codes")
    return model


def load_two_tower(path: Path, split: Any) -> Any:
    """Load a model file that must hold a two-tower.

    Raises:
        ValueError: another model, or a file that does not fit the data.
    """
    import sparcode_mini as sm

    model = sm.load_model(path, split)
    if not isinstance(model, sm.TwoTower):
        raise ValueError(
            f"{path} holds a {type(model).__name__}; a two-tower is made by `sparcode-mini train "
            "--model two-tower`"
        )
    return model


def check_settings(kind: Any, options: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Refuse settings of a model and of its training that can't work, before any data is read.

    Args:
        kind: the class of the model.
        options: its keyword arguments.
        recipe: fields of Recipe.

    Raises:
        ValueError: as the model and `fit`, where it does not depend on the data.
    """
    import numpy as np
    import torch

    from sparcode_mini.model.items import Catalogue
    from sparcode_mini.model.stored import check_memory
    from sparcode_mini.training.fit import check_recipe
    from sparcode_mini.training.recipe import Recipe

    config = kind.config_class.of(options, kind.__name__)
    one_item = Catalogue(np.array([1]), np.array(["one"], dtype=object), (), ())
    check_memory(kind, one_item, config, torch.float32)
    check_recipe(kind, Recipe.of(recipe))
