"""Labels of items that a person can ask for: values of features, and words of titles.

A wish such as "a comedy, or something with 'star' in the title, and no horror" is exact: an item
fulfils it or does not. So each label has a list of its items, and no vector has to learn it.
"""

import difflib
import functools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from sparcode_mini.data.split import Split
from sparcode_mini.tools.checks import count, number


@dataclass(frozen=True, eq=False, repr=False)
class Labels:
    """All labels, numbered from 1; number 0 stands for none.

    Attributes:
        names: (R + 1,) text; names[0] is "".
        holds: (R + 1, I) bool, does this item have this label?
    """

    names: tuple[str, ...]
    holds: np.ndarray

    def __repr__(self) -> str:
        return f"Labels({', '.join(self.names[1:])})"

    def numbers(self, names: Sequence[str]) -> Int[np.ndarray, " n"]:
        """Return the numbers of labels; large and small letters are the same.

        Raises:
            ValueError: a name that no label has; the message lists similar ones.
        """
        known = {name.casefold(): number for number, name in enumerate(self.names) if number}
        numbers = []
        for name in names:
            if name.casefold() not in known:
                near = difflib.get_close_matches(name.casefold(), known, n=3)
                some = near or list(known)[:3]
                raise ValueError(f"no item has the label {name!r}; there are {some} and others")
            numbers.append(known[name.casefold()])
        return np.array(numbers, dtype=np.int64)

    def fits(self, wanting: Sequence[str], without: Sequence[str] = ()) -> Bool[np.ndarray, " I"]:
        """Mark the items that have one of the labels `wanting` and none of `without`.

        Args:
            wanting: labels joined by OR; if empty, every item will do.
            without: labels that an item must not have.
        """
        good = self.holds[self.numbers(wanting)].any(axis=0) if wanting else ~self.holds[0]
        marks: Bool[np.ndarray, " I"] = good & ~self.holds[self.numbers(without)].any(axis=0)
        return marks

    @functools.cached_property
    def of_items(self) -> Int[np.ndarray, "I W"]:
        """Return the numbers of each item's labels, ascending, padded with 0."""
        width = max(int(self.holds.sum(axis=0).max()), 1)
        order = np.argsort(~self.holds, axis=0, kind="stable")[:width].T  # (I, W)
        return np.where(np.take_along_axis(self.holds.T, order, axis=1), order, 0)


def labels_of(
    split: Split, features: Sequence[str] | None = None, least: int = 1, most: float = 1.0
) -> Labels:
    """Return the values of item features and the words of titles as labels.

    Large and small letters are the same. A word that is also the value of a feature stands for the
    feature alone.

    Args:
        split: the data.
        features: names of item features; None takes all that are no ranges of numbers.
        least: items that must have a label.
        most: share of the items that may have it.

    Raises:
        ValueError: an unknown feature, least < 1, most outside (0, 1], or no label that is left.
    """
    least, most = count(least, "least"), number(most, "most")
    if not 0 < most <= 1:
        raise ValueError(f"most = {most}; give a share, 0 < most <= 1")
    known = {feature.name: feature for feature in split.item_features}
    if features is None:
        features = [name for name, feature in known.items() if feature.kind != "numeric"]
    rows: dict[str, np.ndarray] = {}  # by names in small letters
    names: dict[str, str] = {}
    for name in features:
        if name not in known:
            raise ValueError(f"item feature {name!r} is unknown; there are {sorted(known)}")
        for value, text in enumerate(known[name].vocabulary[1:], 1):
            key = names.setdefault(text.casefold(), text).casefold()
            rows[key] = rows.get(key, False) | (known[name].values == value).any(axis=1)  # (I,)
    values = set(rows)
    for place, words in enumerate(title_words(split.titles.tolist(), least)):
        for word in (w for w in words if w not in values):
            rows.setdefault(word, np.zeros(split.n_items, dtype=bool))[place] = True
    kept = [key for key, row in rows.items() if least <= row.sum() <= most * split.n_items]
    if not kept:
        raise ValueError(f"no label belongs to {least} items or more and to at most {most:.0%}")
    none = np.zeros(split.n_items, dtype=bool)
    texts = (names.get(key, key) for key in kept)
    return Labels(("", *texts), np.stack([none, *(rows[key] for key in kept)]))


def title_words(titles: Sequence[str], least: int = 2) -> list[list[str]]:
    """Return the words of each title that enough titles have, in lower case, each once.

    A word that only one title has would be a second id.

    Raises:
        ValueError: least < 1.
    """
    least = count(least, "least")
    words = [sorted(set(re.findall(r"\w+", title.casefold()))) for title in titles]
    counts = Counter(word for title_words in words for word in title_words)
    return [[w for w in title_words if counts[w] >= least] for title_words in words]
