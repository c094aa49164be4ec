"""Train what is stored, and nothing else: the entries of lists, or the item vectors of a two-tower.

A list that was cut has lost entries, and the other scores were trained together with them. A few
epochs of the matching loss on the training histories, with all codes fixed, let the other entries
make up for the lost ones:

    y = n_u A,    A[r, c] = value of item c in list r if the list holds it, else 0

The softmax leaves out the items of the prefix, as serving does. Otherwise training would use the
few values to push those items down, and quality would fall. No entry is added. Values are kept
>= 0 after each step; an entry that ends at 0 is dropped.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.index.origin import require_model
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.base import MatchingModel, pad
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.tools.checks import count
from sparcode_mini.tools.progress import progress
from sparcode_mini.training.losses import mask_seen

WINDOWS_AT_ONCE = 64
MOST_PAIRS = 2**26  # lists times items; A is held densely while it is trained


class Prefixes(NamedTuple):
    """Every prefix of the training histories, as n questions with known answers."""

    tokens: Float[Tensor, "n K_u D_T"]
    next_items: Int[Tensor, "n W"]  # the next W items; the last one repeated where there are fewer
    seen: list[np.ndarray]  # n arrays: the items of the prefix
    users: Int[np.ndarray, " n"]  # position of the user


def training_prefixes(model: MatchingModel, split: Split, target_window: int = 3) -> Prefixes:
    """Return the tokens after each item of the training histories, and the items that came next.

    The model is in evaluation mode.

    Raises:
        ValueError: no user has two training interactions.
    """
    windows, users, next_items, seen, owners = [], [], [], [], []
    for user, sequence in enumerate(split.histories("train")):
        last = len(sequence) - 1
        ahead = np.arange(max(last, 0))[:, None] + np.arange(1, target_window + 1)
        next_items.append(sequence[np.minimum(ahead, last)])  # (last, W)
        seen += [sequence[: t + 1] for t in range(last)]
        owners += [user] * max(last, 0)
        for start in range(0, last, model.history_len):
            windows.append(sequence[start : min(start + model.history_len, last)])
            users.append(user)
    if not windows:
        raise ValueError("no user has two training interactions; there is nothing to learn from")
    tokens = []
    model.eval()
    with torch.no_grad():
        T_c = model.items()
        for start in range(0, len(windows), WINDOWS_AT_ONCE):
            part = slice(start, start + WINDOWS_AT_ONCE)
            positions = pad(windows[part])  # (B, L)
            T = model.prefix_tokens(positions, torch.tensor(users[part]), T_c)  # (B, L, K_u, D_T)
            tokens.append(T[positions >= 0])
    targets = torch.from_numpy(np.concatenate(next_items))  # (n, W)
    return Prefixes(torch.cat(tokens), targets, seen, np.array(owners))


def finetune(
    index: SparseIndex,
    model: SparCode,
    split: Split,
    epochs: int = 5,
    *,
    probes: int = 4,
    lr: float = 3e-3,
    batch: int = 512,
    target_window: int = 3,
    seed: int = 0,
) -> tuple[SparseIndex, list[float]]:
    """Train the entries of an index and keep the best epoch by validation NDCG@50.

    Args:
        index: with float values; it is left as it is.
        model: the SparCode whose codes it lists. Its weights do not move.
        split: the data; the training part is learnt from, the validation part chooses the epoch.
        epochs: passes over the training part.
        probes: lists read per token while it is trained and validated.
        lr: of Adam.
        batch: prefixes in a step.
        target_window: W; the target is drawn from the next W items.
        seed: of the order and the targets.

    Returns:
        The index with trained values, and validation NDCG@50 before training and after each epoch.

    Raises:
        ValueError: 8-bit values, no validation part, an index too large to be held densely or of
            another model, or a number below its least.
        KeyError: a query of the validation part has a code without a list.
    """
    _check_index(index)
    require_model(index, model)
    epochs, batch, seed = count(epochs, "epochs", 0), count(batch, "batch"), count(seed, "seed", 0)
    prefixes = training_prefixes(model, split, target_window)
    keys, w = index.as_arrays(model.token_codes(prefixes.tokens, probes))
    rows = torch.from_numpy(index.rows_of(keys)) % (len(index) + 1)  # no list: an empty last row
    weights = torch.from_numpy(w).to(model.dtype)  # (n, Q)
    where = torch.from_numpy(index.lists.rows()), torch.from_numpy(index.items).long()
    scale = float(model.logit_scale.detach())

    def logits(values: Tensor, part: Tensor) -> Tensor:
        A = values.new_zeros((len(index) + 1, index.n_items)).index_put(where, values)
        n_u = values.new_zeros((len(part), len(A)))  # (b, C + 1)
        n_u.scatter_add_(1, rows[part], weights[part])
        return scale * (n_u @ A)  # (b, I)

    def with_values(values: Tensor) -> SparseIndex:
        return index.with_values(values.numpy().astype(index.values.dtype))

    def judge(values: Tensor) -> float:
        metrics = evaluate(
            model, split, on="validation", k=(50,), probes=probes, index=with_values(values)
        )
        return metrics["ndcg@50"]

    start = torch.from_numpy(index.values.copy()).to(model.dtype)
    passes = train_values(start, logits, prefixes, lr=lr, batch=batch, seed=seed, smallest=0.0)
    best, scores = keep_best(start, passes, judge, epochs)
    return (index if best is start else with_values(best)), scores


def _check_index(index: SparseIndex) -> None:
    """Refuse an index whose values can't be trained."""
    if index.scales is not None:
        raise ValueError("this index holds 8-bit values; train the float index, then quantise it")
    if len(index) * index.n_items > MOST_PAIRS:
        raise ValueError(
            f"{len(index):,} lists x {index.n_items:,} items are over {MOST_PAIRS:,} pairs; list "
            "fewer codes (build with codes='seen')"
        )


