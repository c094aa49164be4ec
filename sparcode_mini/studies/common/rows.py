"""Rows of the table that train nothing: closed forms, and trained models put together.

What is chosen for them (regularisation, neighbours, weights) is chosen on validation, for each seed
of the trained models anew. The choice is stored, so the row can be asked again for single people.
"""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.baselines import ItemItem, Mixture, Scorer, ease, item_knn
from sparcode_mini.evaluation.evaluate import evaluate
from sparcode_mini.evaluation.storage import storage_bytes
from sparcode_mini.model.load import load_model
from sparcode_mini.serving.rerank import ReRanked
from sparcode_mini.tools.files import file_digest, remembered
from sparcode_mini.tools.progress import progress

DECAYS = (0.8, 0.85, 0.9, 0.95, 1.0)
WEIGHTS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.4)
PROBES = 4  # of SparCode beside EASE
MIXED: dict[str, tuple[str, int | None]] = {  # a trained row, and the rank of EASE beside it
    "two-tower-ease": ("two-tower", None),
    "two-tower-ease-32": ("two-tower", 32),  # one dot product, 32 numbers an item wider
    "two-tower-gru-ease": ("two-tower-gru", None),
    "sparcode-ease": ("sparcode", None),
    "sparcode-gru-ease": ("sparcode-gru", None),
}
GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "item-knn": {
        "neighbours": (50, 100, 200, 300, 500),
        "shrink": (0.0, 2.0, 10.0, 30.0),
        "decay": DECAYS,
    },
    "ease": {"l2": (125.0, 250.0, 500.0, 1000.0, 2000.0), "decay": DECAYS},
    **{row: {"weight": WEIGHTS} for row in MIXED},
    "two-tower-reranked": {"fetch": (50, 100, 200, 400, 800)},
}
CLOSED_FORMS = ("item-knn", "ease")
PARTS_OF = {  # the trained rows that a row is put together from
    **{row: (trained,) for row, (trained, _) in MIXED.items()},
    "two-tower-reranked": ("two-tower", "all-to-all"),
}


class Rows:
    """Makes the models of such rows, from the trained ones in a folder.

    Args:
        split: the data.
        folder: of the trained rows, and of what was chosen.
    """

    def __init__(self, split: Split, folder: Path) -> None:
        self.split, self.folder = split, folder
        self.matrices: dict[tuple[Any, ...], ItemItem] = {}
        self.linear: dict[int | None, ItemItem] = {}  # EASE, by rank

    def result(self, row: str, seed: int) -> dict[str, Any]:
        """Choose on validation and measure on test (unless the folder has it).

        Returns:
            "chosen", "validation ndcg@50", the metrics of the test part, and "item_bytes_fp16" of
            a row that is one dot product.
        """
        seed = 0 if row in CLOSED_FORMS else seed  # nothing in them is drawn
        settings = {"row": row, "grid": GRIDS[row], "data": self.split.fingerprint, "seed": seed}
        files = [self.folder / f"{part}-{seed}.json" for part in PARTS_OF.get(row, ())]
        settings["parts"] = [file_digest(file) for file in files]
        if row in MIXED:
            settings["EASE"] = {**self.result("ease", 0)["chosen"], "rank": MIXED[row][1]}
            settings["probes"] = PROBES
        path = self.folder / f"{row}-{seed}.json"
        done: dict[str, Any] = remembered(path, settings, lambda: self._measured(row, seed))
        return done

    def scorer(self, row: str, seed: int) -> Scorer:
        """Return the model of a row, with what validation chose."""
        return self.made(row, seed, self.result(row, seed)["chosen"])

    def _measured(self, row: str, seed: int) -> dict[str, Any]:
        scores = []
        for setting in progress(list(points(GRIDS[row])), desc=row):
            model = self.made(row, seed, setting)
            score = evaluate(model, self.split, "validation", k=50)["ndcg@50"]
            scores.append((score, setting))
        score, chosen = max(scores, key=lambda pair: pair[0])
        metrics = evaluate(self.made(row, seed, chosen), self.split)
        return {"chosen": chosen, "validation ndcg@50": score, **metrics, **self._sizes(row, seed)}

    def _sizes(self, row: str, seed: int) -> dict[str, int]:
        trained, rank = MIXED.get(row, (None, None))
        if trained is None or rank is None:
            return {}
        tower = self.trained(trained, seed)
        width = tower.config.token_dim + rank
        return {"item_bytes_fp16": storage_bytes(1, tower.n_items, width=width)["matrix"]}

    def made(self, row: str, seed: int, setting: dict[str, Any]) -> Scorer:
        """Return the model of a row with given settings."""
        if row in CLOSED_FORMS:
            return self.item_item(row, **setting)
        parts = [self.trained(part, seed) for part in PARTS_OF[row]]
        if row in MIXED:
            probes = PROBES if row.startswith("sparcode") else None
            return Mixture(parts[0], self.ease(MIXED[row][1]), **setting, probes=probes)
        return ReRanked(parts[0], parts[1], self.split, **setting)

    def ease(self, rank: int | None = None) -> ItemItem:
        """Return EASE as validation chose it, perhaps cut to a rank."""
        if rank not in self.linear:
            chosen = self.result("ease", 0)["chosen"]
            whole = self.linear.setdefault(None, ease(self.split, **chosen))
            self.linear[rank] = whole if rank is None else whole.cut(rank)
        return self.linear[rank]

    def item_item(self, row: str, decay: float, **setting: Any) -> ItemItem:
        """Return a closed form; its matrix is kept, since it is the same for every decay."""
        key = (row, *setting.values())
        if key not in self.matrices:
            make = item_knn if row == "item-knn" else ease
            self.matrices = {key: make(self.split, **setting)}
        return ItemItem(self.split, self.matrices[key].matrix, decay)

    def trained(self, row: str, seed: int) -> Any:
        """Return a trained row; it says which file is missing."""
        return load_model(self.folder / f"{row}-{seed}.safetensors", self.split)


def points(grid: dict[str, tuple[Any, ...]]) -> Iterable[dict[str, Any]]:
    """Yield every setting of a grid; the last name changes fastest."""
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))
