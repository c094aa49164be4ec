"""What the installed project can do on this machine, as one line of JSON.

`check_laptop.py` starts it with the Python of the environment:

    python -m sparcode_mini.course.laptops.probe look     packages, notebooks, data; no network
    python -m sparcode_mini.course.laptops.probe train    a small training on made-up data
"""

import hashlib
import importlib
import json
import re
import sys
import time
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path
from typing import Any

from sparcode_mini.course.laptops.check_laptop import LABEL, Line, judged

GROUPS, PEOPLE, ITEMS, LIKED = 8, 40, 240, 16  # of the made-up world
EPOCHS = 10  # about six seconds of one idle core of a server
START = "00_start_here.ipynb"

Answer = dict[str, Any]  # "lines" of `check_laptop`, "seconds" of the training, whole


def look() -> Answer:
    """Look at the packages, the lessons and the data."""
    root = Path(__file__).resolve().parents[3]
    lessons = [path.name for path in (root / "notebooks").glob("*.ipynb")]
    broken = [Line("fail", "packages", fault, "install") for fault in faults()]
    state = data()
    missing = "MovieLens-100K is not here" if state == "no" else state
    lines = [
        Line("ok", "project", f"sparcode-mini {version('sparcode-mini')} in {root}"),
        *(broken or [Line("ok", "packages", "all can be loaded")]),
        judged(START in lessons, "notebooks", str(len(lessons)), "files"),
        judged(state == "yes", "data", "MovieLens-100K" if state == "yes" else missing, "data"),
    ]
    return {"lines": lines, "seconds": 0}


def faults() -> list[str]:
    """Load every package of the extra [lab]; return a line for each that can't be loaded."""
    modules: dict[str, list[str]] = {}
    for module, names in packages_distributions().items():
        for name in names:
            modules.setdefault(_plain(name), []).append(module)
    result = []
    for name in needed():
        public = [module for module in modules.get(name, []) if not module.startswith("_")]
        reason = "" if public else "not installed"
        for module in sorted(public):
            try:
                importlib.import_module(module)
            except Exception as error:  # a library of the system that is missing: anything
                reason = f"{type(error).__name__}: {error}"
        if reason:
            result.append(" ".join(f"{name}: {reason}".split())[:200])
    return result


def needed() -> list[str]:
    """Return the names of the packages that the project and its extra [lab] ask for."""
    wanted = []
    for line in requires("sparcode-mini") or []:
        requirement, _, marker = line.partition(";")
        if not marker or re.search(r"""extra\s*==\s*["']lab["']""", marker):
            wanted.append(_plain(re.split(r"[^\w.-]", requirement.strip())[0]))
    return sorted(set(wanted))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def data() -> str:
    """Tell whether MovieLens-100K is here: "yes", "no" or what is wrong. Nothing is fetched."""
    from sparcode_mini.data import movielens, movielens_wheel
    from sparcode_mini.data.download import data_folder

    folder, given = data_folder()
    if given:  # then loading only reads
        try:
            movielens.load()
        except (OSError, ValueError) as error:
            return str(error)
        return "yes"
    sources = {
        movielens.GROUPLENS_FILE: movielens.GROUPLENS_SHA256,
        movielens_wheel.FILE: movielens_wheel.SHA256,
    }
    there = {folder / name: digest for name, digest in sources.items() if (folder / name).exists()}
    if not there:
        return "no"
    for path, digest in there.items():
        if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            return "yes"
    return f"{', '.join(map(str, there))}: damaged; delete it"


def train(epochs: int = EPOCHS) -> Answer:
    """Train a small SparCode on a made-up world, build its index, and compare both."""
    import numpy as np
    import pandas as pd

    import sparcode_mini as sm

    rng, each = np.random.default_rng(0), ITEMS // GROUPS
    rows = [
        (person, person % GROUPS * each + int(item), moment)
        for person in range(GROUPS * PEOPLE)
        for moment, item in enumerate(rng.permutation(each)[:LIKED])
    ]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    split = sm.data.from_frames(table).split(test=0.2, validation=0.1)
    model = sm.SparCode(split, query_tokens=4, M=1, N=32, seed=0)
    start = time.perf_counter()
    sm.fit(model, split, epochs=epochs, seed=0)
    seconds = time.perf_counter() - start
    people = np.arange(GROUPS)
    _, values = sm.SparseIndex.build(model, codes="all").search(model.encode(people), k=10)
    best = np.sort(np.asarray(model.scores(people)), axis=1)[:, :-11:-1]
    same = bool(np.allclose(values, best, atol=1e-4))
    detail = f"{seconds:.1f} s; the index scores {'as' if same else 'not as'} the model"
    line = judged(same, "training", detail, "train")
    return {"lines": [line], "seconds": max(1, round(seconds))}


def main() -> None:
    """Print the answer to the one word of the command line."""
    answers = {"look": look, "train": train}
    print(LABEL + json.dumps(answers[sys.argv[1]]()), flush=True)


if __name__ == "__main__":
    main()
