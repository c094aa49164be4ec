"""Train one setting and measure it as it is served: the unit of `reproduce` and `sweep`."""

import contextlib
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.baselines import Popularity
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.evaluation.storage import storage_bytes
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.load import MODELS
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.tools.files import load_json, save_json
from sparcode_mini.tools.locks import InUse, hold
from sparcode_mini.tools.progress import Progress, progress
from sparcode_mini.tools.targets import MODEL, check_target
from sparcode_mini.tools.timing import median_us
from sparcode_mini.training.fit import fit
from sparcode_mini.training.recipe import Recipe

Job = TypeVar("Job")
IN_WORK = "run this again when it has ended"
TIMED = 200  # searches of one query each, for the median time
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
    wait: bool = True,
) -> dict[str, Any]:
    """Train a setting, measure it, and remember the result in `folder`.

    A result that is already there is returned; a training that was interrupted is resumed. Each
    setting is trained once, however many processes share the folder.

    Args:
        split: the data.
        spec: what to train; {"class": "Popularity"} needs no training.
        seed: of the initial weights and of training.
        folder: for `name.json`, `name.safetensors` (the model) and the training state.
        name: of this setting.
        on: the part that is evaluated.
        classes: models that the setting may name.
        wait: wait for another process that trains this setting; else InUse is raised.

    Returns:
        Metrics (fractions), training seconds and, for SparCode, metrics per number of probes as
        served by the index, and its sizes.

    Raises:
        KeyboardInterrupt: training was interrupted; call again to go on.
        ValueError: the folder holds another setting under this name.
        InUse: another process trains this setting, and `wait` is False.
    """
    done, state = folder / f"{name}.json", folder / f"{name}.training.safetensors"
    settings = {"spec": spec, "seed": seed, "on": on, "data": split.fingerprint}
    settings["features"] = split.features_fingerprint
    if "fit" in spec:  # what is not said there is decided by the defaults of this version
        settings["recipe"] = dataclasses.asdict(Recipe.of({**spec["fit"], "seed": seed}))
    if done.exists():  # also in a folder that can only be read
        return _stored(done, settings)
    with hold(state, IN_WORK, seconds=-1 if wait else 0):
        if done.exists():  # by another process, meanwhile
            return _stored(done, settings)
        result: dict[str, Any] = dict(settings)
        if spec["class"] == "Popularity":
            result |= evaluate(Popularity(split), split, on=on)
        else:
            check_target(folder / f"{name}.safetensors", MODEL)
            model = build_model(split, spec, seed, classes)
            resume = state.exists()
            log = fit(model, split, seed=seed, checkpoint=state, resume=resume, **spec["fit"])
            if log.interrupted:
                raise KeyboardInterrupt
            result |= {"seconds": log.seconds, "best_epoch": log.best_epoch}
            result |= {"validation ndcg@50": log.best_score}
            result |= (
                served(model, split, on) if isinstance(model, SparCode) else plain(model, split, on)
            )
            model.save(folder / f"{name}.safetensors")
        save_json(done, result)
        state.unlink(missing_ok=True)
    return result


def _stored(done: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Return a stored result, if it is that of these settings."""
    stored: Any = load_json(done)
    if not isinstance(stored, dict):
        raise ValueError(f"{done} is no result; delete the file, or choose another folder")
    for key, value in json.loads(json.dumps(settings)).items():  # a tuple comes back as a list
        if stored.get(key, value if key in _ADDED_LATER else None) != value:
            raise ValueError(
                f"{done} is the result of another setting: its {key} is {stored.get(key)}, "
                f"asked is {value}; choose another folder, or delete the file"
            )
    return stored


def side_by_side(
    jobs: Sequence[Job], work: Callable[[Job, bool], Any], desc: str = ""
) -> list[Any]:
    """Do jobs in a folder in which other processes may do the same ones; return all results.

    Jobs that another process does now come last; by then most are done, and only read.

    Args:
        jobs: what is to be done, in order.
        work: function of a job, and of whether to wait if another process does it; it may raise
            InUse if not.
        desc: a few words in front of the progress bar.

    Returns:
        The results, in the order of the jobs.
    """
    results: dict[int, Any] = {}
    bar: Progress[None] = progress(total=len(jobs), desc=desc)
    with bar:
        for wait in (False, True):
            for number, job in enumerate(jobs):
                if number not in results:
                    with contextlib.suppress(InUse):
                        results[number] = work(job, wait)
                        bar.update()
    return [results[number] for number in range(len(jobs))]


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


def search_microseconds(model: SparCode, index: SparseIndex, split: Split) -> float:
    """Measure the median microseconds of a search for one user, top 50, codes already known."""
    codes = [model.encode([user]) for user in with_history(split)[:TIMED]]
    # One engine for all that is compared.
    return median_us(lambda query: index.search(query, k=50, engine="plain"), codes)


def with_history(split: Split) -> Any:
    """Return the raw ids of the users who have a history, so that they can be encoded."""
    return split.user_ids[[len(history) > 0 for history in split.histories("train+validation")]]
