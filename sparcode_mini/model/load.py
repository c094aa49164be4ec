"""Read a model file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sparcode_mini.data import Feature, Split
from sparcode_mini.model.all_to_all import AllToAll
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.items import Catalogue
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.stored import DTYPES, FILE, checked_header, empty_model, weights_of
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.tools.files import open_tensors
from sparcode_mini.tools.options import choice, entry

MODELS: dict[str, type[MatchingModel]] = {
    kind.__name__: kind for kind in (TwoTower, AllToAll, SparCode)
}


def load_model(
    path: str | Path,
    split: Split | None = None,
    dtype: torch.dtype | None = None,
    classes: Mapping[str, type[MatchingModel]] = MODELS,
) -> Any:
    """Read a model written by `save`.

    All that the header says is checked before a weight is read, so a file from elsewhere is refused
    before it costs time or memory.

    Args:
        path: the safetensors file.
        split: the data, if users are to be looked up by id.
        dtype: precision to compute in; by default that of the file.
        classes: the models that the file may hold, by name.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a foreign, damaged or newer file, a precision that is none or too small for a
            weight, or a split with another catalogue or with other values of an item feature.
    """
    if dtype is not None and dtype not in DTYPES.values():
        raise ValueError(f"dtype = {dtype}; choose one of {[f'torch.{n}' for n in DTYPES]}")
    with open_tensors(path, **FILE) as file:
        kind = choice("class", entry(file.meta, "class", str), classes)
        catalogue, config, precision = checked_header(kind, file.shapes, file.meta)
        tensors = file.read()
        catalogue = catalogue.with_values(tensors)
        model = empty_model(kind, catalogue, config, precision)
        model.load_state_dict(weights_of(tensors), assign=True)
        model.restore(file.meta)
    if split is not None:
        check_split(split, catalogue, path)
        model.catalogue = with_titles(catalogue, split)
    model.split, model.trained_on = split, file.meta.get("trained_on")
    return _in_precision(model, dtype, path).eval()


def _in_precision(model: Any, dtype: torch.dtype | None, path: str | Path) -> Any:
    """Return the model in another precision, if one is given.

    Raises:
        ValueError: a weight is too large for it.
    """
    if dtype is None:
        return model
    for name, weight in model.to(dtype).state_dict().items():
        if not bool(weight.isfinite().all()):
            raise ValueError(
                f"{path}: its weight {name!r} is too large for {dtype}; choose torch.bfloat16 or "
                "torch.float32"
            )
    return model


def with_titles(catalogue: Catalogue, split: Split) -> Catalogue:
    """Return the catalogue with the titles of the data, if it has some besides the ids."""
    if split.titles.tolist() == list(map(str, split.item_ids.tolist())):
        return catalogue
    return catalogue._replace(titles=split.titles)


def check_split(split: Split, catalogue: Catalogue, path: str | Path) -> None:
    """Refuse data that the model of a file could not read."""
    if split.item_ids.tolist() != catalogue.item_ids.tolist():
        raise ValueError(
            f"the model in {path} was trained on another catalogue than the split's: it knows "
            f"{len(catalogue.item_ids):,} items ({_first(catalogue.item_ids)}, ...), the split has "
            f"{split.n_items:,} ({_first(split.item_ids)}, ...); give the data it was trained on"
        )
    described = {f.name: f for f in split.item_features}  # may lack some: the model keeps its own
    for feature in catalogue.item_features:
        if not _same_feature(feature, described.get(feature.name, feature)):
            raise ValueError(
                f"the model in {path} was trained on other values of the item feature "
                f"{feature.name!r} than the split's; give the data it was trained on"
            )
    known = {f.name: len(f.vocabulary) for f in split.user_features}
    for name, size in catalogue.user_features:
        if known.get(name) != size:
            raise ValueError(
                f"the model in {path} reads the user feature {name!r} with {size} values; "
                f"the split has {known}"
            )


def _same_feature(a: Feature, b: Feature) -> bool:
    same_words = (a.kind, a.vocabulary) == (b.kind, b.vocabulary)
    return same_words and np.array_equal(a.values, b.values)


def _first(ids: np.ndarray) -> str:
    return ", ".join(repr(value) for value in ids[:2].tolist())
