"""The two engines of an index, and the choice between them for a search that names none.

"plain" is numpy, to be read; "compiled" is numba, to be served. They give the same bits.

Symbols: C lists, M codebooks, I items, B queries, Q lists per query, k results.
"""

import importlib
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int, Integer

from sparcode_mini.index.lists import Lists, as_int32
from sparcode_mini.index.search import PlainSearch, SearchResult, Sums, nearest_listed
from sparcode_mini.model.codebook_tables import ENGINES
from sparcode_mini.tools.checks import count
from sparcode_mini.tools.top_k import Pairs, excluded

if TYPE_CHECKING:  # numba is an extra, and its import takes longer than all others together
    from sparcode_mini.compiled.search import CompiledSearch

ON_MISSING = ("error", "empty", "nearest")
MOSTLY_EMPTY = 16  # with more items to an entry, searches need no number for each item

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
        self._codes, self._codebooks, self._scales = codes, codebooks, scales
        self._n_items = n_items
        self._names: Int[np.ndarray, " U"] | None = None  # the items that are in a list, if few
        if n_items > MOSTLY_EMPTY * max(len(lists.items), 1):
            listed = lists.items if len(lists.items) else [0]
            self._names = np.unique(listed).astype(np.int64)
            numbers = np.searchsorted(self._names, lists.items).astype(np.int32)  # (entries,)
            lists, n_items = lists._replace(items=numbers), len(self._names)
        self._lists, self._n_sums = lists, n_items
        self._plain = PlainSearch(codes, lists, n_items, scales)
        self._value_type = lists.values.dtype.name
        self._compiled: CompiledSearch | None = None  # lists never change, so it stays right

    def search(
        self,
        codes: Integer[np.ndarray, "B Q M"],
        weights: Float[np.ndarray, "B Q"],
        k: int,
        exclude: Sequence[Any] | None,
        on_missing: str,
        engine: str | None,
    ) -> SearchResult:
        """Search by an engine, or by the one that `ChangeOver` chooses.

        Raises:
            ValueError: an option outside its range, or codes that no index can hold.
            KeyError: codes that have no list.
            ImportError: engine "compiled" without numba.
        """
        k = count(k, "k", 1, self._n_items)
        if engine is not None and engine not in ENGINES:
            raise ValueError(f"engine = {engine!r}; choose one of {ENGINES}")
        if on_missing not in ON_MISSING:
            raise ValueError(f"on_missing = {on_missing!r}; choose 'error', 'nearest' or 'empty'")
        pairs = None if exclude is None else excluded(exclude, len(codes), self._n_items)
        if engine is not None:
            return self._search_by(engine, codes, weights, k, pairs, on_missing)
        engine, start = CHANGE_OVER.engine(self._value_type), time.perf_counter()
        result = self._search_by(engine, codes, weights, k, pairs, on_missing)
        if engine == "plain":
            CHANGE_OVER.spend(self._value_type, time.perf_counter() - start)
        return result

    def _search_by(
        self,
        engine: str,
        codes: np.ndarray,
        weights: np.ndarray,
        k: int,
        forbidden: Pairs | None,
        on_missing: str,
    ) -> SearchResult:
        """Search, and once more in the rare case that codes without a list are replaced."""
        search = self._plain.search if engine == "plain" else self._compiled_search().search
        if self._names is not None:
            search = partial(_search_few, search, self._names)
        positions, sums, missing = search(codes, weights, k, forbidden)
        if engine == "compiled":
            CHANGE_OVER.compiled(self._value_type)
        if missing.any():
            as_int32(codes)  # what no codebook can hold is an error, not a missing list
            if on_missing != "empty":
                codes = self._replaced(codes, on_missing)
                positions, sums, _ = search(codes, weights, k, forbidden)
        return SearchResult(positions, sums, missing, engine)

    def rows_of(self, codes: Any) -> Int[np.ndarray, "B Q"]:
        """Return the rows of the codes' lists, as PlainSearch does."""
        return self._plain.rows_of(codes)

    def _compiled_search(self) -> "CompiledSearch":
        """Return the compiled search of this index, made at its first use."""
        if self._compiled is None:
            from sparcode_mini.compiled.search import CompiledSearch

            self._compiled = CompiledSearch(self._codes, *self._lists, self._n_sums, self._scales)
        return self._compiled

    def _replaced(
        self, codes: Integer[np.ndarray, "B Q M"], on_missing: str
    ) -> Integer[np.ndarray, "B Q M"]:
        """Return the codes, those without a list replaced by the nearest that have one."""
        missing = self.rows_of(codes) < 0  # (B, Q)
        lost = codes[missing]  # (n, M)
        if on_missing == "error":
            raise KeyError(
                f"code {tuple(lost[0].tolist())} has no list ({len(lost)} such in this search); "
                'build with codes="all" or the codes you will need, '
                'or search with on_missing="nearest" or "empty"'
            )
        replaced = codes.copy()  # (B, Q, M)
        replaced[missing] = nearest_listed(lost, self._codes, self._codebooks)
        return replaced

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the compiled search: the reader of a pickled index may have no numba."""
        return {**self.__dict__, "_compiled": None}


def _search_few(
    search: Callable[..., Sums],
    names: Int[np.ndarray, " U"],
    codes: Int[np.ndarray, "B Q M"],
    weights: Float[np.ndarray, "B Q"],
    k: int,
    forbidden: Pairs | None,
) -> Sums:
    """Search among the items in `names` only, which have all entries: fewer sums, less memory.

    Their order is that of the positions, so equal sums keep their order, too.
    """
    if forbidden is not None:
        queries, positions = forbidden
        places = np.searchsorted(names, positions).clip(max=len(names) - 1)  # (pairs,)
        known = names[places] == positions
        forbidden = queries[known], places[known]
    places, sums, missing = search(codes, weights, min(k, len(names)), forbidden)
    positions = np.where(places >= 0, names[places], -1)  # (B, min(k, U))
    rest = ((0, 0), (0, k - places.shape[1]))
    return np.pad(positions, rest, constant_values=-1), np.pad(sums, rest), missing
