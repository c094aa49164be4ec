"""What each person gets from a model: the values that `paired.compare` takes.

One list per measure, in the order of the people who have something to be found in the test part;
None for a person whom a measure leaves out.
"""

import numpy as np

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import HISTORY
from sparcode_mini.evaluation.metrics import ndcg_of_each, recall_of_each
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.studies.common import requests as asking
from sparcode_mini.studies.common.request_training import query_scores
from sparcode_mini.studies.common.requests import Requests
from sparcode_mini.tools.top_k import top_k

PLACES = 50
LAST = 3  # films that are known of a person who has just come
RARE = 20  # a film is rare if fewer people than this watched it in the training part
Values = dict[str, list[float | None]]


def of_history(model: MatchingModel, split: Split, probes: int | None = None) -> Values:
    """NDCG@50; the same when only the last films are read; recall@50 of rare films alone.

    Args:
        model: made for this split.
        split: the data.
        probes: codes per token that are read (SparCode only); None as trained.
    """
    parts = split.histories("test"), split.histories(HISTORY["test"])
    who = np.array([u for u, films in enumerate(parts[0]) if len(films)])
    wanted, seen = ([part[u] for u in who] for part in parts)
    ranked = _ranked(model, who, seen, seen, probes)
    late = _ranked(model, who, [films[-LAST:] for films in seen], seen, probes)
    watched = np.bincount(np.concatenate(split.histories("train")), minlength=split.n_items)
    return {
        "NDCG@50": ndcg_of_each(ranked, wanted, PLACES).tolist(),
        f"NDCG@50, last {LAST} films": ndcg_of_each(late, wanted, PLACES).tolist(),
        "R@50, rare films": _recall(ranked, [films[watched[films] < RARE] for films in wanted]),
    }


def _ranked(
    model: MatchingModel,
    who: np.ndarray,
    read: list[np.ndarray],
    seen: list[np.ndarray],
    probes: int | None,
) -> np.ndarray:
    """The first places for these people, from what is read of them; what was seen is left out."""
    T = model.history_tokens(read, who)  # (B, K_u, D_T)
    if isinstance(model, SparCode):
        y = model.scores_of_codes(model.token_codes(T, probes))  # (B, I)
    else:
        y = model.token_scores(T)  # (B, I)
    return top_k(y.numpy(), PLACES, seen, positive_only=model.nonnegative)[0]


def _recall(ranked: np.ndarray, wanted: list[np.ndarray]) -> list[float | None]:
    some = np.array([len(films) > 0 for films in wanted])
    each = recall_of_each(ranked[some], [films for films in wanted if len(films)], PLACES)
    values = iter(each.tolist())
    return [next(values) if has else None for has in some]


def of_requests(
    model: MatchingModel, split: Split, requests: Requests, count: int, probes: int | None = None
) -> Values:
    """NDCG@50 of people who ask; also when a filter drops what satisfies no request.

    Args:
        model: trained by `fit_with_requests`.
        split: the data.
        requests: what can be asked for.
        count: requests of a query.
        probes: as above.
    """
    queries = asking.draw_queries(split, requests, "test", count, each=3, seed=0)
    y = query_scores(model, split, queries, probes)  # (n, I)
    found: Values = {}
    for name, filtered in (("NDCG@50", False), ("NDCG@50, filtered", True)):
        found[name] = asking.ndcg_of_people(
            y, split, requests, queries, model.nonnegative, only_fitting=filtered, k=PLACES
        ).tolist()
    return found
