"""Codes made after training (faiss PQ) against codes learnt with the model, at equal bytes.

A two-tower is trained (the trunk). Then, for each setting, a few epochs more (the tail):

    after   the tail without a quantiser; faiss then makes codebooks for the final vectors
    with    the tail with the quantiser inside: k-means start, EMA, commitment, straight-through

Both see the same data for the same number of epochs, and store the same number of bytes. The
quantiser sits on the item vectors (as product quantisation for search does) or on the query vector
(as in SparCode).
"""

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.model.load import load_model
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.model.variants.opq_fsq import distortion
from sparcode_mini.studies.common.train_and_measure import Spec, train_and_measure
from sparcode_mini.tools.files import remembered
from sparcode_mini.tools.progress import progress
from sparcode_mini.tools.targets import MODEL, check_target
from sparcode_mini.training.fit import fit

SIDES: dict[str, list[tuple[int, int]]] = {  # (M, N)
    "items": [(1, 16), (2, 16), (4, 16), (8, 16), (16, 16)],
    "queries": [(1, 32), (1, 128), (2, 32)],
}
SEEDS = (0, 1, 2)
BIG: dict[str, Any] = {
    "model": {"token_dim": 32},
    "trunk": {"epochs": 12, "lr": 1e-3, "max_positions": 400},
    "tail": {"epochs": 4, "lr": 5e-4, "warmup": 10, "max_positions": 400},
    "beta": 0.25,
}
# The entry that a test runs again: too small to be good, quick enough to repeat.
CHEAP: dict[str, Any] = {
    "model": {"token_dim": 8, "history_len": 20},
    "trunk": {"epochs": 1, "lr": 2e-3, "max_positions": 50},
    "tail": {"epochs": 1, "lr": 1e-3, "warmup": 10, "max_positions": 50},
    "beta": 0.25,
}
MOST_TRAINING_VECTORS = 20_000


class QuantisedTwoTower(TwoTower):
    """A two-tower with a product quantiser on its item vectors or on its query vector.

    Args (besides those of TwoTower):
        side: "items" or "queries".
        M, N: codebooks, and codewords in each.
        beta: weight of the commitment loss.
    """

    def __init__(
        self, split: Split, side: str, M: int, N: int, *, beta: float = 0.25, **common: Any
    ) -> None:
        if side not in SIDES:
            raise ValueError(f"side = {side!r}; choose one of {list(SIDES)}")
        super().__init__(split, **common)
        self.side, self.beta = side, beta
        self.quantizer = ProductQuantizer(M, N, self.config.token_dim, dtype=self.dtype)
        self.rng = np.random.default_rng(self.config.seed)

    def training_scores(
        self, T: Float[Tensor, "B K_u D_T"], T_c: Tensor, item_bias: Tensor
    ) -> tuple[Float[Tensor, "B I"], Tensor]:
        """Return dot products with one side quantised, and beta * commitment."""
        query, item = T.sum(dim=1), T_c.sum(dim=1)  # (B, D_T), (I, D_T)
        x = item if self.side == "items" else query
        x_q, codes = self.quantizer(x)
        _, commitment = self.quantizer.losses(x, codes)
        if self.training:
            self.quantizer.learn(x, codes, self.rng)
        query, item = (query, x_q) if self.side == "items" else (x_q, item)
        return query @ item.T + item_bias, self.beta * commitment

    @torch.no_grad()
    def vectors(self) -> Float[Tensor, "n D_T"]:
        """Return the vectors to make codebooks for: all items, or queries of the training part."""
        if self.side == "items":
            return self.item_matrix()
        histories = self.data.histories("train")
        rng = np.random.default_rng(0)
        cut = [h[: 1 + int(rng.integers(len(h)))] for h in histories for _ in range(8) if len(h)]
        return self.history_tokens(cut[:MOST_TRAINING_VECTORS]).sum(dim=1)


def bytes_stored(side: str, M: int, N: int, n: int, token_dim: int) -> int:
    """Count the bytes of n codes (packed to M * log2(N) bits) and of the codebooks in fp16."""
    codes = math.ceil(n * M * math.log2(N) / 8) if side == "items" else 0
    return codes + 2 * N * token_dim


def faiss_codebooks(x: Float[Tensor, "n D_T"], M: int, N: int) -> Float[Tensor, "M N d"]:
    """Return the codebooks that faiss's ProductQuantizer learns for vectors.

    Raises:
        ImportError: faiss is not installed.
        ValueError: N is not a power of two.
    """
    import faiss

    bits = int(math.log2(N))
    if 2**bits != N:
        raise ValueError(f"N = {N}; faiss stores codes as bits, so N must be a power of two")
    pq = faiss.ProductQuantizer(x.shape[1], M, bits)
    pq.cp.min_points_per_centroid = 1  # a small catalogue is no reason to warn on stderr
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    pq.train(np.ascontiguousarray(x.numpy(), dtype=np.float32))
    faiss.omp_set_num_threads(threads)
    books = faiss.vector_to_array(pq.centroids).reshape(M, N, -1).copy()
    return torch.from_numpy(books).to(x.dtype)


