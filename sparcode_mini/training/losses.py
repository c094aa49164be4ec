"""The loss of one training step.

    softmax over items + the model's own loss (commitment) [+ distillation] [+ penalty on y]

Distillation pulls the scores of the codes towards the scores of the tokens themselves:

    weight * KL(softmax(a * y_all-to-all) || softmax(a * y_quantised))

Teacher and student are one model: the teacher scores the tokens as they are (all-to-all), the
student their codewords; a is the model's logit scale. The teacher knows of each item how likely it
is, where a target says it of one. No gradient reaches the teacher. The idea is that of Hinton,
Vinyals and Dean 2015 (arXiv 1503.02531), at temperature 1; a teacher that is the student's own
richer path is usual in quantised retrieval, a larger model trained before it is not tried here.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sparcode_mini.model.base import MatchingModel
from sparcode_mini.tools.reproducible import RNG
from sparcode_mini.training.recipe import PENALTIES, Recipe


def step_loss(
    model: MatchingModel,
    T: Float[Tensor, "n K_u D_T"],
    targets: Int[Tensor, " n"],
    T_c: Float[Tensor, "I K_c D_T"],
    recipe: Recipe,
    penalty_weight: float,
    rng: RNG,
    candidates: Int[Tensor, " C"] | None = None,
) -> Float[Tensor, ""]:
    """Return the loss of a batch of tokens that are each to find one item.

    Args:
        model: scores the tokens.
        T: tokens of n queries.
        targets: the item position that each is to find.
        T_c: tokens of all items.
        recipe: which losses.
        penalty_weight: of the penalty in this step.
        rng: draws the items of a sampled softmax.
        candidates: item positions among which the softmax chooses, ascending; None for all.
    """
    item_bias: Tensor = model.item_bias  # (I,)
    forbidden = None
    if candidates is not None:
        T_c, item_bias = T_c[candidates], item_bias[candidates]
        targets = torch.searchsorted(candidates, targets)
    if recipe.negatives:
        keep, targets, forbidden = sample_items(targets, len(T_c), recipe.negatives, rng)
        T_c, item_bias = T_c[keep], item_bias[keep]
    y, extra = model.training_scores(T, T_c, item_bias)  # (n, I)
    logits = _logits(model, y, forbidden)
    loss = F.cross_entropy(logits, targets) + extra
    teacher = _teacher(model, T, T_c, item_bias) if recipe.distill else None
    if teacher is not None:
        loss = loss + recipe.distill * distillation(logits, _logits(model, teacher, forbidden))
    if recipe.sparsity:
        loss = loss + penalty_weight * sparsity_penalty(y, T.shape[1], recipe.penalty)
    return loss


@torch.no_grad()
def _teacher(
    model: MatchingModel, T: Tensor, T_c: Tensor, item_bias: Tensor
) -> Float[Tensor, "n I"] | None:
    """Return the teacher's scores; no gradient goes there."""
    return model.teacher_scores(T, T_c, item_bias)


def _logits(
    model: MatchingModel, y: Float[Tensor, "n I"], forbidden: Bool[Tensor, "n I"] | None
) -> Float[Tensor, "n I"]:
    """Return scaled scores, -inf where an item is not on offer."""
    logits: Tensor = model.logit_scale * y
    return logits if forbidden is None else logits.masked_fill(forbidden, float("-inf"))


def sample_items(
    targets: Int[Tensor, " n"], n_items: int, negatives: int, rng: RNG
) -> tuple[Int[Tensor, " C"], Int[Tensor, " n"], Bool[Tensor, "n C"]]:
    """Choose the items of a sampled softmax: one shared uniform sample plus each row's target.

    Returns:
        keep (C,) item positions; the targets as columns of keep (n,); forbidden (n, C) bool, True
        where an item is only there as the target of another row.
    """
    drawn = torch.from_numpy(rng.choice(n_items, size=min(negatives, n_items), replace=False))
    keep = torch.cat([drawn, targets]).unique()  # (C,), sorted
    column = torch.searchsorted(keep, targets)  # (n,)
    forbidden = ~torch.isin(keep, drawn).expand(len(targets), -1)  # (n, C)
    return keep, column, forbidden.scatter(1, column[:, None], False)


def distillation(student: Float[Tensor, "n I"], teacher: Float[Tensor, "n I"]) -> Float[Tensor, ""]:
    """Return the mean over rows of KL(softmax(teacher) || softmax(student)).

    Args:
        student: logits; -inf where an item is not on offer.
        teacher: logits, -inf in the same places; no gradient goes there.
    """
    log_p = F.log_softmax(teacher.detach(), dim=1)  # (n, I)
    log_q = F.log_softmax(student, dim=1)  # (n, I)
    p = log_p.exp()
    # 0 * (-inf - -inf) is no number; an item that is not on offer adds nothing
    return (p * (log_p - log_q).masked_fill(p == 0, 0.0)).sum(dim=1).mean()


def sparsity_penalty(y: Float[Tensor, "B I"], query_tokens: int, kind: str) -> Float[Tensor, ""]:
    """Return what a training pays for positive scores.

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
