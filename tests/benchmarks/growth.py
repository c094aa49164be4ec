"""How cost grows with the catalogue and with the codes: exponents fitted to measured times.

    python tests/benchmarks/growth.py [--quick]

    search   one query of 4 lists: lists of 500 entries, lists of 1% of the items, and faiss flat
    build    all lists cut to their best 500, compiled, by items (1,024 codes) and by codes

One thread. An exponent e says that ten times as much costs 10^e times as much.
"""

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import faiss
import numpy as np
import torch
from catalogues import lists_of, probed, synthetic
from construction import model_of
from peers import K
from timing import best_seconds, microseconds

from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.tools.progress import progress

ITEMS, BUILD_ITEMS = (10_000, 30_000, 100_000, 300_000, 1_000_000), (10_000, 30_000, 100_000)
CODES = (100, 1024, 10_000, 99_856)  # N^2, with M = 2
Curve = dict[str, Any]


def curve(name: str, sizes: Sequence[int], seconds: Callable[[int], float]) -> Curve:
    """Measure every size and fit seconds = constant * size^exponent."""
    found = [seconds(size) for size in progress(sizes, desc=name)]
    exponent = float(np.polyfit(np.log(sizes), np.log(found), 1)[0])
    return {"name": name, "sizes": list(sizes), "seconds": found, "exponent": exponent}


def lists(entries: Callable[[int], int]) -> Callable[[int], float]:
    """Seconds of one search in lists of so many entries."""

    def seconds(n_items: int) -> float:
        catalogue, best = synthetic(n_items, 200, 128, 12), entries(n_items)
        index = lists_of(catalogue, 2 * best / n_items, best)
        codes = list(probed(catalogue, 1).codes.numpy().reshape(200, 1, -1, 1))
        return 1e-6 * microseconds(lambda c: index.search(c, k=K, engine="compiled"), codes)["p50"]

    return seconds


def flat(n_items: int) -> float:
    """Seconds of one exact search over vectors."""
    catalogue = synthetic(n_items, 30, 1, 12)
    index = faiss.IndexFlatIP(catalogue.items.shape[1])
    index.add(catalogue.items)
    return 1e-6 * microseconds(lambda q: index.search(q, K), catalogue.queries[:, None])["p50"]


def build(n_items: int, N: int) -> float:
    """Seconds of one build of N * N lists."""
    model = model_of(n_items, 2, 16)
    model.quantizer = ProductQuantizer(2, N, 64)
    model.config = dataclasses.replace(model.config, N=N)
    return best_seconds(
        lambda: SparseIndex.build(model, codes="all", best=500, engine="compiled"), 1
    )


def run(quick: bool = False) -> list[Curve]:
    """All curves; `quick` takes the two smallest sizes of each."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    first = slice(2 if quick else None)
    return [
        curve("search, 500 entries a list", ITEMS[first], lists(lambda n: 500)),
        curve("search, 1% of the items a list", ITEMS[first], lists(lambda n: n // 100)),
        curve("faiss flat", ITEMS[first], flat),
        curve("build by items, 1,024 codes", BUILD_ITEMS[first], lambda n: build(n, 32)),
        curve("build by codes, 5,000 items", CODES[first], lambda C: build(5_000, round(C**0.5))),
    ]


def main() -> None:
    """Print the curves."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    for found in run(parser.parse_args().quick):
        print(found)


if __name__ == "__main__":
    main()
