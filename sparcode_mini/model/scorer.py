"""All-to-all scorers: one query token meets all tokens of an item.

S = scorer(Z, T^c) gives the score of each token (row of Z) against each item, *before* the bias b.
Everything a scorer adds (network, linear path, item bias) is part of S and stays inside the ReLU:

    y(u, c) = sum_i ReLU(S_i(c) + b)

Symbols: n tokens or codes (rows of Z), I items, K_c tokens of an item, D_T their width, h hidden.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from sparcode_mini.model.codebook_tables import CodebookTables, meet
from sparcode_mini.model.scorer_base import TOKENS_AT_ONCE, Scorer
from sparcode_mini.model.variants.attention_scorer import AttentionScorer


class ProductScorer(Scorer):
    """The paper's scorer, S = MLP([Z * T_1^c ; ... ; Z * T_Kc^c]), here with a linear path.

    Written out, and with w, W, a the weights of the network,

        S = [sum_j <Z, T_j>] + w . ReLU(sum_j W_j (Z * T_j) + a) + item_bias

    Both terms are linear in Z before the ReLU, so an item is folded into h + 1 vectors of width
    D_T once, and one matrix product does the rest (`as_written` is the formula to the letter).

    Args:
        token_dim: D_T.
        item_tokens: K_c.
        hidden: h, the width of the hidden layer.
        linear_path: add the term in brackets? The paper's formula has none.
    """

    def __init__(
        self, token_dim: int, item_tokens: int, hidden: int = 16, linear_path: bool = True
    ) -> None:
        super().__init__(linear_path)
        self.token_dim, self.item_tokens = token_dim, item_tokens
        self.first = nn.Linear(item_tokens * token_dim, hidden)
        self.last = nn.Linear(hidden, 1, bias=False)

    def network(
        self, Z: Float[Tensor, "n D_T"], T_c: Float[Tensor, "I K_c D_T"]
    ) -> Float[Tensor, "n I"]:
        """Return w . ReLU(...) by folded items."""
        folded = self.fold(T_c)  # (I, h, D_T)
        offset = self.first.bias.repeat(len(folded))  # (I * h,)
        pre = torch.addmm(offset, Z, folded.flatten(0, 1).T)  # (n, I * h)
        hidden = pre.unflatten(1, folded.shape[:2]).relu_()  # (n, I, h)
        return hidden @ self.last.weight[0]  # (n, I)

    def network_as_written(
        self, Z: Float[Tensor, "n D_T"], T_c: Float[Tensor, "I K_c D_T"]
    ) -> Float[Tensor, "n I"]:
        """Return w . ReLU(...) with the products first."""
        products = Z[:, None, None, :] * T_c  # (n, I, K_c, D_T)
        return self.last(self.first(products.flatten(2)).relu())[..., 0]  # (n, I)

    def fold(self, T_c: Float[Tensor, "I K_c D_T"]) -> Float[Tensor, "I h D_T"]:
        """Return sum_j W_j * T_j^c: what each hidden unit asks of a token, for each item."""
        W = self.first.weight.unflatten(1, (self.item_tokens, self.token_dim))  # (h, K_c, D_T)
        return torch.einsum("hjd,ijd->ihd", W, T_c)

    def tables(
        self,
        codebooks: Float[Tensor, "M N d"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> CodebookTables:
        """W (T~ * T^c) = sum over codebooks of W (codeword * T^c): one table per codebook."""
        h = self.first.out_features if self.mlp_on else 0
        units = self.fold(T_c).transpose(0, 1)[:h].flatten(0, 1)  # (h * I, D_T)
        hidden = meet(codebooks, units).unflatten(2, (h, len(T_c)))  # (M, N, h, I)
        hidden[0] += self.first.bias[:h, None]
        linear = self.linear_table(codebooks, T_c, item_bias)  # (M, N, I)
        return CodebookTables(linear, hidden, self.last.weight[0, :h])

    def jacobians(
        self,
        Z: Float[Tensor, "n D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        gain: Float[Tensor, "n I"],
    ) -> Iterator[Float[Tensor, "I D_T"]]:
        """Yield gain * dS / dZ, where dS / dZ = [sum_j T_j] + sum_h w_h 1[unit h is on] fold_h.

        Both parts in one matrix product: this is where the training of a SparCode spends its time.
        """
        if not self.mlp_on:
            yield from super().jacobians(Z, T_c, gain)
            return
        folded, w = self.fold(T_c).detach(), self.last.weight.detach()  # (I, h, D_T), (1, h)
        paths = folded * w.T  # (I, h, D_T)
        if self.has_linear_path:
            paths = torch.cat([paths, T_c.detach().sum(dim=1, keepdim=True)], dim=1)  # h + 1 paths
        h = folded.shape[1]
        for z, g in zip(Z.split(TOKENS_AT_ONCE), gain.split(TOKENS_AT_ONCE), strict=True):
            pre = folded.flatten(0, 1) @ z.T  # (I * h, m), items first: the layout that bmm reads
            on = pre.unflatten(0, folded.shape[:2]) > -self.first.bias[:, None]  # (I, h, m)
            slopes = pre.new_empty((len(paths), paths.shape[1], len(z)))  # (I, h or h + 1, m)
            torch.mul(on, g.T[:, None], out=slopes[:, :h])
            slopes[:, h:] = g.T[:, None]
            yield from torch.bmm(slopes.transpose(1, 2), paths).unbind(dim=1)  # m times (I, D_T)


class ConcatScorer(Scorer):
    """The scorer of the authors' public release: MLP([Z ; T_1^c ; ... ; T_Kc^c]), one hidden layer.

    The first layer splits into a part of the token and a part of the item, so each is computed
    once and the pairs only add.
    """

    def __init__(
        self, token_dim: int, item_tokens: int, hidden: int = 64, linear_path: bool = False
    ) -> None:
        super().__init__(linear_path)
        self.token_dim, self.item_tokens = token_dim, item_tokens
        self.first = nn.Linear((1 + item_tokens) * token_dim, hidden)
        self.last = nn.Linear(hidden, 1, bias=False)

    def network(
        self, Z: Float[Tensor, "n D_T"], T_c: Float[Tensor, "I K_c D_T"]
    ) -> Float[Tensor, "n I"]:
        """Return the network's part by adding the two halves of the first layer."""
        return self._pre(Z, T_c).relu() @ self.last.weight[0]  # (n, I)

    def network_as_written(
        self, Z: Float[Tensor, "n D_T"], T_c: Float[Tensor, "I K_c D_T"]
    ) -> Float[Tensor, "n I"]:
        """Return the network's part from the concatenated pairs."""
        n, items = len(Z), len(T_c)
        token = Z[:, None].expand(-1, items, -1)  # (n, I, D_T)
        item = T_c.flatten(1).expand(n, -1, -1)  # (n, I, K_c * D_T)
        pairs = torch.cat([token, item], dim=-1)  # (n, I, (1 + K_c) * D_T)
        return self.last(self.first(pairs).relu())[..., 0]  # (n, I)

    def _pre(self, Z: Tensor, T_c: Tensor) -> Tensor:
        W_token = self.first.weight[:, : self.token_dim]  # (h, D_T)
        W_item = self.first.weight[:, self.token_dim :]  # (h, K_c * D_T)
        item = T_c.flatten(1) @ W_item.T + self.first.bias  # (I, h)
        return (Z @ W_token.T)[:, None] + item  # (n, I, h)

    def tables(
        self,
        codebooks: Float[Tensor, "M N d"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> CodebookTables:
        """The token's half of W meets each codeword; the item's half is a constant."""
        h = self.first.out_features if self.mlp_on else 0
        W_token = self.first.weight[:h, : self.token_dim]  # (h, D_T)
        W_item = self.first.weight[:h, self.token_dim :]  # (h, K_c * D_T)
        words = meet(codebooks, W_token)[..., None]  # (M, N, h, 1)
        hidden = words.repeat(1, 1, 1, len(T_c))  # (M, N, h, I)
        hidden[0] += W_item @ T_c.flatten(1).T + self.first.bias[:h, None]
        linear = self.linear_table(codebooks, T_c, item_bias)  # (M, N, I)
        return CodebookTables(linear, hidden, self.last.weight[0, :h])

    @torch.no_grad()
    def network_jacobians(
        self,
        Z: Float[Tensor, "m D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        gain: Float[Tensor, "m I"],
    ) -> Float[Tensor, "m I D_T"]:
        """Return gain * sum_h w_h 1[unit h is on] W_h."""
        slopes = (self._pre(Z, T_c) > 0) * self.last.weight[0] * gain[..., None]  # (m, I, h)
        return slopes @ self.first.weight[:, : self.token_dim]  # (m, I, D_T)


SCORERS: dict[str, Callable[..., Scorer]] = {
    "products": ProductScorer,
    "concatenation": ConcatScorer,
    "attention": AttentionScorer,
}


def make_scorer(
    kind: str, *, token_dim: int, item_tokens: int, hidden: int, linear_path: bool | None = None
) -> Scorer:
    """Build a scorer by name.

    Args:
        kind: one of SCORERS.
        token_dim: D_T.
        item_tokens: K_c.
        hidden: h.
        linear_path: with the dot product beside the network? None is the kind's own habit:
            products and attention with it, concatenation (as released) without.

    Raises:
        ValueError: `kind` is none of SCORERS, or hidden < 1.
    """
    if hidden < 1:
        raise ValueError(f"hidden = {hidden}; the scorer needs at least one hidden unit")
    if kind not in SCORERS:
        raise ValueError(f"scorer {kind!r} is unknown; choose one of {', '.join(SCORERS)}")
    own: dict[str, Any] = {} if linear_path is None else {"linear_path": linear_path}
    return SCORERS[kind](token_dim, item_tokens, hidden, **own)


def activate(S: Float[Tensor, "*shape"], bias: float, slope: float) -> Float[Tensor, "*shape"]:
    """ReLU(S + b); with slope > 0 a leaky one, which training starts from so that nothing dies."""
    shifted = S + bias if bias else S
    return F.leaky_relu(shifted, slope) if slope else F.relu(shifted)


class _PooledByCode(torch.autograd.Function):
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
        """T (B, K_u, D_T), A (U, I), row, gates (B, K_u), jacobians() = dA/dZ -> y (B, I)."""
        counts = A.new_zeros((len(row), len(A)))  # (B, U)
        counts.scatter_add_(1, row, gates)
        ctx.save_for_backward(counts, row, gates, A)
        ctx.jacobians, ctx.shape = jacobians, T.shape
        return counts @ A

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor, None, None, Tensor | None]:
        """Gradients to T, A and gates."""
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
    row: Tensor,
    T_c: Float[Tensor, "I K_c D_T"],
    item_bias: Float[Tensor, " I"],
    bias: float,
    slope: float,
    gates: Tensor | None = None,
    shift: Tensor | None = None,
) -> Float[Tensor, "B I"]:
    """Return y = sum_i g_i ReLU(S_i + b), where token i was quantised to `codewords[row[i]]`.

    Equal, value and gradient, to scoring straight_through(T, codewords[row]) token by token.

    Args:
        scorer: gives S.
        T: tokens, which receive the straight-through gradient.
        codewords: one row per distinct code.
        row: (B, K_u) int64, which distinct code each token has.
        T_c: item tokens.
        item_bias: one number per item.
        bias: b.
        slope: of the final ReLU below zero.
        gates: g, (B, K_u); None for ones.
        shift: (U,), what each code adds to b; None for nothing.
    """
    Z = codewords.detach()
    S = scorer(Z, T_c, item_bias)  # (U, I)
    if shift is not None:
        S = S + shift[:, None]
    gain = (S.detach() + bias > 0).to(S.dtype) * (1.0 - slope) + slope  # (U, I)

    def jacobians() -> Iterator[Tensor]:
        return scorer.jacobians(Z, T_c.detach(), gain)

    A = activate(S, bias, slope)  # (U, I)
    g = torch.ones_like(row, dtype=A.dtype) if gates is None else gates  # (B, K_u)
    y: Tensor = _PooledByCode.apply(T, A, row, jacobians, g)  # type: ignore[no-untyped-call]
    return y
