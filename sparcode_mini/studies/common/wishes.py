"""Wishes beside a history: "a comedy, or something with 'star' in the title, and no horror".

A wish wants one label or another (OR), perhaps without a third (NOT). Labels are the values of item
features: genres, decades, words of titles. They are numbered as `requests.Requests` has them, from
1; 0 stands for none. The answers are the films of the test part that fulfil the wish.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import HISTORY
from sparcode_mini.evaluation.metrics import ndcg_of_each, recall_of_each
from sparcode_mini.model.base import pad
from sparcode_mini.model.queries import title_words
from sparcode_mini.studies.common.requests import (
    Requests,
    draw_requests,
    requests_of,
    with_decades,
)
from sparcode_mini.tools.reproducible import RNG
from sparcode_mini.tools.top_k import top_k

FIELDS, LEAST = ("genres", "decade", "words"), 3  # films that a label must have
HIDDEN, NOISE, LABEL_SEED = 1 / 3, 0.2, 11
SECOND, WITHOUT = 0.5, 0.25  # how often a wish has a second label, and a label that it excludes
AHEAD = 20  # next items from which the second and the excluded label are drawn
EACH = 3  # wishes of a person in the validation and the test part


class Wishes(NamedTuple):
    """What n queries ask for, beside their history."""

    wanted: Int[np.ndarray, "n 2"]  # one of these; 0 is none
    unwanted: Int[np.ndarray, " n"]  # not this; 0 is none


def fulfilled(labels: Requests, wishes: Wishes) -> Bool[np.ndarray, "n I"]:
    """Mark the items that fulfil each wish."""
    fits: Bool[np.ndarray, "n I"] = labels.holds[wishes.wanted].any(axis=1)
    return fits & ~labels.holds[wishes.unwanted]


def hide(labels: Requests, share: float, seed: int) -> Requests:
    """Return labels of which a share of all (label, item) pairs is missing."""
    rng = np.random.default_rng(seed)
    holds = labels.holds & (rng.random(labels.holds.shape) >= share)
    of_item = pad([np.flatnonzero(column) for column in holds.T]).clamp(min=0).numpy()
    return dataclasses.replace(labels, holds=holds, of_item=of_item)


def draw_wishes(
    labels: Requests,
    items: Int[np.ndarray, " n"],
    others: Int[np.ndarray, "n 2"],
    rng: RNG,
) -> Wishes:
    """Draw a wish that each item fulfils.

    Args:
        labels: from which wishes are made.
        items: that must fulfil them; of an item without labels the wish is empty.
        others: items whose labels become the second wanted and the unwanted one.
        rng: of the draws.
    """
    first, second, third = (draw_requests(labels, c, rng) for c in (items, *others.T))  # (n,) each
    second = np.where((rng.random(len(items)) < SECOND) & (second != first), second, 0)
    clash = labels.holds[third, items] | (third == first) | (third == second)
    unwanted = np.where((rng.random(len(items)) < WITHOUT) & ~clash, third, 0)
    return Wishes(np.stack([first, second], axis=1), unwanted)


class World(NamedTuple):
    """A setting: what the logs choose by, what models know, and how often clicks are noise."""

    chosen_by: Requests
    known: Requests
    noise: float
    counts: bool  # can logs show labels that the models do not know?


def labels_of(ratings: Ratings) -> Requests:
    """Return genres, decades and title words of at least LEAST films, as numbered requests."""
    films = with_decades(ratings)
    assert films.items is not None
    words = pd.Series(title_words(films.items["title"].tolist()), index=films.items.index)
    films = dataclasses.replace(films, items=films.items.assign(words=words))
    found = requests_of(films.split(), FIELDS)
    kept = np.flatnonzero(found.holds.sum(axis=1) >= LEAST)
    holds = np.concatenate([found.holds[:1], found.holds[kept]])  # number 0 is none
    of_item = pad([np.flatnonzero(column) for column in holds.T]).clamp(min=0).numpy()
    return Requests(("", *(found.names[i] for i in kept)), holds, of_item)


def worlds(labels: Requests) -> dict[str, World]:
    """Return the four settings."""
    fewer = hide(labels, HIDDEN, LABEL_SEED)
    return {
        "plain": World(labels, labels, 0.0, False),
        "logs": World(labels, fewer, 0.0, True),
        "hidden": World(fewer, fewer, 0.0, False),
        "noise": World(labels, labels, NOISE, True),
    }


class Queries(NamedTuple):
    """Wishes of people, and their answers in a part of the data."""

    on: str
    users: Int[np.ndarray, " n"]  # positions, ascending
    wishes: Wishes
    answers: list[np.ndarray]


def draw_queries(split: Split, labels: Requests, on: str, seed: int) -> Queries:
    """Draw EACH wishes for every person, each fulfilled by a film of part `on`."""
    rng, users, drawn = np.random.default_rng(seed), [], []
    parts = split.histories(on)
    for user, films in enumerate(parts):
        if len(films):
            users += [user] * EACH
            drawn.append(films[rng.integers(len(films), size=(EACH, 3))])  # (EACH, 3)
    films = np.concatenate(drawn)  # (n, 3)
    wishes = draw_wishes(labels, films[:, 0], films[:, 1:], rng)
    asked = wishes.wanted[:, 0] > 0  # films without a label ask for nothing
    wishes = Wishes(wishes.wanted[asked], wishes.unwanted[asked])
    owners = np.array(users)[asked]
    fits = fulfilled(labels, wishes)  # (n, I)
    answers = [parts[u][row[parts[u]]] for u, row in zip(owners, fits, strict=True)]
    return Queries(on, owners, wishes, answers)


class Log(NamedTuple):
    """What training sees: for each prefix a wish, and the item that was taken."""

    wishes: Wishes
    targets: Int[np.ndarray, " n"]


def draw_log(split: Split, labels: Requests, rng: RNG, noise: float = 0.0, window: int = 3) -> Log:
    """Draw a wish and a target for every prefix of the training histories.

    Args:
        split: the data; prefixes are in the order of `serving.finetune.training_prefixes`.
        labels: by which people choose.
        rng: of the draws.
        noise: share of the prefixes whose target ignores the wish.
        window: the target is one of so many next items.
    """
    targets: list[np.ndarray] = []
    others: list[np.ndarray] = []
    for sequence in split.histories("train"):
        last = max(len(sequence) - 1, 0)
        place = np.arange(last)
        for kept, size, most in ((targets, (last,), window), (others, (last, 3), AHEAD)):
            left = np.minimum(last - place, most).reshape(-1, *([1] * (len(size) - 1)))
            ahead = rng.integers(left, size=size) + 1
            kept.append(sequence[place.reshape(left.shape) + ahead])
    taken, other = np.concatenate(targets), np.concatenate(others)  # (n,), (n, 3)
    about = np.where(rng.random(len(taken)) < noise, other[:, 2], taken)  # (n,)
    return Log(draw_wishes(labels, about, other[:, :2], rng), taken)


def complete(labels: Requests, logs: Sequence[Log], least: int) -> Requests:
    """Add the labels that logs show: an item taken `least` times for a wish of one label alone."""
    clicks = np.zeros(labels.holds.shape, dtype=np.int64)  # (R + 1, I)
    for wishes, targets in logs:
        alone = wishes.wanted[:, 1] == 0
        np.add.at(clicks, (wishes.wanted[alone, 0], targets[alone]), 1)
    holds = labels.holds | (clicks >= least)
    holds[0] = False
    return dataclasses.replace(labels, holds=holds)


def measure(
    y: Float[np.ndarray, "n I"], split: Split, queries: Queries
) -> dict[str, Float[np.ndarray, " people"]]:
    """Return "ndcg@10" and "r-precision" of everybody who has a query: the mean over their queries.

    R-precision is the recall among as many first places as there are answers.
    """
    seen = split.histories(HISTORY[queries.on])
    sizes = np.array([len(answers) for answers in queries.answers])  # (n,)
    ranked, _ = top_k(y, int(max(10, sizes.max())), [seen[u] for u in queries.users])
    precision = np.empty(len(sizes))
    for size in np.unique(sizes).tolist():
        rows = np.flatnonzero(sizes == size)
        answers = [queries.answers[row] for row in rows]
        precision[rows] = recall_of_each(ranked[rows], answers, size)
    each = {"ndcg@10": ndcg_of_each(ranked, queries.answers, 10), "r-precision": precision}
    _, owner = np.unique(queries.users, return_inverse=True)
    count = np.bincount(owner)
    return {name: np.bincount(owner, values) / count for name, values in each.items()}
