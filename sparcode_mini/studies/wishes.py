"""Wishes beside a history: exact lists, constants and filters against vectors, at equal bytes.

Which pays for "a comedy, or something with 'star' in the title, and no horror"? All models start
from the table's two-tower (or its SparCode, for "all lists"), one for each seed; what it says of a
history is frozen. All get the same logs. What differs is how labels reach the items: see
`wishing.models`. Four settings:

    plain     every label is known
    logs      a third of the labels is hidden from the models, but people chose by them
    hidden    a third is hidden from everybody; only the test knows
    noise     20% of the logged clicks ignore the wish

Labels are genres, decades and words of titles of at least three films. Rates and options are chosen
on validation with a seed that no result is of.
"""

import functools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.labels import Labels
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, holm
from sparcode_mini.model.load import load_model
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.studies.wishing import queries
from sparcode_mini.studies.wishing.kinds import (
    BEST_MATCH,
    CONSTANT,
    ENTRIES,
    KINDS,
    MAIN,
    ONE,
    PAIRS,
    TOWER,
    WITH_ALL,
    Kind,
)
from sparcode_mini.studies.wishing.models import FILTER, SPARE
from sparcode_mini.studies.wishing.queries import World, draw_log, draw_queries
from sparcode_mini.studies.wishing.training import (
    BATCH,
    TEACH_RATE,
    TEACH_STEPS,
    Frozen,
    FrozenLists,
    FrozenVectors,
    Steps,
    fit_wishes,
    people,
)
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

SEEDS, TUNING_SEED = (0, 1, 2, 3, 4), 100  # no result is of the second
LIMITS = (30_000, 60_000, 110_000)  # bytes of the item side
TUNED_ON = "logs"
CASES = {"plain": LIMITS[:1], "logs": LIMITS, "hidden": LIMITS[:1], "noise": LIMITS[:1]}
EPOCHS, LONGER = 8, 24  # the second for vectors alone: would more training close the gap?
QUERY_SEED, LOGS = 7, EPOCHS  # logs that are counted to complete labels


class Bench:
    """Everything that trainings of one seed share.

    Args:
        split: the data.
        folder: of the trained models, and of results.
        seed: of the models.
        labels: all of them.
    """

    def __init__(self, split: Split, folder: Path, seed: int, labels: Labels) -> None:
        self.split, self.folder, self.seed, self.labels = split, folder, seed, labels
        self.worlds = queries.worlds(labels)
        self.tests = draw_queries(split, labels, "test", QUERY_SEED)
        self.read: dict[str, Frozen] = {}

    def frozen(self, row: str) -> Frozen:
        """Return what a model of the table says of every history; it is trained if need be."""
        if row not in self.read:
            self.train(row)
            model = load_model(self.folder / f"{self.file(row)}.safetensors", self.split)
            self.read[row] = (FrozenVectors if row == TOWER else FrozenLists)(model, self.split)
        return self.read[row]

    def train(self, row: str) -> None:
        """Train a row of the table, unless the folder has it."""
        train_and_measure(self.split, table_spec(row), self.seed, self.folder, self.file(row))

    def file(self, row: str) -> str:
        """Return the name of the files of a row."""
        return f"{row}-{self.seed}"

    def known(self, world: World, least: int) -> Labels:
        """Return the labels that models start from: those known, and those that logs show."""
        rng = np.random.default_rng(self.seed)
        logs = [draw_log(self.split, world.chosen_by, rng, world.noise) for _ in range(LOGS)]
        return queries.complete(world.known, logs, least)

    def result(
        self,
        setting: str,
        name: str,
        limit: int,
        point: dict[str, Any],
        epochs: int = EPOCHS,
        width: int | None = None,
    ) -> dict[str, Any]:
        """Train and measure one model (unless the folder has it); None is the widest that fits."""
        size = limit if width is None else f"width{width}"
        tag = "-".join(f"{value}" for value in (*point.values(), epochs))
        file = f"wishes-{setting}-{name}-{size}-{tag}-{self.seed}.json".replace(" ", "")
        head: dict[str, Any] = {"setting": setting, "kind": name, "limit": limit, "seed": self.seed}
        head |= {"epochs": epochs} | ({} if width is None else {"width": width})
        self.train(row := KINDS[name].history)
        made_from = file_digest(self.folder / f"{self.file(row)}.safetensors")
        question = {"config": common_config(), "data": self.split.fingerprint, **head}
        question |= {"history": made_from}
        make = functools.partial(
            self._result, self.worlds[setting], KINDS[name], limit, point, epochs, width
        )
        done: dict[str, Any] = remembered(self.folder / file, question | point, make, None)
        return head | done

    def _result(
        self,
        world: World,
        kind: Kind,
        limit: int,
        point: dict[str, Any],
        epochs: int,
        width: int | None,
    ) -> dict[str, Any]:
        options = {k: v for k, v in point.items() if k not in ("lr", "least")}
        frozen = self.frozen(kind.history)
        known = self.known(world, point["least"])
        width = width or widest(kind, frozen, known, limit, options)
        model = kind.model(frozen.start(width, known), self.seed, **options)
        steps = Steps(point["lr"], epochs, world.noise)
        # What is chosen is chosen by wishes that people of this setting can have.
        judged = draw_queries(self.split, world.chosen_by, "validation", QUERY_SEED)
        began = time.perf_counter()
        scores = fit_wishes(model, frozen, world.chosen_by, judged, steps, self.seed)
        each = people(model, frozen, self.tests)
        return {
            **point, "width": width, "bytes": model.nbytes(), "validation": max(scores),
            "best epoch": int(np.argmax(scores)), "seconds": time.perf_counter() - began,
            "people": {measure: values.tolist() for measure, values in each.items()},
        }  # fmt: skip


