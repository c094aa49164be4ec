"""All-to-all scorers: one query token meets all tokens of an item.

S = scorer(Z, T^c) gives the score of each token (row of Z) against each item, *before* the bias b.
Everything a scorer adds (network, linear path, item bias) is part of S and stays inside the ReLU:

    y(u, c) = sum_i ReLU(S_i(c) + b)

Symbols: n tokens or codes (rows of Z), I items, K_c tokens of an item, D_T their width, h hidden.
"""

import functools
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from sparcode_mini.model.codebook_tables import CodebookTables, meet

TOKENS_AT_ONCE = 32  # Jacobians of so many tokens are held at a time; larger blocks run slower


class Scorer(nn.Module):
    """S = network(Z, T^c) [+ sum_j <Z, T_j^c>] + item_bias; a subclass gives the network.

    The term in brackets is the *linear path*, a plain dot product; a scorer has it or not.
    `mlp_on` switches the network: the first stage of training uses the linear path alone.

    Args:
        linear_path: add the dot product?
    """

    output_std: float  # spread of the output weights at the start
    last: nn.Linear  # hidden units -> S

    def __init__(self, linear_path: bool) -> None:
        super().__init__()
        self.has_linear_path, self.mlp_on = linear_path, True
        # Small beside a linear path, so that switching the network on after the linear stage
        # disturbs little; alone the network must say something from the first step.
        self.output_std = 0.05 if linear_path else 0.3

    def forward(
        self,
        Z: Float[Tensor, "n D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> Float[Tensor, "n I"]:
        """Return S of every token (row of Z) against every item."""
        S = self._linear(Z, T_c, item_bias)  # (n, I)
        return S + self.network(Z, T_c) if self.mlp_on else S

    def _linear(self, Z: Tensor, T_c: Tensor, item_bias: Tensor) -> Tensor:
        if self.has_linear_path:
            return torch.addmm(item_bias, Z, T_c.sum(dim=1).T)  # (n, I)
        return item_bias.expand(len(Z), -1)  # (n, I)

    def network(
        self, Z: Float[Tensor, "n D_T"], T_c: Float[Tensor, "I K_c D_T"]
    ) -> Float[Tensor, "n I"]:
        """Return the network's part of S, by the quick way."""
        raise NotImplementedError

    def network_as_written(
        self, Z: Float[Tensor, "n D_T"], T_c: Float[Tensor, "I K_c D_T"]
    ) -> Float[Tensor, "n I"]:
        """Return the network's part of S, by the formula to the letter."""
        raise NotImplementedError

    def as_written(
        self,
        Z: Float[Tensor, "n D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> Float[Tensor, "n I"]:
        """Return S exactly as the formula says. Slow, for reading and tests."""
        S = item_bias.expand(len(Z), -1)  # (n, I)
        if self.has_linear_path:
            S = S + (Z[:, None, None, :] * T_c).sum(dim=(2, 3))  # (n, I)
        return S + self.network_as_written(Z, T_c) if self.mlp_on else S

    def jacobians(
        self,
        Z: Float[Tensor, "n D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        gain: Float[Tensor, "n I"],
    ) -> Iterator[Float[Tensor, "I D_T"]]:
        """Yield gain * dS / dZ token by token, without a graph (gain: slope of the final ReLU)."""
        linear = T_c.detach().sum(dim=1) if self.has_linear_path else None  # (I, D_T)
        for z, g in zip(Z.split(TOKENS_AT_ONCE), gain.split(TOKENS_AT_ONCE), strict=True):
            J = self.network_jacobians(z, T_c, g) if self.mlp_on else z.new_zeros(())
            if linear is not None:
                J = J + g[..., None] * linear  # (m, I, D_T)
            yield from J.unbind(dim=0)  # m times (I, D_T)

    def network_jacobians(
        self,
        Z: Float[Tensor, "m D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        gain: Float[Tensor, "m I"],
    ) -> Float[Tensor, "m I D_T"]:
        """Return gain * d network / dZ of a few tokens, without a graph."""
        raise NotImplementedError

    def tables(
        self,
        codebooks: Float[Tensor, "M N d"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> CodebookTables | None:
        """Return what each codeword adds to the first layer; None if that layer does not split.

        Args:
            codebooks: of the quantiser; d = D_T if their codewords are added up.
            T_c: item tokens.
            item_bias: one number per item.
        """
        return None

    def linear_table(
        self,
        codebooks: Float[Tensor, "M N d"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> Float[Tensor, "M N I"]:
        """Return what each codeword adds outside the network; the first book adds the item bias."""
        if self.has_linear_path:
            table = meet(codebooks, T_c.sum(dim=1))  # (M, N, I)
        else:
            table = codebooks.new_zeros((*codebooks.shape[:2], len(T_c)))
        table[0] += item_bias
        return table


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
        """Return a table per codebook: W (T~ * T^c) = sum over codebooks of W (codeword * T^c)."""
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


def activate(S: Float[Tensor, "*shape"], bias: float, slope: float) -> Float[Tensor, "*shape"]:
    """Return ReLU(S + b); with slope > 0 a leaky one, from which training starts: nothing dies."""
    shifted = S + bias if bias else S
    return F.leaky_relu(shifted, slope) if slope else F.relu(shifted)


def sum_of_tokens(
    scorer: Scorer,
    Z: Float[Tensor, "B K_u D_T"],
    T_c: Float[Tensor, "I K_c D_T"],
    item_bias: Float[Tensor, " I"],
    bias: float,
    slope: float,
    gates: Float[Tensor, "B K_u"] | None = None,
    shift: Float[Tensor, "B K_u"] | None = None,
) -> Float[Tensor, "B I"]:
    """Return sum_i g_i ReLU(S_i + b + shift_i).

    One token at a time: the scores of all K_u at once would leave the caches.

    Args:
        scorer: gives S.
        Z: tokens.
        T_c: item tokens.
        item_bias: one number per item.
        bias: b.
        slope: of the final ReLU below zero.
        gates: g; None for ones.
        shift: what is added to b for each token; None for nothing.
    """

    def scores(i: int, Z_i: Tensor) -> Tensor:
        S = scorer(Z_i, T_c, item_bias)  # (B, I)
        S = S if shift is None else S + shift[:, i, None]
        A = activate(S, bias, slope)  # (B, I)
        return A if gates is None else gates[:, i, None] * A

    return functools.reduce(torch.add, (scores(i, Z_i) for i, Z_i in enumerate(Z.unbind(dim=1))))
