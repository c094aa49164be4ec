"""Product quantisation: tokens become codes, and codes become vectors again.

A token of width D_T is cut into M parts; part m is replaced by the nearest (L2) of the N codewords
of codebook C^(m). The code is the tuple of the M indices: N^M codes for M * N * D_T / M numbers.

How a codebook is learnt: k-means++ start, then either an exponential moving average (EMA) of the
tokens assigned to each codeword, or the codebook loss ||sg[T] - C||^2; codewords that hardly any
token chooses are restarted from live tokens. How gradients pass the argmin: straight-through.
Sources: Jegou et al. 2011 (PQ), van den Oord et al. 2017 (VQ-VAE, EMA in its appendix A.1).
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.model.codes import as_codes
from sparcode_mini.model.kmeans import (
    comparable_distances,
    kmeans_plus_plus,
    lloyd_step,
    nearest_codewords,
    shares_and_sums,
    squared_distances,
)
from sparcode_mini.tools.checks import count
from sparcode_mini.tools.reproducible import RNG, normal

PRECISIONS = (torch.float32, torch.float64)  # that numpy has, too


def straight_through(
    T: Float[Tensor, "*shape"], T_q: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Return T + sg[T_q - T]: the value of T_q, the gradient of T (Bengio et al. 2013)."""
    return T + (T_q - T).detach()


class Usage(NamedTuple):
    """How a codebook is used: one entry per codebook m."""

    used: list[int]  # codewords chosen at least once
    perplexity: list[float]  # exp of the entropy of the usage: N when all are used alike


