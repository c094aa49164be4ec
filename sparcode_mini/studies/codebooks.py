"""What M and N cost and give on MovieLens-100K, measured on the sweep's models without a penalty.

What the folder of the sweep already holds is not trained again. The best N of each M is chosen by
validation. Each setting has one seed: intervals are over people alone (`gradients` has the spread
of seeds).
"""

import statistics
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, holm, per_user
from sparcode_mini.model.codes import distinct_codes
from sparcode_mini.model.load import load_model
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.model.variants.opq_fsq import distortion
from sparcode_mini.studies.common.train_and_measure import (
    index_to_serve,
    search_microseconds,
    train_and_measure,
    with_history,
)
from sparcode_mini.studies.sweep import (
    ALSO,
    FIT,
    GRID,
    MODEL,
    SEED,
    TOWER,
    setting_name,
    setting_spec,
)
from sparcode_mini.tools.progress import progress

POINTS = [(M, N) for M in GRID["M"] for N in GRID["N"]]
POINTS += [(point["M"], point["N"]) for point in ALSO if point["sparsity"] == 0.0]
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
CHEAP: dict[str, Any] = {"M": 2, "N": 16, "fit": {"epochs": 2, "max_positions": 50}}


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
        "distortion": distortion(T, pq.decode(codes)),
        "nanoseconds": assign_nanoseconds(pq, T),
    }


def assign_nanoseconds(pq: ProductQuantizer, T: Tensor, repeats: int = 5) -> float:
    """Measure the median time to assign one of many tokens, in nanoseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        pq.encode(T)
        times.append(time.perf_counter() - start)
    return statistics.median(times) / len(T) * 1e9


def run(folder: Path) -> dict[str, Any]:
    """Measure the quantiser of every setting of the sweep with sparsity 0; resumable.

    Returns:
        {"settings": a row for each, "chosen": the best N of each M, against that of M = 1,
        "two-tower": of the same width, "speed": of an assignment and of a search, "cheap": ...}.
    """
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    models, settings = folder.parent / "sweep", []
    for M, N in progress(POINTS, desc="codebooks"):
        measured = train_and_measure(split, setting_spec(M, N, 0.0), SEED, models, _name(M, N))
        settings.append(_row(split, models / f"{_name(M, N)}.safetensors", measured))
    tower = train_and_measure(split, TOWER, SEED, models, "sweep-two-tower")
    return {
        "settings": settings,
        "chosen": chosen(split, models, settings),
        "two-tower": {key: tower[key] for key in ("validation ndcg@50", "ndcg@50")},
        "speed": speed(split, models),
        "cheap": cheap(split, folder),
    }


def cheap(split: Split, folder: Path) -> dict[str, Any]:
    """Train two short epochs and measure the quantiser: the row that a test repeats."""
    M, N = CHEAP["M"], CHEAP["N"]
    spec = {**setting_spec(M, N, 0.0), "fit": CHEAP["fit"]}
    measured = train_and_measure(split, spec, SEED, folder, "cheap")
    return _row(split, folder / "cheap.safetensors", measured)


def best_of_each(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the row of each M that validation likes best, by M."""
    sizes = sorted({row["M"] for row in rows})
    return [
        max((r for r in rows if r["M"] == M), key=lambda r: r["validation ndcg@50"]) for M in sizes
    ]


def chosen(split: Split, models: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compare the best of each M with that of the first, over people; p is adjusted (Holm)."""
    best = best_of_each(rows)
    files = [models / f"{_name(row['M'], row['N'])}.safetensors" for row in best]
    values = [per_user(load_model(file, split), split) for file in files]
    against = [compare(other, values[0]) for other in values[1:]]
    for comparison, p in zip(against, holm([one["p"] for one in against]), strict=True):
        comparison["p"] = p
    return [
        {"M": row["M"], "N": row["N"], "against": comparison}
        for row, comparison in zip(best, [None, *against], strict=True)
    ]


def speed(split: Split, models: Path) -> dict[str, float]:
    """Time a search, and the assignment of a query's tokens to far more codewords (one each)."""
    model = load_model(models / f"{_name(1, 16)}.safetensors", split)
    T = model.tokens(with_history(split)[:1])[0]  # (K_u, D_T)
    large = ProductQuantizer(1, LARGE, T.shape[1], dtype=T.dtype)
    return {
        "N": LARGE,
        "tokens": len(T),
        "assign_us": assign_nanoseconds(large, T, repeats=50) * len(T) / 1000,
        "search_us": search_microseconds(model, index_to_serve(model), split),
    }


def _name(M: int, N: int) -> str:
    return setting_name(M, N, 0.0)


def _row(split: Split, path: Path, measured: dict[str, Any]) -> dict[str, Any]:
    model = load_model(path, split)
    T = model.tokens(with_history(split)).flatten(0, 1)  # (n, D_T)
    return {**look(model.quantizer, T), **{key: measured[key] for key in KEPT}}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "points": POINTS,
        "sparsity": 0.0,
        "model": MODEL,
        "fit": FIT,
        "two-tower": TOWER,
        "seed": SEED,
        "large": LARGE,
        "cheap": CHEAP,
        "data": "MovieLens-100K",
        "chosen by": "validation ndcg@50",
    }
