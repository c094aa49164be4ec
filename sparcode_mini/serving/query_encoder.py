"""One history -> tokens -> codes, as fast as a request needs it.

`model.encode` serves many people at once and makes the table of all items anew each time, since
training may have changed it. For one history it needs some sixty operations of several microseconds
each, however little they compute. When a model serves, its weights do not change: so all that does
not depend on the history is computed once here, and the rest is one compiled function
(`compiled.encode`).

These rewritings are exact but for rounding:

    LayerNorm   gain and offset go into the matrix behind it, and so does the subtraction of the
                mean: LN(x) W + a = (x W_0) / sd(x) + a_0, with W_0 = (1 - 11^T / D) diag(gain) W
    block 1     x_p = item + position, so x W_0 is a sum of two rows of tables
    last block  only the last position is needed: q . (LN(x) W_k) = LN(x) . (W_k q), and a mean of
                LN(x) W_v is the mean of LN(x), times W_v; so no keys and values are made

Symbols: L films of the history (at most history_len), D width, h heads, I items, K_u tokens.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from sparcode_mini.compiled.encode import Block, Network, Rows, encode, nearest
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.codes import Codes
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.tokenizers import AttentionBlock, SelfAttentionTokenizer
from sparcode_mini.tools.checks import count, positions

Array = np.ndarray
SORTED = 256  # codewords; more of them are not all sorted to find the nearest few


class QueryEncoder:
    """Tokens and codes of single histories, by a copy of a model's weights.

    If the model is trained further, the copy is out of date. The encoder notices this and refuses,
    whether the weights changed in place (an optimiser, `load_state_dict`) or were replaced
    (`model.double()`). Only writes through `.data`, which torch does not count, go unnoticed.

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
        self._rows = Rows(items, items @ first.W_qkv, positions, positions @ first.W_qkv)
        head = _folded(tokenizer.norm, tokenizer.head)
        shape = tokenizer.query_tokens, tokenizer.normalise
        self._network = Network(first, last, *head, *shape)
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
        films = positions(history, self.model.n_items, "history")[-self.history_len :]  # (L,)
        films = films.copy()  # of one layout: numba would compile another one anew
        if len(films) == 0:
            raise ValueError("the history is empty; give at least one item")
        tokens: Array = encode(films, self._rows, self._network)  # (K_u, D_T)
        return tokens

    def codes(self, history: Sequence[int] | Array, probes: int | None = None) -> Codes:
        """Return the codes of one history, as `model.encode_histories` gives them (B = 1).

        Raises:
            ValueError: an empty history, a model without codes, or tokens with NaN or infinity.
            RuntimeError: as `tokens`.
        """
        if not isinstance(self.model, SparCode):
            raise ValueError(f"a {type(self.model).__name__} has no codes; ask for tokens")
        probes = self.model.config.soft if probes is None else count(probes, "probes")
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
        nearest(tokens, *self._books, codes[0, :, 0])
        weights = np.ones(codes.shape[:3], tokens.dtype)
        return Codes(torch.from_numpy(codes), torch.from_numpy(weights))

    def _probed(self, tokens: Float[Array, "K_u D_T"], probes: int) -> Codes:
        """Return the nearest codes of each token, weighted by softmax(-d^2 / tau), for M = 1."""
        assert self._books is not None and isinstance(self.model, SparCode)
        book, squares = self._books[0][0], self._books[1][0]  # (D_T, N), (N,)
        probes = count(probes, "probes", 1, len(squares))
        comparable = squares - 2 * (tokens @ book)  # (K_u, N): d^2 without |t|^2
        codes = _smallest(comparable, probes)  # (K_u, R)
        d = np.take_along_axis(comparable, codes, axis=1)  # (K_u, R)
        weights = np.exp((d[:, :1] - d) / self.model.config.probe_temperature)
        weights /= weights.sum(axis=1, keepdims=True)
        return Codes(torch.from_numpy(codes[None, :, :, None]), torch.from_numpy(weights[None]))


def _smallest(x: Float[Array, "K_u N"], n: int) -> Int[Array, "K_u n"]:
    """Return positions of the n smallest of each row: smallest first, equal ones in order."""
    if x.shape[1] > SORTED:
        near = x <= np.partition(x, n - 1, axis=1)[:, n - 1 : n]  # (K_u, N)
        if near.sum() == n * len(x):  # else some are equal to the n-th
            positions = near.nonzero()[1].reshape(len(x), n)  # (K_u, n), ascending
            order = np.take_along_axis(x, positions, axis=1).argsort(axis=1, kind="stable")
            return np.take_along_axis(positions, order, axis=1)
    return x.argsort(axis=1, kind="stable")[:, :n]


def _check_finite(tokens: Float[Array, "K_u D_T"]) -> None:
    """Refuse tokens with NaN or infinity, as the model's quantiser does: no codeword is nearest."""
    finite = np.isfinite(tokens).all(axis=1)  # (K_u,)
    if not finite.all():
        raise ValueError(
            f"token {finite.argmin()} holds NaN or infinity; the model's weights are broken: train "
            "it again with a lower lr, or load an earlier file"
        )


# --- weights, with constants folded together -----------------------------------------------------


def _weights(model: MatchingModel) -> list[torch.Tensor]:
    """Return the weights that decide tokens and codes, if torch counts changes to them."""
    parts = [model.items, model.tokenizer]
    if isinstance(model, SparCode):
        parts.append(model.quantizer)
    return [w for part in parts for w in part.parameters() if not w.is_inference()]


def _marks(weights: list[torch.Tensor]) -> list[int]:
    """Return numbers that change with the weights: their addresses and counts of changes."""
    return [w.data_ptr() for w in weights] + [w._version for w in weights]


def _folded(norm: nn.Module, linear: nn.Module) -> tuple[Array, Array]:
    """Return W_0 (D, out) and a_0 (out,) of a LayerNorm and the linear layer behind it."""
    gain, offset = _array(norm.weight).astype(float), _array(norm.bias).astype(float)  # (D,)
    W = _array(linear.weight).T.astype(float)  # (D, out)
    a = offset @ W + _array(linear.bias)  # (out,)
    W *= gain[:, None]
    dtype = _array(linear.weight).dtype
    return np.ascontiguousarray(W - W.mean(axis=0), dtype), a.astype(dtype)


def _block(module: nn.Module) -> Block:
    """Return the weights of one attention block as the compiled code reads them."""
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
    return Block(W_qkv, a_qkv, *parts, *out, *_folded(module.norm_ff, up), *behind)


def _array(tensor: Any) -> Array:
    return np.asarray(tensor.detach().numpy()).copy()
