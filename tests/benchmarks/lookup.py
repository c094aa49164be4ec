"""One request by lists and by vector search, on one thread: the search alone, and with its encoder.

    python tests/benchmarks/lookup.py [--quick | --default]

`--quick` takes a small synthetic catalogue in place of the large ones, and times less often.
`--default` prints three rows only: a search as anybody calls it, after its change to the compiled
engine, hnswlib, and the search again, all at 100,000 items.

Each row has two times. "p50" is the search, with codes or a query vector given; "request" begins
with a history: the compiled encoder of that side (`QueryEncoder` of the two-tower, or of a SparCode
with as many codewords as there are lists), then the same search. Over synthetic items the encoder
reads histories of MovieLens-100K, and the search gets a synthetic query. Neither side leaves out
what was seen.

A query reads 4 lists (one probe for each token), 16 or 32; on MovieLens-100K "ndcg@50" says how
good each reading is. Whole lists ("best" None) give the exact answer of the model. Lists cut to
their best entries are an approximation: "recall" is the share that they find of what the whole ones
answer, "coverage" the share of the catalogue that is in any list. The peers are in `peers.py`, the
synthetic catalogues in `catalogues.py`.
"""

import argparse
import functools
import time
from collections.abc import Iterator

import faiss
import numpy as np
import torch
from catalogues import Catalogue, dimension, lists_of, probed, synthetic
from lists import Reading, Row, readings, timed
from peers import FEW, SCANNED, K, found_share, peers, tuned
from shipped import Shipped
from timing import briefly, microseconds

import sparcode_mini as sm
from sparcode_mini.model.codes import Codes
from sparcode_mini.serving.compress import directions, with_bias
from sparcode_mini.serving.two_tower import Tower
from sparcode_mini.tools.progress import progress

PROBES = (1, 4, 8)
BEST = 500
RANK = 8  # numbers a film, of a two-tower that is cut without training
CATALOGUES = ((100_000, 1024, 12), (100_000, 1024, 64), (1_000_000, 4096, 12))
SMALL = ((5_000, 64, 12),)
MOST_ENTRIES = 20_000_000  # of whole lists; beyond it, only lists that SEVERAL queries read
SEVERAL = 12


def vector_rows(items: np.ndarray, queries: np.ndarray, shipped: Shipped) -> Iterator[Row]:
    """Every peer over item vectors (I, D), for queries (B, D)."""
    scan = faiss.IndexFlatIP(items.shape[1])
    scan.add(items)
    exact = scan.search(queries, K)[1]
    del scan
    about = {"items": len(items), "width": items.shape[1], "dimension": dimension(items)}
    for way in progress(peers(len(items)), desc=f"{len(items):,} vectors"):
        peer = tuned(way, items, queries, exact)
        few = FEW if way.startswith("flat") and len(items) > SCANNED else len(queries)
        found = {"recall": peer.recall, "setting": peer.setting}
        times = timed(peer.search, list(queries[:few, None]), shipped.vector, shipped)
        yield {"way": way, **about, **found, "build seconds": peer.build_seconds, **times}


def short_row(queries: np.ndarray, shipped: Shipped) -> Row:
    """A scan of the two-tower's items in 8 numbers and a bias, without another training."""
    tower = Tower(shipped.tower, shipped.split)
    training = tower.prefixes.tokens.sum(dim=1).numpy()
    cut, turn = directions(tower.items[:, :-1], training, RANK)
    items = np.ascontiguousarray(with_bias(cut, tower.items[:, -1]), np.float32)  # (I, 9)
    index = faiss.IndexFlatIP(RANK + 1)
    index.add(items)
    with_one = np.zeros((len(turn) + 1, RANK + 1), np.float32)  # (D + 1, 9)
    with_one[:-1, :-1], with_one[-1, -1] = turn, 1

    def search(query: np.ndarray) -> np.ndarray:
        return np.asarray(index.search(query @ with_one, K)[1])

    exact = np.argsort(-queries @ tower.items.T, axis=1)[:, :K]
    return {
        "way": f"flat, {RANK} numbers", "items": len(items), "width": RANK + 1,
        "recall": found_share(search(queries), exact), "ndcg@50": tower.ndcg(items, turn),
        **timed(search, list(queries[:, None]), shipped.vector, shipped),
    }  # fmt: skip


