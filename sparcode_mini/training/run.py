"""Training: one loop for the three models.

A step takes windows of histories, makes the tokens of every prefix, and asks for one of the next
few items by a softmax over the items. SparCode and AllToAll train in stages:

    linear   the scorer's linear path alone, no quantiser, leaky ReLU
    soft     quantiser and network on, the ReLU still leaky
    hard     everything as served; only these epochs count for the best epoch

An epoch is a pass over all training interactions.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.data.ratings import Split
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.model.base import MatchingModel, pad
from sparcode_mini.model.sparcode import AllToAll, SparCode
from sparcode_mini.tools.files import load_tensors, save_tensors
from sparcode_mini.tools.progress import progress
from sparcode_mini.tools.reproducible import RNG, set_dropout_rng
from sparcode_mini.training.losses import distillation
from sparcode_mini.training.memory import pages_kept
from sparcode_mini.training.recipe import Log, Recipe, sparsity_penalty

LEAK = 0.1  # slope of the ReLU below zero when training starts
PENALTY_RISE = 0.3  # share of the training over which the penalty rises to its full weight


def fit(
    model: MatchingModel,
    split: Split,
    epochs: int = 20,
    sparsity: float = 0.0,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
    **recipe: Any,
) -> Log:
    """Train `model` in place and leave it at its best counted epoch (validation NDCG@50).

    Args:
        model: TwoTower, AllToAll or SparCode.
        split: data; without a validation part the last epoch is kept.
        epochs: passes over the training part.
        sparsity: weight of the penalty on y, the learnt way to short lists.
        seed: of everything random in training.
        checkpoint: file that holds the state after each epoch, written atomically.
        resume: go on from `checkpoint` if it exists; the result equals that of one run.
        on_epoch: called with each row of the log; raise KeyboardInterrupt in it to stop.
        **recipe: further fields of Recipe.

    Returns:
        The log. After Ctrl-C `log.interrupted` is True: the best epoch so far is kept if one
        counted, else the model refuses to encode until training is resumed.

    Raises:
        ValueError: a recipe that can't work, a checkpoint of another run, a loss that is NaN.
    """
    plan = Recipe(epochs=epochs, sparsity=sparsity, seed=seed, **recipe)
    check_recipe(model, plan)
    run = Run(model, split, plan, Path(checkpoint) if checkpoint else None)
    if resume:
        run.load()
    return run_epochs(run, on_epoch)


def check_recipe(model: MatchingModel, plan: Recipe) -> None:
    """Refuse a recipe that this model can't be trained by.

    Raises:
        ValueError: a penalty without ReLU scores, distillation without codes, or no epoch after
            the stages.
    """
    if plan.distill and not isinstance(model, SparCode):
        raise ValueError(f"distill = {plan.distill}, but a {type(model).__name__} has no codes")
    if plan.sparsity and not isinstance(model, AllToAll):
        raise ValueError(
            f"sparsity = {plan.sparsity}, but a {type(model).__name__} has no ReLU scores"
        )
    if isinstance(model, AllToAll) and (plan.epochs - 1) / plan.epochs < plan.stages[1]:
        raise ValueError(
            f"epochs = {plan.epochs} leaves no epoch after stages = {plan.stages}; "
            "train longer or pass smaller shares, such as stages=(0.0, 0.0)"
        )


def run_epochs(run: "Run", on_epoch: Callable[[dict[str, Any]], None] | None = None) -> Log:
    """Train the epochs that are left, until the end, Ctrl-C, or patience is out."""
    run.save()  # so that a run can be resumed that is cut off in its first epoch
    todo = range(run.epoch, run.epoch if run.out_of_patience() else run.plan.epochs)
    try:
        with pages_kept():
            for _ in progress(todo, desc=f"train {type(run.model).__name__}"):
                row = run.train_epoch()
                run.save()
                if on_epoch:
                    on_epoch(row)
                if run.out_of_patience():
                    break
    except KeyboardInterrupt:
        run.log.interrupted = True
    run.finish()
    return run.log


class Run:
    """State of one training: model, optimiser, random numbers, log, best weights.

    What is learnt from (here: histories) is read by `_read`, `_batches`, `_validate` and
    `_tokens_and_targets`; `pairs` gives another answer to these four.

    Attributes:
        candidates: (C,) item positions among which the softmax chooses, None for all.
    """

    candidates: Tensor | None = None

    def __init__(
        self, model: MatchingModel, split: Any, plan: Recipe, checkpoint: Path | None
    ) -> None:
        self.model, self.split, self.plan, self.checkpoint = model, split, plan, checkpoint
        self.log, self.epoch, self.step, self.done = Log(), 0, 0, 0.0
        self.rng = np.random.default_rng(plan.seed)
        set_dropout_rng(model, self.rng)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=plan.lr, weight_decay=plan.weight_decay
        )
        self._read()
        self.best: dict[str, Tensor] = {}

    def _read(self) -> None:
        """Histories of at least two items."""
        if self.model.catalogue.item_ids.tolist() != self.split.item_ids.tolist():
            raise ValueError("the model was made for another catalogue; make one for this split")
        own = self.model.split
        if own is None or own.fingerprint != self.split.fingerprint:
            raise ValueError(
                "the model reads users from another split, or from none; make it from this one, or "
                "load_model(path, split=split)"
            )
        self.sequences = self.split.histories("train")
        self.users = np.array([u for u, s in enumerate(self.sequences) if len(s) > 1])
        if len(self.users) == 0:
            raise ValueError("no user has two training interactions; there is nothing to predict")
        if isinstance(self.model, SparCode):
            self._check_codebooks(self.model)

    def _validate(self) -> dict[str, float]:
        """Metrics on the validation part, if there is one."""
        if not self.split.count("validation"):
            return {}
        return evaluate(self.model, self.split, on="validation", k=(50,))

    def _check_codebooks(self, model: SparCode) -> None:
        """Refuse more codewords than an epoch has tokens, before any time is spent."""
        tokens = model.config["query_tokens"] * sum(len(self.sequences[u]) - 1 for u in self.users)
        if tokens < model.quantizer.N:
            raise ValueError(
                f"N = {model.quantizer.N}, but an epoch of this data has {tokens} tokens; choose "
                f"N <= {tokens}, far fewer if the codewords are to be shared"
            )

    # --- one epoch ----------------------------------------------------------------------------

    def train_epoch(self) -> dict[str, Any]:
        """Train one epoch; return its row of the log."""
        start = time.perf_counter()
        stage = self._enter_stage()
        self.model.train()
        losses, codes, batches = [], [], self._batches()
        for number, batch in enumerate(batches):
            self.done = (self.epoch + number / len(batches)) / self.plan.epochs
            losses.append(self._train_step(*batch))
            if isinstance(self.model, SparCode) and self.model.last_codes is not None:
                codes.append(self.model.last_codes.flatten(0, 1))
        row: dict[str, Any] = {"epoch": self.epoch, "stage": stage, "loss": float(np.mean(losses))}
        if isinstance(self.model, SparCode) and codes:
            usage = self.model.quantizer.usage(torch.cat(codes))
            row |= {"used": usage.used, "perplexity": usage.perplexity}
        row |= self._validate()
        row["seconds"] = time.perf_counter() - start
        self.log.rows.append(row)
        self._keep_best(row)
        self.epoch += 1
        return row

    def _enter_stage(self) -> str:
        """Switch on what this epoch needs; return the name of its stage."""
        model = self.model
        if not isinstance(model, AllToAll):
            return "hard"
        quantise, hard = self.plan.stages
        done = self.epoch / self.plan.epochs
        stage = "linear" if done < quantise else "soft" if done < hard else "hard"
        if stage != "linear" and model.stage in ("new", "linear") and isinstance(model, SparCode):
            self._start_codebooks(model)
        if isinstance(model, SparCode):
            model.quantizer_on, model.last_codes = stage != "linear", None
        model.scorer.mlp_on = stage != "linear" or not model.scorer.has_linear_path
        model.stage = stage
        self._set_slope()
        return stage

    def _start_codebooks(self, model: SparCode) -> None:
        """k-means++ on the tokens of one pass, as many as make the start stable."""
        tokens, enough = [], 64 * model.quantizer.N
        with torch.no_grad():
            model.eval()
            for batch in self._batches():
                T, _ = self._tokens_and_targets(model.items(), *batch)  # (n, K_u, D_T)
                tokens.append(T.flatten(0, 1))
                if sum(map(len, tokens)) >= enough:
                    break
        x = torch.cat(tokens)[:enough]
        model.quantizer.fit(x, seed=int(self.rng.integers(2**31)))

    def _set_slope(self) -> None:
        if isinstance(self.model, AllToAll):
            hard = self.plan.stages[1] * self.plan.epochs
            left = 1.0 - self.epoch / hard if hard else 0.0
            self.model.slope = LEAK * max(left, 0.0)

    def _keep_best(self, row: dict[str, Any]) -> None:
        counted = row["stage"] == "hard"
        score = row.get("ndcg@50", float(self.epoch))
        if counted and score > self.log.best_score:
            self.log.best_score, self.log.best_epoch = score, self.epoch
            self.best = {k: v.clone() for k, v in self.model.state_dict().items()}

    def out_of_patience(self) -> bool:
        """Have as many epochs passed since the best one as the recipe allows?"""
        best, patience = self.log.best_epoch, self.plan.patience
        return patience is not None and best is not None and self.epoch - 1 - best >= patience

    def finish(self) -> None:
        """Put the best weights back, with everything switched on as served."""
        if self.best:
            self.model.load_state_dict(self.best)
            if isinstance(self.model, AllToAll):
                self.model.stage, self.model.slope = "hard", 0.0
                self.model.scorer.mlp_on = True
        elif isinstance(self.model, AllToAll) and self.model.stage == "hard":
            self.model.stage = "soft"  # cut off in its first hard epoch: none has counted
        self.model.eval()

    # --- one step -----------------------------------------------------------------------------

    def _batches(self) -> list[tuple[Tensor, ...]]:
        """One epoch of (positions (B, L), users (B,), targets (B, L)); -1 pads both tables."""
        windows = list(self._windows())
        batches: list[tuple[Tensor, ...]] = []
        order = self.rng.permutation(len(windows))
        for start in range(0, len(order), self.plan.batch):
            chosen = [windows[i] for i in order[start : start + self.plan.batch]]
            positions = pad([w[1] for w in chosen])
            targets = pad([w[2] for w in chosen])
            batches.append((positions, torch.tensor([w[0] for w in chosen]), targets))
        return batches

    def _windows(self) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Cut each history at a random offset into windows; draw a target for each position."""
        W = self.plan.target_window
        for user in self.users:
            sequence = self.sequences[user]
            last = len(sequence) - 1  # the last item has no successor
            ahead = np.minimum(self.rng.integers(1, W + 1, size=last), last - np.arange(last))
            targets = sequence[np.arange(last) + ahead]  # (last,)
            for a, b in self._spans(last):
                yield int(user), sequence[a:b], targets[a:b]

    def _spans(self, length: int) -> Iterator[tuple[int, int]]:
        """Where to cut so many positions into windows, from a random offset on."""
        L = self.model.history_len
        offset = int(self.rng.integers(L)) if length > L else 0
        return itertools.pairwise(sorted({0, length, *range(offset, length, L)}))

    def _tokens_and_targets(
        self, T_c: Tensor, positions: Tensor, users: Tensor, targets: Tensor
    ) -> tuple[Float[Tensor, "n K_u D_T"], Int[Tensor, " n"]]:
        """Tokens of every prefix of a batch, and the item that each is to find."""
        T = self.model.prefix_tokens(positions, users, T_c)  # (B, L, K_u, D_T)
        rows = (targets >= 0).flatten().nonzero().flatten()  # (n,)
        return T.flatten(0, 1)[rows], targets.flatten()[rows]

    def _train_step(self, *batch: Tensor) -> float:
        model, plan = self.model, self.plan
        for group in self.optimiser.param_groups:
            group["lr"] = plan.lr * self._schedule()
        T_c = model.items()  # (I, K_c, D_T)
        T, wanted = self._tokens_and_targets(T_c, *batch)  # (n, K_u, D_T), (n,)
        if plan.max_positions is not None and len(T) > plan.max_positions:
            rows = torch.from_numpy(self.rng.permutation(len(T))[: plan.max_positions])
            T, wanted = T[rows], wanted[rows]
        loss = self._loss(T, wanted, T_c)
        if not bool(torch.isfinite(loss)):
            raise ValueError(
                f"the loss became {float(loss.detach())} in epoch {self.epoch}; lower lr"
            )
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, plan.clip)
        self.optimiser.step()
        if isinstance(model, SparCode) and model.quantizer_on and model.last_codes is not None:
            model.quantizer.learn(T.flatten(0, 1), model.last_codes.flatten(0, 1), self.rng)
        self.step += 1
        return float(loss.detach())

    def _loss(
        self, T: Float[Tensor, "n K_u D_T"], wanted: Int[Tensor, " n"], T_c: Tensor
    ) -> Tensor:
        """Softmax over items + the model's own loss + penalty on positive scores."""
        model, forbidden = self.model, None
        bias: Tensor = model.item_bias
        if self.candidates is not None:
            T_c, bias = T_c[self.candidates], bias[self.candidates]
            wanted = torch.searchsorted(self.candidates, wanted)
        if self.plan.negatives:
            keep, wanted, forbidden = sample_items(wanted, len(T_c), self.plan.negatives, self.rng)
            T_c, bias = T_c[keep], bias[keep]
        y, own = model.training_scores(T, T_c, bias)  # (n, I)
        logits = self._logits(y, forbidden)
        loss = F.cross_entropy(logits, wanted) + own
        if self.plan.distill and isinstance(model, SparCode) and model.quantizer_on:
            with torch.no_grad():
                teacher = self._logits(model.unquantised_scores(T, T_c, bias), forbidden)
            loss = loss + self.plan.distill * distillation(logits, teacher)
        if self.plan.sparsity:
            cost = sparsity_penalty(y, T.shape[1], self.plan.penalty)
            loss = loss + self._sparsity() * cost
        return loss

    def _logits(self, y: Float[Tensor, "n I"], forbidden: Tensor | None) -> Float[Tensor, "n I"]:
        """Scaled scores, -inf where an item is not on offer."""
        logits = self.model.logit_scale * y
        return logits if forbidden is None else logits.masked_fill(forbidden, float("-inf"))

    def _sparsity(self) -> float:
        """Weight of the penalty: 0 in the linear stage, then rising to `sparsity`.

        A penalty from the first step lets one token do all the work and the others die: their
        lists end empty, and a dead ReLU has no gradient to come back.
        """
        risen = (self.done - self.plan.stages[0]) / PENALTY_RISE
        return self.plan.sparsity * min(max(risen, 0.0), 1.0)

    def _schedule(self) -> float:
        """Factor of the learning rate: linear warm-up, then cosine down to 5%."""
        if self.step < self.plan.warmup:
            return (self.step + 1) / self.plan.warmup
        return float(0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * self.done)))

    # --- files --------------------------------------------------------------------------------

    def _identity(self) -> dict[str, Any]:
        """What must agree for a checkpoint to belong to this run."""
        return {
            "model": type(self.model).__name__,
            "config": self.model.config,
            "user_features": [list(f) for f in self.model.catalogue.user_features],
            "dtype": str(self.model.dtype),
            "recipe": _plain(self.plan),
            **self._data_identity(),
        }

    def _data_identity(self) -> dict[str, Any]:
        """What is learnt from, and with which features (those that the model reads)."""
        return {
            "data": self.split.fingerprint, "features": self.model.data.features_fingerprint
        }  # fmt: skip

    def save(self) -> None:
        """Write the state to the checkpoint file, if there is one."""
        if self.checkpoint is None:
            return
        state = self.optimiser.state_dict()["state"]
        tensors = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        tensors |= {f"best.{k}": v for k, v in self.best.items()}
        tensors |= {f"adam.{i}.{k}": v for i, s in state.items() for k, v in s.items()}
        meta = {
            **self._identity(),
            "epoch": self.epoch,
            "step": self.step,
            "log": asdict(self.log),
            "rng": self.rng.bit_generator.state,
            "stage": getattr(self.model, "stage", None),
        }
        save_tensors(self.checkpoint, tensors, meta, kind="sparcode-mini training", version=1)

    def load(self) -> None:
        """Go on from the checkpoint file; a file of another run is refused."""
        if self.checkpoint is None:
            raise ValueError("resume=True needs a checkpoint file; pass checkpoint=PATH")
        if not self.checkpoint.exists():
            return  # nothing was saved yet: start from the beginning
        tensors, meta = load_tensors(self.checkpoint, kind="sparcode-mini training", version=1)
        for key, value in self._identity().items():
            found = meta.get(key, value)  # early files lack some keys
            if key == "recipe":
                found = _plain(Recipe()) | found
            if found != value:
                raise ValueError(
                    f"{self.checkpoint} belongs to another run: its {key} is {found}, "
                    f"this run's is {value}; choose another checkpoint file"
                )
        self.model.load_state_dict(_under(tensors, "model."))
        self.best = _under(tensors, "best.")
        state = self.optimiser.state_dict()
        for name, value in _under(tensors, "adam.").items():
            index, key = name.split(".")
            state["state"].setdefault(int(index), {})[key] = value
        self.optimiser.load_state_dict(state)
        self.epoch, self.step = meta["epoch"], meta["step"]
        self.log, self.rng.bit_generator.state = Log(**meta["log"]), meta["rng"]
        self.log.interrupted = False
        if isinstance(self.model, AllToAll):
            self.model.stage = meta["stage"]


def sample_items(
    wanted: Int[Tensor, " n"], n_items: int, negatives: int, rng: RNG
) -> tuple[Tensor, Tensor, Tensor]:
    """Choose the items of a sampled softmax: one shared uniform sample plus each row's target.

    Returns:
        keep (C,) item positions; the targets as columns of keep (n,); forbidden (n, C) bool, True
        where an item is only there as the target of another row.
    """
    drawn = torch.from_numpy(rng.choice(n_items, size=min(negatives, n_items), replace=False))
    keep = torch.cat([drawn, wanted]).unique()  # (C,), sorted
    column = torch.searchsorted(keep, wanted)  # (n,)
    forbidden = ~torch.isin(keep, drawn).expand(len(wanted), -1)  # (n, C)
    return keep, column, forbidden.scatter(1, column[:, None], False)


def _plain(plan: Recipe) -> dict[str, Any]:
    """A recipe as JSON gives it back."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(plan)))
    return found


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
