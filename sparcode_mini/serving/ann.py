"""Nearest-neighbour search over item vectors: what a two-tower model is served with.

All four indices look for the maximum inner product <query, item> + bias(item). The bias needs no
support of its own: the item gets its bias as one more coordinate, the query gets a 1 there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from sparcode_mini.serving.vectors import (
    Floats,
    Values,
    balanced_bias,
    in_order,
    item_vectors,
    padded,
    query_vectors,
)
from sparcode_mini.tools.checks import MOST, count
from sparcode_mini.tools.top_k import Positions, top_k


@runtime_checkable
class VectorIndex(Protocol):
    """The methods that all four indices have."""

    def search(self, queries: npt.ArrayLike, k: int) -> tuple[Positions, Values]:
        """Return positions (B, k) int64 and values (B, k), best first, for queries (B, D).

        Of equal values the smaller position comes first; places an approximate index can't fill
        hold position -1 and value 0.
        """
        ...

    @property
    def nbytes(self) -> int:
        """Return the bytes that the index needs to answer queries."""
        ...


class ExactIndex:
    """Exact search: every inner product, in float32; the others are measured against it."""

    def __init__(self, items: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> None:
        """Store the vectors.

        Args:
            items: (I, D) item vectors; stored as float32.
            bias: (I,) item biases, or None.

        Raises:
            ValueError: wrong shapes, or a value that is not finite.
        """
        self._vectors = item_vectors(items, bias)  # (I, D) or (I, D + 1)
        self._one = None if bias is None else 1.0

    def search(self, queries: npt.ArrayLike, k: int) -> tuple[Positions, Values]:
        """Return the exact answer: positions (B, k) int64, values (B, k) float32.

        Raises:
            ValueError: `k` outside 1..I, or queries of another width.
        """
        vectors = query_vectors(queries, self._one, self._vectors.shape[1])
        return top_k(vectors @ self._vectors.T, k)

    @property
    def nbytes(self) -> int:
        """Return four bytes for each coordinate; the bias is one coordinate."""
        return int(self._vectors.nbytes)


class FaissIndex:
    """The common part of the faiss indices: padding, one thread, a stable order."""

    def __init__(self, items: npt.ArrayLike, bias: npt.ArrayLike | None, multiple: int) -> None:
        self._faiss = _import_faiss()
        vectors = item_vectors(items, bias)
        self._one = None if bias is None else 1.0
        self._n_items, self._width = vectors.shape
        self._vectors = padded(vectors, multiple)  # zeros leave inner products alone
        self._multiple = multiple

    def _fill(self, index: Any) -> None:
        # One thread: with more, the graph depends on which thread inserts first.
        with _one_thread(self._faiss):
            if not index.is_trained:
                index.train(self._vectors)
            index.add(self._vectors)
        self._index = index
        self._nbytes = int(self._faiss.serialize_index(index).size)
        del self._vectors  # the index holds its own copy

    def search(self, queries: npt.ArrayLike, k: int) -> tuple[Positions, Values]:
        """Return approximately the best k: positions (B, k) int64, values (B, k) float32.

        Raises:
            ValueError: `k` outside 1..I, or queries of another width.
        """
        k, vectors = count(k, "k", 1, self._n_items), self.prepared(queries)
        with _one_thread(self._faiss):
            return in_order(*self.bare_search(vectors, k))

    def prepared(self, queries: npt.ArrayLike) -> Floats:
        """Return queries as `bare_search` takes them: checked, with a 1 for the bias, padded."""
        return padded(query_vectors(queries, self._one, self._width), self._multiple)

    def bare_search(self, vectors: Floats, k: int) -> tuple[Positions, Values]:
        """Return the answer of faiss alone: no checks, equal values in any order. For timings."""
        values, positions = self._index.search(vectors, k)
        return positions, values

    @property
    def nbytes(self) -> int:
        """Return the size of the serialised index: vectors or codes, plus graph or lists."""
        return self._nbytes


class FlatIndex(FaissIndex):
    """Exact search as `ExactIndex`, compiled: the fast way where a catalogue is small."""

    def __init__(self, items: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> None:
        """Store the vectors.

        Args:
            items: (I, D) item vectors; stored as float32.
            bias: (I,) item biases, or None.

        Raises:
            ImportError: faiss is not installed.
            ValueError: wrong shapes, or a value that is not finite.
        """
        super().__init__(items, bias, multiple=1)
        self._fill(self._faiss.IndexFlatIP(self._vectors.shape[1]))


class HNSWIndex(FaissIndex):
    """A graph of neighbours for greedy search (Malkov and Yashunin 2018); vectors are not coded.

    A search keeps `ef_search` candidates, so it can't return more than that. hnswlib and Milvus
    refuse such a request or raise the setting; faiss alone would return what it has walked past.
    """

    def __init__(
        self,
        items: npt.ArrayLike,
        bias: npt.ArrayLike | None = None,
        *,
        m: int = 16,
        ef_construction: int = 200,
        ef_search: int = 64,
    ) -> None:
        """Build the graph; the same input gives the same graph.

        Args:
            items: (I, D) item vectors; stored as float32.
            bias: (I,) item biases, or None.
            m: links of a node (twice as many on the lowest level).
            ef_construction: candidates kept while a node is inserted.
            ef_search: candidates kept during a search, at least as many as are asked for; more
                finds more and takes longer.

        Raises:
            ImportError: faiss is not installed.
            ValueError: wrong shapes, a value that is not finite, or a setting below its minimum.
        """
        count(m, "m", 2, MOST)
        for name, value in (("ef_construction", ef_construction), ("ef_search", ef_search)):
            count(value, name, 1, MOST)
        super().__init__(items, bias, multiple=1)
        if self._one is not None:
            self._one = balanced_bias(self._vectors)
        width = self._vectors.shape[1]
        index = self._faiss.IndexHNSWFlat(width, m, self._faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = ef_construction
        index.hnsw.efSearch = ef_search
        self._ef_search = ef_search
        self._fill(index)

    def search(self, queries: npt.ArrayLike, k: int) -> tuple[Positions, Values]:
        """Return approximately the best k: positions (B, k) int64, values (B, k) float32.

        Raises:
            ValueError: `k` outside 1..I or above `ef_search`, or queries of another width.
        """
        k = count(k, "k", 1, self._n_items)
        if k > self._ef_search:
            raise ValueError(
                f"k = {k} items from ef_search = {self._ef_search} candidates; ask for fewer, or "
                "build the index with a larger ef_search"
            )
        return super().search(queries, k)


class IVFPQIndex(FaissIndex):
    """Cells of a k-means, each with product-quantised residuals (Jégou et al. 2011).

    The values it returns are those of the quantised items, so they differ from the inner products,
    unless the exact vectors are kept too, to put what the codes fetch in order (as faiss'
    IndexRefine does).
    """

    def __init__(
        self,
        items: npt.ArrayLike,
        bias: npt.ArrayLike | None = None,
        *,
        nlist: int = 16,
        M: int = 8,
        nbits: int = 8,
        nprobe: int = 4,
        seed: int = 0,
        rerank: int = 0,
    ) -> None:
        """Train the two quantisers on the items themselves, then add the items.

        Args:
            items: (I, D) item vectors.
            bias: (I,) item biases, or None.
            nlist: cells of the coarse k-means.
            M: sub-spaces; a width that M doesn't divide is padded with zeros.
            nbits: bits of a code in one sub-space, 4 to 12: 2^nbits codewords.
            nprobe: cells that a search visits; with all cells only the codes cause errors.
            seed: start of both k-means.
            rerank: items that the codes fetch for each one that is returned, the best by their
                exact inner products; 0 keeps no exact vectors and returns what the codes say.

        Raises:
            ImportError: faiss is not installed.
            ValueError: wrong shapes, a value that is not finite, or settings that ask for more
                centroids than there are items.
        """
        for name, value in (("nlist", nlist), ("M", M), ("nprobe", nprobe)):
            count(value, name, 1, MOST)
        count(seed, "seed", 0, MOST)
        count(rerank, "rerank", 0, MOST)
        nbits = count(nbits, "nbits", 4, 12)
        super().__init__(items, bias, multiple=M)
        if max(nlist, 2**nbits) > self._n_items:
            raise ValueError(
                f"nlist = {nlist} cells and 2^nbits = {2**nbits} codewords need at least that many "
                f"items to learn from, but there are {self._n_items}; lower nlist or nbits"
            )
        width, inner_product = self._vectors.shape[1], self._faiss.METRIC_INNER_PRODUCT
        coarse = self._faiss.IndexFlatIP(width)
        index = self._faiss.IndexIVFPQ(coarse, width, nlist, M, nbits, inner_product)
        for kmeans in (index.cp, index.pq.cp):
            kmeans.seed = seed
            kmeans.min_points_per_centroid = 1  # a small catalogue is no reason to warn on stderr
        index.nprobe = min(nprobe, nlist)
        self._rerank = rerank
        self._exact = self._vectors[:, : self._width].copy() if rerank else None  # (I, D or D + 1)
        self._fill(index)

    def search(self, queries: npt.ArrayLike, k: int) -> tuple[Positions, Values]:
        """Return approximately the best k: positions (B, k) int64, values (B, k) float32.

        Raises:
            ValueError: `k` outside 1..I, or queries of another width.
        """
        k = count(k, "k", 1, self._n_items)
        if self._exact is None:
            return super().search(queries, k)
        positions, _ = super().search(queries, min(k * self._rerank, self._n_items))
        vectors = query_vectors(queries, self._one, self._width)  # (B, D)
        values = np.einsum("bd,bkd->bk", vectors, self._exact[positions])  # (B, fetched)
        positions, values = in_order(positions, values)
        return positions[:, :k], values[:, :k]

    @property
    def nbytes(self) -> int:
        """Return the size of cells, codes and codebooks, and of the exact vectors if kept."""
        return self._nbytes + (0 if self._exact is None else int(self._exact.nbytes))


def _import_faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise ImportError(
            'FlatIndex, HNSWIndex and IVFPQIndex need faiss: pip install "sparcode-mini[lab]" '
            "(ExactIndex works without it)"
        ) from error
    return faiss


@contextlib.contextmanager
def _one_thread(faiss: Any) -> Iterator[None]:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
