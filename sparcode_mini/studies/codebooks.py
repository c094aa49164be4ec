"""What M and N cost and give on MovieLens-100K: small models that differ in M and N alone.

Model and recipe are those of `common.small`. The learning rate is chosen on validation for M = 1,
N = 64, and all sizes take it. The best N of each M is chosen by validation. Each setting has one
seed: intervals are over people alone (`gradients` has the spread of seeds). About 9 minutes on one
core.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, per_user, together
from sparcode_mini.model.codes import distinct_codes
from sparcode_mini.model.load import load_model
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.model.variants.opq_fsq import relative_distortion
from sparcode_mini.studies.common import small
from sparcode_mini.studies.common.train_and_measure import (
    Spec,
    index_to_serve,
    search_microseconds,
    train_and_measure,
    with_history,
)
from sparcode_mini.tools.progress import progress
from sparcode_mini.tools.timing import median_us

# With M = 4 hardly two tokens share a code, so training is slower: N = 16 only.
POINTS = [*((M, N) for M in (1, 2) for N in (16, 32, 64, 128)), (4, 16)]
SEED = 0
KEPT = (
    "validation ndcg@50",
    "ndcg@50",
    "ndcg@50 probes=4",
    "lists",
    "entries",
    "entry_bytes_fp16",
    "other_bytes",
    "seconds",
)
LARGE = 4096  # codewords, far beyond the grid, whose assignment is timed beside a search
# One more training, so short that a test can repeat it.
CHEAP: dict[str, Any] = {"M": 2, "N": 16, "lr": 1e-2, "epochs": 2}


@torch.no_grad()
def look(pq: ProductQuantizer, T: Tensor) -> dict[str, Any]:
    """Measure a quantiser on tokens (n, D_T).

    Returns:
        M, N, numbers (in the codebooks), possible and used codes, tokens (n), usage (M rows of N
        counts), distortion, nanoseconds to assign one token.
    """
    codes = pq.encode(T)  # (n, M)
    counts = [torch.bincount(column, minlength=pq.N).tolist() for column in codes.T]
    return {
        "M": pq.M,
        "N": pq.N,
        "numbers": pq.codebooks.numel(),
        "possible": pq.N**pq.M,
        "used": len(distinct_codes(codes)[0]),
        "tokens": len(T),
        "usage": counts,
        "distortion": relative_distortion(T, pq.decode(codes)),
        "nanoseconds": assign_nanoseconds(pq, T),
    }


def assign_nanoseconds(pq: ProductQuantizer, T: Tensor, repeats: int = 5) -> float:
    """Measure the median time to assign one of many tokens, in nanoseconds."""
    return median_us(pq.encode, [T] * repeats) * 1000 / len(T)


def run(folder: Path) -> dict[str, Any]:
    """Choose the rate, then train every setting and measure its quantiser; resumable.

    Returns:
        {"rates": as `small.tune_base`, "settings": a row for each, "chosen": the best N of each M,
        against that of M = 1, "two-tower": of the same width, with a rate of its own, "speed": of
        an assignment and of a search, "cheap": the row that a test repeats}.
    """
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    shared = folder.parent / "small"
    rates = small.tune_base(split, shared)
    lr = small.chosen(rates)["lr"]
    settings = [row(split, folder, M, N, lr) for M, N in progress(POINTS, desc="codebooks")]
    return {
        "rates": rates,
        "settings": settings,
        "chosen": chosen(split, folder, settings),
        "two-tower": two_tower(split, shared),
        "speed": speed(split, folder),
        "cheap": cheap(split, folder),
    }


def two_tower(split: Split, folder: Path) -> dict[str, Any]:
    """Train a two-tower of the same width, with the rate that validation prefers for it."""
    rates = small.tune_rate(split, folder, "two-tower", tower_spec, decides="ndcg@50")
    setting = tower_spec(small.chosen(rates)["lr"])
    measured = train_and_measure(split, setting, SEED, folder, f"two-tower-{SEED}")
    return {"rates": rates, **{key: measured[key] for key in ("validation ndcg@50", "ndcg@50")}}


def tower_spec(lr: float) -> Spec:
    """Return the two-tower that is trained at a learning rate."""
    width = {"token_dim": small.MODEL["token_dim"]}
    return {"class": "TwoTower", "model": width, "fit": {**small.FIT, "lr": lr}}


def row(
    split: Split, folder: Path, M: int, N: int, lr: float, epochs: int | None = None
) -> dict[str, Any]:
    """Train one setting (about 40 s on one core), measure model and quantiser."""
    name = _name(M, N) + ("-cheap" if epochs else "")
    setting = small.spec({"M": M, "N": N}, epochs, lr=lr)
    measured = train_and_measure(split, setting, SEED, folder, name)
    model = load_model(folder / f"{name}.safetensors", split)
    T = model.tokens(with_history(split)).flatten(0, 1)  # (n, D_T)
    return {**look(model.quantizer, T), **{key: measured[key] for key in KEPT}}


def cheap(split: Split, folder: Path) -> dict[str, Any]:
    """Train two short epochs and measure the quantiser: the row that a test repeats."""
    return row(split, folder, **CHEAP)


def best_of_each(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the row of each M that validation likes best, by M."""
    sizes = sorted({row["M"] for row in rows})
    return [
        max((r for r in rows if r["M"] == M), key=lambda r: r["validation ndcg@50"]) for M in sizes
    ]


def chosen(split: Split, folder: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compare the best of each M with that of the first, over people."""
    best = best_of_each(rows)
    files = [folder / f"{_name(row['M'], row['N'])}.safetensors" for row in best]
    values = [per_user(load_model(file, split), split) for file in files]
    against = together([compare(other, values[0]) for other in values[1:]])
    return [
        {"M": row["M"], "N": row["N"], "against": comparison}
        for row, comparison in zip(best, [None, *against], strict=True)
    ]


def speed(split: Split, folder: Path) -> dict[str, float]:
    """Time a search, and the assignment of a query's tokens to far more codewords (one each)."""
    model = load_model(folder / f"{_name(1, 16)}.safetensors", split)
    T = model.tokens(with_history(split)[:1])[0]  # (K_u, D_T)
    large = ProductQuantizer(1, LARGE, T.shape[1], dtype=T.dtype)
    return {
        "N": LARGE,
        "tokens": len(T),
        "assign_us": assign_nanoseconds(large, T, repeats=50) * len(T) / 1000,
        "search_us": search_microseconds(model, index_to_serve(model), split),
    }


def _name(M: int, N: int) -> str:
    return f"M{M}-N{N}-{SEED}"


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return small.config() | {
        "points": [list(point) for point in POINTS],
        "seed": SEED,
        "rate of": "M = 1, N = 64",
        "large": LARGE,
        "cheap": CHEAP,
        "N chosen by": "validation ndcg@50",
    }
