"""What a split per person leaks: the same tests, with and without ratings of later.

The course cuts each person's own history. So a model learns from ratings that other people gave
after the moment of the test. Here one moment cuts all: what a person rated after it is to be found,
and only those count who had rated before it as well. Three trainings share these people, their
test films and their validation films:

    before            learns from ratings before the moment alone
    later             learns also from all ratings of people who came after it
    later, as many    the same, without some people of before: as many ratings as the first

The last one less the first one is the leak; the second has more data, too. Popularity is counted
the same way; EASE, two-tower and SparCode have settings that were chosen with the other split.
SparCode is trained on "before" alone: does what the table says hold there?
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.baselines import Popularity, ease
from sparcode_mini.evaluation.paired import compare, per_user, together
from sparcode_mini.model.load import load_model
from sparcode_mini.studies.common.rows import GRIDS, Rows
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.tools.progress import progress

Values = dict[str, list[list[float]]]

SEEDS = (0, 1, 2)
SHARE = 0.8  # of all ratings lie before the moment
VALIDATION = 0.125  # of what a person rated before it: with the rest 70 : 10 : 20
WAYS = ("before", "later", "later, as many")
DRAW = 0  # seed of the people who are left out
TRAINED = {"two-tower": WAYS, "sparcode": WAYS[:1]}  # in which ways
PROBES = {"two-tower": None, "sparcode": 4}


def cut_in_time(split: Split, way: str) -> Split:
    """Return the data cut at one moment.

    Args:
        split: the data, cut in any way.
        way: one of WAYS.

    Returns:
        Test: what people rated after the moment who had rated before it. Validation: the last of
        what these people rated before. Training: the rest of before; with "later" also all ratings
        of people who had not rated before.
    """
    later = way != WAYS[0]
    starts, ends = split.cuts[:, 0], split.cuts[:, -1]
    moment = np.sort(split.times)[int(SHARE * len(split.times))]
    before = np.array(
        [np.searchsorted(split.times[a:b], moment) for a, b in zip(starts, ends, strict=True)]
    )  # (n_users,), interactions before the moment
    both = (before > 0) & (before < ends - starts)
    held = np.where(both, VALIDATION * before, 0).astype(np.int64)  # the same in all ways
    train = np.where(later & (before == 0), ends, starts + before - held)
    validation = np.where(later & (before == 0), ends, starts + before)
    test = np.where(both, ends, validation)
    cuts = np.stack([starts, train, validation, test], axis=1)  # (n_users, 4)
    if way == WAYS[2]:
        cuts = _without(cuts, (before > 0) & ~both, int((train - starts)[before == 0].sum()))
    return dataclasses.replace(split, cuts=cuts)


def _without(cuts: np.ndarray, droppable: np.ndarray, count: int) -> np.ndarray:
    """Return cuts without some people, drawn among `droppable`, who hold about `count` ratings."""
    people = np.random.default_rng(DRAW).permutation(np.flatnonzero(droppable))
    held = np.cumsum((cuts[:, 1] - cuts[:, 0])[people])
    dropped = people[: int(np.searchsorted(held, count)) + 1]
    kept = cuts.copy()
    kept[dropped] = cuts[dropped, :1]
    return kept


def counts(split: Split) -> dict[str, int]:
    """Return how large the data is when one moment cuts it."""
    timed = cut_in_time(split, WAYS[0])
    return {
        "people": split.n_users,
        "people with both": int((timed.cuts[:, 2] < timed.cuts[:, 3]).sum()),
        "test ratings": timed.count("test"),
        "ratings after": len(split.times) - int(SHARE * len(split.times)),
    }


def of_closed_forms(split: Split, linear: dict[str, float]) -> Values:
    """Measure everybody in the test part by the models that take no training."""
    models = {"popularity": Popularity(split), "EASE": ease(split, **linear)}
    return {name: [per_user(model, split).tolist()] for name, model in models.items()}


def measure(split: Split, folder: Path, way: str, linear: dict[str, float]) -> Values:
    """Measure everybody in the test part by every model of one way to train, (seeds, n_users)."""
    values = of_closed_forms(split, linear)
    for row in (row for row, ways in TRAINED.items() if way in ways):
        values[row] = []
        for seed in SEEDS:
            name = f"leak-{row}-{way}-{seed}".replace(", ", "-").replace(" ", "-")
            train_and_measure(split, table_spec(row), seed, folder, name)
            model = load_model(folder / f"{name}.safetensors", split)
            values[row].append(per_user(model, split, probes=PROBES[row]).tolist())
    return values


def run(folder: Path) -> dict[str, Any]:
    """Train and measure everything; resumable.

    Returns:
        {"counts": ..., "EASE": its settings, "people": {way: {model: values}}, "leak": {model: the
        comparison of "later, as many" with "before"}, "before": that of SparCode with the
        two-tower; "p, Holm" is for all of these together}.
    """
    split = data.movielens_100k().split()
    linear = Rows(split, folder).result("ease", 0)["chosen"]
    people = {
        way: measure(cut_in_time(split, way), folder, way, linear)
        for way in progress(WAYS, desc="leak")
    }
    before, later = (
        {model: np.array(values) for model, values in people[way].items()}
        for way in (WAYS[0], WAYS[2])
    )
    pairs = [(values, before[model]) for model, values in later.items()]
    pairs.append((before["sparcode"], before["two-tower"]))
    *leaks, side = together([compare(*pair) for pair in pairs])
    return {
        "counts": counts(split), "EASE": linear, "people": people,
        "leak": dict(zip(later, leaks, strict=True)), "before": side,
    }  # fmt: skip


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "data": "MovieLens-100K", "share": SHARE, "validation": VALIDATION, "seeds": list(SEEDS),
        "draw": DRAW, "probes": PROBES, "EASE": GRIDS["ease"],
        "models": {row: {"ways": list(ways), **table_spec(row)} for row, ways in TRAINED.items()},
    }  # fmt: skip