def train_values(
    start: Tensor,
    logits: Callable[[Tensor, Tensor], Tensor],
    prefixes: Prefixes,
    *,
    lr: float,
    batch: int,
    seed: int,
    smallest: float | None = None,
) -> Iterator[Tensor]:
    """Yield the values after each pass of softmax over all unseen items, without end.

    Args:
        start: values; they are left as they are.
        logits: function of the values and of the positions (b,) of prefixes -> (b, I).
        prefixes: the questions.
        lr: of Adam.
        batch: prefixes in a step.
        seed: of order and targets.
        smallest: values below it are set to it after each step; None for no limit.
    """
    rng = np.random.default_rng(seed)
    values = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([values], lr=lr)
    n = len(prefixes.next_items)
    while True:
        draws = torch.from_numpy(rng.integers(prefixes.next_items.shape[1], size=n))
        targets = prefixes.next_items[torch.arange(n), draws]  # (n,)
        for part in torch.from_numpy(rng.permutation(n)).split(batch):
            z = logits(values, part)  # (b, I)
            seen = [prefixes.seen[i] for i in part.tolist()]
            hidden = mask_seen(seen, targets[part], torch.arange(z.shape[1]))  # (b, I)
            loss = F.cross_entropy(z.masked_fill(hidden, -torch.inf), targets[part])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if smallest is not None:
                values.data.clamp_(min=smallest)
        yield values.detach().clone()


def keep_best(
    start: Tensor, passes: Iterator[Tensor], judge: Callable[[Tensor], float], epochs: int
) -> tuple[Tensor, list[float]]:
    """Return the values with the best score by `judge` (`start` counts too), and all scores."""
    best, scores = start, [judge(start)]
    for _ in progress(range(epochs), desc="fine-tune"):
        values = next(passes)
        scores.append(judge(values))
        if scores[-1] > max(scores[:-1]):
            best = values
    return best, scores
