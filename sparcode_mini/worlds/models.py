"""Small models for a `FieldsWorld`, one per way in which a query and an item can meet.

`FieldsTower` has one vector per query; `closed_form` is one that needs no training. `FieldsTokens`
has one token per field, which the scorer of the library scores, with or without its quantiser.
Everything is float64 with random numbers of numpy, so that printed digits agree on every machine.

Symbols: B users, F fields, V values of a field, I items, D width, N codewords, h hidden units.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from sparcode_mini.model.quantizer import ProductQuantizer, straight_through
from sparcode_mini.model.scorer import ProductScorer, activate
from sparcode_mini.tools.reproducible import initialise, normal
from sparcode_mini.worlds.fields import FieldsWorld

DTYPE, ALL = torch.float64, slice(None)


def field_rows(users: Int[Tensor, "B F"], values: int) -> Int[Tensor, "B F"]:
    """Return the row of each field value in a table with V rows for every field."""
    return users + values * torch.arange(users.shape[1])


class FieldsTower(nn.Module):
    """Two-tower: y = <u, v_c> + bias_c, where u = sum of the fields' vectors + a network on them.

    Args:
        world: gives the sizes.
        width: D, the width of the one dot product.
        hidden: h of the query's network, far wider than the smallest D; 0 for no network.
        seed: of the initial weights.
    """

    def __init__(self, world: FieldsWorld, width: int, hidden: int = 64, seed: int = 0) -> None:
        super().__init__()
        fields, values, n_items = world.likes.shape
        self.values, self.width = values, width
        self.direct = nn.Embedding(fields * values, width)
        self.out: nn.Linear | None = None
        if hidden:
            self.fields = nn.Embedding(fields * values, hidden)
            self.out = nn.Linear(hidden, width)
        self.items = nn.Embedding(n_items, width)
        self.bias = nn.Parameter(torch.zeros(n_items))
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.to(DTYPE)
        rng = np.random.default_rng(seed)
        initialise(self, rng)
        tables = (self.direct, self.fields, self.items) if hidden else (self.direct, self.items)
        for table in tables:
            table.weight.data = normal(rng, *table.weight.shape, std=0.3, dtype=DTYPE)

    def queries(self, users: Int[Tensor, "B F"]) -> Float[Tensor, "B D"]:
        """Return one vector for each user, made from the values of the fields."""
        rows = field_rows(users, self.values)  # (B, F)
        u = self.direct(rows).sum(dim=1)  # (B, D)
        return u if self.out is None else u + self.out(self.fields(rows).sum(dim=1).relu())

    def forward(
        self, users: Int[Tensor, "B F"], keep: Int[Tensor, " I"] | slice = ALL
    ) -> Float[Tensor, "B I"]:
        """Return y, for all items or those to keep."""
        return self.queries(users) @ self.items.weight[keep].T + self.bias[keep]  # (B, I)

    def extra_loss(self, keep: Int[Tensor, " I"] | slice = ALL) -> Tensor:
        """Return 0: there is no loss beside the softmax."""
        return torch.zeros((), dtype=DTYPE)

    def after_step(self, done: float, rng: np.random.Generator) -> None:
        """Do nothing after a step."""


@torch.no_grad()
def closed_form(world: FieldsWorld, width: int) -> "Fitted":
    """Return the two-tower that fits the likes of the known users best by least squares.

    With X the indicators of the field values and Y the likes, both without their means,

        X X^+ Y = U S V^T,    u = sum of the rows of X^+ Y V_D that belong to the user,    v = V_D

    (regression of a rank at most D). A width beyond the rank of X adds nothing.
    """
    known, _ = split_users(world)
    fields, values, _ = world.likes.shape
    users = torch.from_numpy(world.user_fields[known])  # (B, F)
    X = F.one_hot(field_rows(users, values), fields * values).sum(dim=1).to(DTYPE)  # (B, F * V)
    Y = torch.from_numpy(world.relevant(known)).to(DTYPE)  # (B, I)
    centre = X.mean(dim=0)  # (F * V,)
    B = torch.linalg.pinv(X - centre) @ (Y - Y.mean(dim=0))  # (F * V, I)
    R = torch.linalg.qr(X - centre).R  # (F * V, F * V): R B has the singular vectors of X B
    V = torch.linalg.svd(R @ B, full_matrices=False)[2][:width].T  # (I, D)
    tower = FieldsTower(world, V.shape[1], hidden=0)
    tower.direct.weight.copy_(B @ V - (centre @ B @ V) / fields)  # each field takes its share
    tower.items.weight.copy_(V)
    tower.bias.copy_(Y.mean(dim=0))
    return judged(tower, world)


class FieldsTokens(nn.Module):
    """All-to-all, or SparCode if N is given: y = sum_i ReLU(S_i), one token for each field.

    Args:
        world: gives the sizes.
        width: D of a token.
        N: codewords (M = 1); 0 for no quantiser.
        hidden: h of the scorer.
        sparsity: weight of the L1 penalty on the scores.
        seed: of the initial weights.
        network: the scorer's hidden units; without them S is a dot product.
        outer: the outer ReLU; without it y = sum_i S_i.
    """

    def __init__(
        self,
        world: FieldsWorld,
        width: int,
        N: int = 0,
        hidden: int = 8,
        sparsity: float = 0.0,
        seed: int = 0,
        network: bool = True,
        outer: bool = True,
    ) -> None:
        super().__init__()
        fields, values, n_items = world.likes.shape
        self.values, self.width, self.sparsity, self.outer = values, width, sparsity, outer
        self.tokens = nn.Embedding(fields * values, width)
        self.items = nn.Embedding(n_items, width)
        self.bias = nn.Parameter(torch.zeros(n_items))
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.scorer = ProductScorer(width, 1, hidden)
        self.scorer.mlp_on = network
        self.quantizer = ProductQuantizer(1, N, width, seed=seed, dtype=DTYPE) if N else None
        self.quantise, self.slope = False, 0.1  # training switches to True and 0
        self.to(DTYPE)
        rng = np.random.default_rng(seed)
        initialise(self, rng)
        for table in (self.tokens, self.items):
            table.weight.data = normal(rng, *table.weight.shape, std=0.3, dtype=DTYPE)

    def plain_tokens(self) -> Float[Tensor, "FV D"]:
        """Return the tokens of all F * V field values before the quantiser."""
        return F.layer_norm(self.tokens.weight, (self.width,))

    def all_tokens(self) -> Float[Tensor, "FV D"]:
        """Return the tokens of all F * V field values, quantised if the quantiser is on."""
        T = self.plain_tokens()  # (F * V, D)
        if self.quantizer is None or not self.quantise:
            return T
        return straight_through(T, self.quantizer.decode(self.quantizer.encode(T)))

    def token_scores(self, keep: Int[Tensor, " I"] | slice = ALL) -> Float[Tensor, "FV I"]:
        """Return ReLU(S) of every field value against every item, or those to keep."""
        items, bias = self.items.weight[keep][:, None], self.bias[keep]  # (I, 1, D), (I,)
        S = self.scorer(self.all_tokens(), items, bias)  # (F * V, I)
        return activate(S, 0.0, self.slope) if self.outer else S

    def forward(
        self, users: Int[Tensor, "B F"], keep: Int[Tensor, " I"] | slice = ALL
    ) -> Float[Tensor, "B I"]:
        """Return y, for all items or those to keep."""
        rows = field_rows(users, self.values)  # (B, F)
        return self.token_scores(keep)[rows].sum(dim=1)  # (B, I)

    def codes(self, users: Int[Tensor, "B F"]) -> Int[Tensor, "B F"]:
        """Return the code of each token; without a quantiser, a code for each field value."""
        rows = field_rows(users, self.values)  # (B, F)
        if self.quantizer is None:
            return rows
        return self.quantizer.encode(self.plain_tokens())[:, 0][rows]

    @torch.no_grad()
    def lists(self) -> Float[Tensor, "C I"]:
        """Return A, the lists with their zeros: what each code adds to the score of each item."""
        if self.quantizer is None:
            return self.token_scores()
        S = self.scorer(self.quantizer.codebooks[0], self.items.weight[:, None], self.bias)
        return activate(S, 0.0, self.slope)  # (N, I)

    def extra_loss(self, keep: Int[Tensor, " I"] | slice = ALL) -> Tensor:
        """Return the L1 penalty on the scores, and commitment if the quantiser is on."""
        loss = self.sparsity * self.token_scores(keep).clamp(min=0).mean()
        if self.quantizer is not None and self.quantise:
            T = self.plain_tokens()  # (F * V, D)
            loss = loss + 0.25 * self.quantizer.losses(T, self.quantizer.encode(T))[1]
        return loss

    @torch.no_grad()
    def after_step(self, done: float, rng: np.random.Generator) -> None:
        """Update the codebook; quantiser on from 30% of the steps, ReLU hard from 50%."""
        self.slope = 0.1 * max(1 - done / 0.5, 0.0)
        if self.quantizer is None or done < 0.3:
            return
        T = self.plain_tokens()  # (F * V, D)
        if not self.quantise:
            self.quantizer.fit(T, seed=int(rng.integers(2**31)))
            self.quantise = True
        self.quantizer.learn(T, self.quantizer.encode(T), rng)


@dataclass(frozen=True)
class Fitted:
    """A trained model and how well it ranks for users that training has not seen."""

    model: Any
    r_precision: float

    def __repr__(self) -> str:
        kind = f"{type(self.model).__name__}(width={self.model.width})"
        return f"{kind}: R-precision {self.r_precision:.3f} for unseen users"


@torch.no_grad()
def judged(model: Any, world: FieldsWorld) -> Fitted:
    """Measure a trained model with the users that training has not seen."""
    _, unseen = split_users(world)
    y = model(torch.from_numpy(world.user_fields[unseen])).numpy()  # (B, I)
    return Fitted(model, world.r_precision(y, unseen))


def split_users(world: FieldsWorld, test: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the users to train on, and of the last `test`, held out."""
    if not 0 < test < world.n_users:
        raise ValueError(f"test = {test}; hold out 1 to {world.n_users - 1} of the users")
    return np.arange(world.n_users - test), np.arange(world.n_users - test, world.n_users)


