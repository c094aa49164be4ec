"""What a byte buys: short and long lists of SparCode against two-towers of several widths.

Everyone trains with the same tokenizer, epochs, prefixes a step and number of learning rates to
choose from on validation (with the first seed; the others take the chosen one). What is stored is
then treated alike on both sides: cut (lists to their best n; the item matrix of the two-tower that
is as wide as SparCode's tokens to its best directions), trained again or not (validation chooses
among the same rates and passes), rounded to equal precision. About half an hour on one core.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from sparcode_mini import data
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import HISTORY, evaluate
from sparcode_mini.evaluation.metrics import ndcg_of_each
from sparcode_mini.index.sparse_index import SparseIndex
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.sparcode import SparCode, TwoTower, load_model
from sparcode_mini.serving.finetune import finetune, keep_best, train_values, training_prefixes
from sparcode_mini.studies.common.train_and_measure import Spec, train_and_measure
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress
from sparcode_mini.tools.top_k import top_k

SEEDS = (0, 1, 2)
MODEL: dict[str, Any] = {"tokenizer": "self-attention", "dropout": 0.1}
FIT: dict[str, Any] = {"epochs": 10, "max_positions": 300}
WIDTHS, TOWER_RATES = (4, 8, 16, 32, 64), (3e-3, 1e-2)
SPARSE: dict[str, Any] = {"M": 1, "N": 64, "token_dim": 32, "hidden": 8}
PENALTIES, SPARSE_RATES = (0.0, 12.0), (2e-3, 5e-3)
CUTS: tuple[int | None, ...] = (None, 100, 50, 25)
RANKS = (1, 2, 4, 8, 16)  # to which the two-tower as wide as SparCode's tokens is cut
EPOCHS, RATES = 3, (3e-4, 3e-3, 1e-2)  # of training again: short ones want a high rate, whole a low
PRECISIONS = ("float16", "int8")
PROBES = (1, 4)
# One more training, so short that a test can repeat it.
CHEAP: dict[str, Any] = {"width": 8, "lr": 1e-2, "epochs": 1}


def tower_spec(width: int, lr: float, epochs: int | None = None) -> Spec:
    """The setting of a two-tower."""
    fit = {**FIT, "lr": lr, "epochs": epochs or FIT["epochs"]}
    return {"class": "TwoTower", "model": {**MODEL, "token_dim": width}, "fit": fit}


def sparse_spec(penalty: float, lr: float) -> Spec:
    """The setting of a SparCode."""
    fit = {**FIT, "lr": lr, "sparsity": penalty}
    return {"class": "SparCode", "model": {**MODEL, **SPARSE}, "fit": fit}


# --- two-towers -----------------------------------------------------------------------------------


def rounded(
    matrix: Float[np.ndarray, "I D"], precision: str
) -> tuple[Float[np.ndarray, "I D"], int]:
    """Return a matrix as it comes back from storage, and the bytes that it takes there.

    "int8" has one scale (4 bytes) per column: a column is one coordinate of all items.
    """
    if precision != "int8":
        stored = matrix.astype(precision)
        return stored.astype(np.float64), stored.nbytes
    scales = np.abs(matrix).max(axis=0) / 127  # (D,)
    levels = np.rint(matrix / np.where(scales > 0, scales, 1)).astype(np.int8)
    return levels * scales, levels.nbytes + 4 * len(scales)


def cut_matrix(
    items: Float[np.ndarray, "I D"], rank: int
) -> tuple[Float[np.ndarray, "I r"], Float[np.ndarray, "D r"]]:
    """Item vectors in their r best directions, and the map that turns queries to match (SVD)."""
    _, _, V = np.linalg.svd(items, full_matrices=False)
    turn = V[:rank].T  # (D, r)
    return items @ turn, turn


class Tower:
    """What serving a two-tower needs: query vectors of people, an item matrix with its bias."""

    def __init__(self, model: TwoTower, split: Split) -> None:
        self.model, self.split = model, split
        bias = model.item_bias.detach().numpy()
        self.items = np.column_stack([model.item_matrix().numpy(), bias])  # (I, D + 1)
        self.people, self.queries = {}, {}
        for on in ("validation", "test"):
            who = [u for u, items in enumerate(split.histories(on)) if len(items)]
            self.people[on] = who
            tokens = model.tokens(split.user_ids[who], HISTORY[on])
            self.queries[on] = tokens.sum(dim=1).numpy()  # (B, D)
        self.prefixes = training_prefixes(model, split)

    def ndcg(self, items: np.ndarray, turn: np.ndarray, on: str = "test") -> float:
        """NDCG@50 of item vectors with bias (I, r + 1), queries being turned first."""
        return float(self.per_user(items, turn, on).mean())

    def per_user(self, items: np.ndarray, turn: np.ndarray, on: str = "test") -> np.ndarray:
        """The same of everybody with an item in part `on`, (B,)."""
        y = self.queries[on] @ turn @ items[:, :-1].T + items[:, -1]  # (B, I)
        seen, relevant = (self.split.histories(part) for part in (HISTORY[on], on))
        who = self.people[on]
        ranked, _ = top_k(y, min(50, self.split.n_items), [seen[u] for u in who])
        return ndcg_of_each(ranked, [relevant[u] for u in who], ranked.shape[1])

    def tuned(
        self, items: np.ndarray, turn: np.ndarray, seed: int, epochs: int, rates: Sequence[float]
    ) -> tuple[np.ndarray, float | None]:
        """The item vectors and biases, trained again as the entries of lists are.

        Returns:
            The values that validation likes best over all passes at all rates, and their rate
            (None: it likes the old ones best).
        """
        queries = self.prefixes.tokens.sum(dim=1) @ torch.from_numpy(turn)  # (n, r)
        scale = float(self.model.logit_scale.detach())

        def logits(values: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
            return scale * (queries[chosen] @ values[:, :-1].T + values[:, -1])

        def judge(values: torch.Tensor) -> float:
            return self.ndcg(values.numpy(), turn, "validation")

        start = torch.from_numpy(items)
        tries = []
        for lr in rates:
            passes = train_values(start, logits, self.prefixes, lr=lr, batch=512, seed=seed)
            tries.append((lr, *keep_best(start, passes, judge, epochs)))
        lr, best, _ = max(tries, key=lambda tried: max(tried[2]))
        return best.numpy(), None if best is start else lr


def tower_points(
    model: TwoTower,
    split: Split,
    seed: int,
    ranks: Sequence[int],
    epochs: int,
    rates: Sequence[float],
) -> list[dict[str, Any]]:
    """Whole and at every rank, with and without trained vectors: NDCG@50 and bytes."""
    tower, points = Tower(model, split), []
    width = model.config["token_dim"]
    for rank in (*ranks, width):
        turn = np.eye(width, dtype=tower.items.dtype)
        items = tower.items
        if rank < width:
            cut, turn = cut_matrix(items[:, :-1], rank)
            items = np.column_stack([cut, items[:, -1]])
        again, _ = tower.tuned(items, turn, seed, epochs, rates)
        for kept, trained in ((items, False), (again, True)):
            for precision in PRECISIONS:
                stored, size = rounded(kept, precision)
                ndcg = tower.ndcg(stored, turn)
                points.append({
                    "rank": rank, "tuned": trained, "precision": precision,
                    "ndcg@50": ndcg, "item_bytes": size,
                })  # fmt: skip
    return points


def run_tower(
    split: Split, folder: Path, seed: int, width: int, lr: float, epochs: int | None = None
) -> dict[str, Any]:
    """Train one two-tower and measure what it stores (unless `folder` has both)."""
    name, validation = _tower(split, folder, seed, width, lr, epochs)
    file = folder / f"{name}.safetensors"
    model = load_model(file, split)
    assert isinstance(model, TwoTower)
    ranks = RANKS if width == SPARSE["token_dim"] else ()
    asked = {"ranks": ranks, "epochs": EPOCHS, "rates": RATES, "model": file_digest(file)}
    make = functools.partial(tower_points, model, split, seed, ranks, EPOCHS, RATES)
    points = remembered(folder / f"{name}.points.json", asked, make)
    return {
        "width": width, "lr": lr, "seed": seed, "validation": validation,
        "encoder_bytes": encoder_bytes(model), "points": points,
    }  # fmt: skip


def _tower(
    split: Split, folder: Path, seed: int, width: int, lr: float, epochs: int | None = None
) -> tuple[str, float]:
    """Train one two-tower; its name in `folder`, and validation NDCG@50."""
    short = "" if epochs is None else f"-{epochs}epochs"
    name = f"tower-{width}-{lr:g}-seed{seed}{short}"
    result = train_and_measure(split, tower_spec(width, lr, epochs), seed, folder, name)
    return name, float(result["validation ndcg@50"])


def encoder_bytes(model: MatchingModel) -> int:
    """What turns a history into tokens, in fp16: item embeddings and tokenizer."""
    layers = (model.items, model.tokenizer, model.user_fields)
    return 2 * sum(p.numel() for layer in layers for p in layer.parameters())


# --- SparCode -------------------------------------------------------------------------------------


def tuned_lists(
    index: SparseIndex,
    model: SparCode,
    split: Split,
    seed: int,
    *,
    epochs: int,
    rates: Sequence[float],
    probes: int = 4,
) -> tuple[SparseIndex, float | None]:
    """The entries trained again at the rate that validation likes best, and that rate.

    None: validation likes the old entries best.
    """
    how: dict[str, Any] = {"epochs": epochs, "probes": probes, "seed": seed}
    tries = [(lr, *finetune(index, model, split, lr=lr, **how)) for lr in rates]
    lr, best, _ = max(tries, key=lambda tried: max(tried[2]))
    return best, None if best is index else lr


def list_points(model: SparCode, split: Split, seed: int) -> list[dict[str, Any]]:
    """Every cut, with and without trained entries, at every precision, read with 1 and 4 probes."""
    whole, points = SparseIndex.build(model, codes="all"), []
    for best in CUTS:
        short = whole.cut(best=best)
        again, _ = tuned_lists(short, model, split, seed, epochs=EPOCHS, rates=RATES)
        for index, trained in ((short, False), (again, True)):
            for precision in PRECISIONS:
                kept = index.quantised(precision)
                scales = 0 if kept.scales is None else kept.scales.nbytes
                row = {
                    "best": best, "tuned": trained, "precision": precision,
                    "entries": len(kept.items), "item_bytes": kept.stats()["entry_bytes"] + scales,
                }  # fmt: skip
                for probes in PROBES:
                    found = evaluate(model, split, k=(50,), probes=probes, index=kept)
                    row[f"ndcg@50 probes={probes}"] = found["ndcg@50"]
                points.append(row)
    return points


def run_sparse(split: Split, folder: Path, seed: int, penalty: float, lr: float) -> dict[str, Any]:
    """Train one SparCode and measure its lists (unless `folder` has both)."""
    name, validation = _sparse(split, folder, seed, penalty, lr)
    file = folder / f"{name}.safetensors"
    model = load_model(file, split)
    assert isinstance(model, SparCode)
    asked = {"cuts": CUTS, "epochs": EPOCHS, "rates": RATES, "probes": PROBES}
    asked["model"] = file_digest(file)
    make = functools.partial(list_points, model, split, seed)
    points = remembered(folder / f"{name}.lists.json", asked, make)
    return {
        "penalty": penalty, "lr": lr, "seed": seed, "validation": validation,
        "encoder_bytes": encoder_bytes(model),
        "codebook_bytes": 2 * model.quantizer.codebooks.numel(),
        "points": points,
    }  # fmt: skip


def _sparse(split: Split, folder: Path, seed: int, penalty: float, lr: float) -> tuple[str, float]:
    """Train one SparCode; its name in `folder`, and validation NDCG@50."""
    name = f"sparse-{penalty:g}-{lr:g}-seed{seed}"
    result = train_and_measure(split, sparse_spec(penalty, lr), seed, folder, name)
    return name, float(result["validation ndcg@50"])


# --- everything -----------------------------------------------------------------------------------


def run_towers(split: Split, folder: Path) -> list[dict[str, Any]]:
    """All widths and seeds, each at the learning rate that the first seed chose."""
    kept = []
    for width in progress(WIDTHS, desc="two-towers"):
        said = {lr: _tower(split, folder, SEEDS[0], width, lr)[1] for lr in TOWER_RATES}
        best = max(said, key=lambda lr: said[lr])
        kept += [run_tower(split, folder, seed, width, best) for seed in SEEDS]
    return kept


def run_lists(split: Split, folder: Path) -> list[dict[str, Any]]:
    """All penalties and seeds, each at the learning rate that the first seed chose."""
    kept = []
    for penalty in progress(PENALTIES, desc="SparCode"):
        said = {lr: _sparse(split, folder, SEEDS[0], penalty, lr)[1] for lr in SPARSE_RATES}
        best = max(said, key=lambda lr: said[lr])
        kept += [run_sparse(split, folder, seed, penalty, best) for seed in SEEDS]
    return kept


def run(folder: Path) -> dict[str, Any]:
    """Train and measure everything; resumable.

    Returns:
        {"towers": ..., "lists": ..., one entry per setting and seed; "cheap": what a test repeats}.
    """
    split = data.movielens_100k().split()
    cheap = run_tower(split, folder, SEEDS[0], **CHEAP)
    return {
        "towers": run_towers(split, folder),
        "lists": run_lists(split, folder),
        "cheap": cheap,
    }


class Setting(NamedTuple):
    """One way to store an item side: mean over seeds and half the range of NDCG@50."""

    name: str
    item_bytes: float
    ndcg: float
    half: float
    beside: int  # codebooks
    encoder: int


def settings(stored: dict[str, Any], side: str, precision: str) -> list[Setting]:
    """Every setting of one side at one precision.

    Args:
        stored: what `run` returned.
        side: "towers" or "lists".
        precision: one of PRECISIONS.

    Raises:
        ValueError: a side or precision that was not measured.
    """
    if side not in ("towers", "lists") or precision not in PRECISIONS:
        raise ValueError(f"{side!r} at {precision!r} was not measured; see PRECISIONS")
    key, found = {"towers": "width", "lists": "penalty"}[side], []
    for value in sorted({run[key] for run in stored[side]}):
        runs = [run for run in stored[side] if run[key] == value]
        for number, point in enumerate(runs[0]["points"]):
            if point["precision"] != precision:
                continue
            same = [run["points"][number] for run in runs]
            size = float(np.mean([p["item_bytes"] for p in same]))
            for column in (c for c in point if c.startswith("ndcg")):
                ndcg = [p[column] for p in same]
                found.append(
                    Setting(
                        _name(value, point, column), size, float(np.mean(ndcg)),
                        float(np.ptp(ndcg)) / 2, runs[0].get("codebook_bytes", 0),
                        runs[0]["encoder_bytes"],
                    )
                )  # fmt: skip
    return found


def _name(value: int | float, point: dict[str, Any], column: str) -> str:
    tuned = ", trained" if point["tuned"] else ""
    if "rank" in point:
        cut = f" cut to {point['rank']}" if point["rank"] < value else ""
        return f"D = {value}{cut}{tuned}"
    cut = f"best {point['best']}" if point["best"] else "all"
    return f"L1 {value:g}, {cut}{tuned}, R = {column[-1]}"


def front_of(found: Sequence[Setting]) -> list[Setting]:
    """The settings that no smaller or equal one beats, by bytes."""
    kept: list[Setting] = []
    for setting in sorted(found, key=lambda s: (s.item_bytes, -s.ndcg)):
        if not kept or setting.ndcg > kept[-1].ndcg:
            kept.append(setting)
    return kept


def config() -> dict[str, Any]:
    """Everything that decides the numbers."""
    return {
        "data": "MovieLens-100K", "seeds": list(SEEDS), "model": MODEL, "fit": FIT,
        "widths": list(WIDTHS), "tower learning rates": list(TOWER_RATES),
        "sparse": SPARSE, "penalties": list(PENALTIES), "sparse learning rates": list(SPARSE_RATES),
        "cuts": list(CUTS), "ranks": list(RANKS), "epochs": EPOCHS, "rates": list(RATES),
        "precisions": list(PRECISIONS),
        "probes": list(PROBES), "cheap": CHEAP, "chosen by": "validation ndcg@50",
    }  # fmt: skip
