"""An index as a file: what it holds, and what is compared with its header before it is read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sparcode_mini.index.checks import check_shapes
from sparcode_mini.tools.files import open_tensors, save_tensors
from sparcode_mini.tools.options import entry

KIND, VERSION = "sparcode-mini index", 2
NEEDED = {"codes", "offsets", "items", "values"}
WHOLE = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
REAL = (torch.float16, torch.float32, torch.float64)
TYPES = {
    "codes": WHOLE, "offsets": WHOLE, "items": WHOLE, "values": (*REAL, *WHOLE),
    "codebooks": REAL, "scales": REAL,
}  # fmt: skip


def write_index(
    path: str | Path,
    arrays: Mapping[str, np.ndarray | None],
    n_items: int,
    made_from: str | None = None,
) -> None:
    """Write the arrays of an index to one safetensors file, atomically."""
    tensors = {name: array for name, array in arrays.items() if array is not None}
    version = VERSION if "scales" in tensors else 1  # older programs read the first layout
    origin = {} if made_from is None else {"model": made_from}
    save_tensors(path, tensors, {"n_items": n_items, **origin}, kind=KIND, version=version)


def read_index(path: str | Path) -> dict[str, Any]:
    """Read the arguments of an index from a file of `write_index`; its header is checked first.

    made_from is None for indexes made by hand, and for files of earlier versions.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a foreign, damaged or newer file, or a tensor that is missing, unknown, of
            another type, or of a shape that does not fit.
    """
    with open_tensors(path, KIND, VERSION) as file:
        n_items = entry(file.meta, "n_items", int)
        made_from = entry(file.meta, "model", str) if "model" in file.meta else None
        _check_types(file.shapes)
        check_shapes(file.shapes)
        lists, entries = len(file.shapes["codes"]), len(file.shapes["items"])
        if entries > lists * n_items:
            raise ValueError(
                f"it has {entries} entries, more than {lists} lists of {n_items} items"
            )
        arrays = {name: tensor.numpy() for name, tensor in file.read().items()}
        return {**arrays, "n_items": n_items, "made_from": made_from}


def _check_types(shapes: Mapping[str, Tensor]) -> None:
    missing, unknown = sorted(NEEDED - set(shapes)), sorted(set(shapes) - set(TYPES))
    if missing or unknown:
        raise ValueError(f"it is no index: it lacks {missing} and has {unknown}; save it anew")
    for name, tensor in shapes.items():
        if tensor.dtype not in TYPES[name]:
            names = [str(dtype).removeprefix("torch.") for dtype in (tensor.dtype, *TYPES[name])]
            raise ValueError(f"its {name} are {names[0]}; they must be one of {names[1:]}")
