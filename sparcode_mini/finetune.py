"""Train the entries of an index: which lists and which items stay fixed, only the scores move.

A short list has lost entries, and the scores of those that are left were trained with the lost
ones in place. A few epochs of the matching loss on the training histories, with all codes fixed,
let the rest make up for them:

    y = n_u A,    A[r, c] = value of item c in list r if it stands there, else 0

The softmax leaves out what the prefix has seen, as serving does: else the few values that can move
are spent on pushing those items down, and quality falls. No entry is added. Values are kept >= 0
after each step; one that ends at 0 is dropped.
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.data import Split
from sparcode_mini.evaluate import evaluate
from sparcode_mini.index import SparseIndex
from sparcode_mini.matching import pad
from sparcode_mini.models import SparCode
from sparcode_mini.numerics import RNG
from sparcode_mini.progress import progress

WINDOWS_AT_ONCE = 64
MOST_PAIRS = 2**26  # lists times items; A is held densely while it is trained


class Reads(NamedTuple):
    """What the training part asks of an index: one row per prefix of a history."""

    rows: Int[Tensor, "n Q"]  # lists that are read, Q = K_u * R; -1 where a code has none
    weights: Float[Tensor, "n Q"]
    coming: Int[Tensor, "n W"]  # the next W items; the last one repeated where there are fewer
    seen: list[np.ndarray]  # n arrays: the items of the prefix


def training_reads(
    model: SparCode, index: SparseIndex, split: Split, probes: int, target_window: int
) -> Reads:
    """Encode every prefix of the training histories once, since no code will change."""
    windows, users, coming, seen = [], [], [], []
    for user, sequence in enumerate(split.histories("train")):
        last = len(sequence) - 1
        ahead = np.arange(max(last, 0))[:, None] + np.arange(1, target_window + 1)
        coming.append(sequence[np.minimum(ahead, last)])  # (last, W)
        seen += [sequence[: t + 1] for t in range(last)]
        for start in range(0, last, model.history_len):
            windows.append(sequence[start : min(start + model.history_len, last)])
            users.append(user)
    if not windows:
        raise ValueError("no user has two training interactions; there is nothing to learn from")
    rows, weights = [], []
    model.eval()
    with torch.no_grad():
        T_c = model.items()
        for start in range(0, len(windows), WINDOWS_AT_ONCE):
            part = slice(start, start + WINDOWS_AT_ONCE)
            positions = pad(windows[part])  # (B, L)
            T = model.prefix_tokens(positions, torch.tensor(users[part]), T_c)  # (B, L, K_u, D_T)
            keys, w = index.as_arrays(model.token_codes(T[positions >= 0], probes))
            rows.append(index.rows_of(keys))
            weights.append(w)
    return Reads(
        torch.from_numpy(np.concatenate(rows)),
        torch.from_numpy(np.concatenate(weights)).to(model.dtype),
        torch.from_numpy(np.concatenate(coming)),
        seen,
    )


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
        split: the data; its training part is learnt from, its validation part decides.
        epochs: passes over the training part.
        probes: lists read per token while it is trained and validated.
        lr: of Adam.
        batch: prefixes in a step.
        target_window: W; the target is drawn from the next W items.
        seed: of the order and the targets.

    Returns:
        The index with trained values, and validation NDCG@50 before training and after each epoch.

    Raises:
        ValueError: 8-bit values, no validation part, or an index too large to be held densely.
    """
    if index.scales is not None:
        raise ValueError("this index holds 8-bit values; train the float index, then quantise it")
    if len(index) * index.n_items > MOST_PAIRS:
        raise ValueError(
            f"{len(index):,} lists x {index.n_items:,} items are over {MOST_PAIRS:,} pairs; list "
            "fewer codes (build with codes='seen')"
        )
    rng = np.random.default_rng(seed)
    reads = training_reads(model, index, split, probes, target_window)
    values = torch.from_numpy(index.values.copy()).to(model.dtype).requires_grad_()
    optimiser = torch.optim.Adam([values], lr=lr)
    best = index
    scores = [_validated(index, model, split, probes)]
    for _ in progress(range(epochs), desc="fine-tune entries"):
        _epoch(index, values, reads, optimiser, float(model.logit_scale.detach()), batch, rng)
        trained = index.with_values(values.detach().numpy().astype(index.values.dtype))
        scores.append(_validated(trained, model, split, probes))
        if scores[-1] == max(scores):
            best = trained
    return best, scores


def _validated(index: SparseIndex, model: SparCode, split: Split, probes: int) -> float:
    found = evaluate(model, split, on="validation", k=(50,), probes=probes, index=index)
    return found["ndcg@50"]


def _epoch(
    index: SparseIndex,
    values: Tensor,
    reads: Reads,
    optimiser: torch.optim.Optimizer,
    scale: float,
    batch: int,
    rng: RNG,
) -> None:
    """One pass of softmax over all items, by prefixes in random order."""
    where = torch.from_numpy(index.lists.rows()), torch.from_numpy(index.items).long()
    order = torch.from_numpy(rng.permutation(len(reads.rows)))
    drawn = torch.from_numpy(rng.integers(reads.coming.shape[1], size=len(order)))
    targets = reads.coming[torch.arange(len(order)), drawn]  # (n,)
    for chosen in order.split(batch):
        A = values.new_zeros((len(index) + 1, index.n_items)).index_put(where, values)
        n_u = values.new_zeros((len(chosen), len(A)))  # (b, C + 1); row -1 stands for no list
        rows = reads.rows[chosen] % len(A)
        n_u.scatter_add_(1, rows, reads.weights[chosen])
        logits = (scale * (n_u @ A)).masked_fill(_seen(reads, chosen, targets, A), -torch.inf)
        loss = F.cross_entropy(logits, targets[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            values.clamp_(min=0)


def _seen(reads: Reads, chosen: Tensor, targets: Tensor, A: Tensor) -> Tensor:
    """Mark the items that a prefix holds, but never its target: (b, I) bool."""
    items = [reads.seen[i] for i in chosen.tolist()]
    rows = np.repeat(np.arange(len(items)), [len(i) for i in items])
    mask = torch.zeros((len(items), A.shape[1]), dtype=torch.bool)
    mask[torch.from_numpy(rows), torch.from_numpy(np.concatenate(items))] = True
    mask[torch.arange(len(items)), targets[chosen]] = False  # met before, and again
    return mask
