"""What all models share: queries become tokens, scores of a batch, files.

A query is a person's history of items, unless the model is made with query="text", "image"
or "vector".

A model here is a MatchingModel; models.py says how its query tokens meet the items.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.data.clean import show
from sparcode_mini.data.ratings import Split
from sparcode_mini.model.items import Catalogue, ItemTokens, catalogue_of_split, field_embedding
from sparcode_mini.model.queries import make_embeddings
from sparcode_mini.model.tokenizers import make_tokenizer
from sparcode_mini.tools.files import save_tensors
from sparcode_mini.tools.reproducible import initialise

Users = Sequence[Any] | np.ndarray
QUERY_BATCH = 256


def pad(histories: Sequence[np.ndarray]) -> Int[Tensor, "B L"]:
    """Stack arrays of item positions, padded on the right with -1 (padding is no item)."""
    length = max((len(h) for h in histories), default=0)
    positions = np.full((len(histories), max(length, 1)), -1, dtype=np.int64)
    for row, history in zip(positions, histories, strict=True):
        row[: len(history)] = history
    return torch.from_numpy(positions)


class MatchingModel(nn.Module):
    """What the three models share: embeddings, tokenizer, item tokens, item bias.

    Args:
        source: data to learn from (ids, titles, features and histories), or a catalogue alone:
            then there are no histories and `query` says what is asked with.
        tokenizer: one of tokenizers.TOKENIZERS.
        query_tokens: K_u.
        own: configuration of the subclass.
        token_dim: D_T, also the width D of one embedding.
        history_len: the longest history that is read (the last items count), or the longest text
            (the first characters count).
        user_features: names of columns of the user table that are read before the history.
        query: "history", "text", "image" or "vector": what the users of `tokens`, `encode` and
            `scores` are (raw ids, texts, images (B, 8, 8), or dense features (B, L, W)).
        query_shape: (L, W) of a vector.
        dropout: share of activations dropped in training.
        dtype: torch.float32, or torch.float64 for equal digits on every machine.
        seed: of the initial weights (numpy generator).
    """

    normalise_tokens = True

    def __init__(
        self,
        source: Split | Catalogue,
        tokenizer: str,
        query_tokens: int,
        own: dict[str, Any],
        *,
        token_dim: int = 64,
        history_len: int = 50,
        user_features: Sequence[str] = (),
        query: str = "history",
        query_shape: Sequence[int] = (),
        dropout: float = 0.2,
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
    ) -> None:
        if token_dim < 1 or history_len < 1:
            raise ValueError(
                f"token_dim = {token_dim}, history_len = {history_len}; give at least 1"
            )
        if query != "history" and (isinstance(source, Split) or user_features):
            raise ValueError(
                f"query = {query!r} reads no histories and no user features; give a catalogue "
                "alone (items.catalogue_of)"
            )
        if query == "history" and not isinstance(source, Split):
            raise ValueError(
                "a catalogue has no histories; give a split, or query='text', 'image' or 'vector'"
            )
        split = source if isinstance(source, Split) else None
        catalogue = (
            source if not isinstance(source, Split) else catalogue_of_split(source, user_features)
        )
        config = {
            "tokenizer": tokenizer,
            "query_tokens": query_tokens,
            "token_dim": token_dim,
            "history_len": history_len,
            "dropout": dropout,
            "seed": seed,
            **own,
        }
        if query != "history":  # files made before there was a choice have no such key
            config["query"] = query
        if query_shape:
            config["query_shape"] = list(query_shape)
        self._build(catalogue, config, dtype)
        self.split: Split | None = split

    def _build(self, catalogue: Catalogue, config: dict[str, Any], dtype: torch.dtype) -> None:
        """Make all layers; shared by __init__ and load_model."""
        super().__init__()
        self.catalogue, self.config, self.split = catalogue, config, None
        self.n_items = len(catalogue.item_ids)
        self.history_len, dim = config["history_len"], config["token_dim"]
        rng = np.random.default_rng(config["seed"])
        self.items = ItemTokens(self.n_items, catalogue.item_features, dim)
        self.user_fields = nn.ModuleList(nn.Embedding(n, dim) for _, n in catalogue.user_features)
        kind = config.get("query", "history")
        self.content: Any = None  # turns texts, images or vectors into H^u and a mask
        if kind != "history":
            shape = config.get("query_shape", ())
            self.content = make_embeddings(kind, dim, self.history_len, shape)
        self.tokenizer = make_tokenizer(
            config["tokenizer"],
            dim=dim,
            query_tokens=config["query_tokens"],
            token_dim=dim,
            max_len=self.history_len + len(self.user_fields),
            normalise=self.normalise_tokens,
            dropout=config["dropout"],
        )
        self.item_bias = nn.Parameter(torch.zeros(self.n_items))
        self.logit_scale = nn.Parameter(torch.tensor(1.0))
        self._extra_layers(config)
        self.to(dtype)
        initialise(self, rng)
        self._after_initialise(rng)

    def _extra_layers(self, config: dict[str, Any]) -> None:
        """Hook: layers of a subclass, made before the weights are drawn."""

    def _after_initialise(self, rng: np.random.Generator) -> None:
        """Hook: initial values that differ from the default draw."""

    def _state(self) -> dict[str, Any]:
        """Hook: what besides weights and configuration decides the scores; load_model restores."""
        return {}

    @property
    def nonnegative(self) -> bool:
        """Are all scores >= 0, an item with score 0 being "not retrieved"?"""
        return False

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the weights."""
        return self.item_bias.dtype

    # --- query -> tokens ------------------------------------------------------------------

    def query_embeddings(
        self, positions: Int[Tensor, "B L"], users: Int[Tensor, " B"] | None, T_c: Tensor
    ) -> Float[Tensor, "B F_L D"]:
        """H^u: embeddings of user features (if any), then of the items; padding (-1) is zero."""
        items = T_c.sum(dim=1)[positions.clamp(min=0)]  # (B, L, D)
        H_u = items * (positions >= 0).unsqueeze(-1)
        if not len(self.user_fields):
            return H_u
        columns = []
        for table, (name, _) in zip(self.user_fields, self.catalogue.user_features, strict=True):
            columns.append(field_embedding(table, self._user_values(name, users, len(positions))))
        return torch.cat([torch.stack(columns, dim=1), H_u], dim=1)  # (B, F + L, D)

    def _user_values(self, name: str, users: Tensor | None, count: int) -> Tensor:
        if users is None or self.split is None:  # someone who is not in the data: all missing
            return torch.zeros((count, 1), dtype=torch.int64)
        feature = next(f for f in self.split.user_features if f.name == name)
        return torch.from_numpy(feature.values)[users]  # (B, W)

    def prefix_tokens(
        self, positions: Int[Tensor, "B L"], users: Int[Tensor, " B"] | None, T_c: Tensor
    ) -> Float[Tensor, "B L K_u D_T"]:
        """Tokens after each item of a batch of padded histories (training)."""
        H_u = self.query_embeddings(positions, users, T_c)
        return self.tokenizer.prefixes(H_u)[:, len(self.user_fields) :]

    @torch.no_grad()
    def history_tokens(
        self, histories: Sequence[np.ndarray], users: np.ndarray | None = None
    ) -> Float[Tensor, "B K_u D_T"]:
        """Tokens of whole histories, given as arrays of item positions, oldest first."""
        if self.content is not None:
            raise ValueError(
                f"this model reads a {self.config['query']}, not histories; give those"
            )
        if len(histories) == 0:
            raise ValueError("there are no queries; give at least one user or history")
        self.eval()
        T_c, tokens = self.items(), []
        for start in range(0, len(histories), QUERY_BATCH):
            part = [h[-self.history_len :] for h in histories[start : start + QUERY_BATCH]]
            positions = pad(part)  # (B, L)
            who = None if users is None else torch.from_numpy(users[start : start + QUERY_BATCH])
            H_u = self.query_embeddings(positions, who, T_c)
            mask = torch.nn.functional.pad(positions >= 0, (len(self.user_fields), 0), value=True)
            tokens.append(self.tokenizer(H_u, mask))
        return torch.cat(tokens)

    def batch_tokens(self, contents: Tensor) -> Float[Tensor, "B K_u D_T"]:
        """Tokens of texts, images or vectors that `content.read` has turned into numbers."""
        H_u, mask = self.content(contents)  # (B, L, D), (B, L)
        return self.tokenizer(H_u, mask)

    @torch.no_grad()
    def content_tokens(self, contents: Any) -> Float[Tensor, "B K_u D_T"]:
        """Tokens of texts, images or vectors."""
        if len(contents) == 0:
            raise ValueError(f"there are no queries; give at least one {self.config['query']}")
        self.eval()
        numbers = self.content.read(contents)  # (B, ...)
        return torch.cat([self.batch_tokens(part) for part in numbers.split(QUERY_BATCH)])

    def tokens(self, users: Users, history: str = "train+validation") -> Float[Tensor, "B K_u D_T"]:
        """Tokens T^u of users (raw ids) whose histories are the given parts of the split.

        A model with another query than "history" gives the tokens of those instead.
        """
        if self.content is not None:
            return self.content_tokens(users)
        split = self.data
        histories = split.history(users, history)
        if not len(self.user_fields):
            for user, items in zip(users, histories, strict=True):
                if len(items) == 0:
                    raise ValueError(
                        f"user {show(user)} has no item in {history!r}; leave such users out, or "
                        "read another part"
                    )
        return self.history_tokens(histories, split.user_positions(users))

    @property
    def data(self) -> Split:
        """The split that the model reads users from.

        Raises:
            ValueError: the model was loaded without one.
        """
        if self.split is None:
            raise ValueError(
                "this model was loaded without data, so it knows no users; pass "
                "load_model(path, split=...) or use encode_histories([[item ids], ...])"
            )
        return self.split

    def histories_of(self, histories: Iterable[Any]) -> list[np.ndarray]:
        """Lists of raw item ids -> arrays of item positions; refuses an empty one."""
        where = {raw: position for position, raw in enumerate(self.catalogue.item_ids.tolist())}
        found = []
        for number, history in enumerate(histories):
            if isinstance(history, str) or not isinstance(history, Collection):
                raise ValueError(
                    f"history {number} is {show(history)}; give one list of item ids per person, "
                    "such as [[1, 50], [172]]"
                )
            if len(history) == 0 and not len(self.user_fields):
                raise ValueError(f"history {number} is empty; give at least one item id")
            for raw in history:
                if raw not in where:
                    raise ValueError(
                        f"item {show(raw)} in history {number} is not in the catalogue, whose "
                        f"{self.n_items} ids look like {show(self.catalogue.item_ids[0])}; for "
                        "titles use split.item_ids[split.find_titles([...])]"
                    )
            found.append(np.array([where[raw] for raw in history], dtype=np.int64))
        return found

    # --- scores ------------------------------------------------------------------------------

    def training_scores(
        self, T: Float[Tensor, "B K_u D_T"], T_c: Tensor, item_bias: Tensor
    ) -> tuple[Float[Tensor, "B I"], Tensor]:
        """Return y for a batch of tokens and items, and the model's own additional loss."""
        raise NotImplementedError

    def token_scores(self, T: Float[Tensor, "B K_u D_T"]) -> Float[Tensor, "B I"]:
        """Scores y of tokens that are already there (evaluation mode)."""
        self.eval()
        with torch.no_grad():
            y, _ = self.training_scores(T, self.items(), self.item_bias)
        return y

    def scores(
        self, users: Users, history: str = "train+validation", probes: int | None = None
    ) -> Float[Tensor, "B I"]:
        """Score every item for users (raw ids)."""
        if probes not in (None, 1):
            raise ValueError(f"probes = {probes}, but only a SparCode model has codes to probe")
        return self.token_scores(self.tokens(users, history))

    # --- files ----------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write weights, configuration and catalogue (not the data) to one safetensors file."""
        tensors = {f"weights.{k}": v for k, v in self.state_dict().items()}
        tensors |= {
            f"feature.{f.name}": torch.from_numpy(f.values) for f in self.catalogue.item_features
        }
        meta = {
            "class": type(self).__name__,
            "config": self.config,
            "dtype": str(self.dtype).removeprefix("torch."),
            "item_ids": self.catalogue.item_ids.tolist(),
            "titles": self.catalogue.titles.tolist(),
            "item_features": [
                [f.name, f.kind, list(f.vocabulary)] for f in self.catalogue.item_features
            ],
            "user_features": [list(f) for f in self.catalogue.user_features],
            **self._state(),
        }
        save_tensors(path, tensors, meta, kind="sparcode-mini model", version=1)
