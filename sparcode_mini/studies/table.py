"""The table on MovieLens-100K: every row trained by the same protocol and measured as served."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.paired import compare, per_user, together
from sparcode_mini.model.load import MODELS, load_model
from sparcode_mini.model.variants.max_sim import MaxSim
from sparcode_mini.studies.common.rows import CLOSED_FORMS, GRIDS, PARTS_OF, Rows
from sparcode_mini.studies.common.train_and_measure import Spec, side_by_side, train_and_measure
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.markdown import markdown_table
from sparcode_mini.tools.progress import progress

# Chosen by `studies.tuning`: one grid for all, validation NDCG@50, a seed that no table uses.
# The sparse row takes SparCode's. A test holds it against the grid.
CHOSEN: dict[str, dict[str, Any]] = {
    "two-tower": {"lr": 2e-3, "dropout": 0.1},
    "two-tower-maxsim": {"lr": 2e-3, "dropout": 0.05},
    "all-to-all": {"lr": 2e-3, "dropout": 0.0},
    "sparcode": {"lr": 2e-3, "dropout": 0.0},
    "two-tower-gru": {"lr": 8e-3, "dropout": 0.1},
    "sparcode-gru": {"lr": 1.6e-2, "dropout": 0.2},
    "two-tower-dnn": {"lr": 4e-3, "dropout": 0.2},
    "sparcode-dnn": {"lr": 4e-3, "dropout": 0.2},
}

SPARSITY = 16.0  # the L1 penalty of the sparse row, chosen there too
# A row without the tokenizer in its name -> class, and what its model has besides.
KINDS: dict[str, tuple[str, dict[str, int]]] = {
    "two-tower": ("TwoTower", {}),
    "two-tower-maxsim": ("MaxSim", {}),
    "all-to-all": ("AllToAll", {}),
    "sparcode": ("SparCode", {"M": 1, "N": 128}),
    "sparcode-sparse": ("SparCode", {"M": 1, "N": 128}),
}
CLASSES = MODELS | {"MaxSim": MaxSim}
QUICK_ROWS = ("popularity", "ease", "two-tower", "all-to-all", "sparcode", "sparcode-sparse")
ROWS = (
    "popularity",
    "item-knn",
    "ease",
    "two-tower-dnn",
    "two-tower-gru",
    "two-tower",
    "two-tower-maxsim",
    "two-tower-ease",
    "two-tower-ease-32",
    "two-tower-gru-ease",
    "all-to-all",
    "two-tower-reranked",
    "sparcode-dnn",
    "sparcode-gru",
    "sparcode",
    "sparcode-ease",
    "sparcode-gru-ease",
    "sparcode-sparse",
)
TWINS = {  # the two-tower with the same tokenizer, with EASE where the row has it
    "item-knn": "two-tower",
    "ease": "two-tower",
    "two-tower-maxsim": "two-tower",
    "two-tower-ease": "two-tower",
    "two-tower-ease-32": "two-tower",
    "two-tower-gru-ease": "two-tower-gru",
    "all-to-all": "two-tower",
    "two-tower-reranked": "two-tower",
    "sparcode-dnn": "two-tower-dnn",
    "sparcode-gru": "two-tower-gru",
    "sparcode": "two-tower",
    "sparcode-ease": "two-tower-ease",
    "sparcode-gru-ease": "two-tower-gru-ease",
    "sparcode-sparse": "two-tower",
}
PAIRS = (*TWINS.items(), ("sparcode", "ease"), ("sparcode-gru", "ease"))  # what is compared
# To save hours these rows have the first seeds alone; every other row has all that are asked for.
FEW_SEEDS = {
    row: 3
    for row in (
        "two-tower-maxsim", "all-to-all", "two-tower-reranked",
        "sparcode-dnn", "sparcode-gru", "sparcode-gru-ease",
    )
}  # fmt: skip


def table_spec(row: str) -> Spec:
    """Return the setting of a trained row, with the hyper-parameters that validation chose."""
    if row == "popularity":
        return {"class": "Popularity"}
    return row_spec(row, **CHOSEN["sparcode" if row == "sparcode-sparse" else row])


def row_spec(row: str, lr: float, dropout: float, sparsity: float = SPARSITY) -> Spec:
    """Return the setting of a row with given hyper-parameters.

    Args:
        row: its end names the tokenizer; self-attention where it names none.
        lr: learning rate.
        dropout: of the model.
        sparsity: of the sparse row alone.

    Raises:
        ValueError: no such row, or one without a model of its own.
    """
    start, _, end = row.rpartition("-")
    kind, tokenizer = (start, end) if end in ("gru", "dnn") else (row, "self-attention")
    if kind not in KINDS:
        raise ValueError(f"row {row!r} is unknown; choose one of {ROWS}")
    name, sizes = KINDS[kind]
    train: dict[str, Any] = {"epochs": 20, "lr": lr}
    if kind == "sparcode-sparse":
        train["sparsity"] = sparsity
    model = {"tokenizer": tokenizer, "dropout": dropout, **sizes}
    return {"class": name, "model": model, "fit": train}


def reproduce(
    split: Split, folder: Path, seeds: Sequence[int] = (0,), rows: Sequence[str] = ROWS
) -> dict[str, Any]:
    """Train and measure every row for its seeds; what `folder` already holds is not done again.

    Returns:
        {"rows": {row: [result per seed]}, "summary": {row: {metric: {"mean", "sd"}}}, "paired":
        what `against_twins` returns}.
    """
    rows, seeds = list(dict.fromkeys(rows)), list(dict.fromkeys(seeds))  # named twice, done once
    check_rows(rows)
    jobs = [(seed, row) for seed in seeds for row in rows if seed in seeds_of(row, seeds)]
    untrained = Rows(split, folder)

    def work(job: tuple[int, str], wait: bool) -> dict[str, Any]:
        seed, row = job
        if row in GRIDS:
            for part in PARTS_OF.get(row, ()):  # perhaps another process is at work on it
                part_name, setting = f"{part}-{seed}", table_spec(part)
                train_and_measure(split, setting, seed, folder, part_name, wait=wait)
            return untrained.result(row, seed)
        setting, name = table_spec(row), f"{row}-{seed}"
        return train_and_measure(split, setting, seed, folder, name, classes=CLASSES, wait=wait)

    done: dict[str, list[dict[str, Any]]] = {row: [] for row in rows}
    for (_, row), result in zip(jobs, side_by_side(jobs, work, "table"), strict=True):
        done[row].append(result)
    summary = {row: summarise(results) for row, results in done.items()}
    return {"rows": done, "summary": summary, "paired": against_twins(split, folder, seeds, rows)}


def seeds_of(row: str, seeds: Sequence[int]) -> Sequence[int]:
    """Return those of the seeds with which a row is trained: the first where nothing is drawn."""
    if row in ("popularity", *CLOSED_FORMS):
        return seeds[:1]
    return seeds[: FEW_SEEDS.get(row, len(seeds))]


def check_rows(rows: Sequence[str]) -> None:
    """Refuse rows before hours of work.

    Raises:
        ValueError: an unknown row, or one put together from a row that is not asked for before it.
    """
    for place, row in enumerate(rows):
        if row not in ROWS:
            raise ValueError(f"row {row!r} is unknown; choose one of {ROWS}")
        missing = sorted(set(PARTS_OF.get(row, ())) - set(rows[:place]))
        if missing:
            raise ValueError(f"row {row!r} is made of {missing}; name them before it")


def against_twins(
    split: Split, folder: Path, seeds: Sequence[int], rows: Sequence[str]
) -> list[dict[str, Any]]:
    """Compare PAIRS: most rows with the two-tower of their tokenizer, person by person.

    Args:
        split: the data.
        folder: of the results of `reproduce`; a row and its twin are each averaged over those of
            `seeds` whose results are there.
        seeds: of the rows.
        rows: a row without a twin among them is left out.

    Returns:
        Per row and number of probes: "row", "probes", "twin", the numbers of seeds, and NDCG@50
        "difference", "low", "high", "p", and "p, Holm" for all of them together.
    """
    values = _PerUser(split, folder, seeds)
    comparisons = []
    pairs = [(row, twin) for row, twin in PAIRS if row in rows and twin in rows]
    for row, twin in progress(pairs, desc="paired"):
        for probes in (1, 4) if row.startswith("sparcode") and row not in GRIDS else (1,):
            sparse, tower = values.of(row, probes), values.of(twin, 1)
            if len(sparse) and len(tower):
                same = twin in PARTS_OF.get(row, ())  # seed i of the twin is in seed i of the row
                tower = tower[: len(seeds_of(row, seeds))] if same else tower
                counts = {"seeds": len(sparse), "twin seeds": len(tower)}
                head = {"row": row, "probes": probes, "twin": twin, **counts}
                comparisons.append({**head, **compare(sparse, tower, same_seeds=same)})
    return together(comparisons)


class _PerUser:
    """NDCG@50 of everybody by the models of a row, (seeds, n_users).

    The folder keeps the values of each model, so that it is measured once.
    """

    def __init__(self, split: Split, folder: Path, seeds: Sequence[int]) -> None:
        self.split, self.folder, self.seeds = split, folder, seeds
        self.untrained = Rows(split, folder)

    def of(self, row: str, probes: int) -> np.ndarray:
        """Return the values of the seeds whose results are there."""
        one = row in CLOSED_FORMS  # nothing is drawn
        files = {
            seed: self.folder / f"{row}-{0 if one else seed}.json"
            for seed in seeds_of(row, self.seeds)
        }
        return np.array(
            [self._of_seed(row, s, probes, file) for s, file in files.items() if file.exists()]
        )

    def _of_seed(self, row: str, seed: int, probes: int, done: Path) -> list[float]:
        def make() -> list[float]:
            if row in GRIDS:
                return per_user(self.untrained.scorer(row, seed), self.split).tolist()
            file = self.folder / f"{row}-{seed}.safetensors"
            model = load_model(file, self.split, classes=CLASSES)
            return per_user(model, self.split, probes=probes).tolist()

        question = {"result": file_digest(done), "data": self.split.fingerprint, "probes": probes}
        file = self.folder / f"people-{row}-{seed}-{probes}.json"
        values: list[float] = remembered(file, question, make, None, form=list)
        return values


def summarise(results: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return mean and standard deviation (n - 1) over seeds of every number of a row."""
    numbers = [key for key, value in results[0].items() if isinstance(value, float | int)]
    out = {}
    for key in numbers:
        values = [float(result[key]) for result in results]
        sd = statistics.stdev(values) if len(values) > 1 else 0.0
        out[key] = {"mean": statistics.fmean(values), "sd": sd}
    return out


