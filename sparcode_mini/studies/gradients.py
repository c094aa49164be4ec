"""What reaches the tokenizer, and how well it then learns: MovieLens-100K, a small model.

The trainings differ only in the way of the gradient through the argmin. All use the model and the
recipe of `common.small`, M = 1 and N = 64. Two more trainings compare a residual quantiser with a
product quantiser of as many bits, and the latter with one codebook. The learning rate is chosen on
validation for straight-through, and all others take it too: none can win by a rate of its own, and
one that loses might lose less with its own. About 15 minutes on one core.
"""

import statistics
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.gradients import gumbel_noise
from sparcode_mini.model.items import Catalogue
from sparcode_mini.model.kmeans import squared_distances
from sparcode_mini.model.load import MODELS
from sparcode_mini.model.quantizer import straight_through
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.variants.opq_fsq import relative_distortion
from sparcode_mini.studies.common import small
from sparcode_mini.studies.common.train_and_measure import Spec, with_history
from sparcode_mini.tools.progress import progress
from sparcode_mini.tools.reproducible import Dropout

RUNS: dict[str, dict[str, Any]] = {
    "nothing": {"class": "SparCode", "model": {"gradient": "none", "beta": 0.0}},
    "literal": {"class": "SparCode", "model": {"gradient": "none"}},
    "straight-through": {"class": "SparCode", "model": {}},
    "rotation": {"class": "SparCode", "model": {"gradient": "rotation"}},
    "gumbel": {"class": "GumbelSparCode", "model": {}},
    "product M=2 N=16": {"class": "SparCode", "model": {"M": 2, "N": 16}},
    "residual M=2 N=16": {
        "class": "SparCode",
        "model": {"M": 2, "N": 16, "quantizer": "residual"},
    },
}
# Each against the one after it.
PAIRS = (
    ("rotation", "straight-through"),
    ("gumbel", "straight-through"),
    ("nothing", "straight-through"),
    ("literal", "straight-through"),
    ("literal", "nothing"),
    ("product M=2 N=16", "straight-through"),
    ("residual M=2 N=16", "product M=2 N=16"),
)
TEMPERATURE = 1.0  # tau of "gumbel": tokens of width 32 have squared length 32
# One more training, so short that a test can repeat it.
CHEAP: dict[str, Any] = {"name": "straight-through", "lr": 1e-2, "epochs": 2}


class _Noise(Dropout):
    """Gumbel noise from the generator that the trainer hands to every dropout layer."""

    def __init__(self) -> None:
        super().__init__(0.0)

    def draw(self, n: int, N: int, dtype: torch.dtype) -> Tensor:
        assert self.rng is not None, "the trainer hands the generator over before the first step"
        return gumbel_noise(self.rng, n, N, dtype=dtype)


class GumbelSparCode(SparCode):
    """SparCode trained with Gumbel-softmax: sampled codes forward, the softmax backward (M = 1).

    The codebook still learns by EMA from the nearest tokens, and serving takes the nearest code.
    """

    def add_layers(self, catalogue: Catalogue) -> None:
        """Register the noise beside the layers of SparCode."""
        super().add_layers(catalogue)
        self.noise = _Noise()

    def training_scores(self, T: Tensor, T_c: Tensor, item_bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return y of the sampled codes, and beta * commitment."""
        if not (self.quantizer_on and self.training):
            return super().training_scores(T, T_c, item_bias)
        self.last_codes = self.quantizer.encode(T)  # (B, K_u, 1)
        flat, book = T.flatten(0, 1), self.quantizer.codebooks[0]  # (B * K_u, D_T), (N, D_T)
        _, commitment = self.quantizer.losses(flat, self.last_codes.flatten(0, 1))
        noise = self.noise.draw(len(flat), len(book), flat.dtype)
        logits = noise - squared_distances(flat, book) / TEMPERATURE  # (B * K_u, N)
        mixed = (logits.softmax(dim=1) @ book).unflatten(0, T.shape[:2])  # (B, K_u, D_T)
        sampled = logits.argmax(1, keepdim=True).unflatten(0, T.shape[:2])  # (B, K_u, 1)
        reaching = straight_through(mixed, self.quantizer.decode(sampled))
        y = self.quantised_scores(reaching, sampled, T_c, item_bias, T)
        return y, self.config.beta * commitment


CLASSES: dict[str, type[MatchingModel]] = {**MODELS, "GumbelSparCode": GumbelSparCode}


def spec(name: str, lr: float, epochs: int | None = None) -> Spec:
    """Return what is trained under a name of RUNS; few epochs for a run that a test repeats."""
    setting = RUNS[name]
    return small.spec(setting["model"], epochs, lr=lr) | {"class": setting["class"]}


def run_one(
    split: Split, folder: Path, name: str, seed: int, lr: float, epochs: int | None = None
) -> dict[str, Any]:
    """Train and measure one entry (about 40 s on one core with the study's own recipe).

    Returns:
        What `small.measure` returns, "name", "seed", and of the tokens of all people "distortion"
        and "perplexity" (of the first codebook).
    """

    def more(model: Any) -> dict[str, Any]:
        T = model.tokens(with_history(split)).flatten(0, 1)  # (B * K_u, D_T)
        codes = model.quantizer.encode(T)  # (B * K_u, M)
        return {
            "distortion": relative_distortion(T, model.quantizer.decode(codes)),
            "perplexity": model.quantizer.usage(codes).perplexity[0],
        }

    file = name.replace(" ", "-").replace("=", "") + ("-cheap" if epochs else "")
    setting = spec(name, lr, epochs)
    measured = small.measure(split, folder, file, setting, seed, more, classes=CLASSES)
    return {"name": name, "seed": seed, **measured}


def summary(entries: list[dict[str, Any]], name: str, key: str) -> tuple[float, float, int]:
    """Return mean, half the range and number of seeds of one column of one name.

    Raises:
        KeyError: no entry of this name.
    """
    values = [entry[key] for entry in entries if entry["name"] == name]
    if not values:
        raise KeyError(
            f"{name!r} was not trained; there are {sorted({e['name'] for e in entries})}"
        )
    return statistics.fmean(values), (max(values) - min(values)) / 2, len(values)


def run(folder: Path) -> dict[str, Any]:
    """Choose the rate, then train every entry for every seed; resumable.

    Returns:
        {"rates": as `small.tune_base`, "entries": one for each name and seed, "comparisons": as
        `small.comparisons`, "cheap": the entry that a test repeats}.
    """
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    rates = small.tune_base(split, folder.parent / "small")
    lr = small.chosen(rates)["lr"]
    todo = [(name, seed) for name in RUNS for seed in small.SEEDS]
    entries = [run_one(split, folder, *one, lr) for one in progress(todo, desc="gradients")]
    of = {name: [entry for entry in entries if entry["name"] == name] for name in RUNS}
    return {
        "rates": rates,
        "entries": [small.without_values(entry) for entry in entries],
        "comparisons": small.comparisons([({"a": a, "b": b}, of[a], of[b]) for a, b in PAIRS]),
        "cheap": small.without_values(cheap(split, folder)),
    }


def cheap(split: Split, folder: Path) -> dict[str, Any]:
    """Train and measure the entry that a test repeats."""
    return run_one(split, folder, seed=small.SEEDS[0], **CHEAP)


def config() -> dict[str, Any]:
    """Return everything that decides the numbers."""
    return small.config() | {
        "runs": RUNS,
        "rate of": "straight-through",
        "pairs": [list(pair) for pair in PAIRS],
        "temperature": TEMPERATURE,
        "cheap": CHEAP,
    }
