"""What decides the result of a training, and what the training reports."""

from dataclasses import dataclass, field
from typing import Any

from jaxtyping import Float
from torch import Tensor

PENALTIES = ("l1", "flops")


def sparsity_penalty(y: Float[Tensor, "B I"], query_tokens: int, kind: str) -> Float[Tensor, ""]:
    """What a training pays for positive scores.

        a = max(y, 0) / K_u, the mean score that a token gives an item
        l1     mean over queries and items of a
        flops  mean over items of (mean over queries of a)^2

    L1 costs the same wherever a score stands. FLOPS (arXiv 2004.05665; in SPLADE, arXiv 2107.05720)
    costs more for an item that many queries score: it flattens the lists that are read most.

    Args:
        y: scores before the ReLU of the penalty (a leaky y may be negative).
        query_tokens: K_u.
        kind: one of PENALTIES.

    Raises:
        ValueError: another kind.
    """
    a = y.clamp(min=0) / query_tokens  # (B, I)
    if kind == "l1":
        return a.mean()
    if kind == "flops":
        return a.mean(dim=0).square().mean()
    raise ValueError(f"penalty = {kind!r}; choose one of {PENALTIES}")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training, apart from model and data.

    Attributes:
        epochs: passes over the training part.
        sparsity: weight of the penalty on y; it starts with the quantiser and rises slowly.
        penalty: which one, see `sparsity_penalty`: "l1" or "flops".
        distill: weight of the pull of a SparCode's scores towards those of its unquantised tokens
            (distill.py), while the quantiser is on.
        seed: of windows, targets, dropout, k-means start and restarts.
        batch: windows in a step.
        lr: highest learning rate (AdamW; linear warm-up, then cosine to 5%).
        weight_decay: of AdamW.
        warmup: steps of the warm-up.
        clip: largest gradient norm.
        target_window: W; the target is drawn from the next W items.
        negatives: 0 for the softmax over all items, else how many items are sampled per step.
        stages: shares of the epochs at which the quantiser and network start, and at which the
            ReLU has become hard.
        max_positions: most prefixes of a step that enter the loss (None: all).
        patience: stop after so many counted epochs without a better validation score (None: off).
    """

    epochs: int = 20
    sparsity: float = 0.0
    penalty: str = "l1"
    distill: float = 0.0
    seed: int = 0
    batch: int = 32
    lr: float = 2e-3
    weight_decay: float = 1e-4
    warmup: int = 50
    clip: float = 5.0
    target_window: int = 3
    negatives: int = 0
    stages: tuple[float, float] = (0.4, 0.5)
    max_positions: int | None = None
    patience: int | None = None

    def __post_init__(self) -> None:
        """Refuse values that can't work, with the remedy."""
        if self.epochs < 1:
            raise ValueError(f"epochs = {self.epochs}; train for at least 1")
        if not self.sparsity >= 0:
            raise ValueError(f"sparsity = {self.sparsity}; the penalty must be >= 0")
        if not self.distill >= 0:
            raise ValueError(f"distill = {self.distill}; give a weight >= 0")
        if self.penalty not in PENALTIES:
            raise ValueError(f"penalty = {self.penalty!r}; choose one of {PENALTIES}")
        if self.target_window < 1 or self.batch < 1:
            raise ValueError(f"target_window {self.target_window} and batch {self.batch} are >= 1")
        if self.negatives < 0 or not self.lr > 0:
            raise ValueError(f"negatives = {self.negatives}, lr = {self.lr}; give >= 0 and > 0")
        for name in ("max_positions", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} = {value}; give at least 1, or None to switch it off")
        start, hard = self.stages
        if not 0.0 <= start <= hard < 1.0:
            raise ValueError(f"stages = {self.stages}; give two shares, 0 <= first <= second < 1")


@dataclass
class Log:
    """What happened: one row per epoch, and which epoch was kept."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int | None = None
    best_score: float = -1.0
    interrupted: bool = False

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, validation included."""
        return float(sum(row["seconds"] for row in self.rows))

    def column(self, name: str) -> list[Any]:
        """One value per epoch, such as "loss" or "ndcg@50"."""
        return [row[name] for row in self.rows]
