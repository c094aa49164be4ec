"""What a model answers to the trainer, so that the trainer need not know which model it is."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from sparcode_mini.tools.reproducible import RNG


class Trainable(nn.Module):
    """The answers of a model that has neither stages nor codebooks, such as a two-tower.

    Attributes:
        relu_scores: is y a sum of ReLUs? Then it is trained in stages and may pay a penalty.
        has_codes: are its tokens quantised?
        trained_on: fingerprint of the split that the weights have learnt from; None if unknown.
        stage: of training: "new", "linear", "soft" or "hard" (as served).
        slope: of the final ReLU below zero.
    """

    relu_scores = False
    has_codes = False
    trained_on: str | None = None
    stage, slope = "hard", 0.0

    def enter(self, stage: str, slope: float) -> None:
        """Switch on what a stage of training needs."""

    def tokens_to_start(self, stage: str) -> int:
        """Return how many tokens the codebooks must see before this stage; 0 for none."""
        return 0

    def start_codebooks(self, T: Float[Tensor, "n D_T"], seed: int) -> None:
        """Let the codebooks begin from tokens."""

    def check_tokens(self, count: int) -> None:
        """Refuse data that have fewer tokens in an epoch than the model needs."""

    def after_step(self, T: Float[Tensor, "B K_u D_T"], rng: RNG) -> None:
        """Learn what the optimiser does not: codebooks."""

    def usage(self) -> dict[str, list[Any]]:
        """Return how the codewords were used in this epoch."""
        return {}

    def teacher_scores(
        self,
        T: Float[Tensor, "B K_u D_T"],
        T_c: Float[Tensor, "I K_c D_T"],
        item_bias: Float[Tensor, " I"],
    ) -> Float[Tensor, "B I"] | None:
        """Return scores that those of the codes are pulled to (distillation); None for none."""
        return None

    def lists_of_step(
        self, T_c: Float[Tensor, "I K_c D_T"], item_bias: Float[Tensor, " I"]
    ) -> tuple[Float[Tensor, "U I"], Float[Tensor, " U"]]:
        """Return the lists that the step reads, and how often each; only of models with codes."""
        raise TypeError(f"a {type(self).__name__} has no lists")

    def state(self) -> dict[str, Any]:
        """Return what besides weights and configuration decides the scores, for the file."""
        return {}

    def restore(self, entries: dict[str, Any]) -> None:
        """Take over what `state` returned."""
