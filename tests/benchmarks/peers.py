"""Vector search as others do it, each at the fastest setting that finds 99% of its own answer.

All rank by the inner product <query, item>; the answer to find is that of a scan of all vectors.
Where vectors are stored in fewer bytes, more items than asked for are fetched and ranked again by
the vectors themselves ("RFlat"), as is usual. A graph is never asked for more items than it keeps
as candidates (ef >= K).
"""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import faiss
import hnswlib
import numpy as np
from timing import best_seconds

K = 50
RECALL = 0.99
EF = (50, 60, 70, 80, 100, 120, 150, 200, 300, 400, 600, 800, 1200)
NPROBE = (1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
FETCH = (1, 2, 4, 8, 16, 32, 64)  # times K items are ranked again
LINKS, EF_CONSTRUCTION = 16, 100
SCANNED = 100_000  # from so many items on, a scan of all is tried with few queries
FEW = 40
Setting = dict[str, int]
Search = Callable[[np.ndarray], np.ndarray]  # queries (B, D) -> positions (B, K)


class Peer(NamedTuple):
    """An index, and what it can be set to.

    Attributes:
        search: one query or many.
        set: takes a setting.
        settings: in groups; inside a group each finds more than the one before, and takes longer.
    """

    search: Search
    set: Callable[[Setting], Any]
    settings: list[list[Setting]]


class Tuned(NamedTuple):
    """A peer at its fastest setting, what that finds, and the seconds of its construction."""

    search: Search
    setting: Setting
    recall: float
    build_seconds: float


def recipes(n_items: int, width: int) -> dict[str, tuple[str, list[list[Setting]]]]:
    """Return name -> faiss's name of the index, and its settings. The width is a multiple of 4.

    Codes have 4 bits for two numbers or 8 bits for four: 16 bytes for 64 numbers.
    """
    cells = 2 ** round(np.log2(n_items) / 2 + 1)  # 64, 512, 2048: about twice the root
    again = [[{"k_factor_rf": fetch} for fetch in FETCH]]
    probed = [{"nprobe": n} for n in NPROBE if n <= cells]
    both = [[{"k_factor_rf": fetch, **probe} for probe in probed] for fetch in FETCH]
    return {
        "flat": ("Flat", [[{}]]),
        "flat, 8 bits": ("SQ8,RFlat", again),
        "flat, PQ FastScan": (f"PQ{width // 2}x4fs,RFlat", again),
        "IVF-Flat": (f"IVF{cells},Flat", [probed]),
        "IVF-PQ": (f"IVF{cells},PQ{width // 4}np,RFlat", both),
        "IVF-PQ FastScan": (f"IVF{cells},PQ{width // 2}x4fs,RFlat", both),
        "HNSW, faiss": (f"HNSW{LINKS},Flat", [[{"efSearch": ef} for ef in EF]]),
    }


def faiss_peer(items: np.ndarray, name: str) -> Peer:
    """Build an index of faiss over items (I, D), on one thread."""
    recipe, settings = recipes(*items.shape)[name]
    index = faiss.index_factory(items.shape[1], recipe, faiss.METRIC_INNER_PRODUCT)
    if recipe.startswith("HNSW"):
        index.hnsw.efConstruction = EF_CONSTRUCTION
    if recipe.startswith("IVF"):
        cells = faiss.downcast_index(faiss.extract_index_ivf(index))
        for part in (cells, cells.pq) if hasattr(cells, "pq") else (cells,):
            part.cp.min_points_per_centroid, part.cp.max_points_per_centroid = 1, 64
    index.train(items)
    index.add(items)
    space = faiss.ParameterSpace()

    def take(setting: Setting) -> None:
        for parameter, value in setting.items():
            space.set_index_parameter(index, parameter, value)

    return Peer(lambda q: index.search(q, K)[1], take, settings)


def graph_peer(items: np.ndarray) -> Peer:
    """Build hnswlib's graph over items (I, D), by all cores; it is searched by one."""
    graph = hnswlib.Index(space="ip", dim=items.shape[1])
    graph.init_index(len(items), ef_construction=EF_CONSTRUCTION, M=LINKS, random_seed=0)
    graph.add_items(items, num_threads=os.cpu_count() or 1)
    return Peer(
        lambda q: np.asarray(graph.knn_query(q, K, num_threads=1)[0]),
        lambda setting: graph.set_ef(setting["efSearch"]),
        [[{"efSearch": ef} for ef in EF]],
    )


def peers(n_items: int) -> list[str]:
    """Return names of the peers; the slower graph only where it is quickly built."""
    names = [*recipes(n_items, 4), "HNSW, hnswlib"]
    return [name for name in names if name != "HNSW, faiss" or n_items <= SCANNED]


def tuned(name: str, items: np.ndarray, queries: np.ndarray, exact: np.ndarray) -> Tuned:
    """Build a peer and set it to the fastest setting that finds enough.

    Args:
        name: one of `peers`.
        items: (I, D).
        queries: (B, D).
        exact: (B, K), the answer to find.

    Raises:
        ValueError: no setting finds enough.
    """
    start = time.perf_counter()
    peer = graph_peer(items) if name == "HNSW, hnswlib" else faiss_peer(items, name)
    seconds = time.perf_counter() - start
    few = FEW if name.startswith("flat") and len(items) > SCANNED else len(queries)
    reached = list(_reached(peer, queries[:few], exact[:few]))
    if not reached:
        raise ValueError(f"{name}: no setting has a recall of {RECALL} on {len(items)} items")
    _, setting, recall = min(reached, key=lambda attempt: attempt[0])
    peer.set(setting)
    return Tuned(peer.search, setting, recall, seconds)


def _reached(
    peer: Peer, queries: np.ndarray, exact: np.ndarray
) -> Iterator[tuple[float, Setting, float]]:
    """Yield seconds, setting and recall of the first of each group that finds enough."""
    for group in peer.settings:
        for setting in group:
            peer.set(setting)
            recall = found_share(peer.search(queries), exact)
            if recall >= RECALL:
                singles = queries[:, None]  # (B, 1, D)
                seconds = best_seconds(lambda singles=singles: list(map(peer.search, singles)), 2)
                yield seconds, setting, recall
                break


def found_share(positions: np.ndarray, exact: np.ndarray) -> float:
    """Return the mean share of the exact answers (B, K) that were found; -1 stands for no item."""
    pairs = zip(positions, exact, strict=True)
    shares = [np.isin(wanted[wanted >= 0], found).mean() for found, wanted in pairs]
    return float(np.mean(shares))
