"""The loop of the reading notes (question 20) as it stands there, run from many random starts."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

POINTS, WIDTH, CODEWORDS = 3, 4, 2  # users or items, and what stands for them


class Loop(NamedTuple):
    """What the loop leaves behind, from one start.

    Attributes:
        first, last: loss of the first and of the last round.
        moved: largest change of any embedding of a user or an item.
        slope: norm of the gradient that has piled up at the users' embeddings.
        items: different item vectors after quantisation, of 3.
        dead: codebooks with a codeword that nothing chooses, of 2.
    """

    first: float
    last: float
    moved: float
    slope: float
    items: int
    dead: int


def quantizer(
    embeddings: Float[Tensor, "n d"], codebook: Float[Tensor, "N d"]
) -> Float[Tensor, "n d"]:
    """Replace each embedding by its nearest codeword, as the notes do."""
    distances = torch.norm(embeddings.unsqueeze(1) - codebook, dim=2)
    return torch.index_select(codebook, 0, torch.argmin(distances, dim=1))


def run(seed: int, rounds: int = 1000) -> Loop:
    """Run the loop of the notes, in float64 and without its prints."""
    rng = np.random.default_rng(seed)
    shapes = [(POINTS, WIDTH)] * 2 + [(CODEWORDS, WIDTH)] * 2
    users, items, user_codebook, item_codebook = (
        torch.from_numpy(rng.normal(size=shape)).requires_grad_() for shape in shapes
    )
    before = [e.detach().clone() for e in (users, items)]
    optimizer = torch.optim.SGD([user_codebook, item_codebook], lr=0.01)
    losses = []
    for _ in range(rounds):
        quantized_user, quantized_item = (
            quantizer(users, user_codebook),
            quantizer(items, item_codebook),
        )
        loss = F.mse_loss(users, quantized_user) + F.mse_loss(items, quantized_item)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    ends = [quantizer(e, book).detach().unique(dim=0)
            for e, book in ((users, user_codebook), (items, item_codebook))]  # fmt: skip
    after = [e.detach() for e in (users, items)]
    assert users.grad is not None
    return Loop(
        first=losses[0],
        last=losses[-1],
        moved=max(float((a - b).abs().max()) for a, b in zip(after, before, strict=True)),
        slope=float(users.grad.norm()),
        items=len(ends[1]),
        dead=sum(len(end) < CODEWORDS for end in ends),
    )
