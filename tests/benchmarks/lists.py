"""Readings of lists, as rows of the lookup: whole ones, ones cut to their best, and seismic."""

import functools
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse
from peers import RECALL, K, found_share
from shipped import Shipped
from timing import microseconds

from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.codes import Codes

Row = dict[str, Any]


def timed(
    search: Callable[[Any], Any], queries: Any, encode: Callable[[Any], Any], shipped: Shipped
) -> Row:
    """Time the search of single queries, and an encoder followed by it."""
    pairs = list(zip(shipped.histories, queries, strict=False))

    def request(pair: tuple[np.ndarray, Any]) -> None:
        encode(pair[0])
        search(pair[1])

    return {**microseconds(search, queries), "request": microseconds(request, pairs)}


class Reading:
    """Queries that read lists, and what is the same for all ways to answer them.

    Args:
        codes: of B queries, (B, K_u, R, M).
        n_codes: of the catalogue; the encoder looks for the nearest of so many.
        shipped: models and histories.
    """

    def __init__(self, codes: Codes, n_codes: int, shipped: Shipped) -> None:
        self.codes, self.n_codes, self.shipped = codes, n_codes, shipped
        self.lists, self.probes = codes.weights[0].numel(), codes.weights.shape[2]

    def some(self, queries: Any) -> "Reading":
        """Return the same for some of the queries."""
        codes = Codes(self.codes.codes[queries], self.codes.weights[queries])
        return Reading(codes, self.n_codes, self.shipped)

    def answered(self, index: SparseIndex) -> "Reading":
        """Return the queries for which an index has all lists."""
        return self.some(np.flatnonzero((index.rows_of(self.codes) >= 0).all(axis=1)))

    def answers(self, index: SparseIndex) -> np.ndarray:
        """Return the positions found in an index, (B, K)."""
        return index.search(self.codes, k=K, engine="compiled")[0]

    def times(self, search: Callable[[Any], Any], queries: Any) -> Row:
        """Time a search of single queries, alone and after the encoder."""
        coder = self.shipped.coder(self.n_codes)
        return timed(search, queries, lambda h: coder(h, self.probes), self.shipped)

    def row(self, index: SparseIndex, recall: float, engine: str = "compiled") -> Row:
        """Measure the search of this library."""
        search = functools.partial(index.search, k=K, engine=engine)
        read = np.diff(index.offsets)[index.rows_of(self.codes)].sum(axis=1)  # (B,)
        return {
            "way": f"lists, {engine}", "items": index.n_items, "lists": self.lists,
            "codes": self.n_codes, "entries": float(read.mean()), "recall": recall,
            "coverage": len(np.unique(index.items)) / index.n_items,
            **self.times(search, [self.some([b]).codes for b in range(len(read))]),
        }  # fmt: skip

    def seismic_row(self, index: SparseIndex) -> Row:
        """Measure an engine for learnt sparse retrieval; items are sparse vectors over codes.

        Raises:
            ValueError: it does not find enough, however it is set.
        """
        build, names = _seismic(index)
        start = time.perf_counter()
        engine = build()
        seconds = time.perf_counter() - start
        keys, weights = index.as_arrays(self.codes)  # (B, K_u * R, 1), (B, K_u * R)
        rows = index.rows_of(keys)  # (B, K_u * R)
        queries = [_summed(names, r, w) for r, w in zip(rows, weights, strict=True)]
        for factor in (1.0, 0.9, 0.7, 0.5, 0.0):  # a lower one is more exact, and slower

            def search(query: Any, factor: float = factor) -> list[int]:
                found = engine.search("q", *query, K, len(query[0]), factor)
                return [int(item) for _, _, item in found]

            recall = found_share(list(map(search, queries)), self.answers(index))
            if recall >= RECALL:
                return {
                    "way": "lists, seismic", "items": index.n_items, "lists": self.lists,
                    "best": None, "recall": recall, "setting": {"heap_factor": factor},
                    "build seconds": seconds, **self.times(search, queries),
                }  # fmt: skip
        raise ValueError(f"seismic reaches no recall of {RECALL} on {index.n_items} items")


def readings(
    whole: SparseIndex, cuts: dict[int, SparseIndex], every: list[Reading]
) -> Iterator[Row]:
    """Yield a row for each reading of whole lists and of cut ones.

    Args:
        whole: index with whole lists of all codes, or of those that the first queries read.
        cuts: best n -> index.
        every: readings.
    """
    for reading in every:
        few = reading.answered(whole)
        exact = few.answers(whole)
        yield {"best": None, **few.row(whole, 1.0)}
        for best, index in cuts.items():
            yield {"best": best, **reading.row(index, found_share(few.answers(index), exact))}


def _seismic(index: SparseIndex) -> tuple[Callable[[], Any], np.ndarray]:
    """Return a function that builds the engine, and its names of the codes."""
    import seismic

    names = np.array([str(c) for c in range(len(index))], dtype=seismic.get_seismic_string())
    by_item = scipy.sparse.csr_matrix(
        (index.values, index.items, index.offsets), (len(index), index.n_items)
    ).T.tocsr()
    data = seismic.SeismicDataset()
    for item in range(index.n_items):
        span = slice(by_item.indptr[item], by_item.indptr[item + 1])
        if span.stop > span.start:
            data.add_document(str(item), names[by_item.indices[span]], by_item.data[span])
    longest = int(np.diff(index.offsets).max())
    build = functools.partial(
        seismic.SeismicIndex.build_from_dataset,
        data, n_postings=longest, summary_energy=0.4, num_threads=1,
    )  # fmt: skip
    return build, names


def _summed(names: np.ndarray, rows: np.ndarray, weights: np.ndarray) -> Any:
    """Return the names of the different lists of a query, and the weight of each."""
    distinct, place = np.unique(rows, return_inverse=True)
    return names[distinct], np.bincount(place, weights).astype(np.float32)
