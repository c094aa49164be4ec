"""The score of quantised tokens, by running the scorer once for each distinct code.

Tokens that share a code share a row of scores. `pooled_as_written` is the definition, each token by
itself; `pooled_by_code` gives the same values and gradients (up to rounding), quicker.

Symbols: B queries, K_u tokens, U distinct codes, I items, D_T width of a token.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.model.quantizer import straight_through
from sparcode_mini.model.scorer import Scorer, activate, sum_of_tokens


def pooled_as_written(
    scorer: Scorer,
    T: Float[Tensor, "B K_u D_T"],
    codewords: Float[Tensor, "U D_T"],
    row: Int[Tensor, "B K_u"],
    T_c: Float[Tensor, "I K_c D_T"],
    item_bias: Float[Tensor, " I"],
    bias: float,
    slope: float,
    gates: Float[Tensor, "B K_u"] | None = None,
    shift: Float[Tensor, " U"] | None = None,
) -> Float[Tensor, "B I"]:
    """Return y = sum_i g_i ReLU(S_i + b), where token i was quantised to `codewords[row[i]]`.

    Arguments as `pooled_by_code`; this is its definition.
    """
    Z = straight_through(T, codewords[row])  # (B, K_u, D_T)
    shifts = None if shift is None else shift[row]  # (B, K_u)
    return sum_of_tokens(scorer, Z, T_c, item_bias, bias, slope, gates, shifts)


class PooledByCode(torch.autograd.Function):
    """y = counts @ A with the exact straight-through gradient of every token.

    Tokens that share a code share their row of A, so the scorer runs once per distinct code. The
    gradient of token i is g_i * dL/dy[its query] @ dA/dZ[its code]: different for every token,
    although the row is shared.
    """

    @staticmethod
    def forward(
        ctx: Any,
        T: Tensor,
        A: Tensor,
        row: Tensor,
        jacobians: Callable[[], Iterator[Tensor]],
        gates: Tensor,
    ) -> Tensor:
        """Return y (B, I) of T (B, K_u, D_T), A (U, I), row and gates (B, K_u).

        jacobians() yields dA/dZ, code by code; only the backward pass needs it.
        """
        counts = A.new_zeros((len(row), len(A)))  # (B, U)
        counts.scatter_add_(1, row, gates)
        ctx.save_for_backward(counts, row, gates, A)
        ctx.jacobians, ctx.shape = jacobians, T.shape
        return counts @ A

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor, None, None, Tensor | None]:
        """Return the gradients for T, A and gates."""
        counts, row, gates, A = ctx.saved_tensors
        flat, codes = row.flatten(), counts.shape[1]  # (B * K_u,)
        sizes = torch.bincount(flat, minlength=codes).tolist()
        order = flat.argsort(stable=True)  # (B * K_u,), the tokens code by code
        tokens, queries = order.split(sizes), (order // row.shape[1]).split(sizes)
        dT = dy.new_empty((len(flat), ctx.shape[-1]))
        for J, t, q in zip(ctx.jacobians(), tokens, queries, strict=True):  # J (I, D_T)
            dT[t] = dy[q] @ J
        dT = dT.reshape(ctx.shape)
        if not ctx.needs_input_grad[4]:  # all gates are 1
            return dT, counts.T @ dy, None, None, None
        dg = (dy @ A.T).gather(1, row)  # (B, K_u)
        return dT * gates[..., None], counts.T @ dy, None, None, dg


def pooled_by_code(
    scorer: Scorer,
    T: Float[Tensor, "B K_u D_T"],
    codewords: Float[Tensor, "U D_T"],
    row: Int[Tensor, "B K_u"],
    T_c: Float[Tensor, "I K_c D_T"],
    item_bias: Float[Tensor, " I"],
    bias: float,
    slope: float,
    gates: Float[Tensor, "B K_u"] | None = None,
    shift: Float[Tensor, " U"] | None = None,
) -> Float[Tensor, "B I"]:
    """Return y = sum_i g_i ReLU(S_i + b), where token i was quantised to `codewords[row[i]]`.

    Equal, value and gradient, to `pooled_as_written`.

    Args:
        scorer: gives S.
        T: tokens, which receive the straight-through gradient.
        codewords: one row per distinct code.
        row: which distinct code each token has.
        T_c: item tokens.
        item_bias: one number per item.
        bias: b.
        slope: of the final ReLU below zero.
        gates: g; None for ones.
        shift: what each code adds to b; None for nothing.
    """
    Z = codewords.detach()
    S = scorer(Z, T_c, item_bias)  # (U, I)
    if shift is not None:
        S = S + shift[:, None]
    A = activate(S, bias, slope)  # (U, I)
    gain = (S.detach() + bias > 0).to(S.dtype) * (1.0 - slope) + slope  # (U, I)
    jacobians = partial(scorer.jacobians, Z, T_c.detach(), gain)
    g = torch.ones_like(row, dtype=A.dtype) if gates is None else gates  # (B, K_u)
    y: Tensor = PooledByCode.apply(T, A, row, jacobians, g)  # type: ignore[no-untyped-call]
    return y
