"""The same index in other engines: DuckDB (one table, one SQL query) and Milvus (sparse vectors).

The served score is an inner product, y(u, c) = sum over lists r of n_u[r] * A[r, c], so anything
that joins and groups, or that multiplies sparse vectors, can serve it. Both classes have `search`
with the arguments and the padding of `SparseIndex.search`.
"""

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from sparcode_mini.index.search import CodesLike
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.tools.checks import count
from sparcode_mini.tools.top_k import Pairs, excluded

Answers = tuple[np.ndarray, np.ndarray]  # positions (B, k), values (B, k)
Export = TypeVar("Export", bound="_Export")
ROWS_AT_ONCE = 1000


class _Export:
    """The common part of both exports: the lists that a query reads, and closing."""

    def __init__(self, index: SparseIndex) -> None:
        self.index = index

    def _questions(
        self, codes: CodesLike, k: int, exclude: Sequence[Any] | None
    ) -> tuple[int, list[dict[int, float]], Pairs]:
        """Return k, {list: weight} for each query, and (query, position) pairs to leave out."""
        k = count(k, "k", 1, self.index.n_items)
        reads = list(self._reads(codes))
        lists = [()] * len(reads) if exclude is None else exclude
        return k, reads, excluded(lists, len(reads), self.index.n_items)

    def _reads(self, codes: CodesLike) -> Iterator[dict[int, float]]:
        """Yield {list: weight} for each query; weights of a list that is read twice are added."""
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


OTHER_ENTRIES = """
SELECT table_type, list(column_name ORDER BY ordinal_position)
FROM information_schema.tables JOIN information_schema.columns
    USING (table_catalog, table_schema, table_name)
WHERE lower(table_name) = 'entries' AND table_schema = current_schema() GROUP BY table_type
"""
# None in memory, where duckdb also works beside a .csv or .parquet file.
OPENED = "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"


