"""Items become tokens: what a model knows of its catalogue, and one embedding table per field."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparcode_mini.data.clean import clean_side, show
from sparcode_mini.data.features import Feature, features_of, sorted_ids, titles_of
from sparcode_mini.data.split import Split
from sparcode_mini.tools.options import entry, is_of, short

FEATURE_KINDS = ("categorical", "list", "numeric")


class Catalogue(NamedTuple):
    """What a model must know of the items to be used without the data it was trained on."""

    item_ids: np.ndarray  # (I,) raw ids
    titles: np.ndarray  # (I,) text
    item_features: tuple[Feature, ...]
    user_features: tuple[tuple[str, int], ...]  # name and vocabulary size of those the model reads

    def to_file(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return what a model file stores of it: tensors, and entries of the header."""
        tensors = {f"feature.{f.name}": torch.from_numpy(f.values) for f in self.item_features}
        entries = {
            "item_ids": self.item_ids.tolist(),
            "titles": self.titles.tolist(),
            "item_features": [[f.name, f.kind, list(f.vocabulary)] for f in self.item_features],
            "user_features": [list(f) for f in self.user_features],
        }
        return tensors, entries

    @classmethod
    def from_file(cls, shapes: Mapping[str, Tensor], entries: Mapping[str, Any]) -> "Catalogue":
        """Read what `to_file` returned, all but the values of features: `with_values` adds them.

        Args:
            shapes: of the tensors in the file, such as TensorFile.shapes.
            entries: of the header.

        Raises:
            ValueError: entries that do not describe a catalogue, or not one with these shapes.
        """
        ids, titles = _ids_from(entry(entries, "item_ids", list)), entry(entries, "titles", list)
        if len(titles) != len(ids) or not all(type(title) is str for title in titles):
            raise ValueError(f"its titles are no {len(ids)} texts, one for each item")
        features = [_feature_from(e, shapes) for e in entry(entries, "item_features", list)]
        read = [_user_feature_from(e) for e in entry(entries, "user_features", list)]
        for names in ([f.name for f in features], [name for name, _ in read]):
            if len(set(names)) < len(names):
                raise ValueError(f"it names a feature twice: {short(names)}")
        return cls(ids, np.array(titles, dtype=object), tuple(features), tuple(read))

    def with_values(self, tensors: Mapping[str, Tensor]) -> "Catalogue":
        """Return the catalogue of `from_file` with the values of its features.

        Raises:
            ValueError: a value that is not in the vocabulary.
        """
        features = []
        for f in self.item_features:
            values = tensors[f"feature.{f.name}"].numpy()  # (I, W)
            if not 0 <= values.min() <= values.max() < len(f.vocabulary):
                raise ValueError(
                    f"its item feature {f.name!r} has values {values.min()}..{values.max()}, but "
                    f"a vocabulary of {len(f.vocabulary)}; save it anew"
                )
            features.append(dataclasses.replace(f, values=values))
        return self._replace(item_features=tuple(features))


def _ids_from(ids: list[Any]) -> np.ndarray:
    """Return the item ids of a file as an array: int64, or texts as they are."""
    kinds = {type(raw) for raw in ids}
    if kinds not in ({int}, {str}) or not all(is_of(raw, *kinds) for raw in ids):
        raise ValueError("its item_ids are neither whole numbers nor texts, at least one")
    if len(set(ids)) < len(ids):
        (raw, count), *_ = Counter(ids).most_common(1)
        raise ValueError(f"it has the item id {short(raw)} {count} times; each may be there once")
    # A text array of fixed width would take room by the longest id.
    return np.array(ids, dtype=np.int64 if kinds == {int} else object)  # (I,)


def _feature_from(entries: Any, shapes: Mapping[str, Tensor]) -> Feature:
    """Return an item feature of a file, without values: (0, W)."""
    if not (isinstance(entries, list) and [type(e) for e in entries] == [str, str, list]):
        raise ValueError(f"its item_features have {short(entries)}, not [name, kind, vocabulary]")
    name, kind, vocabulary = entries
    if kind not in FEATURE_KINDS or not vocabulary or {type(text) for text in vocabulary} != {str}:
        raise ValueError(f"its item feature {short(name)} has an unknown kind, or no vocabulary")
    values = shapes.get(f"feature.{name}")
    if values is None or values.dtype != torch.int64 or values.ndim != 2 or not values.shape[1]:
        raise ValueError(f"its item feature {short(name)} has no table of whole numbers")
    return Feature(name, kind, np.zeros((0, values.shape[1]), dtype=np.int64), tuple(vocabulary))


