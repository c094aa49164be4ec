"""The numbers of the X-ray on a page without Python: a few people in four models.

The first model comes with the project. The others have other M and N, are settings of the sweep and
are trained here. Most people are composed, three are short excerpts of real histories: one that the
lessons follow, and two chosen by a rule, as examples of where SparCode is worse and better than the
two-tower. About 3 minutes on one core.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int

from sparcode_mini import data, results
from sparcode_mini.data.split import Split
from sparcode_mini.explain.people import COMPOSED, ENOUGH, Person, composed, excerpt
from sparcode_mini.explain.wishes import WISHES, logits, wishes_of
from sparcode_mini.explain.xray import xray
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.studies import sweep
from sparcode_mini.tools.top_k import top_k

INDENT = None  # half a million numbers: one line instead of one line each
OF = "MovieLens"
FOLLOWED = 582  # the person of the lessons
K, LATER = 10, 10  # results; films rated next, of an excerpt
SETTINGS = ((1, 16), (1, 64), (2, 32))  # M, N
SPARSITY = 12.0
NAMES = tuple(sweep.setting_name(M, N, SPARSITY) for M, N in SETTINGS)


def people(split: Split, model: SparCode, tower: TwoTower) -> list[Person]:
    """Return the people that the page offers."""
    followed = excerpt(split, FOLLOWED, later=LATER, of=OF)
    return [*composed(split), followed, *examples(split, model, tower)]


def hits(
    model: MatchingModel,
    histories: Sequence[np.ndarray],
    later: Sequence[np.ndarray],
) -> Int[np.ndarray, " n"]:
    """Count the top K of each history that are among the films rated later."""
    y = model.token_scores(model.history_tokens(histories)).numpy()  # (n, I)
    best, _ = top_k(y, K, exclude=histories, positive_only=model.nonnegative)  # (n, K), -1 pads
    return np.array([np.isin(row, films).sum() for row, films in zip(best, later, strict=True)])


def examples(split: Split, model: SparCode, tower: TwoTower) -> list[Person]:
    """Return the people for whom SparCode is worst and best, beside the two-tower.

    The rule: of all who rated at least ENOUGH films before the test cut and LATER after it, given
    the last ENOUGH, who has the smallest and who the largest difference of hits in the top K, both
    models with their own settings. Of equal ones the first in the data.
    """
    histories, tests = split.histories("train+validation"), split.histories("test")
    users = [
        user
        for user, (before, after) in enumerate(zip(histories, tests, strict=True))
        if len(before) >= ENOUGH and len(after) >= LATER
    ]
    films = [histories[user][-ENOUGH:] for user in users]
    later = [tests[user][:LATER] for user in users]
    more = hits(model, films, later) - hits(tower, films, later)  # (n,)
    chosen = {"worse": int(more.argmin()), "better": int(more.argmax())}
    people = []
    for word, place in chosen.items():
        person = excerpt(split, split.user_ids[users[place]].item(), later=LATER, of=OF)
        why = (
            f"Chosen as the example where SparCode ({name_of(model)}, at its own b, one probe) is "
            f"{word}: the largest such difference of {len(users)} people with {LATER} films to "
            "come."
        )
        name = person.name.replace("an excerpt", f"an excerpt, chosen: SparCode {word}")
        people.append(person._replace(name=name, why=why))
    return people


def everybody(split: Split, model: SparCode, tower: TwoTower) -> dict[str, Any]:
    """Count for how many people SparCode has more, as many and fewer hits than the two-tower.

    Each person with the whole history (models read its last films) and the whole test part.

    Returns:
        {"model", "k", "people", "better", "equal", "worse"}.
    """
    pairs = zip(split.histories("train+validation"), split.histories("test"), strict=True)
    histories, tests = zip(*[p for p in pairs if len(p[0]) and len(p[1])], strict=True)
    more = hits(model, histories, tests) - hits(tower, histories, tests)  # (n,)
    counts = {"better": more > 0, "equal": more == 0, "worse": more < 0}
    return {"model": name_of(model), "k": K, "people": len(more)} | {
        word: int(marks.sum()) for word, marks in counts.items()
    }


def name_of(model: SparCode) -> str:
    """Return what the page calls a model."""
    return f"M = {model.quantizer.M}, N = {model.quantizer.N}"


def show(split: Split, folder: Path) -> dict[str, Any]:
    """Return the X-ray of the project's model and of those in `folder`, in 64-bit numbers."""
    paths = [results.CHECKPOINTS / "sparcode-sparse", *(folder / name for name in NAMES)]
    tower, *models = (
        load_model(path.with_suffix(".safetensors"), split, torch.float64)
        for path in (results.CHECKPOINTS / "two-tower", *paths)
    )
    known, counts = people(split, models[0], tower), everybody(split, models[0], tower)
    return xray(models, tower, known, wishes_of(split), everybody=counts)


def run(folder: Path) -> dict[str, Any]:
    """Train the models that `folder` lacks, and make the X-ray of all people and models.

    Returns:
        {"data": what `sparcode_mini.explain.xray.xray` returns}.
    """
    split = data.movielens_100k().split()
    for M, N in SETTINGS:
        sweep.run_setting(split, folder, M, N, SPARSITY)
    return {"data": show(split, folder)}


def config() -> dict[str, Any]:
    """Return everything that decides what is stored."""
    return {
        "followed": FOLLOWED,
        "films of an excerpt": [ENOUGH, LATER],
        "k": K,
        "composed": list(COMPOSED),
        "wishes": WISHES,
        "logits of a wish": logits(),
        "settings": SETTINGS,
        "sparsity": SPARSITY,
        "model": sweep.MODEL,
        "fit": sweep.FIT,
        "lr": sweep.RATE,
        "seed": sweep.SEED,
        "data": "MovieLens-100K",
    }
