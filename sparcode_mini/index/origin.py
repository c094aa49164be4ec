"""Which model filled an index: its lists answer the queries of that model only.

An index remembers a fingerprint of the model; an index made by hand has none and is not checked.
"""

import hashlib
import json
from typing import Any

from sparcode_mini.tools.options import short

QUERY_ONLY = ("probe_temperature", "dropout", "seed")  # no list depends on them


def fingerprint(model: Any) -> str:
    """Return a short sha256 of configuration, stage and weights of a model.

    Weights count in single precision, so that a model keeps its fingerprint when it is loaded in
    double precision. It is made anew each time: weights move, and 100 MB of them take 0.1 s.
    """
    config = {k: v for k, v in model.config.to_file().items() if k not in QUERY_ONLY}
    head = [type(model).__name__, config, model.state()]
    digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode("ascii"))
    for name, tensor in sorted(model.state_dict().items()):
        values = tensor.float() if tensor.is_floating_point() else tensor
        digest.update(f"{name} {values.dtype} {list(values.shape)}".encode())
        digest.update(values.detach().cpu().contiguous().numpy())
    return digest.hexdigest()[:32]


def as_origin(made_from: Any) -> str | None:
    """Return a fingerprint, or None.

    Raises:
        ValueError: neither.
    """
    if made_from is None or (isinstance(made_from, str) and made_from):
        return made_from
    raise ValueError(f"made_from = {short(made_from)}; give origin.fingerprint(model), or None")


def require_model(index: Any, model: Any) -> None:
    """Refuse an index that another model filled.

    Args:
        index: a SparseIndex; one without `made_from` passes.
        model: whose queries it is to answer.

    Raises:
        ValueError: it was filled by another model, or by this one with other weights.
    """
    if index.made_from is not None and index.made_from != fingerprint(model):
        raise ValueError(
            "this is the index of another model, or of this one before more training: its lists "
            "don't answer this model's queries; build it anew from this model"
        )
