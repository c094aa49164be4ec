"""Which loss moves which parameters: gradients of one batch, group by group, by autograd.

A SparCode has three losses, and each of them could move six groups of numbers:

    matching     softmax over the items          codebook     ||sg[T] - C||^2
                                                 commitment   ||T - sg[C]||^2

How the quantised token T~ is made from the token T and the codeword q decides which groups get a
gradient of the matching loss. Two switches make four ways, all with the value of q:

                    no straight-through     straight-through
    no sg           q                       q + T - sg[T]
    sg              sg[q]                   sg[q] + T - sg[T]   (= T + sg[q - T])
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.data.split import Split
from sparcode_mini.model.base import pad
from sparcode_mini.model.sparcode import SparCode

LOSSES = ("matching", "codebook", "commitment")
GROUPS = ("history", "tokenizer", "codebooks", "scorer", "candidates", "item bias")
WAYS = {  # label: (sg, straight_through)
    "look q up: no sg, no straight-through": (False, False),
    "the formula: sg[q], no straight-through": (True, False),
    "straight-through without sg": (False, True),
    "as trained: sg and straight-through": (True, True),
}
Flow = dict[str, dict[str, float]]  # loss -> group -> norm of the gradient that arrives


def questions(split: Split, people: int) -> tuple[list[np.ndarray], Int[Tensor, " people"]]:
    """Return training histories of the first people, and of each the first film of validation."""
    past, future = split.histories("train"), split.histories("validation")
    users = [u for u in range(len(past)) if len(past[u]) and len(future[u])][:people]
    return [past[u] for u in users], torch.tensor([int(future[u][0]) for u in users])


def quantised(
    T: Float[Tensor, "*batch D_T"], q: Float[Tensor, "*batch D_T"], sg: bool, straight_through: bool
) -> Float[Tensor, "*batch D_T"]:
    """Return T~, with the value of q.

    `sg` keeps the gradient from q, `straight_through` sends it to T.
    """
    value = q.detach() if sg else q
    return value + (T - T.detach()) if straight_through else value


def gradient_flow(
    model: SparCode,
    histories: Sequence[np.ndarray],
    targets: Int[Tensor, " B"],
    *,
    sg: bool,
    straight_through: bool,
) -> Flow:
    """Measure the norm of the gradient that each loss sends to each group, for one batch.

    The item tables are read twice, as history and as candidates; the two gradients are kept apart.

    Args:
        model: a SparCode with a product quantiser; it is not changed.
        histories: item positions, oldest first, one array per query.
        targets: position of the item that each query should rank first.
        sg: the scorer reads sg[q] instead of q.
        straight_through: the gradient at T~ goes on to T.

    Returns:
        {loss: {group: norm}} over LOSSES and GROUPS; 0.0 where no gradient arrives.

    Raises:
        ValueError: the numbers of histories and targets differ.
    """
    if len(histories) != len(targets):
        raise ValueError(f"{len(histories)} histories, {len(targets)} targets; give one for each")
    model.eval()  # no dropout: the figures must not depend on masks
    groups = _groups(model)
    (history,), (book,), (candidates,) = (groups[g] for g in ("history", "codebooks", "candidates"))
    positions = pad([h[-model.history_len :] for h in histories])  # (B, L)
    H_u = model.query_embeddings(positions, None, history)  # (B, L, D)
    T = model.tokenizer(H_u, positions >= 0)  # (B, K_u, D_T)
    codes = model.quantizer.encode(T)  # (B, K_u, M)
    q = torch.cat([part[codes[..., m]] for m, part in enumerate(book)], dim=-1)  # (B, K_u, D_T)
    T_q = quantised(T, q, sg, straight_through)
    y = model.unquantised_scores(T_q, candidates, model.item_bias)  # (B, I)
    losses = {
        "matching": F.cross_entropy(model.logit_scale * y, targets),
        "codebook": (T.detach() - q).square().mean(),
        "commitment": (T - q.detach()).square().mean(),
    }
    return {name: _norms(loss, groups) for name, loss in losses.items()}


def _groups(model: SparCode) -> dict[str, list[Tensor]]:
    """Return the tensors of each group; item tables and codebooks are copied to separate leaves."""
    tables = model.items().detach()  # (I, K_c, D_T)
    return {
        "history": [tables.clone().requires_grad_()],
        "tokenizer": list(model.tokenizer.parameters()),
        "codebooks": [model.quantizer.codebooks.detach().clone().requires_grad_()],
        "scorer": list(model.scorer.parameters()),
        "candidates": [tables.clone().requires_grad_()],
        "item bias": [model.item_bias],
    }


def _norms(loss: Tensor, groups: dict[str, list[Tensor]]) -> dict[str, float]:
    every = [tensor for tensors in groups.values() for tensor in tensors]
    gradients = torch.autograd.grad(loss, every, retain_graph=True, allow_unused=True)
    squares = iter(0.0 if g is None else float(g.square().sum()) for g in gradients)
    return {name: sum(next(squares) for _ in tensors) ** 0.5 for name, tensors in groups.items()}
