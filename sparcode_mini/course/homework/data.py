"""The files that come with the assignments, made from stored results; and where all sources are."""

from pathlib import Path

import numpy as np
import pandas as pd

from sparcode_mini.course.homework.source import Assignment, read_assignment
from sparcode_mini.tools.files import load_json

SOURCES = Path("assets") / "course" / "homework"  # below the project's folder
WAY = "before"  # of leak.json: models learn only from ratings before the moment of the test
MIX = 19  # seed of the order of the people


def assignments(root: Path) -> dict[str, Assignment]:
    """Read all assignments below the project's folder.

    Raises:
        ValueError: there is none, or one is not as `source` says.
        FileNotFoundError: the stored result that A3 needs is missing.
    """
    folders = sorted(path.parent for path in (root / SOURCES).glob("*/code.py"))
    if not folders:
        raise ValueError(f"{root / SOURCES} has no assignment; give the project's folder as --root")
    files = {"a3": {"scores.csv": person_scores(root)}}
    return {folder.name: read_assignment(folder, files.get(folder.name, {})) for folder in folders}


def person_scores(root: Path) -> bytes:
    """Return the CSV of A3: NDCG@50 of each person, model and trained seed, from leak.json.

    The people get the numbers 1, 2, ... in a mixed order, and the rows are mixed, too.
    """
    stored = load_json(root / "assets" / "results" / "leak.json")["people"][WAY]
    rng = np.random.default_rng(MIX)
    order = rng.permutation(len(stored["EASE"][0]))
    rows = [
        (person + 1, model, seed, values[place])
        for model, seeds in stored.items()
        for seed, values in enumerate(seeds)
        for person, place in enumerate(order)
    ]
    frame = pd.DataFrame(rows, columns=["person", "model", "seed", "ndcg50"])
    mixed = frame.iloc[rng.permutation(len(frame))]
    text = mixed.to_csv(index=False, float_format="%.6f", lineterminator="\n")
    return text.encode()
