"""A model as a file: what it may hold is checked by the same words before it is saved and read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from sparcode_mini.model.configs import Config
from sparcode_mini.model.items import Catalogue
from sparcode_mini.tools.files import check_tensors, save_tensors
from sparcode_mini.tools.opening import naming
from sparcode_mini.tools.options import choice, entry, is_of, short
from sparcode_mini.tools.reproducible import shapes_only
from sparcode_mini.tools.room import require_room

FILE: dict[str, Any] = {"kind": "sparcode-mini model", "version": 1}
DTYPES = {
    "float32": torch.float32, "float64": torch.float64,
    "float16": torch.float16, "bfloat16": torch.bfloat16,
}  # fmt: skip
STAGES = (None, "new", "linear", "soft", "hard")  # None: early files of ready models
ENTRIES = {"class", "config", "dtype", "item_ids", "titles", "item_features", "user_features"}
SIZES = ("token_dim", "query_tokens", "history_len", "hidden", "M", "N")  # they decide the room
STATE = {"stage", "slope", "mlp_on", "quantizer_on", "trained_on"}  # early files lack some


class Header(NamedTuple):
    """What a file says of its model before a weight is read."""

    catalogue: Catalogue  # without the values of its features
    config: Config
    dtype: torch.dtype


def write_model(model: Any, path: str | Path) -> None:
    """Write a model to one safetensors file, atomically.

    Raises:
        ValueError: a model that `load_model` would refuse; nothing is written.
    """
    with naming(path):
        tensors, meta = checked_parts(model)
        weights_of(tensors)
        save_tensors(path, tensors, meta, **FILE)


def check_savable(model: Any) -> None:
    """Refuse, before a training, a model that could not be saved after it.

    Raises:
        ValueError: such as titles of more than 100 MB, or with half a letter.
    """
    check_tensors(*model.catalogue.to_file(), **FILE)


def check_memory(kind: Any, catalogue: Catalogue, config: Config, dtype: torch.dtype) -> None:
    """Refuse a model that this machine can't hold, before a layer of it is made.

    Raises:
        ValueError: weights, and the float64 draw of the largest of them, take more than is free.
    """
    tensors = empty_model(kind, catalogue, config, dtype).state_dict().values()
    needed = sum(tensor.nbytes for tensor in tensors)
    needed += 8 * max(tensor.numel() for tensor in tensors)
    sizes = [f"{name} = {getattr(config, name)}" for name in SIZES if hasattr(config, name)]
    require_room(needed, f"a model with {', '.join(sizes)}")


def checked_parts(model: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors and entries of a model's file, which `load_model` takes if all is finite.

    Raises:
        ValueError: it would not.
    """
    tensors, entries = model.catalogue.to_file()
    tensors = {f"weights.{k}": v for k, v in model.state_dict().items()} | tensors
    meta = {
        "class": type(model).__name__,
        "config": model.config.to_file(),
        "dtype": str(model.dtype).removeprefix("torch."),
        **entries,
        **model.state(),
        **({} if model.trained_on is None else {"trained_on": model.trained_on}),
    }
    header = checked_header(type(model), tensors, meta)
    header.catalogue.with_values(tensors)
    return tensors, meta


def checked_header(kind: Any, shapes: Mapping[str, Tensor], meta: Mapping[str, Any]) -> Header:
    """Return what a file says of its model, checked in full.

    Args:
        kind: class of the model.
        shapes: of the tensors; no value of them is read.
        meta: the entries.

    Raises:
        ValueError: an entry or a shape that does not fit.
    """
    catalogue = Catalogue.from_file(shapes, meta)
    config = kind.config_class.from_file(entry(meta, "config", dict))
    dtype = choice("dtype", entry(meta, "dtype", str), DTYPES)
    check_counts(shapes, catalogue, config)
    check_shapes(shapes, empty_model(kind, catalogue, config, dtype))
    check_state(meta)
    return Header(catalogue, config, dtype)


def empty_model(kind: Any, catalogue: Catalogue, config: Config, dtype: torch.dtype) -> Any:
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


def check_shapes(shapes: Mapping[str, Tensor], model: Any) -> None:
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
    if "trained_on" in meta:
        entry(meta, "trained_on", str)
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
