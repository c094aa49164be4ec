"""A small sweep whose numbers say which setting they are of."""


def row(M, N, sparsity):
    """A measured setting."""
    number = M * 1000 + N * 10 + sparsity
    return {
        "M": M,
        "N": N,
        "sparsity": sparsity,
        "ndcg@50": 0.2 + number / 100_000,
        "ndcg@50 probes=4": 0.21 + number / 100_000,
        "recall@50": 0.3,
        "used": [N - 1] * M,
        "perplexity": [N / 2] * M,
        "codes_possible": N**M,
        "lists": N**M,
        "entries": int(number * 10),
        "density": 0.5 / (1 + sparsity),
        "entry_bytes_fp16": int(number * 60),
        "other_bytes": 800,
        "search_us": 20.0 + M,
        "seconds": 1.0,
    }


def sweep():
    """M in 1, 2; N in 4, 8, 16; sparsity in 0, 4; with a hole at (2, 16, 0)."""
    grid = [(M, N, s) for M in (1, 2) for N in (4, 8, 16) for s in (0.0, 4.0)]
    small = {"token_dim": 8, "history_len": 10, "query_tokens": 2, "hidden": 4}
    return {
        "config": {"model": small, "fit": {"epochs": 6}, "seed": 0},
        "settings": [row(*point) for point in grid if point != (2, 16, 0.0)],
        "baselines": {
            "popularity": {"ndcg@50": 0.15},
            "two-tower": {"ndcg@50": 0.25, "bytes_fp16": 215_296},
        },
    }


def bare():
    """A sweep of one setting without the optional numbers."""
    needed = {"M", "N", "sparsity", "ndcg@50", "lists", "entries", "density", "entry_bytes_fp16"}
    return {"settings": [{k: v for k, v in row(1, 4, 0.0).items() if k in needed}]}
