"""Two more ways for a token to meet an item, and the choice among all three by name.

`ConcatScorer` is the network of the authors' public release; `AttentionScorer` is self-attention
over [Z ; T_1^c ; ... ; T_Kc^c], which the paper names "SA".
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparcode_mini.model.codebook_tables import CodebookTables, meet
from sparcode_mini.model.scorer import ProductScorer, Scorer


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
        """Return tables: the token's half of W meets each codeword, the item's half is added."""
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


class AttentionScorer(Scorer):
    """One head of self-attention over the query token and the item tokens (the paper's "SA").

    With X = [Z ; T_1 ; ... ; T_Kc] (1 + K_c rows), its rows projected to q, k, v of width h,

        A = softmax(q k^t / sqrt(h)), pooled = mean over the rows of A v,
        S = w . ReLU(U pooled + a) [+ sum_j <Z, T_j>] + item_bias

    Items are projected once, and how their tokens look at each other is found once. Of a token
    only its q, k, v are needed, so dS/dZ is found by autograd for those 3 h numbers and sent
    through the projection. (Self-attention: Vaswani et al. 2017; the paper names this scorer
    without writing it out, so the pooling is ours.)

    Args:
        token_dim: D_T.
        item_tokens: K_c.
        hidden: h.
        linear_path: add the dot product?
    """

    def __init__(
        self, token_dim: int, item_tokens: int, hidden: int = 16, linear_path: bool = True
    ) -> None:
        super().__init__(linear_path)
        self.qkv = nn.Linear(token_dim, 3 * hidden, bias=False)
        self.first = nn.Linear(hidden, hidden)  # U and a
        self.last = nn.Linear(hidden, 1, bias=False)

    def network(
        self, Z: Float[Tensor, "n D_T"], T_c: Float[Tensor, "I K_c D_T"]
    ) -> Float[Tensor, "n I"]:
        """Return w . ReLU(...), each row projected once."""
        token = self.qkv.weight @ Z.T  # (3 h, n)
        return self._read(self._pooled(token[None], self.qkv(T_c))).T

    def _pooled(
        self, token: Float[Tensor, "J three_h n"], items: Float[Tensor, "I K_c three_h"]
    ) -> Float[Tensor, "I h n"]:
        """Return the mean over the rows of A v.

        J is 1 (a token meets all items) or I (one copy of the token for each item). Items come
        first and tokens last: then every step runs along the tokens.
        """
        (q_z, k_z, v_z), (q, k, v) = token.chunk(3, dim=1), items.chunk(3, dim=2)
        scale = 1 / math.sqrt(q.shape[-1])
        # The rows of the item tokens. Among themselves they attend in the same way whatever the
        # query token is; it takes a share (a sigmoid) of the attention and leaves the proportions.
        item_logits = q @ k.mT * scale  # (I, K_c, K_c)
        among_items = item_logits.softmax(-1) @ v  # (I, K_c, h)
        logsumexp = item_logits.logsumexp(-1, keepdim=True)  # (I, K_c, 1)
        share_of_z = (q * scale @ k_z - logsumexp).sigmoid()  # (I, K_c, n)
        # The row of the query token.
        self_logit = (q_z * k_z).sum(1, keepdim=True).expand(len(items), -1, -1)  # (I, 1, n)
        row_z = (torch.cat([self_logit, k @ q_z], dim=1) * scale).softmax(1)  # (I, 1 + K_c, n)
        # All rows added up: how much of v_z, of each v, and of each row among items.
        weight_z = row_z[:, :1] + share_of_z.sum(1, keepdim=True)  # (I, 1, n)
        weights = torch.cat([row_z[:, 1:], 1 - share_of_z], dim=1)  # (I, 2 K_c, n)
        values = torch.cat([v, among_items], dim=1)  # (I, 2 K_c, h)
        return (weight_z * v_z + values.mT @ weights) / row_z.shape[1]

    def _read(self, pooled: Float[Tensor, "I h n"]) -> Float[Tensor, "I n"]:
        U, a, w = self.first.weight, self.first.bias[:, None], self.last.weight[0]
        return torch.einsum("h,ihn->in", w, (U @ pooled + a).relu())

    def network_as_written(
        self, Z: Float[Tensor, "n D_T"], T_c: Float[Tensor, "I K_c D_T"]
    ) -> Float[Tensor, "n I"]:
        """Return w . ReLU(...) from the whole sequence of every pair."""
        token = Z[:, None, None].expand(-1, len(T_c), -1, -1)  # (n, I, 1, D_T)
        X = torch.cat([token, T_c.expand(len(Z), -1, -1, -1)], dim=2)  # (n, I, 1 + K_c, D_T)
        q, k, v = self.qkv(X).chunk(3, dim=-1)  # (n, I, 1 + K_c, h) each
        A = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(dim=-1)  # (n, I, 1 + K_c, 1 + K_c)
        pooled = (A @ v).mean(dim=2)  # (n, I, h)
        return self.last(self.first(pooled).relu())[..., 0]  # (n, I)

    def network_jacobians(
        self,
        Z: Float[Tensor, "m D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        gain: Float[Tensor, "m I"],
    ) -> Float[Tensor, "m I D_T"]:
        """Return gain * d network / dZ: autograd for q, k, v of the token, then the projection.

        Each item gets a copy of the token, so one backward pass keeps the items apart.
        """
        W = self.qkv.weight.detach()  # (3 h, D_T)
        items = T_c.detach() @ W.T  # (I, K_c, 3 h)
        copies = (W @ Z.detach().T).repeat(len(T_c), 1, 1).requires_grad_()  # (I, 3 h, m)
        with torch.enable_grad():  # a backward pass of the training calls this
            S = self._read(self._pooled(copies, items))  # (I, m)
        (d,) = torch.autograd.grad(S, copies, gain.T)  # (I, 3 h, m)
        return torch.einsum("icm,cd->mid", d, W)


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
    options: dict[str, Any] = {} if linear_path is None else {"linear_path": linear_path}
    return SCORERS[kind](token_dim, item_tokens, hidden, **options)
