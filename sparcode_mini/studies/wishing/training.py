"""Train and measure models of wishes: every model by the same loop, on the same logs."""

import copy
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.data.labels import Labels
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import HISTORY
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.serving.compress import directions, with_bias
from sparcode_mini.serving.finetune import training_prefixes
from sparcode_mini.studies.wishing.models import Start, WishModel
from sparcode_mini.studies.wishing.queries import (
    Log,
    Queries,
    Wishes,
    draw_log,
    measure,
    of_people,
)
from sparcode_mini.studies.wishing.vectors import OneVector
from sparcode_mini.tools.progress import progress
from sparcode_mini.training.losses import mask_seen

BATCH = 512
QUERIES_AT_ONCE = 1024
TEACH_STEPS, TEACH_RATE = 200, 3e-2


class Frozen:
    """What a trained model says of every history; no model of wishes moves it.

    Attributes:
        prefixes: (n, W), of every prefix of the training part.
        people: for each part, (n_users, W); zeros for those without a history.
        seen: n arrays, the items of each prefix.
        scale: of the model's scores, so that they are logits.
        widest: the largest width that `start` takes.
    """

    widest: int

    def __init__(self, model: MatchingModel, split: Split) -> None:
        self.split, self.model = split, model
        self.scale = float(model.logit_scale.detach())
        history = training_prefixes(model, split)
        self.prefixes, self.seen = self.of_tokens(history.tokens), history.seen
        self.people: dict[str, Tensor] = {}
        for on in ("validation", "test"):
            users = np.flatnonzero([len(h) > 0 for h in split.histories(HISTORY[on])])
            vectors = torch.zeros(split.n_users, self.prefixes.shape[1])
            vectors[torch.from_numpy(users)] = self.of_tokens(
                model.tokens(split.user_ids[users], HISTORY[on])
            )
            self.people[on] = vectors

    def of_tokens(self, T: Float[Tensor, "n K_u D_T"]) -> Float[Tensor, "n W"]:
        """Return what is kept of tokens."""
        raise NotImplementedError

    def start(self, width: int, labels: Labels) -> Start:
        """Return what models of that width start from, as logits."""
        raise NotImplementedError


class FrozenVectors(Frozen):
    """Query vectors of a two-tower; the width is the number of directions of an item."""

    model: TwoTower

    def __init__(self, model: TwoTower, split: Split) -> None:
        super().__init__(model, split)
        self.widest = model.config.token_dim

    def of_tokens(self, T: Float[Tensor, "n K_u D_T"]) -> Float[Tensor, "n W"]:
        """Return query vectors."""
        return T.sum(dim=1).float()

    def start(self, width: int, labels: Labels) -> Start:
        """Return the directions that matter most."""
        items = self.model.item_matrix().numpy()
        cut, turn = directions(items, self.prefixes.numpy().astype(items.dtype), width)
        spread = np.abs(cut).max()  # queries and items of about the same size learn alike
        bias = self.model.item_bias.detach().numpy() * self.scale
        return Start(turn * spread * self.scale, with_bias(cut / spread, bias), labels)


class FrozenLists(Frozen):
    """Lists that a SparCode reads for each history; the width is the entries that a list keeps."""

    model: SparCode

    def __init__(self, model: SparCode, split: Split, probes: int = 4) -> None:
        self.probes = probes
        super().__init__(model, split)
        self.index = SparseIndex.build(model, codes="all")
        self.widest = split.n_items

    def of_tokens(self, T: Float[Tensor, "n K_u D_T"]) -> Float[Tensor, "n W"]:
        """Return the weight of every list."""
        read = self.model.token_codes(T, self.probes)
        lists = read.codes.flatten(1, 2).squeeze(-1)  # (n, K_u * R), with M = 1 the codeword
        counts = torch.zeros(len(T), self.model.quantizer.N)
        return counts.scatter_add_(1, lists, read.weights.flatten(1).float())  # (n, C)

    def start(self, width: int, labels: Labels) -> Start:
        """Return the best `width` entries of each list."""
        short, count = self.index.cut(best=width), len(self.index)
        entries = np.zeros((self.split.n_items, count + 1))  # no bias of an item: it costs bytes
        columns = np.repeat(short.codes[:, 0], np.diff(short.offsets))  # M = 1
        entries[short.items, columns] = short.values * self.scale
        return Start(np.eye(count), entries, labels)


class Steps(NamedTuple):
    """How a model of wishes is trained."""

    lr: float
    epochs: int = 24
    noise: float = 0.0


