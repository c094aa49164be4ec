"""The same index in other engines: DuckDB (one table, one SQL query) and Milvus (sparse vectors).

The served score is an inner product, y(u, c) = sum over lists r of n_u[r] * A[r, c], so anything
that joins and groups, or that multiplies sparse vectors, can serve it. Both classes have `search`
with the arguments and the padding of `SparseIndex.search`.
"""

import importlib
from collections.abc import Iterator, Sequence
from types import ModuleType, TracebackType
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from sparcode_mini.index.search import CodesLike
from sparcode_mini.index.sparse_index import SparseIndex

Answers = tuple[np.ndarray, np.ndarray]  # positions (B, k), values (B, k)
Export = TypeVar("Export", bound="_Export")
ROWS_AT_ONCE = 1000


class _Export:
    """The common part of both exports: the lists that a query reads, and closing."""

    def __init__(self, index: SparseIndex) -> None:
        self.index = index

    def _reads(self, codes: CodesLike, k: int) -> Iterator[dict[int, float]]:
        """Yield {list: weight} for each query; weights of a list that is read twice are added."""
        if not 1 <= k <= self.index.n_items:
            raise ValueError(f"k = {k}; ask for 1 to {self.index.n_items} items")
        keys, weights = self.index.as_arrays(codes)  # (B, Q, M), (B, Q)
        rows = self.index.rows_of(keys)  # (B, Q)
        if (rows < 0).any():
            lost = tuple(keys[rows < 0][0].tolist())
            raise KeyError(f"code {lost} has no list; build the index with the codes you will need")
        for row, weight in zip(rows.tolist(), weights.tolist(), strict=True):
            reads: dict[int, float] = {}
            for r, w in zip(row, weight, strict=True):
                reads[r] = reads.get(r, 0.0) + w
            yield reads

    def close(self) -> None:
        """Close the connection to the engine."""
        raise NotImplementedError

    def __enter__(self: Export) -> Export:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def entries(index: SparseIndex) -> pd.DataFrame:
    """Return the whole index as one table: list, item, score (float64), one row per entry."""
    rows = index.lists.rows()
    scores = index.values.astype(np.float64)
    if index.scales is not None:
        scores = scores * index.scales[rows].astype(np.float64)
    return pd.DataFrame({"list": rows, "item": index.items, "score": scores})


# --- DuckDB ---------------------------------------------------------------------------------------

TOP_K = """
SELECT query, item, sum(weight * score) AS y
FROM reads JOIN entries USING (list)
WHERE NOT EXISTS (FROM seen WHERE seen.query = reads.query AND seen.item = entries.item)
GROUP BY query, item
QUALIFY row_number() OVER (PARTITION BY query ORDER BY y DESC, item) <= ?
ORDER BY query, y DESC, item
"""


class DuckDBIndex(_Export):
    """The index as the table `entries` of a DuckDB database; a search is the query `TOP_K`.

    Args:
        index: what is exported.
        database: a file, or ":memory:".

    Raises:
        ImportError: duckdb is not installed.
    """

    def __init__(self, index: SparseIndex, database: str = ":memory:") -> None:
        super().__init__(index)
        self._duckdb = _imported("duckdb", "duckdb")
        self.connection: Any = self._duckdb.connect(database)
        self.connection.execute("SET threads = 1")  # sums in one order
        table = entries(index)
        self.connection.register("incoming", table)
        self.connection.execute("CREATE OR REPLACE TABLE entries AS FROM incoming")
        self.connection.unregister("incoming")

    def search(
        self, codes: CodesLike, k: int = 50, exclude: Sequence[np.ndarray] | None = None
    ) -> Answers:
        """Return positions (B, k) and values (B, k) as `SparseIndex.search` gives them.

        Raises:
            ValueError: k outside 1..I, or a shape that is not one of codes.
            KeyError: a code without a list.
        """
        queries = list(self._reads(codes, k))
        reads = [(q, r, w) for q, weights in enumerate(queries) for r, w in weights.items()]
        seen = [(q, c) for q, items in enumerate(exclude or ()) for c in items.tolist()]
        self.connection.register("reads", _frame(reads, query=int, list=int, weight=float))
        self.connection.register("seen", _frame(seen, query=int, item=int))
        rows = self.connection.execute(TOP_K, [k]).fetchnumpy()
        return _padded(len(queries), k, rows["query"], rows["item"], rows["y"])

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def _frame(rows: list[tuple[Any, ...]], **columns: type) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def _padded(n: int, k: int, query: np.ndarray, item: np.ndarray, y: np.ndarray) -> Answers:
    """Return sorted rows (query, item, y) as positions and values (n, k), padded with -1 and 0."""
    positions, values = np.full((n, k), -1, dtype=np.int64), np.zeros((n, k))
    query = np.asarray(query, dtype=np.int64)
    place = np.arange(len(query)) - np.searchsorted(query, query)
    positions[query, place], values[query, place] = item, y
    return positions, values


