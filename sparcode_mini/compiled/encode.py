"""One history -> tokens -> codes, compiled by numba; `serving.query_encoder` prepares the weights.

Loops do what is small, and BLAS (through scipy) multiplies the matrices. Every W is the matrix
behind a LayerNorm with the norm folded in: LN(x) W + a = (x W_0) / sd(x) + a_0.

Symbols: L films of the history, D width, h heads, I items, K_u tokens, M codebooks, N codewords.
"""

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float

from sparcode_mini.compiled.jit import reordered

EPSILON = 1e-5  # of torch's layer_norm


class Rows(NamedTuple):
    """What the first block reads: an item and a position add one row each to x and to x W_qkv."""

    items: Float[np.ndarray, "I D"]
    items_qkv: Float[np.ndarray, "I 3*D"]
    positions: Float[np.ndarray, "history_len D"]
    positions_qkv: Float[np.ndarray, "history_len 3*D"]


class Block(NamedTuple):
    """One attention block; x (L, D) meets each W from the left."""

    W_qkv: Float[np.ndarray, "D 3*D"]  # folded; the part of the queries carries 1 / sqrt(D / h)
    a_qkv: Float[np.ndarray, " 3*D"]
    W_q: Float[np.ndarray, "D D"]  # these three are parts of W_qkv, as the last position needs them
    W_k: Float[np.ndarray, "h D/h D"]
    W_v: Float[np.ndarray, "h D D/h"]
    W_out: Float[np.ndarray, "D D"]
    a_out: Float[np.ndarray, " D"]
    W_up: Float[np.ndarray, "D 2*D"]  # folded
    a_up: Float[np.ndarray, " 2*D"]
    W_down: Float[np.ndarray, "2*D D"]
    a_down: Float[np.ndarray, " D"]


class Network(NamedTuple):
    """Two attention blocks and the head that makes the tokens."""

    first: Block
    last: Block
    W_head: Float[np.ndarray, "D K_u*D_T"]  # folded
    a_head: Float[np.ndarray, " K_u*D_T"]
    query_tokens: int  # K_u
    normalise: bool  # does a LayerNorm without weights follow?


@reordered
@no_type_check
def encode(films, rows, network):
    """Return the tokens (K_u, D_T) of a history of item positions (L,), int64."""
    L, D = len(films), rows.items.shape[1]
    x, qkv = np.empty((L, D), rows.items.dtype), np.empty((L, 3 * D), rows.items.dtype)
    for p in range(L):
        c = films[p]
        for d in range(D):
            x[p, d] = rows.items[c, d] + rows.positions[p, d]
        r = _one_over_sd(x[p])
        for j in range(3 * D):
            value = (rows.items_qkv[c, j] + rows.positions_qkv[p, j]) * r
            qkv[p, j] = value + network.first.a_qkv[j]
    _attend(x, qkv, network.first)
    _feed_forward(x, network.first)
    state = _last_position(x, network.last)  # (1, D)
    _feed_forward(state, network.last)
    tokens = _folded_affine(state, network.W_head, network.a_head)  # (1, K_u * D_T)
    tokens = tokens.reshape((network.query_tokens, -1))  # (K_u, D_T)
    if network.normalise:
        for i in range(len(tokens)):
            tokens[i] -= tokens[i].sum() / x.dtype.type(tokens.shape[1])
            tokens[i] *= _one_over_sd(tokens[i])
    return tokens


@reordered
@no_type_check
def nearest(tokens, books, squares, codes):
    """Fill codes (K_u, M): the codeword with the smallest |c|^2 - 2 <t, c>, the first of equals."""
    M, width, N = books.shape
    for m in range(M):
        products = np.dot(tokens[:, m * width : (m + 1) * width].copy(), books[m])  # (K_u, N)
        for i in range(len(tokens)):
            best, least = 0, squares[m, 0] - 2 * products[i, 0]
            for n in range(1, N):
                distance = squares[m, n] - 2 * products[i, n]
                if distance < least:
                    best, least = n, distance
            codes[i, m] = best


@reordered
@no_type_check
def _one_over_sd(x):
    """Return 1 / sqrt(variance + epsilon) of one row."""
    mean, total = x.sum() / x.dtype.type(len(x)), x.dtype.type(0)
    for value in x:
        total += (value - mean) * (value - mean)
    return x.dtype.type(1) / np.sqrt(total / x.dtype.type(len(x)) + x.dtype.type(EPSILON))


@reordered
@no_type_check
def _scaled(x):
    """Divide each row by its standard deviation; W_0 subtracts the mean."""
    y = np.empty_like(x)
    for p in range(len(x)):
        r = _one_over_sd(x[p])
        for d in range(x.shape[1]):
            y[p, d] = x[p, d] * r
    return y


@reordered
@no_type_check
def _folded_affine(x, W, a):
    """Return LN(x) W + a, where W and a are folded."""
    y = np.dot(_scaled(x), W)
    _add_row(y, a)
    return y


@reordered
@no_type_check
def _add_row(y, a):
    """Add a to each row of y in place (y + a would make a new array)."""
    for p in range(len(y)):
        for j in range(len(a)):
            y[p, j] += a[j]


@reordered
@no_type_check
def _attend(x, qkv, block):
    """Add causal attention to x (L, D) in place."""
    L, D = x.shape
    width = D // len(block.W_k)
    mixed = np.empty_like(x)
    for low in range(0, D, width):
        q = qkv[:, low : low + width].copy()  # (L, D / h)
        k = qkv[:, D + low : D + low + width].copy()
        v = qkv[:, 2 * D + low : 2 * D + low + width].copy()
        weights = np.dot(q, k.T)  # (L, L)
        for p in range(L):
            _softmax(weights[p, : p + 1])
            weights[p, p + 1 :] = 0  # the future
        mixed[:, low : low + width] = np.dot(weights, v)
    x += np.dot(mixed, block.W_out)
    _add_row(x, block.a_out)


@reordered
@no_type_check
def _feed_forward(x, block):
    """Add W_down ReLU(W_up LN(x)) to x (L, D) in place."""
    inner = _folded_affine(x, block.W_up, block.a_up)  # (L, 2 * D)
    for p in range(len(inner)):
        for j in range(inner.shape[1]):
            inner[p, j] = max(inner[p, j], 0)
    x += np.dot(inner, block.W_down)
    _add_row(x, block.a_down)


@reordered
@no_type_check
def _last_position(x, block):
    """Return the last position after attention, (1, D); no keys and values are made for it."""
    D, heads = x.shape[1], len(block.W_k)
    width = D // heads
    normed = _scaled(x)
    query = np.dot(normed[-1], block.W_q) + block.a_qkv[:D]  # (D,)
    mixed = np.empty((1, D), x.dtype)  # one mean per head, side by side
    for h in range(heads):
        low, high = h * width, (h + 1) * width
        direction = np.dot(query[low:high], block.W_k[h])  # (D,); q . a_k changes no weight
        weights = np.dot(normed, direction)  # (L,)
        _softmax(weights)
        mean = np.dot(weights, normed)  # (D,); weights sum to 1, so a_v is added once
        mixed[0, low:high] = np.dot(mean, block.W_v[h]) + block.a_qkv[2 * D + low : 2 * D + high]
    return x[-1:] + np.dot(mixed, block.W_out) + block.a_out


@reordered
@no_type_check
def _softmax(logits):
    """Replace logits by their softmax, in place."""
    logits -= logits.max()
    total = logits.dtype.type(0)
    for s in range(len(logits)):
        logits[s] = np.exp(logits[s])
        total += logits[s]
    logits /= total