def movielens_rows(shipped: Shipped) -> Iterator[Row]:
    """The shipped two-tower, and the shipped sparse SparCode with 1, 4 and 8 probes.

    Cut lists have as many entries an item as those of the largest synthetic catalogue.
    """
    queries = np.concatenate([shipped.vector(h) for h in shipped.histories])  # (B, D + 1)
    padding = ((0, 0), (0, -queries.shape[1] % 4))
    full = sm.evaluate(shipped.tower, shipped.split, k=50)["ndcg@50"]
    for row in vector_rows(np.pad(shipped.matrix, padding), np.pad(queries, padding), shipped):
        yield row | ({"ndcg@50": full} if row["way"] == "flat" else {})
    yield short_row(queries, shipped)
    whole, n_codes = shipped.index, len(shipped.index)
    coder = shipped.coder(n_codes)
    every = []
    for R in PROBES:
        parts = zip(*(coder(history, R) for history in shipped.histories), strict=True)
        every.append(Reading(Codes(*map(torch.cat, parts)), n_codes, shipped))
    n_items, many, _ = CATALOGUES[-1]
    alike = round(BEST * many / n_items * whole.n_items / n_codes)
    cut = whole.cut(alike)
    for row in readings(whole, {alike: cut}, every):
        index = whole if row["best"] is None else cut
        probes = row["lists"] // every[0].lists
        metrics = sm.evaluate(shipped.model, shipped.split, k=50, probes=probes, index=index)
        yield row | {"ndcg@50": metrics["ndcg@50"]}
    yield {"best": None, **every[0].row(whole, 1.0, "plain")}
    yield from (reading.seismic_row(whole) for reading in (every[0], every[-1]))


def synthetic_rows(catalogue: Catalogue, density: float, shipped: Shipped) -> Iterator[Row]:
    """Peers over the vectors of a synthetic catalogue, and readings of its lists."""
    yield from vector_rows(catalogue.items, catalogue.queries, shipped)
    n_codes, rows = len(catalogue.codewords), None
    every = [Reading(probed(catalogue, R), n_codes, shipped) for R in PROBES]
    if n_codes * density * len(catalogue.items) > MOST_ENTRIES:
        rows = np.unique(every[-1].codes.codes[:SEVERAL])
    cut, whole = lists_of(catalogue, density, BEST), lists_of(catalogue, density, None, rows)
    yield from readings(whole, {BEST: cut}, every)


def run(quick: bool = False) -> list[Row]:
    """All rows."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    shipped = Shipped(40 if quick else 300)
    n, density = len(shipped.histories), shipped.index.stats()["density"]
    rows = [{"data": "MovieLens-100K", **row} for row in movielens_rows(shipped)]
    for n_items, n_codes, freedom in progress(SMALL if quick else CATALOGUES, desc="lookup"):
        catalogue = synthetic(n_items, n, n_codes, freedom)
        about = {"data": "synthetic", "freedom": freedom}
        rows += [about | row for row in synthetic_rows(catalogue, density, shipped)]
    return rows


def default_rows(n: int = 300) -> list[Row]:
    """A search that names no engine, once it has changed over, and hnswlib in the same run."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    catalogue = synthetic(100_000, n, 1024, 12)
    index, codes = lists_of(catalogue, 0.02, None), probed(catalogue, 1).codes.numpy()
    singles = list(codes.reshape(n, 1, -1, 1))
    start, searches = time.perf_counter(), 0
    while index.search(singles[searches % n], k=K).engine == "plain":
        searches += 1
    row = {
        "way": "lists, default", "items": index.n_items, "plain searches before": searches,
        "seconds to the change": time.perf_counter() - start,
    }  # fmt: skip
    rows = [row | microseconds(functools.partial(index.search, k=K), singles)]
    scan = faiss.IndexFlatIP(catalogue.items.shape[1])
    scan.add(catalogue.items)
    exact = scan.search(catalogue.queries, K)[1]
    graph = tuned("HNSW, hnswlib", catalogue.items, catalogue.queries, exact)
    rows.append({"way": "HNSW, hnswlib", **microseconds(graph.search, catalogue.queries[:, None])})
    return [*rows, row | microseconds(functools.partial(index.search, k=K), singles)]


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--default", action="store_true")
    args = parser.parse_args()
    with briefly(args.quick):
        rows = default_rows() if args.default else run(args.quick)
    for row in rows:
        print(
            "  ".join(
                f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()
            )
        )


if __name__ == "__main__":
    main()
