"""One training: model, optimiser, random numbers, log, best weights; and its single steps."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.base import MatchingModel
from sparcode_mini.tools.reproducible import set_dropout_rng
from sparcode_mini.training.batches import Examples
from sparcode_mini.training.losses import step_loss
from sparcode_mini.training.recipe import Log, Recipe

WEIGHT_DECAY = 1e-4  # of AdamW
LARGEST_GRADIENT = 5.0  # norm to which gradients are clipped


class Run:
    """State of one training.

    Args:
        model: is trained in place.
        examples: what it learns from.
        recipe: how.
        checkpoint: file that holds the state after each epoch; None for none.

    Attributes:
        epoch, step: how many are finished.
        done: share of the training that is finished, 0 to 1.
        log: a row for each epoch.
        best: weights of the best epoch that counted; empty before one did.
    """

    def __init__(
        self,
        model: MatchingModel,
        examples: Examples,
        recipe: Recipe,
        checkpoint: Path | None = None,
    ) -> None:
        self.model, self.examples = model, examples
        self.recipe, self.checkpoint = recipe, checkpoint
        self.log, self.epoch, self.step, self.done = Log(), 0, 0, 0.0
        self.rng = np.random.default_rng(recipe.seed)
        set_dropout_rng(model, self.rng)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(self.parameters, lr=recipe.lr, weight_decay=WEIGHT_DECAY)
        self.best: dict[str, Tensor] = {}

    def train_epoch(self) -> dict[str, Any]:
        """Train one epoch; return its row of the log."""
        start = time.perf_counter()
        self._enter_stage()
        self.model.train()
        losses, batches = [], self.examples.batches(self.rng)
        for number, batch in enumerate(batches):
            self.done = (self.epoch + number / len(batches)) / self.recipe.epochs
            losses.append(self.train_step(*batch))
        row: dict[str, Any] = {
            "epoch": self.epoch,
            "stage": self.model.stage,
            "loss": float(np.mean(losses)),
            **self.model.usage(),
            **self.examples.validate(),
        }
        row["seconds"] = time.perf_counter() - start
        log, best = self.log.with_row(row), self.best
        if log.best_epoch == self.epoch:
            best = {k: v.clone() for k, v in self.model.state_dict().items()}
        # At once, so that Ctrl-C can't come in between and leave the weights of another epoch.
        self.log, self.best, self.epoch = log, best, self.epoch + 1
        return row

    def _enter_stage(self) -> None:
        """Switch on what this epoch needs; start the codebooks when their time has come."""
        stage, slope = self.recipe.stage_at(self.epoch)
        count = self.model.tokens_to_start(stage)
        if count:
            T = self._tokens(count)  # (count, D_T)
            self.model.start_codebooks(T, seed=int(self.rng.integers(2**31)))
        self.model.enter(stage, slope)

    @torch.no_grad()
    def _tokens(self, count: int) -> Float[Tensor, "n D_T"]:
        """Return up to `count` tokens of one pass over the examples."""
        self.model.eval()
        tokens: list[Tensor] = []
        for batch in self.examples.batches(self.rng):
            T = self.examples.questions(self.model.items(), *batch).tokens  # (n, K_u, D_T)
            tokens.append(T.flatten(0, 1))
            if sum(map(len, tokens)) >= count:
                break
        return torch.cat(tokens)[:count]

    def train_step(self, *batch: Tensor) -> float:
        """Take one step of the optimiser and of the codebooks; return the loss."""
        model, recipe = self.model, self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.learning_rate(self.step, self.done)
        T_c = model.items()  # (I, K_c, D_T)
        questions, most = self.examples.questions(T_c, *batch), recipe.max_positions
        if most is not None and len(questions.targets) > most:
            rows = torch.from_numpy(self.rng.permutation(len(questions.targets))[:most])
            questions = questions.part(rows)
        weight, offered = recipe.penalty_weight(self.done), self.examples.candidates
        loss = step_loss(model, questions, T_c, recipe, weight, self.rng, offered)
        if not bool(torch.isfinite(loss)):
            raise ValueError(
                f"the loss became {float(loss.detach())} in epoch {self.epoch}; lower lr"
            )
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, LARGEST_GRADIENT)
        self.optimiser.step()
        model.after_step(questions.tokens, self.rng)
        self.step += 1
        return float(loss.detach())

    def finish(self) -> None:
        """Put the best weights back, with everything switched on as served."""
        if self.best:
            self.model.load_state_dict(self.best)
            self.model.enter("hard", 0.0)
        elif self.model.stage == "hard":  # cut off in its first hard epoch: none has counted
            self.model.enter("soft", self.model.slope)
        self.model.eval()