def teach(model: WishModel, frozen: Frozen, seed: int) -> None:
    """Let the vectors of a model tell the labels that it knows, while history scores stay."""
    rng = np.random.default_rng([seed, 2])
    before = copy.deepcopy(model)
    optimiser = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=TEACH_RATE)
    pairs = float(model.holds.sum().clamp(min=1))
    for step in range(TEACH_STEPS):
        for group in optimiser.param_groups:
            group["lr"] = TEACH_RATE * (1 - step / TEACH_STEPS)
        h = frozen.prefixes[torch.from_numpy(rng.integers(len(frozen.prefixes), size=BATCH))]
        with torch.no_grad():
            y = before.history(h)  # (b, I)
        kept = sum((F.mse_loss(scores, y) for scores in model.histories(h)), torch.zeros(()))
        loss = kept + model.penalty() / pairs
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def fit_wishes(
    model: WishModel, frozen: Frozen, labels: Labels, queries: Queries, steps: Steps, seed: int
) -> list[float]:
    """Train a model in place and leave it at its best epoch by NDCG@10 of `queries`.

    Args:
        model: one of `models`.
        frozen: history vectors.
        labels: by which the people of the logs choose; the model may know fewer.
        queries: of the validation part.
        steps: how.
        seed: of logs and order.

    Returns:
        Validation NDCG@10 of the start and after each epoch.
    """
    if isinstance(model, OneVector):
        teach(model, frozen, seed)
    rng = np.random.default_rng(seed)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=steps.lr)

    def score() -> float:
        return float(of_people(measured(model, frozen, queries)["ndcg@10"], queries).mean())

    scores = [score()]
    best = {name: value.clone() for name, value in model.state_dict().items()}
    for epoch in progress(range(steps.epochs), desc=type(model).__name__):
        done = epoch / steps.epochs
        for group in optimiser.param_groups:
            group["lr"] = steps.lr * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * done)))
        log = draw_log(frozen.split, labels, rng, steps.noise)
        for rows in batches(model, log, rng):
            loss = loss_of(model, frozen, log, rows)
            if not bool(torch.isfinite(loss)):
                raise ValueError(f"the loss became {float(loss)} with lr = {steps.lr}; lower it")
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        scores.append(score())
        if scores.index(max(scores)) == epoch + 1:
            best = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(best)
    return scores


def batches(model: WishModel, log: Log, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the rows of each step.

    Rows without a wish are left out, and those whose item the model can't give.
    """
    wanted, unwanted = (torch.from_numpy(part) for part in log.wishes)
    possible = model.admits(wanted, unwanted, torch.from_numpy(log.targets)).numpy()  # (n,)
    order = rng.permutation(np.flatnonzero(possible & (log.wishes.wanted[:, 0] > 0)))
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]


def loss_of(model: WishModel, frozen: Frozen, log: Log, rows: np.ndarray) -> Float[Tensor, ""]:
    """Return softmax over unseen items, and what the model pays for its lists."""
    wanted, unwanted = (torch.from_numpy(part[rows]) for part in log.wishes)
    targets = torch.from_numpy(log.targets[rows])  # (b,)
    y = model(frozen.prefixes[torch.from_numpy(rows)], wanted, unwanted)  # (b, I)
    seen = [frozen.seen[row] for row in rows.tolist()]
    hidden = mask_seen(seen, targets, torch.arange(y.shape[1]))
    matching = F.cross_entropy(y.masked_fill(hidden, -torch.inf), targets)
    return matching + model.penalty() / len(frozen.prefixes)


@torch.no_grad()
def measured(
    model: WishModel, frozen: Frozen, queries: Queries
) -> dict[str, Float[np.ndarray, " n"]]:
    """Measure every wish with a copy of the model as it is stored."""
    model = copy.deepcopy(model)
    model.round_off()
    y = torch.cat([model(*part) for part in parts(frozen, queries)])  # (n, I)
    return measure(y.numpy(), frozen.split, queries)


def parts(frozen: Frozen, queries: Queries) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield history vectors and wishes of some queries at a time."""
    for start in range(0, len(queries.users), QUERIES_AT_ONCE):
        rows = slice(start, start + QUERIES_AT_ONCE)
        wishes = Wishes(queries.wishes.wanted[rows], queries.wishes.unwanted[rows])
        h = frozen.people[queries.on][torch.from_numpy(queries.users[rows])]  # (b, W)
        yield h, torch.from_numpy(wishes.wanted), torch.from_numpy(wishes.unwanted)
