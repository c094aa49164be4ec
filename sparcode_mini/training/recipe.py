"""What decides the result of a training, and what the training reports.

SparCode and AllToAll train in stages:

    linear   the scorer's linear path alone, no quantizer, leaky ReLU
    soft     quantizer and network on, the ReLU still leaky
    hard     everything as served; only these epochs count for the best epoch
"""

from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

import numpy as np

from sparcode_mini.tools.checks import MOST, count, number
from sparcode_mini.tools.options import check_options, short

WHOLE = {
    "epochs": (1, 10_000), "seed": (0, 2**63 - 1), "batch": (1, MOST), "warmup": (0, MOST),
    "target_window": (1, MOST), "negatives": (0, MOST),
}  # fmt: skip
PENALTIES = ("l1", "items", "flops")
LEAK = 0.1  # slope of the ReLU below zero when training starts
PENALTY_RISE = 0.3  # share of the training over which the penalty rises to its full weight
LOWEST_RATE = 0.05  # of the learning rate, at the end of the cosine


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training, apart from model and data.

    Attributes:
        epochs: passes over the training part.
        sparsity: weight of the penalty on y; it starts with the quantiser and rises slowly.
        penalty: "l1" or "items" (`losses.sparsity_penalty`), or "flops" (`losses.read_penalty`).
        distill: weight of the pull of a SparCode's scores towards those of its unquantised tokens
            (losses.distillation), while the quantiser is on.
        seed: of windows, targets, dropout, k-means start and restarts.
        batch: windows in a step.
        lr: highest learning rate (AdamW; linear warm-up, then cosine to 5%).
        warmup: steps of the warm-up.
        target_window: W; the target is drawn from the next W items.
        negatives: 0 for the softmax over all items, else how many items are sampled per step.
        stages: shares of the epochs at which the quantizer and network start, and at which the
            ReLU has become hard.
        max_positions: most prefixes of a step that enter the loss (None: all).
        mask_seen: leave what a person has seen out of the softmax, as serving does.
    """

    epochs: int = 20
    sparsity: float = 0.0
    penalty: str = "l1"
    distill: float = 0.0
    seed: int = 0
    batch: int = 32
    lr: float = 2e-3
    warmup: int = 50
    target_window: int = 3
    negatives: int = 0
    stages: tuple[float, float] = (0.4, 0.5)
    max_positions: int | None = None
    mask_seen: bool = True

    def __post_init__(self) -> None:
        """Refuse values that can't work, with the remedy."""
        take = partial(object.__setattr__, self)  # JSON knows no numbers of numpy
        for name, (least, most) in WHOLE.items():
            take(name, count(getattr(self, name), name, least, most))
        for name in ("sparsity", "distill", "lr"):
            take(name, number(getattr(self, name), name))
        if min(self.sparsity, self.distill) < 0:
            name = "sparsity" if self.sparsity < 0 else "distill"
            raise ValueError(f"{name} = {getattr(self, name)}; give a finite number >= 0")
        if self.lr <= 0:
            raise ValueError(f"lr = {self.lr}; give a finite number > 0")
        if type(self.penalty) is not str or self.penalty not in PENALTIES:
            raise ValueError(f"penalty = {short(self.penalty)}; choose one of {PENALTIES}")
        if self.max_positions is not None:
            take("max_positions", count(self.max_positions, "max_positions", 1, MOST))
        take("stages", _shares(self.stages))
        if type(self.mask_seen) is not bool:
            raise ValueError(f"mask_seen = {short(self.mask_seen)}; give True or False")

    @classmethod
    def of(cls, options: dict[str, Any]) -> "Recipe":
        """Return the recipe that keyword arguments of a training give.

        Raises:
            TypeError: an option that a training does not have.
            ValueError: a value that can't work.
        """
        check_options(options, [f.name for f in fields(cls)], "a training")
        return cls(**options)

    def stage_at(self, epoch: int) -> tuple[str, float]:
        """Return the stage of an epoch, and the slope of the ReLU below zero in it."""
        quantise, hard = self.stages
        done = epoch / self.epochs
        stage = "linear" if done < quantise else "soft" if done < hard else "hard"
        soft_epochs = hard * self.epochs
        left = 1.0 - epoch / soft_epochs if soft_epochs else 0.0
        return stage, LEAK * max(left, 0.0)

    def penalty_weight(self, done: float) -> float:
        """Return the weight of the penalty after a share `done` of the training.

        It is 0 in the epochs of the linear stage, then rises to `sparsity`. A penalty from the
        first step lets one token do all the work and the others die: their lists end empty, and a
        dead ReLU has no gradient to come back.
        """
        # A stage begins with an epoch, not within one.
        shares = (epoch / self.epochs for epoch in range(self.epochs + 1))
        began = next(share for share in shares if share >= self.stages[0])
        risen = (done - began) / PENALTY_RISE
        return self.sparsity * min(max(risen, 0.0), 1.0)

    def learning_rate(self, step: int, done: float) -> float:
        """Return the learning rate of a step: linear warm-up, then cosine down to 5% of `lr`."""
        if step < self.warmup:
            return self.lr * ((step + 1) / self.warmup)
        cosine = float(0.5 * (1 + np.cos(np.pi * done)))
        return self.lr * (LOWEST_RATE + (1 - LOWEST_RATE) * cosine)


def _shares(stages: Any) -> tuple[float, float]:
    """Return the two shares of the stages as floats."""
    wrong = f"stages = {short(stages)}; give two shares, 0 <= first <= second < 1"
    if type(stages) not in (tuple, list, np.ndarray) or len(stages) != 2:
        raise ValueError(wrong)
    start, hard = number(stages[0], "stages[0]"), number(stages[1], "stages[1]")
    if not 0.0 <= start <= hard < 1.0:
        raise ValueError(wrong)
    return start, hard


@dataclass
class Log:
    """What happened: one row per epoch, and which epoch was kept."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int | None = None
    best_score: float = -1.0
    interrupted: bool = False

    def with_row(self, row: dict[str, Any]) -> "Log":
        """Return the log with the row of a further epoch, which becomes the best if it is."""
        score = row.get("ndcg@50", float(row["epoch"]))
        rows = [*self.rows, row]
        if row["stage"] == "hard" and score > self.best_score:
            return replace(self, rows=rows, best_epoch=row["epoch"], best_score=score)
        return replace(self, rows=rows)

    @property
    def seconds(self) -> float:
        """Return the wall time of all epochs, validation included."""
        return float(sum(row["seconds"] for row in self.rows))

    def column(self, name: str) -> list[Any]:
        """Return one value per epoch, such as "loss" or "ndcg@50"."""
        return [row[name] for row in self.rows]
