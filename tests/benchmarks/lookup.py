"""One request, codes or query vector given: lists against vector search, on one thread.

    python tests/benchmarks/lookup.py [--quick | --default]

`--default` prints three rows only: a search as anybody calls it, after its change to the compiled
engine, hnswlib, and the search again, all at 100,000 items.


Catalogues: MovieLens-100K with the shipped models, and synthetic ones. Synthetic vectors have 64
coordinates, 12 degrees of freedom and length 1 (in 64 free directions no graph finds its way, and
learnt ones are not so free); a synthetic list holds items drawn by a popularity that falls like
1 / rank, so lists share their popular items. A million items have 4,096 lists, as many as no cache
of one core holds.
Every approximate peer is set to recall >= 0.99 of its own exact answer; k is the same for all.
"""

import argparse
import functools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import faiss
import hnswlib
import numpy as np
import scipy.sparse
import torch
from timing import microseconds

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.compiled.search import CompiledSearch, add_lists
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.tools.progress import progress

K, D, FREEDOM, LISTS, SEED = 50, 64, 12, 128, 0
EF = (50, 60, 70, 80, 100, 120, 150, 200, 300, 400, 800)
RECALL = 0.99
Row = dict[str, Any]


# --- data ----------------------------------------------------------------------------------------


def synthetic_lists(n_items: int, entries: int, count: int = LISTS) -> SparseIndex:
    """Lists of so many items, popular items in more of them."""
    rng = np.random.default_rng(SEED)
    ends = np.cumsum(1 / np.arange(1, n_items + 1))  # item of rank r: probability ~ 1 / r
    names = rng.permutation(n_items).astype(np.int32)
    items, values = [], []
    for _ in range(count):
        items.append(names[_distinct(rng, ends, entries)])
        values.append(np.sort(rng.exponential(size=entries) + 1e-3)[::-1].astype(np.float32))
    offsets = np.arange(count + 1) * entries
    codes = np.arange(count)[:, None]
    return SparseIndex(codes, offsets, np.concatenate(items), np.concatenate(values), n_items)


def _distinct(rng: np.random.Generator, ends: np.ndarray, n: int) -> np.ndarray:
    """The first n different ranks of endless draws; `ends` are cumulated weights."""
    drawn = np.zeros(0, np.int64)
    while True:
        more = np.searchsorted(ends, rng.random(2 * n) * ends[-1], side="right")
        drawn = np.append(drawn, more)
        _, first = np.unique(drawn, return_index=True)
        if len(first) >= n:
            ranks: np.ndarray = drawn[np.sort(first)[:n]]
            return ranks


