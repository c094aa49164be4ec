"""SparCode Mini: a small, complete implementation of SparCode (SIGIR 2023) that teaches.

Folders in the order in which the data flows: data -> model -> training -> index -> evaluation.

A name is loaded when it is asked for: torch takes a second, and the command line answers Ctrl-C
from its first moment.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparcode_mini import data
    from sparcode_mini.evaluation import metrics
    from sparcode_mini.evaluation.baselines import Popularity
    from sparcode_mini.evaluation.evaluate import evaluate
    from sparcode_mini.index.sparse_index import SparseIndex
    from sparcode_mini.model.all_to_all import AllToAll
    from sparcode_mini.model.codes import Codes
    from sparcode_mini.model.load import load_model
    from sparcode_mini.model.quantizer import ProductQuantizer
    from sparcode_mini.model.sparcode import SparCode
    from sparcode_mini.model.two_tower import TwoTower
    from sparcode_mini.tools.top_k import top_k
    from sparcode_mini.training.fit import fit

__version__ = "0.1.0"
__all__ = [
    "AllToAll",
    "Codes",
    "Popularity",
    "ProductQuantizer",
    "SparCode",
    "SparseIndex",
    "TwoTower",
    "data",
    "evaluate",
    "fit",
    "load_model",
    "metrics",
    "top_k",
]
_MODULES = {
    "AllToAll": "model.all_to_all",
    "Codes": "model.codes",
    "Popularity": "evaluation.baselines",
    "ProductQuantizer": "model.quantizer",
    "SparCode": "model.sparcode",
    "SparseIndex": "index.sparse_index",
    "TwoTower": "model.two_tower",
    "data": "data",
    "evaluate": "evaluation.evaluate",
    "fit": "training.fit",
    "load_model": "model.load",
    "metrics": "evaluation.metrics",
    "top_k": "tools.top_k",
}
_ROOMS = ("evaluation", "index", "model", "tools", "training")  # modules, as data and metrics are


def __getattr__(name: str) -> Any:
    """Load a public name, once."""
    if name not in _MODULES and name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    path = _MODULES.get(name, name)
    module = importlib.import_module(f"{__name__}.{path}")
    value = module if name in (*_ROOMS, "data", "metrics") else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
