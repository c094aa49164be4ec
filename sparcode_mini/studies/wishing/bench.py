"""Everything that trainings of wishes share: worlds, test wishes, frozen models, one result."""

import functools
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sparcode_mini.data.labels import Labels
from sparcode_mini.data.split import Split
from sparcode_mini.model.load import load_model
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.studies.wishing import queries
from sparcode_mini.studies.wishing.item_codes import CODES, SIMILAR
from sparcode_mini.studies.wishing.kinds import KINDS, TOWER, Kind
from sparcode_mini.studies.wishing.models import FILTER, SPARE
from sparcode_mini.studies.wishing.queries import Log, World, draw_log, draw_queries, of_people
from sparcode_mini.studies.wishing.training import (
    BATCH,
    TEACH_RATE,
    TEACH_STEPS,
    Frozen,
    FrozenLists,
    FrozenVectors,
    Steps,
    fit_wishes,
    measured,
    parts,
)
from sparcode_mini.tools.files import file_digest, remembered

EPOCHS = 8
OF_OTHERS = ("lr", "least", "doubt")  # options of training and of counting, not of a model
QUERY_SEED, LOGS = 7, EPOCHS  # logs that are counted to complete labels


class TooLarge(ValueError):
    """Labels that leave no byte for the history."""


class Bench:
    """Everything that trainings of one seed share.

    Args:
        split: the data.
        folder: of the trained models, and of results.
        seed: of the models.
        worlds: the settings.
    """

    def __init__(self, split: Split, folder: Path, seed: int, worlds: dict[str, World]) -> None:
        self.split, self.folder, self.seed, self.worlds = split, folder, seed, worlds
        self.read: dict[str, Frozen] = {}

    def frozen(self, row: str) -> Frozen:
        """Return what a model of the table says of every history; it is trained if need be."""
        if row not in self.read:
            self.train(row)
            model = load_model(self.path(row), self.split)
            self.read[row] = (FrozenVectors if row == TOWER else FrozenLists)(model, self.split)
        return self.read[row]

    def train(self, row: str) -> None:
        """Train a row of the table, unless the folder has it."""
        name = f"{row}-{self.seed}"
        train_and_measure(self.split, table_spec(row), self.seed, self.folder, name)

    def path(self, row: str) -> Path:
        """Return the file of the model of a row."""
        return self.folder / f"{row}-{self.seed}.safetensors"

    def logs(self, world: World) -> list[Log]:
        """Return the logs that are counted."""
        rng = np.random.default_rng(self.seed)
        return [draw_log(self.split, world.chosen_by, rng, world.noise) for _ in range(LOGS)]

    def known(self, world: World, least: int) -> Labels:
        """Return the labels that models start from: those known, and those that logs show."""
        return (
            queries.complete(world.known, self.logs(world), least) if world.counts else world.known
        )

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
        made_from = file_digest(self.path(row))
        question = {"config": common_config(), "data": self.split.fingerprint, **head}
        question |= {"history": made_from}
        world = self.worlds[setting]
        if setting == SIMILAR:  # the only labels that a model made
            question |= {"codes": CODES, "labels": sha256(world.known.holds.tobytes()).hexdigest()}
        make = functools.partial(self._result, world, KINDS[name], limit, point, epochs, width)
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
        options = {k: v for k, v in point.items() if k not in OF_OTHERS}
        frozen = self.frozen(kind.history)
        known = self.known(world, point["least"])
        width = width or widest(kind, frozen, known, limit, options)
        start = frozen.start(width, known)
        if "doubt" in point:
            sure = queries.sureness(world.known, self.logs(world), point["doubt"])
            start = start._replace(sure=sure)
        model = kind.model(start, self.seed, **options)
        steps = Steps(point["lr"], epochs, world.noise)
        # What is chosen is chosen by wishes that people of this setting can have.
        judged = draw_queries(self.split, world.chosen_by, "validation", QUERY_SEED)
        began = time.perf_counter()
        scores = fit_wishes(model, frozen, world.chosen_by, judged, steps, self.seed)
        tests = draw_queries(self.split, world.tested, "test", QUERY_SEED)
        each = measured(model, frozen, tests)
        return {
            **point, "width": width, "bytes": model.nbytes(), "validation": max(scores),
            "best epoch": int(np.argmax(scores)), "seconds": time.perf_counter() - began,
            "people": {m: of_people(values, tests).tolist() for m, values in each.items()},
            "by kind": queries.by_kind(each["ndcg@10"], tests, world.tested),
        }  # fmt: skip

    def summary(self, one: dict[str, Any]) -> dict[str, Any]:
        """Return a result without its people: their means, and the mean numbers "read" for each.

        Numbers that a query reads stand for its latency; at this size the clock shows little else
        than the calls of the library.
        """
        kind, world = KINDS[one["kind"]], self.worlds[one["setting"]]
        frozen, known = self.frozen(kind.history), self.known(world, one["least"])
        options = {axis: one[axis] for axis in kind.grid if axis not in OF_OTHERS}
        model = kind.model(frozen.start(one["width"], known), self.seed, **options)
        tests = draw_queries(self.split, world.tested, "test", QUERY_SEED)
        with torch.no_grad():
            read = torch.cat([model.reads(*part) for part in parts(frozen, tests)])  # (n,)
        means = {name: float(np.mean(values)) for name, values in one["people"].items()}
        kept = {key: value for key, value in one.items() if key != "people"}
        return kept | means | {"read": float(read.mean())}


def widest(kind: Kind, frozen: Frozen, known: Labels, limit: int, options: dict[str, Any]) -> int:
    """Return the largest width whose model takes at most `limit` bytes.

    Raises:
        TooLarge: even one number an item takes more.
    """

    def size(width: int) -> int:
        return kind.model(frozen.start(width, known), 0, **options).nbytes()

    low, high = 0, frozen.widest  # bytes grow with the width
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(middle) <= limit else (low, middle - 1)
    if low == 0:
        raise TooLarge(f"a model takes more than {limit} bytes at width 1")
    return low


def common_config() -> dict[str, Any]:
    """Return what decides every result."""
    return {
        **queries.settings(), "batch": BATCH, "filter": FILTER, "spare": SPARE,
        "teach": [TEACH_STEPS, TEACH_RATE],
        "query seed": QUERY_SEED, "logs": LOGS,
    }  # fmt: skip
