"""What M and N cost and give on MovieLens-100K, measured on the sweep's models without a penalty.

What the folder of the sweep already holds is not trained again.
"""

import statistics
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.model.codes import distinct_codes
from sparcode_mini.model.load import load_model
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.model.variants.opq_fsq import distortion
from sparcode_mini.studies.common.train_and_measure import train_and_measure, with_history
from sparcode_mini.studies.sweep import ALSO, FIT, GRID, MODEL, SEED, run_setting, setting_spec
from sparcode_mini.tools.progress import progress

POINTS = [(M, N) for M in GRID["M"] for N in GRID["N"]]
POINTS += [(point["M"], point["N"]) for point in ALSO if point["sparsity"] == 0.0]
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
    """Measure the quantiser of every setting of the sweep with sparsity 0; resumable."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    models, settings = folder.parent / "sweep", []
    for M, N in progress(POINTS, desc="codebooks"):
        measured = run_setting(split, models, M, N, 0.0)
        settings.append(_row(split, models / f"sweep-M{M}-N{N}-s0.safetensors", measured))
    return {"settings": settings, "cheap": cheap(split, folder)}


def cheap(split: Split, folder: Path) -> dict[str, Any]:
    """Train two short epochs and measure the quantiser: the row that a test repeats."""
    M, N = CHEAP["M"], CHEAP["N"]
    spec = {**setting_spec(M, N, 0.0), "fit": CHEAP["fit"]}
    measured = train_and_measure(split, spec, SEED, folder, "cheap")
    return _row(split, folder / "cheap.safetensors", measured)


def _row(split: Split, path: Path, measured: dict[str, Any]) -> dict[str, Any]:
    model = load_model(path, split)
    T = model.tokens(with_history(split)).flatten(0, 1)  # (n, D_T)
    return {**look(model.quantizer, T), "ndcg@50": measured["ndcg@50"]}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "points": POINTS,
        "sparsity": 0.0,
        "model": MODEL,
        "fit": FIT,
        "seed": SEED,
        "cheap": CHEAP,
        "data": "MovieLens-100K",
    }
