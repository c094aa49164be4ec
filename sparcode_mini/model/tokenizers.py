"""Tokenizers: the L embeddings of a query become K_u tokens.

All of them read a history from left to right and never look ahead, so one pass gives the tokens
of *every* prefix of a history: that is what makes training cheap. Padding stands to the right of
the history, where a causal reader can't see it.

Symbols: B queries, L embeddings of a query, D their width, K_u tokens, D_T the width of a token.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from sparcode_mini.model.capsules import route
from sparcode_mini.tools.reproducible import Dropout


class Tokenizer(nn.Module):
    """H^u (B, L, D) -> T^u (B, K_u, D_T). Subclasses say how a prefix is summarised.

    Args:
        dim: width D of one query embedding.
        query_tokens: K_u, how many tokens a query gets.
        token_dim: D_T, the width of one token.
        normalise: give every token mean 0 and variance 1 (no gain, no offset). Codewords then
            live at one scale, which keeps the nearest-codeword search meaningful.
    """

    def __init__(self, dim: int, query_tokens: int, token_dim: int, normalise: bool) -> None:
        super().__init__()
        self.dim, self.query_tokens, self.token_dim = dim, query_tokens, token_dim
        self.normalise = normalise
        self.head = nn.Linear(dim, query_tokens * token_dim)

    def hidden(self, H_u: Float[Tensor, "B L D"]) -> Float[Tensor, "B L *state"]:
        """State after each embedding: position p depends on embeddings 0..p only.

        The state is one vector of width D, from which the head makes the tokens; capsules have
        (K_u, D_T) of their own.
        """
        raise NotImplementedError

    def to_tokens(self, state: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch K_u D_T"]:
        """Map a state to K_u tokens by one linear layer."""
        tokens = self.head(state)  # (*batch, K_u * D_T)
        tokens = tokens.unflatten(-1, (self.query_tokens, self.token_dim))  # (*batch, K_u, D_T)
        return self._normalised(tokens)

    def _normalised(self, tokens: Tensor) -> Tensor:
        return F.layer_norm(tokens, (self.token_dim,)) if self.normalise else tokens

    def prefixes(self, H_u: Float[Tensor, "B L D"]) -> Float[Tensor, "B L K_u D_T"]:
        """Return the tokens of every prefix of the history; entry p has read embeddings 0..p."""
        return self.to_tokens(self.hidden(H_u))

    def forward(
        self, H_u: Float[Tensor, "B L D"], mask: Bool[Tensor, "B L"]
    ) -> Float[Tensor, "B K_u D_T"]:
        """Return the tokens of whole histories.

        Args:
            H_u: query embeddings, padded on the right.
            mask: True where an embedding is real; a row of True followed by False.

        Raises:
            ValueError: a history without any embedding.
        """
        lengths = mask.sum(dim=1)  # (B,)
        if bool((lengths == 0).any()):
            empty = int((lengths == 0).nonzero()[0])
            raise ValueError(f"the history of query {empty} is empty; give at least one item")
        state = self.hidden(H_u)  # (B, L, *state)
        last = state[torch.arange(len(state)), lengths - 1]  # (B, *state)
        return self.to_tokens(last)


class DNNTokenizer(Tokenizer):
    """Mean of the embeddings read so far, then a feed-forward network (DSSM's query side)."""

    def __init__(
        self, dim: int, query_tokens: int, token_dim: int, normalise: bool, dropout: float
    ) -> None:
        super().__init__(dim, query_tokens, token_dim, normalise)
        self.drop = Dropout(dropout)
        self.net = nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim))

    def hidden(self, H_u: Float[Tensor, "B L D"]) -> Float[Tensor, "B L D"]:
        """Return network(running mean), with a skip connection around the network."""
        count = torch.arange(1, H_u.shape[1] + 1, dtype=H_u.dtype)[:, None]  # (L, 1)
        mean = H_u.cumsum(dim=1) / count  # (B, L, D)
        mean = self.drop(F.layer_norm(mean, (self.dim,)))
        return mean + self.net(mean)


class GRUTokenizer(Tokenizer):
    """A gated recurrent unit over the history (GRU4Rec's query side)."""

    def __init__(
        self, dim: int, query_tokens: int, token_dim: int, normalise: bool, dropout: float
    ) -> None:
        super().__init__(dim, query_tokens, token_dim, normalise)
        self.drop = Dropout(dropout)
        self.gru = nn.GRU(dim, dim, batch_first=True)
        self.norm = nn.LayerNorm(dim)

    def hidden(self, H_u: Float[Tensor, "B L D"]) -> Float[Tensor, "B L D"]:
        """Return the GRU's states, normalised."""
        states, _ = self.gru(self.drop(H_u))  # (B, L, D)
        return self.drop(self.norm(states))


class AttentionBlock(nn.Module):
    """Causal multi-head self-attention and a feed-forward layer, each with a skip connection.

    Attributes:
        causal: True. A lesson sets it to False to show what a look into the future does.
    """

    causal = True

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        if dim % heads:
            raise ValueError(f"dim = {dim} can't be split over heads = {heads}; choose a divisor")
        self.heads = heads
        self.norm_attention, self.norm_ff = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.ff = nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim))
        self.drop = Dropout(dropout)

    def attention(self, x: Float[Tensor, "B L D"]) -> Float[Tensor, "B h L L"]:
        """Return the weights softmax(q k^T / sqrt(d)); row p sees columns 0..p only."""
        q, k, _ = self._split(x)
        logits = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5  # (B, h, L, L)
        if not self.causal:
            return logits.softmax(dim=-1)
        future = torch.ones(logits.shape[-2:], dtype=torch.bool).triu(1)  # (L, L)
        return logits.masked_fill(future, float("-inf")).softmax(dim=-1)

    def forward(self, x: Float[Tensor, "B L D"]) -> Float[Tensor, "B L D"]:
        """Apply one block; normalisation comes first (pre-norm)."""
        normed = self.norm_attention(x)
        _, _, v = self._split(normed)
        mixed = self.attention(normed) @ v  # (B, h, L, D / h)
        mixed = mixed.transpose(1, 2).flatten(2)  # (B, L, D)
        x = x + self.drop(self.out(mixed))
        return x + self.drop(self.ff(self.norm_ff(x)))

    def _split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        parts = self.qkv(x).unflatten(-1, (3, self.heads, -1))  # (B, L, 3, h, D / h)
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # each (B, h, L, D / h)
        return q, k, v


