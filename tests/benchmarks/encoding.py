"""One history to codes: the model as it is, the model with the item table kept, the rewritten one.

    python tests/benchmarks/encoding.py

The shipped SparCode (self-attention, 2 blocks, width 64), histories of MovieLens-100K, one thread.
"""

from typing import Any

import numpy as np
import torch
from timing import microseconds

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.model.base import pad
from sparcode_mini.serving.query_encoder import QueryEncoder


def run(quick: bool = False) -> dict[str, Any]:
    """p50 and p99 in microseconds of each way, and how far the results are apart."""
    torch.set_num_threads(1)
    split = sm.data.movielens_100k().split()
    model = sm.load_model(results.CHECKPOINTS / "sparcode.safetensors", split)
    histories = split.histories("train+validation")[: 40 if quick else 300]
    encoder, T_c = QueryEncoder(model), model.items().detach()

    def kept(history: np.ndarray) -> Any:
        with torch.no_grad():
            positions = pad([history[-model.history_len :]])
            H_u = model.query_embeddings(positions, None, T_c)
            return model.token_codes(model.tokenizer(H_u, positions >= 0))

    ways = {
        "model.encode": lambda h: model.token_codes(model.history_tokens([h])),
        "model, item table kept": kept,
        "QueryEncoder": encoder.codes,
        "QueryEncoder, 4 probes": lambda h: encoder.codes(h, 4),
    }
    found: dict[str, Any] = {name: microseconds(way, histories) for name, way in ways.items()}
    same = [torch.equal(ways["model.encode"](h).codes, encoder.codes(h).codes) for h in histories]
    found["histories with equal codes"] = f"{sum(same)} of {len(same)}"
    found["ratio"] = found["model.encode"]["p50"] / found["QueryEncoder"]["p50"]
    return found


def main() -> None:
    """Print what was found."""
    for name, value in run().items():
        print(f"{name:<28} {value}")


if __name__ == "__main__":
    main()
