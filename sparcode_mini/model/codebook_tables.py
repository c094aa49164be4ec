"""Scoring many codes at once: what each codeword adds to the first layer, computed once.

A token is a sum of its codewords, each put in its place and zero elsewhere: T~ = sum_m C^(m)[k_m].
The first layer of a scorer is linear in the token, so it is a sum over the codebooks too:

    pre(code, c) = sum_m table_m[k_m, c]        (a constant of the item goes into table 0)

There are N^M codes and only M N rows in the tables. (The ReLU that follows is applied to the sum,
so nothing after the first layer can be prepared.) Tables are made for a block of items at a time,
so that they stay in the caches while all codes are scored against it.

Symbols: M codebooks of N codewords, I items of a block, h hidden units, n codes.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

ENGINES = ("plain", "compiled")
CODES_AT_ONCE = 128
NUMBERS_AT_ONCE = 2**11  # of an item block: items x hidden units; with the codes 1 MB of float32
LEAST_ITEMS = 64  # of a block: shorter rows of a table are not worth the start of a loop


class CodebookTables(NamedTuple):
    """One scorer, split over the codebooks, for a block of items."""

    linear: Float[Tensor, "M N I"]  # what each codeword adds to S directly
    hidden: Float[Tensor, "M N h I"]  # what it adds to each hidden unit before the ReLU
    weights: Float[Tensor, " h"]  # of the hidden units in S

    def scores(self, codes: Int[Tensor, "n M"], engine: str = "plain") -> Float[Tensor, "n I"]:
        """Return S of each code.

        Args:
            codes: which row of each codebook's table.
            engine: "plain" torch, or "compiled" (numba): the same first layer bit for bit, and
                the hidden units added up in one pass, so S is equal up to rounding.

        Raises:
            ImportError: "compiled" without numba.
        """
        if engine == "compiled":
            from sparcode_mini.compiled.tables import scores

            return scores(codes, *self)
        return torch.cat([self._plain(part) for part in codes.split(CODES_AT_ONCE)])

    def _plain(self, codes: Int[Tensor, "n M"]) -> Float[Tensor, "n I"]:
        M, N, h, items = self.hidden.shape
        rows = codes + torch.arange(0, M * N, N)  # (n, M), rows of the flattened tables
        S = _added(self.linear.flatten(0, 1), rows)  # (n, I)
        if h == 0:
            return S
        pre = _added(self.hidden.view(M * N, h * items), rows)  # (n, h * I)
        units = pre.relu_().unflatten(1, (h, items))  # (n, h, I)
        return torch.baddbmm(S[:, None], self.weights.expand(len(S), 1, h), units)[:, 0]


def _added(table: Float[Tensor, "rows width"], rows: Int[Tensor, "n M"]) -> Tensor:
    """Add up M rows of the table for each code: (n, width), in one pass over the memory."""
    return F.embedding_bag(rows, table, mode="sum")


def check_engine(engine: str, tables: CodebookTables | None) -> None:
    """Refuse an engine that is unknown, or that would have nothing to do."""
    if engine not in ENGINES:
        raise ValueError(f"engine = {engine!r}; choose one of {ENGINES}")
    if engine == "compiled" and tables is None:
        raise ValueError(
            "engine = 'compiled' adds up tables of codewords, and there are none here (M = 1, no "
            "more codes than codewords, or a scorer whose first layer does not split); take "
            "engine='plain'"
        )


def items_at_once(hidden: int) -> int:
    """Return how many items make a block."""
    return max(NUMBERS_AT_ONCE // hidden, LEAST_ITEMS)


def pays(n_codes: int, M: int, N: int) -> bool:
    """Return whether tables are less work than scoring each code."""
    return M > 1 and n_codes > M * N


def meet(
    codebooks: Float[Tensor, "M N d"], X: Float[Tensor, "rows D_T"]
) -> Float[Tensor, "M N rows"]:
    """Return dot products of rows with codewords; each stands in its place in a token.

    Codewords of the full width D_T (codebooks that are added up) meet the whole row.
    """
    d = codebooks.shape[-1]
    return codebooks @ X.unflatten(1, (-1, d)).permute(1, 2, 0)  # (M, N, d) @ (M or 1, d, rows)
