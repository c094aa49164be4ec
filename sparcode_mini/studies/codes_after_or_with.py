"""Codes made after training against codes learnt with the model, at equal bytes.

The trunk is the two-tower of the table. Its item vectors (as in product quantisation for search) or
its query vectors (as in SparCode) get codes.

    after        k-means in one of the four frames of `common.coded_tower`; nothing is trained
    with         the model is trained with its codes for a few epochs more, the tail:
      VQ         k-means start in the plain frame, EMA, commitment, straight-through
      VQ, best   the same in the frame that is best afterwards
      JPQ        codes of the items as they are best afterwards, and fixed; the ranking loss trains
                 codewords and query encoder (Zhan et al. 2021, arXiv 2108.00644)

Frame, way, and learning rate of the tail are chosen by validation. A tail without codes is measured
too, so that more epochs alone can't look like a gain of the codes.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, holm, per_user
from sparcode_mini.model.load import load_model
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.studies.common.coded_tower import BETA, FRAMES, CodedTwoTower, bytes_stored
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.tools.files import remembered
from sparcode_mini.tools.progress import progress
from sparcode_mini.training.fit import fit

SIDES: dict[str, list[tuple[int, int]]] = {  # (M, N)
    "items": [(1, 16), (4, 16), (8, 16), (16, 16)],
    "queries": [(1, 128), (2, 32)],
}
VQ, VQ_BEST, JPQ, NOTHING = "VQ", "VQ, best", "JPQ", "no codes"
WITH = {"items": (VQ, VQ_BEST, JPQ), "queries": (VQ, VQ_BEST)}
SEEDS = (0, 1, 2)
RATES = (3e-4, 1e-3, 3e-3)  # of the tail; chosen for each size and way, with the first seed
BIG: dict[str, Any] = {"trunk": table_spec("two-tower"), "tail": {"epochs": 3, "warmup": 10}}
# The entry that a test runs again: too small to be good, quick enough to repeat.
CHEAP: dict[str, Any] = {
    "trunk": {
        "class": "TwoTower",
        "model": {"token_dim": 8, "history_len": 20},
        "fit": {"epochs": 1, "max_positions": 50},
    },
    "tail": {"epochs": 1, "warmup": 10, "max_positions": 50},
}
CHEAP_JOBS = (("weighted", "weighted", 0.0), (JPQ, "weighted", 1e-3))  # way, frame, rate


class Job(NamedTuple):
    """One way to give one side of one trunk codes."""

    side: str
    M: int
    N: int
    way: str  # a frame, or one of WITH, or NOTHING
    frame: str
    seed: int
    rate: float = 0.0  # of the tail; 0 for none

    @property
    def file(self) -> str:
        """Return the name of its file."""
        parts = [self.side, f"M{self.M}", f"N{self.N}", self.way, self.frame, str(self.seed)]
        name = "-".join([*parts, f"{self.rate:g}"])
        return name.replace(", ", "-").replace(" + ", "-").replace(" ", "-") + ".json"


class Towers:
    """Trained two-towers, and what was measured of their codes; both are kept in a folder.

    Args:
        split: the data.
        folder: of models and measurements.
        size: which trunk, and which tail.
        name: of the trunks' files.
    """

    def __init__(self, split: Split, folder: Path, size: dict[str, Any], name: str) -> None:
        self.split, self.folder, self.size, self.name = split, folder, size, name

    def measured(self, job: Job) -> dict[str, Any]:
        """Return what a job gives.

        Returns:
            "validation" and "people" (NDCG@50 on test), "lost" (share of variance; None where codes
            do not stand for the vectors any more: JPQ, or where there are none), "seconds" (tail).
        """
        question = {"size": self.size, "beta": BETA, **job._asdict()}
        make = functools.partial(self._measure, job)
        row: dict[str, Any] = remembered(self.folder / job.file, question, make, indent=None)
        return row

    def trunk(self, seed: int) -> TwoTower:
        """Return the trunk of a seed, which is trained if the folder lacks it."""
        file = f"{self.name}-{seed}"
        train_and_measure(self.split, self.size["trunk"], seed, self.folder, file)
        model: TwoTower = load_model(self.folder / f"{file}.safetensors", self.split)
        return model

    def _measure(self, job: Job) -> dict[str, Any]:
        model, seconds = self.trunk(job.seed), 0.0
        if job.way != NOTHING:
            options = self.size["trunk"]["model"] | {"seed": job.seed, "fixed": job.way == JPQ}
            coded = CodedTwoTower(self.split, job.side, job.M, job.N, **options)
            coded.load_state_dict(model.state_dict(), strict=False)
            model = coded.start(job.frame, job.seed)
        if job.rate:
            log = fit(model, self.split, seed=job.seed, lr=job.rate, **self.size["tail"])
            if log.interrupted:
                raise KeyboardInterrupt
            seconds = log.seconds
        return {
            "validation": float(per_user(model, self.split, "validation").mean()),
            "people": per_user(model, self.split).tolist(),
            "lost": model.lost() if isinstance(model, CodedTwoTower) and not model.fixed else None,
            "seconds": seconds,
        }


def best(names: tuple[str, ...], rows: Callable[[str], list[dict[str, Any]]]) -> str:
    """Return the name whose rows have the best mean on validation."""
    return max(names, key=lambda name: fmean(row["validation"] for row in rows(name)))


class Setting:
    """One side with one size of codes: all ways and seeds, and what validation prefers."""

    def __init__(self, towers: Towers, side: str, M: int, N: int) -> None:
        self.towers, self.side, self.M, self.N = towers, side, M, N
        self.frame = best(FRAMES, self.after)

    def after(self, frame: str) -> list[dict[str, Any]]:
        """Return the rows of a frame, one for each seed."""
        return [self.towers.measured(self._job(frame, frame, seed)) for seed in SEEDS]

    def tail(self, way: str, seed: int, rate: float) -> dict[str, Any]:
        """Return the row of one tail."""
        frame = "plain" if way == VQ else self.frame
        return self.towers.measured(self._job(way, frame, seed, rate))

    def _job(self, way: str, frame: str, seed: int, rate: float = 0.0) -> Job:
        return Job(self.side, self.M, self.N, way, frame, seed, rate)

    def tried(self, way: str) -> list[float]:
        """Return the validation of a way at each of RATES."""
        return [float(self.tail(way, SEEDS[0], rate)["validation"]) for rate in RATES]

    def result(self) -> dict[str, Any]:
        """Return all rows of the setting without people, and the comparisons."""
        rows = {frame: self.after(frame) for frame in FRAMES}
        tried = {way: self.tried(way) for way in WITH[self.side]}
        for way, validation in tried.items():
            rate = RATES[int(np.argmax(validation))]
            rows[way] = [self.tail(way, seed, rate) for seed in SEEDS]
        winner = best(WITH[self.side], rows.__getitem__)
        values = {way: np.array([row["people"] for row in each]) for way, each in rows.items()}
        pairs = {(winner, self.frame), (VQ, self.frame), (VQ, "plain")}
        model = self.towers.trunk(SEEDS[0])
        size = (self.side, self.M, self.N, model.n_items, model.config.token_dim)
        return {
            "side": self.side, "M": self.M, "N": self.N, "bytes": bytes_stored(*size),
            "after": self.frame, "with": winner, "tried": tried,
            "ways": {way: [plain_row(row) for row in each] for way, each in rows.items()},
            "comparisons": [
                {"a": a, "b": b, **compare(values[a], values[b], same_seeds=True)}
                for a, b in sorted(pairs)
            ],
        }  # fmt: skip


def plain_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the mean of its people in their place."""
    return {key: value for key, value in row.items() if key != "people"} | {
        "test": fmean(row["people"])
    }


