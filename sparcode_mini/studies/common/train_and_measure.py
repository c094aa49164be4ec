"""Train one setting and measure it as it is served: the unit of `reproduce` and `sweep`."""

import json
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import Popularity, evaluate
from sparcode_mini.evaluation.storage import storage_bytes
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.load import MODELS
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.tools.files import load_json, save_json
from sparcode_mini.training.fit import fit

_ADDED_LATER = ("on", "data", "features")  # results stored by an early version lack them

Spec = dict[str, Any]  # {"class": "SparCode", "model": {arguments}, "fit": {arguments}}


def build_model(
    split: Split, spec: Spec, seed: int, classes: Mapping[str, type[MatchingModel]] = MODELS
) -> MatchingModel:
    """Make the untrained model of a setting."""
    return classes[spec["class"]](split, seed=seed, **spec["model"])


def train_and_measure(
    split: Split,
    spec: Spec,
    seed: int,
    folder: Path,
    name: str,
    on: str = "test",
    classes: Mapping[str, type[MatchingModel]] = MODELS,
) -> dict[str, Any]:
    """Train a setting, measure it, and remember the result in `folder`.

    A result that is already there is returned; a training that was interrupted is resumed.

    Args:
        split: the data.
        spec: what to train; {"class": "Popularity"} needs no training.
        seed: of the initial weights and of training.
        folder: for `name.json`, `name.safetensors` (the model) and the training state.
        name: of this setting.
        on: the part that is evaluated.
        classes: models that the setting may name.

    Returns:
        Metrics (fractions), training seconds and, for SparCode, metrics per number of probes as
        served by the index, and its sizes.

    Raises:
        KeyboardInterrupt: training was interrupted; call again to go on.
        ValueError: the folder holds another setting under this name.
    """
    done = folder / f"{name}.json"
    settings = {"spec": spec, "seed": seed, "on": on, "data": split.fingerprint}
    settings["features"] = split.features_fingerprint
    if done.exists():
        stored: dict[str, Any] = load_json(done)
        for key, value in json.loads(json.dumps(settings)).items():  # a tuple comes back as a list
            if stored.get(key, value if key in _ADDED_LATER else None) != value:
                raise ValueError(
                    f"{done} is the result of another setting: its {key} is {stored.get(key)}, "
                    f"asked is {value}; choose another folder, or delete the file"
                )
        return stored
    result: dict[str, Any] = dict(settings)
    if spec["class"] == "Popularity":
        result |= evaluate(Popularity(split), split, on=on)
    else:
        model = build_model(split, spec, seed, classes)
        state = folder / f"{name}.training.safetensors"
        log = fit(model, split, seed=seed, checkpoint=state, resume=True, **spec["fit"])
        if log.interrupted:
            raise KeyboardInterrupt
        result |= {"seconds": log.seconds, "best_epoch": log.best_epoch}
        result |= {"validation ndcg@50": log.best_score}
        result |= (
            served(model, split, on) if isinstance(model, SparCode) else plain(model, split, on)
        )
        model.save(folder / f"{name}.safetensors")
        state.unlink(missing_ok=True)
    save_json(done, result)
    return result


def plain(model: MatchingModel, split: Split, on: str = "test") -> dict[str, Any]:
    """Measure a model that scores every item; of a two-tower also count the bytes it serves."""
    result: dict[str, Any] = dict(evaluate(model, split, on=on))
    if isinstance(model, TwoTower):  # all-to-all has nothing that could be cached
        width = model.config.token_dim
        result["item_bytes_fp16"] = storage_bytes(1, model.n_items, width=width)["matrix"]
    return result


def served(model: SparCode, split: Split, on: str = "test") -> dict[str, Any]:
    """Measure a SparCode as its index serves it: 1 and 4 probes, and the sizes of the index."""
    index = index_to_serve(model)
    result: dict[str, Any] = dict(evaluate(model, split, on=on, index=index))
    for metric, value in evaluate(model, split, on=on, probes=4, index=index).items():
        result[f"{metric} probes=4"] = value
    usage = model.quantizer.usage(model.encode(with_history(split)).codes)
    result |= {"used": usage.used, "perplexity": usage.perplexity}
    return {**result, "codes_possible": model.quantizer.N**model.quantizer.M, **index.stats()}


def index_to_serve(model: SparCode) -> SparseIndex:
    """Build lists for all codes if they are few, else for those that 4 probes of users read."""
    few = model.quantizer.N**model.quantizer.M <= 4096
    return SparseIndex.build(model, codes="all" if few else "seen", probes=4)


def search_microseconds(model: SparCode, index: SparseIndex, split: Split, n: int = 200) -> float:
    """Measure the median microseconds of a search for one user, top 50, codes already known."""
    times = []
    for user in with_history(split)[:n]:
        codes = model.encode([user])
        start = time.perf_counter()
        index.search(codes, k=50, engine="plain")  # one engine for all that is compared
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def with_history(split: Split) -> Any:
    """Return the raw ids of the users who have a history, so that they can be encoded."""
    return split.user_ids[[len(history) > 0 for history in split.histories("train+validation")]]
