"""What approximate search costs a trained two-tower: HNSW and IVF-PQ against exact search.

The model stays the same, so every difference comes from the index. HNSW keeps at least as many
candidates as it has to return; IVF-PQ is measured alone and with exact vectors beside its codes,
which put in order what the codes fetch. Under a minute.
"""

from pathlib import Path
from typing import Any

import torch

from sparcode_mini import data
from sparcode_mini.model.load import load_model
from sparcode_mini.results import CHECKPOINTS
from sparcode_mini.serving.ann import ExactIndex, VectorIndex
from sparcode_mini.serving.two_tower import FETCH, NLIST, K, Served, hnsw, ivfpq
from sparcode_mini.tools.progress import progress

CHECKPOINT = CHECKPOINTS / "two-tower.safetensors"
LINKS = (2, 4, 8, 16)
EF_SEARCH = (200, 400, 800)  # FETCH is the least
NPROBE = (1, 2, 4, 8, 16)
SUBSPACES = (4, 8, 16, 32)


def measure(served: Served, index: VectorIndex) -> dict[str, float]:
    """Return recall, ndcg@50, bytes and us of one index."""
    return {**served.judge(index), "us": served.microseconds(index)}


def run(folder: Path) -> dict[str, Any]:
    """Measure every setting of both indices; the folder is not needed.

    Returns:
        {"exact": ..., "hnsw": [...], "ivfpq": [...]}, each with recall, ndcg@50, bytes and us.
    """
    split = data.movielens_100k().split()
    served = Served(load_model(CHECKPOINT, split, dtype=torch.float64))
    plain = ExactIndex(served.items, served.bias)
    exact = {"ndcg@50": served.exact_ndcg, "bytes": plain.nbytes, "us": served.microseconds(plain)}
    graphs = [
        {"links": links, "ef": ef} | measure(served, hnsw(served, ef, links))
        for links in progress(LINKS, desc="HNSW")
        for ef in EF_SEARCH
    ]
    cells = [
        {"M": M, "nprobe": nprobe, "rerank": rerank}
        | measure(served, ivfpq(served, M, nprobe, rerank))
        for M in progress(SUBSPACES, desc="IVF-PQ")
        for nprobe in NPROBE
        for rerank in (False, True)
    ]
    return {
        "exact": {**exact, "fetch only": served.judge(plain)},
        "hnsw": graphs,
        "ivfpq": cells,
    }


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "checkpoint": CHECKPOINT.name,
        "k": K,
        "fetch": FETCH,
        "hnsw": {"m": list(LINKS), "efConstruction": 200, "efSearch": list(EF_SEARCH)},
        "ivfpq": {
            "nlist": NLIST, "M": list(SUBSPACES), "nprobe": list(NPROBE), "nbits": 8,
            "rerank": "none, or by exact vectors",
        },
        "data": "MovieLens-100K, test part, seen items left out",
    }  # fmt: skip
