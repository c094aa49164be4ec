"""The loss of one training step.

    softmax over items + the model's own loss (commitment) [+ distillation] [+ penalty on y]

The softmax leaves out what the query has seen, as serving does. A model that must push these items
down spends its scores on that: its vectors say what a person has seen, besides what comes next.

Distillation pulls the scores of the codes towards the scores of the tokens themselves:

    weight * KL(softmax(a * y_all-to-all) || softmax(a * y_quantised))

Teacher and student are one model: the teacher scores the tokens as they are (all-to-all), the
student their codewords; a is the model's logit scale. The teacher knows of each item how likely it
is, where a target says it of one. No gradient reaches the teacher. The idea is that of Hinton,
Vinyals and Dean 2015 (arXiv 1503.02531), at temperature 1; a teacher that is the student's own
richer path is usual in quantised retrieval, a larger model trained before it is not tried here.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sparcode_mini.model.base import MatchingModel
from sparcode_mini.tools.reproducible import RNG
from sparcode_mini.training.batches import Questions
from sparcode_mini.training.recipe import Recipe


def step_loss(
    model: MatchingModel,
    questions: Questions,
    T_c: Float[Tensor, "I K_c D_T"],
    recipe: Recipe,
    penalty_weight: float,
    rng: RNG,
    candidates: Int[Tensor, " C"] | None = None,
) -> Float[Tensor, ""]:
    """Return the loss of a batch of questions.

    Args:
        model: scores the tokens.
        questions: the tokens of n queries, what each is to find, and what it has seen.
        T_c: tokens of all items.
        recipe: which losses.
        penalty_weight: of the penalty in this step.
        rng: draws the items of a sampled softmax.
        candidates: item positions among which the softmax chooses, ascending; None for all.
    """
    T, targets, seen = questions
    item_bias: Tensor = model.item_bias  # (I,)
    forbidden, offered = None, torch.arange(len(T_c)) if candidates is None else candidates  # (C,)
    if recipe.negatives:
        offered, forbidden = sample_items(targets, offered, recipe.negatives, rng)
    if len(offered) < len(T_c):
        T_c, item_bias = T_c[offered], item_bias[offered]
        targets = torch.searchsorted(offered, targets)
    if seen is not None:
        forbidden = mask_seen(seen, targets, offered, forbidden)
    y, extra = model.training_scores(T, T_c, item_bias)  # (n, C)
    logits = _logits(model, y, forbidden)
    loss = F.cross_entropy(logits, targets) + extra
    teacher = _teacher(model, T, T_c, item_bias) if recipe.distill else None
    if teacher is not None:
        loss = loss + recipe.distill * distillation(logits, _logits(model, teacher, forbidden))
    if penalty_weight and recipe.penalty == "flops":
        loss = loss + penalty_weight * read_penalty(*model.lists_of_step(T_c, item_bias))
    elif penalty_weight:
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
    targets: Int[Tensor, " n"], offered: Int[Tensor, " all"], negatives: int, rng: RNG
) -> tuple[Int[Tensor, " C"], Bool[Tensor, "n C"]]:
    """Choose the items of a sampled softmax: one shared uniform sample plus each row's target.

    Returns:
        keep (C,) item positions, ascending; forbidden (n, C) bool, True where an item is only there
        as the target of another row.
    """
    size = min(negatives, len(offered))
    drawn = offered[torch.from_numpy(rng.choice(len(offered), size=size, replace=False))]
    keep = torch.cat([drawn, targets]).unique()  # (C,), sorted
    column = torch.searchsorted(keep, targets)  # (n,)
    forbidden = ~torch.isin(keep, drawn).expand(len(targets), -1)  # (n, C)
    return keep, forbidden.scatter(1, column[:, None], False)


def mask_seen(
    seen: list[np.ndarray],
    targets: Int[Tensor, " n"],
    offered: Int[Tensor, " C"],
    forbidden: Bool[Tensor, "n C"] | None = None,
) -> Bool[Tensor, "n C"]:
    """Mark what a query has seen, but never its target: an item may come once more.

    Args:
        seen: n arrays of item positions.
        targets: a column for each query.
        offered: item position of each column, ascending.
        forbidden: what is left out for another reason.
    """
    rows = torch.from_numpy(np.repeat(np.arange(len(seen)), [len(items) for items in seen]))  # (p,)
    items = torch.from_numpy(np.concatenate(seen))  # (p,)
    columns = torch.searchsorted(offered, items).clamp(max=len(offered) - 1)  # (p,)
    there = offered[columns] == items  # (p,)
    mask = torch.zeros((len(seen), len(offered)), dtype=torch.bool)  # (n, C)
    if forbidden is not None:
        mask |= forbidden
    mask[rows[there], columns[there]] = True
    mask[torch.arange(len(seen)), targets] = False
    return mask


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
        items  mean over items of (mean over queries of a)^2

    L1 costs the same wherever a score stands. The squares cost more for an item that many queries
    score: they push popular items out of the lists.

    Args:
        y: scores before the ReLU of the penalty (a leaky y may be negative).
        query_tokens: K_u.
        kind: "l1" or "items".

    Raises:
        ValueError: another kind.
    """
    a = y.clamp(min=0) / query_tokens  # (B, I)
    if kind == "l1":
        return a.mean()
    if kind == "items":
        return a.mean(dim=0).square().mean()
    raise ValueError(f"penalty = {kind!r}; of scores there are 'l1' and 'items'")


def read_penalty(A: Float[Tensor, "U I"], share: Float[Tensor, " U"]) -> Float[Tensor, ""]:
    """Return FLOPS by use: sum over lists of share * (mean over items of A)^2.

    The squared mean of a list is FLOPS (Paria et al. 2020, arXiv 2004.05665; SPLADE, arXiv
    2107.05720, does it for words): one long list costs more than two of half the length. Both add
    up all lists alike. The weight `share` is of this library: a list is read as often as its code
    is chosen, and costs its length then.

    Args:
        A: the lists, all items.
        share: how often each is read; the sum is 1.
    """
    return (share * A.mean(dim=1).square()).sum()
