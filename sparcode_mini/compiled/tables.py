"""The sums of `codebook_tables`, compiled by numba: each hidden unit is read only once.

The plain way writes the first layer of all codes to memory, then the ReLU, and then reads it for
the last layer; here a unit passes all three while it is in the registers. Codes come in
lexicographic order, so most neighbours differ in their last codebook only: the sum of the other
codebooks is kept.

Symbols: M >= 2 codebooks of N codewords, I items, h hidden units, n codes.
"""

from typing import no_type_check

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor, from_numpy

from sparcode_mini.compiled.jit import fused


def scores(
    codes: Int[Tensor, "n M"],
    linear: Float[Tensor, "M N I"],
    hidden: Float[Tensor, "M N h I"],
    weights: Float[Tensor, " h"],
) -> Float[Tensor, "n I"]:
    """Return S of each code; arguments as `CodebookTables`."""
    S = np.empty((len(codes), linear.shape[2]), dtype=linear.numpy().dtype)
    tables = (x.detach().contiguous().numpy() for x in (linear, hidden, weights))
    _add_up(codes.contiguous().numpy(), *tables, S)
    return from_numpy(S)


@fused
@no_type_check
def _add_up(codes, linear, hidden, weights, S):
    """Fill S[r] = sum_m linear[m, k_m] + sum over units of weight * ReLU(sum_m hidden[m, k_m])."""
    n, M = codes.shape
    h, items = hidden.shape[2:]
    head, units = np.empty_like(linear[0, 0]), np.empty_like(hidden[0, 0])  # (I,), (h, I)
    zero = linear.dtype.type(0)
    for r in range(n):
        if r == 0 or (codes[r, : M - 1] != codes[r - 1, : M - 1]).any():
            head[:], units[:] = linear[0, codes[r, 0]], hidden[0, codes[r, 0]]
            for m in range(1, M - 1):
                head += linear[m, codes[r, m]]
                units += hidden[m, codes[r, m]]
        S_r, last = S[r], hidden[M - 1, codes[r, M - 1]]  # (I,), (h, I)
        S_r[:] = head + linear[M - 1, codes[r, M - 1]]
        for k in range(h):
            weight, unit, other = weights[k], units[k], last[k]
            for c in range(items):
                S_r[c] += weight * max(unit[c] + other[c], zero)
