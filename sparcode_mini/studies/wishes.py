"""Wishes beside a history: exact lists, constants and filters against vectors, at equal bytes.

Which pays for "a comedy, or something with 'star' in the title, and no horror"? All models start
from the table's two-tower (or its SparCode, for "all lists"), one for each seed; what it says of a
history is frozen. All get the same logs. What differs is how labels reach the items: see
`wishing.models`. Five settings:

    plain        every label is known
    logs         a third of the labels is hidden from the models, but people chose by them
    hidden       a third is hidden from everybody; only the test knows
    logs, noise  the same, but 20% of the clicks ignore the wish: a count may be wrong
    item codes   a wish is for films like another one: with a code of its vector (`item_codes`)

Labels are genres, decades and words of titles of at least three films, without stop words. Logs
are simulated: every prefix of a history is drawn several times, with other wishes. Rates and
options are chosen on validation with a seed that no result is of.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import data
from sparcode_mini.evaluation.paired import compare, together
from sparcode_mini.model.load import load_model
from sparcode_mini.studies.tuning import climb
from sparcode_mini.studies.wishing import queries
from sparcode_mini.studies.wishing.bench import EPOCHS, Bench, TooLarge, common_config
from sparcode_mini.studies.wishing.item_codes import CODES, SIMILAR, codes_of_items
from sparcode_mini.studies.wishing.kinds import (
    AS_WIDE,
    BEST_MATCH,
    CONSTANT,
    COUNTED,
    ENTRIES,
    KIND_NAMES,
    KINDS,
    MAIN,
    ONE,
    PAIRS,
    TOWER,
    WITH_ALL,
)
from sparcode_mini.studies.wishing.queries import NOISY
from sparcode_mini.tools.progress import progress

SEEDS, TUNING_SEED = (0, 1, 2, 3, 4), 100  # no result is of the second
LIMITS = (30_000, 60_000, 110_000)  # bytes of the item side
TUNED_ON, SIZED, COUNTING = "logs", ("lr", "hidden", "vectors"), ("least", "doubt")
FEW = 3  # seeds of all cases but the smallest limit of WITH_ALL
CASES = {
    "plain": LIMITS[:1], "logs": LIMITS, "hidden": LIMITS[:1], NOISY: LIMITS[:1],
    SIMILAR: LIMITS[:1],
}  # fmt: skip
# One more training, so short that a test can repeat it.
CHEAP: dict[str, Any] = {
    "setting": "plain", "name": CONSTANT, "limit": LIMITS[0], "epochs": 1,
    "point": {"lr": 1e-2, "constant": 15.0, "least": 1},
}  # fmt: skip
LONGER = 24  # epochs, for vectors alone: would more close the gap?


def tuned(
    bench: Bench, name: str, setting: str = TUNED_ON, limit: int = LIMITS[0]
) -> dict[str, Any]:
    """Return what validation likes best, by a walk along one axis after the other.

    Everything is chosen in the setting TUNED_ON at the smallest limit; at larger ones the axes
    SIZED are walked again, and in other settings COUNTING, from the fewest clicks on whose labels
    fit.
    """
    grid = KINDS[name].grid
    if (setting, limit) == (TUNED_ON, LIMITS[0]):
        places, axes = {axis: grid[axis].start for axis in grid}, tuple(grid)
    else:
        chosen = tuned(bench, name)
        places = {axis: grid[axis].values.index(chosen[axis]) for axis in grid}
        axes = SIZED if setting == TUNED_ON else COUNTING * bench.worlds[setting].counts
    for axis in (axis for axis in axes if axis in grid):

        def score(place: tuple[int, ...], axis: str = axis) -> float:
            point = {a: grid[a].values[p] for a, p in {**places, axis: place[0]}.items()}
            try:
                return float(bench.result(setting, name, limit, point)["validation"])
            except TooLarge:
                return -math.inf

        last = len(grid[axis].values) - 1
        while places[axis] < last and score((places[axis],)) == -math.inf:
            places[axis] += 1
        (places[axis],), _ = climb((places[axis],), (len(grid[axis].values),), score)
    return {axis: grid[axis].values[place] for axis, place in places.items()}


def run(folder: Path) -> dict[str, Any]:
    """Train and measure everything; resumable.

    Returns:
        {"cheap": the training that a test repeats, "runs": one entry for each training that
        counts, "compared": the differences of PAIRS, of constants and vectors that were trained
        LONGER, and of trained entries AS_WIDE as the constants}.
    """
    ratings = data.movielens_100k()
    split, worlds = ratings.split(), queries.worlds(queries.labels_of_films(ratings))
    tuning = Bench(split, folder, TUNING_SEED, worlds)
    tuning.train(TOWER)
    worlds[SIMILAR] = codes_of_items(load_model(tuning.path(TOWER), split))
    benches = [Bench(split, folder, seed, worlds) for seed in SEEDS]
    few = benches[:FEW]
    runs: list[dict[str, Any]] = []
    compared: list[dict[str, Any]] = []
    cases = [(setting, limit) for setting, limits in CASES.items() for limit in limits]
    for setting, limit in progress(cases, desc="wishes"):
        names, some = kinds_of(setting, limit), benches[: seeds_of(setting, limit)]
        results = {name: train(tuning, some, setting, name, limit) for name in names}
        runs += summaries(some, results)
        pairs = [pair for pair in PAIRS if set(pair) <= set(results)]
        compared += differences(results, setting, limit, pairs)
        if all_kinds(setting, limit):
            constants = results[CONSTANT][:FEW]
            wide = as_wide(tuning, few, setting, constants)
            runs += [{**one, "kind": AS_WIDE} for one in summaries(few, {ENTRIES: wide})]
            both = {AS_WIDE: wide, CONSTANT: constants}
            compared += differences(both, setting, limit, [(AS_WIDE, CONSTANT)])
    longer = {
        name: train(tuning, few, TUNED_ON, name, LIMITS[0], LONGER) for name in (ONE, BEST_MATCH)
    }
    runs += summaries(few, longer)
    longer[CONSTANT] = train(tuning, few, TUNED_ON, CONSTANT, LIMITS[0])
    compared += differences(longer, TUNED_ON, LIMITS[0], [(CONSTANT, n) for n in (ONE, BEST_MATCH)])
    cheap = benches[0].summary(benches[0].result(**CHEAP))
    return {"cheap": cheap, "runs": runs, "compared": together(compared)}


def all_kinds(setting: str, limit: int) -> bool:
    """Return whether a case has every kind of model, and every seed."""
    return setting in WITH_ALL and limit == LIMITS[0]


def seeds_of(setting: str, limit: int) -> int:
    """Return how many seeds a case has."""
    return len(SEEDS) if all_kinds(setting, limit) else FEW


def kinds_of(setting: str, limit: int) -> tuple[str, ...]:
    """Return the kinds of models that are compared in a setting at a size."""
    if limit > LIMITS[0] or setting == SIMILAR:
        return (ONE, BEST_MATCH, CONSTANT)
    return KIND_NAMES if all_kinds(setting, limit) else (*MAIN, *(COUNTED,) * (setting == NOISY))


def train(
    tuning: Bench,
    benches: Sequence[Bench],
    setting: str,
    name: str,
    limit: int,
    epochs: int = EPOCHS,
) -> list[dict[str, Any]]:
    """Train a kind of model with every seed, as validation with the seed of tuning chose."""
    size, point = sized(tuning, name, setting, limit)
    results = [bench.result(setting, name, size, point, epochs) for bench in benches]
    return [{**result, "limit": limit} for result in results]


def sized(bench: Bench, name: str, setting: str, limit: int) -> tuple[int, dict[str, Any]]:
    """Return which of LIMITS, up to `limit`, to fill, and the options there.

    A wide model fits the logs closely, so less than the limit may be better.
    """
    points = {size: tuned(bench, name, setting, size) for size in LIMITS if size <= limit}

    def score(size: int) -> float:
        return float(bench.result(setting, name, size, points[size])["validation"])

    best = max(points, key=score)
    return best, points[best]


def as_wide(
    tuning: Bench, benches: Sequence[Bench], setting: str, constants: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Train entries beside as many numbers for the history as the constants have: more bytes."""
    point = tuned(tuning, ENTRIES, setting)
    return [
        bench.result(setting, ENTRIES, LIMITS[0], point, width=one["width"])
        for bench, one in zip(benches, constants, strict=True)
    ]