def softmax_loss(y: Float[Tensor, "B I"], liked: Bool[Tensor, "B I"]) -> Tensor:
    """Return the softmax loss over the items; all liked ones of a user have equal weight."""
    targets = liked.to(DTYPE) / liked.sum(dim=1, keepdim=True).clamp(min=1)  # (B, I)
    return F.cross_entropy(y, targets)


def hinge_loss(y: Float[Tensor, "B I"], liked: Bool[Tensor, "B I"]) -> Tensor:
    """Return the squared hinge: a liked item wants y >= 1, any other one y <= -1."""
    return (1 - torch.where(liked, y, -y)).clamp(min=0).square().mean()


LOSSES = {"softmax": softmax_loss, "hinge": hinge_loss}


def fit_world(
    model: Any,
    world: FieldsWorld,
    steps: int = 400,
    batch: int = 200,
    lr: float = 0.02,
    seed: int = 0,
    negatives: int = 0,
    loss: str = "softmax",
) -> Fitted:
    """Train on the known users, and measure with the others.

    Args:
        model: FieldsTower or FieldsTokens.
        world: the data; its last 200 users are held out.
        steps: of Adam, the learning rate falling to 0 along a cosine.
        batch: users in a step.
        lr: highest learning rate.
        seed: of the batches.
        negatives: 0 for a loss over all items; else it is over the items that anyone in the
            batch likes and so many more, drawn at random.
        loss: one of LOSSES.

    Raises:
        ValueError: steps < 1, negatives < 0, an unknown loss.
    """
    if steps < 1 or negatives < 0:
        raise ValueError(f"steps = {steps}, negatives = {negatives}; give at least 1 and 0")
    if loss not in LOSSES:
        raise ValueError(f"loss = {loss!r}; choose one of {tuple(LOSSES)}")
    known, _ = split_users(world)
    fields = torch.from_numpy(world.user_fields)  # (U, F)
    wanted = torch.from_numpy(world.relevant())  # (U, I) bool
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = lr * 0.5 * (1 + np.cos(np.pi * step / steps))
        rows = torch.from_numpy(rng.choice(known, size=batch, replace=False))
        keep, liked = ALL, wanted[rows]  # (B, I)
        if negatives:
            drawn = torch.from_numpy(rng.choice(world.n_items, negatives, replace=False))
            keep = torch.cat([drawn, liked.any(dim=0).nonzero().flatten()]).unique()
            liked = liked[:, keep]
        y = model(fields[rows], keep)  # (B, I)
        total = LOSSES[loss](model.scale * y, liked) + model.extra_loss(keep)
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        model.after_step((step + 1) / steps, rng)
    return judged(model, world)
