"""Codes made after training or learnt with the model, at equal bytes and equal training.

The trunk is the two-tower of the table. Its item vectors (as in product quantisation for search) or
its query vectors (as in SparCode) get codes. Both ways train it for a few epochs more, the tail:

    after        the tail without codes, then k-means in one of the four frames of
                 `common.coded_tower`
    with         codes, then the tail with them:
      VQ         k-means start in the plain frame, EMA, commitment, straight-through
      VQ, best   the same in the frame that is best afterwards
      JPQ        codes of the items as they are best afterwards, and fixed; the ranking loss trains
                 codewords and query encoder (Zhan et al. 2021, arXiv 2108.00644)

The learning rate of each tail is chosen on validation with a seed that no figure uses. Frame and
way are chosen by the mean validation of the seeds. A tail also keeps what it began with, where
validation prefers that.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, per_user, together
from sparcode_mini.model.load import load_model
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.studies.common import coded_tower
from sparcode_mini.studies.common.coded_tower import FRAMES, CodedTwoTower, bytes_stored
from sparcode_mini.studies.common.train_and_measure import train_and_measure
from sparcode_mini.studies.table import table_spec
from sparcode_mini.studies.tuning import SEED, climb
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress
from sparcode_mini.training.fit import fit

SIDES: dict[str, list[tuple[int, int]]] = {  # (M, N)
    "items": [(1, 16), (4, 16), (16, 16)],
    "queries": [(1, 128)],  # as the SparCode of the table
}
VQ, VQ_BEST, JPQ, NOTHING = "VQ", "VQ, best", "JPQ", "no codes"
WITH = {"items": (VQ, VQ_BEST, JPQ), "queries": (VQ, VQ_BEST)}
SEEDS = (0, 1, 2)
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)  # of a tail
FIRST_RATE = 2  # position on RATES, where the walk begins
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
    before: float = 0.0  # learning rate of a tail before the codes; 0 for none
    rate: float = 0.0  # of a tail with the codes; 0 for none

    @property
    def file(self) -> str:
        """Return the name of its file, without an ending."""
        parts = [self.side, f"M{self.M}", f"N{self.N}", self.way, self.frame, str(self.seed)]
        name = "-".join([*parts, f"{self.before:g}", f"{self.rate:g}"])
        return name.replace(", ", "-").replace(" + ", "-").replace(" ", "-")


def tail_alone(seed: int, rate: float) -> Job:
    """Return the job that trains a trunk further without codes; at rate 0 the trunk itself."""
    return Job("items", 0, 0, NOTHING, "plain", seed, rate=rate)


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
            "start" (validation of what the tail began with), "tail" (the same after it; None
            without a tail), "validation" (the better one, which is kept), "people" (NDCG@50 on
            test), "lost" (share of variance; None where codes do not stand for the vectors: JPQ,
            or where there are none), "seconds" (of the tail).
        """
        question = {
            "size": self.size, "beta": coded_tower.BETA, "coded": coded_tower.CODED_QUERIES,
            "trunk": file_digest(self.file(job.seed)), "data": self.split.fingerprint,
            "features": self.split.features_fingerprint, **job._asdict(),
        }  # fmt: skip
        make = functools.partial(self._measure, job)
        path = self.folder / f"{job.file}.json"
        row: dict[str, Any] = remembered(path, question, make, indent=None)
        return row

    def file(self, seed: int) -> Path:
        """Return the file of the trunk of a seed, which is trained if the folder lacks it."""
        name = f"{self.name}-{seed}"
        train_and_measure(self.split, self.size["trunk"], seed, self.folder, name)
        return self.folder / f"{name}.safetensors"

    def tailed(self, seed: int, rate: float) -> TwoTower:
        """Return the trunk of a seed after a tail without codes; at rate 0 the trunk itself."""
        path = self.file(seed)
        if rate:
            job = tail_alone(seed, rate)
            self.measured(job)  # which stores the model, too
            path = self.folder / f"{job.file}.safetensors"
        model: TwoTower = load_model(path, self.split)
        return model

    def coded(self, job: Job) -> TwoTower:
        """Return the two-tower of a job before the tail with its codes."""
        model = self.tailed(job.seed, job.before)
        if job.way == NOTHING:
            return model
        options = self.size["trunk"]["model"] | {"seed": job.seed, "fixed": job.way == JPQ}
        coded = CodedTwoTower(self.split, job.side, job.M, job.N, **options)
        return coded.take(model).start(job.frame, job.seed)

    def _measure(self, job: Job) -> dict[str, Any]:
        model, seconds, after = self.coded(job), 0.0, None
        start = kept = self.validation(model)
        if job.rate:
            before = {name: value.clone() for name, value in model.state_dict().items()}
            log = fit(model, self.split, seed=job.seed, lr=job.rate, **self.size["tail"])
            if log.interrupted:
                raise KeyboardInterrupt
            seconds, after = log.seconds, self.validation(model)
            kept = max(start, after)
            if start >= after:
                model.load_state_dict(before)
        if job.way == NOTHING and job.rate:
            model.save(self.folder / f"{job.file}.safetensors")
        return {
            "start": start,
            "tail": after,
            "validation": kept,
            "people": per_user(model, self.split).tolist(),
            "lost": model.lost() if isinstance(model, CodedTwoTower) and not model.fixed else None,
            "seconds": seconds,
        }

    def validation(self, model: TwoTower) -> float:
        """Return NDCG@50 on the validation part."""
        return float(per_user(model, self.split, "validation").mean())


