"""All-to-all: every token of the query meets every token of an item in a scorer."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.base import MatchingModel, Source
from sparcode_mini.model.configs import AllToAllConfig, Config
from sparcode_mini.model.items import Catalogue
from sparcode_mini.model.scorer import sum_of_tokens
from sparcode_mini.model.variants.gates import Gates
from sparcode_mini.model.variants.scorers import make_scorer
from sparcode_mini.tools.checks import number
from sparcode_mini.tools.reproducible import normal


class AllToAll(MatchingModel):
    """y = sum_i ReLU(S_i + b), every token against all tokens of every item; nothing to cache.

    Args:
        source: see MatchingModel.
        tokenizer: one of tokenizers.TOKENIZERS.
        query_tokens: K_u.
        **options: `user_features`, `dtype`, and the other fields of configs.AllToAllConfig.

    Attributes:
        bias: b; it can be set, and is then saved with the model.
        slope: of the final ReLU below zero; > 0 only while training says so.
        stage: of training: "new", "linear", "soft" or "hard" (as served).
    """

    config_class: ClassVar[type[Config]] = AllToAllConfig
    config: AllToAllConfig
    relu_scores = True

    def __init__(
        self,
        source: Source,
        tokenizer: str = "self-attention",
        query_tokens: int = 4,
        **options: Any,
    ) -> None:
        super().__init__(source, tokenizer=tokenizer, query_tokens=query_tokens, **options)

    def add_layers(self, catalogue: Catalogue) -> None:
        """Register the scorer (and the gates) after the shared layers."""
        super().add_layers(catalogue)
        config = self.config
        self.slope, self.stage = 0.0, "new"
        self.scorer = make_scorer(
            config.scorer,
            token_dim=config.token_dim,
            item_tokens=self.items.count,
            hidden=config.hidden,
            linear_path=config.linear_path,
        )
        self.gates = Gates(config.token_dim) if config.gates else None

    @property
    def bias(self) -> float:
        """Return b, that of `config`; when it is set, the model has another configuration."""
        return float(self.config.bias)

    @bias.setter
    def bias(self, value: float) -> None:
        self.config = replace(self.config, bias=number(value, "bias"))

    def draw_weights(self, rng: np.random.Generator) -> None:
        """Draw all weights; the last layer of the scorer has a spread of its own."""
        super().draw_weights(rng)
        last = self.scorer.last.weight
        last.data = normal(rng, *last.shape, std=self.scorer.output_std, dtype=self.dtype)

    @property
    def nonnegative(self) -> bool:
        """Return True once the final ReLU is hard."""
        return self.slope == 0.0

    # --- scores ---------------------------------------------------------------------------

    def training_scores(
        self,
        T: Float[Tensor, "B K_u D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> tuple[Float[Tensor, "B I"], Float[Tensor, ""]]:
        """Return y, and no additional loss."""
        return self.unquantised_scores(T, T_c, item_bias), T.new_zeros(())

    def unquantised_scores(
        self,
        T: Float[Tensor, "B K_u D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> Float[Tensor, "B I"]:
        """Return sum_i g_i ReLU(S_i + b) of tokens as they are."""
        gates = self.gates_of(T)  # (B, K_u)
        return sum_of_tokens(self.scorer, T, T_c, item_bias, self.bias, self.slope, gates)

    def gates_of(self, T: Float[Tensor, "B K_u D_T"]) -> Float[Tensor, "B K_u"] | None:
        """Return how much each token counts; None if all count alike."""
        return None if self.gates is None else self.gates(T)

    # --- stages of training ---------------------------------------------------------------

    def enter(self, stage: str, slope: float) -> None:
        """Switch on what a stage of training needs.

        Args:
            stage: "linear" is the scorer's linear path alone; from "soft" on the network counts.
            slope: of the final ReLU below zero.
        """
        self.stage, self.slope = stage, slope
        self.scorer.mlp_on = stage != "linear" or not self.scorer.has_linear_path

    def state(self) -> dict[str, Any]:
        """Return the stage, for the model file."""
        return {"stage": self.stage, "slope": self.slope, "mlp_on": self.scorer.mlp_on}

    def restore(self, entries: dict[str, Any]) -> None:
        """Take over what `state` returned; files without these keys hold ready models."""
        self.enter(entries.get("stage") or "new", entries.get("slope", 0.0))
        self.scorer.mlp_on = entries.get("mlp_on", self.scorer.mlp_on)
