"""The two engines of an index, and the choice between them for a search that names none.

"plain" is numpy, to be read; "compiled" is numba, to be served. They give the same bits.

Symbols: C lists, M codebooks, I items, B queries, Q lists per query, k results.
"""

import importlib
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int, Integer

from sparcode_mini.index.lists import Lists, as_int32
from sparcode_mini.index.search import PlainSearch, SearchResult, nearest_listed
from sparcode_mini.model.codebook_tables import ENGINES

if TYPE_CHECKING:  # numba is an extra, and its import takes longer than all others together
    from sparcode_mini.compiled.search import CompiledSearch

ON_MISSING = ("error", "empty", "nearest")

# What the first compiled search costs: 2 to 4 s with an empty cache, about 1 s with a full one.
COMPILE_SECONDS = 2.5


class ChangeOver:
    """The moment at which the searches of a process change from plain to compiled.

    At 100,000 items a compiled search is some 30 times as fast as a plain one, but the first one
    waits for the compiler, and nobody knows how many will follow. So searches begin plain, and
    change over when they have cost as much time as the compiler needs. This takes at most about
    twice the time of the best choice, made with full knowledge of the future (the rule of the ski
    rental problem), and a process with few searches never compiles. Both engines give the same
    bits, so only the time differs.

    Each type of stored values is compiled separately, so each has its own account.
    """

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)  # in plain searches so far

    def spend(self, value_type: str, seconds: float) -> None:
        """Add the time of a plain search that could have been a compiled one."""
        self._seconds[value_type] += seconds

    def compiled(self, value_type: str) -> None:
        """Record that this process has paid for the compiler."""
        self._seconds[value_type] = COMPILE_SECONDS

    def engine(self, value_type: str) -> str:
        """Return the engine for the next search: "plain" or "compiled"."""
        due = self._seconds[value_type] >= COMPILE_SECONDS
        return "compiled" if due and self.can_compile else "plain"

    @cached_property
    def can_compile(self) -> bool:
        """Tell whether numba is installed and works; tried once, when it is first needed."""
        try:
            importlib.import_module("sparcode_mini.compiled.search")
        except (ImportError, RuntimeError):  # RuntimeError: no folder for its cache is writable
            return False
        return True


CHANGE_OVER = ChangeOver()  # of this process


class Engines:
    """Both searches of one index; arguments as `SparseIndex`."""

    def __init__(
        self,
        codes: Int[np.ndarray, "C M"],
        lists: Lists,
        n_items: int,
        codebooks: Float[np.ndarray, "M N d"] | None,
        scales: Float[np.ndarray, " C"] | None,
    ) -> None:
        self.plain = PlainSearch(codes, lists, n_items, scales)
        self._codes, self._lists, self._n_items = codes, lists, n_items
        self._codebooks, self._scales = codebooks, scales
        self._value_type = lists.values.dtype.name
        self._compiled: CompiledSearch | None = None  # lists never change, so it stays right

    def search(
        self,
        codes: Integer[np.ndarray, "B Q M"],
        weights: Float[np.ndarray, "B Q"],
        k: int,
        exclude: Sequence[np.ndarray] | None,
        on_missing: str,
        engine: str | None,
    ) -> SearchResult:
        """Search by an engine, or by the one that `ChangeOver` chooses.

        Raises:
            ValueError: an option outside its range, or codes that no index can hold.
            KeyError: codes that have no list.
            ImportError: engine "compiled" without numba.
        """
        _check_options(len(codes), self._n_items, k, exclude, on_missing, engine)
        if engine is not None:
            return self._search_by(engine, codes, weights, k, exclude, on_missing)
        engine, start = CHANGE_OVER.engine(self._value_type), time.perf_counter()
        result = self._search_by(engine, codes, weights, k, exclude, on_missing)
        if engine == "plain":
            CHANGE_OVER.spend(self._value_type, time.perf_counter() - start)
        return result

    def _search_by(
        self,
        engine: str,
        codes: np.ndarray,
        weights: np.ndarray,
        k: int,
        exclude: Sequence[np.ndarray] | None,
        on_missing: str,
    ) -> SearchResult:
        """Search, and once more in the rare case that codes without a list are replaced."""
        search = self.plain.search if engine == "plain" else self._compiled_search().search
        positions, sums, missing = search(codes, weights, k, exclude)
        if engine == "compiled":
            CHANGE_OVER.compiled(self._value_type)
        if missing.any():
            as_int32(codes)  # what no codebook can hold is an error, not a missing list
            if on_missing != "empty":
                positions, sums, _ = search(self._replaced(codes, on_missing), weights, k, exclude)
        return SearchResult(positions, sums, missing, engine)

    def _compiled_search(self) -> "CompiledSearch":
        """Return the compiled search of this index, made at its first use."""
        if self._compiled is None:
            from sparcode_mini.compiled.search import CompiledSearch

            self._compiled = CompiledSearch(self._codes, *self._lists, self._n_items, self._scales)
        return self._compiled

    def _replaced(
        self, codes: Integer[np.ndarray, "B Q M"], on_missing: str
    ) -> Integer[np.ndarray, "B Q M"]:
        """Return the codes, those without a list replaced by the nearest that have one."""
        missing = self.plain.rows_of(codes) < 0  # (B, Q)
        lost = codes[missing]  # (n, M)
        if on_missing == "error":
            raise KeyError(
                f"code {tuple(lost[0].tolist())} has no list ({len(lost)} such in this search); "
                'build with codes="all" or the codes you will need, '
                'or search with on_missing="nearest" or "empty"'
            )
        replaced = codes.astype(np.int32)  # (B, Q, M); codes may come in a smaller type
        replaced[missing] = nearest_listed(lost, self._codes, self._codebooks)
        return replaced

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the compiled search: the reader of a pickled index may have no numba."""
        return {**self.__dict__, "_compiled": None}


def _check_options(
    n_queries: int,
    n_items: int,
    k: int,
    exclude: Sequence[np.ndarray] | None,
    on_missing: str,
    engine: str | None,
) -> None:
    """Refuse options that a search can't follow."""
    if engine is not None and engine not in ENGINES:
        raise ValueError(f"engine = {engine!r}; choose one of {ENGINES}")
    if not 1 <= k <= n_items:
        raise ValueError(f"k = {k}; ask for 1 to {n_items} items")
    if on_missing not in ON_MISSING:
        raise ValueError(f"on_missing = {on_missing!r}; choose 'error', 'nearest' or 'empty'")
    if exclude is not None and len(exclude) != n_queries:
        raise ValueError(f"exclude has {len(exclude)} lists for {n_queries} queries")
