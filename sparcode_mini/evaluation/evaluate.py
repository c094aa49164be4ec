"""Full-ranking evaluation: all items are ranked, except those that the query has already seen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Int

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.metrics import all_metrics
from sparcode_mini.index.origin import require_model
from sparcode_mini.tools.checks import count
from sparcode_mini.tools.options import short
from sparcode_mini.tools.progress import progress
from sparcode_mini.tools.room import require_room
from sparcode_mini.tools.top_k import top_k

if TYPE_CHECKING:
    from sparcode_mini.index.sparse_index import SparseIndex

HISTORY = {"test": "train+validation", "validation": "train"}
SCORES_AT_ONCE = 2**25  # (user, item) pairs ranked together: 134 MB in single precision


class Audience(NamedTuple):
    """Everybody with an item in a part of the data, in the order of `split.user_ids`."""

    users: Int[np.ndarray, " B"]  # positions
    seen: list[Int[np.ndarray, " _"]]  # items of the history, which are not ranked
    relevant: list[Int[np.ndarray, " _"]]  # items of the part


def audience(split: Split, on: str) -> Audience:
    """Return everybody with an item in part `on`, "validation" or "test"."""
    seen, relevant = split.histories(HISTORY[on]), split.histories(on)
    users = np.array([u for u, items in enumerate(relevant) if len(items)], dtype=np.int64)  # (B,)
    return Audience(users, [seen[u] for u in users], [relevant[u] for u in users])


def evaluate(
    model: Any,
    split: Split,
    on: str = "test",
    k: Sequence[int] | int = (10, 50),
    probes: int | None = None,
    index: "SparseIndex | None" = None,
) -> dict[str, float]:
    """Rank the catalogue for every user with an item in part `on`, and measure the rankings.

    Args:
        model: a matching model, or one of `baselines`.
        split: the data.
        on: "test" (history: train + validation) or "validation" (history: train).
        k: cut-offs, or one.
        probes: R, nearest codes read per token (SparCode only); None as trained (1, or `soft`).
        index: rank by the answers of this index instead of the model's own scores.

    Returns:
        Fractions: {"ndcg@50": 0.28, "recall@50": ..., "precision@50": ..., "hit_rate@50": ...,
        "coverage@50": ...} for each k.

    Raises:
        ValueError: an unknown part, a part without interactions, no cut-off or one below 1, or a
            model or index made for another split, probes or an index for a model without codes,
            or an index that another model filled, or this one before more training.
    """
    cuts = [count(cut, "k") for cut in np.atleast_1d(np.asarray(k, dtype=object))]
    if not cuts:
        raise ValueError(f"k = {short(k)}; give one cut-off or more, each at least 1")
    ranked, relevant = rank(model, split, on, max(cuts), probes, index)
    return all_metrics(ranked, relevant, split.n_items, cuts)


def rank(
    model: Any,
    split: Split,
    on: str,
    places: int,
    probes: int | None = None,
    index: "SparseIndex | None" = None,
) -> tuple[Int[np.ndarray, "B places"], list[Int[np.ndarray, " _"]]]:
    """Return the ranking that `evaluate` measures, for every user with an item in part `on`.

    Returns:
        Item positions, best first, padded with -1; and for each of these users, in the order of
        `split.user_ids`, the positions of the relevant items.

    Raises:
        ValueError: as `evaluate`.
    """
    _check(model, split, on, probes, index)
    users, seen, relevant = audience(split, on)
    if len(users) == 0:
        raise ValueError(f"the {on} part is empty; split with a larger share for it")
    require_room(8 * len(users) * places, f"a ranking of {len(users):,} users with k = {places}")
    n = min(places, split.n_items)  # a small catalogue leaves the last places empty
    at_once = max(1, SCORES_AT_ONCE // split.n_items)
    blocks = [slice(start, start + at_once) for start in range(0, len(users), at_once)]
    ranked = np.concatenate(
        [
            _ranked(model, index, split.user_ids[users[block]], seen[block], on, n, probes)
            for block in (progress(blocks, desc="evaluate") if len(blocks) > 1 else blocks)
        ]
    )
    ranked = np.pad(ranked, ((0, 0), (0, places - n)), constant_values=-1)  # (B, places)
    return ranked, relevant


def _check(
    model: Any, split: Split, on: str, probes: int | None, index: "SparseIndex | None"
) -> None:
    if not isinstance(split, Split) or not hasattr(model, "scores"):
        given = f"{type(model).__name__} and {type(split).__name__}"
        raise ValueError(f"model and split are {given}; give a model and the Split of its data")
    if index is not None and not hasattr(index, "made_from"):
        raise ValueError(f"index = {short(index)}; give a SparseIndex: load(path) reads a file")
    probes = None if probes is None else count(probes, "probes")
    if (index is not None or probes not in (None, 1)) and not hasattr(model, "encode"):
        raise ValueError(
            f"a {type(model).__name__} has no codes; leave probes and index out, or give a SparCode"
        )
    if index is not None and index.n_items != split.n_items:
        raise ValueError(
            f"the index lists {index.n_items} items, the split has {split.n_items}; build it from "
            "a model of this split"
        )
    if index is not None:
        require_model(index, model)
    if not isinstance(on, str) or on not in HISTORY:
        raise ValueError(f"on = {on!r}; evaluate on 'test' or 'validation'")
    model_split = getattr(model, "split", None)
    if model_split is not None and model_split.fingerprint != split.fingerprint:
        raise ValueError(
            "the model reads histories of another split, which may hold what is to be found here; "
            "evaluate with model.split, or load_model(path, split=split)"
        )


def _ranked(
    model: Any,
    index: "SparseIndex | None",
    users: np.ndarray,
    exclude: list[np.ndarray],
    on: str,
    places: int,
    probes: int | None,
) -> np.ndarray:
    """Rank the catalogue for a block of users, (B, places)."""
    if index is not None:
        codes = model.encode(users, history=HISTORY[on], probes=probes)
        return index.search(codes, k=places, exclude=exclude)[0]
    args = {"probes": probes} if hasattr(model, "encode") else {}
    y = model.scores(users, history=HISTORY[on], **args)
    return top_k(y.numpy(), places, exclude, positive_only=model.nonnegative)[0]
