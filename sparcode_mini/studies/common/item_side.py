"""What is stored for the items, in fewer bytes: the matrix of a two-tower, the lists of a SparCode.

Symbols: I items, r_1 columns of a matrix and one for the bias, B users.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import HISTORY, audience
from sparcode_mini.evaluation.metrics import ndcg_of_each
from sparcode_mini.index.gaps import packed
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.serving.compress import BITS, coded, rounded, with_bias
from sparcode_mini.serving.finetune import finetune

PARTS = ("validation", "test")
WAYS = ("best-n", "threshold", "bias")  # to cut lists
FILM_BYTES, BIAS_BYTES = 2, 2  # of a film that is kept: below 65,536 films a uint16 names it
LEVELS = {"int8": 255, "int4": 15}  # of a value
SCALE_BYTES, LENGTH_BYTES, PLAIN_BYTES = 2, 2, 4  # of a list; of a list; of a position
Way = tuple[str, int, np.ndarray]  # name, bytes, and the matrix (I, r + 1) that is read back


# --- a matrix, its last column the bias -----------------------------------------------------------


def rounded_ways(
    matrix: Float[np.ndarray, "I r_1"],
    split: Split,
    precisions: Sequence[str],
    numbers_kept: Sequence[int | None],
) -> Iterator[Way]:
    """Yield a matrix in each precision, with all items (None) and with those watched most.

    An item that is not kept is no candidate: its bias is -inf.
    """
    counts = np.bincount(np.concatenate(split.histories("train")), minlength=split.n_items)
    popular = np.argsort(-counts, kind="stable")
    for precision in precisions:
        for most in numbers_kept:
            kept = np.sort(popular[:most])
            whole = np.zeros_like(matrix)
            whole[kept], size = rounded(matrix[kept], precision)
            size += 0 if most is None else FILM_BYTES * len(kept)
            films = "" if most is None else f", {most} films"
            name = f"D = {matrix.shape[1] - 1}, {precision}{films}"
            yield name, size, with_bias(whole[:, :-1], whole[:, -1], kept)


def coded_ways(
    matrix: Float[np.ndarray, "I r_1"], codes: Sequence[tuple[int, int, int]]
) -> Iterator[Way]:
    """Yield a matrix as the product codes (M, N, r) for its r give it back; biases in 16 bits."""
    vectors, bias = matrix[:, :-1], matrix[:, -1].astype(np.float16).astype(matrix.dtype)
    for M, N, rank in codes:
        if rank == vectors.shape[1]:
            back, size = coded(vectors, M, N)
            yield f"codes M = {M}, N = {N}", size + BIAS_BYTES * len(bias), with_bias(back, bias)


# --- lists ---------------------------------------------------------------------------------------


class Readers:
    """Everybody with an item in a part: the lists they read, what they have seen, what comes.

    Args:
        model: of the lists.
        split: its data.
        probes: numbers of lists that are read for a token.
    """

    def __init__(self, model: SparCode, split: Split, probes: Sequence[int]) -> None:
        self.people = {on: audience(split, on) for on in PARTS}
        self.codes = {}
        for on, (users, _, _) in self.people.items():
            T = model.tokens(split.user_ids[users], HISTORY[on])  # (B, K_u, D_T)
            self.codes[on] = {R: model.token_codes(T, R) for R in probes}

    def per_user(
        self, index: SparseIndex, probes: int, on: str = "test"
    ) -> Float[np.ndarray, " B"]:
        """Return NDCG@50 of each of them by the lists of an index."""
        k = min(50, index.n_items)
        _, seen, relevant = self.people[on]
        ranked, _ = index.search(self.codes[on][probes], k, seen)  # (B, k)
        return ndcg_of_each(ranked, relevant, k)


def cut_to(index: SparseIndex, way: str, share: float) -> tuple[SparseIndex, float]:
    """Cut an index to about a share of its entries.

    Returns:
        The shorter index, and the n, threshold or bias that was used.

    Raises:
        ValueError: an unknown way, or a share outside 0..1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share = {share}; give a number over 0, at most 1 (keep all)")
    if way not in WAYS:
        raise ValueError(f"way = {way!r}; choose one of {WAYS}")
    wanted = round(share * len(index.items))
    if way == "best-n":
        lengths = np.diff(index.offsets)
        sizes = np.arange(1, lengths.max() + 1)
        kept = np.minimum(lengths[:, None], sizes).sum(axis=0)  # entries for each n
        n = int(sizes[np.abs(kept - wanted).argmin()])
        return index.cut(best=n), float(n)
    border = float(np.sort(index.values)[len(index.items) - wanted])
    if way == "threshold":
        return index.cut(threshold=border), border
    shift = 0.0 if share == 1 else border
    return index.cut(bias=-shift), -shift


def tuned_lists(
    index: SparseIndex,
    model: SparCode,
    split: Split,
    seed: int,
    *,
    epochs: int,
    rates: Sequence[float],
    probes: int = 4,
) -> tuple[SparseIndex, float | None]:
    """Train the entries of lists again, at the rate that validation likes best.

    Returns:
        The index and its rate; None if validation likes the old entries best.
    """
    options: dict[str, Any] = {"epochs": epochs, "probes": probes, "seed": seed}
    tries = [(lr, *finetune(index, model, split, lr=lr, **options)) for lr in rates]
    lr, best, _ = max(tries, key=lambda tried: max(tried[2]))
    return best, None if best is index else lr


def stored_lists(index: SparseIndex, precision: str) -> tuple[SparseIndex, dict[str, int]]:
    """Return an index as it is read back from storage, and the bytes that it takes there.

    Args:
        index: with float values.
        precision: of a value: "float16", "int8" or "int4" (levels, and a float16 scale a list).

    Returns:
        The index, and its "bytes" with gaps for positions, its "plain bytes" with 4 for a position.
        Either way each list has a length of 2 bytes, and a scale where values are whole numbers.
    """
    levels = LEVELS.get(precision)
    kept = in_levels(index, levels) if levels else index.quantised(precision)
    entries, lists = len(kept.items), len(kept)
    rest = math.ceil(BITS[precision] * entries / 8) + LENGTH_BYTES * lists
    rest += SCALE_BYTES * lists if levels else 0
    sizes = {"bytes": rest + len(packed(kept.lists)), "plain bytes": rest + PLAIN_BYTES * entries}
    return kept, sizes


def in_levels(index: SparseIndex, levels: int) -> SparseIndex:
    """Return an index with whole multiples of a scale in each list; what rounds to 0 is dropped."""
    lists = index.lists
    largest = lists.values[lists.offsets[:-1][lists.rows()]]  # (entries,): it comes first
    scales = (largest / levels).astype(np.float16).astype(largest.dtype)
    whole = np.rint(lists.values / scales).clip(max=levels)
    return index.with_values(whole * scales)


def encoder_bytes(model: MatchingModel) -> int:
    """Count the bytes of what makes tokens of a history, in fp16: item embeddings, tokenizer."""
    layers = (model.items, model.tokenizer, model.user_fields)
    return 2 * sum(p.numel() for layer in layers for p in layer.parameters())
