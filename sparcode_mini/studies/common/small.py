"""The small setting of lessons 04, 05 and 06: one recipe for all models of a study.

MovieLens-100K, token width 32, 8 hidden units, one codebook of 64 codewords, 8 epochs with 400
prefixes of each step: half a minute a training on one core. All its scores are below those of the
table, so they are compared within a study only.

The learning rate of each kind of model is chosen on validation, read with 4 probes, by a seed that
no figure uses. (Of one training the epoch with the best validation NDCG@50 is kept, read with one
probe: `fit` does so for all models.) Three seeds of the chosen rate are compared person by person.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, per_user, together, with_interval
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.load import MODELS, load_model
from sparcode_mini.studies.common.train_and_measure import (
    Spec,
    train_and_measure,
    with_history,
)
from sparcode_mini.studies.tuning import climb, validation
from sparcode_mini.tools.files import file_digest, remembered

MODEL: dict[str, Any] = {"token_dim": 32, "hidden": 8, "M": 1, "N": 64}
FIT: dict[str, Any] = {"epochs": 8, "max_positions": 400}
SEEDS = (0, 1, 2)
PROBES = {1: "1 probe", 4: "4 probes"}  # with their names as measures: NDCG@50 read so
RATES = (1.25e-3, 2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2)
FIRST_RATE = 3  # position on RATES; its neighbours are tried too, and theirs where they are better
DECIDES = "ndcg@50 probes=4"  # on the validation part
KEPT = (
    "ndcg@50", "ndcg@50 probes=4", "recall@50", "validation ndcg@50", "best_epoch", "density",
    "entries", "longest", "seconds",
)  # fmt: skip


def spec(model: dict[str, Any], epochs: int | None = None, **train: Any) -> Spec:
    """Return what is trained.

    Args:
        model: what differs from MODEL.
        epochs: None for those of FIT; few for a run that a test repeats.
        train: what differs from FIT, such as `lr`.
    """
    short = {"epochs": epochs, "stages": (0.0, 0.5)} if epochs else {}
    return {"class": "SparCode", "model": MODEL | model, "fit": FIT | short | train}


def tune_rate(
    split: Split,
    folder: Path,
    name: str,
    setting: Callable[[float], Spec],
    decides: str = DECIDES,
) -> list[dict[str, Any]]:
    """Walk along RATES until both neighbours are worse; resumable.

    Args:
        split: the data.
        folder: for the trainings.
        name: of their files.
        setting: what is trained at a learning rate.
        decides: the measure on validation; "ndcg@50" for a model without lists.

    Returns:
        A dictionary for each rate that was tried, ascending: "lr", what `tried` returns, and
        whether it was "chosen".
    """
    measured: dict[float, dict[str, Any]] = {}

    def score(place: tuple[int, ...]) -> float:
        lr = RATES[place[0]]
        measured[lr] = tried(split, folder, f"{name}-lr{lr:g}", setting(lr))
        return float(measured[lr][f"validation {decides}"])

    (best,), _ = climb((FIRST_RATE,), [len(RATES)], score)
    return [{"lr": lr, **measured[lr], "chosen": lr == RATES[best]} for lr in sorted(measured)]


def tune_base(split: Split, folder: Path) -> list[dict[str, Any]]:
    """Choose the learning rate of MODEL itself; studies of its parts share it, and the folder.

    Returns:
        As `tune_rate`.
    """
    return tune_rate(split, folder, "base", lambda lr: spec({}, lr=lr))


def tried(split: Split, folder: Path, name: str, setting: Spec) -> dict[str, Any]:
    """Train a setting by the tuning seed; resumable.

    Returns:
        "seconds" and "validation ndcg@50"; for a model with lists the same with " probes=4",
        "density", and "read" (as `measure`).
    """
    result = validation(split, folder, setting, name)
    kept = {"seconds": result["seconds"], "validation ndcg@50": result["ndcg@50"]}
    if "density" not in result:
        return kept
    file = folder / f"{name}.safetensors"

    def make() -> dict[str, Any]:
        model = load_model(file, split)
        return {"read": entries_read(model, SparseIndex.build(model, codes="all"), split)}

    read = remembered(folder / f"{name}.read.json", question(split, file), make)
    return kept | {f"validation {DECIDES}": result[DECIDES], "density": result["density"], **read}


def question(split: Split, file: Path, **more: Any) -> dict[str, Any]:
    """Return what decides the answers of the model in `file`, and `more`."""
    data = {"data": split.fingerprint, "features": split.features_fingerprint}
    return {"model": file_digest(file), **data, **more}


def chosen(points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the point that was chosen."""
    (point,) = (point for point in points if point["chosen"])
    return point


