"""The two errors of lesson 02 as rows: what an index loses, and what another model changes.

The study calls faiss' parameter M of a graph "links". On the lowest level, where all items are, an
item may have twice as many. This lesson prints these.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

Differences = dict[str, tuple[float, ...]]  # name -> NDCG@50, and maybe its interval
MODELS = {
    "all-to-all": "all-to-all, every film",
    "two-tower-reranked": "two-tower, then all-to-all",
    "sparcode": "SparCode",
    "sparcode-sparse": "SparCode, short lists",
}


def settings(errors: Mapping[str, Any]) -> pd.DataFrame:
    """Return recall, points of NDCG@50 lost, kB and microseconds of some settings, exact first.

    Args:
        errors: the result of the study `index_error`.
    """
    rows: dict[str, Mapping[str, Any]] = {"exact search": {**errors["exact"], "recall": 1.0}}
    rows |= {f"HNSW, {most_links(p)} links": p for p in errors["hnsw"] if p["ef"] == 200}
    for point in errors["ivfpq"]:
        if point["M"] in (4, 32) and point["nprobe"] in (2, 16):
            name = f"IVF-PQ, {point['M']} bytes, {point['nprobe']} of 16 cells"
            rows[name + ", re-ranked" * point["rerank"]] = point
    exact = errors["exact"]["ndcg@50"]
    columns = {
        "recall": {name: round(p["recall"], 3) for name, p in rows.items()},
        "lost": {name: round(100 * (exact - p["ndcg@50"]), 1) + 0.0 for name, p in rows.items()},
        "kB": {name: round(p["bytes"] / 1000) for name, p in rows.items()},
        "us": {name: round(p["us"]) for name, p in rows.items()},
    }
    return pd.DataFrame(columns)


def most_links(point: Mapping[str, Any]) -> int:
    """Return how many links an item may have on the lowest level of a graph."""
    return 2 * int(point["links"])


def index_errors(errors: Mapping[str, Any]) -> Differences:
    """Return NDCG@50 of four indices minus that of exact search with the same model."""
    wanted: dict[str, tuple[str, dict[str, Any]]] = {
        "HNSW, 8 links": ("hnsw", {"links": 4, "ef": 200}),
        "HNSW, 32 links": ("hnsw", {"links": 16, "ef": 200}),
        "IVF-PQ, 4 bytes, all cells": ("ivfpq", {"M": 4, "nprobe": 16, "rerank": False}),
        "IVF-PQ, 4 bytes, all, re-ranked": ("ivfpq", {"M": 4, "nprobe": 16, "rerank": True}),
    }
    exact = errors["exact"]["ndcg@50"]
    differences: Differences = {}
    for name, (index, setting) in wanted.items():
        point = next(p for p in errors[index] if setting.items() <= p.items())
        differences[name] = (point["ndcg@50"] - exact,)
    return differences


def model_errors(table: Mapping[str, Any]) -> Differences:
    """Return NDCG@50 of other models minus that of the two-tower, with the interval.

    Args:
        table: the stored table; a row that it lacks is left out.
    """
    differences: Differences = {}
    for pair in table["paired"]:
        if pair["row"] in MODELS and pair["twin"] == "two-tower":
            probes = pair["probes"]
            lists = f", {probes} probe{'s' * (probes > 1)}" * ("sparcode" in pair["row"])
            differences[MODELS[pair["row"]] + lists] = pair["difference"], pair["low"], pair["high"]
    return differences


def verdicts(models: Differences) -> str:
    """Return a line for each model: its points against the two-tower, and what they show."""
    lines = []
    for name, (difference, low, high) in models.items():
        verdict = "worse" if high < 0 else "better" if low > 0 else "not told apart"
        lines.append(f"{name:<34}{100 * difference:+.1f} points: {verdict}")
    return "\n".join(lines)


def seeds(table: Mapping[str, Any]) -> str:
    """Return how many trainings of each model stand behind `model_errors`."""
    counts = {"two-tower": 0}
    for pair in table["paired"]:
        if pair["row"] in MODELS and pair["twin"] == "two-tower":
            counts["two-tower"] = pair["twin seeds"]
            counts[MODELS[pair["row"]].partition(", every")[0]] = pair["seeds"]
    return "trainings: " + "; ".join(f"{name} {count}" for name, count in counts.items())


def singular_values(y: Float[np.ndarray, "B I"]) -> Float[np.ndarray, " n"]:
    """Return the singular values of scores whose rows are centred, the largest first."""
    values: np.ndarray = np.linalg.svd(y - y.mean(axis=1, keepdims=True), compute_uv=False)
    return values


def least_us(action: Callable[[Any], Any], queries: Iterable[Any]) -> float:
    """Return the time of the fastest call in microseconds: what else runs only adds to it."""
    times = []
    for query in queries:
        start = time.perf_counter()
        action(query)
        times.append(time.perf_counter() - start)
    return 1e6 * min(times)
