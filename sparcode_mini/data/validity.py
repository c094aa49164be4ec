"""What a data set can and cannot show: how much of "what came next" is the order of a file."""

from typing import NamedTuple

import numpy as np

from sparcode_mini.data.ratings import Ratings
from sparcode_mini.data.split import Split

LOW = 2.0  # stars: nobody who gives so few is pleased


class Validity(NamedTuple):
    """Facts about a split that a reader of its results should know.

    Attributes:
        low: share of the interactions with a rating of at most LOW; NaN without ratings.
        same_second: share of consecutive interactions of a person with the same time.
        tied: people whose test part begins inside such a tie.
        people: all of them.
        later: share of the training interactions that were made after a person's first test
            interaction, the mean over people.
    """

    low: float
    same_second: float
    tied: int
    people: int
    later: float

    def __str__(self) -> str:
        rated = "" if np.isnan(self.low) else f", the {self.low:.1%} of at most {LOW:g} stars too"
        return "\n".join([
            f"every rating is a positive{rated}",
            f"{self.same_second:.1%} of consecutive ratings of a person have the same second",
            f"for {self.tied} of {self.people} people the test begins inside such a tie: its order "
            "is that of the file",
            f"{self.later:.1%} of the ratings to learn from are later than the first test rating "
            "of the person who is tested (mean over people)",
        ])  # fmt: skip


def validity(ratings: Ratings, split: Split) -> Validity:
    """Count what `Validity` has.

    Args:
        ratings: the table.
        split: made from it.

    Raises:
        ValueError: nobody has a test part, or the split is of another table.
    """
    if len(split.times) != len(ratings.interactions):
        raise ValueError(
            f"the split has {len(split.times):,} interactions, the table "
            f"{len(ratings.interactions):,}; give the table that was split"
        )
    if split.count("test") == 0:
        raise ValueError("nobody has a test part; split(test=0.2), or use a larger table")
    table = ratings.interactions
    low = float((table["rating"] <= LOW).mean()) if "rating" in table.columns else float("nan")
    first = split.times[split.cuts[split.cuts[:, 2] < split.cuts[:, 3], 2]]  # (people,)
    spans = zip(split.cuts[:, 0], split.cuts[:, 1], strict=True)
    training = np.sort(np.concatenate([split.times[a:b] for a, b in spans]))
    later = 1 - np.searchsorted(training, first, "right") / len(training)  # (people,)
    whole = zip(split.cuts[:, 0], split.cuts[:, 3], strict=True)
    gaps = np.concatenate([np.diff(split.times[a:b]) for a, b in whole])
    return Validity(
        low, float(np.mean(gaps == 0)), split.ties_before("test"), split.n_users,
        float(later.mean()),
    )  # fmt: skip
