"""What all models share: queries become tokens, scores of a batch, files.

A query is a person's history of items, unless the model is made with query="text", "image"
or "vector". How the query tokens meet the items is what `two_tower`, `all_to_all` and `sparcode`
say.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.data.clean import show
from sparcode_mini.data.split import Split
from sparcode_mini.model.configs import Config
from sparcode_mini.model.items import Catalogue, ItemTokens, catalogue_of_split, field_embedding
from sparcode_mini.model.queries import make_embeddings
from sparcode_mini.model.stored import check_memory, write_model
from sparcode_mini.model.tokenizers import make_tokenizer
from sparcode_mini.model.trainable import Trainable
from sparcode_mini.tools.checks import count, position_lists, positions
from sparcode_mini.tools.reproducible import initialise

Source = Split | Catalogue
Users = Sequence[Any] | np.ndarray
QUERY_BATCH = 256


def pad(histories: Sequence[np.ndarray]) -> Int[Tensor, "B L"]:
    """Stack arrays of item positions, padded on the right with -1 (padding is no item)."""
    length = max((len(h) for h in histories), default=0)
    positions = np.full((len(histories), max(length, 1)), -1, dtype=np.int64)
    for row, history in zip(positions, histories, strict=True):
        row[: len(history)] = history
    return torch.from_numpy(positions)


def check_source(source: Source, query: str, user_features: Sequence[str]) -> None:
    """Refuse a source that does not have what the queries are made of.

    Raises:
        ValueError: histories from a catalogue, or texts, images and vectors from a split.
    """
    if query != "history" and (isinstance(source, Split) or user_features):
        raise ValueError(
            f"query = {query!r} reads no histories and no user features; give a catalogue "
            "alone (items.catalogue_of)"
        )
    if query == "history" and not isinstance(source, Split):
        raise ValueError(
            "a catalogue has no histories; give a split, or query='text', 'image' or 'vector'"
        )


class MatchingModel(Trainable):
    """What the models share: embeddings, tokenizer, item tokens, item bias.

    Args:
        source: data to learn from (ids, titles, features and histories), or a catalogue alone:
            then there are no histories and the option `query` says what is asked with.
        user_features: names of columns of the user table that are read before the history.
        dtype: torch.float32, or torch.float64 for equal digits on every machine.
        **options: the fields of the model's `config_class`.

    Attributes:
        config: what decides the model apart from the data.
        items: item tokens T^c.
        tokenizer: H^u -> T^u.
        item_bias: (I,), part of every score.
        split: the data, or None for a model that was loaded without.
    """

    config_class: ClassVar[type[Config]] = Config
    split: Split | None
    normalise_tokens = True

    def __init__(
        self,
        source: Source,
        *,
        user_features: Sequence[str] = (),
        dtype: torch.dtype = torch.float32,
        **options: Any,
    ) -> None:
        config = self.config_class.of(options, type(self).__name__)
        check_source(source, config.query, user_features)
        catalogue = (
            catalogue_of_split(source, user_features) if isinstance(source, Split) else source
        )
        check_memory(type(self), catalogue, config, dtype)
        self.assemble(catalogue, config, dtype)
        self.split = source if isinstance(source, Split) else None
        self.draw_weights(np.random.default_rng(config.seed))

    def assemble(self, catalogue: Catalogue, config: Config, dtype: torch.dtype) -> None:
        """Make all layers, whose weights are still to come; what `__init__` and files share."""
        super().__init__()
        self.catalogue, self.config, self.n_items = catalogue, config, len(catalogue.item_ids)
        self.split = None
        self.add_layers(catalogue)
        self.to(dtype)

    def add_layers(self, catalogue: Catalogue) -> None:
        """Register the layers. Their order decides the weights that a seed draws."""
        config, dim = self.config, self.config.token_dim
        self.items = ItemTokens(self.n_items, catalogue.item_features, dim)
        self.user_fields = nn.ModuleList(nn.Embedding(n, dim) for _, n in catalogue.user_features)
        self.content: Any = None  # turns texts, images or vectors into H^u and a mask
        if config.query != "history":
            shape = config.query_shape
            self.content = make_embeddings(config.query, dim, config.history_len, shape)
        self.tokenizer = make_tokenizer(
            config.tokenizer,
            dim=dim,
            query_tokens=config.query_tokens,
            token_dim=dim,
            max_len=config.history_len + len(self.user_fields),
            normalise=self.normalise_tokens,
            dropout=config.dropout,
        )
        self.item_bias = nn.Parameter(torch.zeros(self.n_items))
        self.logit_scale = nn.Parameter(torch.tensor(1.0))

    def draw_weights(self, rng: np.random.Generator) -> None:
        """Draw the initial weights."""
        initialise(self, rng)

    @property
    def history_len(self) -> int:
        """Return the number of items of a history that are read, the last ones."""
        return self.config.history_len

    @property
    def nonnegative(self) -> bool:
        """Return whether all scores are >= 0, an item with score 0 being "not retrieved"."""
        return False

    @property
    def dtype(self) -> torch.dtype:
        """Return the precision of the weights."""
        return self.item_bias.dtype

    # --- query -> tokens ------------------------------------------------------------------

    def query_embeddings(
        self, positions: Int[Tensor, "B L"], users: Int[Tensor, " B"] | None, T_c: Tensor
    ) -> Float[Tensor, "B F_L D"]:
        """Return H^u: embeddings of user features (if any), then of the items; padding is 0."""
        items = T_c.sum(dim=1)[positions.clamp(min=0)]  # (B, L, D)
        H_u = items * (positions >= 0).unsqueeze(-1)
        if not len(self.user_fields):
            return H_u
        columns = []
        for table, (name, _) in zip(self.user_fields, self.catalogue.user_features, strict=True):
            values = torch.zeros((len(positions), 1), dtype=torch.int64)  # (B, W), all missing
            if users is not None and self.split is not None:  # else someone not in the data
                values = torch.from_numpy(self.split.user_values(name))[users]
            columns.append(field_embedding(table, values))
        return torch.cat([torch.stack(columns, dim=1), H_u], dim=1)  # (B, F + L, D)

    def prefix_tokens(
        self, positions: Int[Tensor, "B L"], users: Int[Tensor, " B"] | None, T_c: Tensor
    ) -> Float[Tensor, "B L K_u D_T"]:
        """Return the tokens after each item of a batch of padded histories (training)."""
        H_u = self.query_embeddings(positions, users, T_c)
        return self.tokenizer.prefixes(H_u)[:, len(self.user_fields) :]

    @torch.no_grad()
    def history_tokens(
        self, histories: Sequence[Any], users: Any = None
    ) -> Float[Tensor, "B K_u D_T"]:
        """Return the tokens of whole histories.

        Args:
            histories: item positions, oldest first, a flat array or list for each query.
            users: (B,) positions of the users, whose features are read; None for strangers.

        Raises:
            ValueError: no queries, or positions that are no integers or out of range.
        """
        if self.content is not None:
            raise ValueError(f"this model reads a {self.config.query}, not histories; give those")
        if len(histories) == 0:
            raise ValueError("there are no queries; give at least one user or history")
        self.eval()
        histories, _ = position_lists(histories, self.n_items, "histories")
        if users is not None:
            users = positions(users, self.data.n_users, "users")
            if len(users) != len(histories):
                raise ValueError(f"there are {len(users)} users for {len(histories)} histories")
        recent = [history[-self.history_len :] for history in histories]
        items, T_c = self.items.of_histories(recent)  # (n,), (n, K_c, D_T)
        tokens = []
        for start in range(0, len(recent), QUERY_BATCH):
            padded = pad(recent[start : start + QUERY_BATCH])  # (B, L)
            rows = torch.searchsorted(items, padded).masked_fill(padded < 0, -1)  # (B, L)
            people = users[start : start + QUERY_BATCH] if users is not None else None
            batch = None if people is None else torch.from_numpy(people)  # (B,)
            H_u = self.query_embeddings(rows, batch, T_c)
            mask = torch.nn.functional.pad(rows >= 0, (len(self.user_fields), 0), value=True)
            tokens.append(self.tokenizer(H_u, mask))
        return torch.cat(tokens)

    def batch_tokens(self, contents: Tensor) -> Float[Tensor, "B K_u D_T"]:
        """Return the tokens of texts, images or vectors in the numbers of `content.read`."""
        H_u, mask = self.content(contents)  # (B, L, D), (B, L)
        return self.tokenizer(H_u, mask)

    @torch.no_grad()
    def content_tokens(self, contents: Any) -> Float[Tensor, "B K_u D_T"]:
        """Return the tokens of texts, images or vectors."""
        if len(contents) == 0:
            raise ValueError(f"there are no queries; give at least one {self.config.query}")
        self.eval()
        numbers = self.content.read(contents)  # (B, ...)
        return torch.cat([self.batch_tokens(part) for part in numbers.split(QUERY_BATCH)])

    def tokens(self, users: Users, history: str = "train+validation") -> Float[Tensor, "B K_u D_T"]:
        """Return the tokens T^u of users (raw ids), whose histories are parts of the split.

        A model with another query than "history" gives the tokens of those instead.
        """
        if self.content is not None:
            return self.content_tokens(users)
        split = self.data
        histories = split.history(users, history)
        if len(self.user_fields):
            return self.history_tokens(histories, split.user_positions(users))
        empty = [place for place, items in enumerate(histories) if len(items) == 0]
        if empty:
            user = split.user_ids[split.user_positions(users)[empty[0]]]
            raise ValueError(
                f"user {show(user)} has no item in {history!r}; leave such users out, or "
                "read another part"
            )
        return self.history_tokens(histories)

    @property
    def data(self) -> Split:
        """Return the split that the model reads users from.

        Raises:
            ValueError: the model was loaded without one.
        """
        if self.split is None:
            raise ValueError(
                "this model was loaded without data, so it knows no users; pass "
                "load_model(path, split=...) or use encode_histories([[item ids], ...])"
            )
        return self.split

    # --- scores ------------------------------------------------------------------------------

    def training_scores(
        self, T: Float[Tensor, "B K_u D_T"], T_c: Tensor, item_bias: Tensor
    ) -> tuple[Float[Tensor, "B I"], Tensor]:
        """Return y for a batch of tokens and items, and the additional loss of the model."""
        raise NotImplementedError

    def token_scores(self, T: Float[Tensor, "B K_u D_T"]) -> Float[Tensor, "B I"]:
        """Return the scores y of tokens that are already there (evaluation mode)."""
        self.eval()
        with torch.no_grad():
            y, _ = self.training_scores(T, self.items(), self.item_bias)
        return y

    def scores(
        self, users: Users, history: str = "train+validation", probes: int | None = None
    ) -> Float[Tensor, "B I"]:
        """Return the score of every item for users (raw ids)."""
        if probes is not None and count(probes, "probes") != 1:
            raise ValueError(f"probes = {probes}, but only a SparCode model has codes to probe")
        return self.token_scores(self.tokens(users, history))

    # --- files ----------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write weights, configuration and catalogue (not the data) to one safetensors file."""
        write_model(self, path)
