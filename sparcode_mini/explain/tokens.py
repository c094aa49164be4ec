"""What a token looks at and what it asks for, measured in the same way for every tokenizer.

One tokenizer has attention weights, another has couplings. Neither shows what the *token* depends
on after all later layers. So here one film is left out, and the change of the token is measured.

Symbols: B queries, L films of a history, K_u tokens, D_T their width, I items.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparcode_mini.data.features import Feature
from sparcode_mini.data.split import Split
from sparcode_mini.model.all_to_all import AllToAll
from sparcode_mini.model.base import MatchingModel
from sparcode_mini.tools.unicode import told_apart


def influence(model: MatchingModel, history: Sequence[int] | np.ndarray) -> Float[Tensor, "K_u L"]:
    """Return the share of each film in each token: how far the token moves without the film.

        influence[i, p] = |T_i(history) - T_i(history without p)|, rows divided by their sum

    Without film p all later films move up by one place, which a tokenizer that knows places feels,
    too.

    Args:
        model: any model over histories.
        history: item positions, oldest first, at most `history_len` of them.

    Raises:
        ValueError: fewer than two films (nothing would be left), or more than the model reads.
    """
    films = np.asarray(history, dtype=np.int64)
    if not 2 <= len(films) <= model.history_len:
        raise ValueError(
            f"a history of {len(films)} films; give 2 to {model.history_len}, the most that the "
            "model reads"
        )
    T = model.history_tokens([films])  # (1, K_u, D_T)
    without = model.history_tokens([np.delete(films, p) for p in range(len(films))])  # (L, K_u, D)
    moved = (without - T).norm(dim=-1).T  # (K_u, L)
    return moved / moved.sum(dim=1, keepdim=True)


@torch.no_grad()
def nearest_films(model: AllToAll, T: Float[Tensor, "n D_T"], k: int = 10) -> Int[Tensor, "n k"]:
    """Return the films that a token asks for: the largest S of the model's scorer, without bias.

    The item bias says how popular a film is with everyone, so it is left out here.

    Raises:
        ValueError: k outside 1..I.
    """
    if not 1 <= k <= model.n_items:
        raise ValueError(f"k = {k}; ask for 1 to {model.n_items} films")
    model.eval()
    S = model.scorer(T, model.items(), torch.zeros_like(model.item_bias))  # (n, I)
    return S.argsort(dim=1, descending=True, stable=True)[:, :k]


def genre_profile(genres: Feature, films: Sequence[int] | np.ndarray) -> dict[str, float]:
    """Return the share of the films that have each genre: largest first, equal ones by name.

    Args:
        genres: a feature of kind "list".
        films: item positions.

    Raises:
        ValueError: no film.
    """
    if len(films) == 0:
        raise ValueError("there are no films; give at least one position")
    rows = genres.values[np.asarray(films)]  # (n, W)
    counts = np.bincount(rows[rows > 0], minlength=len(genres.vocabulary))
    order = np.argsort(-counts, kind="stable")
    return {genres.vocabulary[g]: float(counts[g] / len(rows)) for g in order if counts[g] > 0}


def describe(
    model: AllToAll, split: Split, history: Sequence[int] | np.ndarray, token: int = 1, k: int = 10
) -> dict[str, Any]:
    """Describe what the tokens of a history depend on, and what one of them asks for.

    Args:
        model: any model over histories with a scorer.
        split: gives titles and genres.
        history: item positions, oldest first.
        token: its number, from 1.
        k: number of films that it asks for.

    Returns:
        "films" (L titles), "influence" (K_u, L), "token", "nearest" (k titles), "genres" (share of
        the nearest films by genre, largest first).

    Raises:
        ValueError: there is no token of this number.
    """
    history = np.asarray(history)
    T = model.history_tokens([history])[0]  # (K_u, D_T)
    if not 1 <= token <= len(T):
        raise ValueError(f"token = {token}; this model has tokens 1 to {len(T)}")
    nearest = nearest_films(model, T[token - 1 : token], k)[0].numpy()  # (k,)
    return {
        "films": told_apart(split.titles[history], split.item_ids[history]),
        "influence": influence(model, history).tolist(),
        "token": token,
        "nearest": told_apart(split.titles[nearest], split.item_ids[nearest]),
        "genres": genre_profile(genres_of(split), nearest),
    }


def genres_of(split: Split) -> Feature:
    """Return the feature "genres" of the items.

    Raises:
        ValueError: items without genres.
    """
    for feature in split.item_features:
        if feature.name == "genres":
            return feature
    raise ValueError(f"items have no genres; there are {[f.name for f in split.item_features]}")


def cosines(T: Float[Tensor, "B K_u D_T"]) -> Float[Tensor, "B K_u K_u"]:
    """Return the cosine of every two tokens of each query."""
    unit = torch.nn.functional.normalize(T, dim=-1)  # (B, K_u, D_T)
    return unit @ unit.transpose(1, 2)  # (B, K_u, K_u)


def mean_cosine(T: Float[Tensor, "B K_u D_T"]) -> float:
    """Return the mean cosine of two different tokens of the same query: 1 means copies.

    Raises:
        ValueError: queries with a single token.
    """
    K_u = T.shape[1]
    if K_u < 2:
        raise ValueError("one token has no other to be compared with; give K_u >= 2")
    return float((cosines(T).sum(dim=(1, 2)) - K_u).mean() / (K_u * (K_u - 1)))


def start_alike(model: MatchingModel) -> None:
    """Give all heads of the tokenizer the weights of the first, so that all tokens are equal.

    This is a fault to study: y = sum_i ReLU(S_i + b) treats all tokens in the same way, so equal
    tokens get equal gradients and stay equal, however long the training.
    """
    head = model.tokenizer.head
    K_u = model.tokenizer.query_tokens
    for weight in (head.weight, head.bias):  # (K_u * D_T, D), (K_u * D_T,)
        parts = weight.data.unflatten(0, (K_u, -1))  # (K_u, D_T, ...)
        parts[1:] = parts[:1]
