"""A film as a wish: "like this one" asks for films with one of its codes.

The codes are product codes of the item vectors of a two-tower, so each is a cluster of films that
this model finds alike. As a label, a code can have a list, or vectors can learn it.
"""

import numpy as np

from sparcode_mini.data.labels import Labels
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.studies.wishing.queries import World

SIMILAR = "item codes"  # name of the setting
CODES = {"M": 2, "N": 32, "seed": 0}


def codes_of_items(model: TwoTower) -> World:
    """Return a setting in which wishes are for codes of items; every model knows them all."""
    M, N, seed = CODES["M"], CODES["N"], CODES["seed"]
    vectors = model.item_matrix()  # (I, D)
    quantizer = ProductQuantizer(M, N, vectors.shape[1], seed=seed, dtype=vectors.dtype)
    quantizer.fit(vectors, seed=seed)
    rows = quantizer.encode(vectors).numpy() + N * np.arange(M)  # (I, M)
    holds = np.zeros((M * N + 1, len(rows)), dtype=bool)
    holds[rows.T + 1, np.arange(len(rows))] = True  # number 0 is none
    names = ("", *(f"code {row // N + 1}.{row % N}" for row in range(M * N)))
    labels = Labels(names, holds)
    return World(labels, labels, noise=0.0, counts=False, tested=labels)
