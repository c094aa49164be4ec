"""Wishes beside a history: "a comedy, or something with 'star' in the title, and no horror".

A wish wants one label or another (OR), perhaps without a third (NOT). Labels are genres, decades
and words of titles, by their numbers in `data.labels`; 0 is none. The answers are the films of the
test part that fulfil the wish.
"""

import dataclasses
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from sparcode_mini.data.labels import Labels, labels_of
from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import HISTORY
from sparcode_mini.evaluation.metrics import ndcg_of_each, recall_of_each
from sparcode_mini.tools.reproducible import RNG
from sparcode_mini.tools.top_k import top_k

FIELDS, LEAST, MOST = ("genres", "decade"), 3, 0.5  # films, and their share, with a label
HIDDEN, NOISE, LABEL_SEED = 1 / 3, 0.2, 11
SECOND, WITHOUT = 0.5, 0.25  # how often a wish has a second label, and a label that it excludes
AHEAD = 20  # next items from which the second and the excluded label are drawn
# Words that say nothing of a film: nobody asks for them, and only a list can hold them.
_STOP_WORDS = """
a about all an and are as at be by can de der des die do down du el for from has he her his i ii iii
il in into is it its la le les los me my no not of off on one or our out s she so t that the their
them they this to two up was we what when where who will with you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
WINDOW = 3  # the film that is taken is one of so many next ones
NOISY = "logs, noise"
EACH = 3  # wishes of a person in the validation and the test part


def settings() -> dict[str, Any]:
    """Return what decides wishes and logs."""
    return {
        "fields": list(FIELDS), "least": LEAST, "most": MOST, "hidden": HIDDEN, "noise": NOISE,
        "label seed": LABEL_SEED, "second": SECOND, "without": WITHOUT, "ahead": AHEAD,
        "window": WINDOW, "each": EACH, "stop words": sorted(STOP_WORDS),
    }  # fmt: skip


class Wishes(NamedTuple):
    """What n queries ask for, beside their history."""

    wanted: Int[np.ndarray, "n 2"]  # one of these; 0 is none
    unwanted: Int[np.ndarray, " n"]  # not this; 0 is none


def fulfilled(labels: Labels, wishes: Wishes) -> Bool[np.ndarray, "n I"]:
    """Mark the items that fulfil each wish."""
    fits: Bool[np.ndarray, "n I"] = labels.holds[wishes.wanted].any(axis=1)
    return fits & ~labels.holds[wishes.unwanted]


def hide(labels: Labels, share: float, seed: int) -> Labels:
    """Return labels of which a share of all (label, item) pairs is missing."""
    rng = np.random.default_rng(seed)
    holds = labels.holds & (rng.random(labels.holds.shape) >= share)
    return Labels(labels.names, holds)


def draw_labels(labels: Labels, items: Int[np.ndarray, " n"], rng: RNG) -> Int[np.ndarray, " n"]:
    """Draw one label of each item, uniformly; 0 for an item that has none."""
    known = labels.of_items[items]  # (n, W), padding behind
    most = np.maximum((known > 0).sum(axis=1), 1)  # (n,)
    return np.asarray(known[np.arange(len(known)), rng.integers(most)])


def draw_wishes(
    labels: Labels,
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
    first, second, third = (draw_labels(labels, c, rng) for c in (items, *others.T))  # (n,) each
    second = np.where((rng.random(len(items)) < SECOND) & (second != first), second, 0)
    clash = labels.holds[third, items] | (third == first) | (third == second)
    unwanted = np.where((rng.random(len(items)) < WITHOUT) & ~clash, third, 0)
    return Wishes(np.stack([first, second], axis=1), unwanted)


class World(NamedTuple):
    """A setting: what wishes are made of, what models know, and how often clicks are noise."""

    chosen_by: Labels  # in the logs, and where validation chooses
    known: Labels
    noise: float
    counts: bool  # can logs show labels that the models do not know?
    tested: Labels


def with_decades(ratings: Ratings) -> Ratings:
    """Return the same films, described by decade ("1980s") and genres.

    Raises:
        ValueError: films without a column year.
    """
    if ratings.items is None or "year" not in ratings.items.columns:
        raise ValueError("these ratings know no year of their items; give items a column year")
    year = ratings.items["year"]
    decade = [None if pd.isna(y) else f"{int(y) // 10 * 10}s" for y in year]
    column = pd.Series(decade, index=ratings.items.index, dtype=object)
    items = ratings.items.drop(columns="year").assign(decade=column)
    return dataclasses.replace(ratings, items=items)


def labels_of_films(ratings: Ratings) -> Labels:
    """Return genres, decades and title words of at least LEAST films as labels."""
    labels = labels_of(with_decades(ratings).split(), FIELDS, LEAST, MOST)
    kept = [number for number, name in enumerate(labels.names) if name not in STOP_WORDS]
    return Labels(tuple(labels.names[number] for number in kept), labels.holds[kept])


def worlds(labels: Labels) -> dict[str, World]:
    """Return the settings in which labels say what a film is."""
    fewer = hide(labels, HIDDEN, LABEL_SEED)
    return {
        "plain": World(labels, labels, 0.0, False, labels),
        "logs": World(labels, fewer, 0.0, True, labels),
        "hidden": World(fewer, fewer, 0.0, False, labels),
        NOISY: World(labels, fewer, NOISE, True, labels),
    }


class Queries(NamedTuple):
    """Wishes of people, and their answers in a part of the data."""

    on: str
    users: Int[np.ndarray, " n"]  # positions, ascending
    wishes: Wishes
    answers: list[np.ndarray]


def draw_queries(split: Split, labels: Labels, on: str, seed: int) -> Queries:
    """Draw EACH wishes for every person, each fulfilled by a film of part `on`."""
    rng, users, drawn = np.random.default_rng(seed), [], []
    parts = split.histories(on)
    for user, films in enumerate(parts):
        if len(films):
            users += [user] * EACH
            drawn.append(films[rng.integers(len(films), size=(EACH, 3))])  # (EACH, 3)
    films = np.concatenate(drawn)  # (n, 3)
    wishes = draw_wishes(labels, films[:, 0], films[:, 1:], rng)
    named = wishes.wanted[:, 0] > 0  # films without a label ask for nothing
    wishes = Wishes(wishes.wanted[named], wishes.unwanted[named])
    owners = np.array(users)[named]
    fits = fulfilled(labels, wishes)  # (n, I)
    answers = [parts[u][row[parts[u]]] for u, row in zip(owners, fits, strict=True)]
    return Queries(on, owners, wishes, answers)


class Log(NamedTuple):
    """What training sees: for each prefix a wish, and the item that was taken."""

    wishes: Wishes
    targets: Int[np.ndarray, " n"]


def draw_log(split: Split, labels: Labels, rng: RNG, noise: float = 0.0) -> Log:
    """Draw a wish and a target for every prefix of the training histories.

    Args:
        split: the data; prefixes are in the order of `serving.finetune.training_prefixes`.
        labels: by which people choose.
        rng: of the draws.
        noise: share of the prefixes whose target ignores the wish.
    """
    targets: list[np.ndarray] = []
    others: list[np.ndarray] = []
    for sequence in split.histories("train"):
        last = max(len(sequence) - 1, 0)
        place = np.arange(last)
        for kept, size, most in ((targets, (last,), WINDOW), (others, (last, 3), AHEAD)):
            left = np.minimum(last - place, most).reshape(-1, *([1] * (len(size) - 1)))
            ahead = rng.integers(left, size=size) + 1
            kept.append(sequence[place.reshape(left.shape) + ahead])
    taken, other = np.concatenate(targets), np.concatenate(others)  # (n,), (n, 3)
    about = np.where(rng.random(len(taken)) < noise, other[:, 2], taken)  # (n,)
    return Log(draw_wishes(labels, about, other[:, :2], rng), taken)


def clicks_of(labels: Labels, logs: Sequence[Log]) -> Int[np.ndarray, "R1 I"]:
    """Count how often each item was taken for a wish of one label alone; row 0 stays empty."""
    clicks = np.zeros(labels.holds.shape, dtype=np.int64)  # (R + 1, I)
    for wishes, targets in logs:
        alone = (wishes.wanted[:, 1] == 0) & (wishes.wanted[:, 0] > 0)
        np.add.at(clicks, (wishes.wanted[alone, 0], targets[alone]), 1)
    return clicks


def complete(labels: Labels, logs: Sequence[Log], least: int) -> Labels:
    """Add the labels that logs show: an item taken `least` times for a wish of one label alone."""
    return dataclasses.replace(labels, holds=labels.holds | (clicks_of(labels, logs) >= least))


def sureness(labels: Labels, logs: Sequence[Log], doubt: float) -> Float[np.ndarray, "R1 I"]:
    """Return how far clicks for a label are believed: n / (n + doubt * e).

    n counts the clicks on an item for a label; e is how many there would be if people took items
    whatever they wish. Labels that are known are sure (1).
    """
    n = clicks_of(labels, logs)  # (R + 1, I)
    e = n.sum(axis=1, keepdims=True) * (n.sum(axis=0) / n.sum())  # (R + 1, I)
    believed = np.divide(n, n + doubt * e, out=np.zeros(n.shape), where=n > 0)
    return np.where(labels.holds, 1.0, believed)


def measure(
    y: Float[np.ndarray, "n I"], split: Split, queries: Queries
) -> dict[str, Float[np.ndarray, " n"]]:
    """Return "ndcg@10" and "r-precision" of every wish.

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
    return {"ndcg@10": ndcg_of_each(ranked, queries.answers, 10), "r-precision": precision}


def of_people(values: Float[np.ndarray, " n"], queries: Queries) -> Float[np.ndarray, " people"]:
    """Return the mean over the wishes of everybody who has one, in the order of positions."""
    _, owner = np.unique(queries.users, return_inverse=True)
    return np.bincount(owner, values) / np.bincount(owner)


def by_kind(
    values: Float[np.ndarray, " n"], queries: Queries, labels: Labels
) -> dict[str, dict[str, float]]:
    """Return for each kind of the first wanted label the number of "wishes" and their "mean"."""
    kinds = np.array([kind_of(name) for name in labels.names])[queries.wishes.wanted[:, 0]]  # (n,)
    groups = {kind: values[kinds == kind] for kind in np.unique(kinds).tolist()}
    return {kind: {"wishes": len(x), "mean": float(x.mean())} for kind, x in groups.items()}


def kind_of(name: str) -> str:
    """Return "genre", "decade", "word" (in small letters) or "code", by the name of a label."""
    if re.fullmatch(r"[0-9]{4}s", name):
        return "decade"
    if name.startswith("code "):
        return "code"
    return "genre" if name[:1].isupper() else "word"
