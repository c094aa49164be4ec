"""Which learning rate and dropout each row of the table gets, and which penalty the sparse row.

A walk over a grid: from the middle to whichever neighbour is better, until none is. So the chosen
point has been compared with both sides of each axis, but where the grid itself ends.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sparcode_mini.data.split import Split
from sparcode_mini.studies.common.train_and_measure import Spec, train_and_measure
from sparcode_mini.studies.table import CHOSEN, CLASSES, row_spec, table_spec
from sparcode_mini.tools.progress import progress

SEED = 100  # no table uses it
LADDERS: dict[str, tuple[float, ...]] = {
    "lr": (2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2),
    "dropout": (0.0, 0.05, 0.1, 0.2, 0.4, 0.6),
}
START = (3, 3)  # positions on the ladders
SPARSITIES = (4.0, 8.0, 16.0, 32.0)
DENSITY_LIMIT = 0.1  # of the (code, item) pairs: so sparse the lists of the sparse row must be
PREFIXES = {"all-to-all": 300}  # of a step, in its walk alone, to save time; others take all
TIMES = 2  # epochs of a control, against those of the table

Place = tuple[int, ...]


def climb(
    start: Place, sizes: Sequence[int], score: Callable[[Place], float]
) -> tuple[Place, dict[Place, float]]:
    """Walk from a place of a grid to its best neighbour until none is better.

    Args:
        start: position on each axis.
        sizes: length of each axis.
        score: of a place; asked once for each.

    Returns:
        The last place, and the score of every place that was asked for.
    """
    known = {start: score(start)}
    place = start
    while True:
        for neighbour in neighbours(place, sizes):
            if neighbour not in known:
                known[neighbour] = score(neighbour)
        best = max([place, *neighbours(place, sizes)], key=known.__getitem__)
        if best == place:
            return place, known
        place = best


def neighbours(place: Place, sizes: Sequence[int]) -> list[Place]:
    """Return the places one step away on one axis."""
    steps = [(axis, step) for axis in range(len(place)) for step in (-1, 1)]
    moved = [(*place[:axis], place[axis] + step, *place[axis + 1 :]) for axis, step in steps]
    return [p for p in moved if all(0 <= x < n for x, n in zip(p, sizes, strict=True))]


def tune(split: Split, folder: Path, rows: Sequence[str] = tuple(CHOSEN)) -> list[dict[str, Any]]:
    """Walk the grid for each row; what `folder` already holds is not trained again.

    Returns:
        A dictionary for each training: "row", the values, "validation ndcg@50", and whether it was
        "chosen". With the row "sparcode" also those of `tune_sparsity`.
    """
    points: list[dict[str, Any]] = []
    for row in progress(rows, desc="tuning"):
        points += tune_row(split, folder, row)
    for dense in (p for p in points if p["row"] == "sparcode" and p["chosen"]):
        points += tune_sparsity(split, folder, dense["lr"], dense["dropout"])
    return points


def tune_row(split: Split, folder: Path, row: str) -> list[dict[str, Any]]:
    """Walk the grid for one row."""

    def values(place: Place) -> dict[str, float]:
        return {name: LADDERS[name][i] for name, i in zip(LADDERS, place, strict=True)}

    seconds: dict[Place, float] = {}

    def score(place: Place) -> float:
        point = values(place)
        name = f"tune-{row}-" + "-".join(f"{value:g}" for value in point.values())
        setting = row_spec(row, **point)
        if row in PREFIXES:
            setting = {**setting, "fit": setting["fit"] | {"max_positions": PREFIXES[row]}}
        result = validation(split, folder, setting, name)
        seconds[place] = result["seconds"]
        return float(result["validation ndcg@50"])

    chosen, known = climb(START, [len(ladder) for ladder in LADDERS.values()], score)
    return [
        {"row": row, **values(place), "seconds": seconds[place], "validation ndcg@50": result,
         "chosen": place == chosen}
        for place, result in sorted(known.items())
    ]  # fmt: skip


def tune_sparsity(split: Split, folder: Path, lr: float, dropout: float) -> list[dict[str, Any]]:
    """Train the sparse row with every penalty; report validation and density.

    Returns:
        A dictionary for each: "row", "sparsity", "validation ndcg@50", the same with " probes=4",
        "density", and whether it was "chosen": the best with 4 probes among those whose lists keep
        at most DENSITY_LIMIT of the (code, item) pairs.
    """
    points = []
    for weight in progress(SPARSITIES, desc="sparsity"):
        setting = row_spec("sparcode-sparse", lr, dropout, sparsity=weight)
        result = validation(split, folder, setting, f"tune-sparsity-{weight:g}")
        measured = ("ndcg@50", "ndcg@50 probes=4")
        scores = {f"validation {metric}": result[metric] for metric in measured}
        points.append(
            {"row": "sparcode-sparse", "sparsity": weight, **scores, "density": result["density"]}
        )
    best = best_sparse(points)
    return [{**point, "chosen": point["sparsity"] == best} for point in points]


def best_sparse(points: Sequence[dict[str, Any]]) -> float:
    """Return the penalty to take.

    Raises:
        ValueError: no penalty makes the lists short enough.
    """
    sparse = [point for point in points if point["density"] <= DENSITY_LIMIT]
    if not sparse:
        raise ValueError(f"no penalty of {SPARSITIES} keeps at most {DENSITY_LIMIT:.0%}; try more")
    return float(max(sparse, key=lambda point: point["validation ndcg@50 probes=4"])["sparsity"])


def longer(split: Split, folder: Path) -> list[dict[str, Any]]:
    """Train rows TIMES as long as the table does, as a control: would more epochs turn it round?

    Returns:
        For each row, without and with the longer training: "row", "epochs", "best epoch" and
        "validation ndcg@50".
    """
    lines = []
    for row in progress(("two-tower", "sparcode"), desc="longer"):
        for times in (1, TIMES):
            setting = table_spec(row)
            epochs = times * setting["fit"]["epochs"]
            setting = {**setting, "fit": setting["fit"] | {"epochs": epochs}}
            values = "-".join(f"{CHOSEN[row][name]:g}" for name in LADDERS)
            name = f"tune-{row}-{values}" + (f"-{epochs}epochs" if times > 1 else "")
            result = validation(split, folder, setting, name)
            line = {"row": row, "epochs": epochs, "best epoch": result["best_epoch"]}
            lines.append({**line, "validation ndcg@50": result["validation ndcg@50"]})
    return lines


def validation(split: Split, folder: Path, setting: Spec, name: str) -> dict[str, Any]:
    """Train a setting and measure it on the validation part alone."""
    return train_and_measure(split, setting, SEED, folder, name, on="validation", classes=CLASSES)
