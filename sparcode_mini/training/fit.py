"""Train a model: one loop for all models and all kinds of examples."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from sparcode_mini.data import Split
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.stored import check_savable
from sparcode_mini.tools.locks import hold
from sparcode_mini.tools.progress import progress
from sparcode_mini.training.batches import HistoryExamples
from sparcode_mini.training.checkpoint import check_start, load_checkpoint, save_checkpoint
from sparcode_mini.training.memory import pages_kept
from sparcode_mini.training.recipe import Log, Recipe
from sparcode_mini.training.run import Run

IN_USE = "wait until it has ended, or give this training another file"


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
        checkpoint: file that holds the state after each epoch; atomic, locked meanwhile.
        resume: go on from `checkpoint`; the result equals that of one run.
        on_epoch: called with each row of the log; raise KeyboardInterrupt in it to stop.
        **recipe: further fields of Recipe.

    Returns:
        The log. After Ctrl-C `log.interrupted` is True: the best epoch so far is kept if one
        counted, else the model refuses to encode until training is resumed.

    Raises:
        ValueError: a recipe that can't work, a model that could not be saved, a checkpoint of
            another run, a loss that is NaN.
        FileExistsError: there is a checkpoint, and `resume` is False.
        FileNotFoundError: there is none, and `resume` is True.
        InUse: another process trains with this checkpoint.
    """
    if not (hasattr(model, "relu_scores") and hasattr(split, "histories")):
        given = f"{type(model).__name__} and {type(split).__name__}"
        raise ValueError(f"model and split are {given}; give a model and the Split of its data")
    settings = Recipe.of({"epochs": epochs, "sparsity": sparsity, "seed": seed, **recipe})
    check_recipe(type(model), settings)
    examples = HistoryExamples(model, split, settings)
    run = Run(model, examples, settings, Path(checkpoint) if checkpoint else None)
    log = run_epochs(run, resume, on_epoch)
    model.trained_on = split.fingerprint
    return log


def check_recipe(model: type[MatchingModel], recipe: Recipe) -> None:
    """Refuse a recipe by which this kind of model can't be trained.

    Raises:
        ValueError: a penalty without ReLU scores or without lists, distillation without codes, or
            no epoch after the stages.
    """
    kind = model.__name__
    if recipe.sparsity and recipe.penalty == "flops" and not model.has_codes:
        raise ValueError(f"penalty = 'flops' is of lists, but a {kind} has none; take 'l1'")
    if recipe.distill and not model.has_codes:
        raise ValueError(f"distill = {recipe.distill}, but a {kind} has no codes")
    if recipe.sparsity and not model.relu_scores:
        raise ValueError(f"sparsity = {recipe.sparsity}, but a {kind} has no ReLU scores")
    if model.relu_scores and (recipe.epochs - 1) / recipe.epochs < recipe.stages[1]:
        raise ValueError(
            f"epochs = {recipe.epochs} leaves no epoch after stages = {recipe.stages}; "
            "train longer or pass smaller shares, such as stages=(0.0, 0.0)"
        )


def run_epochs(
    run: Run,
    resume: bool = False,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
) -> Log:
    """Train the epochs that are left, until the end or Ctrl-C.

    Args:
        run: what is trained.
        resume: go on from the checkpoint file of the run.
        on_epoch: called with each row of the log.

    Raises:
        ValueError: a model that could not be saved.
        FileExistsError, FileNotFoundError: see `check_start`.
        InUse: another process trains with this checkpoint file.
    """
    check_savable(run.model)
    with hold(run.checkpoint, IN_USE) if run.checkpoint else nullcontext():
        if resume:
            load_checkpoint(run)
        elif run.checkpoint:
            check_start(run.checkpoint, resume=False)
        save_checkpoint(run)  # so that a run can be resumed that is cut off in its first epoch
        epochs = range(run.epoch, run.recipe.epochs)
        try:
            with pages_kept():
                for _ in progress(epochs, desc=f"train {type(run.model).__name__}"):
                    row = run.train_epoch()
                    save_checkpoint(run)
                    if on_epoch:
                        on_epoch(row)
        except KeyboardInterrupt:
            run.log.interrupted = True
        run.finish()
    return run.log