# --- Milvus ---------------------------------------------------------------------------------------


class MilvusIndex(_Export):
    """The index as a Milvus collection: a row per item, its sparse vector {list: score}.

    A query is the sparse vector {list: weight}, the metric is the inner product. Milvus keeps
    float32, and its order of equal scores is not defined.

    Args:
        index: what is exported.
        address: a file (Milvus Lite, embedded), or the address of a server or cluster, such as
            "http://localhost:19530".
        collection: its name; one that exists under this name is replaced.
        token: of a server: "user:password", or a key.

    Raises:
        ImportError: pymilvus, or for a file milvus-lite, is not installed.
        ValueError: an index without entries.
        ConnectionError: no server answers at the address, or it refuses the token.
    """

    def __init__(
        self, index: SparseIndex, address: str, collection: str = "sparcode", token: str = ""
    ) -> None:
        super().__init__(index)
        if len(index.items) == 0:
            raise ValueError("the index has no entries; Milvus stores no empty vectors")
        self._milvus = _imported("pymilvus", "milvus")
        if "://" not in address:
            _imported("milvus_lite", "milvus")
        self.collection = collection
        try:
            self.client: Any = self._milvus.MilvusClient(uri=address, token=token)
        except self._milvus.MilvusException as error:
            raise ConnectionError(
                f"Milvus can't be reached at {address} ({error.message}); check the address, that "
                "the server runs, and its token"
            ) from error
        self._create()
        rows = self._rows()
        for start in range(0, len(rows), ROWS_AT_ONCE):
            self.client.insert(collection, rows[start : start + ROWS_AT_ONCE])

    def _create(self) -> None:
        kinds = self._milvus.DataType
        schema = self.client.create_schema(auto_id=False)
        schema.add_field("item", kinds.INT64, is_primary=True)
        schema.add_field("lists", kinds.SPARSE_FLOAT_VECTOR)
        params = self.client.prepare_index_params()
        params.add_index("lists", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        self.client.drop_collection(self.collection)
        self.client.create_collection(
            self.collection, schema=schema, index_params=params, consistency_level="Strong"
        )

    def _rows(self) -> list[dict[str, Any]]:
        """Return one row per item that is in a list: Milvus refuses empty vectors."""
        items, rows, scores = (entries(self.index)[c].tolist() for c in ("item", "list", "score"))
        vectors: dict[int, dict[int, float]] = {}
        for item, row, score in zip(items, rows, scores, strict=True):
            vectors.setdefault(item, {})[row] = score
        return [{"item": item, "lists": vector} for item, vector in vectors.items()]

    def search(
        self, codes: CodesLike, k: int = 50, exclude: Sequence[np.ndarray] | None = None
    ) -> Answers:
        """Return positions and values (B, k) as `SparseIndex.search` gives them, except for ties.

        Raises:
            ValueError: k outside 1..I, or a shape that is not one of codes.
            KeyError: a code without a list.
        """
        queries, rows = list(self._reads(codes, k)), []
        for query, reads in enumerate(queries):
            hidden = [] if exclude is None else exclude[query].tolist()
            (hits,) = self.client.search(
                self.collection,
                data=[reads],
                anns_field="lists",
                limit=k,
                filter=f"item not in {hidden}" if hidden else "",
                search_params={"metric_type": "IP"},
            )
            answers = [(query, hit["item"], hit["distance"]) for hit in hits]
            rows += sorted(answers, key=lambda answer: (-answer[2], answer[1]))
        columns = zip(*rows, strict=True) if rows else ((), (), ())
        return _padded(len(queries), k, *map(np.array, columns))

    def close(self) -> None:
        """Close the connection; the collection stays."""
        self.client.close()


def _imported(module: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f'this export needs {module}: pip install "sparcode-mini[{extra}]"'
        ) from error
