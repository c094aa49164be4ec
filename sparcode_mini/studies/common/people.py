"""How well a model serves each person: the values that `paired.compare` takes.

There is one list per measure. It holds one value for each person who has items in the test part, in
the order of the people; None for a person whom the measure leaves out.
"""

import numpy as np

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import audience
from sparcode_mini.evaluation.metrics import ndcg_of_each, recall_of_each
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.tools.top_k import top_k

PLACES = 50
LAST = 3  # films that are known of a new person
RARE = 20  # a film is rare if fewer people than this watched it in the training part
Values = dict[str, list[float | None]]


def of_history(model: MatchingModel, split: Split, probes: int | None = None) -> Values:
    """Measure NDCG@50, the same from the last films alone, and recall@50 of rare films.

    Args:
        model: made for this split.
        split: the data.
        probes: codes per token that are read (SparCode only); None as trained.
    """
    users, seen, wanted = audience(split, "test")
    ranked = _ranked(model, users, seen, seen, probes)
    late = _ranked(model, users, [films[-LAST:] for films in seen], seen, probes)
    return {
        "NDCG@50": ndcg_of_each(ranked, wanted, PLACES).tolist(),
        f"NDCG@50, last {LAST} films": ndcg_of_each(late, wanted, PLACES).tolist(),
        "R@50, rare films": recall_of_rare(ranked, wanted, split),
    }


def _ranked(
    model: MatchingModel,
    users: np.ndarray,
    read: list[np.ndarray],
    seen: list[np.ndarray],
    probes: int | None,
) -> np.ndarray:
    """Return the first places for users, from the items to read; seen items are left out."""
    T = model.history_tokens(read, users)  # (B, K_u, D_T)
    if isinstance(model, SparCode):
        y = model.scores_of_codes(model.token_codes(T, probes))  # (B, I)
    else:
        y = model.token_scores(T)  # (B, I)
    return top_k(y.numpy(), PLACES, seen, positive_only=model.nonnegative)[0]


def recall_of_rare(
    ranked: np.ndarray, wanted: list[np.ndarray], split: Split
) -> list[float | None]:
    """Return R@50 of each person when only rare films count; None for who wants none."""
    watched = np.bincount(np.concatenate(split.histories("train")), minlength=split.n_items)
    rare = [films[watched[films] < RARE] for films in wanted]
    some = np.array([len(films) > 0 for films in rare])
    each = recall_of_each(ranked[some], [films for films in rare if len(films)], PLACES)
    values = iter(each.tolist())
    return [next(values) if has else None for has in some]
