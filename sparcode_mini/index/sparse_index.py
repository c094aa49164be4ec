"""The sparse inverted index: code -> [(item, score)].

Offline, every code is scored against every item and the positive scores are kept. Online, a query
reads the lists of its codes, adds the scores per item and takes the k largest sums. Nothing is
approximated: an entry that the ReLU cut would have added 0.

Symbols: C lists (codes), M codebooks, I items, B queries, K_u tokens, R probes.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from sparcode_mini.index.build import codebooks_of, lists_of
from sparcode_mini.index.code_choice import codes_to_build
from sparcode_mini.index.code_lists import CodeLists, as_int32
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.codebook_tables import ENGINES
from sparcode_mini.model.codes import Codes
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.tools.top_k import top_k

if TYPE_CHECKING:  # numba is an extra, and its import takes longer than all of ours
    from sparcode_mini.compiled.search import CompiledSearch

QUERIES_AT_ONCE = 256
ON_MISSING = ("error", "empty", "nearest")
CodesLike = Codes | np.ndarray | Tensor


class SearchResult(tuple[np.ndarray, np.ndarray]):
    """(positions (B, k) int64, values (B, k) float64), and how many codes had no list.

    Attributes:
        missing: (B,) int64, codes of each query without a list of their own.
    """

    missing: np.ndarray

    def __new__(
        cls, positions: np.ndarray, values: np.ndarray, missing: np.ndarray
    ) -> "SearchResult":
        """Make the pair, with the count beside it."""
        result = super().__new__(cls, (positions, values))
        result.missing = missing
        return result


class SparseIndex(CodeLists):
    """Lists that a model fills and that answer its queries; arguments as `CodeLists`."""

    _fast: "CompiledSearch | None" = None  # lists never change, so it stays right

    # --- offline --------------------------------------------------------------------------

    @classmethod
    def build(
        cls,
        model: MatchingModel,
        codes: str | CodesLike = "seen",
        best: int | None = None,
        probes: int | None = None,
        items: np.ndarray | None = None,
        engine: str = "plain",
    ) -> "SparseIndex":
        """Score codes against all items and keep what is positive.

        Args:
            model: a trained SparCode.
            codes: "seen" (codes that the users of the model's split have, with history "train" or
                "train+validation"), "all" (N^M lists), an array (C, M), or Codes.
            best: keep only the n largest entries of each list (an approximation); None keeps all.
            probes: for "seen": how many nearest codes per token are meant to be read; None as
                the model was trained.
            items: positions of the items on offer; None for the whole catalogue.
            engine: "plain" torch, or "compiled" (needs numba): how the tables of M > 1 codebooks
                are added up, see `codebook_tables`.

        Raises:
            ValueError: too many codes for "all", best < 1, codes outside the codebooks, or an
                engine that is unknown or has nothing to add up.
            ImportError: engine "compiled" without numba.
            RuntimeError: training was interrupted before the quantiser was on in full.
        """
        if not isinstance(model, SparCode):
            raise ValueError(f"a {type(model).__name__} has no codes; build from a SparCode")
        model.check_ready()
        table = codes_to_build(model, codes, probes)  # (C, M)
        lists = lists_of(model, table, best, items, engine)
        return cls(table.numpy(), *lists, model.n_items, codebooks_of(model))

    # --- online ---------------------------------------------------------------------------

    def search(
        self,
        codes: CodesLike,
        k: int = 50,
        exclude: Sequence[np.ndarray] | None = None,
        on_missing: str = "error",
        engine: str = "plain",
    ) -> SearchResult:
        """Read the lists of each query's codes, add the scores per item, take the k largest.

        Args:
            codes: Codes of a model, or an array (B, K_u, M); a code that occurs twice counts twice.
            k: results per query.
            exclude: item positions that a query must not get, one array per query.
            on_missing: what to do with a code that has no list: "error", "empty" (it adds
                nothing) or "nearest" (read the list of the nearest code that has one).
            engine: "plain" numpy, to be read, or "compiled" (needs numba), to be served: the same
                bits, and a time that depends on the entries read, not on the items there are.

        Returns:
            (positions (B, k) int64, values (B, k) float64), largest value first, equal values by
            position. Fewer than k items with a positive score: padded with position -1, value 0.
            Its attribute `missing` (B,) counts the codes without a list.

        Raises:
            ValueError: k outside 1..I, or a shape that is not one of codes.
            KeyError: a code without a list, if on_missing is "error".
            ImportError: engine "compiled" without numba.
        """
        if engine not in ENGINES:
            raise ValueError(f"engine = {engine!r}; choose one of {ENGINES}")
        if not 1 <= k <= self.n_items:
            raise ValueError(f"k = {k}; ask for 1 to {self.n_items} items")
        if on_missing not in ON_MISSING:
            raise ValueError(f"on_missing = {on_missing!r}; choose 'error', 'nearest' or 'empty'")
        keys, weights = self.as_arrays(codes)  # (B, Q, M), (B, Q)
        if exclude is not None and len(exclude) != len(keys):
            raise ValueError(f"exclude has {len(exclude)} lists for {len(keys)} queries")
        if engine == "compiled":
            return self._search_compiled(keys, weights, k, exclude, on_missing)
        rows, missing = self._rows_or_replaced(keys, on_missing)  # (B, Q), (B,)
        if self.scales is not None:
            weights = weights * self.scales[rows].astype(np.float64)
        return SearchResult(*self._best_k(rows, weights, k, exclude), missing)

    def _rows_or_replaced(self, keys: np.ndarray, on_missing: str) -> tuple[np.ndarray, np.ndarray]:
        """Which list each code reads, and how many codes of each query have none of their own."""
        rows = self.rows_of(keys)  # (B, Q), -1 where there is no list
        missing = (rows < 0).sum(axis=1)  # (B,)
        if missing.any():
            rows = self._replace_missing(rows, keys, on_missing)
        return rows, missing

    def _search_compiled(
        self,
        keys: np.ndarray,
        weights: np.ndarray,
        k: int,
        exclude: Sequence[np.ndarray] | None,
        on_missing: str,
    ) -> SearchResult:
        positions, sums, missing, lost = self._compiled().search(keys, weights, k, exclude)
        if lost and on_missing != "empty":  # rare, so it may cost a second search
            rows, missing = self._rows_or_replaced(keys, on_missing)
            replaced = self.codes[rows]  # (B, Q, M)
            positions, sums, _, _ = self._compiled().search(replaced, weights, k, exclude)
        return SearchResult(positions, sums, missing)

    def _best_k(
        self,
        rows: np.ndarray,
        weights: np.ndarray,
        k: int,
        exclude: Sequence[np.ndarray] | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """All I sums of each query, and the k best of them: positions (B, k) and sums (B, k)."""
        positions = np.empty((len(rows), k), dtype=np.int64)
        values = np.empty((len(rows), k))
        for start in range(0, len(rows), QUERIES_AT_ONCE):
            part = slice(start, start + QUERIES_AT_ONCE)
            y = np.stack(
                [self._add_lists(r, w) for r, w in zip(rows[part], weights[part], strict=True)]
            )
            out = None if exclude is None else exclude[part]
            positions[part], values[part] = top_k(y, k, out, positive_only=True)
        return positions, values

    def _compiled(self) -> "CompiledSearch":
        """The compiled search of this index, made at its first use."""
        if self._fast is None:
            from sparcode_mini.compiled.search import CompiledSearch

            self._fast = CompiledSearch(self.codes, *self.lists, self.n_items, self.scales)
        return self._fast

    def _add_lists(self, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Sum the lists of one query: y (I,) float64."""
        spans = [slice(self.offsets[r], self.offsets[r + 1]) for r in rows if r >= 0]
        if not spans:
            return np.zeros(self.n_items)
        items = np.concatenate([self.items[span] for span in spans])
        pairs = zip(weights[rows >= 0], spans, strict=True)
        weighted = [w * self.values[span].astype(np.float64) for w, span in pairs]
        return np.bincount(items, np.concatenate(weighted), minlength=self.n_items)

    def as_arrays(self, codes: CodesLike) -> tuple[np.ndarray, np.ndarray]:
        """Codes as (B, Q, M) integers and weights (B, Q) float64, where Q = K_u * R."""
        if isinstance(codes, Codes):
            keys, weights = codes.codes.numpy(), codes.weights.numpy()
            B, K_u, R, M = keys.shape
            keys, weights = keys.reshape(B, K_u * R, M), weights.reshape(B, K_u * R)
        else:
            keys = np.asarray(codes)
            if keys.ndim != 3 or keys.dtype.kind not in "iu":
                raise ValueError(
                    f"codes have shape {keys.shape} and type {keys.dtype}; "
                    "give integers (B, K_u, M)"
                )
            weights = np.empty(keys.shape[:2])
            weights.fill(1.0)  # a request is so short that np.ones would take 5% of it
        if keys.shape[-1] != self.codes.shape[1]:
            raise ValueError(
                f"codes have M = {keys.shape[-1]}, the index M = {self.codes.shape[1]}"
            )
        return keys, np.asarray(weights, np.float64)

    def rows_of(self, keys: np.ndarray) -> np.ndarray:
        """Which list each code (B, Q, M) opens: rows (B, Q) int64, -1 where there is none."""
        flat = [
            self._row.get(key.tobytes(), -1) for key in as_int32(keys).reshape(-1, keys.shape[-1])
        ]
        return np.array(flat, dtype=np.int64).reshape(keys.shape[:2])

    def _replace_missing(self, rows: np.ndarray, keys: np.ndarray, on_missing: str) -> np.ndarray:
        lost = keys[rows < 0]  # (n_lost, M)
        if on_missing == "error":
            raise KeyError(
                f"code {tuple(lost[0].tolist())} has no list ({len(lost)} such in this search); "
                'build with codes="all" or the codes you will need, '
                'or search with on_missing="nearest" or "empty"'
            )
        if on_missing == "empty":
            return rows
        if self.codebooks is None or len(self.codes) == 0:
            raise ValueError(
                "this index knows no codewords, so it can't tell which code is nearest"
            )
        listed, wanted = self._vectors(self.codes), self._vectors(lost)  # (C, D_T), (n_lost, D_T)
        distances = np.square(listed).sum(1) - 2.0 * wanted @ listed.T  # (n_lost, C)
        rows = rows.copy()
        rows[rows < 0] = distances.argmin(axis=1)
        return rows

    def _vectors(self, codes: np.ndarray) -> np.ndarray:
        assert self.codebooks is not None
        if codes.min() < 0 or codes.max() >= self.codebooks.shape[1]:
            raise ValueError(
                f"codes span {codes.min()}..{codes.max()}; N = {self.codebooks.shape[1]}"
            )
        parts = [book[codes[:, m]] for m, book in enumerate(self.codebooks)]
        return np.concatenate(parts, axis=1)  # (n, D_T)
