"""Items become tokens: what a model knows of its catalogue, and one embedding table per field."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.data.clean import clean_side
from sparcode_mini.data.features import features_of, titles_of
from sparcode_mini.data.ratings import Feature, Split


class Catalogue(NamedTuple):
    """What a model must know of the items to be used without the data it was trained on."""

    item_ids: np.ndarray  # (I,) raw ids
    titles: np.ndarray  # (I,) text
    item_features: tuple[Feature, ...]
    user_features: tuple[tuple[str, int], ...]  # name and vocabulary size of those the model reads


def catalogue_of(items: pd.DataFrame) -> Catalogue:
    """Items without histories: column item (raw ids), perhaps title, every other one a feature.

    Raises:
        ValueError: as `data.from_frames` says of its table of items.
    """
    table = clean_side(items, "item", None)
    assert table is not None
    kind = np.str_ if table["item"].dtype == object else np.int64
    ids = np.sort(table["item"].to_numpy().astype(kind))  # (I,)
    return Catalogue(ids, titles_of(table, ids), features_of(table, ids, "item"), ())


def catalogue_of_split(split: Split, user_features: Sequence[str] = ()) -> Catalogue:
    """What a model keeps of a split: its items, and the user features that it is to read.

    Raises:
        ValueError: an unknown user feature.
    """
    known = {f.name: len(f.vocabulary) for f in split.user_features}
    for name in user_features:
        if name not in known:
            raise ValueError(f"user feature {name!r} is unknown; there are {sorted(known)}")
    read = tuple((name, known[name]) for name in user_features)
    return Catalogue(split.item_ids, split.titles, split.item_features, read)


class ItemTokens(nn.Module):
    """Items -> T^c: one token per field (the id, then each feature), from a table per field."""

    def __init__(self, n_items: int, features: Sequence[Feature], dim: int) -> None:
        super().__init__()
        self.id = nn.Embedding(n_items, dim)
        self.fields = nn.ModuleList(nn.Embedding(len(f.vocabulary), dim) for f in features)
        for j, feature in enumerate(features):
            self.register_buffer(f"values_{j}", torch.from_numpy(feature.values), persistent=False)

    @property
    def count(self) -> int:
        """K_c, the tokens of an item."""
        return 1 + len(self.fields)

    def forward(self, items: Int[Tensor, " n"] | None = None) -> Float[Tensor, "n K_c D_T"]:
        """Tokens of the items at these positions, or of all; a list-valued field is a mean."""
        tokens = [self.id.weight if items is None else self.id(items)]  # (n, D_T)
        for j, table in enumerate(self.fields):
            values = getattr(self, f"values_{j}")  # (I, W)
            tokens.append(field_embedding(table, values if items is None else values[items]))
        return torch.stack(tokens, dim=1)  # (n, K_c, D_T)


def field_embedding(table: nn.Module, values: Int[Tensor, "n W"]) -> Float[Tensor, "n D"]:
    """Mean embedding of the values of a field; value 0 pads, and stands alone when all are 0."""
    real = values > 0  # (n, W)
    real[:, 0] |= ~real.any(dim=1)  # a missing field keeps one entry: the "(missing)" embedding
    embedded: Tensor = table(values)  # (n, W, D)
    weights = real.to(embedded.dtype) / real.sum(dim=1, keepdim=True)  # (n, W)
    return torch.einsum("nw,nwd->nd", weights, embedded)
