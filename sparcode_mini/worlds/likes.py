"""A training small enough to watch: what makes scores zero, and what makes all of them zero.

The people of a group like the same few items. Each person has one token, which is learnt directly.
The scorer of products, the final ReLU and the penalty are those of the library. Everything is
float64 and takes a second.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.model.scorer import ProductScorer, activate
from sparcode_mini.tools.reproducible import initialise, normal
from sparcode_mini.training.losses import read_penalty, sparsity_penalty


def likes(
    groups: int = 8, people: int = 8, items: int = 100, each: int = 8, seed: int = 0
) -> Float[Tensor, "B I"]:
    """Draw who likes what: 1 or 0, the same for all people of a group.

    Args:
        groups: of people.
        people: in each group; B = groups x people.
        items: I.
        each: items that a group likes, drawn without replacement.
        seed: of the draw.

    Raises:
        ValueError: more liked items than there are.
    """
    if not 1 <= each <= items:
        raise ValueError(f"each = {each}; a group can like 1..{items} items")
    rng = np.random.default_rng(seed)
    wanted = torch.zeros(groups, items, dtype=torch.float64)
    for row in wanted:
        row[torch.from_numpy(rng.permutation(items)[:each])] = 1.0
    return wanted.repeat_interleave(people, dim=0)  # (B, I)


@dataclass
class Watched:
    """The course of a training, one number per step, and the scores at its end."""

    loss: list[float] = field(default_factory=list)
    density: list[float] = field(default_factory=list)  # share of pairs with S + b > 0
    found: float = 0.0  # share of the liked items among as many best (positive) scores
    S: Tensor = field(default_factory=lambda: torch.zeros(0))

    @property
    def dead(self) -> bool:
        """Return whether no score is positive any more, so that no gradient ever comes back."""
        return self.density[-1] == 0.0


def train(
    wanted: Float[Tensor, "B I"],
    *,
    bias: float = 0.0,
    leak: float = 0.0,
    sparsity: float = 0.0,
    penalty: str = "l1",
    rise: float = 0.3,
    steps: int = 300,
    lr: float = 0.03,
    seed: int = 0,
) -> Watched:
    """Learn y = ReLU(S + b) by a softmax over the items that a person likes.

    Args:
        wanted: what `likes` returned.
        bias: b.
        leak: slope of the ReLU below zero at the start; it falls to 0 by the middle of the steps.
        sparsity: weight of the penalty.
        penalty: "l1", "items" or "flops" (everybody has a list of their own).
        rise: share of the steps over which the penalty rises to its weight; 0 is at once.
        steps: of Adam.
        lr: its learning rate.
        seed: of the initial weights.
    """
    rng, (people, items) = np.random.default_rng(seed), wanted.shape
    scorer = ProductScorer(8, 1, hidden=4).double()
    initialise(scorer, rng)
    Z = normal(rng, people, 8, std=0.3, dtype=wanted.dtype).requires_grad_()
    T_c = normal(rng, items, 1, 8, std=0.3, dtype=wanted.dtype).requires_grad_()
    item_bias = torch.zeros(items, dtype=wanted.dtype, requires_grad=True)
    optimiser = torch.optim.Adam([Z, T_c, item_bias, *scorer.parameters()], lr=lr)
    share, seen = wanted / wanted.sum(dim=1, keepdim=True), Watched()
    for step in range(steps):
        done = step / steps
        S = scorer(Z, T_c, item_bias)  # (B, I)
        y = activate(S, float(bias), leak * max(1 - 2 * done, 0.0))  # (B, I)
        weight = sparsity * (min(done / rise, 1.0) if rise else 1.0)
        loss = F.cross_entropy(y, share)
        seen.loss.append(float(loss.detach()))
        seen.density.append(float((S.detach() + bias > 0).double().mean()))
        optimiser.zero_grad()
        (loss + weight * price(y, penalty)).backward()
        optimiser.step()
    seen.S = scorer(Z, T_c, item_bias).detach()
    seen.density.append(float((seen.S + bias > 0).double().mean()))
    seen.found = retrieved_share(activate(seen.S, float(bias), 0.0), wanted)
    return seen


def price(y: Float[Tensor, "B I"], penalty: str) -> Float[Tensor, ""]:
    """Return what the positive scores cost: one token a person, so y holds a list for each."""
    if penalty == "flops":
        return read_penalty(y.clamp(min=0), torch.full((len(y),), 1 / len(y), dtype=y.dtype))
    return sparsity_penalty(y, 1, penalty)


def retrieved_share(y: Float[Tensor, "B I"], wanted: Float[Tensor, "B I"]) -> float:
    """Return the share of liked items among as many best scores; a score of 0 does not count."""
    each = int(wanted[0].sum())
    best = y.sort(dim=1, descending=True, stable=True).indices[:, :each]  # (B, each)
    hits = wanted.gather(1, best) * (y.gather(1, best) > 0)
    return float(hits.sum() / wanted.sum())
