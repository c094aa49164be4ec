"""Dynamic routing: the items of a history vote, and K_u capsules share the votes among them.

Every item i has one vote of width D_T for each capsule k. At first every capsule gets an equal
share of each item; an item then gives more of itself to the capsules that agree with its vote; and
again. Sources: Sabour et al. 2017 (routing by agreement, squash), Li et al. 2019 (MIND: capsules
over a history).

The routing here is done for *every prefix* of the history at once: row p of the couplings knows
items 0..p only, so one pass gives the capsules of all prefixes and nothing looks ahead. That costs
B * K_u * L * L couplings, small for L = 50.

Symbols: B queries, L items of a history, P = L prefixes, K_u capsules (tokens), D_T their width.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def squash(z: Float[Tensor, "*batch D_T"]) -> Float[Tensor, "*batch D_T"]:
    """Keep the direction, bring the length below 1: |z|^2 / (1 + |z|^2) * z / |z|."""
    square = z.square().sum(dim=-1, keepdim=True)  # (*batch, 1)
    return z * (square + 1e-12).sqrt() / (1.0 + square)


def route(
    votes: Float[Tensor, "B L K_u D_T"], iterations: int = 3
) -> tuple[Float[Tensor, "B P K_u D_T"], Float[Tensor, "B P K_u L"]]:
    """Share the votes of each prefix among the capsules.

        c = softmax over capsules of the logits b        (b = 0 at first: equal shares)
        u = squash(sum_i c_i * vote_i)
        b = b + <u, vote_i>                              (agreement)

    The couplings are found without a gradient; the last sum passes it on to the votes (MIND).

    Args:
        votes: what item i tells capsule k.
        iterations: rounds of sharing; 1 leaves the shares equal.

    Returns:
        Capsules of every prefix, and the couplings c that made them: over the capsules they sum
        to 1 for each item of the prefix, and they are 0 for later items.

    Raises:
        ValueError: fewer than one iteration.
    """
    if iterations < 1:
        raise ValueError(f"iterations = {iterations}; routing needs at least 1")
    v = votes.transpose(1, 2)  # (B, K_u, L, D_T)
    B, K_u, L, _ = v.shape
    past = torch.ones(L, L, dtype=votes.dtype).tril()  # (P, L), 1 where item i is in prefix p
    with torch.no_grad():
        logits = votes.new_zeros((B, K_u, L, L))  # (B, K_u, P, L)
        for _ in range(iterations - 1):
            u = squash((logits.softmax(dim=1) * past) @ v)  # (B, K_u, P, D_T)
            logits = logits + u @ v.transpose(-1, -2)  # (B, K_u, P, L)
        couplings = logits.softmax(dim=1) * past  # (B, K_u, P, L)
    capsules = squash(couplings @ v)  # (B, K_u, P, D_T)
    return capsules.transpose(1, 2), couplings.transpose(1, 2)
