"""The common part of several commands: where results go, and the loading of a SparCode."""

from pathlib import Path
from typing import Any

RUNS = Path("runs")
STATE, SUFFIX = ".training", ".safetensors"
# The largest sizes that a command takes: beyond them are typing errors, and all memory.
MOST_CODEWORDS, MOST = 2**20, 4096
IN_USE = "wait until it has ended, or choose another --out"


def state_file(out: Path) -> Path:
    """Return the file from which an interrupted training of a model file can go on.

    No two model files share one: "m.safetensors" has "m.training.safetensors", and a name without
    that suffix, such as "seed.1", has "seed.1.training".

    Raises:
        ValueError: `out` has the name of such a file itself.
    """
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