def config() -> dict[str, Any]:
    """Return everything that decides the study's numbers."""
    return {
        "data": "MovieLens-100K", "seeds": list(SEEDS), **BIG, "beta": BETA,
        "sides": {side: [list(pair) for pair in pairs] for side, pairs in SIDES.items()},
        "frames": list(FRAMES), "with": {side: list(ways) for side, ways in WITH.items()},
        "rates": list(RATES), "chosen by": "validation ndcg@50", "cheap": CHEAP,
    }  # fmt: skip


def run(folder: Path) -> dict[str, Any]:
    """Train and measure everything (about 25 minutes of one core beside the trunks); resumable.

    Returns:
        {"plain": the trunk of each seed, and the first with a tail without codes, "settings": [one
        for each side and size; its p values are adjusted over all (Holm)], "cheap": the rows that a
        test repeats}.
    """
    split = data.movielens_100k().split()
    towers = Towers(split, folder, BIG, "two-tower")
    jobs = [(side, M, N) for side, pairs in SIDES.items() for M, N in pairs]
    settings = [Setting(towers, *job).result() for job in progress(jobs, desc="after or with")]
    every = [comparison for setting in settings for comparison in setting["comparisons"]]
    for comparison, p in zip(every, holm([one["p"] for one in every]), strict=True):
        comparison["p"] = p
    return {"plain": plain(towers), "settings": settings, "cheap": cheap(split, folder)}


def plain(towers: Towers) -> list[dict[str, Any]]:
    """Measure the trunks, and the first one after each tail without codes."""
    jobs = [(seed, 0.0) for seed in SEEDS] + [(SEEDS[0], rate) for rate in RATES]
    rows = []
    for seed, rate in jobs:
        job = Job("items", 0, 0, NOTHING, "plain", seed, rate)
        rows.append({"seed": seed, "rate": rate, **plain_row(towers.measured(job))})
    return rows


def cheap(split: Split, folder: Path) -> list[dict[str, Any]]:
    """Train and measure the entries that a test repeats."""
    towers = Towers(split, folder, CHEAP, "cheap")
    jobs = [Job("items", 2, 16, way, frame, 0, rate) for way, frame, rate in CHEAP_JOBS]
    return [{"way": job.way, **plain_row(towers.measured(job))} for job in jobs]
