"""Codes: what a quantised query is, and how the scores of its codes make those of items."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.tools.checks import MOST, integers


class Codes(NamedTuple):
    """Quantised queries: which lists to read, and with what weight; checked where they are used."""

    codes: Int[Tensor, "B K_u R M"]
    weights: Float[Tensor, "B K_u R"]


def as_codes(codes: Any, name: str, N: int = MOST + 1) -> Int[Tensor, "..."]:
    """Return codes as int64, whatever type of integers they come in.

    To torch an index of type bool or uint8 is a mask; so no code is used before it passed here.

    Args:
        codes: a tensor, an array or a list.
        name: of the codes, for the message.
        N: codewords; codes lie in 0 .. N - 1.

    Raises:
        ValueError: another type than integers, or a number outside 0 .. N - 1.
    """
    quick = isinstance(codes, Tensor) and codes.dtype == torch.int64
    if quick and (not codes.numel() or 0 <= int(codes.min()) <= int(codes.max()) < N):
        return codes
    wanted = "codes from {} to {}, the codewords that there are"
    return torch.from_numpy(integers(codes, name, 0, N - 1, wanted))


def distinct_codes(
    codes: Int[Tensor, "n M"],
) -> tuple[Int[Tensor, "U M"], Int[Tensor, " n"]]:
    """Return the distinct codes in lexicographic order, and which of them each code is.

    The same as codes.unique(dim=0, return_inverse=True), and several times as fast. Codebook by
    codebook, so that no key ever exceeds n * max(codes): N^M would overflow int64.
    """
    rank = torch.zeros(len(codes), dtype=torch.int64)  # (n,)
    for column in codes.unbind(dim=1):
        rank = rank * (int(codes.max()) + 1 if len(codes) else 1) + column
        _, rank = rank.unique(return_inverse=True)  # (n,) in 0..U-1
    first = torch.full((int(rank.max()) + 1 if len(rank) else 0,), len(codes), dtype=torch.int64)
    first.scatter_reduce_(0, rank, torch.arange(len(codes)), reduce="amin")  # (U,)
    return codes[first], rank


def sum_of_lists(
    codes: Int[Tensor, "B Q M"],
    weights: Float[Tensor, "B Q"],
    scores: Callable[[Tensor], Tensor],
) -> Float[Tensor, "B I"]:
    """Return y = sum over the codes of a query of weight * A[code]; equal codes are scored once.

    Args:
        codes: of each query, Q = K_u * R.
        weights: of the codes.
        scores: distinct codes (U, M) -> A (U, I).
    """
    distinct, row = distinct_codes(codes.flatten(0, 1))  # (U, M), (B * Q,)
    A = scores(distinct)  # (U, I)
    rows = row.reshape(codes.shape[:2])  # (B, Q)
    return spread_counts(weights.to(A.dtype), rows, len(A)) @ A  # (B, I)


def spread_counts(
    weights: Float[Tensor, "B Q"], row: Int[Tensor, "B Q"], lists: int
) -> Float[Tensor, "B lists"]:
    """Return n_u: how much of each list a query reads, the weights of equal rows added up.

    Args:
        weights: of each read.
        row: which of the lists it reads.
        lists: how many there are.
    """
    return torch.zeros(len(row), lists, dtype=weights.dtype).scatter_add(1, row, weights)
