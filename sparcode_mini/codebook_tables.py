"""Scoring many codes at once: what each codeword adds to the first layer, computed once.

A token is a sum of its codewords, each put in its place and zero elsewhere: T~ = sum_m C^(m)[k_m].
The first layer of a scorer is linear in the token, so it is a sum over the codebooks too:

    pre(code, c) = sum_m table_m[k_m, c] + constant(c)

There are N^M codes and only M N rows in the tables. (The ReLU that follows is applied to the sum,
so nothing after the first layer can be prepared.)

Symbols: M codebooks of N codewords, I items, h hidden units, n codes.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

MOST_NUMBERS = 2**27  # in all tables, 512 MB of float32; larger ones are not made


class CodebookTables(NamedTuple):
    """One scorer, split over the codebooks.

    An axis of length 1 stands for all items (a part that doesn't depend on the item).
    """

    linear: Float[Tensor, "M N items"]  # what each codeword adds to S directly
    hidden: Float[Tensor, "h M N items"]  # what it adds to each hidden unit before the ReLU
    constant: Float[Tensor, "h items"]  # of each hidden unit
    item_bias: Float[Tensor, " I"]
    weights: Float[Tensor, " h"]  # of the hidden units in S

    def scores(self, codes: Int[Tensor, "n M"]) -> Float[Tensor, "n I"]:
        """S of each code, unit by unit: (n, I) numbers at a time stay in the caches."""
        S = self.item_bias + _added(self.linear, codes)  # (n, I)
        weights = self.weights.tolist()
        for table, constant, weight in zip(self.hidden, self.constant, weights, strict=True):
            pre = _added(table, codes) + constant  # (n, I)
            S.add_(pre.relu_(), alpha=weight)
        return S


def _added(table: Float[Tensor, "M N items"], codes: Int[Tensor, "n M"]) -> Tensor:
    """Rows of each codebook's table, added up: (n, items)."""
    total = table[0].index_select(0, codes[:, 0])
    for m in range(1, len(table)):
        total += table[m].index_select(0, codes[:, m])
    return total


def pays(n_codes: int, M: int, N: int, n_items: int, hidden: int) -> bool:
    """Are tables less work than scoring each code, and small enough to be held?"""
    return M > 1 and n_codes > M * N and M * N * n_items * (hidden + 1) <= MOST_NUMBERS


def spread(parts: int, codebooks: Float[Tensor, "M N d"]) -> Float[Tensor, "M N D_T"]:
    """Codewords in their place in a token, zero elsewhere, so that a token is their sum.

    Args:
        parts: into how many parts the quantiser cuts a token (1: codewords have its full width).
        codebooks: of the quantiser.
    """
    if parts == 1:
        return codebooks
    M, N, d = codebooks.shape
    wide = codebooks.new_zeros((M, N, M, d))
    wide[torch.arange(M), :, torch.arange(M)] = codebooks
    return wide.flatten(2)  # (M, N, D_T)
