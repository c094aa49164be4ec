"""What all scorers share: the dot-product path, the item bias, and how S moves with its token."""

from collections.abc import Iterator

import torch
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
        """What each codeword adds to the first layer; None if that layer does not split.

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
        """What each codeword adds outside the network, the item bias with the first codebook."""
        if self.has_linear_path:
            table = meet(codebooks, T_c.sum(dim=1))  # (M, N, I)
        else:
            table = codebooks.new_zeros((*codebooks.shape[:2], len(T_c)))
        table[0] += item_bias
        return table
