"""One model as data of the X-ray: its queries, the lists that they read, codewords in a plane.

Symbols: K_u tokens, L films read, R probes, M codebooks, N codewords, I films, G values of b.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.explain.people import Person
from sparcode_mini.explain.wishes import constant_of
from sparcode_mini.model.base import pad
from sparcode_mini.model.codes import distinct_codes
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.tokenizers import SelfAttentionTokenizer
from sparcode_mini.tools.top_k import top_k

PROBES = (1, 4)
NEAREST = 4  # codewords whose distance is shown
OFFSETS = tuple(round(-1.0 + 0.05 * step, 2) for step in range(25))  # of the bias: -1 .. 0.2
MOST_CODES = 2**13  # with more codes, the entries of the whole index are not counted
CODES_AT_ONCE = 128


def rounded(values: np.ndarray | Tensor, digits: int) -> list[Any]:
    """Return values as nested lists of floats, rounded to this number of decimals."""
    # + 0.0 turns -0.0, which JSON would keep, into 0.0
    return (np.round(np.asarray(values, dtype=np.float64), digits) + 0.0).tolist()


@torch.no_grad()
def view_of_model(model: SparCode, people: Sequence[Person], k: int) -> dict[str, Any]:
    """Return one model with the queries of all people and the lists that they read."""
    model.eval()
    quantizer, config = model.quantizer, model.config
    probes = [R for R in PROBES if quantizer.N**quantizer.M >= R]
    tokens = model.history_tokens([p.history for p in people])  # (people, K_u, D_T)
    codes = {R: model.token_codes(tokens, R) for R in probes}
    table = distinct_codes(torch.cat([c.codes.flatten(0, 2) for c in codes.values()]))[0]  # (C, M)
    row = {tuple(code): place for place, code in enumerate(table.tolist())}
    # (G,), with the model's own b to the last digit: what is compared there must hold there
    grid = [round(model.bias + step, 4) if step else model.bias for step in OFFSETS]
    books = list(quantizer.codebooks.detach())  # M times (N, d)
    axes = [_plane(book) for book in books]
    unrounded = _unrounded(model, tokens, people, k)
    queries = []
    for b, person in enumerate(people):
        reads = {
            str(R): {
                "rows": [[row[tuple(c)] for c in token] for token in probed.codes[b].tolist()],
                "weights": rounded(probed.weights[b], 8),
            }
            for R, probed in codes.items()
        }
        query = _query(model, person, tokens[b], axes)
        queries.append({**query, "unrounded": unrounded[b], "reads": reads})
    return {
        "name": f"M = {quantizer.M}, N = {quantizer.N}",
        "M": quantizer.M,
        "N": quantizer.N,
        "tokens": config.query_tokens,
        "width": config.token_dim,
        "tokenizer": config.tokenizer,
        "reads_last": model.history_len,
        "bias": model.bias,
        "constant": round(constant_of(model), 6),  # what a film gains by a label that is wanted
        "grid": grid,
        "entries": _entries(model, grid),
        "codewords": [rounded(_flat(book, a), 3) for book, a in zip(books, axes, strict=True)],
        "codes": table.tolist(),
        "lists": _lists(model, table, max(grid)),
        "queries": queries,
    }


def _lists(model: SparCode, codes: Tensor, highest: float) -> dict[str, list[Any]]:
    """Return S of each code with the films that the highest b would keep, largest first."""
    items, values = [], []
    for block in _scores(model, codes):
        for row in block:  # (I,)
            order = np.argsort(-row, kind="stable")
            order = order[row[order] + highest > 0]
            items.append(order)
            values.append(rounded(row[order], 6))
    return {"items": items, "S": values}


def _scores(model: SparCode, codes: Tensor) -> "list[Float[np.ndarray, 'n I']]":
    """Return S, before bias and ReLU, in blocks of codes."""
    T_c = model.items()  # (I, K_c, D_T)
    return [
        model.scorer(model.quantizer.decode(block), T_c, model.item_bias).numpy()
        for block in codes.split(CODES_AT_ONCE)
    ]


def _entries(model: SparCode, grid: Sequence[float]) -> list[int] | None:
    """Return the entries of the whole index at each b (G,); None if there are too many codes."""
    M, N = model.quantizer.M, model.quantizer.N
    if N**M > MOST_CODES:
        return None
    every = torch.cartesian_prod(*[torch.arange(N)] * M).reshape(-1, M)  # (N^M, M)
    counts = np.zeros(len(grid), dtype=np.int64)
    for S in _scores(model, every):
        counts += [(S + b > 0).sum() for b in grid]
    return counts.tolist()


# --- one query --------------------------------------------------------------------------------


def _query(
    model: SparCode, person: Person, tokens: Float[Tensor, "K_u D_T"], axes: list[Tensor]
) -> dict[str, Any]:
    """Return the tokens of one person, what they depend on, and the codewords near to them."""
    read = person.history[-model.history_len :]  # (L,)
    parts = model.quantizer.split(tokens)  # (M, K_u, d)
    nearest = []
    for part, book in zip(parts, model.quantizer.codebooks, strict=True):
        distances = torch.cdist(part, book).square()  # (K_u, N)
        order = distances.argsort(dim=1, stable=True)[:, :NEAREST]
        pairs = torch.stack([order.to(distances.dtype), distances.gather(1, order)], dim=-1)
        nearest.append([[[int(n), round(d, 3)] for n, d in token] for token in pairs.tolist()])
    moved, changed = _without(model, read, tokens)
    return {
        "values": rounded(tokens, 3),
        "points": [rounded(_flat(p, a), 3) for p, a in zip(parts, axes, strict=True)],
        "nearest": nearest,  # M times (K_u, NEAREST) of codeword, squared distance
        "off": rounded(_off(model, tokens), 3),  # (K_u,)
        "attention": _attention(model, read),
        "moved": rounded(moved, 3),
        "changed": changed,
    }


def _off(model: SparCode, tokens: Float[Tensor, "K_u D_T"]) -> Float[Tensor, " K_u"]:
    """Return how far rounding moves each token, as a share of its length: ||T - T~|| / ||T||."""
    rounded_tokens = model.quantizer.decode(model.quantizer.encode(tokens))  # (K_u, D_T)
    return (tokens - rounded_tokens).norm(dim=1) / tokens.norm(dim=1)


def _unrounded(
    model: SparCode, tokens: Float[Tensor, "B K_u D_T"], people: Sequence[Person], k: int
) -> list[np.ndarray]:
    """Return the k films (fewer if fewer are positive) that T itself finds, without rounding.

    The same scorer, item bias, b, ReLU and sum; only T takes the place of T~. Best first.
    """
    y = model.unquantised_scores(tokens, model.items(), model.item_bias).numpy()  # (B, I)
    seen = [person.history for person in people]
    best, _ = top_k(y, min(k, model.n_items), exclude=seen, positive_only=True)
    return [films[films >= 0] for films in best]


def _attention(model: SparCode, read: np.ndarray) -> list[Any] | None:
    """Return weights (h, L) of the newest position in the last block; None for other tokenizers."""
    if not isinstance(model.tokenizer, SelfAttentionTokenizer):
        return None
    H_u = model.query_embeddings(pad([read]), None, model.items())  # (1, F + L, D)
    weights = model.tokenizer.attention(H_u)[0, :, -1]  # (h, F + L)
    return rounded(weights[:, len(model.user_fields) :], 4)


def _without(
    model: SparCode, read: np.ndarray, tokens: Float[Tensor, "K_u D_T"]
) -> tuple[Float[Tensor, "K_u L"], list[list[Any]] | None]:
    """Leave one film out at a time: how far each token moves, and where its code changes.

    This is the attribution that the page draws. It holds for every tokenizer, and it differs
    between tokens; attention does not, since all tokens are made from one state. The films after
    the one left out move up by one place.

    Returns:
        ||T_i - T_i without film l||, and [token, film, new code] for each code that changes. A
        history of one film gives the length of the tokens, and None: nothing is left to read.
    """
    if len(read) == 1:
        return tokens.norm(dim=1, keepdim=True), None  # (K_u, 1)
    rest = model.history_tokens([np.delete(read, place) for place in range(len(read))])
    moved = (rest - tokens).norm(dim=-1).T  # (K_u, L)
    codes, others = model.quantizer.encode(tokens), model.quantizer.encode(rest)  # (L, K_u, M)
    different = (others != codes).any(dim=-1).nonzero().tolist()
    return moved, [[token, place, others[place, token].tolist()] for place, token in different]


# --- codewords in the plane ---------------------------------------------------------------------


def _plane(book: Float[Tensor, "N d"]) -> Float[Tensor, "d a"]:
    """Return the two directions (one if d = 1) of largest spread of a codebook; signs are fixed."""
    centred = book - book.mean(dim=0)
    _, _, Vt = torch.linalg.svd(centred, full_matrices=False)
    axes = Vt[:2].T  # (d, 2)
    largest = axes.abs().argmax(dim=0)
    return axes * axes[largest, range(axes.shape[1])].sign()


def _flat(x: Float[Tensor, "n d"], axes: Float[Tensor, "d a"]) -> Float[Tensor, "n 2"]:
    """Return coordinates in the plane; with one dimension or one codeword they lie on a line."""
    flat = x @ axes  # (n, a)
    return torch.nn.functional.pad(flat, (0, 2 - flat.shape[1]))
