"""Two ways to serve side by side: a two-tower with vector search, SparCode with its lists.

Quality is that of the final answer (50 unseen items), bytes are those of the item side in float32,
and the time of one query has two parts: encoding the history, and searching. Both are compiled for
both sides: `QueryEncoder`, then faiss alone (without our checks of its arguments) or the compiled
engine of the index (with them).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.codes import Codes
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.serving.ann import FaissIndex, FlatIndex
from sparcode_mini.serving.compress import directions
from sparcode_mini.serving.finetune import training_prefixes
from sparcode_mini.serving.query_encoder import QueryEncoder
from sparcode_mini.serving.two_tower import FETCH, Served, hnsw, ivfpq
from sparcode_mini.tools.timing import median_us

QUERIES = 100  # single queries behind a median time
DIRECTIONS = 12


@dataclass(frozen=True)
class Way:
    """One way to serve.

    Attributes:
        name: of the way.
        ndcg: NDCG@50 on test, a fraction.
        item_bytes: vectors, graph and cells, or entries of lists.
        encode_us: median time from history to query vector or codes, microseconds.
        search_us: median time from there to the best items.
    """

    name: str
    ndcg: float
    item_bytes: int
    encode_us: float
    search_us: float


def tower_ways(model: TwoTower) -> list[Way]:
    """Measure exact search, HNSW and IVF-PQ over the item vectors of a two-tower, and its cut.

    The cut keeps the `DIRECTIONS` that count most for the queries of the training part; turning a
    query into them belongs to the last layer of the encoder.

    Raises:
        ImportError: faiss or numba is not installed.
    """
    served, encoder = Served(model), QueryEncoder(model)
    past = training_prefixes(model, model.data).tokens.sum(dim=1).numpy()  # (n, D)
    cut, turn = directions(served.items, past, min(DIRECTIONS, served.items.shape[1]))
    same = np.eye(len(turn), dtype=turn.dtype)
    indices: dict[str, tuple[FaissIndex, np.ndarray]] = {
        "two-tower, flat": (FlatIndex(served.items, served.bias), same),
        f"two-tower, {DIRECTIONS} directions, flat": (FlatIndex(cut, served.bias), turn),
        "two-tower, HNSW": (hnsw(served), same),
        "two-tower, IVF-PQ 32 B": (ivfpq(served, 32, 8), same),
    }
    histories = model.data.histories("train+validation")[:QUERIES]
    encode = median_us(lambda h: encoder.tokens(h).sum(axis=0), histories)
    fetch = min(FETCH, len(served.items))
    ways = []
    for name, (index, columns) in indices.items():
        metrics = served.judge(index, fetch, columns)
        queries = index.prepared(served.queries[:QUERIES] @ columns)[:, None]  # (n, 1, r_1)
        search = median_us(partial(_search_vectors, index, fetch), queries)
        ways.append(Way(name, metrics["ndcg@50"], int(metrics["bytes"]), encode, search))
    return ways


def _search_vectors(index: FaissIndex, fetch: int, query: np.ndarray) -> None:
    index.bare_search(query, fetch)


def list_ways(
    model: SparCode, indices: dict[str, SparseIndex], probes: Sequence[int] = (1, 4)
) -> list[Way]:
    """Measure the lists of a SparCode: each index, with each number of probes.

    Raises:
        ImportError: numba is not installed.
    """
    split, encoder = model.data, QueryEncoder(model)
    histories = split.histories("train+validation")[:QUERIES]
    ways = []
    for R in probes:
        encode = median_us(partial(encoder.codes, probes=R), histories)
        queries = [(encoder.codes(history, R), np.unique(history)) for history in histories]
        for name, index in indices.items():
            search = median_us(partial(_search_lists, index), queries)
            ndcg = evaluate(model, split, k=(50,), probes=R, index=index)["ndcg@50"]
            label = f"{name}, {R} probe{'s' if R > 1 else ''}"
            ways.append(Way(label, ndcg, int(index.stats()["entry_bytes"]), encode, search))
    return ways


def _search_lists(index: SparseIndex, query: tuple[Codes, np.ndarray]) -> None:
    codes, seen = query
    index.search(codes, exclude=[seen], engine="compiled")
