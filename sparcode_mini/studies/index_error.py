"""What approximate search costs a trained two-tower: HNSW and IVF-PQ against exact search.

The model stays the same, so every difference comes from the index. Under a minute.
"""

from pathlib import Path
from typing import Any

import torch

from sparcode_mini import data
from sparcode_mini.model.load import load_model
from sparcode_mini.results import CHECKPOINTS
from sparcode_mini.serving.ann import ExactIndex
from sparcode_mini.serving.two_tower import FETCH, LINKS, NLIST, K, Served, hnsw, ivfpq

CHECKPOINT = CHECKPOINTS / "two-tower.safetensors"
EF_SEARCH = (4, 8, 16, 32, 64, 128, 256)
NPROBE = (1, 2, 4, 8, 16)
SUBSPACES = (4, 8, 16, 32)


def run(folder: Path) -> dict[str, Any]:
    """Measure every setting of both indices; the folder is not needed.

    Returns:
        {"exact": ..., "hnsw": [...], "ivfpq": [...]}, each with recall, ndcg@50, bytes and us.
    """
    split = data.movielens_100k().split()
    served = Served(load_model(CHECKPOINT, split, dtype=torch.float64))
    plain = ExactIndex(served.items, served.bias)
    exact = {
        "ndcg@50": served.exact_ndcg,
        "bytes": plain.nbytes,
        "us": served.microseconds(plain),
        "fetch only": served.judge(plain),
    }
    graphs, cells = [], []
    for ef in EF_SEARCH:
        graph = hnsw(served, ef)
        graphs.append({"ef": ef, **served.judge(graph), "us": served.microseconds(graph)})
    for M in SUBSPACES:
        for nprobe in NPROBE:
            cell = ivfpq(served, M, nprobe)
            numbers = {**served.judge(cell), "us": served.microseconds(cell)}
            cells.append({"M": M, "nprobe": nprobe, **numbers})
    return {"exact": exact, "hnsw": graphs, "ivfpq": cells}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "checkpoint": CHECKPOINT.name,
        "k": K,
        "fetch": FETCH,
        "hnsw": {"m": LINKS, "efConstruction": 200, "efSearch": list(EF_SEARCH)},
        "ivfpq": {"nlist": NLIST, "M": list(SUBSPACES), "nprobe": list(NPROBE), "nbits": 8},
        "data": "MovieLens-100K, test part, seen items left out",
    }
