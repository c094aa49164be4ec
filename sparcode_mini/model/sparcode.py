"""SparCode: queries become codes, so that lists can serve them."""

from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.base import Source, Users
from sparcode_mini.model.codes import Codes, sum_of_lists
from sparcode_mini.model.items import positions_of
from sparcode_mini.model.quantised import QuantisedAllToAll
from sparcode_mini.tools.checks import count, finite


class SparCode(QuantisedAllToAll):
    """All-to-all over quantised tokens, which can therefore be served from a SparseIndex.

    Args:
        source: see MatchingModel.
        tokenizer: one of tokenizers.TOKENIZERS.
        query_tokens: K_u.
        M, N: codebooks, and codewords in each.
        **options: `user_features`, `dtype`, and the other fields of configs.SparCodeConfig.
    """

    def __init__(
        self,
        source: Source,
        tokenizer: str = "self-attention",
        query_tokens: int = 4,
        M: int = 1,
        N: int = 128,
        **options: Any,
    ) -> None:
        super().__init__(source, tokenizer, query_tokens, M=M, N=N, **options)

    def encode(
        self, users: Users, history: str = "train+validation", probes: int | None = None
    ) -> Codes:
        """Return the codes of users (raw ids): which lists of the index answer them.

        Args:
            users: raw ids.
            history: parts of the split that are read, such as "train+validation".
            probes: R nearest codes per token, weighted softmax(-d^2 / tau); None is what the model
                was trained with, its `soft`: 1 in the paper.

        Returns:
            Codes with .codes (B, K_u, R, M) int64 and .weights (B, K_u, R).

        Raises:
            RuntimeError: training was interrupted before the quantizer was on in full.
        """
        self.check_ready()
        return self.token_codes(self.tokens(users, history), probes)

    def encode_histories(self, histories: Iterable[Any], probes: int | None = None) -> Codes:
        """Return the codes of people who are not in the data: lists of raw item ids, oldest first.

        Raises:
            ValueError: an empty history, or an item that the catalogue does not hold.
        """
        self.check_ready()
        may_be_empty = len(self.user_fields) > 0
        positions = positions_of(histories, self.catalogue, may_be_empty)
        return self.token_codes(self.history_tokens(positions), probes)

    @torch.no_grad()
    def token_codes(self, T: Float[Tensor, "B K_u D_T"], probes: int | None = None) -> Codes:
        """Return the codes of tokens; arguments as `encode`. A gate is a factor of the weights."""
        probes = self._probes(probes)
        gates = self.gates_of(T)
        gate = T.new_ones(T.shape[:2]) if gates is None else gates  # (B, K_u)
        if probes == 1:
            codes = self.quantizer.encode(T)[:, :, None]  # (B, K_u, 1, M)
            return Codes(codes, gate[:, :, None])
        codes, distances = self.quantizer.nearest(T.flatten(0, 1), probes)  # (B * K_u, R, M)
        weights = (-distances / self.config.probe_temperature).softmax(dim=-1)  # (B * K_u, R)
        shape = T.shape[:2]
        return Codes(codes.unflatten(0, shape), weights.unflatten(0, shape) * gate[:, :, None])

    def scores(
        self, users: Users, history: str = "train+validation", probes: int | None = None
    ) -> Float[Tensor, "B I"]:
        """Return the score of every item: sum over tokens and probes of weight * ReLU(S + b)."""
        probes = self._probes(probes)
        if probes == self.config.soft:
            return self.token_scores(self.tokens(users, history))
        return self.scores_of_codes(self.encode(users, history, probes))

    def _probes(self, probes: int | None) -> int:
        """Return R, the codes that are read of each token."""
        most = self.quantizer.N**self.quantizer.M
        return self.config.soft if probes is None else count(probes, "probes", 1, most)

    @torch.no_grad()
    def scores_of_codes(self, codes: Codes) -> Float[Tensor, "B I"]:
        """Return the score of every item for quantised queries.

        Raises:
            ValueError: codes that are no integers or outside the codebooks, weights that are not
                finite, or shapes that are not those of codes.
        """
        self.eval()
        reads = self.quantizer.as_codes(codes.codes)
        weights = torch.from_numpy(finite(codes.weights, "weights"))
        if reads.ndim != 4 or weights.shape != reads.shape[:3]:
            raise ValueError(
                f"codes have shape {tuple(reads.shape)} and weights {tuple(weights.shape)}; give "
                "(B, K_u, R, M) and (B, K_u, R)"
            )
        return sum_of_lists(reads.flatten(1, 2), weights.flatten(1), self.code_scores)

    def check_ready(self) -> None:
        """Raise RuntimeError if training stopped before codes mean something."""
        if self.stage in ("linear", "soft"):
            raise RuntimeError(
                f"training stopped in its {self.stage!r} stage, before quantiser and hard ReLU "
                "were on, so codes mean nothing yet; call fit(..., resume=True) or train again"
            )