class ProductQuantizer(nn.Module):
    """M codebooks of N codewords each.

    Args:
        M: codebooks; must divide token_dim.
        N: codewords in each.
        token_dim: D_T, the width of a token.
        seed: for the random codebooks that stand until `fit` or training replaces them.
        update: "ema" (moving average of the assigned tokens) or "gradient" (codebook loss).
        decay: EMA decay per training step.
        restart: a codeword used less than this share of the mean usage is restarted; 0 = never.
        dtype: of the codebooks.

    Attributes:
        codebooks: (M, N, D_T / M).
    """

    def __init__(
        self,
        M: int = 1,
        N: int = 128,
        token_dim: int = 64,
        *,
        seed: int = 0,
        update: str = "ema",
        decay: float = 0.95,
        restart: float = 0.05,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        M, N, token_dim = count(M, "M"), count(N, "N"), count(token_dim, "token_dim")
        width = self._codeword_width(M, token_dim)
        if dtype not in PRECISIONS:
            raise ValueError(f"dtype = {dtype}; choose one of {PRECISIONS}")
        if not (0 <= decay < 1 and 0 <= restart < 1):
            raise ValueError(f"decay = {decay}, restart = {restart}; both are shares below 1")
        if update not in ("ema", "gradient"):
            raise ValueError(f"update = {update!r}; choose 'ema' or 'gradient'")
        self.M, self.N, self.token_dim, self.seed = M, N, token_dim, seed
        self.update, self.decay, self.restart = update, decay, restart
        draw = normal(np.random.default_rng(seed), M, N, width, std=1.0, dtype=dtype)
        self.codebooks = nn.Parameter(draw, requires_grad=update == "gradient")
        # EMA state: the share of tokens that chose a codeword, their sum, and the total weight
        # 1 - decay^t of the average so far (dividing by it is the bias correction).
        self.register_buffer("ema_share", torch.zeros(M, N, dtype=dtype))
        self.register_buffer("ema_sum", torch.zeros(M, N, width, dtype=dtype))
        self.register_buffer("ema_weight", torch.zeros((), dtype=dtype))
        self.ema_share: Tensor
        self.ema_sum: Tensor
        self.ema_weight: Tensor

    @property
    def parts(self) -> int:
        """Return how many parts of a token are quantised apart."""
        return self.M

    @staticmethod
    def _codeword_width(M: int, token_dim: int) -> int:
        """Return the width D_T / M of a codeword; refuse an M that does not divide."""
        if token_dim % M:
            good = [m for m in range(1, token_dim + 1) if token_dim % m == 0]
            raise ValueError(
                f"M = {M} does not divide token_dim = {token_dim}; choose one of {good}"
            )
        return token_dim // M

    # --- tokens -> codes -> vectors --------------------------------------------------------

    def split(self, x: Float[Tensor, "n D_T"]) -> Float[Tensor, "parts n d"]:
        """Cut vectors into M parts of width d = D_T / M.

        Raises:
            ValueError: another width or dtype than the codebooks', or a NaN or an infinity (the
                argmin would take it without a word).
        """
        if x.shape[-1] != self.token_dim:
            raise ValueError(f"vectors have width {x.shape[-1]}, the quantiser {self.token_dim}")
        if x.dtype != self.codebooks.dtype or x.dtype not in PRECISIONS:
            raise ValueError(
                f"vectors are {x.dtype}, the codebooks {self.codebooks.dtype}; convert them with "
                f".to(...): both must be the same of {PRECISIONS}"
            )
        if not bool(torch.isfinite(x.sum())):  # quick; a sum of finite numbers may overflow, though
            finite = torch.isfinite(x).all(dim=-1)  # (n,)
            if not bool(finite.all()):
                raise ValueError(
                    f"vector {int(finite.int().argmin())} holds NaN or infinity; clean the data, "
                    "or lower the learning rate if these are tokens in training"
                )
        return x.unflatten(-1, (self.parts, -1)).transpose(0, 1)  # (M, n, d)

    def quantised_by_each(
        self, x: Float[Tensor, "n D_T"], codes: Int[Tensor, "n M"]
    ) -> Float[Tensor, "M n d"]:
        """Return what each codebook quantises: its part of the vectors, whatever the codes."""
        return self.split(x)

    def encode(self, x: Float[Tensor, "*batch D_T"]) -> Int[Tensor, "*batch M"]:
        """Return the index of the nearest codeword in every codebook, int64.

        Raises:
            ValueError: another width than D_T, NaN or infinity.
        """
        parts = self.split(x.detach().reshape(-1, x.shape[-1]))  # (M, n, d)
        codes = nearest_codewords(parts, self.codebooks.detach())  # (n, M)
        return codes.reshape(*x.shape[:-1], self.M)  # (*batch, M)

    def decode(self, codes: Any) -> Float[Tensor, "*batch D_T"]:
        """Return the codewords of each code (*batch, M), concatenated.

        Raises:
            ValueError: as `as_codes`.
        """
        codes = self.as_codes(codes)
        parts = [book[codes[..., m]] for m, book in enumerate(self.codebooks)]
        return torch.cat(parts, dim=-1)  # (*batch, D_T)

    def as_codes(self, codes: Any) -> Int[Tensor, "*batch M"]:
        """Return codes, given as integers of any type, as int64.

        Raises:
            ValueError: no integers, another number of columns than M, or one outside 0..N-1.
        """
        checked = as_codes(codes, "codes", self.N)
        if checked.shape[-1:] != (self.M,):
            raise ValueError(f"codes have shape {tuple(checked.shape)}; give M = {self.M} columns")
        return checked

    def nearest(
        self, x: Float[Tensor, "n D_T"], probes: int
    ) -> tuple[Int[Tensor, "n R M"], Float[Tensor, "n R"]]:
        """Return the R nearest codes of each vector, nearest first, and their squared distances.

        For M > 1 the R best combinations are found by merging one codebook at a time and keeping
        the R best partial sums; no better combination can be lost, since distances only add.

        Raises:
            ValueError: probes < 1 or more than the N^M codes.
        """
        probes = count(probes, "probes", 1, self.N**self.M)
        codes = x.new_zeros((len(x), 1, 0), dtype=torch.int64)  # (n, 1, 0)
        total = x.new_zeros((len(x), 1))  # (n, 1)
        for part, book in zip(self.split(x.detach()), self.codebooks.detach(), strict=True):
            near, words = comparable_distances(part, book).sort(dim=1, stable=True)  # (n, N)
            near, words = near[:, :probes], words[:, :probes]  # (n, r)
            merged = (total[:, :, None] + near[:, None, :]).flatten(1)  # (n, R' * r)
            total, pick = merged.sort(dim=1, stable=True)
            total, pick = total[:, :probes], pick[:, :probes]  # (n, R'')
            old = codes.gather(1, (pick // near.shape[1])[..., None].expand(-1, -1, codes.shape[2]))
            new = words.gather(1, pick % near.shape[1])[..., None]  # (n, R'', 1)
            codes = torch.cat([old, new], dim=2)  # (n, R'', m + 1)
        return codes, (total + x.detach().square().sum(1, keepdim=True)).clamp(min=0)

    def forward(
        self, T: Float[Tensor, "*batch D_T"]
    ) -> tuple[Float[Tensor, "*batch D_T"], Int[Tensor, "*batch M"]]:
        """Return quantised tokens T~ (straight-through gradient to T) and their codes."""
        codes = self.encode(T)
        return straight_through(T, self.decode(codes)), codes

    # --- learning the codebooks --------------------------------------------------------------

    def losses(
        self, T: Float[Tensor, "n D_T"], codes: Int[Tensor, "n M"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return (codebook loss ||sg[T] - C||^2, commitment ||T - sg[C]||^2), means over entries.

        The first is 0 when EMA moves the codebooks.
        """
        T_q = self.decode(codes)  # (n, D_T)
        commitment = (T - T_q.detach()).square().mean()
        if self.update == "ema":
            return commitment.new_zeros(()), commitment
        return (T.detach() - T_q).square().mean(), commitment

    @torch.no_grad()
    def fit(
        self, x: Float[Tensor, "n D_T"], *, iterations: int = 20, seed: int | None = None
    ) -> "ProductQuantizer":
        """Run k-means for each codebook on its own part: k-means++ start, then Lloyd's steps.

        Args:
            x: vectors.
            iterations: of Lloyd.
            seed: of the start; None takes the quantiser's own.

        Raises:
            ValueError: fewer than N vectors, NaN or infinity among them, another dtype.
        """
        iterations = count(iterations, "iterations", 0)
        if len(x) < self.N:
            raise ValueError(f"N = {self.N} codewords need at least as many vectors; got {len(x)}")
        self._fit_all(x, iterations, np.random.default_rng(self.seed if seed is None else seed))
        self.ema_weight.fill_(1.0)
        return self

    def _fit_all(self, x: Tensor, iterations: int, rng: RNG) -> None:
        for m, part in enumerate(self.split(x)):
            self._fit_one(m, part, iterations, rng)

    def _fit_one(self, m: int, part: Tensor, iterations: int, rng: RNG) -> Tensor:
        """Fit codebook m to what it has to quantise (n, d); return the chosen codewords (n, d)."""
        book = kmeans_plus_plus(part, self.N, rng)  # (N, d)
        for _ in range(iterations):
            book = lloyd_step(part, book)
        self.codebooks.data[m] = book
        codes = squared_distances(part, book).argmin(1)  # (n,)
        share, _ = shares_and_sums(part, codes, self.N)
        self.ema_share[m], self.ema_sum[m] = share, share[:, None] * book
        return book[codes]

    @torch.no_grad()
    def learn(self, x: Float[Tensor, "n D_T"], codes: Int[Tensor, "n M"], rng: RNG) -> int:
        """Make one training step of the codebooks: EMA (if chosen), then restart dead codewords.

        Returns:
            How many codewords were restarted.
        """
        codes = self.as_codes(codes)
        self.ema_weight.lerp_(torch.ones_like(self.ema_weight), 1.0 - self.decay)
        restarted = 0
        for m, part in enumerate(self.quantised_by_each(x.detach(), codes)):
            share, sums = shares_and_sums(part, codes[:, m], self.N)
            self.ema_share[m].lerp_(share, 1.0 - self.decay)
            self.ema_sum[m].lerp_(sums, 1.0 - self.decay)
            if self.update == "ema":
                seen = self.ema_share[m] > 1e-12
                mean = self.ema_sum[m] / self.ema_share[m].clamp(min=1e-12)[:, None]  # (N, d)
                self.codebooks.data[m] = torch.where(seen[:, None], mean, self.codebooks[m])
            restarted += self._restart(m, part, rng)
        return restarted

    def _restart(self, m: int, part: Tensor, rng: RNG) -> int:
        usage = self.ema_share[m] / self.ema_weight  # bias-corrected
        dead = (usage < self.restart / self.N).nonzero().flatten()
        if len(dead) == 0:
            return 0
        chosen = part[torch.from_numpy(rng.integers(len(part), size=len(dead)))]  # (n_dead, d)
        self.codebooks.data[m, dead] = chosen
        self.ema_share[m, dead] = self.ema_weight / self.N  # as if used like the mean codeword
        self.ema_sum[m, dead] = chosen * self.ema_weight / self.N
        return len(dead)

    def usage(self, codes: Any) -> Usage:
        """Count the codewords in use and the perplexity of their usage, for each codebook."""
        flat = self.as_codes(codes).reshape(-1, self.M)
        used, perplexity = [], []
        for m in range(self.M):
            share = torch.bincount(flat[:, m], minlength=self.N).double() / max(len(flat), 1)
            used.append(int((share > 0).sum()))
            perplexity.append(float(torch.special.entr(share).sum().exp()))
        return Usage(used, perplexity)
