"""Residual quantisation: each codebook quantises what the codebooks before it left over.

All M codebooks have the full width D_T, and a code decodes to the *sum* of its codewords. The same
N^M codes as product quantisation for M times its numbers; no part of the token is ever looked at
alone. Sources: Juang & Gray 1982; Chen, Guan & Wang 2010; learnt end to end: Lee et al. 2022.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.model.kmeans import squared_distances
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.tools.checks import count
from sparcode_mini.tools.reproducible import RNG


class ResidualQuantizer(ProductQuantizer):
    """M codebooks of N codewords of width D_T, whose codewords add up.

    Arguments, updates and restarts are those of ProductQuantizer; M need not divide token_dim.

    Attributes:
        codebooks: (M, N, D_T).
    """

    @property
    def parts(self) -> int:
        """Return 1: the token is quantised whole."""
        return 1

    @staticmethod
    def _codeword_width(M: int, token_dim: int) -> int:
        return token_dim

    def quantised_by_each(
        self, x: Float[Tensor, "n D_T"], codes: Int[Tensor, "n M"]
    ) -> Float[Tensor, "M n D_T"]:
        """Return what each codebook quantises: the vectors less the codewords before it."""
        (rest,) = self.split(x)  # (n, D_T)
        seen = []
        for m, book in enumerate(self.codebooks.detach()):
            seen.append(rest)
            rest = rest - book[codes[:, m]]  # (n, D_T)
        return torch.stack(seen)  # (M, n, D_T)

    def encode(self, x: Float[Tensor, "*batch D_T"]) -> Int[Tensor, "*batch M"]:
        """Choose the codeword of C^(1) nearest to x, that of C^(2) nearest to the rest, ...; int64.

        Raises:
            ValueError: another width than D_T, NaN or infinity.
        """
        codes, _ = self.nearest(x.detach().reshape(-1, x.shape[-1]), probes=1)  # (n, 1, M)
        return codes.reshape(*x.shape[:-1], self.M)  # (*batch, M)

    def decode(self, codes: Any) -> Float[Tensor, "*batch D_T"]:
        """Return the sum of the codewords of each code (*batch, M).

        Raises:
            ValueError: as `as_codes`.
        """
        codes = self.as_codes(codes)
        words = [book[codes[..., m]] for m, book in enumerate(self.codebooks)]
        return torch.stack(words).sum(dim=0)  # (*batch, D_T)

    def nearest(
        self, x: Float[Tensor, "n D_T"], probes: int
    ) -> tuple[Int[Tensor, "n R M"], Float[Tensor, "n R"]]:
        """Return R near codes of each vector, nearest first, and their squared distances.

        A beam search: after each codebook the R best sums go on. Unlike in product quantisation a
        better code can be lost (early errors may cancel later), and a beam of R > 1 may find a
        nearer code than the greedy `encode`.

        Raises:
            ValueError: probes < 1 or more than the N^M codes; another width, NaN or infinity.
        """
        probes = count(probes, "probes", 1, self.N**self.M)
        (start,) = self.split(x.detach())
        rest = start[:, None]  # (n, R', D_T)
        codes = rest.new_zeros((len(x), 1, 0), dtype=torch.int64)  # (n, R', m)
        for book in self.codebooks.detach():
            beam = rest.shape[1]
            distances = squared_distances(rest.flatten(0, 1), book)  # (n * R', N)
            best, pick = distances.reshape(len(x), beam * self.N).sort(dim=1, stable=True)
            best, pick = best[:, :probes], pick[:, :probes]  # (n, R'')
            before, word = pick // self.N, pick % self.N
            old = codes.gather(1, before[..., None].expand(-1, -1, codes.shape[2]))
            codes = torch.cat([old, word[..., None]], dim=2)  # (n, R'', m + 1)
            kept = rest.gather(1, before[..., None].expand(-1, -1, rest.shape[2]))
            rest = kept - book[word]  # (n, R'', D_T)
        return codes, best.clamp(min=0)

    def _fit_all(self, x: Tensor, iterations: int, rng: RNG) -> None:
        """Run k-means for the first codebook, for the second on what is left over, and so on."""
        (rest,) = self.split(x)  # (n, D_T)
        for m in range(self.M):
            rest = rest - self._fit_one(m, rest, iterations, rng)