def measure(
    split: Split,
    folder: Path,
    name: str,
    setting: Spec,
    seed: int,
    more: Callable[[Any], dict[str, Any]] | None = None,
    conditions: dict[str, Any] | None = None,
    classes: Mapping[str, type[MatchingModel]] = MODELS,
) -> dict[str, Any]:
    """Train a setting and measure it on the test part; resumable.

    Args:
        split: the data.
        folder: for the training and for what is measured.
        name: of their files.
        setting: what is trained.
        seed: of the training.
        more: asks the trained model for more than metrics; what it returns, JSON can hold.
        conditions: everything that decides what `more` returns, but the model and the data.
        classes: models that the setting may name.

    Returns:
        What KEPT names; "read", the entries that a person reads with one probe; "values": measure
        -> one number for each person, NDCG@50 for each of PROBES; and what `more` returned, whose
        "values" join these.
    """
    name = f"{name}-{seed}"
    result = train_and_measure(split, setting, seed, folder, name, classes=classes)
    file = folder / f"{name}.safetensors"

    def make() -> dict[str, Any]:
        model = load_model(file, split, classes=classes)
        index = SparseIndex.build(model, codes="all")
        values = {
            probes: per_user(model, split, probes=R, index=index).tolist()
            for R, probes in PROBES.items()
        }
        answers = {} if more is None else more(model)
        values |= answers.pop("values", {})
        read = entries_read(model, index, split)
        return {key: result[key] for key in KEPT} | {"read": read, **answers, "values": values}

    whole = question(split, file, kept=KEPT, probes=list(PROBES), more=conditions)
    entry: dict[str, Any] = remembered(folder / f"{name}.entry.json", whole, make, indent=None)
    return entry


def entries_read(model: Any, index: SparseIndex, split: Split) -> float:
    """Return how many entries the K_u lists of a person hold, on average over all people."""
    rows = index.rows_of(model.encode(with_history(split)))  # (B, K_u)
    return float(np.diff(index.offsets)[rows].sum(axis=1).mean())


def comparisons(
    pairs: Sequence[tuple[dict[str, Any], Sequence[dict[str, Any]], Sequence[dict[str, Any]]]],
) -> list[dict[str, Any]]:
    """Compare the seeds of models person by person; all that is compared is read together (Holm).

    Args:
        pairs: for each comparison the words that name it, the measured seeds of one model, and
            those of the model that it is compared with.

    Returns:
        For each comparison and measure the words, "measure", what `compare` returns, "p, Holm".
    """
    rows = []
    for words, one, other in pairs:
        for name in one[0]["values"]:
            table, base = ([run["values"][name] for run in runs] for runs in (one, other))
            rows.append({**words, "measure": name, **compare(np.array(table), np.array(base))})
    return together(rows)


def in_points(comparison: dict[str, Any]) -> str:
    """Return a difference with its interval, in points of a hundred, and its p."""
    name = "p, Holm" if "p, Holm" in comparison else "p"
    return f"{with_interval(comparison)}, {name} {comparison[name]:.3f}"


def without_values(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry without the values of single people, as it is stored."""
    return {key: value for key, value in entry.items() if key != "values"}


def config() -> dict[str, Any]:
    """Return everything that decides the numbers and is the same in all studies."""
    return {
        "data": "MovieLens-100K", "model": MODEL, "fit": FIT, "seeds": list(SEEDS),
        "rates": list(RATES), "first rate": FIRST_RATE, "chosen by": f"validation {DECIDES}",
    }  # fmt: skip
