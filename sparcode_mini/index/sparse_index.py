"""The sparse inverted index: code -> [(item, score)].

Offline, every code is scored against every item, and the positive scores are kept. Online, a query
reads the lists of its codes, adds the scores per item and takes the k largest sums. This is exact:
an entry that the ReLU cut would have added 0.

Symbols: C lists (codes), M codebooks, I items, B queries, K_u tokens, R probes.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini.index import lists as posting
from sparcode_mini.index.build import codebooks_of, codes_to_build, lists_of
from sparcode_mini.index.checks import Parts, checked, require_floats
from sparcode_mini.index.engine import Engines
from sparcode_mini.index.lists import Lists
from sparcode_mini.index.origin import as_origin, fingerprint
from sparcode_mini.index.search import CodesLike, SearchResult, as_arrays
from sparcode_mini.index.stored import read_index, write_index
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.tools.checks import MOST, count, finite, integers
from sparcode_mini.tools.opening import naming


class SparseIndex:
    """One list per code, filled by a model; it answers the model's queries.

    Args:
        codes: (C, M) int, the code of each list, all different.
        offsets: (C + 1,) int64; list r is entries offsets[r] .. offsets[r + 1].
        items: (entries,) item positions, each at most once in a list, where the largest value comes
            first.
        values: (entries,) float, all > 0; integers and bools become float64.
        n_items: I.
        codebooks: (M, N, d) or None; only needed for search(..., on_missing="nearest").
        scales: (C,) or None; list r then stands for values * scales[r] (8-bit values).
        made_from: fingerprint of the model that filled it, None if none did; see `origin`.

    Raises:
        ValueError: parts that don't fit together, of another type, or outside their range.
    """

    def __init__(
        self,
        codes: Any,
        offsets: Any,
        items: Any,
        values: Any,
        n_items: int,
        codebooks: Any = None,
        scales: Any = None,
        made_from: str | None = None,
    ) -> None:
        parts = {"codes": codes, "offsets": offsets, "items": items, "values": values}
        parts |= {"codebooks": codebooks, "scales": scales}
        self._take(checked(parts, n_items), as_origin(made_from))

    def _take(self, parts: Parts, made_from: str | None) -> None:
        self.codes, (self.offsets, self.items, self.values), self.n_items = parts[:3]
        self.codebooks, self.scales, self.made_from = parts.codebooks, parts.scales, made_from
        self._engines = Engines(*parts)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to replace a part of an index: searches would go on with the old one."""
        if name in self.__dict__:
            raise AttributeError(f"an index keeps its {name}; make another one: with_values(...)")
        super().__setattr__(name, value)

    # --- offline: making an index -----------------------------------------------------------

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
            codes: "seen" (codes of the users of the model's split), "all" (N^M lists), an array
                (C, M), or Codes.
            best: keep only the n largest entries of each list (an approximation); None keeps all.
            probes: for "seen": nearest codes read per token; None as the model was trained.
            items: positions of the items on offer; None for the whole catalogue.
            engine: "plain" torch, or "compiled" (needs numba): how the tables of M > 1 codebooks
                are added up, see `codebook_tables`.

        Raises:
            ValueError: too many codes for "all", best < 1, codes outside the codebooks, or an
                engine that is unknown or has nothing to add up.
            ImportError: engine "compiled" without numba.
            RuntimeError: training was interrupted before the quantiser was fully on.
        """
        if not isinstance(model, SparCode):
            raise ValueError(f"a {type(model).__name__} has no codes; build from a SparCode")
        model.check_ready()
        table = codes_to_build(model, codes, probes)  # (C, M)
        lists = lists_of(model, table, best, items, engine)
        books = codebooks_of(model)
        return cls(table.numpy(), *lists, model.n_items, books, made_from=fingerprint(model))

    @classmethod
    def from_scores(
        cls,
        codes: Any,
        scores: Iterable[Any],
        n_items: int,
        codebooks: Any = None,
    ) -> "SparseIndex":
        """Make lists of the positive entries of A: one row of scores (I,) for each code (C, M).

        Raises:
            ValueError: a row that does not have I finite numbers, or as for an index by hand.
        """
        n_items = count(n_items, "n_items")
        return cls(codes, *posting.from_rows(scores, n_items), n_items, codebooks)

    @classmethod
    def from_csr(cls, matrix: Any) -> "SparseIndex":
        """Make an index with M = 1 of a scipy.sparse CSR matrix (codes x items): row r is code r.

        Integers and bools become float64; stored zeros are dropped.

        Raises:
            ValueError: entries that are negative, not finite or no real numbers, or no such matrix.
        """
        lists = posting.from_csr(matrix)
        return cls(np.arange(len(lists.offsets) - 1)[:, None], *lists, matrix.shape[1])

    # --- online -----------------------------------------------------------------------------

    def search(
        self,
        codes: CodesLike,
        k: int = 50,
        exclude: Sequence[Any] | None = None,
        on_missing: str = "error",
        engine: str | None = None,
    ) -> SearchResult:
        """Read the lists of each query's codes, add the scores per item, take the k largest.

        Args:
            codes: Codes of a model, or an array (B, K_u, M); a code that occurs twice counts twice.
            k: results per query.
            exclude: item positions that a query must not get, one flat array per query (-1 pads).
            on_missing: for a code without a list: "error", "empty" (it adds nothing) or "nearest"
                (read the list of the nearest code that has one).
            engine: "plain" (numpy) or "compiled" (numba, faster, same bits). None begins plain and
                changes to compiled when that pays (`engine.ChangeOver`).

        Returns:
            (positions (B, k) int64, values (B, k) float64), largest value first, equal ones by
            position, padded with -1 and 0 where fewer than k are positive. Attributes: `missing`
            (B,), codes without a list, and `engine`, which answered.

        Raises:
            ValueError: k outside 1..I, codes of another shape or type, or `exclude` that has not
                one array of positions for each query.
            KeyError: a code without a list, if on_missing is "error".
            ImportError: "compiled" without numba.
        """
        keys, weights = self.as_arrays(codes)  # (B, Q, M), (B, Q)
        return self._engines.search(keys, weights, k, exclude, on_missing, engine)

    def as_arrays(self, codes: CodesLike) -> tuple[np.ndarray, np.ndarray]:
        """Return codes as (B, Q, M) integers and weights (B, Q) float64, where Q = K_u * R."""
        return as_arrays(codes, self.codes.shape[1])

    def rows_of(self, keys: Any) -> np.ndarray:
        """Return the row of each code's list, (B, Q) int64 for codes (B, Q, M); -1 for none."""
        return self._engines.rows_of(self.as_arrays(keys)[0])

    # --- an index with other lists ----------------------------------------------------------

    @property
    def lists(self) -> Lists:
        """Return the lists as arrays, values as they are stored."""
        return Lists(self.offsets, self.items, self.values)

    def _with_lists(
        self, lists: Lists, scales: np.ndarray | None = None, n_items: int | None = None
    ) -> "SparseIndex":
        """Return an index for the same codes with other lists, made of those that were checked."""
        n_items, index = n_items or self.n_items, type(self).__new__(type(self))
        known = self.made_from if n_items == self.n_items else None  # no model has a new item
        index._take(Parts(self.codes, lists, n_items, self.codebooks, scales), known)
        return index

    def with_values(self, values: Any) -> "SparseIndex":
        """Return an index with other values (entries,); those that are not > 0 are dropped.

        Raises:
            ValueError: another number of values, values that are not finite, or 8-bit values.
        """
        require_floats(self.scales, "change the values of")
        values = finite(values, "values")
        if values.shape != self.values.shape:
            raise ValueError(
                f"values have shape {values.shape}; give {self.values.shape}, one each"
            )
        return self._with_lists(self.lists.with_values(values))

    def cut(
        self, best: int | None = None, threshold: float = 0.0, bias: float = 0.0
    ) -> "SparseIndex":
        """Return an index with shorter lists; arguments and errors as `lists.cut`."""
        require_floats(self.scales, "cut")
        return self._with_lists(posting.cut(self.lists, best, threshold, bias))

    def quantised(self, precision: str) -> "SparseIndex":
        """Return an index with values in "float32", "float16" or "int8"; see `lists.rounded`."""
        require_floats(self.scales, "quantise")
        return self._with_lists(*posting.rounded(self.lists, precision))

    def add_item(self, item: int, scores: Any) -> "SparseIndex":
        """Return an index that also offers an item; no other score is computed again.

        Args:
            item: position of an item that is in no list, or I: the catalogue then grows by one.
            scores: (C,) its score A[code, item] for each list, as `model.code_scores` gives it.

        Raises:
            ValueError: a position outside 0..I, an item that has entries already, scores of
                another length or not finite, or 8-bit values.
        """
        require_floats(self.scales, "update")
        item = count(item, "item", 0, min(self.n_items, MOST - 1))  # n_items: the next free one
        lists = posting.insert(self.lists, item, scores)
        return self._with_lists(lists, n_items=max(self.n_items, item + 1))

    def withdraw(self, item: int) -> "SparseIndex":
        """Return an index that no longer offers an item; all others keep their positions.

        Raises:
            ValueError: a position outside the catalogue.
        """
        item = count(item, "item", 0, self.n_items - 1)
        return self._with_lists(posting.remove(self.lists, item), self.scales)

    # --- looking at it ----------------------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of lists."""
        return len(self.codes)

    def posting_list(self, code: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return item positions and scores of one code, largest first.

        Raises:
            ValueError: not the M integers of a code.
            KeyError: the code has no list.
        """
        key = integers(code, "code")  # (M,)
        if key.shape != self.codes.shape[1:]:
            raise ValueError(f"code has shape {key.shape}; give {self.codes.shape[1:]}, M integers")
        row = int(self.rows_of(key[None, None])[0, 0])
        if row < 0:
            raise KeyError(f"code {tuple(key.tolist())} has no list in this index")
        span = slice(self.offsets[row], self.offsets[row + 1])
        if self.scales is None:
            return self.items[span], self.values[span]
        return self.items[span], self.values[span] * np.float64(self.scales[row])

    def stats(self) -> dict[str, float]:
        """Return sizes: lists, entries, density (share of code-item pairs kept), longest, empty.

        "entry_bytes" counts what is stored (int32 position + value); "entry_bytes_fp16" the same
        with 2-byte values, 6 bytes an entry. "other_bytes" are codes, offsets and codebooks.
        """
        others = (self.codes, self.offsets, self.codebooks, self.scales)
        total = sum(array.nbytes for array in others if array is not None)
        return {**posting.sizes(self.lists, self.n_items), "other_bytes": total}

    # --- files ------------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write the index to one safetensors file, atomically, with version and checksum."""
        names = ("codes", "offsets", "items", "values", "codebooks", "scales")
        write_index(path, {n: getattr(self, n) for n in names}, self.n_items, self.made_from)

    @classmethod
    def load(cls, path: str | Path) -> "SparseIndex":
        """Read an index written by `save`.

        Raises:
            ValueError: a foreign, damaged or newer file, or lists that no index can have.
        """
        parts = read_index(path)
        with naming(path):
            return cls(**parts)