def markdown(summary: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return the table in Markdown, in percent; SparCode's rows once per number of probes."""
    metrics = ("ndcg@50", "recall@50", "precision@50", "ndcg@10", "recall@10", "precision@10")
    head = ["model", *(m.replace("ndcg", "NDCG") for m in metrics)]
    head += ["of two-tower", "entries", "density", "KB (fp16)", "train s"]
    rows = []
    reference = summary.get("two-tower", {}).get("ndcg@50", {}).get("mean")
    for row, values in summary.items():
        for probes in ("", " probes=4") if "ndcg@50 probes=4" in values else ("",):
            label = row + (", 4 probes" if probes else ", 1 probe" if "entries" in values else "")
            cells = [label, *(_percent(values[m + probes]) for m in metrics)]
            share = values["ndcg@50" + probes]["mean"] / reference if reference else None
            rows.append([*cells, f"{share:.1%}" if share else "-", *_sizes(values)])
    return markdown_table(head, rows)


def _percent(value: dict[str, float]) -> str:
    spread = f" ± {100 * value['sd']:.2f}" if value["sd"] else ""
    return f"{100 * value['mean']:.2f}{spread}"


def _sizes(values: dict[str, dict[str, float]]) -> list[str]:
    seconds = f"{values['seconds']['mean']:.0f}" if "seconds" in values else "-"
    if "entries" in values:
        entries = values["entries"]["mean"]
        size = values["entry_bytes_fp16"]["mean"] / 1000
        return [f"{entries:,.0f}", f"{values['density']['mean']:.1%}", f"{size:.0f}", seconds]
    if "item_bytes_fp16" in values:
        return ["-", "-", f"{values['item_bytes_fp16']['mean'] / 1000:.0f}", seconds]
    return ["-", "-", "-", seconds]
