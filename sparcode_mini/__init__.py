"""SparCode Mini: a small, complete implementation of SparCode (SIGIR 2023) that teaches.

Modules in the order in which the data flows:
data -> tokenizers -> quantizer -> scorer -> models -> train -> index.
"""

from sparcode_mini import data, metrics
from sparcode_mini.evaluate import Popularity, evaluate
from sparcode_mini.index import SparseIndex
from sparcode_mini.metrics import top_k
from sparcode_mini.models import AllToAll, Codes, SparCode, TwoTower, load_model
from sparcode_mini.quantizer import ProductQuantizer
from sparcode_mini.train import fit

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