def synthetic_vectors(n_items: int, n_queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Item vectors (I, D) and query vectors (B, D) of length 1, float32."""
    rng = np.random.default_rng(SEED)
    turn = rng.normal(size=(FREEDOM, D)).astype(np.float32)
    x = rng.normal(size=(n_items + n_queries, FREEDOM)).astype(np.float32) @ turn
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x[:n_items], x[n_items:].copy()


# --- lists ---------------------------------------------------------------------------------------


def list_rows(index: SparseIndex, K_u: int, n: int, batch: int = 256) -> Iterator[Row]:
    """Our two engines, scipy, and the limit: adding up alone."""
    codes = np.random.default_rng(SEED).integers(len(index), size=(n, 1, K_u, 1))
    many = np.random.default_rng(1).integers(len(index), size=(batch, K_u, 1))
    entries = float(np.diff(index.offsets)[codes].sum(axis=(1, 2, 3)).mean())
    shared = {
        "items": index.n_items, "K_u": K_u, "entries": entries, "density": index.stats()["density"]
    }  # fmt: skip
    for engine in ("compiled", "plain"):
        search = functools.partial(index.search, k=K, engine=engine)
        few = codes if engine == "compiled" else codes[: n // 4]
        yield {"way": f"lists, {engine}", **shared, **_both(search, few, many)}
    yield {"way": "accumulate only", **shared, **_limit(index, codes)}
    A = scipy.sparse.csr_matrix(
        (index.values, index.items, index.offsets), (len(index), index.n_items)
    )
    yield {"way": "scipy CSR", **shared, **microseconds(_scipy(A), codes[: n // 8])}


def _both(search: Callable[[Any], Any], singles: np.ndarray, many: np.ndarray) -> Row:
    """Single queries, and the share of one query in a batch."""
    row: Row = dict(microseconds(search, singles))
    batch = microseconds(search, [many] * 3)
    return row | {"batch": batch["p50"] / len(many)}


def _limit(index: SparseIndex, codes: np.ndarray) -> Row:
    y, ones = np.zeros(index.n_items), np.ones(codes.shape[2])
    fast = CompiledSearch(index.codes, *index.lists, index.n_items, index.scales)
    rows = list(codes.reshape(len(codes), -1).astype(np.int64))
    return dict(microseconds(lambda r: add_lists(y, fast.lists, fast.numbers, r, ones), rows))


def _scipy(A: scipy.sparse.csr_matrix) -> Callable[[np.ndarray], np.ndarray]:
    def search(codes: np.ndarray) -> np.ndarray:
        y = np.asarray(A[codes.ravel()].sum(axis=0)).ravel()  # (I,)
        best = np.argpartition(-y, K)[:K]
        found: np.ndarray = best[np.argsort(-y[best])]
        return found

    return search


def seismic_row(index: SparseIndex, K_u: int, n: int) -> Row:
    """Items as sparse vectors over codes: an engine for learnt sparse retrieval."""
    import seismic

    kind = seismic.get_seismic_string()
    names = np.array([str(c) for c in range(len(index))], dtype=kind)
    by_item = scipy.sparse.csr_matrix(
        (index.values, index.items, index.offsets), (len(index), index.n_items)
    ).T.tocsr()
    data = seismic.SeismicDataset()
    for item in range(index.n_items):
        span = slice(by_item.indptr[item], by_item.indptr[item + 1])
        if span.stop > span.start:
            data.add_document(str(item), names[by_item.indices[span]], by_item.data[span])
    longest = int(np.diff(index.offsets).max())
    codes = np.random.default_rng(SEED).integers(len(index), size=(n, 1, K_u, 1))
    exact = [set(index.search(c, k=K, engine="compiled")[0][0].tolist()) for c in codes]
    asked = [np.unique(c, return_counts=True) for c in codes]
    entries = float(np.diff(index.offsets)[codes].sum(axis=(1, 2, 3)).mean())
    shared = {"way": "seismic", "items": index.n_items, "K_u": K_u, "entries": entries}
    rows: list[Row] = []
    for energy in (0.4, 0.9):
        engine = seismic.SeismicIndex.build_from_dataset(
            data, n_postings=longest, summary_energy=energy, num_threads=1
        )
        for factor in (1.0, 0.9, 0.5, 0.0):  # a lower one is more exact, and slower
            search = functools.partial(_seismic, engine, names, factor=factor)
            found = [search(a) for a in asked]
            recall = np.mean([len(e & f) / K for e, f in zip(exact, found, strict=True)])
            if recall >= RECALL:
                rows.append({**shared, "recall": float(recall), **microseconds(search, asked)})
                break
    if not rows:
        raise ValueError(f"seismic reaches no recall of {RECALL} on {index.n_items} items")
    return min(rows, key=lambda row: float(row["p50"]))


def _seismic(engine: Any, names: np.ndarray, asked: Any, factor: float) -> set[int]:
    codes, counts = asked
    found = engine.search("q", names[codes], counts.astype(np.float32), K, len(codes), factor)
    return {int(item) for _, _, item in found}


# --- vectors -------------------------------------------------------------------------------------


def vector_rows(items: np.ndarray, queries: np.ndarray) -> Iterator[Row]:
    """faiss flat, faiss HNSW and hnswlib over item vectors (I, D)."""
    singles, shared = list(queries[:, None]), {"items": len(items), "width": items.shape[1]}
    flat = faiss.IndexFlatIP(items.shape[1])
    flat.add(items)
    few = singles if len(items) <= 100_000 else singles[:40]
    row = {"way": "faiss flat", **shared, **microseconds(lambda q: flat.search(q, K), few)}
    many = np.resize(queries, (256, items.shape[1]))
    batch = microseconds(lambda q: flat.search(q, K), [many] * 2)
    yield row | {"batch": batch["p50"] / 256, "recall": 1.0}
    exact = flat.search(queries, K)[1]
    for way, build in (("faiss HNSW", _faiss_graph), ("hnswlib", _hnswlib_graph)):
        start = time.perf_counter()
        set_ef, search = build(items)
        seconds = time.perf_counter() - start
        found = _tuned(set_ef, search, singles, many, exact)
        yield {"way": way, **shared, "build seconds": seconds, **found}


Graph = tuple[Callable[[int], None], Callable[[np.ndarray], np.ndarray]]  # set ef; search


def _faiss_graph(items: np.ndarray) -> Graph:
    """Built by all cores, searched by one."""
    graph = faiss.IndexHNSWFlat(items.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = 100
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    graph.add(items)
    faiss.omp_set_num_threads(1)
    return lambda ef: setattr(graph.hnsw, "efSearch", ef), lambda q: graph.search(q, K)[1]


def _hnswlib_graph(items: np.ndarray) -> Graph:
    """Built by all cores, searched by one."""
    graph = hnswlib.Index(space="ip", dim=items.shape[1])
    graph.init_index(len(items), ef_construction=100, M=16, random_seed=SEED)
    graph.add_items(items, num_threads=os.cpu_count() or 1)
    return graph.set_ef, lambda q: np.asarray(graph.knn_query(q, K, num_threads=1)[0])


def _tuned(
    set_ef: Callable[[int], None],
    search: Callable[[np.ndarray], np.ndarray],
    singles: list[np.ndarray],
    many: np.ndarray,
    exact: np.ndarray,
) -> Row:
    """The smallest ef that reaches the recall, and its times."""
    row: Row = {}
    for ef in EF:
        set_ef(ef)
        found = [search(q)[0] for q in singles]
        shares = [len(np.intersect1d(f, e)) / K for f, e in zip(found, exact, strict=True)]
        row = {"ef": ef, "recall": float(np.mean(shares))}
        if row["recall"] >= RECALL:
            break
    else:
        raise ValueError(f"recall {row['recall']:.3f} at ef = {EF[-1]}; try larger ones in EF")
    return row | microseconds(search, singles) | {
        "batch": microseconds(search, [many] * 3)["p50"] / len(many)
    }  # fmt: skip


# --- everything ----------------------------------------------------------------------------------


def movielens_rows(n: int) -> Iterator[Row]:
    """The shipped two-tower and the shipped sparse SparCode."""
    split = sm.data.movielens_100k().split()
    tower = sm.load_model(results.CHECKPOINTS / "two-tower.safetensors", split)
    model = sm.load_model(results.CHECKPOINTS / "sparcode.safetensors", split)
    queries = tower.tokens(split.user_ids[:n]).sum(dim=1).numpy()  # (n, D)
    items = tower.item_matrix().numpy()
    bias = tower.item_bias.detach().numpy()
    wide = np.column_stack([items, bias]), np.column_stack([queries, np.ones(len(queries))])
    yield from vector_rows(*(np.ascontiguousarray(x, np.float32) for x in wide))
    index = SparseIndex.build(model, codes="all")
    yield from list_rows(index, 4, n)
    yield seismic_row(index, 4, n)


SETTINGS = [  # items, entries a list, K_u, lists
    *((100_000, 2_000, K_u, LISTS) for K_u in (1, 2, 4, 8)),
    (100_000, 500, 4, LISTS),
    (100_000, 10_000, 4, LISTS),
    (1_000_000, 500, 4, 4096),
    (1_000_000, 5_000, 4, 4096),
]


def run(quick: bool = False) -> list[Row]:
    """All rows; `quick` leaves out the large catalogues (a test of the benchmark itself)."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    n = 40 if quick else 300
    rows = [{"data": "MovieLens-100K", **row} for row in movielens_rows(n)]
    for n_items in progress([] if quick else [100_000, 1_000_000], desc="vectors"):
        found = vector_rows(*synthetic_vectors(n_items, n))
        rows += [{"data": "synthetic", **row} for row in found]
    for n_items, entries, K_u, count in progress([] if quick else SETTINGS, desc="lookup"):
        index = synthetic_lists(n_items, entries, count)
        rows += [{"data": "synthetic", **row} for row in list_rows(index, K_u, n)]
        if (n_items, entries, K_u) == (100_000, 2_000, 4):
            rows.append({"data": "synthetic", **seismic_row(index, K_u, n)})
    return rows


def default_rows(n: int = 300) -> list[Row]:
    """A search that names no engine, once it has changed over, and hnswlib in the same run."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    index = synthetic_lists(100_000, 2_000)
    codes = np.random.default_rng(SEED).integers(len(index), size=(n, 1, 4, 1))
    start, searches = time.perf_counter(), 0
    while index.search(codes[searches % n], k=K).engine == "plain":
        searches += 1
    row = {
        "way": "lists, default", "items": index.n_items, "plain searches before": searches,
        "seconds to the change": time.perf_counter() - start,
    }  # fmt: skip
    rows = [row | microseconds(functools.partial(index.search, k=K), codes)]
    rows += [r for r in vector_rows(*synthetic_vectors(100_000, n)) if r["way"] == "hnswlib"]
    return [*rows, row | microseconds(functools.partial(index.search, k=K), codes)]


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--default", action="store_true")
    args = parser.parse_args()
    for row in default_rows() if args.default else run(args.quick):
        print(
            "  ".join(
                f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()
            )
        )


if __name__ == "__main__":
    main()
