"""The common part of several commands: where results go, and the loading of a SparCode."""

from pathlib import Path
from typing import Any

RUNS = Path("runs")


def state_file(out: Path) -> Path:
    """Return the file from which an interrupted training of a model file can go on."""
    return out.with_suffix(".training.safetensors")


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
