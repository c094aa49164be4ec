"""One history -> tokens -> codes, as fast as a request needs it.

`model.encode` serves many people at once and makes the table of all items anew, since training may
have changed it; one history costs it some sixty operations of several microseconds each, whatever
they compute. To serve, the weights stand still: here everything that does not depend on the
history is worked out beforehand, and the rest is one compiled function.

What is saved, in exact arithmetic (so results differ by rounding only):

    LayerNorm   gain and offset go into the matrix behind it, and so does the subtraction of the
                mean: LN(x) W + a = (x W_0) / sd(x) + a_0, with W_0 = (1 - 11^T / D) diag(gain) W
    block 1     x_p = item + position, so x W_0 is a sum of two rows of tables
    last block  only the last position is wanted: q . (LN(x) W_k) = LN(x) . (W_k q), and a mean of
                LN(x) W_v is the mean of LN(x), times W_v; so keys and values are never made

Symbols: L films of the history (at most history_len), D width, h heads, I items, K_u tokens.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, no_type_check

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from sparcode_mini.compiled.jit import reordered
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.codes import Codes
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.tokenizers import AttentionBlock, SelfAttentionTokenizer

Array = np.ndarray
EPSILON = 1e-5  # of torch's layer_norm


class QueryEncoder:
    """Tokens and codes of single histories, by a copy of a model's weights.

    A model that is trained on makes the copy stale. This is noticed and refused, whether the
    weights moved in place (an optimiser, `load_state_dict`) or were replaced (`model.double()`);
    only writes through `.data`, which torch does not count, go unseen.

    Args:
        model: with the self-attention tokenizer, over histories without user features.

    Raises:
        ValueError: another kind of model.
        RuntimeError: a SparCode whose training was interrupted.
    """

    def __init__(self, model: MatchingModel) -> None:
        tokenizer = model.tokenizer
        if not isinstance(tokenizer, SelfAttentionTokenizer):
            raise ValueError(
                f"this model's tokenizer is a {type(tokenizer).__name__}; only self-attention is "
                "rewritten here, so use model.encode"
            )
        if model.content is not None or len(model.user_fields) or len(tokenizer.blocks) != 2:
            raise ValueError(
                "only histories without user features, read by two blocks, are rewritten here; "
                "use model.encode"
            )
        if isinstance(model, SparCode):
            model.check_ready()
        self.model, self.history_len = model, model.history_len
        with torch.no_grad():
            items = model.items().sum(dim=1).numpy() * tokenizer.dim**0.5  # (I, D), as `_placed`
        positions = _array(tokenizer.positions.weight)  # (history_len, D)
        first, last = map(_block, tokenizer.blocks)
        rows = items @ first.W_qkv, positions @ first.W_qkv  # (I, 3 * D), (history_len, 3 * D)
        head = _folded(tokenizer.norm, tokenizer.head)
        self._tables = items, rows[0], positions, rows[1]
        shape = tokenizer.query_tokens, tokenizer.token_dim, tokenizer.normalise
        self._layers = first, last, head, tokenizer.blocks[0].heads, *shape
        self._copied_from = _weights(model)
        self._marks = _marks(self._copied_from)
        self._books: tuple[Array, Array] | None = None
        if isinstance(model, SparCode) and model.config.quantizer == "product":
            books = _array(model.quantizer.codebooks)  # (M, N, D_T / M)
            self._books = books.transpose(0, 2, 1).copy(), np.square(books).sum(axis=2)

    def tokens(self, history: Sequence[int] | Array) -> Float[Array, "K_u D_T"]:
        """Return the tokens of one history of item positions, oldest first.

        Raises:
            ValueError: an empty history, or a position outside the catalogue.
            RuntimeError: the model's weights have changed since they were copied.
        """
        if _marks(self._copied_from) != self._marks:
            raise RuntimeError(
                "the model's weights have changed since this encoder copied them; make a new "
                "QueryEncoder(model)"
            )
        films = np.asarray(history, np.int64)[-self.history_len :]  # (L,)
        if len(films) == 0:
            raise ValueError("the history is empty; give at least one item")
        if films.view(np.uint64).max() >= self.model.n_items:  # as unsigned, -1 is the largest
            raise ValueError(
                f"item positions span {films.min()}..{films.max()}; they must lie in "
                f"0..{self.model.n_items - 1}"
            )
        tokens: Array = _encode(films, *self._tables, *self._layers)  # (K_u, D_T)
        return tokens

    def codes(self, history: Sequence[int] | Array, probes: int | None = None) -> Codes:
        """Return the codes of one history, as `model.encode_histories` gives them (B = 1).

        Raises:
            ValueError: an empty history, a model without codes, or tokens with NaN or infinity.
            RuntimeError: as `tokens`.
        """
        if not isinstance(self.model, SparCode):
            raise ValueError(f"a {type(self.model).__name__} has no codes; ask for tokens")
        probes = self.model.config.soft if probes is None else probes
        if probes < 1:
            raise ValueError(f"probes = {probes}; read at least the nearest code")
        tokens = self.tokens(history)  # (K_u, D_T)
        if not math.isfinite(tokens.sum()):  # the sum is quick, `_check_finite` is sure
            _check_finite(tokens)
        if (
            self._books is None
            or self.model.gates is not None
            or (probes > 1 and len(self._books[0]) > 1)
        ):
            return self.model.token_codes(torch.from_numpy(tokens[None]), probes)
        if probes > 1:
            return self._probed(tokens, probes)
        codes = np.empty((1, len(tokens), 1, len(self._books[0])), np.int64)  # (1, K_u, 1, M)
        _nearest(tokens, *self._books, codes[0, :, 0])
        weights = np.ones(codes.shape[:3], tokens.dtype)
        return Codes(torch.from_numpy(codes), torch.from_numpy(weights))

    def _probed(self, tokens: Float[Array, "K_u D_T"], probes: int) -> Codes:
        """The nearest codes of each token, weighted by softmax(-d^2 / tau), for M = 1."""
        assert self._books is not None and isinstance(self.model, SparCode)
        book, squares = self._books[0][0], self._books[1][0]  # (D_T, N), (N,)
        if not 1 <= probes <= len(squares):
            raise ValueError(f"probes = {probes}; choose 1..{len(squares)}, the codes there are")
        comparable = squares - 2 * (tokens @ book)  # (K_u, N): d^2 without |t|^2
        codes = comparable.argsort(axis=1, kind="stable")[:, :probes]  # (K_u, R)
        d = np.take_along_axis(comparable, codes, axis=1)  # (K_u, R)
        weights = np.exp((d[:, :1] - d) / self.model.config.probe_temperature)
        weights /= weights.sum(axis=1, keepdims=True)
        return Codes(torch.from_numpy(codes[None, :, :, None]), torch.from_numpy(weights[None]))


def _check_finite(tokens: Float[Array, "K_u D_T"]) -> None:
    """Refuse tokens to which no codeword is nearest, as the model's quantiser does."""
    finite = np.isfinite(tokens).all(axis=1)  # (K_u,)
    if not finite.all():
        raise ValueError(
            f"token {finite.argmin()} holds NaN or infinity; the model's weights are broken: train "
            "it again with a lower lr, or load an earlier file"
        )


