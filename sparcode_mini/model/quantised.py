"""All-to-all over quantised tokens: how it scores, and how its codebooks learn."""

from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.model.all_to_all import AllToAll
from sparcode_mini.model.codes import distinct_codes, sum_of_lists
from sparcode_mini.model.configs import Config, SparCodeConfig
from sparcode_mini.model.gradients import rotation_trick
from sparcode_mini.model.items import Catalogue
from sparcode_mini.model.pooling import pooled_by_code
from sparcode_mini.model.quantizer import ProductQuantizer, straight_through
from sparcode_mini.model.score_blocks import score_blocks
from sparcode_mini.model.scorer import activate, sum_of_tokens
from sparcode_mini.model.variants.balance import balanced_codes
from sparcode_mini.model.variants.residual import ResidualQuantizer
from sparcode_mini.model.variants.soft import soft_weights
from sparcode_mini.tools.reproducible import RNG

TOKENS_PER_CODE = 8  # with fewer tokens to a distinct code, sharing rows saves nothing
TOKENS_PER_CODEWORD = 64  # so many tokens make the k-means start stable


class QuantisedAllToAll(AllToAll):
    """y = sum_i ReLU(S_i + b), where S_i is the score of the quantised token T~_i.

    The half of SparCode that learns; `SparCode` adds what serving from lists needs. It is not made
    by itself.

    Attributes:
        quantizer: tokens -> codes -> quantised tokens.
        last_codes: (B, K_u, M) of the last training step; None before it.
    """

    config_class: ClassVar[type[Config]] = SparCodeConfig
    config: SparCodeConfig
    has_codes = True

    def add_layers(self, catalogue: Catalogue) -> None:
        """Register the quantizer (and the biases of codes) after the scorer."""
        super().add_layers(catalogue)
        config = self.config
        kind = ResidualQuantizer if config.quantizer == "residual" else ProductQuantizer
        self.quantizer = kind(
            config.M,
            config.N,
            config.token_dim,
            seed=config.seed,
            update=config.update,
            restart=config.restart,
        )
        biases = nn.Parameter(torch.zeros(config.M, config.N)) if config.code_bias else None
        self.code_bias = biases  # (M, N)
        self.last_codes: Tensor | None = None  # of the last training step, for the codebooks
        self.epoch_codes: list[Tensor] = []  # of all steps of the epoch

    # --- the scores of a batch --------------------------------------------------------------

    def training_scores(
        self,
        T: Float[Tensor, "B K_u D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> tuple[Float[Tensor, "B I"], Float[Tensor, ""]]:
        """Return y of the quantised tokens, and codebook loss + beta * commitment."""
        if not self.quantizer_on:
            return super().training_scores(T, T_c, item_bias)
        s = self.config.balance if self.training else None
        codes = self.quantizer.encode(T) if s is None else balanced_codes(self.quantizer, T, s)
        self.last_codes = codes  # (B, K_u, M)
        codebook, commitment = self.quantizer.losses(T.flatten(0, 1), codes.flatten(0, 1))
        if self.config.soft > 1:
            y = self._spread_scores(T, T_c, item_bias)
        else:
            y = self.quantised_scores(self._carriers(T, codes), codes, T_c, item_bias, T)
        return y, codebook + self.config.beta * commitment

    def _carriers(self, T: Tensor, codes: Tensor) -> Float[Tensor, "B K_u D_T"]:
        """Return tensors that carry the gradient of the quantised tokens on to the tokenizer."""
        if self.config.gradient == "none":
            return T.detach()
        if self.config.gradient == "rotation":
            return rotation_trick(T, self.quantizer.decode(codes), self.quantizer.parts)
        return T

    def quantised_scores(
        self,
        carriers: Float[Tensor, "B K_u D_T"],
        codes: Int[Tensor, "B K_u M"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
        T: Float[Tensor, "B K_u D_T"],
    ) -> Float[Tensor, "B I"]:
        """Return sum_i g_i ReLU(S_i + b) of quantised tokens.

        Equal codes are scored once, unless nearly every token has a code of its own.

        Args:
            carriers: receive the gradient of the quantised tokens; their values cancel out.
            codes: of the tokens.
            T_c: item tokens.
            item_bias: one number per item.
            T: the tokens themselves, which the gates read.
        """
        gates = self.gates_of(T)  # (B, K_u)
        distinct, flat = distinct_codes(codes.flatten(0, 1))  # (U, M), (B * K_u,)
        row = flat.reshape(codes.shape[:2])  # (B, K_u)
        if not self.training:
            A = self.code_scores(distinct, T_c, item_bias)[row]  # (B, K_u, I)
            return A.sum(dim=1) if gates is None else (gates[..., None] * A).sum(dim=1)
        scorer, bias, slope = self.scorer, self.bias, self.slope
        if TOKENS_PER_CODE * len(distinct) > len(flat):
            Z = straight_through(carriers, self.quantizer.decode(codes))  # (B, K_u, D_T)
            shift = self.shift_of(codes)  # (B, K_u)
            return sum_of_tokens(scorer, Z, T_c, item_bias, bias, slope, gates, shift)
        words, shift = self.quantizer.decode(distinct), self.shift_of(distinct)  # (U, D_T), (U,)
        return pooled_by_code(
            scorer, carriers, words, row, T_c, item_bias, bias, slope, gates, shift
        )

    def shift_of(self, codes: Int[Tensor, "*batch M"]) -> Float[Tensor, "*batch"] | None:
        """Return what each code adds to b; None if it is the same b for all."""
        if self.code_bias is None:
            return None
        return sum(table[codes[..., m]] for m, table in enumerate(self.code_bias))

    def _spread_scores(self, T: Tensor, T_c: Tensor, item_bias: Tensor) -> Float[Tensor, "B I"]:
        """Return y of tokens that are spread over R codewords (variants/soft.py), with a graph."""
        tokens, gates = T.flatten(0, 1), self.gates_of(T)  # (B * K_u, D_T), (B, K_u)
        codes, _ = self.quantizer.nearest(tokens, self.config.soft)  # (B * K_u, R, M)
        w = soft_weights(tokens, self.quantizer.decode(codes), self.config.probe_temperature)
        w = w if gates is None else w * gates.reshape(-1, 1)  # (B * K_u, R)

        def scores(distinct: Tensor) -> Tensor:
            S = self.scorer(self.quantizer.decode(distinct), T_c, item_bias)  # (U, I)
            shift = self.shift_of(distinct)  # (U,)
            return activate(S if shift is None else S + shift[:, None], self.bias, self.slope)

        reads = len(T), -1, codes.shape[-1]
        return sum_of_lists(codes.reshape(reads), w.reshape(len(T), -1), scores)

    # --- stages of training, and the codebooks ----------------------------------------------

    @property
    def quantizer_on(self) -> bool:
        """Return False in the first stage of training, where tokens stay as they are."""
        return self.stage != "linear"

    def enter(self, stage: str, slope: float) -> None:
        """Switch on what a stage of training needs, and forget the codes of earlier steps."""
        super().enter(stage, slope)
        self.last_codes, self.epoch_codes = None, []

    def tokens_to_start(self, stage: str) -> int:
        """Return how many tokens the codebooks must see before this stage; 0 if they have."""
        waiting = stage != "linear" and self.stage in ("new", "linear")
        return TOKENS_PER_CODEWORD * self.quantizer.N if waiting else 0

    def start_codebooks(self, T: Float[Tensor, "n D_T"], seed: int) -> None:
        """Let the codebooks begin as the k-means of tokens."""
        self.quantizer.fit(T, seed=seed)

    def check_tokens(self, count: int) -> None:
        """Refuse more codewords than an epoch has tokens, before any time is spent."""
        if count < self.quantizer.N:
            raise ValueError(
                f"N = {self.quantizer.N}, but an epoch of this data has {count} tokens; choose "
                f"N <= {count}, far fewer if the codewords are to be shared"
            )

    def after_step(self, T: Float[Tensor, "B K_u D_T"], rng: RNG) -> None:
        """Move the codebooks by the tokens of the step and their codes."""
        if self.quantizer_on and self.last_codes is not None:
            codes = self.last_codes.flatten(0, 1)  # (B * K_u, M)
            self.quantizer.learn(T.flatten(0, 1), codes, rng)
            self.epoch_codes.append(codes)

    def usage(self) -> dict[str, list[Any]]:
        """Return how the codewords were used in this epoch: "used" and "perplexity"."""
        if not self.epoch_codes:
            return {}
        usage = self.quantizer.usage(torch.cat(self.epoch_codes))
        return {"used": usage.used, "perplexity": usage.perplexity}

    def teacher_scores(
        self,
        T: Float[Tensor, "B K_u D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> Float[Tensor, "B I"] | None:
        """Return y of the tokens as they are; None while the quantizer is off."""
        return self.unquantised_scores(T, T_c, item_bias) if self.quantizer_on else None

    def lists_of_step(
        self, T_c: Float[Tensor, "I K_c D_T"], item_bias: Float[Tensor, " I"]
    ) -> tuple[Float[Tensor, "U I"], Float[Tensor, " U"]]:
        """Return the lists of the codes of this step, and the share of its tokens that read each.

        The codewords are constants here: the scorer and the items shorten a list, no token moves.
        """
        assert self.last_codes is not None  # the quantizer is on wherever a penalty is paid
        codes = self.last_codes.flatten(0, 1)  # (B * K_u, M)
        distinct, row = distinct_codes(codes)  # (U, M), (B * K_u,)
        S = self.scorer(self.quantizer.decode(distinct), T_c, item_bias)  # (U, I)
        shift = self.shift_of(distinct)  # (U,)
        A = activate(S if shift is None else S + shift[:, None], self.bias, 0.0)  # (U, I)
        return A, torch.bincount(row, minlength=len(distinct)) / len(codes)

    def state(self) -> dict[str, Any]:
        """Return the stage, for the model file."""
        return {**super().state(), "quantizer_on": self.quantizer_on}

    def restore(self, entries: dict[str, Any]) -> None:
        """Take over what `state` returned.

        Raises:
            ValueError: a quantizer that is off in a stage that has it on.
        """
        super().restore(entries)
        if entries.get("quantizer_on", self.quantizer_on) != self.quantizer_on:
            raise ValueError(
                f"the file says quantizer_on = {entries['quantizer_on']} in stage {self.stage!r}; "
                "no training leaves a model like that, so save it again from its training"
            )

    def code_scores(
        self,
        codes: Any,
        T_c: Float[Tensor, "I K_c D_T"] | None = None,
        item_bias: Float[Tensor, " I"] | None = None,
    ) -> Float[Tensor, "n I"]:
        """Return A[code, c] = ReLU(S + b): what a token with that code adds to an item's score.

        Raises:
            ValueError: codes (n, M) that are no integers, or outside the codebooks.
        """
        blocks = score_blocks(self, codes, T_c, item_bias)
        return torch.cat([A for _, A in blocks], dim=1)