def tuned(validation: Callable[[float], float]) -> dict[float, float]:
    """Walk along RATES until both neighbours are worse.

    Args:
        validation: of the tail at a rate.

    Returns:
        Rate -> validation for all that were tried, ascending.
    """
    _, known = climb((FIRST_RATE,), [len(RATES)], lambda place: validation(RATES[place[0]]))
    return {RATES[i]: score for (i,), score in sorted(known.items())}


def best(names: tuple[str, ...], rows: Callable[[str], list[dict[str, Any]]]) -> str:
    """Return the name whose rows have the best mean on validation."""
    return max(names, key=lambda name: fmean(row["validation"] for row in rows(name)))


class CodedSide:
    """One side with one size of codes: all ways and seeds, and what validation prefers.

    Args:
        towers: trunks and measurements.
        side, M, N: whose vectors get codes, and how many.
        before: learning rate of the tail before codes that are made after training.
    """

    def __init__(self, towers: Towers, side: str, M: int, N: int, before: float) -> None:
        self.towers, self.side, self.M, self.N, self.before = towers, side, M, N, before
        self.frame = best(FRAMES, self.after)

    def after(self, frame: str) -> list[dict[str, Any]]:
        """Return the rows of a frame, one for each seed."""
        jobs = [self._job(frame, frame, seed, before=self.before) for seed in SEEDS]
        return [self.towers.measured(job) for job in jobs]

    def tail(self, way: str, seed: int, rate: float) -> dict[str, Any]:
        """Return the row of one tail with codes."""
        frame = "plain" if way == VQ else self.frame
        return self.towers.measured(self._job(way, frame, seed, rate=rate))

    def _job(self, way: str, frame: str, seed: int, **rates: float) -> Job:
        return Job(self.side, self.M, self.N, way, frame, seed, **rates)

    def tried(self, way: str) -> dict[float, float]:
        """Return the rates of a way with their validation."""
        return tuned(lambda rate: float(self.tail(way, SEED, rate)["tail"]))

    def result(self) -> dict[str, Any]:
        """Return all rows of the setting without people, and the comparisons."""
        rows = {frame: self.after(frame) for frame in FRAMES}
        tried = {way: self.tried(way) for way in WITH[self.side]}
        for way, scores in tried.items():
            rate = max(scores, key=scores.__getitem__)
            rows[way] = [self.tail(way, seed, rate) for seed in SEEDS]
        winner = best(WITH[self.side], rows.__getitem__)
        values = {way: np.array([row["people"] for row in each]) for way, each in rows.items()}
        pairs = {(winner, self.frame), (VQ, self.frame), (VQ, "plain")}
        model = self.towers.tailed(SEEDS[0], 0.0)
        size = (self.side, self.M, self.N, model.n_items, model.config.token_dim)
        return {
            "side": self.side, "M": self.M, "N": self.N, "bytes": bytes_stored(*size),
            "after": self.frame, "with": winner,
            "tried": {way: points(scores) for way, scores in tried.items()},
            "ways": {way: [plain_row(row) for row in each] for way, each in rows.items()},
            "comparisons": [
                {"a": a, "b": b, **compare(values[a], values[b], same_seeds=True)}
                for a, b in sorted(pairs)
            ],
        }  # fmt: skip


def points(scores: dict[float, float]) -> list[dict[str, float]]:
    """Return the rates that were tried as JSON can hold them."""
    return [{"rate": rate, "validation": score} for rate, score in scores.items()]


def plain_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the mean of its people in their place."""
    return {key: value for key, value in row.items() if key != "people"} | {
        "test": fmean(row["people"])
    }


def config() -> dict[str, Any]:
    """Return everything that decides the study's numbers."""
    return {
        "data": "MovieLens-100K", "seeds": list(SEEDS), "seed of rates": SEED, **BIG,
        "beta": coded_tower.BETA, "coded queries": coded_tower.CODED_QUERIES,
        "sides": {side: [list(pair) for pair in pairs] for side, pairs in SIDES.items()},
        "frames": list(FRAMES), "with": {side: list(ways) for side, ways in WITH.items()},
        "rates": list(RATES), "first rate": FIRST_RATE, "chosen by": "validation ndcg@50",
        "cheap": CHEAP,
    }  # fmt: skip


def run(folder: Path) -> dict[str, Any]:
    """Train and measure everything (about 25 minutes of one core beside the trunks); resumable.

    Returns:
        {"tail": rates of the tail without codes, "plain": each trunk without and with it,
        "settings": one for each side and size; its p values are adjusted over all (Holm), "cheap":
        the rows that a test repeats}.
    """
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    towers = Towers(split, folder, BIG, "two-tower")
    tail = tuned(lambda rate: float(towers.measured(tail_alone(SEED, rate))["tail"]))
    before = max(tail, key=tail.__getitem__)
    jobs = [(side, M, N) for side, pairs in SIDES.items() for M, N in pairs]
    settings = [CodedSide(towers, *job, before).result() for job in progress(jobs, desc="codes")]
    adjusted = iter(together([one for setting in settings for one in setting["comparisons"]]))
    for setting in settings:
        setting["comparisons"] = [next(adjusted) for _ in setting["comparisons"]]
    trunks = [
        {"seed": seed, "rate": rate, **plain_row(towers.measured(tail_alone(seed, rate)))}
        for seed in SEEDS
        for rate in (0.0, before)
    ]
    cheaply = cheap(split, folder)
    return {"tail": points(tail), "plain": trunks, "settings": settings, "cheap": cheaply}


def cheap(split: Split, folder: Path) -> list[dict[str, Any]]:
    """Train and measure the entries that a test repeats."""
    towers = Towers(split, folder, CHEAP, "cheap")
    jobs = [Job("items", 2, 16, way, frame, 0, rate=rate) for way, frame, rate in CHEAP_JOBS]
    return [{"way": job.way, **plain_row(towers.measured(job))} for job in jobs]
