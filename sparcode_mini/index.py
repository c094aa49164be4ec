"""The sparse inverted index: code -> [(item, score)].

Offline, every code is scored against every item and the positive scores are kept. Online, a query
reads the lists of its codes, adds the scores per item and takes the k largest sums. Nothing is
approximated: an entry that the ReLU cut would have added 0.

Symbols: C lists (codes), M codebooks, I items, B queries, K_u tokens, R probes.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sparcode_mini.files import load_tensors, save_tensors
from sparcode_mini.matching import MatchingModel
from sparcode_mini.metrics import top_k
from sparcode_mini.models import Codes, SparCode
from sparcode_mini.progress import progress
from sparcode_mini.quantizer import distinct_codes
from sparcode_mini.storage import ENTRY_BYTES

KIND, VERSION = "sparcode-mini index", 1
MOST_CODES = 2**20  # "all" refuses more lists than this
CODES_AT_ONCE, QUERIES_AT_ONCE = 128, 256
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


class SparseIndex:
    """Posting lists in compressed rows.

    Args:
        codes: (C, M) int, the code of each list, all different.
        offsets: (C + 1,) int64; list r is entries offsets[r] .. offsets[r + 1].
        items: (entries,) int32 item positions; in a list the largest value comes first.
        values: (entries,) float, all > 0.
        n_items: I.
        codebooks: (M, N, d) or None; only needed for search(..., on_missing="nearest").
    """

    def __init__(
        self,
        codes: np.ndarray,
        offsets: np.ndarray,
        items: np.ndarray,
        values: np.ndarray,
        n_items: int,
        codebooks: np.ndarray | None = None,
    ) -> None:
        self.codes = _as_int32(codes)
        self.offsets = np.asarray(offsets, dtype=np.int64)
        self.items, self.values = np.asarray(items, dtype=np.int32), np.asarray(values)
        self.n_items, self.codebooks = int(n_items), codebooks
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

    # --- offline --------------------------------------------------------------------------

    @classmethod
    def build(
        cls,
        model: MatchingModel,
        codes: str | CodesLike = "seen",
        best: int | None = None,
        probes: int = 1,
    ) -> "SparseIndex":
        """Score codes against all items and keep what is positive.

        Args:
            model: a trained SparCode.
            codes: "seen" (codes that the users of the model's split have, with history "train" or
                "train+validation"), "all" (N^M lists), an array (C, M), or Codes.
            best: keep only the n largest entries of each list (an approximation); None keeps all.
            probes: for "seen": how many nearest codes per token are meant to be read.

        Raises:
            ValueError: too many codes for "all", best < 1, codes outside the codebooks.
            RuntimeError: training was interrupted before the quantiser was on in full.
        """
        if not isinstance(model, SparCode):
            raise ValueError(f"a {type(model).__name__} has no codes; build from a SparCode")
        model.check_ready()
        if best is not None and best < 1:
            raise ValueError(f"best = {best}; keep at least 1 entry per list, or None for all")
        table = _codes_to_build(model, codes, probes)  # (C, M)
        lengths, items, values = [], [], []
        with torch.no_grad():
            model.eval()
            T_c = model.items()  # (I, K_c, D_T)
            blocks = table.split(CODES_AT_ONCE)
            for block in progress(blocks, desc="build index") if len(blocks) > 8 else blocks:
                for row in model.code_scores(block, T_c).numpy():  # (I,)
                    order = _largest_first(row, best)
                    lengths.append(len(order))
                    items.append(order.astype(np.int32))
                    values.append(row[order])
        offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        # `_vectors` concatenates codewords, so codebooks that are added up are not kept.
        product = model.quantizer.parts == model.quantizer.M
        books = model.quantizer.codebooks.detach().numpy().copy() if product else None
        return cls(
            table.numpy(),
            offsets,
            np.concatenate(items),
            np.concatenate(values),
            model.n_items,
            books,
        )

    @classmethod
    def from_csr(cls, matrix: Any) -> "SparseIndex":
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

    # --- online ---------------------------------------------------------------------------

    def search(
        self,
        codes: CodesLike,
        k: int = 50,
        exclude: Sequence[np.ndarray] | None = None,
        on_missing: str = "error",
    ) -> SearchResult:
        """Read the lists of each query's codes, add the scores per item, take the k largest.

        Args:
            codes: Codes of a model, or an array (B, K_u, M); a code that occurs twice counts twice.
            k: results per query.
            exclude: item positions that a query must not get, one array per query.
            on_missing: what to do with a code that has no list: "error", "empty" (it adds
                nothing) or "nearest" (read the list of the nearest code that has one).

        Returns:
            (positions (B, k) int64, values (B, k) float64), largest value first, equal values by
            position. Fewer than k items with a positive score: padded with position -1, value 0.
            Its attribute `missing` (B,) counts the codes without a list.

        Raises:
            ValueError: k outside 1..I, or a shape that is not one of codes.
            KeyError: a code without a list, if on_missing is "error".
        """
        if not 1 <= k <= self.n_items:
            raise ValueError(f"k = {k}; ask for 1 to {self.n_items} items")
        if on_missing not in ON_MISSING:
            raise ValueError(f"on_missing = {on_missing!r}; choose 'error', 'nearest' or 'empty'")
        keys, weights = self._as_arrays(codes)  # (B, Q, M), (B, Q)
        if exclude is not None and len(exclude) != len(keys):
            raise ValueError(f"exclude has {len(exclude)} lists for {len(keys)} queries")
        rows = self._rows(keys)  # (B, Q), -1 where there is no list
        missing = (rows < 0).sum(axis=1)  # (B,)
        if missing.any():
            rows = self._replace_missing(rows, keys, on_missing)
        positions = np.empty((len(rows), k), dtype=np.int64)
        values = np.empty((len(rows), k))
        for start in range(0, len(rows), QUERIES_AT_ONCE):
            part = slice(start, start + QUERIES_AT_ONCE)
            y = np.stack(
                [self._add_lists(r, w) for r, w in zip(rows[part], weights[part], strict=True)]
            )
            out = None if exclude is None else exclude[part]
            positions[part], values[part] = top_k(y, k, out, positive_only=True)
        return SearchResult(positions, values, missing)

    def _add_lists(self, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Sum the lists of one query: y (I,) float64."""
        spans = [slice(self.offsets[r], self.offsets[r + 1]) for r in rows if r >= 0]
        if not spans:
            return np.zeros(self.n_items)
        items = np.concatenate([self.items[span] for span in spans])
        weighted = [
            w * self.values[span].astype(np.float64)
            for w, span in zip(weights[rows >= 0], spans, strict=True)
        ]
        return np.bincount(items, np.concatenate(weighted), minlength=self.n_items)

    def _as_arrays(self, codes: CodesLike) -> tuple[np.ndarray, np.ndarray]:
        """Codes as (B, Q, M) int32 and weights (B, Q) float64, where Q = K_u * R."""
        if isinstance(codes, Codes):
            keys, weights = codes.codes.numpy(), codes.weights.numpy()
            B, K_u, R, M = keys.shape
            keys, weights = keys.reshape(B, K_u * R, M), weights.reshape(B, K_u * R)
        else:
            keys = np.asarray(codes)
            if keys.ndim != 3 or not np.issubdtype(keys.dtype, np.integer):
                raise ValueError(
                    f"codes have shape {keys.shape} and type {keys.dtype}; "
                    "give integers (B, K_u, M)"
                )
            weights = np.ones(keys.shape[:2])
        if keys.shape[-1] != self.codes.shape[1]:
            raise ValueError(
                f"codes have M = {keys.shape[-1]}, the index M = {self.codes.shape[1]}"
            )
        return _as_int32(keys), weights.astype(np.float64)

    def _rows(self, keys: np.ndarray) -> np.ndarray:
        flat = [self._row.get(key.tobytes(), -1) for key in keys.reshape(-1, keys.shape[-1])]
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

    # --- looking at it ----------------------------------------------------------------------

    def __len__(self) -> int:
        """Number of lists."""
        return len(self.codes)

    def posting_list(self, code: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Item positions and scores of one code, largest first."""
        row = self._row.get(_as_int32(np.asarray(code)).tobytes())
        if row is None:
            raise KeyError(f"code {tuple(code)} has no list in this index")
        span = slice(self.offsets[row], self.offsets[row + 1])
        return self.items[span], self.values[span]

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
        return {
            "lists": len(self.codes),
            "entries": len(self.items),
            "density": len(self.items) / max(len(self.codes) * self.n_items, 1),
            "longest": int(lengths.max(initial=0)),
            "empty": int((lengths == 0).sum()),
            "entry_bytes": len(self.items) * (4 + self.values.itemsize),
            "entry_bytes_fp16": len(self.items) * ENTRY_BYTES,
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
        save_tensors(path, tensors, {"n_items": self.n_items}, kind=KIND, version=VERSION)

    @classmethod
    def load(cls, path: str | Path) -> "SparseIndex":
        """Read an index written by `save`.

        Raises:
            ValueError: a foreign, truncated, damaged or newer file.
        """
        tensors, meta = load_tensors(path, kind=KIND, version=VERSION)
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        return cls(**arrays, n_items=meta["n_items"])


def _as_int32(codes: np.ndarray) -> np.ndarray:
    """Contiguous int32, for keys. A larger number would silently become another code."""
    codes = np.asarray(codes)
    if codes.size and not 0 <= codes.min() <= codes.max() < 2**31:
        raise ValueError(f"codes span {codes.min()}..{codes.max()}; indices of codewords are >= 0")
    return np.ascontiguousarray(codes, dtype=np.int32)


def _codes_to_build(model: SparCode, codes: str | CodesLike, probes: int) -> Tensor:
    """Return the distinct codes (C, M) to make lists for, in lexicographic order."""
    M, N = model.quantizer.M, model.quantizer.N
    if isinstance(codes, str):
        if codes == "all":
            if N**M > MOST_CODES:
                raise ValueError(
                    f'codes="all" makes N^M = {N}^{M} = {N**M:,} lists (limit {MOST_CODES:,}); '
                    'use codes="seen" or pass the codes you need'
                )
            return torch.cartesian_prod(*[torch.arange(N)] * M).reshape(-1, M)  # (N^M, M)
        if codes != "seen":
            raise ValueError(f"codes = {codes!r}; choose 'seen', 'all' or an array (C, M)")
        return distinct_codes(torch.cat(list(_seen(model, probes))))[0]
    table = codes.codes.flatten(0, -2) if isinstance(codes, Codes) else torch.as_tensor(codes)
    if table.ndim != 2 or table.shape[1] != M or table.is_floating_point():
        raise ValueError(f"codes have shape {tuple(table.shape)}; give integers (C, M = {M})")
    if len(table) == 0:
        raise ValueError("no codes given; an index needs at least one list")
    if int(table.min()) < 0 or int(table.max()) >= N:
        raise ValueError(f"codes span {int(table.min())}..{int(table.max())}; N = {N}")
    return distinct_codes(table.long())[0]


def _seen(model: SparCode, probes: int) -> Iterator[Tensor]:
    split = model.data
    for part in ("train", "train+validation"):
        known = [len(h) > 0 for h in split.histories(part)]
        codes = model.encode(split.user_ids[np.array(known)], part, probes).codes
        yield codes.reshape(-1, codes.shape[-1])  # (B * K_u * R, M)


def _largest_first(row: np.ndarray, best: int | None) -> np.ndarray:
    """Positions of the positive entries of a row, largest first, equal ones by position."""
    positive = np.flatnonzero(row > 0)
    order = positive[np.argsort(-row[positive], kind="stable")]
    return order[:best]