# --- weights, with what is constant folded together ----------------------------------------------


def _weights(model: MatchingModel) -> list[torch.Tensor]:
    """Return the weights that tokens and codes depend on, as far as torch counts their changes."""
    parts = [model.items, model.tokenizer]
    if isinstance(model, SparCode):
        parts.append(model.quantizer)
    return [w for part in parts for w in part.parameters() if not w.is_inference()]


def _marks(weights: list[torch.Tensor]) -> list[int]:
    """Return what changes with the weights: where each lies, and its count of changes in place."""
    return [w.data_ptr() for w in weights] + [w._version for w in weights]


class _Block(NamedTuple):
    """One attention block; x (L, D) meets each W from the left."""

    W_qkv: Array  # (D, 3 * D), folded with the norm before it; queries carry 1 / sqrt(D / h)
    a_qkv: Array  # (3 * D,)
    W_q: Array  # (D, D), these three are parts of W_qkv, as the last position needs them
    W_k: Array  # (h, D / h, D)
    W_v: Array  # (h, D, D / h)
    W_out: Array  # (D, D)
    a_out: Array  # (D,)
    W_up: Array  # (D, 2 * D), folded with the norm before it
    a_up: Array  # (2 * D,)
    W_down: Array  # (2 * D, D)
    a_down: Array  # (D,)


def _folded(norm: nn.Module, linear: nn.Module) -> tuple[Array, Array]:
    """W_0 and a_0 of a LayerNorm and the layer behind it."""
    gain, offset = _array(norm.weight).astype(float), _array(norm.bias).astype(float)  # (D,)
    W = _array(linear.weight).T.astype(float)  # (D, out)
    a = offset @ W + _array(linear.bias)  # (out,)
    W *= gain[:, None]
    dtype = _array(linear.weight).dtype
    return np.ascontiguousarray(W - W.mean(axis=0), dtype), a.astype(dtype)