def config() -> dict[str, Any]:
    """Return everything that decides the study's numbers."""
    sides = {side: [list(pair) for pair in pairs] for side, pairs in SIDES.items()}
    return {"data": "MovieLens-100K", "sides": sides, "seeds": list(SEEDS), **BIG, "cheap": CHEAP}


def run(folder: Path) -> dict[str, Any]:
    """Train and measure everything (about 9 minutes of one core); resumable.

    Returns:
        {"settings": [one row per side, M, N and seed], "plain": [two-towers without quantiser],
        "cheap": the row that a test repeats}.
    """
    split = data.movielens_100k().split()
    jobs = [(s, side, M, N) for s in SEEDS for side in SIDES for M, N in SIDES[side]]
    rows = [
        compare(split, folder, "big", BIG, seed, side, M, N)
        for seed, side, M, N in progress(jobs, desc="codes after or with")
    ]
    plain = [_plain_tail(split, folder, "big", BIG, seed)[1] for seed in SEEDS]
    return {"settings": rows, "plain": plain, "cheap": cheap(split, folder)}


def cheap(split: Split, folder: Path) -> dict[str, Any]:
    """Train and measure the entry that a test repeats."""
    return compare(split, folder, "cheap", CHEAP, 0, "items", 2, 16)


def compare(
    split: Split, folder: Path, name: str, size: Spec, seed: int, side: str, M: int, N: int
) -> dict[str, Any]:
    """Measure one setting: {"after": {...}, "with": {...}}, each as `_measure` returns it."""
    done = folder / f"{name}-{side}-M{M}-N{N}-{seed}.json"
    make = functools.partial(_compare, split, folder, name, size, seed, side, M, N)
    row: dict[str, Any] = remembered(done, size, make)
    return row


def _compare(
    split: Split, folder: Path, name: str, size: Spec, seed: int, side: str, M: int, N: int
) -> dict[str, Any]:
    plain, _ = _plain_tail(split, folder, name, size, seed)
    options = {**size["model"], "beta": size["beta"], "seed": seed}
    after = QuantisedTwoTower(split, side, M, N, **options)
    after.load_state_dict(plain.state_dict(), strict=False)
    after.quantizer.codebooks.data = faiss_codebooks(after.vectors(), M, N)
    learnt = QuantisedTwoTower(split, side, M, N, **options)
    learnt.load_state_dict(_trunk(split, folder, name, size, seed).state_dict(), strict=False)
    learnt.quantizer.fit(learnt.vectors(), seed=seed)
    log = fit(learnt, split, seed=seed, **size["tail"])
    if log.interrupted:
        raise KeyboardInterrupt
    row = {"side": side, "M": M, "N": N, "seed": seed}
    n, width = (after.n_items if side == "items" else 0), size["model"]["token_dim"]
    row |= {"bytes": bytes_stored(side, M, N, n, width)}
    return row | {"after": _measure(after, split), "with": _measure(learnt, split)}


def _trunk(split: Split, folder: Path, name: str, size: Spec, seed: int) -> TwoTower:
    spec: Spec = {"class": "TwoTower", "model": size["model"], "fit": size["trunk"]}
    train_and_measure(split, spec, seed, folder, f"{name}-trunk-{seed}")
    model: TwoTower = load_model(folder / f"{name}-trunk-{seed}.safetensors", split)
    return model


def _plain_tail(
    split: Split, folder: Path, name: str, size: Spec, seed: int
) -> tuple[TwoTower, dict[str, Any]]:
    """Train the trunk for the tail without a quantiser; return it and its measured row."""
    path = folder / f"{name}-plain-{seed}.safetensors"

    def make() -> dict[str, Any]:
        check_target(path, MODEL)
        model = _trunk(split, folder, name, size, seed)
        if fit(model, split, seed=seed, **size["tail"]).interrupted:
            raise KeyboardInterrupt
        model.save(path)
        ndcg = evaluate(model, split, k=(50,))["ndcg@50"]
        stored = 2 * model.n_items * model.config.token_dim
        return {"seed": seed, "ndcg@50": ndcg, "bytes": stored}

    row = remembered(folder / f"{name}-plain-{seed}.json", size, make)
    plain: TwoTower = load_model(path, split)
    return plain, row


def _measure(model: QuantisedTwoTower, split: Split) -> dict[str, Any]:
    """Return NDCG@50 on test, the share of variance that the codes lose, and their usage."""
    x = model.vectors()
    codes = model.quantizer.encode(x)
    usage = model.quantizer.usage(codes)
    ndcg = evaluate(model, split, k=(50,))["ndcg@50"]
    return {
        "ndcg@50": ndcg,
        "lost": distortion(x, model.quantizer.decode(codes)),
        "used": usage.used,
        "perplexity": usage.perplexity,
    }
