"""What can be requested beside a history: values of item features, such as a genre or a decade."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split
from sparcode_mini.model.base import pad


def with_decades(ratings: Ratings) -> Ratings:
    """Return the same films, described by decade ("1980s") and genres, for use as requests.

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


@dataclass(frozen=True, eq=False, repr=False)
class Requests:
    """All requests that there are, numbered from 1; number 0 stands for no request.

    Attributes:
        names: (R + 1,) text; names[0] is "".
        holds: (R + 1, I) bool, does this item satisfy this request?
        of_item: (I, W) int64, the requests that an item satisfies, padded with 0.
    """

    names: tuple[str, ...]
    holds: np.ndarray
    of_item: np.ndarray

    def __repr__(self) -> str:
        return f"Requests({', '.join(self.names[1:])})"


def requests_of(split: Split, features: Sequence[str], most: float = 0.5) -> Requests:
    """Return the values of item features that a share of at most `most` of the items has.

    A value that nearly every item has makes no useful request.

    Raises:
        ValueError: an unknown feature, or no value that is left.
    """
    known = {feature.name: feature for feature in split.item_features}
    names, rows = [""], [np.zeros(split.n_items, dtype=bool)]
    for name in features:
        if name not in known:
            raise ValueError(f"item feature {name!r} is unknown; there are {sorted(known)}")
        for value, text in enumerate(known[name].vocabulary[1:], 1):
            has = (known[name].values == value).any(axis=1)  # (I,)
            if 0 < has.mean() <= most:
                names.append(text)
                rows.append(has)
    if len(names) == 1:
        raise ValueError(f"no value of {list(features)} belongs to at most {most:.0%} of the items")
    holds = np.stack(rows)  # (R + 1, I)
    of_item = pad([np.flatnonzero(column) for column in holds.T]).clamp(min=0).numpy()  # (I, W)
    return Requests(tuple(names), holds, of_item)


def draw_requests(requests: Requests, items: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one request of each item, uniformly; 0 for an item that satisfies none."""
    known = requests.of_item[items]  # (n, W), padding behind
    count = (known > 0).sum(axis=1)  # (n,)
    return np.asarray(known[np.arange(len(known)), rng.integers(np.maximum(count, 1))])