def _block(module: nn.Module) -> _Block:
    assert isinstance(module, AttentionBlock)
    W_qkv, a_qkv = _folded(module.norm_attention, module.qkv)
    D = len(W_qkv)
    scale = (D // module.heads) ** -0.5
    W_qkv[:, :D] *= scale
    a_qkv[:D] *= scale
    _, W_k, W_v = W_qkv.reshape(D, 3, module.heads, -1).transpose(1, 2, 0, 3)  # (h, D, D / h) each
    parts = W_qkv[:, :D].copy(), W_k.transpose(0, 2, 1).copy(), W_v.copy()
    up, down = module.ff[0], module.ff[2]
    out = np.ascontiguousarray(_array(module.out.weight).T), _array(module.out.bias)
    behind = np.ascontiguousarray(_array(down.weight).T), _array(down.bias)
    return _Block(W_qkv, a_qkv, *parts, *out, *_folded(module.norm_ff, up), *behind)


def _array(tensor: Any) -> Array:
    return np.asarray(tensor.detach().numpy()).copy()


# --- the compiled part: loops for what is small, BLAS (through scipy) for the matrix products -----


@reordered
@no_type_check
def _encode(
    films, items, item_rows, positions, position_rows, first, last, head, heads, K_u, D_T, normalise
):
    """Films (L,) -> tokens (K_u, D_T)."""
    L, D = len(films), items.shape[1]
    x, qkv = np.empty((L, D), items.dtype), np.empty((L, 3 * D), items.dtype)
    for p in range(L):
        c = films[p]
        for d in range(D):
            x[p, d] = items[c, d] + positions[p, d]
        r = _one_over_sd(x[p])
        for j in range(3 * D):
            qkv[p, j] = (item_rows[c, j] + position_rows[p, j]) * r + first.a_qkv[j]
    _attend(x, qkv, first, heads)
    _feed_forward(x, first)
    state = _last_position(x, last, heads)  # (1, D)
    _feed_forward(state, last)
    tokens = _folded_affine(state, head[0], head[1]).reshape((K_u, D_T))
    if normalise:
        for i in range(K_u):
            tokens[i] -= tokens[i].sum() / x.dtype.type(D_T)
            tokens[i] *= _one_over_sd(tokens[i])
    return tokens


@reordered
@no_type_check
def _nearest(tokens, books, squares, codes):
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
    """1 / sqrt(variance + epsilon) of one row."""
    mean, total = x.sum() / x.dtype.type(len(x)), x.dtype.type(0)
    for value in x:
        total += (value - mean) * (value - mean)
    return x.dtype.type(1) / np.sqrt(total / x.dtype.type(len(x)) + x.dtype.type(EPSILON))


@reordered
@no_type_check
def _scaled(x):
    """Rows divided by their standard deviation; W_0 takes the mean away."""
    y = np.empty_like(x)
    for p in range(len(x)):
        r = _one_over_sd(x[p])
        for d in range(x.shape[1]):
            y[p, d] = x[p, d] * r
    return y


@reordered
@no_type_check
def _folded_affine(x, W, a):
    """LN(x) W + a, W and a being folded."""
    y = np.dot(_scaled(x), W)
    _add_row(y, a)
    return y


@reordered
@no_type_check
def _add_row(y, a):
    """Y += a, row by row (an expression on arrays would make a new one)."""
    for p in range(len(y)):
        for j in range(len(a)):
            y[p, j] += a[j]


@reordered
@no_type_check
def _attend(x, qkv, block, heads):
    """X += causal attention."""
    L, D = x.shape
    width = D // heads
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
    """X += W_down ReLU(W_up LN(x))."""
    inner = _folded_affine(x, block.W_up, block.a_up)  # (L, 2 * D)
    for p in range(len(inner)):
        for j in range(inner.shape[1]):
            inner[p, j] = max(inner[p, j], 0)
    x += np.dot(inner, block.W_down)
    _add_row(x, block.a_down)


@reordered
@no_type_check
def _last_position(x, block, heads):
    """State (1, D) of the last position after attention; the others get no keys and values."""
    D = x.shape[1]
    width = D // heads
    normed = _scaled(x)
    query = np.dot(normed[-1], block.W_q) + block.a_qkv[:D]  # (D,)
    mixed = np.empty((1, D), x.dtype)
    for h in range(heads):
        low, high = h * width, (h + 1) * width
        asked = np.dot(query[low:high], block.W_k[h])  # (D,); q . a_k changes no weight
        weights = np.dot(normed, asked)  # (L,)
        _softmax(weights)
        seen = np.dot(weights, normed)  # (D,); weights sum to 1, so a_v is added once
        mixed[0, low:high] = np.dot(seen, block.W_v[h]) + block.a_qkv[2 * D + low : 2 * D + high]
    return x[-1:] + np.dot(mixed, block.W_out) + block.a_out


@reordered
@no_type_check
def _softmax(logits):
    """Softmax in place."""
    logits -= logits.max()
    total = logits.dtype.type(0)
    for s in range(len(logits)):
        logits[s] = np.exp(logits[s])
        total += logits[s]
    logits /= total