def widest(kind: Kind, frozen: Frozen, known: Labels, limit: int, options: dict[str, Any]) -> int:
    """Return the largest width whose model takes at most `limit` bytes.

    Raises:
        ValueError: even one number an item takes more.
    """

    def size(width: int) -> int:
        return kind.model(frozen.start(width, known), 0, **options).nbytes()

    low, high = 0, frozen.widest  # bytes grow with the width
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(middle) <= limit else (low, middle - 1)
    if low == 0:
        raise ValueError(f"a model takes more than {limit} bytes at width 1")
    return low


def tuned(bench: Bench, name: str, setting: str = TUNED_ON) -> dict[str, Any]:
    """Return what validation likes best at the smallest limit, one axis after the other.

    Everything is chosen in the setting TUNED_ON; how many clicks make a label, in each setting.
    """
    grid = KINDS[name].grid
    chosen = {axis: values[0] for axis, values in grid.items()}
    axes = list(grid)
    if setting != TUNED_ON:
        chosen, axes = tuned(bench, name), [axis for axis in ("least",) if axis in grid]

    def score(point: dict[str, Any]) -> float:
        return float(bench.result(setting, name, LIMITS[0], point)["validation"])

    for axis in axes if bench.worlds[setting].counts else ():
        chosen = max(({**chosen, axis: value} for value in grid[axis]), key=score)
    return chosen


def run(folder: Path) -> dict[str, Any]:
    """Train and measure everything; resumable.

    Returns:
        {"runs": one entry for each training that counts, "compared": the differences of PAIRS, of
        constants and vectors that were trained LONGER, and of trained entries beside as many
        numbers for the history as constants have ("same width")}.
    """
    ratings = data.movielens_100k()
    split, labels = ratings.split(), queries.labels_of_films(ratings)
    tuning = Bench(split, folder, TUNING_SEED, labels)
    benches = [Bench(split, folder, seed, labels) for seed in SEEDS]
    runs, compared = [], []
    cases = [(setting, limit) for setting, limits in CASES.items() for limit in limits]
    for setting, limit in progress(cases, desc="wishes"):
        names = KINDS if limit == LIMITS[0] and setting in WITH_ALL else MAIN
        results = {name: train(tuning, benches, setting, name, limit) for name in names}
        runs += [summary(one) for same in results.values() for one in same]
        pairs = [pair for pair in PAIRS if set(pair) <= set(results)]
        compared += differences(results, setting, limit, pairs)
        if limit == LIMITS[0] and setting in WITH_ALL:
            wide = as_wide(tuning, benches, setting, results[CONSTANT])
            runs += [summary(one) for one in wide]
            (one,) = differences({**results, ENTRIES: wide}, setting, limit, [(ENTRIES, CONSTANT)])
            compared.append({**one, "same width": True})
    longer = {
        name: train(tuning, benches, TUNED_ON, name, LIMITS[0], LONGER)
        for name in (ONE, BEST_MATCH)
    }
    runs += [summary(one) for same in longer.values() for one in same]
    longer[CONSTANT] = train(tuning, benches, TUNED_ON, CONSTANT, LIMITS[0])
    compared += differences(longer, TUNED_ON, LIMITS[0], [(CONSTANT, n) for n in (ONE, BEST_MATCH)])
    for row, adjusted in zip(compared, holm([row["p"] for row in compared]), strict=True):
        row["p, Holm"] = adjusted
    return {"runs": runs, "compared": compared}


def train(
    tuning: Bench,
    benches: Sequence[Bench],
    setting: str,
    name: str,
    limit: int,
    epochs: int = EPOCHS,
) -> list[dict[str, Any]]:
    """Train a kind of model with every seed, as validation with the seed of tuning chose."""
    point = tuned(tuning, name, setting)
    return [bench.result(setting, name, limit, point, epochs) for bench in benches]


def as_wide(
    tuning: Bench, benches: Sequence[Bench], setting: str, constants: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Train entries beside as many numbers for the history as the constants have: more bytes."""
    point = tuned(tuning, ENTRIES, setting)
    return [
        bench.result(setting, ENTRIES, LIMITS[0], point, width=one["width"])
        for bench, one in zip(benches, constants, strict=True)
    ]


def summary(one: dict[str, Any]) -> dict[str, Any]:
    """Return a result without its people, but with their means."""
    means = {name: float(np.mean(values)) for name, values in one["people"].items()}
    return {key: value for key, value in one.items() if key != "people"} | means


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


def common_config() -> dict[str, Any]:
    """Return what decides every result."""
    return {
        **queries.settings(), "batch": BATCH, "filter": FILTER, "spare": SPARE,
        "teach": [TEACH_STEPS, TEACH_RATE],
        "query seed": QUERY_SEED, "logs": LOGS,
    }  # fmt: skip


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return {
        "data": "MovieLens-100K", **common_config(),
        "epochs": [EPOCHS, LONGER], "seeds": list(SEEDS), "tuning seed": TUNING_SEED,
        "cases": {s: list(c) for s, c in CASES.items()},
        "tuned on": TUNED_ON, "main": MAIN, "with all": WITH_ALL,
        "histories": {name: kind.history for name, kind in KINDS.items()},
        "grids": {n: {k: list(v) for k, v in kind.grid.items()} for n, kind in KINDS.items()},
    }  # fmt: skip
