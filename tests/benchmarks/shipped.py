"""The shipped models as a service has them: encoders, lists and item vectors of MovieLens-100K."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.codes import Codes
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.serving.query_encoder import QueryEncoder
from sparcode_mini.serving.two_tower import Tower

Coder = Callable[[np.ndarray, int], Codes]  # a history, probes -> its codes


class Shipped:
    """The two-tower and the sparse SparCode, and the histories that are encoded.

    Args:
        n: number of people whose histories are read.
    """

    def __init__(self, n: int) -> None:
        self.split = sm.data.movielens_100k().split()
        self.tower = sm.load_model(results.CHECKPOINTS / "two-tower.safetensors", self.split)
        self.model = self.sparcode()
        self.histories = self.split.histories("train+validation")[:n]
        self.index = SparseIndex.build(self.model, codes="all")
        self.tower_encoder = QueryEncoder(self.tower)

    def sparcode(self) -> SparCode:
        """Load the sparse SparCode."""
        file = results.CHECKPOINTS / "sparcode-sparse.safetensors"
        model: SparCode = sm.load_model(file, self.split)
        return model

    def vector(self, history: np.ndarray) -> np.ndarray:
        """Encode a history as the two-tower's query with a 1 for the item bias, (1, D + 1)."""
        return np.append(self.tower_encoder.tokens(history).sum(axis=0), np.float32(1))[None]

    @functools.cache  # noqa: B019
    def coder(self, n_codes: int) -> Coder:
        """Return an encoder to the nearest of so many codewords: the model's, or drawn ones."""
        model = self.model
        if n_codes != model.quantizer.N**model.quantizer.M:
            model = self.sparcode()
            model.quantizer = ProductQuantizer(1, n_codes, model.config.token_dim)
            model.config = dataclasses.replace(model.config, N=n_codes)
        return QueryEncoder(model).codes

    @functools.cached_property
    def matrix(self) -> np.ndarray:
        """Return item vectors and biases, (I, D + 1) float32."""
        return np.ascontiguousarray(Tower(self.tower, self.split).items, np.float32)