class SelfAttentionTokenizer(Tokenizer):
    """Two causal transformer blocks over the history (SASRec's query side)."""

    def __init__(
        self,
        dim: int,
        query_tokens: int,
        token_dim: int,
        normalise: bool,
        dropout: float,
        max_len: int,
        blocks: int = 2,
        heads: int = 2,
    ) -> None:
        super().__init__(dim, query_tokens, token_dim, normalise)
        self.positions = nn.Embedding(max_len, dim)
        self.drop = Dropout(dropout)
        self.blocks = nn.ModuleList(AttentionBlock(dim, heads, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(dim)

    def hidden(self, H_u: Float[Tensor, "B L D"]) -> Float[Tensor, "B L D"]:
        """Return the states after the last block, normalised.

        Raises:
            ValueError: more than max_len embeddings.
        """
        x = self._placed(H_u)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def attention(self, H_u: Float[Tensor, "B L D"]) -> Float[Tensor, "B h L L"]:
        """Return the weights of the last block by head: row p says what position p takes from 0..p.

        All K_u tokens are made from one state, so they share these weights.

        Raises:
            ValueError: more than max_len embeddings.
        """
        x = self._placed(H_u)
        *before, last = self.blocks
        assert isinstance(last, AttentionBlock)
        for block in before:
            x = block(x)
        return last.attention(last.norm_attention(x))

    def _placed(self, H_u: Float[Tensor, "B L D"]) -> Float[Tensor, "B L D"]:
        """Return embeddings, scaled, with those of their places added."""
        length, longest = H_u.shape[1], len(self.positions.weight)
        if length > longest:
            raise ValueError(
                f"a history of {length} embeddings; max_len is {longest}: keep the newest {longest}"
            )
        return self.drop(H_u * self.dim**0.5 + self.positions.weight[:length])  # (B, L, D)


class CapsuleTokenizer(Tokenizer):
    """Capsules that share the history among them by dynamic routing (MIND's query side).

    Here the head makes votes, one per item and capsule, not tokens: each capsule has a map of its
    own. MIND has one map for all capsules and tells them apart by random first shares; with equal
    first shares one map would make all capsules equal, for ever. Like the mean, routing does not
    know the order of the history. A network follows, the same for each capsule.
    """

    def __init__(
        self,
        dim: int,
        query_tokens: int,
        token_dim: int,
        normalise: bool,
        dropout: float,
        iterations: int = 3,
    ) -> None:
        super().__init__(dim, query_tokens, token_dim, normalise)
        self.drop, self.iterations = Dropout(dropout), iterations
        self.net = nn.Sequential(
            nn.Linear(token_dim, 2 * token_dim), nn.ReLU(), nn.Linear(2 * token_dim, token_dim)
        )

    def votes(self, H_u: Float[Tensor, "B L D"]) -> Float[Tensor, "B L K_u D_T"]:
        """Return what each embedding tells each capsule."""
        flat = self.head(self.drop(F.layer_norm(H_u, (self.dim,))))  # (B, L, K_u * D_T)
        return flat.unflatten(-1, (self.query_tokens, self.token_dim))

    def couplings(self, H_u: Float[Tensor, "B L D"]) -> Float[Tensor, "B L K_u L"]:
        """Return the share that prefix p's capsule k takes of each embedding."""
        return route(self.votes(H_u), self.iterations)[1]

    def hidden(self, H_u: Float[Tensor, "B L D"]) -> Float[Tensor, "B L K_u D_T"]:
        """Return the capsules of every prefix, with a skip connection around the network."""
        capsules, _ = route(self.votes(H_u), self.iterations)  # (B, L, K_u, D_T)
        return capsules + self.net(capsules)

    def to_tokens(self, state: Float[Tensor, "*batch K_u D_T"]) -> Float[Tensor, "*batch K_u D_T"]:
        """Return the capsules as they are: they are the tokens."""
        return self._normalised(state)


TOKENIZERS = ("dnn", "gru", "self-attention", "capsules")


def make_tokenizer(
    kind: str,
    *,
    dim: int,
    query_tokens: int,
    token_dim: int,
    max_len: int,
    normalise: bool,
    dropout: float,
) -> Tokenizer:
    """Build a tokenizer by name.

    Raises:
        ValueError: `kind` is none of TOKENIZERS, or query_tokens < 1.
    """
    if query_tokens < 1:
        raise ValueError(f"query_tokens = {query_tokens}; a query needs at least one token")
    if kind == "dnn":
        return DNNTokenizer(dim, query_tokens, token_dim, normalise, dropout)
    if kind == "gru":
        return GRUTokenizer(dim, query_tokens, token_dim, normalise, dropout)
    if kind == "self-attention":
        return SelfAttentionTokenizer(dim, query_tokens, token_dim, normalise, dropout, max_len)
    if kind == "capsules":
        return CapsuleTokenizer(dim, query_tokens, token_dim, normalise, dropout)
    raise ValueError(f"tokenizer {kind!r} is unknown; choose one of {', '.join(TOKENIZERS)}")
