"""Values on their way between the grader and a submission's process: JSON, nothing that runs."""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

PLAIN = (bool, int, float, str, type(None))
NUMBERS = "biuf"  # kinds of arrays that may pass: truth values and numbers


def to_text(value: Any) -> str:
    """Return a value as one line of text.

    Raises:
        TypeError: it holds something that can't be compared: a function, a table of text, ...
    """
    return json.dumps(_packed(value))


def _packed(value: Any) -> Any:
    """Return a value as JSON can hold it; all but plain values become {kind: content}."""
    if type(value) in PLAIN:
        return value
    torch = sys.modules.get("torch")  # a submission without tensors need not wait for it
    if torch is not None and isinstance(value, torch.Tensor):
        return {"tensor": _packed(value.detach().cpu().numpy())}
    if isinstance(value, np.generic):
        return _packed(value.item())
    if isinstance(value, np.ndarray) and value.dtype.kind in NUMBERS:
        return {"array": [value.ravel().tolist(), value.dtype.str, list(value.shape)]}
    for kind in (list, tuple):
        if isinstance(value, kind):
            return {kind.__name__: [_packed(one) for one in value]}
    if isinstance(value, dict):
        return {"dict": [[_packed(key), _packed(one)] for key, one in value.items()]}
    raise TypeError(
        f"a value of type {type(value).__name__} can't be compared; use numbers, texts, lists, "
        "dictionaries, or arrays and tensors of numbers"
    )


def from_text(text: str) -> Any:
    """Return the value of a line of `to_text`.

    Raises:
        ValueError: it is no such line.
    """
    try:
        return _unpacked(json.loads(text))
    except (ValueError, TypeError, KeyError, OverflowError, MemoryError, RecursionError) as error:
        raise ValueError(f"no value can be read: {type(error).__name__}") from error


def _array(content: Any) -> np.ndarray:
    numbers, kind, shape = content
    dtype = np.dtype(kind)
    if dtype.kind not in NUMBERS:
        raise ValueError("no array of numbers")
    return np.array(numbers, dtype=dtype).reshape(shape)


def _tensor(content: Any) -> Any:
    import torch

    return torch.from_numpy(np.array(_unpacked(content)))


_READERS: dict[str, Callable[[Any], Any]] = {
    "array": _array,
    "tensor": _tensor,
    "list": lambda content: [_unpacked(one) for one in content],
    "tuple": lambda content: tuple(_unpacked(one) for one in content),
    "dict": lambda content: {_unpacked(key): _unpacked(one) for key, one in content},
}


def _unpacked(content: Any) -> Any:
    """Turn {kind: content} into what it was."""
    if not isinstance(content, dict):
        return content
    ((kind, inside),) = content.items()
    return _READERS[kind](inside)
