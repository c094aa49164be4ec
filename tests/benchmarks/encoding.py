"""One history to a query vector, or to codes: three ways, for both shipped models, in float32.

    python tests/benchmarks/encoding.py

    the model              as in training: the table of all items is made anew at each call
    item table kept        the same, with that table made once, as a service would
    QueryEncoder           rewritten and compiled, item table kept

Self-attention, 2 blocks, width 64; histories of MovieLens-100K, one thread.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from shipped import Shipped
from timing import microseconds

from sparcode_mini.model.base import MatchingModel, pad


def kept_table(model: MatchingModel) -> Callable[[np.ndarray], torch.Tensor]:
    """Return a function from a history to its tokens (1, K_u, D_T), with the item table kept."""
    T_c = model.items().detach()

    def tokens(history: np.ndarray) -> torch.Tensor:
        with torch.no_grad():
            positions = pad([history[-model.history_len :]])
            H_u = model.query_embeddings(positions, None, T_c)
            return model.tokenizer(H_u, positions >= 0)

    return tokens


def run(quick: bool = False) -> dict[str, Any]:
    """p50 and p99 in microseconds of each way, by model, and how well the ways agree."""
    torch.set_num_threads(1)
    shipped = Shipped(40 if quick else 300)
    tower, model, histories = shipped.tower, shipped.model, shipped.histories
    tower_tokens, tokens = kept_table(tower), kept_table(model)
    coder = shipped.coder(len(shipped.index))
    ways: dict[str, dict[str, Callable[[np.ndarray], Any]]] = {
        "two-tower": {
            "the model": lambda h: tower.history_tokens([h]).sum(dim=1),
            "item table kept": lambda h: tower_tokens(h).sum(dim=1),
            "QueryEncoder": shipped.vector,
        },
        "sparcode": {
            "the model": lambda h: model.token_codes(model.history_tokens([h])),
            "item table kept": lambda h: model.token_codes(tokens(h)),
            "QueryEncoder": lambda h: coder(h, 1),
            "QueryEncoder, 4 probes": lambda h: coder(h, 4),
            "QueryEncoder, 8 probes": lambda h: coder(h, 8),
        },
    }
    found: dict[str, Any] = {
        name: {way: microseconds(encode, histories) for way, encode in rows.items()}
        for name, rows in ways.items()
    }
    plain, fast = ways["sparcode"]["the model"], ways["sparcode"]["QueryEncoder"]
    same = [torch.equal(plain(h).codes, fast(h).codes) for h in histories]
    found["histories with equal codes"] = f"{sum(same)} of {len(same)}"
    return found


def main() -> None:
    """Print what was found."""
    for name, value in run().items():
        rows = value.items() if isinstance(value, dict) else [("", value)]
        for way, times in rows:
            print(f"{name:<28} {way:<24} {times}")


if __name__ == "__main__":
    main()