def summaries(
    benches: Sequence[Bench], results: dict[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Return `Bench.summary` of every seed of every kind."""
    return [
        bench.summary(one)
        for same in results.values()
        for bench, one in zip(benches, same, strict=True)
    ]


def differences(
    results: dict[str, list[dict[str, Any]]],
    setting: str,
    limit: int,
    pairs: Sequence[tuple[str, str]],
) -> list[dict[str, Any]]:
    """Compare the pairs of kinds, NDCG@10 of each person with each seed."""
    people_of = {
        name: np.array([one["people"]["ndcg@10"] for one in same]) for name, same in results.items()
    }  # (seeds, people) each
    return [
        {"setting": setting, "limit": limit, "pair": [first, second],
         "epochs": results[second][0]["epochs"],
         **compare(people_of[first], people_of[second], same_seeds=True)}
        for first, second in pairs
    ]  # fmt: skip


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "data": "MovieLens-100K", **common_config(),
        "codes": CODES, "epochs": [EPOCHS, LONGER], "cheap": CHEAP,
        "seeds": list(SEEDS), "few seeds": FEW, "tuning seed": TUNING_SEED,
        "cases": {s: list(c) for s, c in CASES.items()},
        "tuned on": TUNED_ON, "sized": list(SIZED), "counting": list(COUNTING),
        "main": MAIN, "with all": WITH_ALL,
        "histories": {name: kind.history for name, kind in KINDS.items()},
        "grids": {
            n: {axis: list(a.values) for axis, a in kind.grid.items()} for n, kind in KINDS.items()
        },
    }  # fmt: skip
