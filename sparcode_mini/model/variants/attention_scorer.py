"""The third way for a token to meet an item: self-attention over [Z ; T_1^c ; ... ; T_Kc^c]."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparcode_mini.model.scorer_base import Scorer


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
        return self._read(self._looks(token[None], self.qkv(T_c))).T

    def _looks(
        self, token: Float[Tensor, "J three_h n"], items: Float[Tensor, "I K_c three_h"]
    ) -> Float[Tensor, "I h n"]:
        """Mean over the rows of A v; J is 1 (a token meets all items) or I (one copy an item).

        Items come first and tokens last: then every step runs along the tokens.
        """
        (q_z, k_z, v_z), (q, k, v) = token.chunk(3, dim=1), items.chunk(3, dim=2)
        scale = 1 / math.sqrt(q.shape[-1])
        # The row of an item token: among themselves they look the same way whatever the token is,
        # so the token takes a share (a sigmoid) of the attention and leaves the rest as it was.
        among = q @ k.mT * scale  # (I, K_c, K_c)
        seen = among.softmax(-1) @ v  # (I, K_c, h)
        share = (q * scale @ k_z - among.logsumexp(-1, keepdim=True)).sigmoid()  # (I, K_c, n)
        # The row of the token itself.
        itself = (q_z * k_z).sum(1, keepdim=True).expand(len(items), -1, -1)  # (I, 1, n)
        row = (torch.cat([itself, k @ q_z], dim=1) * scale).softmax(1)  # (I, 1 + K_c, n)
        at_z = row[:, :1] + share.sum(1, keepdim=True)  # (I, 1, n)
        others = torch.cat([row[:, 1:], 1 - share], dim=1)  # (I, 2 K_c, n)
        found = torch.cat([v, seen], dim=1).mT @ others  # (I, h, n)
        return (at_z * v_z + found) / row.shape[1]

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
            S = self._read(self._looks(copies, items))  # (I, m)
        (d,) = torch.autograd.grad(S, copies, gain.T)  # (I, 3 h, m)
        return torch.einsum("icm,cd->mid", d, W)
