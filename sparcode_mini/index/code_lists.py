"""The stored part of an index: one posting list per code, in compressed rows.

Nothing here knows the model; `index.SparseIndex` adds how lists are made and searched.

Symbols: C lists (codes), M codebooks, I items.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sparcode_mini.index import lists as posting
from sparcode_mini.tools.files import load_tensors, save_tensors

KIND, VERSION = "sparcode-mini index", 2
Index = TypeVar("Index", bound="CodeLists")  # the kind of index that a method was called on


class CodeLists:
    """Posting lists in compressed rows, and whose they are: code -> [(item, score)].

    Args:
        codes: (C, M) int, the code of each list, all different.
        offsets: (C + 1,) int64; list r is entries offsets[r] .. offsets[r + 1].
        items: (entries,) int32 item positions; in a list the largest value comes first.
        values: (entries,) float, all > 0.
        n_items: I.
        codebooks: (M, N, d) or None; only needed for search(..., on_missing="nearest").
        scales: (C,) or None; list r then stands for values * scales[r] (8-bit values).
    """

    def __init__(
        self,
        codes: np.ndarray,
        offsets: np.ndarray,
        items: np.ndarray,
        values: np.ndarray,
        n_items: int,
        codebooks: np.ndarray | None = None,
        scales: np.ndarray | None = None,
    ) -> None:
        self.codes = as_int32(codes)
        self.offsets = np.asarray(offsets, dtype=np.int64)
        self.items, self.values = np.asarray(items, dtype=np.int32), np.asarray(values)
        self.n_items, self.codebooks, self.scales = int(n_items), codebooks, scales
        self._check()
        # Keys are the bytes of a code: an integer key would need N^M < 2^63.
        self._row = {code.tobytes(): row for row, code in enumerate(self.codes)}
        if len(self._row) != len(self.codes):
            raise ValueError(f"{len(self.codes) - len(self._row)} codes have two lists; merge them")

    def _check(self) -> None:
        if self.codes.ndim != 2 or len(self.offsets) != len(self.codes) + 1:
            raise ValueError(
                f"codes have shape {self.codes.shape} and offsets {self.offsets.shape}; "
                "they must be (C, M) and (C + 1,)"
            )
        if self.offsets[0] != 0 or (np.diff(self.offsets) < 0).any():
            raise ValueError("offsets must start at 0 and never fall")
        if not self.offsets[-1] == len(self.items) == len(self.values):
            raise ValueError(
                f"offsets end at {self.offsets[-1]}, with {len(self.items)} items and "
                f"{len(self.values)} values; the three must agree"
            )
        if len(self.items) and not 0 <= self.items.min() <= self.items.max() < self.n_items:
            raise ValueError(
                f"items span {self.items.min()}..{self.items.max()}; n_items = {self.n_items}"
            )
        if not (np.isfinite(self.values) & (self.values > 0)).all():
            raise ValueError("every value of a list must be a finite number > 0")
        if self.scales is not None and self.scales.shape != (len(self.codes),):
            raise ValueError(f"scales have shape {self.scales.shape}; give one per list")

    # --- made from scores -------------------------------------------------------------------

    @classmethod
    def from_scores(
        cls: type[Index],
        codes: np.ndarray,
        scores: Iterable[np.ndarray],
        n_items: int,
        codebooks: np.ndarray | None = None,
    ) -> Index:
        """Make lists of the positive entries of A: one row of scores (I,) for each code (C, M)."""
        return cls(codes, *posting.from_rows(scores), n_items, codebooks)

    @classmethod
    def from_csr(cls: type[Index], matrix: Any) -> Index:
        """Take a scipy.sparse CSR matrix (codes x items) as an index with M = 1: row r is code r.

        Raises:
            ValueError: negative or non-finite entries. Stored zeros are dropped.
        """
        matrix = matrix.tocsr(copy=True)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        order = np.lexsort((matrix.indices, -matrix.data, rows))  # by list, then largest first
        codes = np.arange(matrix.shape[0])[:, None]  # (C, 1)
        return cls(codes, matrix.indptr, matrix.indices[order], matrix.data[order], matrix.shape[1])

    # --- other lists ------------------------------------------------------------------------

    @property
    def lists(self) -> posting.Lists:
        """The lists as arrays, values as they are stored."""
        return posting.Lists(self.offsets, self.items, self.values)

    def with_lists(
        self: Index,
        changed: posting.Lists,
        scales: np.ndarray | None = None,
        n_items: int | None = None,
    ) -> Index:
        """Return an index for the same codes with other lists."""
        count = self.n_items if n_items is None else n_items
        return type(self)(self.codes, *changed, count, self.codebooks, scales)

    def with_values(self: Index, values: np.ndarray) -> Index:
        """Return an index with other values (entries,); those that are not > 0 are dropped."""
        return self.with_lists(self.lists.with_values(values))

    def cut(
        self: Index, best: int | None = None, threshold: int | float = 0.0, bias: int | float = 0.0
    ) -> Index:
        """Return an index with shorter lists; arguments and errors as `posting.cut`."""
        self._check_floats("cut")
        return self.with_lists(posting.cut(self.lists, best, threshold, bias))

    def quantised(self: Index, precision: str) -> Index:
        """Return an index with values in "float32", "float16" or "int8"; see `posting.quantise`."""
        self._check_floats("quantise")
        return self.with_lists(*posting.quantise(self.lists, precision))

    def add_item(self: Index, item: int, scores: np.ndarray) -> Index:
        """Return an index that also offers an item; no other score is computed again.

        Args:
            item: its position: one in the catalogue that stands in no list, or I, which makes the
                catalogue larger by one.
            scores: (C,) its score A[code, item] for each list, as `model.code_scores` gives it.

        Raises:
            ValueError: a position outside 0..I, an item that has entries already, scores of
                another length or not finite, or 8-bit values.
        """
        self._check_floats("update")
        scores = np.asarray(scores)
        if not 0 <= item <= self.n_items:
            raise ValueError(f"item = {item}; give 0 to {self.n_items} (the next free position)")
        if scores.shape != (len(self.codes),) or not np.isfinite(scores).all():
            raise ValueError(
                f"scores have shape {scores.shape}; give one finite number for each of the "
                f"{len(self.codes)} lists, in the order of index.codes"
            )
        if (self.items == item).any():
            raise ValueError(f"item {item} has entries already; withdraw it first")
        count = max(self.n_items, item + 1)
        return self.with_lists(posting.insert(self.lists, item, scores), n_items=count)

    def withdraw(self: Index, item: int) -> Index:
        """Return an index that no longer offers an item; all others keep their positions.

        Raises:
            ValueError: a position outside the catalogue.
        """
        if not 0 <= item < self.n_items:
            raise ValueError(f"item = {item}; give 0 to {self.n_items - 1}")
        return self.with_lists(posting.remove(self.lists, item), self.scales)

    def _check_floats(self, what: str) -> None:
        if self.scales is not None:
            raise ValueError(
                f"this index holds 8-bit values, each list with its own scale; {what} the index "
                "with float values, then call quantised again"
            )

    # --- looking at it ----------------------------------------------------------------------

    def __len__(self) -> int:
        """Number of lists."""
        return len(self.codes)

    def posting_list(self, code: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Item positions and scores of one code, largest first."""
        row = self._row.get(as_int32(np.asarray(code)).tobytes())
        if row is None:
            raise KeyError(f"code {tuple(code)} has no list in this index")
        span = slice(self.offsets[row], self.offsets[row + 1])
        if self.scales is None:
            return self.items[span], self.values[span]
        return self.items[span], self.values[span] * np.float64(self.scales[row])

    def stats(self) -> dict[str, int | float]:
        """Sizes: lists, entries, density (share of code-item pairs kept), longest and empty lists.

        "entry_bytes" counts what is stored (int32 position + value); "entry_bytes_fp16" the same
        with 2-byte values, 6 bytes an entry. Codes, offsets and codebooks come on top:
        "other_bytes".
        """
        lengths = np.diff(self.offsets)
        other = self.codes.nbytes + self.offsets.nbytes
        if self.codebooks is not None:
            other += self.codebooks.nbytes
        if self.scales is not None:
            other += self.scales.nbytes
        return {
            "lists": len(self.codes),
            "entries": len(self.items),
            "density": len(self.items) / max(len(self.codes) * self.n_items, 1),
            "longest": int(lengths.max(initial=0)),
            "empty": int((lengths == 0).sum()),
            "entry_bytes": len(self.items) * (4 + self.values.itemsize),
            "entry_bytes_fp16": len(self.items) * 6,
            "other_bytes": other,
        }

    # --- files ----------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write the index to one safetensors file, atomically, with version and checksum."""
        tensors: dict[str, Any] = {
            "codes": self.codes,
            "offsets": self.offsets,
            "items": self.items,
            "values": self.values,
        }
        if self.codebooks is not None:
            tensors["codebooks"] = self.codebooks
        if self.scales is not None:
            tensors["scales"] = self.scales
        version = 1 if self.scales is None else VERSION  # older programs read the first layout
        save_tensors(path, tensors, {"n_items": self.n_items}, kind=KIND, version=version)

    @classmethod
    def load(cls: type[Index], path: str | Path) -> Index:
        """Read an index written by `save`.

        Raises:
            ValueError: a foreign, truncated, damaged or newer file.
        """
        tensors, meta = load_tensors(path, kind=KIND, version=VERSION)
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        return cls(**arrays, n_items=meta["n_items"])


def as_int32(codes: np.ndarray) -> np.ndarray:
    """Contiguous int32, for keys. A larger number would silently become another code."""
    codes = np.asarray(codes)
    if codes.size and not 0 <= codes.min() <= codes.max() < 2**31:
        raise ValueError(f"codes span {codes.min()}..{codes.max()}; indices of codewords are >= 0")
    return np.ascontiguousarray(codes, dtype=np.int32)
