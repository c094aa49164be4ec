"""SparCode Mini: a small, complete implementation of SparCode (SIGIR 2023) that teaches.

Folders in the order in which the data flows: data -> model -> training -> index -> evaluation.
"""

from sparcode_mini import data
from sparcode_mini.evaluation import metrics
from sparcode_mini.evaluation.evaluate import Popularity, evaluate
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