def _user_feature_from(entries: Any) -> tuple[str, int]:
    if not (isinstance(entries, list) and [type(e) for e in entries] == [str, int]):
        raise ValueError(f"its user_features have {short(entries)}, not [name, size]")
    name, size = entries
    if not 1 <= size < 2**63:
        raise ValueError(f"its user feature {short(name)} has size {short(size)}; give at least 1")
    return name, size


def catalogue_of(items: pd.DataFrame) -> Catalogue:
    """Return items without histories: column item (raw ids), perhaps title, then features.

    Raises:
        ValueError: as `data.from_frames` says of its table of items.
    """
    table = clean_side(items, "item", None)
    assert table is not None
    ids = sorted_ids(table["item"])  # (I,)
    return Catalogue(ids, titles_of(table, ids), features_of(table, ids, "item"), ())


def catalogue_of_split(split: Split, user_features: Sequence[str] = ()) -> Catalogue:
    """Return what a model keeps of a split: its items, and the user features that it is to read.

    Raises:
        ValueError: an unknown user feature.
    """
    known = {f.name: len(f.vocabulary) for f in split.user_features}
    for name in user_features:
        if name not in known:
            raise ValueError(f"user feature {name!r} is unknown; there are {sorted(known)}")
    read = tuple((name, known[name]) for name in user_features)
    return Catalogue(split.item_ids, split.titles, split.item_features, read)


def positions_of(
    histories: Iterable[Any], catalogue: Catalogue, may_be_empty: bool = False
) -> list[np.ndarray]:
    """Return histories, given as lists of raw item ids, as arrays of item positions.

    Raises:
        ValueError: something that is no list, an empty history unless it may be, or an item that
            the catalogue does not hold.
    """
    where = {raw: position for position, raw in enumerate(catalogue.item_ids.tolist())}
    positions = []
    for number, history in enumerate(histories):
        if isinstance(history, str) or not isinstance(history, Collection):
            raise ValueError(
                f"history {number} is {show(history)}; give one list of item ids per person, "
                "such as [[1, 50], [172]]"
            )
        if len(history) == 0 and not may_be_empty:
            raise ValueError(f"history {number} is empty; give at least one item id")
        for raw in history:
            # True would pass for 1, and a list in the list can't be looked up.
            if (
                isinstance(raw, bool | np.bool_)
                or not isinstance(raw, Hashable)
                or raw not in where
            ):
                raise ValueError(
                    f"item {show(raw)} in history {number} is not in the catalogue, whose "
                    f"{len(where)} ids look like {show(catalogue.item_ids[0])}; for "
                    "titles use split.item_ids[split.find_titles([...])]"
                )
        positions.append(np.array([where[raw] for raw in history], dtype=np.int64))
    return positions


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
        """Return K_c, the tokens of an item."""
        return 1 + len(self.fields)

    def forward(self, items: Int[Tensor, " n"] | None = None) -> Float[Tensor, "n K_c D_T"]:
        """Return the tokens of the items at these positions, or of all; a list is a mean."""
        tokens = [self.id.weight if items is None else self.id(items)]  # (n, D_T)
        for j, table in enumerate(self.fields):
            values = getattr(self, f"values_{j}")  # (I, W)
            tokens.append(field_embedding(table, values if items is None else values[items]))
        return torch.stack(tokens, dim=1)  # (n, K_c, D_T)

    def of_histories(
        self, histories: Sequence[np.ndarray]
    ) -> tuple[Int[Tensor, " n"], Float[Tensor, "n K_c D_T"]]:
        """Return the items of histories (ascending) and their tokens; all items if they are many.

        An item's tokens do not depend on other items, so they have the bits that they have among
        all, and one query need not wait until the whole catalogue is embedded.
        """
        n_items = self.id.num_embeddings
        items = torch.from_numpy(np.unique(np.concatenate(histories)))
        items = items[items >= 0]  # -1 pads
        if 0 < len(items) < n_items // 2:
            return items, self(items)
        return torch.arange(n_items), self()


def field_embedding(table: nn.Module, values: Int[Tensor, "n W"]) -> Float[Tensor, "n D"]:
    """Return the mean embedding of a field's values; 0 pads, and stands alone when all are 0."""
    real = values > 0  # (n, W)
    real[:, 0] |= ~real.any(dim=1)  # a missing field keeps one entry: the "(missing)" embedding
    embedded: Tensor = table(values)  # (n, W, D)
    weights = real.to(embedded.dtype) / real.sum(dim=1, keepdim=True)  # (n, W)
    return torch.einsum("nw,nwd->nd", weights, embedded)
