"""Read a model file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sparcode_mini.data import Feature, Split
from sparcode_mini.model.all_to_all import AllToAll
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.configs import Config
from sparcode_mini.model.items import Catalogue
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.tools.files import open_tensors
from sparcode_mini.tools.options import choice, entry, is_of, short
from sparcode_mini.tools.reproducible import shapes_only

MODELS: dict[str, type[MatchingModel]] = {
    kind.__name__: kind for kind in (TwoTower, AllToAll, SparCode)
}
DTYPES = {
    "float32": torch.float32, "float64": torch.float64,
    "float16": torch.float16, "bfloat16": torch.bfloat16,
}  # fmt: skip
STAGES = (None, "new", "linear", "soft", "hard")  # None: early files of ready models
ENTRIES = {"class", "config", "dtype", "item_ids", "titles", "item_features", "user_features"}
STATE = {"stage", "slope", "mlp_on", "quantizer_on"}  # early files lack some


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
        ValueError: a foreign, damaged or newer file, a precision that is none, or a split with
            another catalogue or with other values of an item feature.
    """
    if dtype is not None and dtype not in DTYPES.values():
        raise ValueError(f"dtype = {dtype}; choose one of {[f'torch.{n}' for n in DTYPES]}")
    with open_tensors(path, kind="sparcode-mini model", version=1) as file:
        kind = choice("class", entry(file.meta, "class", str), classes)
        catalogue = Catalogue.from_file(file.shapes, file.meta)
        config = kind.config_class.from_file(entry(file.meta, "config", dict))
        precision = choice("dtype", entry(file.meta, "dtype", str), DTYPES)
        check_counts(file.shapes, catalogue, config)
        check_shapes(file.shapes, empty_model(kind, catalogue, config, precision))
        check_state(file.meta)
        tensors = file.read()
        catalogue = catalogue.with_values(tensors)
        model = empty_model(kind, catalogue, config, precision)
        model.load_state_dict(weights_of(tensors), assign=True)
        model.restore(file.meta)
    if split is not None:
        check_split(split, catalogue, path)
    model.split = split
    return model.to(precision if dtype is None else dtype).eval()


def empty_model(
    kind: type[MatchingModel], catalogue: Catalogue, config: Config, dtype: torch.dtype
) -> MatchingModel:
    """Make a model whose weights have shapes and take no room.

    Raises:
        ValueError: a configuration that can't work.
    """
    model = kind.__new__(kind)  # not __init__, which wants the data
    try:
        with shapes_only():
            model.assemble(catalogue, config, dtype)
    except RuntimeError as error:  # torch's word for a shape beyond 2**63 bytes
        raise ValueError(f"its config asks for a layer that can't be: {short(config)}") from error
    return model


def check_counts(shapes: Mapping[str, Tensor], catalogue: Catalogue, config: Config) -> None:
    """Refuse what would make more layers than the file has tensors, or wider ones.

    Raises:
        ValueError: user features, pieces of a vector or a width without tensors.
    """
    layers = len(catalogue.user_features) + (config.query_shape or (0,))[0]
    if layers > len(shapes):
        raise ValueError(
            f"it asks for {layers} layers of user features and vectors, but holds {len(shapes)} "
            "tensors; save it anew"
        )
    table = shapes.get("weights.items.id.weight")
    shape = [len(catalogue.item_ids), config.token_dim]
    if table is None or list(table.shape) != shape:
        stored = "missing" if table is None else list(table.shape)
        raise ValueError(
            f"its weight 'items.id.weight' is {stored}; item_ids and token_dim ask for {shape}"
        )


def check_shapes(shapes: Mapping[str, Tensor], model: MatchingModel) -> None:
    """Refuse a file whose tensors are not those of the model that its config describes.

    Raises:
        ValueError: a tensor that is missing, too many, or of another shape or dtype.
    """
    due = {f"weights.{name}": tensor for name, tensor in model.state_dict().items()}
    n_items = model.n_items
    for f in model.catalogue.item_features:
        shape = (n_items, f.values.shape[1])
        due[f"feature.{f.name}"] = torch.empty(shape, dtype=torch.int64, device="meta")
    for text, names in (("lacks", due.keys() - shapes), ("has, too many,", shapes.keys() - due)):
        if names:
            raise ValueError(f"it {text} the tensors {short(sorted(names))}; save it anew")
    for name, tensor in due.items():
        ask, stored = (f"{t.dtype} {list(t.shape)}" for t in (tensor, shapes[name]))
        if ask != stored:
            raise ValueError(f"its tensor {short(name)} is {stored}; its config asks for {ask}")


def check_state(meta: Mapping[str, Any]) -> None:
    """Refuse entries that no model knows, and switches with values that they can't have.

    Raises:
        ValueError: the entry.
    """
    unknown = sorted(set(meta) - ENTRIES - STATE)
    if unknown:
        raise ValueError(f"it has the unknown entries {short(unknown)}; is the file newer?")
    stage, slope = meta.get("stage"), meta.get("slope", 0.0)
    if not (stage is None or is_of(stage, str)) or stage not in STAGES:
        raise ValueError(f"its stage is {short(stage)}; there are {STAGES[1:]}")
    if not (is_of(slope, float) and 0 <= slope <= 1):
        raise ValueError(f"its slope is {short(slope)}; give a number from 0 to 1")
    for name in ("mlp_on", "quantizer_on"):
        if name in meta:
            entry(meta, name, bool)


def weights_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights among the tensors of a file, by their names in the model.

    Raises:
        ValueError: NaN or infinity among them.
    """
    prefix = "weights."
    weights = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    for name, weight in weights.items():
        if not bool(weight.isfinite().all()):
            raise ValueError(
                f"its weight {name!r} holds NaN or infinity; train it again with a lower lr, or "
                "take an earlier file"
            )
    return weights


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
