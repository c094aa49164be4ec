"""Nearest codewords of 4,096 tokens (D_T = 64, N = 256): ours against faiss and its torch peer.

    python tests/benchmarks/assignment.py

One thread, the same codebooks for all; the codes must agree (ties aside), and each row says how
many do. vector-quantize-pytorch also returns the quantised tokens, which is a little more work.
"""

from typing import Any

import faiss
import numpy as np
import torch
from timing import best_seconds
from vector_quantize_pytorch import VectorQuantize

from sparcode_mini.model.quantizer import ProductQuantizer

BATCH, D_T, N, SEED = 4096, 64, 256, 0


def peers(quantizer: ProductQuantizer) -> dict[str, Any]:
    """The same codebooks in faiss and in vector-quantize-pytorch: x (n, D_T) -> codes (n, M)."""
    M, books = quantizer.M, quantizer.codebooks.detach()  # (M, N, D_T / M)
    pq = faiss.ProductQuantizer(D_T, M, 8)
    faiss.copy_array_to_vector(books.numpy().ravel(), pq.centroids)
    pq.sync_transposed_centroids() if hasattr(pq, "sync_transposed_centroids") else None
    other = VectorQuantize(
        dim=D_T, codebook_dim=D_T // M, codebook_size=N, heads=M, separate_codebook_per_head=True
    ).eval()
    if M > 1:  # heads are parts of the token; no maps before and after
        other.project_in, other.project_out = torch.nn.Identity(), torch.nn.Identity()
    other._codebook.embed.data.copy_(books)
    return {
        "faiss": lambda x: pq.compute_codes(x.numpy()),
        "vector-quantize-pytorch": lambda x: other(x[None])[1][0].reshape(len(x), -1),
    }


def run(quick: bool = False) -> list[dict[str, Any]]:
    """Seconds of each, and the ratio to ours, for several M."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    rows = []
    for M in (1, 2, 4, 8):
        generator = torch.Generator().manual_seed(SEED)
        quantizer = ProductQuantizer(M, N, D_T, seed=SEED)
        x = torch.randn(BATCH, D_T, generator=generator)
        with torch.no_grad():
            codes = quantizer.encode(x).numpy()
            ours = best_seconds(lambda q=quantizer, x=x: q.encode(x), 3 if quick else 20)
            row: dict[str, Any] = {"M": M, "ours ms": 1e3 * ours}
            for name, encode in peers(quantizer).items():
                same = float((np.asarray(encode(x)) == codes).mean())
                seconds = best_seconds(lambda e=encode, x=x: e(x), 3 if quick else 20)
                row |= {f"{name} ms": 1e3 * seconds, f"{name} agree": same}
                row[f"{name} / ours"] = seconds / ours
        rows.append(row)
    return rows


def main() -> None:
    """Print the rows."""
    for row in run():
        print("  ".join(f"{key} {value:.4g}" for key, value in row.items()))


if __name__ == "__main__":
    main()