class DuckDBIndex(_Export):
    """The index as the table `entries` of a DuckDB database; a search is the query `TOP_K`.

    Args:
        index: what is exported.
        database: a file, or ":memory:". A database that is there keeps its other tables.

    Raises:
        ImportError: duckdb is not installed.
        ValueError: a file that duckdb can't open, or one with something else named `entries`.
    """

    def __init__(self, index: SparseIndex, database: str | Path = ":memory:") -> None:
        super().__init__(index)
        self._duckdb = _imported("duckdb", "duckdb")
        try:
            self.connection: Any = self._duckdb.connect(str(database))
        except self._duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"duckdb can't open {database}: {reason}") from error
        self._refuse_other_content(database)
        self.connection.execute("SET threads = 1")  # sums in one order
        self.connection.register("incoming", entries(index))
        self.connection.execute("CREATE OR REPLACE TABLE entries AS FROM incoming")
        self.connection.unregister("incoming")

    def _refuse_other_content(self, database: str | Path) -> None:
        """Refuse a file of data, and a table or view `entries` that no export made."""
        (path,) = self.connection.execute(OPENED).fetchone()
        tables, fault = self.connection.execute(OTHER_ENTRIES).fetchall(), ""
        if path is None and str(database) != ":memory:":
            fault = "is no database of duckdb; move it"
        elif tables and tables != [("BASE TABLE", ["list", "item", "score"])]:
            fault = f"has something else named entries, with columns {tables[0][1]}; rename it"
        if fault:
            self.connection.close()
            raise ValueError(f"{database} {fault}, or give another file")

    def search(
        self, codes: CodesLike, k: int = 50, exclude: Sequence[Any] | None = None
    ) -> Answers:
        """Return positions (B, k) and values (B, k) as `SparseIndex.search` gives them.

        Raises:
            ValueError: as `SparseIndex.search`.
            KeyError: a code without a list.
        """
        k, queries, (owners, hidden) = self._questions(codes, k, exclude)
        reads = [(q, r, w) for q, weights in enumerate(queries) for r, w in weights.items()]
        kinds = {"query": int, "list": int, "weight": float}
        self.connection.register("reads", pd.DataFrame(reads, columns=list(kinds)).astype(kinds))
        self.connection.register("seen", pd.DataFrame({"query": owners, "item": hidden}))
        rows = self.connection.execute(TOP_K, [k]).fetchnumpy()
        positive = rows["y"] > 0  # as the index: an item without a positive sum is no answer
        return _padded(len(queries), k, *(rows[c][positive] for c in ("query", "item", "y")))

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


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
        address: a file that ends in .db (Milvus Lite, embedded), or the address of a server or
            cluster, such as "http://localhost:19530".
        collection: its name; one that exists under this name is replaced.
        token: of a server: "user:password", or a key.

    Raises:
        ImportError: pymilvus, or for a file milvus-lite, is not installed.
        ValueError: an index without entries or with values that float32 can't hold, or a file
            that Milvus Lite can't use.
        ConnectionError: no server answers at the address, or it refuses the token.
    """

    def __init__(
        self,
        index: SparseIndex,
        address: str | Path,
        collection: str = "sparcode",
        token: str = "",
    ) -> None:
        super().__init__(index)
        if len(index.items) == 0:
            raise ValueError("the index has no entries; Milvus stores no empty vectors")
        address = str(address)
        self._milvus = _imported("pymilvus", "milvus")
        if "://" not in address:
            _imported("milvus_lite", "milvus")
            _check_milvus_file(Path(address))
        rows = self._rows()
        self.collection = collection
        try:
            self.client: Any = self._milvus.MilvusClient(uri=address, token=token)
        except self._milvus.MilvusException as error:
            raise ConnectionError(
                f"Milvus can't be reached at {address} ({error.message}); check the address, that "
                "the server runs, and its token"
            ) from error
        self._create()
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
        table = entries(self.index)
        with np.errstate(over="ignore"):
            stored = table["score"].to_numpy().astype(np.float32)  # (entries,)
        if not (np.isfinite(stored) & (stored > 0)).all():
            raise ValueError(
                f"values span {table['score'].min():.4g} to {table['score'].max():.4g}, and Milvus "
                'keeps float32; export index.quantised("float32")'
            )
        items, rows, scores = (table[c].tolist() for c in ("item", "list", "score"))
        vectors: dict[int, dict[int, float]] = {}
        for item, row, score in zip(items, rows, scores, strict=True):
            vectors.setdefault(item, {})[row] = score
        return [{"item": item, "lists": vector} for item, vector in vectors.items()]

    def search(
        self, codes: CodesLike, k: int = 50, exclude: Sequence[Any] | None = None
    ) -> Answers:
        """Return positions and values (B, k) as `SparseIndex.search` gives them, except for ties.

        Raises:
            ValueError: as `SparseIndex.search`, or a negative weight, which Milvus does not take.
            KeyError: a code without a list.
        """
        k, queries, (owners, positions) = self._questions(codes, k, exclude)
        rows: list[tuple[int, int, float]] = []
        ends = np.searchsorted(owners, np.arange(len(queries) + 1))  # (B + 1,)
        for query, reads in enumerate(queries):
            if min(reads.values(), default=0.0) < 0:
                raise ValueError(f"query {query} has a negative weight, which Milvus does not take")
            hidden = positions[ends[query] : ends[query + 1]].tolist()
            (hits,) = self.client.search(
                self.collection,
                data=[reads],
                anns_field="lists",
                limit=k,
                filter=f"item not in {hidden}" if hidden else "",
                search_params={"metric_type": "IP"},
            )
            answers = [(query, h["item"], h["distance"]) for h in hits if h["distance"] > 0]
            rows += sorted(answers, key=lambda answer: (-answer[2], answer[1]))
        columns = zip(*rows, strict=True) if rows else ((), (), ())
        return _padded(len(queries), k, *map(np.array, columns))

    def close(self) -> None:
        """Close the connection; the collection stays."""
        self.client.close()


def _check_milvus_file(file: Path) -> None:
    """Refuse a name that Milvus Lite can't use for its file."""
    if file.suffix != ".db" or not file.absolute().parent.is_dir():
        raise ValueError(
            f"Milvus Lite can't keep its data in {file}; give a file that ends in .db in a folder "
            "that exists, or the address of a server, such as http://localhost:19530"
        )


def _imported(module: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f'this export needs {module}: pip install "sparcode-mini[{extra}]"'
        ) from error
